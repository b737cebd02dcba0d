"""Whatever happens to a log, and in whatever order, its old proofs stay valid.

It is appended to, settled, closed and opened again; calls fail; the process is killed in the
middle of any call; the power goes, and the disk forgets what was not flushed.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.ledger.faults import Fault, Killed
from tests.ledger.loads import make_small
from tests.ledger.logs import files, reader, writer
from tests.ledger.power_cuts import ForgetfulDisk
from tests.ledger.promises import Promises

from chipwarden.ledger.errors import LogUnavailable
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.proofs import verify_inclusion
from chipwarden.ledger.writer import LogWriter

CASES = max(int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "0")) // 100, 80)


class Lives:
    """A log on a disk, the process that has it open, and what it promised."""

    def __init__(self, folder: Path) -> None:
        self.promises = Promises()
        self.proofs: list[tuple[int, int, list[bytes]]] = []
        self._folder = folder
        self._cuts = 0
        self._log: LogWriter | None = None
        self._number = 0
        self._plug_in(folder / "0")
        self._root.mkdir()
        self._disk = self._new_disk()

    def _plug_in(self, root: Path) -> None:
        self._root = root

    def _new_disk(self) -> ForgetfulDisk:
        disk = ForgetfulDisk(self._root)
        observer = files(self._root)

        def watch() -> None:
            # After a power cut others see the log again once it was opened.
            if disk.calls and disk.calls[-1] == "replace" and self._log is not None:
                self.promises.look(observer)

        disk.watch = watch
        return disk

    def do(self, step: str, number: int, other: int) -> None:
        """Take a step; a call that fails is a refusal, and a process that dies is gone."""
        try:
            getattr(self, step)(number, other)
        except LogUnavailable as error:
            self.promises.refused.append(str(error))
        except Killed:
            self._bury()

    def _bury(self) -> None:
        """Let go of what belonged to a process; nothing of it may run any more."""
        self._disk.die()
        log, self._log = self._log, None
        if log is not None:
            with suppress(Killed):
                log.__exit__(Killed, Killed(), None)

    def append(self, count: int, length: int) -> None:
        if self._log is None:
            self._disk.start_anew()
            self._log = writer(files(self._root, system=self._disk, patience_s=0)).__enter__()
        batch = []
        for _ in range(count):
            self._number += 1
            batch.append(b"%d " % self._number + bytes(length * (self._number % 3)))
        self.promises.append(self._log, batch)

    def prove(self, number: int, _: int) -> None:
        """Take a proof from what is published, as anybody might who looks."""
        if self._log is None or not self.promises.acknowledged:
            return
        log = reader(files(self._root))
        signed = log.checkpoint()
        if signed is None:
            return
        size = signed.checkpoint.size
        index = number % size
        self.proofs.append((index, size, log.checked_inclusion_proof(index, signed)))

    def settle(self, *_: int) -> None:
        if self._log is not None:
            self._log.settle(self._log.unsettled())

    def close(self, *_: int) -> None:
        log, self._log = self._log, None
        if log is not None:
            log.__exit__(None, None, None)

    def fail(self, after: int, kind: int) -> None:
        """Let calls fail, beginning with one of the next."""
        when = ("before", "after", "short")[kind % 3]
        error = (errno.EIO, errno.ENOSPC)[kind % 2]
        at = len(self._disk.calls) + after
        self._disk.faults = (Fault(at, error, when, lasts=1 + kind % 4),)  # type: ignore[arg-type]

    def kill(self, after: int, _: int) -> None:
        """Kill the process before one of its next calls."""
        self._disk.dies_at = len(self._disk.calls) + after

    def cut(self, seed: int, _: int) -> None:
        """Let the power go, and come back."""
        self._bury()
        self._cuts += 1
        root = self._folder / str(self._cuts)
        self._disk.after_power_cut(Random(seed), root)
        self._plug_in(root)
        self._disk = self._new_disk()

    def check(self) -> None:
        """Open the log as it is now, without faults, and see whether all of it holds."""
        self._bury()
        self._disk.start_anew()
        self._disk.faults = ()
        storage = files(self._root, system=self._disk, patience_s=0)
        with writer(storage) as log:
            assert self.promises.append(log, [b"the last"])
        assert not self._disk.handles
        found = self.promises.check(storage)
        log_reader = reader(storage)
        log_reader.checkpoint()
        for index, size, proof in self.proofs:
            root = log_reader.root(size)
            verify_inclusion(index, size, leaf_hash(found[index]), proof, root)


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        yield


NUMBERS = st.integers(0, 60)
STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 6), NUMBERS),
    st.tuples(st.just("append"), st.integers(200, 300), st.integers(0, 3)),
    st.tuples(st.just("append"), st.integers(1, 3), st.integers(500, 1000)),
    st.tuples(st.just("prove"), st.integers(0, 10**6), st.just(0)),
    st.tuples(st.just("settle"), st.just(0), st.just(0)),
    st.tuples(st.just("close"), st.just(0), st.just(0)),
    st.tuples(st.just("fail"), NUMBERS, st.integers(0, 11)),
    st.tuples(st.just("kill"), NUMBERS, st.just(0)),
    st.tuples(st.just("cut"), st.integers(0, 10**6), st.just(0)),
)
Steps = list[tuple[str, int, int]]


@settings(max_examples=CASES, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, max_size=20))
@example(
    [("append", 3, 0), ("append", 250, 0), ("append", 4, 300), ("kill", 9, 0), ("settle", 0, 0)]
)
@example([("append", 3, 9), ("settle", 0, 0), ("append", 1, 9), ("cut", 7, 0), ("cut", 8, 0)])
def test_old_proofs_stay_valid(steps: Steps) -> None:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        lives = Lives(Path(folder))
        for step, number, other in steps:
            lives.do(step, number, other)
        lives.check()


def every_step(chance: Random) -> Iterator[Any]:
    """Yield steps as `STEPS` does, without a search."""
    kinds = ["append"] * 8 + ["prove", "settle", "close", "fail", "fail", "kill", "cut"]
    for _ in range(chance.randrange(5, 40)):
        step = chance.choice(kinds)
        if step == "append" and chance.random() < 0.3:
            yield step, chance.randrange(200, 300), chance.randrange(3)
        elif step == "append":
            yield step, chance.randrange(1, 9), chance.randrange(900)
        elif step in ("fail", "kill"):
            yield step, chance.randrange(60), chance.randrange(12)
        else:
            yield step, chance.randrange(10**6), 0


@pytest.mark.long
def test_long_lives() -> None:
    for seed in range(CASES):
        test_steps = list(every_step(Random(seed)))
        with TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as name:
            lives = Lives(Path(name))
            try:
                for step, number, other in test_steps:
                    lives.do(step, number, other)
                lives.check()
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
