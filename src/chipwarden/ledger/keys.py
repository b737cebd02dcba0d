"""Keys that sign and check: Ed25519, ECDSA on P-256 and on P-384.

    key = SigningKey.of(Ed25519PrivateKey.generate())
    key.public.verify(message, key.sign(message))
    PublicKey.from_cose_key(key.public.cose_key())

Source:
    RFC 9052, section 7, and RFC 9053, sections 2 and 7 (COSE keys, signatures); RFC 9864 (names
    of algorithms); RFC 9679 (thumbprints). Compressed points are not read.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature as _Wrong
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from chipwarden.ledger.cbor import decode, encode
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement

# Labels of a COSE_Key.
_TYPE, _KEY_ID, _ALGORITHM, _CURVE, _X, _Y = 1, 2, 3, -1, -2, -3
# Points of small order, sign bit off: under such a key one signature fits many messages.
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class Algorithm(IntEnum):
    """What a key signs with, by its number in COSE."""

    ED25519 = -19
    ES256 = -7
    ES384 = -35


# The second number is the older or the newer name of the same (RFC 9864).
NUMBERS: Final = {
    -19: Algorithm.ED25519, -8: Algorithm.ED25519,
    -7: Algorithm.ES256, -9: Algorithm.ES256,
    -35: Algorithm.ES384, -51: Algorithm.ES384,
}  # fmt: skip
# Type and curve of a COSE_Key.
_KINDS: Final = {
    (1, 6): Algorithm.ED25519,
    (2, 1): Algorithm.ES256,
    (2, 2): Algorithm.ES384,
}
_LENGTHS: Final = {Algorithm.ED25519: 32, Algorithm.ES256: 32, Algorithm.ES384: 48}
_ECDSA: Final = {
    # Without a random number a signature gives nothing away and can be made again.
    Algorithm.ES256: ec.ECDSA(hashes.SHA256(), deterministic_signing=True),
    Algorithm.ES384: ec.ECDSA(hashes.SHA384(), deterministic_signing=True),
}
_ALGORITHMS: Final = {"secp256r1": Algorithm.ES256, "secp384r1": Algorithm.ES384}


def algorithm_of(number: object) -> Algorithm | None:
    """Return the algorithm that a number of COSE names, None where it is none of ours."""
    return NUMBERS.get(number) if type(number) is int else None


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checks signatures.

    Attributes:
        algorithm: the one algorithm that it is for.
        thumbprint: SHA-256 of its deterministic COSE_Key, 32 bytes; our key identifier.
        native: the key as `cryptography` has it.
    """

    algorithm: Algorithm
    thumbprint: bytes
    native: Ed25519PublicKey | ec.EllipticCurvePublicKey = field(repr=False, compare=False)
    _encoded: bytes = field(repr=False, compare=False)

    @classmethod
    def of(cls, native: Any) -> Self:
        """Return a key of `cryptography` as ours.

        Raises:
            InvalidStatement: it is of a kind or a curve that we do not sign with.
        """
        if isinstance(native, Ed25519PublicKey):
            content = native.public_bytes_raw()
            if content[:31] + bytes((content[31] & 0x7F,)) in _SMALL_ORDER:
                raise InvalidStatement("key: found a point of small order; expected a proper key")
            algorithm, parts = Algorithm.ED25519, {_X: content}
        elif isinstance(native, ec.EllipticCurvePublicKey) and native.curve.name in _ALGORITHMS:
            algorithm = _ALGORITHMS[native.curve.name]
            length, point = _LENGTHS[algorithm], native.public_numbers()
            x, y = point.x.to_bytes(length, "big"), point.y.to_bytes(length, "big")
            parts = {_X: x, _Y: y}
        else:
            raise InvalidStatement(
                f"key: found {type(native).__name__}; expected one of Ed25519, P-256 or P-384"
            )
        kind, curve = next(pair for pair, named in _KINDS.items() if named is algorithm)
        encoded = encode({_TYPE: kind, _CURVE: curve, **parts})
        return cls(algorithm, sha256(encoded).digest(), native, encoded)

    @classmethod
    def from_cose_key(cls, content: bytes) -> Self:
        """Return the key of a COSE_Key.

        Raises:
            InvalidStatement: it is none, a private one, or of a kind that we do not use.
        """
        parts = decode(content, "key")
        if not isinstance(parts, dict):
            raise InvalidStatement("key: found no map; expected a COSE_Key")
        kind, curve = parts.get(_TYPE), parts.get(_CURVE)
        algorithm = _KINDS.get((kind, curve)) if type(kind) is type(curve) is int else None
        if algorithm is None:
            raise InvalidStatement(
                f"key: found type {kind!r:.40} with curve {curve!r:.40}; expected Ed25519 (1, 6), "
                "P-256 (2, 1) or P-384 (2, 2)"
            )
        points = (_X,) if kind == 1 else (_X, _Y)
        strange = parts.keys() - {_TYPE, _KEY_ID, _ALGORITHM, _CURVE, *points}
        if strange:
            raise InvalidStatement(
                f"key: found the label {sorted(map(str, strange))[0]:.40}; expected the parts of "
                "a public key alone"
            )
        if algorithm_of(parts.get(_ALGORITHM, algorithm.value)) is not algorithm:
            raise InvalidStatement(f"key: found another algorithm; expected {algorithm.name}")
        length = _LENGTHS[algorithm]
        for label in points:
            part = parts.get(label)
            if not isinstance(part, bytes) or len(part) != length:
                raise InvalidStatement(f"key: expected {length} bytes at the label {label}")
        return cls.of(_native(algorithm, *(parts[label] for label in points)))

    def cose_key(self) -> bytes:
        """Return its deterministic COSE_Key with the required parts alone (RFC 9679)."""
        return self._encoded

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check a signature.

        Raises:
            InvalidSignature: it is wrong.
        """
        try:
            if isinstance(self.native, Ed25519PublicKey):
                self.native.verify(signature, message)
                return
            length = _LENGTHS[self.algorithm]
            if len(signature) == 2 * length:
                r, s = (int.from_bytes(part, "big")
                        for part in (signature[:length], signature[length:]))  # fmt: skip
                self.native.verify(encode_dss_signature(r, s), message, _ECDSA[self.algorithm])
                return
        except _Wrong:
            pass
        raise InvalidSignature(
            f"signature: found one that is not of the key {self.thumbprint.hex()[:16]}…; expected "
            "one over exactly these bytes. They were changed, or another key signed"
        )


def _native(algorithm: Algorithm, x: bytes, y: bytes = b"") -> Any:
    if algorithm is Algorithm.ED25519:
        return Ed25519PublicKey.from_public_bytes(x)
    curve = ec.SECP256R1() if algorithm is Algorithm.ES256 else ec.SECP384R1()
    numbers = int.from_bytes(x, "big"), int.from_bytes(y, "big")
    try:
        return ec.EllipticCurvePublicNumbers(numbers[0], numbers[1], curve).public_key()
    except ValueError:
        raise InvalidStatement("key: found a point that is not on its curve") from None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs; `native` is the private key as `cryptography` has it."""

    public: PublicKey
    native: Ed25519PrivateKey | ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    @classmethod
    def of(cls, native: Any) -> Self:
        """Return a private key of `cryptography` as ours.

        Raises:
            InvalidStatement: it is of a kind or a curve that we do not sign with.
        """
        if not isinstance(native, (Ed25519PrivateKey, ec.EllipticCurvePrivateKey)):
            raise InvalidStatement(
                f"key: found {type(native).__name__}; expected one of Ed25519, P-256 or P-384"
            )
        return cls(PublicKey.of(native.public_key()), native)

    @property
    def algorithm(self) -> Algorithm:
        """What it signs with."""
        return self.public.algorithm

    @property
    def kid(self) -> bytes:
        """Its identifier, the thumbprint of its public key."""
        return self.public.thumbprint

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, in COSE's form; the same each time."""
        if isinstance(self.native, Ed25519PrivateKey):
            return self.native.sign(message)
        length = _LENGTHS[self.algorithm]
        r, s = decode_dss_signature(self.native.sign(message, _ECDSA[self.algorithm]))
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")
