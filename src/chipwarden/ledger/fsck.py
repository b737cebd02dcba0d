"""Checks a whole log: derives every tile and the root from the entries again.

    report = fsck(storage, verifiers, "example.com/log")
    report.findings        # () where the log is sound

It goes on after what it finds, and names the file and the entry.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chipwarden.ledger.checkpoints import Checkpoint, open_checkpoint, read_checkpoint
from chipwarden.ledger.errors import (
    DamagedLog,
    InvalidNote,
    InvalidProof,
    InvalidSignature,
    LedgerError,
)
from chipwarden.ledger.fsck_tiles import TilesCheck
from chipwarden.ledger.notes import NoteVerifier, parse_note
from chipwarden.ledger.proofs import verify_consistency
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.storage import CHECKPOINT, ReadStorage
from chipwarden.ledger.tiles import TILE_WIDTH, entries_path


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was logged.

    Attributes:
        path: the file.
        found: what is there.
        expected: what was expected.
        index: the entry, where it is one.
    """

    path: str
    found: str
    expected: str
    index: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}; expected {self.expected}"


@dataclass(frozen=True, slots=True)
class FsckReport:
    """What a check came to.

    Attributes:
        checkpoint: the tree that was checked, None where there is none to read.
        findings: all that is wrong, () where the log is sound.
        notes: what a reader should know of a sound log, such as entries that count no longer.
    """

    checkpoint: Checkpoint | None
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...] = ()


def fsck(
    storage: ReadStorage,
    verifiers: Sequence[NoteVerifier],
    origin: str,
    earlier: Iterable[Checkpoint] = (),
    advance: Callable[[int], None] | None = None,
) -> FsckReport:
    """Check a log that nobody writes to meanwhile.

    Args:
        storage: where its files are.
        verifiers: the log's own keys.
        origin: the log's name.
        earlier: checkpoints that were seen before, such as a witness keeps; the log must extend
            each of them.
        advance: told how many entries are checked.
    """
    check = _Check(storage)
    checkpoint = check.checkpoint(verifiers, origin)
    if checkpoint is not None and check.has_end(checkpoint.size):
        TilesCheck(storage, check.find, advance).check(checkpoint)
    if checkpoint is not None or not check.findings:
        check.beyond(checkpoint.size if checkpoint else 0)
    # Damaged tiles cannot tell one history from another, and nobody is to be accused by them.
    compares = not check.findings
    for known in earlier:
        check.extends(known, checkpoint, verifiers, origin, compares)
    return FsckReport(checkpoint, tuple(check.findings))


class _Check:
    def __init__(self, storage: ReadStorage) -> None:
        self.findings: list[Finding] = []
        self._storage = storage

    def find(self, path: str, found: str, expected: str, index: int | None = None) -> None:
        """Take a finding in."""
        self.findings.append(Finding(path, found, expected, index))

    def checkpoint(self, verifiers: Sequence[NoteVerifier], origin: str) -> Checkpoint | None:
        content = self._storage.read(CHECKPOINT)
        if content is None:
            return None
        try:
            return open_checkpoint(content, verifiers, origin).checkpoint
        except (InvalidNote, InvalidSignature) as error:
            # Its own sentence ends with a stop, and ours goes on.
            said = str(error).rstrip(".")
            self.find(CHECKPOINT, f"one that is not to be believed ({said})", "one of the log")
        try:
            # Without its signature it still tells how far there is something to check.
            return read_checkpoint(parse_note(content).text)
        except LedgerError:
            return None

    def has_end(self, size: int) -> bool:
        """Return whether the last bundle of a tree is there, or at least the one before it.

        A size that somebody made up leads so far that a check might never come to its end.
        """
        last = (size - 1) // TILE_WIDTH
        paths = (entries_path(last, size - last * TILE_WIDTH), entries_path(last))
        before = (entries_path(last - 1),) if last else ()
        if not size or any(self._storage.read(path) is not None for path in (*paths, *before)):
            return True
        self.find(paths[0], "no such file", "the last entries of the tree; nothing else is checked")
        return False

    def beyond(self, size: int) -> None:
        """Look for entries after the end: a checkpoint that was rolled back leaves them."""
        index, width = divmod(size, TILE_WIDTH)
        candidates = [entries_path(index, wider) for wider in range(width + 1, TILE_WIDTH + 1)]
        for path in (*candidates, entries_path(index + 1)):
            if self._storage.read(path) is not None:
                self.find(
                    path,
                    f"entries beyond the {size} of the checkpoint",
                    "none; a newer checkpoint was taken away",
                )
                return

    def extends(
        self,
        known: Checkpoint,
        checkpoint: Checkpoint | None,
        verifiers: Sequence[NoteVerifier],
        origin: str,
        compares: bool,
    ) -> None:
        """Compare with a checkpoint that somebody saw before; sizes alone if the tiles are bad."""
        size = checkpoint.size if checkpoint else 0
        if known.size > size:
            self.find(
                CHECKPOINT, f"{size} entries", f"at least the {known.size} that were signed before"
            )
            return
        if not known.size or checkpoint is None or not (compares or known.size == size):
            return
        reader = LogReader(self._storage, verifiers, origin)
        try:
            proof = reader.consistency_proof(known.size, size)
            verify_consistency(known.size, size, known.root, checkpoint.root, proof)
        except (DamagedLog, InvalidProof):
            self.find(
                CHECKPOINT,
                f"another history of the first {known.size} entries",
                "the one that was signed before",
            )
