"""Writes files in children that are killed, and prints what each kill left; run by a test.

    python killed_writer.py FOLDER

A child is killed without warning (SIGKILL) at its first step that the interpreter reports
(making, linking, renaming, syncing, removing a file and others), the next child at its second,
and so on until one comes to its end; others are killed in the middle of a write. Reading is no
step: before and after it the same is on the disk.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from chipwarden.app.batch import BatchLine, write_results
from chipwarden.app.ledger import has_ledger, open_ledger
from chipwarden.app.ledger_check import check_ledger
from chipwarden.app.packs import current_pack, keep
from chipwarden.app.workspace import init
from chipwarden.model.canonical import canonical_bytes
from chipwarden.model.errors import Problem
from chipwarden.store import passphrase_kdf

ROWS = 40
PACK = current_pack()
WORKSPACE = ["keys", "ledger", "ledger.toml", "orders", "packs", "policy.txt", "seen"]
LINES = [
    BatchLine(f"orders.csv, row {row}", None, (Problem("date", "nothing", "a day"),), f"PO-{row}")
    for row in range(ROWS)
]
OLD = b"what was there before"
READING = ("os.listdir", "os.scandir")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def lines(die_at: int | None = None) -> Iterator[BatchLine]:
    """Yield the lines; the process is killed before one of them."""
    for number, line in enumerate(LINES):
        if number == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        yield line


def whole_results(path: Path) -> bool:
    """Return whether a file holds every line."""
    if path.suffix == ".xlsx":
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        return len(rows) == ROWS + 1 and rows[-1][0] == f"PO-{ROWS - 1}"
    text = path.read_text("utf-8-sig")
    heads = 1 if path.suffix == ".csv" else 0
    return text.count("\n") == ROWS + heads and text.endswith("\n") and f"PO-{ROWS - 1}" in text


def state(paths: Iterable[Path], is_whole: Callable[[Path], bool], old: bytes | None) -> str:
    """Return "nothing", "old" or "whole"; hidden files do not count."""
    found = [path for path in paths if not path.name.startswith(".")]
    if not found:
        return "nothing" if old is None else "LOST"
    if len(found) > 1:
        return "SEVERAL"
    if old is not None and found[0].read_bytes() == old:
        return "old"
    return "whole" if is_whole(found[0]) else "HALF"


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Run the work in a child that is killed at a step; return whether it came to its end."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(event: str, arguments: Any) -> None:
            nonlocal seen
            if (
                not event.startswith(("open", "os.", "shutil.", "tempfile.", "fcntl."))
                or event in READING
            ):
                return
            if event == "open" and not arguments[2] & WRITING:
                return
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

        def counted(handle: int) -> None:
            # The interpreter does not report this one. A kill takes no pages from the system, so
            # that nothing needs to reach the disk here.
            count("os.fsync", ())

        setattr(os, "fsync", counted)  # noqa: B010
        setattr(os, "fdatasync", counted)  # noqa: B010
        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


def torn(size: int, work: Callable[[], object]) -> bool:
    """Run the work in a child that is killed once a file exceeds a size; return as `killed_at`."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


def attempts(
    folder: Path,
    work: Callable[[Path], object],
    target: Callable[[Path], Iterable[Path]],
    is_whole: Callable[[Path], bool],
    old: Callable[[Path], None] | None = None,
    stride: int = 1,
) -> dict[str, int]:
    """Return how often each state was left, over all steps, or every so many."""
    found: dict[str, int] = {"kills": 0}
    for step in range(1, 500, stride):
        place = folder / str(step)
        place.mkdir(parents=True)
        if old is not None:
            old(place)
        ended = killed_at(step, lambda place=place: work(place))  # type: ignore[misc]
        left = state(target(place), is_whole, OLD if old is not None else None)
        if ended:
            found["end"] = int(left == "whole")
            break
        found["kills"] += 1
        found[left] = found.get(left, 0) + 1
    return found


def below(name: str) -> Callable[[Path], Iterable[Path]]:
    """Return what lists the files of a folder that may not be there."""
    return lambda place: list((place / name).iterdir()) if (place / name).is_dir() else []


def whole_workspace(path: Path) -> bool:
    """Return whether a folder is a workspace, its ledger as it was made."""
    if sorted(part.name for part in path.iterdir()) != WORKSPACE:
        return False
    with open_ledger(path) as ledger:
        found = check_ledger(ledger)
    return found.checkpoint is not None and found.checkpoint.size == 2 and not found.findings


def init_in(place: Path) -> None:
    """Make a workspace in an empty folder that is there."""
    (place / "work").mkdir()
    init(place / "work")


def workspaces(place: Path) -> Iterable[Path]:
    """Return the folder that was there before, if it is a workspace now."""
    return [path for path in (place / "work",) if has_ledger(path)]


def main(folder: Path) -> None:
    """Print the states by writer as JSON."""
    # What it costs to guess a passphrase is no matter here.
    setattr(passphrase_kdf, "_N", 2)  # noqa: B010
    pack = canonical_bytes(PACK.files)
    found = {
        "keep": attempts(
            folder / "keep", lambda place: keep(PACK, place), below("packs"),
            lambda path: path.read_bytes() == pack,
        ),
        "init": attempts(
            folder / "init", lambda place: init(place / "work"), lambda place: place.iterdir(),
            whole_workspace,
        ),
        "init_in": attempts(
            folder / "init_in", init_in, workspaces, whole_workspace,
        ),
    }  # fmt: skip
    keepers: dict[str, tuple[Callable[[Path], object], str]] = {
        "keep": (lambda place: keep(PACK, place), "packs"),
    }
    for name, (work, folder_name) in keepers.items():
        place = folder / f"torn-{name}"
        place.mkdir()
        ended = torn(len(pack) // 2, lambda: work(place))  # noqa: B023
        left = state(below(folder_name)(place), lambda path: False, None)
        found[f"torn_{name}"] = {"ended": int(ended), left: 1}
    for ending in (".jsonl", ".csv", ".xlsx"):
        name = f"results{ending}"

        def put(place: Path, name: str = name) -> None:
            (place / name).write_bytes(OLD)

        def write(place: Path, name: str = name) -> None:
            write_results(place / name, lines())

        def middle(place: Path, name: str = name) -> None:
            write_results(place / name, lines(die_at=ROWS // 2))

        def at(place: Path, name: str = name) -> Iterable[Path]:
            return [path for path in (place / name,) if path.exists()]

        # A workbook takes some two hundred steps.
        stride = 4 if ending == ".xlsx" else 1
        found[f"write_results{ending}"] = attempts(
            folder / ending, write, at, whole_results, put, stride
        )
        place = folder / f"middle{ending}"
        place.mkdir()
        ended = killed_at(-1, lambda: middle(place))  # noqa: B023
        found[f"middle{ending}"] = {"ended": int(ended), state(at(place), whole_results, None): 1}
        place = folder / f"torn{ending}"
        place.mkdir()
        ended = torn(1000, lambda: write(place))  # noqa: B023
        found[f"torn{ending}"] = {"ended": int(ended), state(at(place), whole_results, None): 1}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
