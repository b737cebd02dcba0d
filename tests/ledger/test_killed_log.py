"""A process that appends under load is killed at any moment: no acknowledged entry is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from tests.ledger.logs import writer
from tests.ledger.promises import Promises

from chipwarden.store.log_files import LogFiles

SCRIPT = Path(__file__).with_name("killed_appender.py")
# Lives of one log, one after the other, each ended by a kill.
LIVES = 6
# So small that files are settled and dropped all the time, or as large as they are.
SIZES = ((2_000, 3_000), (20_000, 5_000), (32 << 20, 16 << 20))


class Appenders:
    """Processes that append to a log, and what they told.

    Attributes:
        told: the digest of the entry that was acknowledged under each index.
        by: the life that told of each index.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.told: dict[int, str] = {}
        self.by: dict[int, str] = {}
        self._process = process
        self._pids: dict[str, int] = {}
        self._dead: set[int] = set()

    def start(self, life: str, settle_after: int = 2_000, segment: int = 3_000) -> None:
        """Start a process and wait until it is about to open the log."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{life} {settle_after} {segment}\n".encode())
        self._process.stdin.flush()
        while life not in self._pids:
            self.listen()

    def listen(self) -> None:
        """Take one line in."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        match line.split():
            case ["born", life, pid]:
                self._pids[life] = int(pid)
            case ["told", life, index, digest]:
                assert int(index) not in self.told, f"index {index} was given twice"
                self.told[int(index)], self.by[int(index)] = digest, life
            case ["dead", pid]:
                self._dead.add(int(pid))
            case _:
                raise AssertionError(f"it said {line!r}")

    def kill(self, life: str) -> None:
        """Kill a process, and take in what it told before."""
        pid = self._pids[life]
        assert pid not in self._dead, "it ended by itself"
        os.kill(pid, signal.SIGKILL)
        while pid not in self._dead:
            self.listen()


@contextmanager
def appenders(folder: Path) -> Iterator[Appenders]:
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        yield Appenders(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0


def check(folder: Path, seen: Promises, all_of_them: Appenders) -> None:
    storage = LogFiles(folder)
    seen.look(storage)
    with writer(storage):
        found = seen.check(storage)
    for index, digest in all_of_them.told.items():
        assert sha256(found[index]).hexdigest() == digest, f"another entry {index}"


def lives_of_a_log(folder: Path, seed: int) -> int:
    """Kill one process after the other at one log; return how many entries it has then."""
    chance, seen = Random(seed), Promises()
    with appenders(folder) as some:
        for number in range(LIVES):
            life = f"{seed}.{number}"
            some.start(life, *chance.choice(SIZES))
            # Some die while they open the log, most after so many answers.
            until = len(some.told) + chance.choice([0, 1, chance.randrange(2_000)])
            while len(some.told) < until:
                some.listen()
            time.sleep(chance.random() * chance.choice([0.001, 0.02]))
            some.kill(life)
            check(folder, seen, some)
    return len(some.told)


@pytest.mark.parametrize("seed", range(2))
def test_some_kills(tmp_path: Path, seed: int) -> None:
    assert lives_of_a_log(tmp_path / "log", seed) > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 36))
def test_many_kills(tmp_path: Path, seed: int) -> None:
    assert lives_of_a_log(tmp_path / "log", seed) > 0


def test_who_waits_for_the_log_gets_it_when_the_writer_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    with appenders(folder) as some:
        some.start("first")
        while len(some.told) < 50:
            some.listen()
        some.start("second")
        while len(some.told) < 500:
            some.listen()
        assert set(some.by.values()) == {"first"}
        some.kill("first")
        before = len(some.told)
        while len(some.told) < before + 50:
            some.listen()
        some.kill("second")
        assert set(some.by.values()) == {"first", "second"}
        check(folder, Promises(), some)
