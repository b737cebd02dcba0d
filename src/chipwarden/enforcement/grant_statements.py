"""What the log holds of grants: that one was given, used, revoked.

    grant           public: decision, lines, not_before, not_after
    grant-used      public: use, lines, units
    grant-revoked   public: reason, returned

The subject of each is the grant's id. `lines` and `returned` are pairs of a line's number and
units, so that anybody can count from the log alone. All else is committed to: what goes,
to whom and where, under which names. `use` and `units` are tags: the same name of a use or
serial number gives the same tag under one grant, and without its seed none is found by trying.
"""

import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, TypeVar

from msgspec import Meta, Struct, ValidationError, convert

from chipwarden.enforcement.grants import Grant, Place, grant_record, grant_values
from chipwarden.ledger.commitments import commitments
from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.keys import SigningKey
from chipwarden.ledger.statements import Statement, sign_statement
from chipwarden.model.canonical import canonical_bytes

GRANT: Final = "grant"
USED: Final = "grant-used"
REVOKED: Final = "grant-revoked"
TAG_SIZE: Final = 16

_Index = Annotated[int, Meta(ge=0, le=2**53 - 1)]
_Count = Annotated[int, Meta(ge=1, le=2**53 - 1)]
_Lines = tuple[tuple[_Count, _Count], ...]
_Tag = Annotated[bytes, Meta(min_length=TAG_SIZE, max_length=TAG_SIZE)]
_Reason = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,200}\Z")]
_Public = TypeVar("_Public", bound=Struct)


class PublicGrant(Struct, frozen=True, forbid_unknown_fields=True):
    """The public part of a grant's statement; `lines` as (line, units), ascending."""

    decision: _Index
    lines: Annotated[_Lines, Meta(min_length=1)]
    not_before: _Index
    not_after: _Index


class PublicUse(Struct, frozen=True, forbid_unknown_fields=True):
    """The public part of a use: its tag, units by line, tags of the serials that went."""

    use: _Tag
    lines: Annotated[_Lines, Meta(min_length=1)]
    units: tuple[_Tag, ...]


class PublicRevocation(Struct, frozen=True, forbid_unknown_fields=True):
    """The public part of a revocation: why, and which units may be granted again."""

    reason: _Reason
    returned: _Lines


@dataclass(frozen=True, slots=True)
class Released:
    """Units of one line that go, with their serial numbers where they are known."""

    line: int
    product: str
    quantity: int
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """One release under a grant.

    Attributes:
        id: the gate's own name for it; the same name a second time is the same use.
        holder, place: who got it, and where it goes.
        lines: what goes, ascending by line, each once.
    """

    id: str
    holder: str
    place: Place
    lines: tuple[Released, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "use": self.id,
            "holder": self.holder,
            "place": asdict(self.place),
            "lines": [asdict(line) | {"serials": list(line.serials)} for line in self.lines],
        }


def use_tag(seed: bytes, use_id: str) -> bytes:
    """Return the tag of a use under the grant with this seed, 16 bytes."""
    return _tag(seed, "use", use_id)


def unit_tag(seed: bytes, serial: str) -> bytes:
    """Return the tag of a serial number under the grant with this seed, 16 bytes."""
    return _tag(seed, "unit", serial)


def _tag(seed: bytes, kind: str, name: str) -> bytes:
    message = f"chipwarden.grant-{kind}/1\0{name}".encode()
    return hmac.digest(seed, message, "sha256")[:TAG_SIZE]


def public_use(use: Use, seed: bytes) -> PublicUse:
    """Return what the log shows of a use under the grant with this seed."""
    serials = [serial for line in use.lines for serial in line.serials]
    return PublicUse(
        use=use_tag(seed, use.id),
        lines=tuple((line.line, line.quantity) for line in use.lines),
        # Ascending, so that their order says nothing of the serial numbers.
        units=tuple(sorted(unit_tag(seed, serial) for serial in serials)),
    )


# ---------------------------------------------------------------- writing


def grant_body(grant: Grant) -> bytes:
    """Return what is kept, encrypted, beside the log: all that the statement commits to."""
    return canonical_bytes(grant_record(grant))


def use_body(use: Use) -> bytes:
    """Return what is kept, encrypted, beside the log: all that the statement commits to."""
    return canonical_bytes(use.to_json())


def grant_statement(grant: Grant, key: SigningKey, body: bytes | None) -> Statement:
    """Return the statement that a grant was given.

    Args:
        grant: it has no place in the log yet.
        key: the issuer's.
        body: digest of the body of `grant_body` and the grant's seed, None where none is kept.
    """
    public = {
        "decision": grant.decision_index,
        "lines": [[item.line, item.quantity] for item in grant.items],
        "not_before": grant.not_before,
        "not_after": grant.not_after,
    }
    return sign_statement(
        GRANT, grant.issuer, grant.id, grant.issued_at, key,
        public=public, commitments=commitments(grant.seed, grant_values(grant)), body=body,
    )  # fmt: skip


def use_statement(
    grant: Grant, use: Use, time: int, key: SigningKey, seed: bytes, body: bytes | None
) -> Statement:
    """Return the statement that a grant was used.

    Args:
        grant: the grant.
        use: what went.
        time: POSIX seconds.
        key: the grant's issuer's.
        seed: 32 random bytes, for the commitments of this statement.
        body: digest of the body of `use_body` and this seed, None where none is kept.

    Raises:
        InvalidStatement: so many serials do not fit into an entry of the log.
    """
    shown = public_use(use, grant.seed)
    public = {
        "use": shown.use,
        "lines": [list(pair) for pair in shown.lines],
        "units": list(shown.units),
    }
    values = {name: canonical_bytes(value) for name, value in use.to_json().items()}
    return sign_statement(
        USED, grant.issuer, grant.id, time, key,
        public=public, commitments=commitments(seed, values), body=body,
    )  # fmt: skip


def revocation_statement(
    identifier: str,
    issuer: str,
    time: int,
    key: SigningKey,
    reason: str,
    returned: Mapping[int, int] | None = None,
) -> Statement:
    """Return the statement that a grant no longer holds.

    Args:
        identifier: the grant's id.
        issuer: the grant's issuer.
        time: POSIX seconds.
        key: the issuer's.
        reason: why, up to 200 characters; anybody can read it.
        returned: units by line that are in nobody's hands any more, so that they may be granted
            again: none, or all that is left.
    """
    public = {
        "reason": reason,
        "returned": [list(pair) for pair in sorted((returned or {}).items())],
    }
    statement = sign_statement(REVOKED, issuer, identifier, time, key, public=public)
    read_public(statement, PublicRevocation)
    return statement


# ---------------------------------------------------------------- reading


def read_public(statement: Statement, form: type[_Public]) -> _Public:
    """Return the public part of a statement in the form of its type.

    Raises:
        InvalidStatement: it has another form.
    """
    try:
        public = convert(statement.public, form, builtin_types=(bytes,))
    except ValidationError as error:
        raise InvalidStatement(f"statement of type {statement.type}, public: {error}") from None
    pairs: tuple[tuple[int, int], ...] = getattr(public, "lines", getattr(public, "returned", ()))
    if [line for line, _ in pairs] != sorted({line for line, _ in pairs}):
        raise InvalidStatement(
            f"statement of type {statement.type}, public: found lines that are not each named "
            "once, ascending"
        )
    return public


def commits_to(statement_commitments: Mapping[str, bytes], grant: Grant) -> bool:
    """Return whether commitments in the log are those of this very grant."""
    return commitments(grant.seed, grant_values(grant)) == statement_commitments
