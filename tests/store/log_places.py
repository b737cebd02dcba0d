"""Places where a log can be kept, for the suite that all storages run through.

A place is opened by one process after another. Its processes can die without a word, and
where a lease keeps writers apart it can run out under a living one.
"""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from obstore.exceptions import BaseError, GenericError

from chipwarden.ledger.storage import LogStorage
from chipwarden.store.log_files import LogFiles
from chipwarden.store.log_head import Head, read_head
from chipwarden.store.log_objects import LEASE_S, LogObjects
from chipwarden.store.objects import ObjectStore


class Place(Protocol):
    """Where one log is kept.

    Attributes:
        has_lease: whether a writer that lives can be replaced when its lease has run out.
    """

    has_lease: bool

    def open(self) -> LogStorage:
        """Return the storage as a new process opens it."""
        ...

    def crash(self) -> None:
        """Let every process that has it open die, and time pass until their hold has ended."""
        ...

    def lapse(self) -> None:
        """Let time pass until every lease has run out."""
        ...


class FilesPlace:
    """A folder."""

    has_lease = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._systems: list[MortalSystem] = []

    def open(self) -> LogFiles:
        system = MortalSystem()
        self._systems.append(system)
        return LogFiles(self.folder, patience_s=0, system=system)

    def crash(self) -> None:
        for system in self._systems:
            system.die()

    def lapse(self) -> None:
        """A lock has no end."""


class MortalSystem:
    """The calls to the system of a process that can die: then its files close, and no more."""

    def __init__(self) -> None:
        self._handles: set[int] = set()
        self._is_alive = True

    def die(self) -> None:
        self._is_alive = False
        while self._handles:
            os.close(self._handles.pop())

    def __getattr__(self, name: str) -> Any:
        call = getattr(os, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            if not self._is_alive:
                return None
            result = call(*arguments, **options)
            if name == "open":
                self._handles.add(result)
            elif name == "close":
                self._handles.discard(arguments[0])
            return result

        return watched


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = 1_795_000_000

    def __call__(self) -> int:
        return self.time


class ObjectsPlace:
    """A prefix in an object store; each process speaks to it through a line of its own."""

    has_lease = True

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self.store, self.prefix = store, prefix
        self.clock = Clock()
        self._lines: list[Line] = []

    def open(self, line: "Line | None" = None) -> LogObjects:
        line = line or Line(self.store)
        self._lines.append(line)
        return LogObjects(line, self.prefix, clock=self.clock, patience_s=0)

    def crash(self) -> None:
        for line in self._lines:
            line.is_cut = True
        self.lapse()

    def lapse(self) -> None:
        self.clock.time += LEASE_S + 1


class Line:
    """An object store at the end of a line that fails where it is told to.

    Attributes:
        calls: how many were made.
        writes: the numbers of those that write or remove.
        faults: what happens to the call of a number, counted from 0: "before", it fails and
            did not take effect; "after", it fails and did; a number n, it fails and takes
            effect later, just before the nth call after it or when `deliver` is called.
        is_cut: every further call fails.
        cut_at: the number of the call from which on every one fails.
    """

    def __init__(self, store: ObjectStore) -> None:
        self.calls = 0
        self.writes: list[int] = []
        self.faults: dict[int, str | int] = {}
        self.is_cut = False
        self.cut_at: int | None = None
        self._store = store
        self._late: list[tuple[int, Callable[[], Any]]] = []

    def get(self, path: str) -> Any:
        return self._call("get", lambda: self._store.get(path))

    def put(
        self, path: str, file: bytes, *, attributes: Any, mode: Any, use_multipart: bool
    ) -> Any:
        return self._call(
            "put",
            lambda: self._store.put(
                path, file, attributes=attributes, mode=mode, use_multipart=use_multipart
            ),
        )

    def delete(self, paths: Any) -> None:
        self._call("delete", lambda: self._store.delete(paths))

    def list(self, prefix: str) -> Any:
        return self._call("list", lambda: self._store.list(prefix))

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        number = self.calls
        self.calls += 1
        if name in ("put", "delete"):
            self.writes.append(number)
        self.deliver(number)
        if self.cut_at == number:
            self.is_cut = True
        if self.is_cut:
            raise GenericError(f"{name}: the line is cut")
        fault = self.faults.get(number)
        if fault is None:
            return act()
        if fault == "after":
            act()
        elif fault != "before" and name in ("put", "delete"):
            self._late.append((number + int(fault), act))
        raise GenericError(f"{name}: no answer in time")

    def deliver(self, number: int | None = None) -> None:
        """Let the late calls take effect that are due at a number, or all of them."""
        due = [act for at, act in self._late if number is None or at <= number]
        self._late = [(at, act) for at, act in self._late if not (number is None or at <= number)]
        for act in due:
            try:
                act()
            except (BaseError, OSError):
                continue  # the service refused it; who sent it listens no more


class Witnessed:
    """An object store, and what came to be in it: every head and every checkpoint, in order."""

    def __init__(self, store: ObjectStore) -> None:
        self.heads: list[Head] = []
        self.checkpoints: list[bytes] = []
        self._guard = Lock()
        self._store = store

    def put(self, path: str, file: bytes, **options: Any) -> Any:
        with self._guard:
            result = self._store.put(path, file, **options)
            if path.endswith("/head"):
                self.heads.append(read_head(file))
            elif path.endswith("/checkpoint"):
                self.checkpoints.append(file)
        return result

    def get(self, path: str) -> Any:
        return self._store.get(path)

    def delete(self, paths: Any) -> None:
        self._store.delete(paths)

    def list(self, prefix: str) -> Any:
        return self._store.list(prefix)
