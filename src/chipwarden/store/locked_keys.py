"""The file of one private key: its public key, then the private one, locked.

    write_key(place, locked(key, password))
    opened(place, key_content(place), password)

Source:
    RFC 5958 (PKCS#8), RFC 7468 (text form).
"""

import re
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from chipwarden.model.errors import ChipwardenError
from chipwarden.store.whole_files import write_new

_BLOCK: Final = re.compile(
    rb"-----BEGIN (PUBLIC|ENCRYPTED PRIVATE) KEY-----\n[A-Za-z0-9+/=\n]+-----END \1 KEY-----\n"
)
_LARGEST: Final = 16_384


class KeyMissing(ChipwardenError):
    """There is no key of a name."""

    def __init__(self, place: Path) -> None:
        self.place = place
        super().__init__(f"key: found no file {place}; expected a key that was made before")


class KeyExists(ChipwardenError):
    """There is a key already; a key is never written over."""

    def __init__(self, place: Path) -> None:
        self.place = place
        super().__init__(
            f"key: found {place} there already; expected a new name. What it signed could not be "
            "continued with another key"
        )


class DamagedKey(ChipwardenError):
    """A key file is not what was written."""

    def __init__(self, place: Path, found: str) -> None:
        self.place = place
        super().__init__(
            f"{place}: found {found}; expected a key as it was written there. Bring the file back "
            "from a copy, or register a new key and revoke this one"
        )


def write_key(place: Path, content: bytes) -> None:
    """Write the file of a key, for nobody else to read.

    Raises:
        KeyExists: there is one.
        OSError: it cannot be written; nothing half-written is left.
    """
    try:
        write_new(place, content, mode=0o600)
    except FileExistsError:
        raise KeyExists(place) from None


def key_content(place: Path) -> bytes:
    """Return what is in the file of a key.

    Raises:
        KeyMissing: there is none.
        OSError: it cannot be read.
    """
    try:
        with place.open("rb") as file:
            return file.read(_LARGEST)
    except FileNotFoundError:
        raise KeyMissing(place) from None


def locked(key: Any, password: bytes) -> bytes:
    """Return what is in the file of a private key of `cryptography`."""
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )
    return bytes(public + private)


def _blocks(place: Path, content: bytes) -> tuple[bytes, bytes]:
    """Return the public and the private block of a key file, and nothing beside them."""
    found = list(_BLOCK.finditer(content))
    if [each[1] for each in found] != [b"PUBLIC", b"ENCRYPTED PRIVATE"]:
        raise DamagedKey(place, "no public key followed by a locked one")
    if b"".join(each[0] for each in found) != content:
        raise DamagedKey(place, "more than two keys in text form")
    return found[0][0], found[1][0]


def public_part(place: Path, content: bytes) -> Any:
    """Return the public key of a file, as `cryptography` has it.

    Raises:
        DamagedKey: it is not what was written.
    """
    try:
        return serialization.load_pem_public_key(_blocks(place, content)[0])
    except (ValueError, UnsupportedAlgorithm):
        raise DamagedKey(place, "a public key that cannot be read") from None


def opened(place: Path, content: bytes, password: bytes) -> Any:
    """Return the private key of a file, as `cryptography` has it.

    Raises:
        DamagedKey: it is not what was written, or the public key beside it is not its own.
    """
    public = public_part(place, content)
    try:
        key: Any = serialization.load_pem_private_key(_blocks(place, content)[1], password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise DamagedKey(place, "a private key that does not open with the password") from None
    if key.public_key() != public:
        raise DamagedKey(place, "a public key that is not the private key's own")
    return key
