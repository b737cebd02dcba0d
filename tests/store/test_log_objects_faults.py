"""Nothing that was acknowledged is lost, whichever call to the service fails, and how.

A writer appends through a line that fails at one call; then a new writer opens the log. The
server keeps a record of every head and checkpoint that it was given, so that a fork shows
even where it was mended later.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from threading import Lock, Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore
from tests.ledger.logs import ORIGIN, SIGNER, VERIFIER, reader
from tests.ledger.rfc6962 import mth
from tests.store.log_places import Line, ObjectsPlace, Witnessed
from tests.store.s3_server import new_prefix, s3_store

from chipwarden.ledger.checkpoints import open_checkpoint
from chipwarden.ledger.errors import LogConflict, LogUnavailable
from chipwarden.ledger.fsck import fsck
from chipwarden.ledger.writer import LogWriter
from chipwarden.store.log_objects import LogObjects
from chipwarden.store.objects import Objects

CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "20000")) // 100
# Over HTTP a run takes half a second; `make test-long` tries every call there too.
STRIDE = 1 if "CHIPWARDEN_FUZZ_CASES" in os.environ else 7

# Three batches; the second fills a tile, so that partial ones are withdrawn.
BEFORE = [b"before %d" % number for number in range(250)]
BATCHES = [[b"%d.%d" % (batch, entry) for entry in range(4)] for batch in range(3)]
LATE = 1_000_000

# What one call does; the others go well, except where the line is cut.
FAULTS = {
    "fails before it takes effect": "before",
    "fails after it took effect": "after",
    "takes effect one call later": 1,
    "takes effect two calls later": 2,
    "takes effect four calls later": 4,
    "takes effect when the log has changed hands": LATE,
}


class Bench:
    """A log in a store, and what its writers were told."""

    def __init__(self, store: Any) -> None:
        self.witnessed = Witnessed(store)
        self.place = ObjectsPlace(self.witnessed, new_prefix())
        self.objects = Objects(store, self.place.prefix)
        self.acknowledged: dict[int, bytes] = {}

    def writer(self, line: Line | None = None) -> LogWriter:
        return LogWriter(self.place.open(line), ORIGIN, [SIGNER], self.place.clock)

    def append(self, log: LogWriter, entries: list[bytes]) -> None:
        first = log.append(entries)
        for index, entry in enumerate(entries, first):
            assert index not in self.acknowledged
            self.acknowledged[index] = entry

    @classmethod
    def prepared(cls, store: Any) -> "Bench":
        """Return a log with entries, copied from one that was made once."""
        first, bench = _first(), cls(store)
        copy(first.objects, bench.objects)
        bench.acknowledged = dict(first.acknowledged)
        bench.witnessed.heads = list(first.witnessed.heads)
        bench.witnessed.checkpoints = list(first.witnessed.checkpoints)
        return bench

    def line(self) -> Line:
        return Line(self.witnessed)

    def check(self, *lines: Line) -> None:
        """Let a new writer open the log; then let all arrive that is late, and look again."""
        self.place.crash()
        for last in (b"the end", b"the very end"):
            with self.writer() as log:
                size = log.size
                self.append(log, [last])
                assert self.acknowledged[size] == last
            self._is_sound()
            for line in lines:
                line.deliver()
            self._is_sound()

    def _is_sound(self) -> None:
        # A copy, for a check reads far more than a writer does.
        copy(self.objects, Objects(memory := MemoryStore()))
        storage = LogObjects(memory, clock=self.place.clock)
        log = reader(storage)
        signed = log.checkpoint()
        assert signed is not None
        size = signed.checkpoint.size
        entries = [entry for _, entry in log.entries(0, size, size)]
        assert max(self.acknowledged) < size
        for index, entry in self.acknowledged.items():
            assert entries[index] == entry
        # Nothing that was ever signed and shown is taken back, and none goes back in time.
        sizes = []
        for content in self.witnessed.checkpoints:
            shown = open_checkpoint(content, [VERIFIER], ORIGIN).checkpoint
            assert shown.root == mth(entries[: shown.size])
            sizes.append(shown.size)
        assert sizes == sorted(sizes)
        heads = self.witnessed.heads
        assert [head.serial for head in heads] == list(range(1, len(heads) + 1))
        assert [head.size for head in heads] == sorted(head.size for head in heads)
        assert fsck(storage, [VERIFIER], ORIGIN).findings == ()


def copy(source: Objects, target: Objects) -> None:
    for key in source.keys(""):
        found = source.get(key)
        assert found is not None
        target.put(key, found.content)


@cache
def _first() -> Bench:
    bench = Bench(MemoryStore())
    with bench.writer() as log:
        bench.append(log, BEFORE)
    return bench


def append_all(bench: Bench, line: Line, tries: int) -> None:
    """Open the log and append the batches; stop where a batch fails so many times."""
    with suppress(LogUnavailable), bench.writer(line) as log:
        for entries in BATCHES:
            for at in range(tries):
                try:
                    bench.append(log, entries)
                    log.settle(log.unsettled())
                    break
                except LogUnavailable:
                    if at == tries - 1:
                        raise


def every_call(
    new_store: Callable[[], Any],
    put_fault: Callable[[Line, int], None],
    tries: int,
    stride: int = 1,
) -> None:
    """Run once for each call that an append of three batches makes, with that call failing."""
    line = (bench := Bench.prepared(new_store())).line()
    append_all(bench, line, tries)
    assert len(bench.acknowledged) == len(BEFORE) + 12
    bench.check(line)
    calls = line.calls
    assert calls >= 30
    for number in range(0, calls, stride):
        line = (bench := Bench.prepared(new_store())).line()
        put_fault(line, number)
        append_all(bench, line, tries)
        try:
            bench.check(line)
        except BaseException as error:
            error.add_note(f"call {number} of {calls}")
            raise


@pytest.mark.parametrize("tries", [1, 3], ids=["gives up", "tries again"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_any_one_call_may_fail(fault: str | int, tries: int) -> None:
    def put_fault(line: Line, number: int) -> None:
        line.faults[number] = fault

    every_call(MemoryStore, put_fault, tries)


@pytest.mark.parametrize("fault", ["before", "after", LATE])
def test_the_line_may_be_cut_at_any_call(fault: str | int) -> None:
    """All calls from the next on fail as well, and the process ends."""

    def put_fault(line: Line, number: int) -> None:
        line.faults[number] = fault
        line.cut_at = number + 1

    every_call(MemoryStore, put_fault, 1)


@pytest.mark.parametrize("fault", ["before", "after", LATE])
def test_the_line_may_be_cut_for_a_while(fault: str | int) -> None:
    """Eight calls in a row fail, more than are tried again at once."""

    def put_fault(line: Line, number: int) -> None:
        line.faults |= dict.fromkeys(range(number, number + 8), fault)

    every_call(MemoryStore, put_fault, 12)


@pytest.mark.parametrize("fault", ["before", "after", LATE])
def test_any_one_call_over_http_may_fail(endpoint: str, fault: str | int) -> None:
    store = s3_store(endpoint)

    def put_fault(line: Line, number: int) -> None:
        line.faults[number] = fault

    every_call(lambda: store, put_fault, 1, STRIDE)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_new_log_may_fail_at_any_write(fault: str | int) -> None:
    bench = Bench(MemoryStore())
    line = bench.line()
    append_all(bench, line, 1)
    calls, writes = line.calls, line.writes
    assert len(writes) > 10
    for number in writes:
        bench = Bench(MemoryStore())
        line = bench.line()
        line.faults[number] = fault
        append_all(bench, line, 1)
        try:
            bench.check(line)
        except BaseException as error:
            error.add_note(f"call {number} of {calls}")
            raise


def test_settling_beside_committing() -> None:
    """As the appender does it, in a thread of its own."""
    bench = Bench.prepared(MemoryStore())
    with bench.writer() as log:
        for number in range(60):
            bench.append(log, [b"%d.%d" % (number, entry) for entry in range(9)])
            settler = Thread(target=log.settle, args=[log.unsettled()])
            settler.start()
            bench.append(log, [b"%d beside" % number])
            settler.join()
    assert bench.objects.keys("staging") == []
    bench.check()


def test_without_a_lease_the_swap_alone_keeps_writers_apart() -> None:
    """Six threads that respect nobody's lease; each append is in the log once, or not at all."""
    bench = Bench.prepared(MemoryStore())
    guard = Lock()

    def write(who: int) -> None:
        done = 0
        while done < 8:
            storage = LogObjects(
                bench.witnessed,
                bench.place.prefix,
                clock=bench.place.clock,
                lease_s=-1,
                patience_s=0,
            )
            try:
                with LogWriter(storage, ORIGIN, [SIGNER], bench.place.clock) as log:
                    entry = b"%d by %d" % (done, who)
                    first = log.append([entry])
                    done += 1
                    with guard:
                        assert first not in bench.acknowledged
                        bench.acknowledged[first] = entry
            except LogConflict:
                continue

    with ThreadPoolExecutor(6) as pool:
        for result in [pool.submit(write, who) for who in range(6)]:
            result.result()
    assert len(bench.acknowledged) == len(BEFORE) + 48
    bench.check()


