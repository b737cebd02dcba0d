"""How a passphrase is stretched to the password of key files, and how a wrong one is told.

    kdf, password = PassphraseKdf.new(passphrase)
    PassphraseKdf.from_json(kdf.to_json()).password(passphrase, place)     # the same

Source:
    RFC 7914 (scrypt). Its cost is 32 MiB and about 0.1 s for each guess.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from chipwarden.model.errors import ChipwardenError

SCHEMA: Final = "chipwarden.keys/1"
_N, _R, _P = 1 << 15, 8, 1
_SALT_SIZE: Final = 16
_CHECK: Final = b"chipwarden.keys/1 check"
_NAMES: Final = {"schema", "kdf", "n", "r", "p", "salt", "check"}
# A file that asks for more would only fill the memory.
_MOST_BLOCKS: Final = 1 << 20


class WrongPassphrase(ChipwardenError):
    """A passphrase does not open a key."""

    def __init__(self, place: Path | None = None) -> None:
        self.place = place
        if place is None:
            message = "passphrase: found an empty one; expected at least one character"
        else:
            message = (
                f"passphrase: found one that does not open {place}; expected that with which the "
                "keys were made. Nothing was changed"
            )
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class PassphraseKdf:
    """Settings of scrypt, and a check that tells a wrong passphrase from a damaged file."""

    n: int
    r: int
    p: int
    salt: bytes
    check: bytes

    @classmethod
    def new(cls, passphrase: bytes) -> tuple[Self, bytes]:
        """Return settings with a new salt, and the password that they give.

        Raises:
            WrongPassphrase: the passphrase is empty.
        """
        if not passphrase:
            raise WrongPassphrase
        salt = secrets.token_bytes(_SALT_SIZE)
        stretched = _stretched(passphrase, salt, _N, _R, _P)
        return cls(_N, _R, _P, salt, _check(stretched)), stretched.hex().encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self | None:
        """Return the settings of a file, None where it holds none."""
        try:
            parts = json.loads(content)
            if parts.keys() != _NAMES or (parts["schema"], parts["kdf"]) != (SCHEMA, "scrypt"):
                return None
            numbers = parts["n"], parts["r"], parts["p"]
            salt, check = bytes.fromhex(parts["salt"]), bytes.fromhex(parts["check"])
        except (ValueError, AttributeError, TypeError, RecursionError):
            return None
        if not all(type(number) is int for number in numbers):
            return None
        n, r, p = numbers
        if not (n >= 2 and n & (n - 1) == 0 and r >= 1 and n * r <= _MOST_BLOCKS and 1 <= p <= 16):
            return None
        return cls(n, r, p, salt, check)

    def to_json(self) -> bytes:
        """Return the settings as one line."""
        parts = {"schema": SCHEMA, "kdf": "scrypt", "n": self.n, "r": self.r, "p": self.p,
                 "salt": self.salt.hex(), "check": self.check.hex()}  # fmt: skip
        return json.dumps(parts).encode() + b"\n"

    def password(self, passphrase: bytes, place: Path) -> bytes:
        """Return the password that a passphrase gives.

        Args:
            passphrase: as it was typed.
            place: the file it should open, for the error.

        Raises:
            WrongPassphrase: it is another one.
        """
        stretched = _stretched(passphrase, self.salt, self.n, self.r, self.p)
        if not hmac.compare_digest(_check(stretched), self.check):
            raise WrongPassphrase(place)
        return stretched.hex().encode()


def _stretched(passphrase: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    # OpenSSL counts a little more than the table of 128 r n bytes.
    room = 128 * r * (n + p + 64)
    return hashlib.scrypt(passphrase, salt=salt, n=n, r=r, p=p, maxmem=2 * room, dklen=32)


def _check(stretched: bytes) -> bytes:
    return hmac.digest(stretched, _CHECK, "sha256")
