"""The one writer of a log: commits entries, then publishes what is made from them.

    with LogWriter(storage, "example.com/log", signers, clock) as log:
        first = log.append([entry])      # durable when this returns

A batch is durable once the storage has committed it. Publishing may fail or be cut off
after that: whoever writes next publishes it again from the commit, with the same bytes.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import RLock
from types import TracebackType
from typing import Final, Self

from chipwarden.ledger.checkpoints import Checkpoint, open_checkpoint
from chipwarden.ledger.errors import DamagedLog, LedgerError, LogUnavailable
from chipwarden.ledger.notes import NoteSigner, NoteVerifier, note_bytes, sign
from chipwarden.ledger.sequencer import Sequencer
from chipwarden.ledger.storage import CHECKPOINT, Batch, LogStorage
from chipwarden.ledger.tiles import LARGEST_ENTRY, TILE_WIDTH, EntryTooLong, entries_path

# Bytes of entries after which what is published is brought to the disk.
SETTLE_AFTER: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What is published and may be lost with the power, though not with the process.

    Attributes:
        size: of the tree when it was taken stock of.
        superseded: folders of partial files to be removed once it is settled.
    """

    size: int
    superseded: tuple[str, ...]


class LogWriter:
    """Writes a log; hold it in a `with` statement.

    Args:
        storage: where the log is kept.
        origin: the name of the log, first line of its checkpoints.
        signers: keys that sign the checkpoint, the log's own first; at least one.
        clock: gives the time, POSIX seconds.
        verifiers: keys of which one must have signed what is there already; None: those that
            sign now.

    Raises on entering:
        LogConflict: somebody else writes to it.
        LogUnavailable: it cannot be written.
        DamagedLog: what is kept is not what was logged.
    """

    def __init__(
        self,
        storage: LogStorage,
        origin: str,
        signers: Sequence[NoteSigner],
        clock: Callable[[], int],
        verifiers: Sequence[NoteVerifier] | None = None,
    ) -> None:
        self.storage = storage
        self.origin = origin
        self._signers = tuple(signers)
        self._verifiers = tuple(
            [signer.verifier for signer in self._signers] if verifiers is None else verifiers
        )
        self._clock = clock
        self._held = ExitStack()
        self._edge: Sequencer | None = None
        self._unsettled = 0
        self._superseded: list[str] = []
        self._published: bytes | None = None
        self._is_doubtful = False
        self._guard = RLock()

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(self.storage.exclusive())
            self._recover()
            self._held = held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._held:
            # What cannot be settled now is pending, and the next writer settles it.
            is_known = self._edge is not None and not self._is_doubtful
            if is_known and self._unsettled and error is None:
                self.settle(self.unsettled())

    @property
    def size(self) -> int:
        """Number of entries in the log."""
        return self._current().size

    @property
    def checkpoint(self) -> bytes | None:
        """The newest signed checkpoint; None while the log has no entry."""
        return self._published

    def append(self, entries: Sequence[bytes]) -> int:
        """Append entries and return the index of the first; they are durable then.

        Raises:
            EntryTooLong: one has more than 65,535 bytes; none was appended.
            LogConflict: somebody else took the log over.
            LogUnavailable: they are not acknowledged. They may be in the log all the same,
                if the storage failed after it had taken them.
        """
        if not entries:
            raise ValueError("append needs at least one entry")
        for entry in entries:
            if len(entry) > LARGEST_ENTRY:
                raise EntryTooLong(len(entry))
        edge = self._current()
        # From here on the edge in memory is ahead of the storage; an error makes it unknown.
        self._edge = None
        first = edge.size
        files = edge.add(entries)
        batch = Batch(first, tuple(entries), self._signed(edge))
        self.storage.commit(batch)
        try:
            for file in (*files, *edge.partials(since=first)):
                self.storage.publish(file.path, file.content)
            self.storage.publish(CHECKPOINT, batch.checkpoint)
        except LogUnavailable:
            # The entries are durable; the next append publishes them again.
            return first
        self._superseded += [file.supersedes for file in files if file.supersedes]
        self._published = batch.checkpoint
        # With its length, as in a bundle; an empty entry has to be settled too.
        self._unsettled += sum(map(len, entries)) + 2 * len(entries)
        self._edge = edge
        return first

    @property
    def is_due(self) -> bool:
        """Whether so much is unsettled that `settle` is due."""
        return self._unsettled >= SETTLE_AFTER

    def unsettled(self) -> Unsettled:
        """Return what `settle` is to settle; what is appended later is not in it."""
        found = Unsettled(self.size, tuple(self._superseded))
        self._superseded, self._unsettled = [], 0
        return found

    def settle(self, found: Unsettled) -> None:
        """Make what is published durable by itself, and drop what it supersedes.

        It may run in another thread beside `append`.

        Raises:
            LogUnavailable: nothing is lost; the next writer settles it.
        """
        with self._guard:
            left = list(found.superseded)
            try:
                self.storage.settle(found.size)
                # Only now: until it is settled a full tile may be lost, and the partial one be
                # needed.
                while left:
                    self.storage.withdraw(left[-1])
                    left.pop()
            except LogUnavailable:
                # Flushing once more would prove nothing; the next append publishes it again.
                self._is_doubtful = True
                self._superseded[:0] = left
                raise

    def _signed(self, edge: Sequencer) -> bytes:
        text = Checkpoint(self.origin, edge.size, edge.root()).text()
        return note_bytes(sign(text, self._signers, self._clock()))

    def _current(self) -> Sequencer:
        if self._edge is None or self._is_doubtful:
            self._recover()
        assert self._edge is not None
        return self._edge

    def _recover(self) -> None:
        """Read the right edge from the storage, and publish what was committed before."""
        # A settling beside it would drop batches whose files are being written again.
        with self._guard:
            self._edge, self._is_doubtful = None, False
            edge = self._published_again()
            if edge is None:
                self._edge = self._as_published()
                return
            self._edge = edge
            self.settle(self.unsettled())

    def _published_again(self) -> Sequencer | None:
        """Publish what is pending; return the edge with it, None where nothing is."""
        edge: Sequencer | None = None
        first, sizes = 0, []
        for batch in self.storage.pending():
            if edge is None:
                first = batch.first
                edge = Sequencer.at(first, self.storage.read)
            if batch.first != edge.size:
                raise DamagedLog(
                    f"entry {batch.first}", "a batch that begins there", f"one at {edge.size}"
                )
            files = edge.add(batch.entries)
            self._compare(edge, batch.checkpoint, "committed batch")
            for file in files:
                self.storage.publish(file.path, file.content)
            self._superseded += [file.supersedes for file in files if file.supersedes]
            self._published = batch.checkpoint
            sizes.append(batch.size)
        if edge is None or self._published is None:
            return None
        # Each of these trees may have been seen, and its partial tiles are asked for.
        for file in edge.partials(first, sizes):
            self.storage.publish(file.path, file.content)
        self.storage.publish(CHECKPOINT, self._published)
        return edge

    def _as_published(self) -> Sequencer:
        """Return the edge of the tree of the published checkpoint."""
        self._published = self.storage.read(CHECKPOINT)
        if self._published is None:
            self._refuse_lost_checkpoint()
            return Sequencer()
        size = self._opened(self._published, CHECKPOINT).size
        edge = Sequencer.at(size, self.storage.read)
        self._compare(edge, self._published, CHECKPOINT)
        return edge

    def _refuse_lost_checkpoint(self) -> None:
        for width in range(1, TILE_WIDTH + 1):
            if self.storage.read(entries_path(0, width)) is not None:
                raise DamagedLog(CHECKPOINT, "no such file", "the checkpoint of the entries")

    def _opened(self, content: bytes, path: str) -> Checkpoint:
        try:
            # Nothing is built upon what the log did not sign.
            return open_checkpoint(content, self._verifiers, self.origin).checkpoint
        except LedgerError as error:
            said = str(error).rstrip(".")
            raise DamagedLog(path, said, "the checkpoint as the log signed it") from error

    def _compare(self, edge: Sequencer, content: bytes, path: str) -> None:
        """Refuse to go on from files that do not lead to the signed root."""
        found = self._opened(content, path)
        if (found.size, found.root) != (edge.size, edge.root()):
            raise DamagedLog(
                path,
                f"{found.size} entries with root {found.root.hex()}",
                f"{edge.size} entries with root {edge.root().hex()}, as the tiles give it",
            )
