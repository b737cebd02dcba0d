"""Bodies on disk: compressed, sealed to the workspace's key, under their digest.

    bodies = Bodies(Path("chipwarden-data/bodies"), public_key, unlock)
    digest = bodies.write(content, seed)      # on the disk when this returns
    bodies.read(digest).content
    bodies.destroy(digest)                    # erased; the statement and its proof stay

    bodies/3f/9a1c…      "CWS1", then HPKE: 32 bytes of its own key, and the sealed bytes

Writing needs the public key alone. A file is bound to its name, so that none passes for
another; who can read the folder learns how many bodies there are and how long.

Source:
    RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; RFC 1950.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from chipwarden.ledger.bodies import Body, read_body
from chipwarden.ledger.errors import InvalidStatement
from chipwarden.model.errors import ChipwardenError
from chipwarden.store.whole_files import sync_folder, write_new

LARGEST: Final = 64 << 20

_MAGIC: Final = b"CWS1"
_INFO: Final = b"chipwarden.body/1 "
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_FOLDER: Final = re.compile("[0-9a-f]{2}")
_FILE: Final = re.compile("[0-9a-f]{62}")


class BodyMissing(ChipwardenError):
    """There is no body under a digest: it was erased, or never here."""

    def __init__(self, digest: bytes, place: Path) -> None:
        self.digest, self.place = digest, place
        super().__init__(
            f"body {digest.hex()[:16]}…: found no file {place}; it was erased, or is kept elsewhere"
        )


class DamagedBody(ChipwardenError):
    """A body is there and cannot be read."""

    def __init__(self, digest: bytes, place: Path, found: str) -> None:
        self.digest, self.place = digest, place
        super().__init__(
            f"body {digest.hex()[:16]}…: found {found} in {place}; expected what was written "
            "there. Bring the file back from a copy; the log itself is not harmed."
        )


class BodyTooLong(ChipwardenError):
    """A body has more bytes than are kept."""

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(f"body: found {length:,} bytes; expected at most {LARGEST:,}")


class Bodies:
    """The bodies of a workspace.

    Args:
        folder: made when the first body is written.
        key: seals; with the private key it opens too.
        unlock: gives the private key when a body is read, asked once; None where `key` is
            private, or bodies are only written.
    """

    def __init__(
        self,
        folder: Path,
        key: X25519PublicKey | X25519PrivateKey,
        unlock: Callable[[], X25519PrivateKey] | None = None,
    ) -> None:
        self.folder = folder
        self._private = key if isinstance(key, X25519PrivateKey) else None
        self._public = key.public_key() if isinstance(key, X25519PrivateKey) else key
        self._unlock = unlock

    def __contains__(self, digest: bytes) -> bool:
        return self._place(digest).is_file()

    def digests(self) -> Iterator[bytes]:
        """Yield the digests of all bodies that are here, ascending."""
        if not self.folder.is_dir():
            return
        for folder in sorted(self.folder.iterdir()):
            if _FOLDER.fullmatch(folder.name) and folder.is_dir():
                for file in sorted(folder.iterdir()):
                    if _FILE.fullmatch(file.name):
                        yield bytes.fromhex(folder.name + file.name)

    def write(self, content: bytes, seed: bytes) -> bytes:
        """Keep a body, and return its digest; it is on the disk when this returns.

        Args:
            content: what is kept.
            seed: 32 random bytes, made for this body alone.

        Raises:
            BodyTooLong: it has more than 64 MiB.
            OSError: it cannot be written; nothing half-written is left.
        """
        body = Body(seed, content)
        encoded, digest = body.encoded(), body.digest()
        if len(encoded) > LARGEST:
            raise BodyTooLong(len(encoded))
        place = self._place(digest)
        self._make_folder(place.parent)
        sealed = _SUITE.encrypt(zlib.compress(encoded), self._public, _INFO + digest)
        try:
            write_new(place, _MAGIC + sealed, mode=0o600)
        except FileExistsError:
            # The digest says that it is the same body.
            return digest
        return digest

    def read(self, digest: bytes) -> Body:
        """Return the body under a digest.

        Raises:
            BodyMissing: there is none.
            DamagedBody: it is not what was written there, or was sealed to another key.
            OSError: it cannot be read.
        """
        place = self._place(digest)
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            raise BodyMissing(digest, place) from None
        if not content.startswith(_MAGIC):
            raise DamagedBody(digest, place, "another kind of file")
        key, sealed = self._key(), content[len(_MAGIC) :]
        try:
            encoded = _expanded(_SUITE.decrypt(sealed, key, _INFO + digest))
        except (InvalidTag, ValueError):
            raise DamagedBody(
                digest, place, "bytes that this workspace's key does not open"
            ) from None
        except zlib.error:
            raise DamagedBody(digest, place, "bytes that are no compressed body") from None
        try:
            body = read_body(encoded)
        except InvalidStatement as wrong:
            raise DamagedBody(digest, place, str(wrong)) from wrong
        if body.digest() != digest:
            raise DamagedBody(digest, place, f"the body {body.digest().hex()[:16]}…")
        return body

    def destroy(self, digest: bytes) -> None:
        """Erase a body with its seed; the name is gone from the disk when this returns.

        Copies, snapshots and the free space of the disk are not in our hands.

        Raises:
            BodyMissing: there is none.
            OSError: it cannot be erased.
        """
        place = self._place(digest)
        try:
            place.unlink()
        except FileNotFoundError:
            raise BodyMissing(digest, place) from None
        sync_folder(place.parent)

    def _place(self, digest: bytes) -> Path:
        if len(digest) != 32:
            raise ValueError(f"a digest has 32 bytes, this one {len(digest)}")
        name = digest.hex()
        return self.folder / name[:2] / name[2:]

    def _make_folder(self, folder: Path) -> None:
        """Make the folder of a body, on the disk too."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
            sync_folder(each.parent)

    def _key(self) -> X25519PrivateKey:
        if self._private is None:
            if self._unlock is None:
                raise ValueError("the private key is needed to read a body")
            self._private = self._unlock()
        return self._private


def _expanded(content: bytes) -> bytes:
    """Return what was compressed, of at most 64 MiB, however little space it takes."""
    stream = zlib.decompressobj()
    expanded = stream.decompress(content, LARGEST + 1)
    if len(expanded) > LARGEST or not stream.eof or stream.unused_data:
        raise zlib.error("too long, or cut off")
    return expanded
