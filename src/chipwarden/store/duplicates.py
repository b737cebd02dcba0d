"""Which entries are in a log already: an index in SQLite beside it, made from the log.

    with DuplicateIndex(Path("duplicates.sqlite")) as seen:
        seen.catch_up(reader.entries(seen.size, size, size))
        Appender(writer, seen)

Without it the log takes equal bytes as often as they are sent. The index holds nothing of its
own: dropped, it is made again from the entries.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from hashlib import sha256
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from chipwarden.ledger.errors import LogUnavailable

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS seen (digest BLOB PRIMARY KEY, log_index INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reach (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER);
INSERT OR IGNORE INTO reach VALUES (1, 0);
"""
_CHUNK: Final = 10_000
# SQLite takes so many parameters in one question.
_ASKED: Final = 30_000


class DuplicateIndex:
    """Remembers under which index the log holds an entry; for one writer.

    Args:
        path: of the index; made where it is missing.

    Raises:
        LogUnavailable: the file holds something else; remove it, and it is made again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # The appender's thread asks, and the one that closes is another.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            # A row that is lost with the power is found again by `catch_up`.
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise LogUnavailable(
                f"{path}: {error}. It holds nothing of its own: remove it, and try again."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    @property
    def size(self) -> int:
        """Number of entries from the beginning of the log that are remembered."""
        with closing(self._connection.execute("SELECT size FROM reach")) as found:
            return int(found.fetchone()[0])

    def catch_up(self, entries: Iterable[tuple[int, bytes]]) -> None:
        """Remember what the log holds from `size` on.

        Args:
            entries: index and bytes, from `size` to the end of the log.
        """
        rest = iter(entries)
        while some := list(islice(rest, _CHUNK)):
            self.remember({sha256(entry).digest(): index for index, entry in reversed(some)})

    def indexes(self, digests: Mapping[bytes, int]) -> Mapping[bytes, int]:
        """Return the index of each SHA-256 digest that is known; the values are ignored."""
        asked = list(digests)
        found: dict[bytes, int] = {}
        for start in range(0, len(asked), _ASKED):
            part = asked[start : start + _ASKED]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT digest, log_index FROM seen WHERE digest IN ({marks})", part
            )
            found.update(rows.fetchall())
        return found

    def remember(self, digests: Mapping[bytes, int]) -> None:
        """Remember digests of entries that are durable; the first index of equal ones stays."""
        if not digests:
            return
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", digests.items())
            # With a gap before them the entries are remembered, and the gap is caught up later.
            first, end = min(digests.values()), max(digests.values()) + 1
            cursor.execute("UPDATE reach SET size = max(size, ?) WHERE size >= ?", (end, first))
            cursor.execute("COMMIT")
