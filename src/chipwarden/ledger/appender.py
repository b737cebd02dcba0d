"""Many appends, one flush: a thread that commits what is waiting together.

    with Appender(writer) as appender:
        index = appender.submit(entry).result()   # durable

While one batch is flushed the next gathers, so that batches grow with the load and an
append alone waits for nothing but its own flush.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from hashlib import sha256
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Protocol, Self

from chipwarden.ledger.errors import LedgerError, LogUnavailable
from chipwarden.ledger.tiles import LARGEST_ENTRY, EntryTooLong
from chipwarden.ledger.writer import LogWriter

# More does not make a flush much cheaper, and every waiting append waits for all of it.
MOST_ENTRIES: Final = 2048
MOST_BYTES: Final = 8 << 20
# After a batch that was not full the next one gathers so long, seconds: many small ones cost more
# than they save. Who appends alone and waits for the answer is not held up.
GATHER_S: Final = 0.01
# Above this `submit` waits, so that memory and the wait for an answer are bounded.
MOST_WAITING: Final = 2 * MOST_ENTRIES

# Entries, who waits for their indexes, and whether he gave one entry alone.
_Waiting = tuple[Sequence[bytes], "Future[Any]", bool]


class Duplicates(Protocol):
    """Remembers under which index an entry is in the log already."""

    def indexes(self, digests: Mapping[bytes, int]) -> Mapping[bytes, int]:
        """Return the index of each SHA-256 digest that is known; the values are ignored."""
        ...

    def remember(self, digests: Mapping[bytes, int]) -> None:
        """Remember digests of entries that are durable, with their indexes."""
        ...


class Appender:
    """Appends from many threads to one log; hold it in a `with` statement.

    Args:
        writer: the writer, entered already; nobody else may use it meanwhile.
        duplicates: give the same bytes the same index; None to log them again.
    """

    def __init__(self, writer: LogWriter, duplicates: Duplicates | None = None) -> None:
        self._writer = writer
        self._duplicates = duplicates
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._room = threading.Condition()
        self._is_full = False
        self._closing = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-appender", daemon=True)
        self._settling: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit what is waiting, and stop."""
        with self._room:
            self._closing = True
            self._room.notify_all()
        self._closed.set()
        self._waiting.put(None)
        self._thread.join()
        if self._settling is not None:
            self._settling.join()
        self._refuse_late()

    def _refuse_late(self) -> None:
        """Answer what came after the last batch."""
        with suppress(Empty):
            while True:
                late = self._waiting.get(False)
                if late is not None and late[1].set_running_or_notify_cancel():
                    late[1].set_exception(LogUnavailable("the log was closed; not appended"))

    def submit(self, entry: bytes) -> "Future[int]":
        """Take an entry; the result is its index, once it is durable.

        The result raises LogUnavailable where the entry was not acknowledged.

        Raises:
            EntryTooLong: it has more than 65,535 bytes; no other one suffers from it.
            RuntimeError: the appender is closed.
        """
        future: Future[int] = Future()
        self._put((entry,), future, True)
        return future

    def submit_all(self, entries: Sequence[bytes]) -> "Future[list[int]]":
        """Take entries that are committed together; the result is their indexes, in order.

        It costs less than to submit them one by one. Errors are as for `submit`; where one
        entry is too long, none is taken.
        """
        future: Future[list[int]] = Future()
        self._put(entries, future, False)
        return future

    def _put(self, entries: Sequence[bytes], future: "Future[Any]", is_one: bool) -> None:
        for entry in entries:
            if len(entry) > LARGEST_ENTRY:
                raise EntryTooLong(len(entry))
        if self._waiting.qsize() >= MOST_WAITING:
            self._wait_for_room()
        if self._closing:
            raise RuntimeError("the appender is closed")
        self._waiting.put((entries, future, is_one))
        if self._closing:
            # Closed between the question and the put: nobody may look there any more.
            self._thread.join()
            self._refuse_late()

    def _wait_for_room(self) -> None:
        with self._room:
            while self._waiting.qsize() >= MOST_WAITING and not self._closing:
                # Each time: who was woken before may have filled it up again.
                self._is_full = True
                self._room.wait()

    def _run(self) -> None:
        is_open = True
        while is_open:
            taken, is_open = self._take()
            if not taken:
                continue
            try:
                indexes = self._append([entry for entries, _, _ in taken for entry in entries])
            except BaseException as error:
                # Everyone who waits hears of it; the writer recovers with the next batch.
                for _, future, _ in taken:
                    future.set_exception(error)
                continue
            at = 0
            for entries, future, is_one in taken:
                end = at + len(entries)
                future.set_result(indexes[at] if is_one else indexes[at:end])
                at = end
            if 1 < len(indexes) < MOST_ENTRIES:
                self._closed.wait(GATHER_S)
            if self._writer.is_due:
                # An error is not lost: the next append finds the same, and its callers hear it.
                with suppress(LedgerError):
                    self._settle()

    def _take(self) -> "tuple[list[_Waiting], bool]":
        """Return what is waiting, at least one, and whether more may come."""
        taken: list[_Waiting] = []
        count = length = 0
        is_open = True
        next_one = self._waiting.get
        with suppress(Empty):
            waiting = next_one()
            while waiting is not None:
                # From here on it cannot be cancelled; one that was is left out.
                if waiting[1].set_running_or_notify_cancel():
                    taken.append(waiting)
                    count += len(waiting[0])
                    length += sum(map(len, waiting[0]))
                if count >= MOST_ENTRIES or length >= MOST_BYTES:
                    break
                waiting = next_one(False)
            is_open = waiting is not None
        if self._is_full:
            with self._room:
                self._is_full = False
                self._room.notify_all()
        return taken, is_open

    def _append(self, entries: list[bytes]) -> list[int]:
        if not entries:
            return []
        if self._duplicates is None:
            first = self._writer.append(entries)
            return list(range(first, first + len(entries)))
        digests = [sha256(entry).digest() for entry in entries]
        known = dict(self._duplicates.indexes(dict.fromkeys(digests, -1)))
        fresh: dict[bytes, bytes] = {}
        for digest, entry in zip(digests, entries, strict=True):
            if digest not in known:
                fresh.setdefault(digest, entry)
        if fresh:
            first = self._writer.append(list(fresh.values()))
            added = {digest: first + at for at, digest in enumerate(fresh)}
            self._duplicates.remember(added)
            known |= added
        return [known[digest] for digest in digests]

    def _settle(self) -> None:
        """Settle beside the next appends; wait for the last time first."""
        if self._settling is not None:
            self._settling.join()
        found = self._writer.unsettled()

        def settle() -> None:
            # What is not settled stays in the journal; the next append publishes it again, and
            # where the log is somebody else's now, its callers hear of it.
            with suppress(LedgerError):
                self._writer.settle(found)

        self._settling = threading.Thread(target=settle, name="log-settler", daemon=True)
        self._settling.start()
