"""Salted commitments: values that are bound by the log and shown one by one.

    made = commitments(seed, {"outcome": b'"license_required"', "order.destination": b'"CN"'})
    statement = sign_statement("decision", …, commitments=made, body=digest)
    opening = opening_of(seed, "outcome", b'"license_required"')
    check_opening(opening, statement)       # or InvalidProof

A commitment shows nothing of its value without the salt, and fits no other value. All salts
come from one seed of 32 random bytes that is kept with the body: whoever destroys the two
erases the values, and the log stays whole. Who is shown one opening learns one value.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from chipwarden.ledger.cbor import decode, encode
from chipwarden.ledger.errors import InvalidProof, InvalidStatement
from chipwarden.ledger.statements import Statement
from chipwarden.model.canonical import canonical_bytes

SCHEMA: Final = "chipwarden.commitment/1"
SEED_SIZE: Final = 32
SALT_SIZE: Final = 32

# The field of a decision record that is cut one level further.
_CUT: Final = "order"


@dataclass(frozen=True, slots=True)
class Opening:
    """What shows one value: its name, the salt of 32 bytes, the value as it was committed to."""

    name: str
    salt: bytes
    value: bytes


def salt_of(seed: bytes, name: str) -> bytes:
    """Return the salt of a name, 32 bytes: HMAC-SHA256 of the name in UTF-8 under the seed.

    Raises:
        ValueError: the seed has not 32 bytes.
    """
    if len(seed) != SEED_SIZE:
        raise ValueError(f"a seed has {SEED_SIZE} bytes, this one {len(seed)}")
    return hmac.digest(seed, name.encode("utf-8"), "sha256")


def commitment(salt: bytes, name: str, value: bytes) -> bytes:
    """Return the commitment to a value under a name, 32 bytes."""
    return sha256(encode((SCHEMA, salt, name, value))).digest()


def commitments(seed: bytes, values: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the commitments to all values, each under its name.

    Args:
        seed: 32 random bytes, new for each statement: under one seed equal values of equal
            name would be seen to be equal.
        values: the values by name.
    """
    return {name: commitment(salt_of(seed, name), name, value) for name, value in values.items()}


def opening_of(seed: bytes, name: str, value: bytes) -> Opening:
    """Return what shows one value; it tells nothing of the others."""
    return Opening(name, salt_of(seed, name), value)


def opening_bytes(opening: Opening) -> bytes:
    """Return an opening as deterministic CBOR: [salt, name, value]."""
    return encode((opening.salt, opening.name, opening.value))


def read_opening(content: bytes) -> Opening:
    """Return the opening of these bytes.

    Raises:
        InvalidStatement: they are none, or written in another way.
    """
    parts = decode(content, "opening", deterministic=True)
    if isinstance(parts, list) and [type(part) for part in parts] == [bytes, str, bytes]:
        salt, name, value = parts
        if len(salt) == SALT_SIZE:
            return Opening(name, salt, value)
    raise InvalidStatement(
        f"opening: found {parts!r:.80}; expected a salt of {SALT_SIZE} bytes, a name and a value"
    )


def check_opening(opening: Opening, statement: Statement) -> None:
    """Check that a statement committed to a value.

    Raises:
        InvalidProof: it has no commitment of that name, or to another value.
    """
    committed = statement.commitments.get(opening.name)
    if committed is None:
        raise InvalidProof(
            f"opening {opening.name!r:.80}: found no commitment of that name; expected one of "
            f"{', '.join(sorted(statement.commitments)) or 'none at all'}",
            "no-such-commitment",
        )
    if commitment(opening.salt, opening.name, opening.value) != committed:
        raise InvalidProof(
            f"opening {opening.name!r:.80}: found a value or a salt that the statement does not "
            "commit to; expected those of the time of signing. One of them was changed",
            "other-value",
        )


def decision_values(record: Mapping[str, Any]) -> dict[str, bytes]:
    """Return a decision record cut into values, in their RFC 8785 bytes.

    Each field is a value under its name; the order is cut once more, as "order.destination".
    An order without fields, or one that is no table, stays whole.

    Raises:
        ValueError: a name at the top has a dot, or the record holds what JSON cannot.
    """
    values: dict[str, bytes] = {}
    for name, value in record.items():
        if "." in name:
            raise ValueError(f"a name at the top of a record has no dot; found {name!r}")
        if name == _CUT and isinstance(value, Mapping) and value:
            for part, inner in value.items():
                values[f"{_CUT}.{part}"] = canonical_bytes(inner)
        else:
            values[name] = canonical_bytes(value)
    return values


def record_of(values: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the record that was cut into these values, or what they hold of it.

    Raises:
        ValueError: a value is no JSON.
    """
    record: dict[str, Any] = {}
    for name, value in values.items():
        top, dot, part = name.partition(".")
        if dot:
            record.setdefault(top, {})[part] = json.loads(value)
        else:
            record[name] = json.loads(value)
    return record
