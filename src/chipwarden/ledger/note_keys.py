"""Keys that sign notes and verify them.

    signer = Ed25519Signer("example.com/log", private_key)
    verifier_key(signer.verifier)      # "example.com/log+1f5c…+AR…", for others to trust

Two kinds are here: plain Ed25519, as logs use it (type 0x01), and the cosignature of a witness,
which says when it was made (type 0x04). ML-DSA-44 (type 0x06) is not among them.
"""

import re
from hashlib import sha256
from typing import ClassVar, Final, TypeAlias

from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chipwarden.ledger.errors import InvalidNote, InvalidPolicy, InvalidSignature
from chipwarden.ledger.notes import KEY_ID_BYTES, check_name, check_text
from chipwarden.ledger.plain_text import base64_bytes, base64_text

LATEST_TIME: Final = 2**63 - 1

_KEY_BYTES = 32
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64


class _Ed25519Key:
    """A public key under a name; the ID follows from both and from what it signs."""

    signature_type: ClassVar[int]

    def __init__(self, name: str, public_key: Ed25519PublicKey) -> None:
        check_name(name)
        self.name = name
        self.public_key = public_key
        self.key_id = sha256(f"{name}\n".encode() + self.encoded()).digest()[:KEY_ID_BYTES]

    def encoded(self) -> bytes:
        """Return the signature type, one byte, and the public key, 32 bytes."""
        return bytes([self.signature_type]) + self.public_key.public_bytes_raw()

    def _verify(self, message: bytes, signature: bytes) -> None:
        try:
            self.public_key.verify(signature, message)
        except WrongSignature:
            raise InvalidSignature(
                f"The signature of {self.name} does not fit the text; the text or the signature "
                "was changed, or another key of that name made it."
            ) from None


class Ed25519Verifier(_Ed25519Key):
    """Verifies the plain Ed25519 signatures of a key, as logs make them.

    Source:
        C2SP signed-note v1.0.0, Ed25519 signatures.
    """

    signature_type = 0x01

    def verify_note(self, text: str, signature: bytes) -> None:
        """Check a signature of 64 bytes.

        Raises:
            InvalidSignature: it is not this key's.
        """
        self._verify(_message(text), signature)


class CosignatureVerifier(_Ed25519Key):
    """Verifies the timestamped cosignatures of a witness; a time to come is not refused.

    Source:
        C2SP tlog-cosignature v1.0.1, Ed25519 signed message.
    """

    signature_type = 0x04

    def verify_note(self, text: str, signature: bytes) -> None:
        """Check a cosignature: eight bytes of time and 64 of Ed25519.

        Raises:
            InvalidSignature: it is not this witness's.
        """
        message = _cosigned(text, self.timestamp(signature))
        self._verify(message, signature[_TIME_BYTES:])

    def timestamp(self, signature: bytes) -> int:
        """Return when a cosignature says it was made, POSIX seconds; it need not be valid.

        Raises:
            InvalidSignature: it has another form.
        """
        time = int.from_bytes(signature[:_TIME_BYTES], "big")
        if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES or time > LATEST_TIME:
            raise InvalidSignature(
                f"The cosignature of {self.name} has {len(signature)} bytes and time {time}; "
                f"expected {_TIME_BYTES + _SIGNATURE_BYTES} bytes and a time below 2**63."
            )
        return time


NoteKey: TypeAlias = Ed25519Verifier | CosignatureVerifier


class Ed25519Signer:
    """Signs notes with plain Ed25519, as a log does."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self.verifier = Ed25519Verifier(name, private_key.public_key())
        self.name, self.key_id = name, self.verifier.key_id
        self._private_key = private_key

    def sign_note(self, text: str, time: int) -> bytes:
        """Return the signature of a text; the time is not part of it."""
        return self._private_key.sign(_message(text))


class CosignatureSigner:
    """Cosigns checkpoints, as a witness does; its key must serve nothing else."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self.verifier = CosignatureVerifier(name, private_key.public_key())
        self.name, self.key_id = name, self.verifier.key_id
        self._private_key = private_key

    def sign_note(self, text: str, time: int) -> bytes:
        """Return the cosignature of a checkpoint's text at a time, POSIX seconds from 0."""
        signature = self._private_key.sign(_cosigned(text, time))
        return time.to_bytes(_TIME_BYTES, "big") + signature


_KINDS: Final[dict[int, type[Ed25519Verifier] | type[CosignatureVerifier]]] = {
    kind.signature_type: kind for kind in (Ed25519Verifier, CosignatureVerifier)
}


def verifier_key(verifier: NoteKey) -> str:
    """Return a public key as people hand it on: name, ID and key, joined by plus signs.

    Source:
        C2SP signed-note v1.0.0, Verifier keys.
    """
    return f"{verifier.name}+{verifier.key_id.hex()}+{base64_text(verifier.encoded())}"


def read_verifier_key(text: str) -> NoteKey:
    """Return the verifier of a public key in text; a CosignatureVerifier for a witness's key.

    Raises:
        InvalidPolicy: it is malformed, its ID does not fit, or its type is not one of ours.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    content = base64_bytes(encoded)
    if content is None or not re.fullmatch("[0-9a-f]{8}", key_id):
        raise InvalidPolicy(
            f"The key {text!r} is malformed; expected NAME+ID+KEY with an ID of eight "
            "hexadecimal digits and a key in base64."
        )
    kind = _KINDS.get(content[0]) if len(content) == 1 + _KEY_BYTES else None
    if kind is None:
        raise InvalidPolicy(
            f"The key of {name} has {len(content)} bytes and type {content[:1].hex() or 'none'}; "
            "expected 33 bytes of type 01 (Ed25519) or 04 (cosignature)."
        )
    try:
        verifier = kind(name, Ed25519PublicKey.from_public_bytes(content[1:]))
    except InvalidNote as wrong:
        raise InvalidPolicy(f"The key {text!r} is malformed. {wrong}") from None
    if verifier.key_id.hex() != key_id:
        raise InvalidPolicy(
            f"The key of {name} has the ID {key_id}; expected {verifier.key_id.hex()}, which "
            "follows from name and key. One of the three was changed."
        )
    return verifier


def _cosigned(text: str, time: int) -> bytes:
    """Return what a witness signs; the first line keeps it apart from all other messages."""
    if not 0 <= time <= LATEST_TIME:
        raise InvalidNote(f"A cosignature cannot be of time {time}; expected 0 to 2**63 - 1.")
    return f"cosignature/v1\ntime {time}\n".encode("ascii") + _message(text)


def _message(text: str) -> bytes:
    check_text(text)
    return text.encode("utf-8")
