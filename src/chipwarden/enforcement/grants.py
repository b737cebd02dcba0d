"""A release grant: what an issuer lets go, to whom, where, and until when.

    grant.id                      # "urn:chipwarden:grant:9f0c…", 128 random bits
    grant.claims()                # what both tokens carry; `grant_claims.grant_of` reads it
    commitments(grant.seed, grant_values(grant))     # what the log holds of it

A grant is logged first and gets its place in the log; then it is put into tokens. The
seed makes the commitments in the log: who holds the token can show that the log has this
grant and no other, and nobody else learns anything from the log.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from chipwarden.enforcement.errors import InvalidGrant
from chipwarden.model.canonical import canonical_bytes

SCHEMA: Final = "chipwarden.grant/1"
# The claim of a token that holds what is no registered claim.
CLAIM: Final = "chipwarden.grant"
ID_PREFIX: Final = "urn:chipwarden:grant:"
ID_SIZE: Final = 16
MOST_LINES: Final = 100
# More do not fit into an entry of the log when they are used together.
MOST_SERIALS: Final = 2_000

# The schema is that of the type; the place in the log comes later; the seed makes the salts.
_NOT_COMMITTED: Final = ("schema", "log", "seed")
_ID = re.compile(re.escape(ID_PREFIX) + "([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class GrantItem:
    """One line of an order, as far as it is granted.

    Attributes:
        line: number of the line in the order, from 1.
        product: as the order names it.
        eccn: of what ships, None where the decision does not settle it.
        quantity: units, at least 1.
        serials: serial numbers of these units, () where they are not known. One number may
            stand for several units, as on modules of two GPUs: each for equally many.
    """

    line: int
    product: str
    eccn: str | None
    quantity: int
    serials: tuple[str, ...] = ()

    @property
    def units_per_serial(self) -> int:
        """How many units a serial number stands for; 1 where none is known."""
        return self.quantity // len(self.serials) if self.serials else 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where the items may go: a country, and closer where the grant says so."""

    country: str
    region: str | None = None
    site: str | None = None

    def __str__(self) -> str:
        return ", ".join(part for part in (self.site, self.region, self.country) if part)


@dataclass(frozen=True, slots=True)
class Logged:
    """The place of the grant's own statement: the name of the log and the index in it."""

    origin: str
    index: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What may go.

    Attributes:
        id: `urn:chipwarden:grant:` and 32 hexadecimal digits.
        issuer: who grants: a URI, or another name in visible ASCII without blanks.
        decision_index: index in the log of the decision that it rests on.
        decision_digest: "sha256:…" of the canonical bytes of that decision's record.
        order_id: the order's own name.
        items: lines that are granted, ascending, at least one.
        holder: a party of the order, who may ask for the release.
        place: where the items may go.
        obligations: all obligations of the decision.
        issued_at, not_before, not_after: POSIX seconds; it holds from `not_before` on and
            no longer at `not_after`.
        seed: 32 bytes that open its commitments in the log; secret but to holder and gates.
        logged: None until its statement is in the log.
    """

    id: str
    issuer: str
    decision_index: int
    decision_digest: str
    order_id: str
    items: tuple[GrantItem, ...]
    holder: str
    place: Place
    obligations: tuple[str, ...]
    issued_at: int
    not_before: int
    not_after: int
    seed: bytes
    logged: Logged | None = None

    def logged_at(self, origin: str, index: int) -> "Grant":
        """Return the grant with the place of its statement in the log."""
        return replace(self, logged=Logged(origin, index))

    def claims(self) -> dict[str, Any]:
        """Return the claims by their names of RFC 7519, as JSON data."""
        logged = self.logged
        return {
            "iss": self.issuer,
            "sub": self.id,
            "iat": self.issued_at,
            "nbf": self.not_before,
            "exp": self.not_after,
            CLAIM: {
                "schema": SCHEMA,
                "order": self.order_id,
                "decision": {"index": self.decision_index, "digest": self.decision_digest},
                "items": [asdict(item) | {"serials": list(item.serials)} for item in self.items],
                "holder": self.holder,
                "place": asdict(self.place),
                "obligations": list(self.obligations),
                "log": None if logged is None else asdict(logged),
                "seed": self.seed.hex(),
            },
        }


def grant_id(random: bytes) -> str:
    """Return the id of a grant from 16 random bytes."""
    if len(random) != ID_SIZE:
        raise ValueError(f"the id of a grant is made of {ID_SIZE} random bytes")
    return ID_PREFIX + random.hex()


def id_bytes(identifier: str) -> bytes:
    """Return the 16 bytes of a grant's id.

    Raises:
        InvalidGrant: it is none.
    """
    match = _ID.fullmatch(identifier)
    if match is None:
        raise InvalidGrant(
            f"grant: found the id {identifier[:80]!r}; expected {ID_PREFIX} and 32 hexadecimal "
            "digits. Give the id as `chipwarden grant list` prints it."
        )
    return bytes.fromhex(match[1])


def same_name(one: str, other: str) -> bool:
    """Return whether two names are one but for case and spaces.

    Look-alike letters and legal forms make another name: who stands at the gate says the
    name as the grant has it.
    """
    return plain_name(one) == plain_name(other)


def plain_name(name: str) -> str:
    """Return a name without its case and its superfluous spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def grant_record(grant: Grant) -> dict[str, Any]:
    """Return what the log commits to, field by field: the order, what goes, to whom."""
    parts = grant.claims()[CLAIM]
    return {name: value for name, value in parts.items() if name not in _NOT_COMMITTED}


def grant_values(grant: Grant) -> Mapping[str, bytes]:
    """Return the values that the log commits to, each in its RFC 8785 bytes."""
    return {name: canonical_bytes(value) for name, value in grant_record(grant).items()}


def item_problems(items: tuple[GrantItem, ...]) -> list[str]:
    """Return what is wrong with the lines of a grant, in words."""
    wrong = []
    lines = [item.line for item in items]
    if lines != sorted(set(lines)):
        wrong.append(f"its lines are {lines}; expected each once, ascending")
    serials = [serial for item in items for serial in item.serials]
    if twice := [serial for serial, count in Counter(serials).items() if count > 1]:
        wrong.append(f"serials named twice: {', '.join(twice)}")
    if len(serials) > MOST_SERIALS:
        wrong.append(f"{len(serials):,} serials; a grant has at most {MOST_SERIALS:,}")
    wrong += [
        f"line {item.line} has {len(item.serials):,} serials for {item.quantity:,} units; "
        "expected one for each unit, or each for equally many"
        for item in items
        if item.serials and item.quantity % len(item.serials)
    ]
    wrong += [
        f"line {item.line} has no serials, but another line of {item.product} has"
        for item in items
        if not item.serials
        and any(same_name(item.product, other.product) for other in items if other.serials)
    ]
    return wrong
