"""The power is cut at any moment, after any fault: what was acknowledged is there after it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from tests.ledger.faults import Fault, Killed, nothing
from tests.ledger.loads import FIRST_LIFE, SECOND_LIFE, live, make_small
from tests.ledger.logs import entries, files, writer
from tests.ledger.power_cuts import ForgetfulDisk
from tests.ledger.promises import Promises

from chipwarden.ledger import writer as writer_module
from chipwarden.store import log_journal

# Cuts in each case; a case is one load with or without a fault.
CUTS = 3
CASES = 60
MANY = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "0")) // 100


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


@pytest.fixture
def folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


def run(folder: Path, case: int) -> None:
    """Live through the load with a fault or none, let the power go, and look at the disk."""
    chance = Random(case)
    root = folder / "before"
    root.mkdir(parents=True)
    faults = []
    if chance.random() < 0.7:
        error, when, lasts = 5, chance.choice(["before", "after", "short"]), chance.choice([1, 3])
        faults.append(Fault(chance.randrange(350), error, when, lasts))  # type: ignore[arg-type]
    disk, promises = ForgetfulDisk(root, *faults), Promises()
    storage, observer = files(root, system=disk, patience_s=0), files(root)
    cuts = sorted(chance.randrange(380) for _ in range(CUTS))

    def watch() -> None:
        promises.look(observer)
        while cuts and len(disk.calls) >= cuts[0]:
            cut = cuts.pop(0)
            look_at_the_disk(disk, promises, folder / f"after {len(cuts)} {cut}", chance)

    disk.watch = watch
    for life in (FIRST_LIFE, SECOND_LIFE):
        live(storage, promises, life, tries=4)
    look_at_the_disk(disk, promises, folder / "after all", chance)


def look_at_the_disk(disk: ForgetfulDisk, before: Promises, folder: Path, chance: Random) -> None:
    """Open what the disk may hold if the power goes now."""
    disk.after_power_cut(chance, folder)
    promises = Promises(before)
    storage = files(folder)
    with writer(storage) as log:
        assert promises.append(log, [b"after the cut"])
    promises.check(storage)


def append_within_a_settling(folder: Path, number: int) -> bool:
    """Append before the call of this number that a settling makes; False where it makes fewer."""
    folder.mkdir()
    disk, promises = ForgetfulDisk(folder), Promises()
    with writer(files(folder, system=disk)) as log:
        assert promises.append(log, entries(20))
        found, at = log.unsettled(), len(disk.calls) + number

        def watch() -> None:
            if len(disk.calls) == at:
                disk.watch = nothing
                # Enough for a new journal file, so that the one before may go.
                for batch in ([b"a", b"x" * 2_000], [b"b"]):
                    assert promises.append(log, batch)

        disk.watch = watch
        log.settle(found)
        for seed in range(5):
            look_at_the_disk(disk, promises, folder.with_name(f"{number} {seed}"), Random(seed))
        return disk.watch is nothing


def test_what_is_appended_beside_a_settling_is_not_dropped_with_it(folder: Path) -> None:
    """An appender settles in a thread of its own; here the appends come between its calls."""
    number = 0
    while append_within_a_settling(folder / str(number), number):
        number += 1
    assert number > 15


@pytest.mark.parametrize("is_settled", [True, False])
def test_the_power_goes_while_another_process_opens_the_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch, is_settled: bool
) -> None:
    """The one before was killed, and the power goes at any moment after that.

    Where it had settled, the journal still has what was settled, and the partial tiles that the
    journal begins with are gone. Where it had not, nobody has flushed the folders that it made.
    """
    monkeypatch.setattr(log_journal, "SEGMENT", 1 << 20)
    monkeypatch.setattr(writer_module, "SETTLE_AFTER", 1 << 20)
    root = folder / "log"
    root.mkdir()
    disk, promises = ForgetfulDisk(root), Promises()
    if is_settled:
        with writer(files(root, system=disk)) as log:
            assert promises.append(log, entries(100))
    log = writer(files(root, system=disk)).__enter__()
    for count in (150, 20):
        assert promises.append(log, entries(count, log.size))
    if is_settled:
        log.settle(log.unsettled())
        assert not (root / "log" / "public" / "tile" / "0" / "000.p").exists()
    assert promises.append(log, entries(5, log.size))
    disk.die()
    with suppress(Killed):
        log.__exit__(Killed, Killed(), None)
    disk.start_anew()

    def watch() -> None:
        number = len(disk.calls)
        look_at_the_disk(disk, promises, folder / str(number), Random(number))

    disk.watch = watch
    with writer(files(root, system=disk)):
        pass
    disk.watch = nothing
    for seed in range(20):
        look_at_the_disk(disk, promises, folder / f"after {seed}", Random(seed))
    promises.check(files(root))


def check(folder: Path, cases: range) -> None:
    for case in cases:
        try:
            run(folder / str(case), case)
        except BaseException as error:
            error.add_note(f"case {case}")
            raise


def test_some_cuts(folder: Path) -> None:
    check(folder, range(CASES))


@pytest.mark.long
def test_many_cuts(folder: Path) -> None:
    check(folder, range(CASES, CASES + max(MANY, 500)))
