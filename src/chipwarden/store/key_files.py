"""Private keys at rest: PKCS#8 files, locked with a passphrase.

    keys = KeyFolder(Path("chipwarden-data/keys"), lambda: passphrase)
    keys.create("statements", Algorithm.ED25519)
    keys.signing_key("statements").sign(message)
    keys.public_key("statements")                 # needs no passphrase

    keys/kdf.json           how the passphrase is stretched, and what tells a wrong one
    keys/statements.pem     the public key, then the private one, locked

PKCS#8 as it is commonly written stretches a passphrase 2,048 times, which is quickly guessed
through. So the password of the files is derived by scrypt (32 MiB, about 0.1 s) first, once.
A key for use elsewhere is one file: `write_signing_key`, `load_signing_key`.

Source:
    RFC 7914 (scrypt), RFC 5958 (PKCS#8), RFC 7468 (text form).
"""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.keys import Algorithm, PublicKey, SigningKey
from chipwarden.store.locked_keys import (
    DamagedKey,
    KeyExists,
    key_content,
    locked,
    opened,
    public_part,
    write_key,
)
from chipwarden.store.passphrase_kdf import PassphraseKdf
from chipwarden.store.whole_files import sync_folder, write_new

_KDF: Final = "kdf.json"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class KeyFolder:
    """The keys of a workspace, all locked with one passphrase.

    Args:
        path: of the folder; made with the first key.
        passphrase: asked once, when the first private key is needed.
    """

    def __init__(self, path: Path, passphrase: Callable[[], bytes]) -> None:
        self.path = path
        self._passphrase = passphrase
        self._password: bytes | None = None
        self._guard = Lock()

    def names(self) -> tuple[str, ...]:
        """Return the names of all keys, ascending."""
        if not self.path.is_dir():
            return ()
        stems = (place.stem for place in self.path.glob("*.pem"))
        return tuple(sorted(stem for stem in stems if _NAME.fullmatch(stem)))

    def create(self, name: str, algorithm: Algorithm) -> SigningKey:
        """Make a key that signs, and return it when it is on the disk.

        Args:
            name: small letters, digits and hyphens.
            algorithm: what it signs with.

        Raises:
            KeyExists: there is a key of this name.
            WrongPassphrase: the other keys are locked with another one.
            OSError: it cannot be written; nothing half-written is left.
        """
        key = generate_key(algorithm)
        self._write(name, key.native)
        return key

    def create_x25519(self, name: str) -> X25519PublicKey:
        """Make a key that bodies are sealed to; arguments and errors as for `create`."""
        key = X25519PrivateKey.generate()
        self._write(name, key)
        return key.public_key()

    def signing_key(self, name: str) -> SigningKey:
        """Return a key that signs.

        Raises:
            KeyMissing: there is none of this name.
            WrongPassphrase: it is locked with another passphrase.
            DamagedKey: it is not what was written, or does not sign.
            OSError: it cannot be read.
        """
        return _signing(self._place(name), self._private(name))

    def replace(self, name: str, following: str) -> None:
        """Give a key the name of another one, which is kept under its thumbprint.

        Raises:
            KeyMissing: one of them is not there.
            OSError: it cannot be done; a second try goes on where the first one ended.
        """
        new, place = self._place(following), self._place(name)
        if place.exists() and new.exists():
            kept = self._place(f"{name}-{self.public_key(name).thumbprint.hex()[:16]}")
            with suppress(FileExistsError):
                os.link(place, kept)
        os.replace(new, place)
        sync_folder(self.path)

    def public_key(self, name: str) -> PublicKey:
        """Return the public part of a key that signs; no passphrase is needed.

        Raises:
            KeyMissing: there is none of this name.
            DamagedKey: it is not what was written, or does not sign.
            OSError: it cannot be read.
        """
        place = self._place(name)
        try:
            return PublicKey.of(public_part(place, key_content(place)))
        except InvalidStatement as wrong:
            raise DamagedKey(place, str(wrong)) from wrong

    def x25519(self, name: str) -> X25519PrivateKey:
        """Return a key that opens bodies; errors as for `signing_key`."""
        key = self._private(name)
        if not isinstance(key, X25519PrivateKey):
            raise DamagedKey(self._place(name), "a key that opens nothing")
        return key

    def x25519_public(self, name: str) -> X25519PublicKey:
        """Return a key that bodies are sealed to; errors as for `public_key`."""
        place = self._place(name)
        key = public_part(place, key_content(place))
        if not isinstance(key, X25519PublicKey):
            raise DamagedKey(place, "a key that nothing is sealed to")
        return key

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a key: small letters, digits and hyphens")
        return self.path / f"{name}.pem"

    def _private(self, name: str) -> Any:
        place = self._place(name)
        content = key_content(place)
        return opened(place, content, self._unlocked())

    def _write(self, name: str, key: Any) -> None:
        place = self._place(name)
        if place.exists():
            raise KeyExists(place)
        write_key(place, locked(key, self._unlocked(create=True)))

    def _unlocked(self, create: bool = False) -> bytes:
        """Return the password of the files; the passphrase is stretched once."""
        with self._guard:
            if self._password is None:
                self._password = self._derived(self._passphrase(), create)
            return self._password

    def _derived(self, passphrase: bytes, create: bool) -> bytes:
        place = self.path / _KDF
        if create and not place.exists():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            new, password = PassphraseKdf.new(passphrase)
            try:
                write_new(place, new.to_json(), mode=0o600)
            except FileExistsError:
                pass  # Another process was first; its file counts.
            else:
                return password
        kdf = PassphraseKdf.from_json(key_content(place))
        if kdf is None:
            raise DamagedKey(place, "no settings of scrypt")
        return kdf.password(passphrase, place)


def generate_key(algorithm: Algorithm) -> SigningKey:
    """Return a new key that signs, from the randomness of the system."""
    match algorithm:
        case Algorithm.ED25519:
            return SigningKey.of(Ed25519PrivateKey.generate())
        case Algorithm.ES256:
            return SigningKey.of(ec.generate_private_key(ec.SECP256R1()))
        case Algorithm.ES384:
            return SigningKey.of(ec.generate_private_key(ec.SECP384R1()))


def write_signing_key(path: Path, key: SigningKey, passphrase: bytes) -> None:
    """Write a key as one file of its own; how it is locked stands in its first line.

    Raises:
        KeyExists: there is a file already.
        WrongPassphrase: the passphrase is empty.
        OSError: it cannot be written; nothing half-written is left.
    """
    kdf, password = PassphraseKdf.new(passphrase)
    write_key(path, kdf.to_json() + locked(key.native, password))


def load_signing_key(path: Path, passphrase: bytes) -> SigningKey:
    """Return the key of a file that `write_signing_key` wrote.

    Raises:
        KeyMissing: there is no such file.
        WrongPassphrase: it is locked with another passphrase.
        DamagedKey: it is not what was written.
        OSError: it cannot be read.
    """
    settings, line_end, content = key_content(path).partition(b"\n")
    kdf = PassphraseKdf.from_json(settings + line_end)
    if kdf is None:
        raise DamagedKey(path, "no settings of scrypt in its first line")
    return _signing(path, opened(path, content, kdf.password(passphrase, path)))


def _signing(place: Path, key: Any) -> SigningKey:
    try:
        return SigningKey.of(key)
    except InvalidStatement as wrong:
        raise DamagedKey(place, str(wrong)) from wrong
