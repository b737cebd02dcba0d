"""Every call of a log to the system fails in turn: nothing that was acknowledged is lost."""

import errno
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from tests.ledger.faults import CALLS, Fault, FaultySystem
from tests.ledger.loads import ALL, FIRST_LIFE, SECOND_LIFE, live, make_small
from tests.ledger.logs import all_entries, files, reader, writer
from tests.ledger.promises import Promises

from chipwarden.ledger.errors import LogUnavailable

SAMPLE = 300
ERRORS = (errno.EIO, errno.ENOSPC)
# One call; three in a row; so many that the log cannot be closed and opened again either.
LENGTHS = (1, 3, 40)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: flushes are not what is tested here."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


def run(folder: Path, fault: Fault) -> None:
    """Live through the load with a fault, then go on without it."""
    system, promises = FaultySystem(fault), Promises()
    storage, observer = files(folder, system=system, patience_s=0), files(folder)

    def watch() -> None:
        if system.calls and system.calls[-1] == "replace":
            promises.look(observer)

    system.watch = watch
    for life in (FIRST_LIFE, SECOND_LIFE):
        refused = live(storage, promises, life, tries=fault.lasts + 1)
        assert refused == 0, "the log did not go on after the fault was over"
    # The storage that saw the fault goes on, and so does a new one.
    system.faults = ()
    for again in (storage, files(folder)):
        with writer(again) as log:
            assert promises.append(log, [b"after"])
    promises.check(storage)
    assert system.handles == set(), "a file was left open"
    # What was refused may be there all the same; but nothing else may.
    found = list(all_entries(storage))
    assert set(found) == {*ALL, b"after"}
    assert len(found) >= len(promises.acknowledged) == len(ALL) + 2
    if not promises.refused:
        assert found == [*ALL, b"after", b"after"]


@cache
def calls() -> tuple[str, ...]:
    """Return the names of the calls that the load makes where nothing fails."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        system = FaultySystem()
        storage = files(Path(name), system=system)
        for life in (FIRST_LIFE, SECOND_LIFE):
            assert live(storage, Promises(), life) == 0
        assert list(all_entries(storage)) == ALL
        return tuple(system.calls)


def every_fault() -> list[Fault]:
    found = []
    for lasts in LENGTHS:
        for at, name in enumerate(calls()):
            for error in ERRORS:
                found.append(Fault(at, error, "before", lasts))
                found.append(Fault(at, error, "after", lasts))
                if name == "write" and lasts == 1:
                    found.append(Fault(at, error, "short"))
    return found


def check(folder: Path, faults: list[Fault]) -> None:
    for number, fault in enumerate(faults):
        try:
            run(folder / str(number), fault)
        except BaseException as error:
            error.add_note(f"{fault}: {calls()[fault.at]}, one of {len(calls())} calls")
            raise


def test_the_load_makes_every_kind_of_call() -> None:
    assert set(calls()) == set(CALLS)
    assert len(calls()) > 200


def test_some_call_fails(folder: Path) -> None:
    check(folder, Random(1).sample(every_fault(), SAMPLE))


@pytest.mark.long
def test_any_call_fails(folder: Path) -> None:
    check(folder, every_fault())


def test_a_reader_sees_a_whole_log_at_any_moment(folder: Path) -> None:
    """Between any two calls the checkpoint's tree is there, down to its entries."""
    system, looks = FaultySystem(), 0
    storage, observer = files(folder, system=system), files(folder)

    def look() -> None:
        nonlocal looks
        log = reader(observer)
        signed = log.checkpoint()
        if signed is not None:
            size = signed.checkpoint.size
            assert log.root(size) == signed.checkpoint.root
            assert [entry for _, entry in log.entries(0, size, size)] == ALL[:size]
            looks += 1

    system.watch = look
    for life in (FIRST_LIFE, SECOND_LIFE):
        assert live(storage, Promises(), life) == 0
    assert looks > 200


@pytest.mark.parametrize("error", ERRORS)
def test_the_same_writer_goes_on_however_long_it_took(folder: Path, error: int) -> None:
    system, promises = FaultySystem(), Promises()
    storage = files(folder, system=system)
    with writer(storage) as log:
        assert promises.append(log, [b"before"])
        system.faults = (Fault(len(system.calls), error, lasts=10**6),)
        for _ in range(20):
            with pytest.raises(LogUnavailable, match="log/journal"):
                log.append([b"meanwhile"])
        system.faults = ()
        assert promises.append(log, [b"after"])
    assert promises.check(storage) == [b"before", b"after"]
    assert system.handles == set()
