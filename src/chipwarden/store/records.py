"""The records: what the log and the bodies say, in tables.

    with Records.open(Path("chipwarden-data/records.sqlite")) as records:
        records.catch_up(entries, bodies)     # from where it stands to the end of the log
        records.rows("decisions")

The records hold nothing of their own: dropped and made again they are equal row by row.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, delete, func, insert, select

from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.statements import Statement, read_statement
from chipwarden.store.record_database import RecordsBusy, open_database, told, wipe, writing
from chipwarden.store.record_rows import BodyOf, Row, rows_of
from chipwarden.store.tables import METADATA, POSITION, STATEMENTS

# Entries that are taken in together.
_CHUNK: Final = 500
UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True)
class Position:
    """The tree up to which the records reach."""

    size: int
    root: bytes


class Records:
    """The records of one log, in SQLite; close them, or hold them in a `with` statement."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._writing = writing(engine)

    @classmethod
    def open(cls, path: Path) -> "Records":
        """Open the records; they are made, or brought to this version, where need be.

        Raises:
            UnusableRecords: the file holds something else; it was not changed.
            RecordsUnavailable: another process holds it, or the disk refuses.
        """
        return cls(path, open_database(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def position(self) -> Position | None:
        """Return up to which tree the records reach, None where they hold nothing."""
        with told(self.path), self._engine.connect() as connection:
            return _position(connection)

    def catch_up(
        self,
        entries: Iterable[tuple[int, bytes]],
        end: Position,
        body_of: BodyOf,
        advance: Callable[[int], None] | None = None,
    ) -> None:
        """Take entries in, in the order of their indexes from where the records stand.

        What another process took in meanwhile is left out.

        Args:
            entries: index and bytes, up to the end of the tree.
            end: the tree that they lead to.
            body_of: gives the content of a statement's body, None where it is not ours to read.
            advance: told how many entries there are.

        Raises:
            UnusableRecords, RecordsUnavailable: what was taken in stays.
        """
        chunk: list[tuple[int, bytes]] = []
        for entry in entries:
            chunk.append(entry)
            if len(chunk) == _CHUNK:
                self._take(chunk, body_of, None)
                if advance is not None:
                    advance(chunk[-1][0] + 1)
                chunk = []
        self._take(chunk, body_of, end)

    def _take(
        self, chunk: Sequence[tuple[int, bytes]], body_of: BodyOf, end: Position | None
    ) -> None:
        rows = [(index, list(_rows(index, content, body_of))) for index, content in chunk]
        with told(self.path), self._writing.begin() as connection:
            at = _position(connection)
            size = at.size if at else 0
            for index, changes in rows:
                if index < size:
                    continue
                for row in changes:
                    row.write(connection)
                size = index + 1
            if end is None or end.size < size:
                # A stop between two chunks goes on after the last one.
                end = at if at is not None and at.size == size else Position(size, b"")
            connection.execute(delete(POSITION))
            connection.execute(insert(POSITION).values(id=1, size=end.size, root=end.root))

    def wipe(self) -> None:
        """Leave nothing of what was deleted in the files.

        Raises:
            RecordsBusy: somebody reads them for long.
        """
        with told(self.path):
            is_done = wipe(self._engine)
        if not is_done:
            raise RecordsBusy(self.path)

    def rows(self, table: str, **equal: Any) -> list[dict[str, Any]]:
        """Return the rows of a table whose columns equal these values, by primary key ascending."""
        found = METADATA.tables[table]
        asked = select(found).filter_by(**equal).order_by(*found.primary_key.columns)
        with told(self.path), self._engine.connect() as connection:
            result = connection.execute(asked)
            return [dict(row) for row in result.mappings()]

    def indexes(self, types: Sequence[str] = (), subject: str | None = None) -> list[int]:
        """Return the indexes of all statements of these types, of all where none is named.

        Args:
            types: such as "decision".
            subject: only of this subject, None for all.
        """
        asked = select(STATEMENTS.c.log_index).order_by(STATEMENTS.c.log_index)
        if types:
            asked = asked.where(STATEMENTS.c.type.in_(types))
        if subject is not None:
            asked = asked.where(STATEMENTS.c.subject == subject)
        with told(self.path), self._engine.connect() as connection:
            return list(connection.execute(asked).scalars())

    def count(self) -> int:
        """Return how many statements there are."""
        asked = select(func.count()).select_from(STATEMENTS)
        with told(self.path), self._engine.connect() as connection:
            return connection.execute(asked).scalar_one()

    @staticmethod
    def drop(path: Path) -> None:
        """Remove the records' files."""
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            with suppress(FileNotFoundError):
                (path.parent / name).unlink()


def _rows(index: int, content: bytes, body_of: BodyOf) -> Iterator[Row]:
    try:
        statement: Statement | None = read_statement(content)
    except InvalidStatement:
        statement = None
    yield Row.adding(
        STATEMENTS,
        log_index=index,
        leaf_hash=leaf_hash(content),
        type=statement.type if statement else UNREADABLE,
        issuer=statement.issuer if statement else "",
        subject=statement.subject if statement else "",
        issued_at=statement.issued_at if statement else 0,
        kid=statement.kid if statement else b"",
        body=statement.body if statement else None,
    )
    if statement is not None:
        yield from rows_of(index, statement, body_of)


def _position(connection: Connection) -> Position | None:
    row = connection.execute(select(POSITION.c.size, POSITION.c.root)).one_or_none()
    return Position(*row) if row else None
