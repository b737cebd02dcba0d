"""A real process, and a system in which each call fails in turn: strace puts the errors in."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.ledger.faults import CALLS
from tests.ledger.loads import ALL
from tests.ledger.logs import VERIFIER, all_entries, writer
from tests.ledger.promises import Promises

from chipwarden.ledger.checkpoints import open_checkpoint
from chipwarden.store.log_files import LogFiles

ROOT = Path(__file__).parents[2]
# All that a program may do to files, but `close`: strace would leave the file open, and with it
# the lock, where Linux closes it whatever it answers. The layer of faults has it.
CHANGING = (
    "write", "pwrite64", "writev", "pwritev", "pwritev2", "fsync", "fdatasync", "sync_file_range",
    "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat",
    "link", "linkat", "symlink", "symlinkat", "truncate", "ftruncate", "fallocate", "creat",
    "open", "openat", "openat2", "chmod", "fchmod", "fchmodat", "copy_file_range", "sendfile",
    "utimensat", "mknod", "mknodat",
)  # fmt: skip
READING = (
    "read", "pread64", "getdents64", "newfstatat", "fstat", "stat", "lstat", "lseek", "fadvise64",
    "flock", "fcntl",
)  # fmt: skip
PATIENCE_S = 60
SAMPLE = 12


class Tracer:
    """Forks processes that live through the load, and traces them."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self.folder = folder
        self._count = 0

    def run(self, *options: str) -> tuple[Path, dict[str, Any], str]:
        """Live through the load in a new folder; return it, the result, and the trace."""
        self._count += 1
        place = self.folder / f"{self._count:08d}"
        trace = self.folder / "trace"
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{place}\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline().removeprefix("stopped "))
        command = ["strace", "-f", "-q", "-o", str(trace), *options, "-p", str(pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            try:
                until_traced(pid, tracer)
            finally:
                os.kill(pid, signal.SIGCONT)
            result = json.loads(self._process.stdout.readline())
            tracer.wait(PATIENCE_S)
        return place, result, trace.read_text(errors="replace")


def until_traced(pid: int, tracer: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + PATIENCE_S
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        if tracer.poll() is not None:
            assert tracer.stderr is not None
            pytest.skip(f"strace may not attach to a process here: {tracer.stderr.read().strip()}")
        assert time.monotonic() < end
        time.sleep(0.001)


@contextmanager
def tracer() -> Iterator[Tracer]:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder,
        subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.traced_load"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process,
    ):  # fmt: skip
        yield Tracer(process, Path(folder))
        assert process.stdin is not None
        process.stdin.close()


def calls_of(trace: str) -> Counter[str]:
    """Return how often each call was made for the load; the last write tells the result."""
    found = Counter(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))
    found["write"] -= 1
    return found


def expected(*names: str) -> str:
    return ",".join(f"?{name}" for name in names)


def counted(some: Tracer) -> Counter[str]:
    """Count the calls of a load in which nothing fails."""
    place, result, trace = some.run("-e", f"trace={expected(*CHANGING, *READING)}")
    assert (result["error"], result["refused"]) == (None, 0)
    assert list(all_entries(LogFiles(place))) == ALL
    return calls_of(trace)


def check(some: Tracer, call: str, number: int) -> None:
    place, result, trace = some.run(
        "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={number}"
    )
    assert trace.count("(INJECTED)") == 1, "the call was not reached"
    assert result["error"] is None, result["error"]
    assert result["refused"] == 0
    promises = Promises()
    for index, entry in result["acknowledged"].items():
        promises.acknowledge(int(index), bytes.fromhex(entry))
    for content in result["checkpoints"]:
        promises.seen.append(open_checkpoint(content.encode(), [VERIFIER], None).checkpoint)
    storage = LogFiles(place)
    with writer(storage) as log:
        assert promises.append(log, [b"after"])
    found = promises.check(storage)
    assert len(promises.acknowledged) == len(ALL) + 1
    assert set(found) == {*ALL, b"after"}
    shutil.rmtree(place)


def check_all(cases: list[tuple[str, int]], some: Tracer) -> None:
    for call, number in cases:
        try:
            check(some, call, number)
        except BaseException as error:
            error.add_note(f"{call}, time {number}, {errno.errorcode[errno.EIO]}")
            raise


def every_case(some: Tracer) -> list[tuple[str, int]]:
    counts = counted(some)
    assert sum(counts.values()) > 300
    return [(call, number + 1) for call, count in counts.items() for number in range(count)]


def test_the_layer_of_faults_has_every_call_that_changes_files() -> None:
    known = set[str]().union(*CALLS.values())
    with tracer() as some:
        made = {call for call, count in counted(some).items() if count} & set(CHANGING)
    assert made <= known
    # And it has none that is never made.
    for name, calls in CALLS.items():
        assert name in ("close", "listdir") or calls & made, name


def test_some_call_fails() -> None:
    with tracer() as some:
        check_all(Random(1).sample(every_case(some), SAMPLE), some)


@pytest.mark.long
def test_any_call_fails() -> None:
    with tracer() as some:
        check_all(every_case(some), some)
