"""Where the passphrase of a workspace's keys comes from.

In this order: CHIPWARDEN_PASSPHRASE, the file that CHIPWARDEN_PASSPHRASE_FILE names, the
file that `init` made outside the workspace, the person at the keyboard.
"""

import getpass
import os
import secrets
import sys
from pathlib import Path
from typing import Final

from chipwarden.model.errors import ChipwardenError
from chipwarden.store.whole_files import write_new

VARIABLE: Final = "CHIPWARDEN_PASSPHRASE"
FILE_VARIABLE: Final = "CHIPWARDEN_PASSPHRASE_FILE"
_ENTROPY_BYTES: Final = 24


class NoPassphrase(ChipwardenError):
    """The keys are locked, and nothing unlocks them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        super().__init__(
            f"found no passphrase for the keys of this workspace; expected it in {VARIABLE}, in "
            f"the file that {FILE_VARIABLE} names, or in {place}. Set one of them."
        )


def kept_passphrase(workspace_id: str) -> Path:
    """Return where the passphrase of a workspace is kept on this computer."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "chipwarden" / "passphrases" / workspace_id


def passphrase(workspace_id: str) -> bytes:
    """Return the passphrase of a workspace.

    Raises:
        NoPassphrase: there is none, and nobody to ask.
        OSError: its file cannot be read.
    """
    given = _given()
    if given is not None:
        return given
    place = kept_passphrase(workspace_id)
    if place.is_file():
        return place.read_bytes().strip()
    if sys.stdin.isatty() and sys.stderr.isatty():
        return getpass.getpass("Passphrase of the keys: ").encode()
    raise NoPassphrase(place)


def new_passphrase(workspace_id: str) -> tuple[bytes, Path | None]:
    """Return the passphrase for new keys, and the file it was put into where it was made.

    Raises:
        OSError: its file cannot be written.
    """
    given = _given()
    if given is not None:
        return given, None
    place = kept_passphrase(workspace_id)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = secrets.token_urlsafe(_ENTROPY_BYTES).encode()
    write_new(place, made + b"\n", mode=0o600)
    return made, place


def forget_passphrase(place: Path | None) -> None:
    """Remove the file of a passphrase whose keys were not made after all; None: there is none."""
    if place is not None:
        place.unlink(missing_ok=True)


def _given() -> bytes | None:
    if text := os.environ.get(VARIABLE):
        return text.encode()
    if name := os.environ.get(FILE_VARIABLE):
        return Path(name).read_bytes().strip()
    return None
