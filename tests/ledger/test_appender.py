"""Many threads append to one log: each is told its index, once its entry is durable."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.faults import FaultySystem
from tests.ledger.logs import NOW, ORIGIN, SIGNER, all_entries, checked, entries, files, writer

from chipwarden.ledger import appender as appender_module
from chipwarden.ledger import writer as writer_module
from chipwarden.ledger.appender import Appender
from chipwarden.ledger.errors import LogConflict, LogUnavailable
from chipwarden.ledger.storage import LogStorage
from chipwarden.ledger.tiles import EntryTooLong
from chipwarden.ledger.writer import LogWriter

# So long only where a test fails by hanging.
PATIENCE_S = 60


class Gated(LogWriter):
    """A writer that waits before each batch until its gate is open."""

    def __init__(self, storage: LogStorage) -> None:
        super().__init__(storage, ORIGIN, [SIGNER], lambda: NOW)
        self.is_waiting = threading.Event()
        self.gate = threading.Event()
        self.batches: list[int] = []

    def append(self, entries: Any) -> int:
        self.is_waiting.set()
        assert self.gate.wait(PATIENCE_S)
        self.batches.append(len(entries))
        return super().append(entries)


class Remembered:
    """Duplicates in a dict."""

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}

    def indexes(self, digests: Mapping[bytes, int]) -> dict[bytes, int]:
        return {digest: self.known[digest] for digest in digests if digest in self.known}

    def remember(self, digests: Mapping[bytes, int]) -> None:
        assert not digests.keys() & self.known.keys()
        self.known |= digests


@contextmanager
def gated(folder: Path, **more: Any) -> Iterator[tuple[Gated, Appender]]:
    """Give an appender that is held up with a first entry, so that all others gather."""
    with Gated(files(folder)) as log, Appender(log, **more) as appender:
        held = appender.submit(b"held")
        assert log.is_waiting.wait(PATIENCE_S)
        try:
            yield log, appender
        finally:
            log.gate.set()
        assert held.result(PATIENCE_S) == 0


def started(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def joined(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "it waits for ever"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_each_thread_is_told_the_indexes_of_its_entries(tmp_path: Path) -> None:
    told: dict[int, bytes] = {}

    def append(number: int) -> None:
        own = [b"%d of %d " % (at, number) * (at % 7) + b"%d.%d" % (at, number) for at in range(60)]
        futures = [appender.submit(entry) for entry in own]
        indexes = [future.result(PATIENCE_S) for future in futures]
        # One thread's entries keep their order.
        assert indexes == sorted(indexes)
        told.update(zip(indexes, own, strict=True))

    with writer(files(tmp_path)) as log, Appender(log) as appender:
        threads = [started(lambda number=number: append(number)) for number in range(8)]  # type: ignore[misc]
        joined(*threads)
    assert sorted(told) == list(range(480))
    found = all_entries(files(tmp_path))
    assert [told[index] for index in range(480)] == found
    assert checked(files(tmp_path)).findings == ()


def test_what_gathers_meanwhile_shares_one_flush(tmp_path: Path) -> None:
    with gated(tmp_path) as (log, appender):
        futures = [appender.submit(entry) for entry in entries(300)]
        assert not any(future.done() for future in futures)
        log.gate.set()
        assert [future.result(PATIENCE_S) for future in futures] == list(range(1, 301))
    assert log.batches == [1, 300]


def test_nobody_is_answered_before_the_flush(tmp_path: Path) -> None:
    answered: list[int] = []
    system = FaultySystem()
    with writer(files(tmp_path, system=system)) as log, Appender(log) as appender:
        before = system.calls.count("fdatasync")
        for number in range(5):
            future = appender.submit(b"%d" % number)
            future.add_done_callback(lambda future: answered.append(future.result()))
            assert future.result(PATIENCE_S) == number
            assert system.calls.count("fdatasync") == before + number + 1
    assert answered == list(range(5))


def test_answers_come_in_the_order_of_the_log(tmp_path: Path) -> None:
    answered: list[int] = []
    with gated(tmp_path) as (log, appender):
        for entry in entries(400):
            future = appender.submit(entry)
            future.add_done_callback(lambda future: answered.append(future.result()))
        log.gate.set()
    assert answered == list(range(1, 401))


def test_one_that_was_cancelled_in_time_is_not_in_the_log(tmp_path: Path) -> None:
    with gated(tmp_path) as (log, appender):
        futures = [appender.submit(b"%d" % number) for number in range(6)]
        assert futures[1].cancel() and futures[5].cancel()
        log.gate.set()
        rest = [futures[at] for at in (0, 2, 3, 4)]
        assert [future.result(PATIENCE_S) for future in rest] == [1, 2, 3, 4]
        for at in (1, 5):
            with pytest.raises(CancelledError):
                futures[at].result(PATIENCE_S)
        # Too late: it is in the log.
        assert not futures[0].cancel()
    assert list(all_entries(files(tmp_path))) == [b"held", b"0", b"2", b"3", b"4"]


def test_all_are_cancelled(tmp_path: Path) -> None:
    with gated(tmp_path) as (log, appender):
        assert all(appender.submit(b"x").cancel() for _ in range(10))
        log.gate.set()
        assert appender.submit(b"y").result(PATIENCE_S) == 1
    assert list(all_entries(files(tmp_path))) == [b"held", b"y"]


def test_an_error_reaches_all_of_the_batch_and_no_other(tmp_path: Path) -> None:
    system = FaultySystem()
    with writer(files(tmp_path, system=system)) as log, Appender(log) as appender:
        assert appender.submit(b"before").result(PATIENCE_S) == 0
        system.broken = {"fdatasync", "fsync"}
        futures = [appender.submit(b"meanwhile") for _ in range(20)]
        for future in futures:
            with pytest.raises(LogUnavailable, match=r"log/journal.*input/output error"):
                future.result(PATIENCE_S)
        system.broken = set()
        index = appender.submit(b"after").result(PATIENCE_S)
    found = list(all_entries(files(tmp_path)))
    # What was not acknowledged may be there or not; it is never in another's place.
    assert found[0] == b"before" and found[index] == b"after"
    assert set(found) <= {b"before", b"meanwhile", b"after"}


def test_an_entry_that_is_too_long_hurts_nobody_else(tmp_path: Path) -> None:
    with gated(tmp_path) as (log, appender):
        good = appender.submit(b"good")
        with pytest.raises(EntryTooLong):
            appender.submit(bytes(65_536))
        longest = appender.submit(bytes(65_535))
        log.gate.set()
        assert (good.result(PATIENCE_S), longest.result(PATIENCE_S)) == (1, 2)


def test_what_waits_at_the_end_is_appended(tmp_path: Path) -> None:
    with gated(tmp_path) as (_, appender):
        futures = [appender.submit(entry) for entry in entries(50)]
    assert [future.result(0) for future in futures] == list(range(1, 51))
    with pytest.raises(RuntimeError, match="closed"):
        appender.submit(b"late")
    assert len(all_entries(files(tmp_path))) == 51


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_who_comes_while_it_closes_is_answered(tmp_path: Path, is_cancelled: bool) -> None:
    """The entry is put there after the thread has looked for the last time."""
    with writer(files(tmp_path)) as log:
        appender = Appender(log)
        appender.__enter__()
        queue = appender._waiting

        class Late:
            def __getattr__(self, name: str) -> Any:
                return getattr(queue, name)

            def put(self, item: Any) -> None:
                if item is not None:
                    appender._waiting = queue
                    appender.__exit__(None, None, None)
                    if is_cancelled:
                        item[1].cancel()
                queue.put(item)

        appender._waiting = Late()  # type: ignore[assignment]
        future = appender.submit(b"late")
        assert future.done()
        with pytest.raises(CancelledError if is_cancelled else LogUnavailable):
            future.result(0)
    assert list(all_entries(files(tmp_path))) == []


def test_the_same_bytes_have_the_same_index_where_duplicates_are_known(tmp_path: Path) -> None:
    known = Remembered()
    with gated(tmp_path, duplicates=known) as (log, appender):
        futures = [appender.submit(entry) for entry in (b"a", b"b", b"a", b"held", b"c", b"b")]
        log.gate.set()
        assert [future.result(PATIENCE_S) for future in futures] == [1, 2, 1, 0, 3, 2]
        assert appender.submit(b"c").result(PATIENCE_S) == 3
    assert list(all_entries(files(tmp_path))) == [b"held", b"a", b"b", b"c"]
    assert known.known == {
        sha256(entry).digest(): at for at, entry in enumerate([b"held", b"a", b"b", b"c"])
    }


def test_the_same_bytes_are_logged_again_otherwise(tmp_path: Path) -> None:
    with gated(tmp_path) as (log, appender):
        futures = [appender.submit(b"held") for _ in range(3)]
        log.gate.set()
        assert [future.result(PATIENCE_S) for future in futures] == [1, 2, 3]


def test_an_entry_that_was_not_acknowledged_is_not_remembered(tmp_path: Path) -> None:
    system, known = FaultySystem(), Remembered()
    storage = files(tmp_path, system=system)
    with writer(storage) as log, Appender(log, duplicates=known) as appender:
        system.broken = {"fdatasync", "fsync"}
        with pytest.raises(LogUnavailable):
            appender.submit(b"x").result(PATIENCE_S)
        assert known.known == {}
        system.broken = set()
        index = appender.submit(b"x").result(PATIENCE_S)
        assert appender.submit(b"x").result(PATIENCE_S) == index
    assert all_entries(storage)[index] == b"x"


def test_submit_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appender_module, "MOST_WAITING", 8)
    futures: list[Future[int]] = []
    with gated(tmp_path) as (log, appender):

        def append() -> None:
            futures.extend(appender.submit(b"%d" % number) for number in range(50))

        thread = started(append)
        until(lambda: appender._is_full)
        assert appender._waiting.qsize() == 8
        assert thread.is_alive()
        log.gate.set()
        joined(thread)
        assert [future.result(PATIENCE_S) for future in futures] == list(range(1, 51))
    assert max(log.batches) <= 8


def test_nobody_waits_for_room_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was woken first takes the room; the others must be woken again."""
    monkeypatch.setattr(appender_module, "MOST_WAITING", 2)
    monkeypatch.setattr(appender_module, "MOST_ENTRIES", 1)
    with gated(tmp_path) as (log, appender):
        for _ in range(2):
            appender.submit(b"fills it up")
        threads = [started(lambda: void(appender.submit(b"waits"))) for _ in range(6)]
        until(lambda: len(appender._room._waiters) == 6)  # type: ignore[attr-defined]
        log.gate.set()
        joined(*threads)
    assert len(all_entries(files(tmp_path))) == 9


