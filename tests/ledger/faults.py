"""The system as it may fail: the calls that a log in a folder makes, counted, and some fail.

    system = FaultySystem(Fault(at=17, error=errno.EIO, when="after"))
    LogFiles(folder, system=system)

A flush is counted and does nothing else: what it is for, a power cut, is in `power_cuts`.
"""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

T = TypeVar("T")

# The system calls behind each of them, for the comparison with a trace of a real process; which
# one it is depends on the processor.
CALLS: Final = {
    "open": {"open", "openat"},
    "write": {"write"},
    "fsync": {"fsync"},
    "fdatasync": {"fdatasync"},
    "replace": {"rename", "renameat", "renameat2"},
    "unlink": {"unlink", "unlinkat"},
    "mkdir": {"mkdir", "mkdirat"},
    "listdir": {"getdents64"},
    "rmdir": {"rmdir", "unlinkat"},
    "close": {"close"},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Calls that fail.

    Attributes:
        at: number of the first, counted from 0.
        error: the errno.
        when: "before" it took effect, or "after"; "short": a write takes half of its bytes,
            and the next write fails.
        lasts: how many calls in a row.
    """

    at: int
    error: int = errno.EIO
    when: Literal["before", "after", "short"] = "before"
    lasts: int = 1


class Killed(BaseException):
    """The process is no more; nobody handles this but the test."""


def nothing() -> None:
    """Do nothing, before a call."""


class FaultySystem:
    """The part of `os` that a log in a folder uses; any other call is an AttributeError.

    Args:
        faults: which calls fail.
        watch: called before each call.

    Attributes:
        calls: names of the calls, in order.
        handles: files that are open.
        broken: names of calls that always fail.
        dies_at: number of the call at which the process is killed, None where it is not.
    """

    def __init__(self, *faults: Fault, watch: Callable[[], None] = nothing) -> None:
        self.faults = faults
        self.watch = watch
        self.calls: list[str] = []
        self.handles: set[int] = set()
        self.broken: set[str] = set()
        self.dies_at: int | None = None
        self._is_dead = False
        self._after_short: int | None = None

    def die(self) -> None:
        """Let the process be killed: its files are closed, and no call does anything more."""
        self._is_dead = True
        for handle in list(self.handles):
            self._closed(handle)

    def start_anew(self) -> None:
        """Let another process begin."""
        self._is_dead, self.dies_at, self._after_short = False, None, None

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        def undo(handle: int) -> None:
            self.handles.discard(handle)
            os.close(handle)

        def act() -> int:
            handle = os.open(path, flags, mode)
            self.handles.add(handle)
            return handle

        return self._call("open", act, undo)

    def write(self, handle: int, content: Any) -> int:
        error, self._after_short = self._after_short, None
        if error is not None and not self._is_dead:
            self.calls.append("write")
            raise failure(error)
        fault = self._due()
        if fault is not None and fault.when == "short":
            self._after_short = fault.error
            return self._call("write", lambda: self.written(handle, content[: len(content) // 2]))
        return self._call("write", lambda: self.written(handle, content))

    def written(self, handle: int, content: Any) -> int:
        return os.write(handle, content)

    def fsync(self, handle: int) -> None:
        self._call("fsync", lambda: self.flushed(handle))

    def fdatasync(self, handle: int) -> None:
        self._call("fdatasync", lambda: self.flushed(handle))

    def flushed(self, handle: int) -> None:
        """Bring a file to the disk."""

    def replace(self, source: Path, target: Path) -> None:
        self._call("replace", lambda: os.replace(source, target))

    def unlink(self, path: Path) -> None:
        self._call("unlink", lambda: os.unlink(path))

    def mkdir(self, path: Path) -> None:
        self._call("mkdir", lambda: os.mkdir(path))

    def rmdir(self, path: Path) -> None:
        self._call("rmdir", lambda: os.rmdir(path))

    def listdir(self, path: Path) -> list[str]:
        return self._call("listdir", lambda: os.listdir(path))

    def close(self, handle: int) -> None:
        if self._is_dead:
            return  # they were all closed with it
        # As with Linux the handle is gone in any case.
        self._closed(handle)
        self._call("close", lambda: None)

    def _closed(self, handle: int) -> None:
        self.handles.remove(handle)
        os.close(handle)

    def _due(self) -> Fault | None:
        number = len(self.calls)
        due = (each for each in self.faults if each.at <= number < each.at + each.lasts)
        return next(due, None)

    def _call(self, name: str, act: Callable[[], T], undo: Callable[[T], None] | None = None) -> T:
        if self.dies_at is not None and len(self.calls) >= self.dies_at:
            self.die()
        if self._is_dead:
            raise Killed
        self.watch()
        fault = self._due()
        self.calls.append(name)
        if name in self.broken:
            raise failure(errno.EIO)
        if fault is None or fault.when == "short":
            return act()
        if fault.when == "after":
            result = act()
            if undo is not None:
                undo(result)
        raise failure(fault.error)


def failure(error: int) -> OSError:
    return OSError(error, os.strerror(error))
