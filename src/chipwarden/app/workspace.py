"""The workspace: the folder that holds packs, decisions and orders.

    workspace = default_workspace(None)      # ./chipwarden-data
    init(workspace, demo=True)
    keep_decision(record, workspace)         # decisions/PO-2026-0117-1f0c9a2b.json

Nothing in it is overwritten.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from chipwarden.app.packs import FOLDER as PACKS
from chipwarden.app.whole_files import write_new
from chipwarden.model.canonical import canonical_bytes
from chipwarden.model.errors import ChipwardenError

VARIABLE = "CHIPWARDEN_WORKSPACE"
DEFAULT = "chipwarden-data"
DECISIONS, ORDERS = "decisions", "orders"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80
# Characters of the digest in a file's name: more where fewer do not tell two records apart.
_DIGEST_LENGTHS = (8, 16, 32, 64)


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
        written: folders and files in it, ascending.
    """

    folder: Path
    written: tuple[Path, ...]


def default_workspace(option: Path | None) -> Path:
    """Return the workspace: the option, else the environment's, else ./chipwarden-data."""
    if option is not None:
        return option
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def init(folder: Path, demo: bool = False) -> InitReport:
    """Make a workspace.

    Args:
        folder: where; it is not there yet, or empty.
        demo: put the packaged example orders into it.

    Raises:
        WorkspaceExists: something is there.
        ExamplesMissing: there are no example orders to put into it.
        OSError: it cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceExists(folder)
    examples = _examples() if demo else {}
    folder.parent.mkdir(parents=True, exist_ok=True)
    # All of it is made beside its place first, so that no half of a workspace is ever there.
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}-"))
    try:
        for name in (PACKS, DECISIONS, ORDERS):
            (unfinished / name).mkdir()
        for name, content in examples.items():
            (unfinished / ORDERS / name).write_bytes(content)
        mask = os.umask(0)
        os.umask(mask)
        unfinished.chmod(0o777 & ~mask)
        _move(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return InitReport(folder, tuple(sorted(folder.rglob("*"))))


def _move(unfinished: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(unfinished, folder)
        return
    # An empty folder stays the same folder, for somebody may be working in it.
    for part in sorted(unfinished.iterdir()):
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


def keep_decision(record: Mapping[str, Any], workspace: Path) -> Path:
    """Keep the canonical bytes of a decision record; one that is kept already stays.

    Args:
        record: a decision record.
        workspace: its folder is made where it is missing.

    Returns:
        decisions/<order id>-<start of the digest>.json

    Raises:
        OSError: it cannot be written.
    """
    content = canonical_bytes(record)
    whole = sha256(content).hexdigest()
    folder = workspace / DECISIONS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder
    for length in _DIGEST_LENGTHS:
        path = folder / f"{safe_name(str(record['order_id']))}-{whole[:length]}.json"
        try:
            write_new(path, content)
            return path
        except FileExistsError:
            if path.read_bytes() == content:
                return path
    raise FileExistsError(f"{path}: found another content under the digest of this record")


def safe_name(order_id: str) -> str:
    """Return an order's id as part of a file's name, on any system.

    >>> safe_name("../PO 2026/0117")
    'PO-2026-0117'
    """
    return _UNSAFE.sub("-", order_id).strip(".-_")[:_LONGEST_NAME] or "order"