def test_closing_wakes_those_who_wait_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender_module, "MOST_WAITING", 1)
    refused: list[str] = []

    def append() -> None:
        try:
            appender.submit(b"waits")
        except RuntimeError as error:
            refused.append(str(error))

    with Gated(files(tmp_path)) as log:
        appender = Appender(log)
        appender.__enter__()
        appender.submit(b"held")
        assert log.is_waiting.wait(PATIENCE_S)
        appender.submit(b"fills it up")
        waiting = [started(append) for _ in range(3)]
        until(lambda: len(appender._room._waiters) == 3)  # type: ignore[attr-defined]
        closing = started(lambda: appender.__exit__(None, None, None))
        joined(*waiting)
        log.gate.set()
        joined(closing)
    assert refused == ["the appender is closed"] * 3
    assert list(all_entries(files(tmp_path))) == [b"held", b"fills it up"]


def test_it_settles_while_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SETTLE_AFTER", 200)
    with writer(files(tmp_path)) as log, Appender(log) as appender:
        for number in range(100):
            assert appender.submit(b"%d" % number * 20).result(PATIENCE_S) == number
    assert checked(files(tmp_path)).findings == ()
    assert list((tmp_path / "log" / "journal").iterdir()) == []


def test_a_settling_that_fails_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "SETTLE_AFTER", 200)
    system = FaultySystem()
    storage = files(tmp_path, system=system)
    told: dict[int, bytes] = {}
    with writer(storage) as log, Appender(log) as appender:
        for number in range(60):
            system.broken = {"fsync"} if 20 <= number < 40 else set()
            entry = b"%d" % number * 20
            try:
                told[appender.submit(entry).result(PATIENCE_S)] = entry
            except LogUnavailable:
                assert 20 <= number < 40
        assert len(told) >= 40
    found = all_entries(storage)
    for index, entry in told.items():
        assert found[index] == entry
    assert checked(storage).findings == ()
    assert system.handles == set()


def test_a_log_that_was_taken_over_says_so_to_its_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that settles has no caller; the next append finds out by itself."""
    monkeypatch.setattr(writer_module, "SETTLE_AFTER", 1)
    storage = files(tmp_path)

    def lost(*_: Any) -> None:
        raise LogConflict("the log is another's")

    with writer(storage) as log, Appender(log) as appender:
        monkeypatch.setattr(storage, "settle", lost)
        assert appender.submit(b"one").result(PATIENCE_S) == 0
        monkeypatch.setattr(storage, "commit", lost)
        with pytest.raises(LogConflict, match="another's"):
            appender.submit(b"two").result(PATIENCE_S)
        monkeypatch.undo()


def void(_: object) -> None:
    """Forget a result."""
