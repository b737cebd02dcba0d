"""What a log told others, and whether it still holds."""

from collections.abc import Sequence

from tests.ledger import rfc6962
from tests.ledger.logs import VERIFIER, all_entries, checked, reader

from chipwarden.ledger.checkpoints import Checkpoint, open_checkpoint
from chipwarden.ledger.errors import LogUnavailable
from chipwarden.ledger.proofs import verify_consistency
from chipwarden.ledger.storage import CHECKPOINT, LogStorage, ReadStorage
from chipwarden.ledger.writer import LogWriter


class Promises:
    """The entries that were acknowledged, and every checkpoint that could be seen.

    Attributes:
        acknowledged: the entry that was acknowledged under each index.
        seen: the checkpoints, in the order in which they were there.
        refused: what the errors said.
    """

    def __init__(self, of: "Promises | None" = None) -> None:
        self.acknowledged: dict[int, bytes] = dict(of.acknowledged) if of else {}
        self.seen: list[Checkpoint] = list(of.seen) if of else []
        self.refused: list[str] = []
        self._last: bytes | None = None

    def look(self, storage: ReadStorage) -> None:
        """Read the checkpoint as anybody might at this moment."""
        content = storage.read(CHECKPOINT)
        if content is not None and content != self._last:
            self._last = content
            self.seen.append(open_checkpoint(content, [VERIFIER], None).checkpoint)

    def append(self, log: LogWriter, entries: Sequence[bytes]) -> bool:
        """Append, and settle where it is due; return whether it was acknowledged."""
        try:
            first = log.append(entries)
        except LogUnavailable as error:
            self.refused.append(str(error))
            return False
        for index, entry in enumerate(entries, first):
            self.acknowledge(index, entry)
        try:
            if log.is_due:
                log.settle(log.unsettled())
        except LogUnavailable as error:
            self.refused.append(str(error))
        return True

    def acknowledge(self, index: int, entry: bytes) -> None:
        assert index not in self.acknowledged, f"index {index} was given twice"
        self.acknowledged[index] = entry

    def check(self, storage: LogStorage) -> list[bytes]:
        """Check that all of it holds in the log as it is now; return its entries."""
        self.look(storage)
        assert checked(storage).findings == ()
        entries = list(all_entries(storage))
        assert max(self.acknowledged, default=-1) < len(entries)
        for index, entry in self.acknowledged.items():
            assert entries[index] == entry, f"another entry {index}"
        log = reader(storage)
        log.checkpoint()
        for old, new in zip(self.seen, self.seen[1:], strict=False):
            assert old.size <= new.size, "the log went back"
            proof = log.consistency_proof(old.size, new.size)
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        if entries:
            assert self.seen[-1].root == rfc6962.mth(entries)
        return entries
