"""A list of revocations: what an offline gate knows of the log, up to a place in it.

    known = revocations_of(book, issuer, origin, size, root, time)
    content = sign_revocations(known, key)
    read_revocations(content).verify(keys).told(at)
    # "Revocations are known up to 4,711 entries of …, as of …, 3.0 hours before."

Grants are named by the SHA-256 of their ids, so that the list says nothing to who has not
got the grant.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, ValidationError, convert

from chipwarden.enforcement.errors import InvalidRevocations
from chipwarden.enforcement.gate_keys import GateKeys
from chipwarden.enforcement.uses import GrantBook
from chipwarden.enforcement.validity import HOUR_S, told
from chipwarden.ledger.cbor import decode, encode
from chipwarden.ledger.cose import ALG, KID, Sign1, read_sign1, sign1
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.keys import SigningKey

SCHEMA: Final = "chipwarden.revocations/1"
TYP: Final = 16
TYPE: Final = "application/chipwarden-revocations+cbor"
_DIGEST = 32

_Index = Annotated[int, Meta(ge=0, le=2**53 - 1)]
_Time = Annotated[int, Meta(ge=0, le=253_402_300_799)]
_Name = Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z")]
_Line = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,500}\Z")]
_Digest = Annotated[bytes, Meta(min_length=_DIGEST, max_length=_DIGEST)]


class Revoked(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A grant that was revoked: SHA-256 of its id, the entry that says so, and why."""

    grant: _Digest
    index: _Index
    reason: _Line


class RevocationList(Struct, frozen=True, forbid_unknown_fields=True):
    """All revocations of an issuer up to a place in a log.

    Attributes:
        origin: name of the log.
        size: entries of the log that were looked at.
        root: of the tree of this size, 32 bytes.
        time: when the list was made, POSIX seconds.
        issuer: whose grants these are.
        revoked: the grants, ascending by their digests.
    """

    schema: Literal["chipwarden.revocations/1"]
    origin: _Line
    size: _Index
    root: _Digest
    time: _Time
    issuer: _Name
    revoked: tuple[Revoked, ...]

    def entry(self, identifier: str) -> Revoked | None:
        """Return what the list says of a grant, None where it does not name it."""
        digest = sha256(identifier.encode()).digest()
        return next((each for each in self.revoked if each.grant == digest), None)

    def told(self, at: int) -> str:
        """Return how far the list reaches and how old it is."""
        age = at - self.time
        old = f"{age / HOUR_S:,.1f} hours before" if age >= 0 else "after the time of the release"
        return (
            f"Revocations are known up to {self.size:,} entries of {self.origin}, as of "
            f"{told(self.time)}, {old}."
        )


@dataclass(frozen=True, slots=True)
class ReadRevocations:
    """A list that could be read; it does not hold before `verify`."""

    list: RevocationList
    message: Sign1

    def verify(self, keys: GateKeys) -> RevocationList:
        """Return the list if its issuer signed it.

        Raises:
            InvalidRevocations: he did not.
        """
        try:
            issuer, kid = self.list.issuer, self.message.protected[KID]
            self.message.verify(keys.key_for(issuer, kid, self.list.size))
            if (since := keys.revoked_at(issuer, kid)) is not None:
                raise InvalidSignature(
                    f"the key that signed it was revoked at index {since} of the log. Fetch a "
                    "newer list"
                )
        except (InvalidSignature, InvalidStatement) as error:
            raise InvalidRevocations(f"list of revocations: {error}") from error
        return self.list


def revocations_of(
    book: GrantBook, issuer: str, origin: str, size: int, root: bytes, time: int
) -> RevocationList:
    """Return the list of what an issuer revoked in the first `size` entries of a log."""
    revoked = [
        Revoked(sha256(count.id.encode()).digest(), count.revoked.index, count.revoked.reason)
        for count in book.grants.values()
        if count.revoked is not None and count.issuer == issuer
    ]
    ascending = tuple(sorted(revoked, key=lambda each: each.grant))
    return RevocationList(SCHEMA, origin, size, root, time, issuer, ascending)


def sign_revocations(found: RevocationList, key: SigningKey) -> bytes:
    """Return the list, signed by its issuer."""
    payload: dict[str, Any] = {
        "schema": SCHEMA,
        "origin": found.origin,
        "size": found.size,
        "root": found.root,
        "time": found.time,
        "issuer": found.issuer,
        "revoked": [[each.grant, each.index, each.reason] for each in found.revoked],
    }
    return sign1(encode(payload), {KID: key.kid, TYP: TYPE}, key)


def read_revocations(content: bytes) -> ReadRevocations:
    """Return a list of revocations; its signature is not checked.

    Raises:
        InvalidRevocations: it is none.
    """
    try:
        message = read_sign1(content, 1 << 26)
        if message.unprotected or message.payload is None:
            raise InvalidStatement("found an unsigned header or no payload; expected a payload")
        payload = decode(message.payload, "payload", deterministic=True)
        found = convert(payload, RevocationList, builtin_types=(bytes,))
    except (InvalidStatement, ValidationError) as error:
        raise InvalidRevocations(f"list of revocations: {error}. Fetch it anew.") from error
    header = message.protected
    if header.keys() != {ALG, KID, TYP} or header[TYP] != TYPE or type(header[KID]) is not bytes:
        raise InvalidRevocations(
            f"list of revocations: found the type {header.get(TYP)!r:.80}; expected {TYPE!r}, the "
            "algorithm and the key alone. Fetch it anew."
        )
    digests = [each.grant for each in found.revoked]
    if digests != sorted(set(digests)):
        raise InvalidRevocations("list of revocations: found grants out of order; expected each "
                                 "once, ascending. Fetch it anew.")  # fmt: skip
    return ReadRevocations(found, message)
