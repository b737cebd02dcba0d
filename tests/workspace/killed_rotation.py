"""Rotates the keys of workspaces in children that are killed; started by a test.

    python killed_rotation.py FOLDER NAME STRIDE

FOLDER/work is a workspace. Child N rotates the key NAME in a copy of it, FOLDER/N, and is killed
at its step N, as `killed_writer` counts them. Prints the number of copies.
"""

import shutil
import sys
from pathlib import Path

from tests.workspace.killed_writer import killed_at

from chipwarden.app.ledger import open_ledger
from chipwarden.app.ledger_keys import rotate


def rotated(workspace: Path, name: str) -> None:
    """Rotate a key."""
    with open_ledger(workspace) as ledger:
        rotate(ledger, name)


def main(folder: Path, name: str, stride: int) -> None:
    """Kill at every so many steps."""
    # What every child would import for itself.
    rotated(Path(shutil.copytree(folder / "work", folder / "first")), name)
    for step in range(1, 1000, stride):
        place = folder / str(step)
        shutil.copytree(folder / "work", place)
        if killed_at(step, lambda place=place: rotated(place, name)):  # type: ignore[misc]
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
