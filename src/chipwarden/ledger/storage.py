"""The storage that a log needs; `store` has one on a file system and one in object storage.

A log has one writer. It commits a batch of entries in one durable step, then publishes
the files that are made from them; a batch that was committed and not yet settled can be
published again, with the same bytes, by whoever opens the log next:

    with storage.exclusive():
        for batch in storage.pending(): ...     # publish again, then settle
        storage.commit(batch)                   # durable when this returns
        storage.publish("tile/0/000.p/5", ...)  # need not be durable yet
        storage.settle(batch.size)              # all that was published is durable
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that are committed together.

    Attributes:
        first: index of the first entry.
        entries: the entries, at most 65,535 bytes each, at least one.
        checkpoint: the signed note of the log with these entries.
    """

    first: int
    entries: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def size(self) -> int:
        """Size of the tree with these entries."""
        return self.first + len(self.entries)


class ReadStorage(Protocol):
    """Reads what a log published."""

    def read(self, path: str) -> bytes | None:
        """Return a published file such as "checkpoint" or "tile/0/000", None where there is none.

        Raises:
            LogUnavailable: it cannot be read now.
        """
        ...


class LogStorage(ReadStorage, Protocol):
    """Keeps a log for its one writer."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the log as its only writer; a writer that died holds it no longer.

        Raises:
            LogConflict: somebody else writes to it.
            LogUnavailable: it cannot be written.
        """
        ...

    def pending(self) -> Iterator[Batch]:
        """Yield the batches that were committed and not settled, in the order of their indexes.

        A commit that was cut off, and so never acknowledged, is left out.

        Raises:
            DamagedLog: a batch that was committed is not whole.
        """
        ...

    def commit(self, batch: Batch) -> None:
        """Make a batch durable, or leave no trace of it.

        Raises:
            LogConflict: the log has another batch at this place.
            LogUnavailable: it could not be written; `pending` tells what became of it.
        """
        ...

    def publish(self, path: str, content: bytes) -> None:
        """Write a published file whole, in place of what is there.

        Raises:
            LogUnavailable: it could not be written.
        """
        ...

    def withdraw(self, folder: str) -> None:
        """Remove every published file below a folder such as "tile/0/000.p", if there are any.

        Raises:
            LogUnavailable: one could not be removed.
        """
        ...

    def settle(self, size: int) -> None:
        """Make all that was published durable; batches below `size` are pending no longer.

        Raises:
            LogUnavailable: it could not be written; they are pending still.
        """
        ...