STEPS = st.one_of(
    st.tuples(st.just("open"), st.integers(0, 1)),
    st.tuples(st.just("append"), st.integers(0, 1)),
    st.tuples(st.just("append"), st.integers(0, 1)),
    st.tuples(st.just("settle"), st.integers(0, 1)),
    st.tuples(st.just("close"), st.integers(0, 1)),
    st.tuples(st.just("crash"), st.integers(0, 1)),
    st.tuples(st.just("lapse"), st.integers(0, 1)),
    st.tuples(st.just("arrive"), st.integers(0, 1)),
)
PLAN = st.dictionaries(
    st.integers(0, 120), st.sampled_from(["before", "after", 1, 2, 3, 5, 8, 13, LATE]), max_size=40
)


@settings(max_examples=CASES, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=24), st.tuples(PLAN, PLAN))
def test_two_writers_and_a_bad_service_keep_one_history(
    steps: list[tuple[str, int]], plans: tuple[dict[int, str | int], dict[int, str | int]]
) -> None:
    bench = Bench.prepared(MemoryStore())
    lines: list[Line] = []
    current: list[Line | None] = [None, None]
    logs: list[LogWriter | None] = [None, None]
    for number, (step, who) in enumerate(steps):
        log, line = logs[who], current[who]
        with suppress(LogUnavailable, LogConflict):
            if step == "open" and log is None:
                line = bench.line()
                line.faults = dict(plans[who])
                lines.append(line)
                logs[who] = bench.writer(line).__enter__()
                current[who] = line
            elif step == "append" and log is not None:
                bench.append(log, [b"%d by %d" % (number, who)])
            elif step == "settle" and log is not None:
                log.settle(log.unsettled())
            elif step == "close" and log is not None:
                logs[who] = None
                log.__exit__(None, None, None)
            elif step == "crash" and line is not None:
                line.is_cut = True
                logs[who] = current[who] = None
            elif step == "lapse":
                bench.place.lapse()
            elif step == "arrive" and line is not None:
                line.deliver()
    bench.check(*lines)
