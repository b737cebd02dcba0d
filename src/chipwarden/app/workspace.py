"""The workspace: the folder that holds orders, packs of data and the ledger.

    workspace = default_workspace(None)      # ./chipwarden-data
    init(workspace, demo=True)

Nothing in it is overwritten.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from chipwarden.app.ledger import SETTINGS
from chipwarden.app.ledger_setup import LedgerMade, LedgerNames, make_ledger
from chipwarden.app.packs import FOLDER as PACKS
from chipwarden.app.passphrases import forget_passphrase
from chipwarden.model.errors import ChipwardenError

VARIABLE = "CHIPWARDEN_WORKSPACE"
DEFAULT = "chipwarden-data"
ORDERS = "orders"


class WorkspaceExists(ChipwardenError):
    """There is something already where a workspace was to be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = "a folder that is not empty" if folder.is_dir() else "a file"
        super().__init__(
            f"{folder}: found {found}; expected nothing there yet. Nothing was changed. "
            "Name another folder."
        )


class ExamplesMissing(ChipwardenError):
    """The example orders are not in this installation."""

    def __init__(self) -> None:
        super().__init__(
            "found no example orders in this installation; expected those that ship with "
            "Chipwarden. Install it again, or make a workspace without --demo."
        )


@dataclass(frozen=True, slots=True)
class InitReport:
    """What was made.

    Attributes:
        folder: the workspace.
        orders: the example orders in it, ascending.
        ledger: names of its ledger, and where the passphrase of its keys is.
    """

    folder: Path
    orders: tuple[Path, ...]
    ledger: LedgerMade


def default_workspace(option: Path | None) -> Path:
    """Return the workspace: the option, else the environment's, else ./chipwarden-data."""
    if option is not None:
        return option
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def init(folder: Path, demo: bool = False, names: LedgerNames | None = None) -> InitReport:
    """Make a workspace with a ledger.

    Args:
        folder: where; it is not there yet, or empty.
        demo: put the packaged example orders into it.
        names: how the ledger is called, None for names of its own.

    Raises:
        WorkspaceExists: something is there.
        ExamplesMissing: there are no example orders to put into it.
        LedgerError: the ledger cannot be made.
        OSError: it cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceExists(folder)
    examples = _examples() if demo else {}
    folder.parent.mkdir(parents=True, exist_ok=True)
    # All of it is made beside its place first, so that no half of a workspace is ever there.
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}-"))
    try:
        for name in (PACKS, ORDERS):
            (unfinished / name).mkdir()
        for name, content in examples.items():
            (unfinished / ORDERS / name).write_bytes(content)
        ledger = make_ledger(unfinished, names or LedgerNames())
        try:
            mask = os.umask(0)
            os.umask(mask)
            unfinished.chmod(0o777 & ~mask)
            _move(unfinished, folder)
        except BaseException:
            forget_passphrase(ledger.passphrase_file)
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return InitReport(folder, tuple(folder / ORDERS / name for name in sorted(examples)), ledger)


def _move(unfinished: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(unfinished, folder)
        return
    # An empty folder stays the same folder, for somebody may be working in it.
    # Its settings come last: until they are there it is no workspace yet.
    for part in sorted(unfinished.iterdir(), key=lambda part: (part.name == SETTINGS, part)):
        os.rename(part, folder / part.name)


def _examples() -> Mapping[str, bytes]:
    source = files("chipwarden") / "examples"
    if not source.is_dir():
        raise ExamplesMissing
    found = {
        entry.name: entry.read_bytes() for entry in source.iterdir() if entry.name.endswith(".toml")
    }
    if not found:
        raise ExamplesMissing
    return found
