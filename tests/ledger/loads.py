"""A load for tests in which something fails: a few batches over the edge of a tile.

It is small, for it is run once for each call that it makes. What fails is tried again by
the same writer, and where that could not be opened or closed, by the next.
"""

from collections.abc import Sequence

import pytest
from tests.ledger.logs import entries, writer
from tests.ledger.promises import Promises

from chipwarden.ledger import writer as writer_module
from chipwarden.ledger.errors import LogUnavailable
from chipwarden.ledger.storage import LogStorage
from chipwarden.store import log_journal

# Two lives of a log; the third batch fills the first tile, the last but one the second.
FIRST_LIFE = (entries(3), entries(250, 3), [b"the same", b"the same", b"", b"x" * 900], [b"y"])
SECOND_LIFE = ([b"the same"], entries(255, 259), entries(2, 514))
ALL = [entry for batch in (*FIRST_LIFE, *SECOND_LIFE) for entry in batch]
# So small that the load settles in between and begins several journal files.
SETTLE_AFTER, SEGMENT = 1_500, 2_000


def make_small(patch: pytest.MonkeyPatch) -> None:
    """Let every log settle, and begin another journal file, after few bytes."""
    patch.setattr(writer_module, "SETTLE_AFTER", SETTLE_AFTER)
    patch.setattr(log_journal, "SEGMENT", SEGMENT)


def live(
    storage: LogStorage, promises: Promises, batches: Sequence[Sequence[bytes]], tries: int = 3
) -> int:
    """Open the log, append the batches and close it; return how many were not acknowledged."""
    left = list(batches)
    refused = 0
    for _ in range(tries):
        try:
            with writer(storage) as log:
                while left:
                    if any(promises.append(log, left[0]) for _ in range(tries)):
                        del left[0]
                    else:
                        refused += 1
                        del left[0]
            return refused
        except LogUnavailable as error:
            promises.refused.append(str(error))
    return refused + len(left)
