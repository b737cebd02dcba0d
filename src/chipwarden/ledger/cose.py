"""COSE_Sign1: a payload and a header, signed by one key.

    message = sign1(b"hello", {KID: key.kid}, key)
    read_sign1(message).verify(key.public)

What a statement or a receipt asks of its header stands in their own modules.

Source:
    RFC 9052, sections 3, 4.2 and 4.4. Of COSE only the single signer is built: no
    counter-signatures, no encryption, no MAC.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chipwarden.ledger.cbor import Tagged, bytes_item, decode, encode
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.keys import PublicKey, SigningKey, algorithm_of

# Labels of headers; 15 holds CWT claims (RFC 9597).
ALG: Final = 1
CRIT: Final = 2
CONTENT_TYPE: Final = 3
KID: Final = 4
CLAIMS: Final = 15

TAG: Final = 18
LARGEST: Final = 1 << 20
_UNDERSTOOD: Final = frozenset({ALG, CRIT, CONTENT_TYPE, KID, CLAIMS})


@dataclass(frozen=True, slots=True)
class Sign1:
    """A signed message as it was read; nothing of it is checked yet.

    Attributes:
        protected_bytes: the protected header as it was signed.
        protected: the same, read.
        unprotected: the header that anybody may change.
        payload: what is signed, None where it is kept elsewhere.
        signature: in COSE's form, for ECDSA both numbers one after the other.
    """

    protected_bytes: bytes
    protected: Mapping[Any, Any]
    unprotected: Mapping[Any, Any]
    payload: bytes | None
    signature: bytes

    def verify(
        self,
        key: PublicKey,
        payload: bytes | None = None,
        external_aad: bytes = b"",
        understood: Collection[Any] = (),
    ) -> None:
        """Check the signature.

        Args:
            key: whose it should be.
            payload: what was signed, where the message does not hold it.
            external_aad: what was signed beside it.
            understood: labels of critical headers that the caller looks after.

        Raises:
            InvalidSignature: it is wrong, or of another algorithm than the key's.
            InvalidStatement: the payload is missing or there twice, or a header is critical
                that nobody understands.
        """
        if (self.payload is None) == (payload is None):
            found = "none" if payload is None else "a second one beside that of the message"
            raise InvalidStatement(f"payload: found {found}; expected one")
        for label in self.protected.get(CRIT, ()):
            if label not in _UNDERSTOOD and label not in understood:
                raise InvalidStatement(
                    f"header: found {label!r:.60} marked as critical; expected only labels that "
                    "are understood here"
                )
        number = self.protected.get(ALG)
        if algorithm_of(number) is not key.algorithm:
            raise InvalidSignature(
                f"signature: found the algorithm {number!r:.40}; expected "
                f"{key.algorithm.value}, {key.algorithm.name}, as the key is for"
            )
        signed = self.payload if payload is None else payload
        assert signed is not None
        key.verify(to_be_signed(self.protected_bytes, signed, external_aad), self.signature)


def to_be_signed(protected_bytes: bytes, payload: bytes, external_aad: bytes = b"") -> bytes:
    """Return the bytes that are signed.

    Source:
        RFC 9052, section 4.4.
    """
    parts = (protected_bytes, external_aad, payload)
    return b"\x84\x6aSignature1" + b"".join(map(bytes_item, parts))


def sign1(
    payload: bytes,
    protected: Mapping[Any, Any],
    key: SigningKey,
    unprotected: Mapping[Any, Any] | None = None,
    external_aad: bytes = b"",
    detached: bool = False,
) -> bytes:
    """Return a signed message, tagged, in its one encoding.

    Args:
        payload: what to sign.
        protected: header that is signed too; the algorithm is put in where it is missing.
        key: signs.
        unprotected: header that is not signed.
        external_aad: what to sign beside it; the reader must know it.
        detached: whether to leave the payload out of the message.

    Raises:
        InvalidStatement: the header names an algorithm that is not the key's.
    """
    whole: dict[Any, Any] = {ALG: key.algorithm.value, **protected}
    if algorithm_of(whole[ALG]) is not key.algorithm:
        raise InvalidStatement(
            f"header: found the algorithm {whole[ALG]}; expected {key.algorithm.value}"
        )
    header = encode(whole)
    signature = key.sign(to_be_signed(header, payload, external_aad))
    held = None if detached else payload
    return encode(Tagged(TAG, [header, unprotected or {}, held, signature]))


def read_sign1(content: bytes, largest: int = LARGEST) -> Sign1:
    """Return a signed message, tagged or not.

    Others need not have written it in the one encoding; lengths must be definite, and no
    label may stand twice, in one header or in both.

    Args:
        content: the message, nothing else.
        largest: how many bytes it may have.

    Raises:
        InvalidStatement: it is no COSE_Sign1.
    """
    if len(content) > largest:
        raise InvalidStatement(
            f"message: found {len(content):,} bytes; expected at most {largest:,}"
        )
    value = decode(content, "message")
    if isinstance(value, Tagged):
        if value.tag != TAG:
            raise InvalidStatement(
                f"message: found the tag {value.tag}; expected {TAG}, a COSE_Sign1"
            )
        value = value.value
    if not isinstance(value, list) or len(value) != 4:
        raise InvalidStatement("message: expected an array of four, a COSE_Sign1")
    header, unprotected, payload, signature = value
    for name, part, kinds in (
        ("protected header", header, (bytes,)),
        ("unprotected header", unprotected, (dict,)),
        ("payload", payload, (bytes, type(None))),
        ("signature", signature, (bytes,)),
    ):
        if not isinstance(part, kinds):
            raise InvalidStatement(
                f"message: found {type(part).__name__} as its {name}; expected "
                f"{'a map' if dict in kinds else 'bytes'}"
            )
    protected = decode(header, "protected header") if header else {}
    if not isinstance(protected, dict):
        raise InvalidStatement("protected header: found no map; expected one")
    if twice := protected.keys() & unprotected.keys():
        raise InvalidStatement(
            f"header: found {min(twice, key=str)!r:.60} in both headers; expected it in one"
        )
    if CRIT in unprotected or (CRIT in protected and not _is_critical(protected)):
        raise InvalidStatement(
            "header: found a bad list of critical labels; expected labels of the signed header"
        )
    # An empty header is signed as no bytes at all, however it was written.
    return Sign1(header if protected else b"", protected, unprotected, payload, signature)


def _is_critical(protected: Mapping[Any, Any]) -> bool:
    """Return whether the list of critical labels is one."""
    labels = protected[CRIT]
    return (
        isinstance(labels, list)
        and bool(labels)
        and all(type(label) in (int, str) and label in protected for label in labels)
    )
