"""The database of the records: an SQLite file, its versions, and what can be wrong with it.

    engine = open_database(Path("chipwarden-data/records.sqlite"))
    with told(path), writing(engine).begin() as connection: ...

Who writes waits for others that write; who reads waits for nobody. What is deleted is
overwritten.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import (
    SQLITE_BUSY,
    SQLITE_CANTOPEN,
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_LOCKED,
    SQLITE_PERM,
    SQLITE_READONLY,
)
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import StatementError

from chipwarden.model.errors import ChipwardenError

# The newest version in migrations/versions.
NEWEST: Final = "0001"
# How long another process may write.
_PATIENCE_S: Final = 60
_REFUSED: Final = (SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_PERM, SQLITE_READONLY)
_VERSIONS: Final = "alembic_version"
_WRITES: Final = "chipwarden_writes"


class UnusableRecords(ChipwardenError):
    """The records cannot be used."""

    def __init__(self, path: Path, found: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: found {found}; expected the records of this log. They hold nothing of "
            "their own: make them again with `chipwarden ledger rebuild`."
        )


class RecordsUnavailable(ChipwardenError):
    """The records cannot be read or written now; nothing is wrong with them."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: {why}")


class RecordsBusy(RecordsUnavailable):
    """Another process has been using the records for long."""

    def __init__(self, path: Path) -> None:
        why = f"another process has been using the records for {_PATIENCE_S} seconds"
        super().__init__(path, f"{why}. Wait until it is done, and try again.")


def open_database(path: Path) -> Engine:
    """Open the database; it is made, or brought to this version, where need be.

    Raises:
        UnusableRecords: the file holds something else; it was not changed.
        RecordsUnavailable: another process holds it, or the disk refuses.
    """
    # It holds orders and parties in plain words: for the owner's eyes alone.
    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _PATIENCE_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        with told(path):
            _migrate(path, engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def writing(engine: Engine) -> Engine:
    """Return the same database for transactions that write."""
    return engine.execution_options(**{_WRITES: True})


def wipe(engine: Engine) -> bool:
    """Bring what was deleted out of the log beside the tables; in them it is overwritten.

    Returns:
        Whether it is done; somebody who reads keeps it from being done.
    """
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
    return row is not None and row[0] == 0


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Tell what the database says against it.

    Raises:
        UnusableRecords, RecordsUnavailable: instead of the errors of the database.
    """
    try:
        yield
    except StatementError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code in (SQLITE_BUSY, SQLITE_LOCKED):
            raise RecordsBusy(path) from error
        if code in _REFUSED:
            why = f"{error.orig}. Check the room on the disk, and that the file and its folder "
            raise RecordsUnavailable(path, f"{why}may be written.") from error
        raise UnusableRecords(path, str(error.orig)) from error


def _migrate(path: Path, engine: Engine) -> None:
    """Bring the tables to the newest version."""
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        if names and _VERSIONS not in names:
            raise UnusableRecords(path, f"the tables of something else ({names[0]})")
        if names and _version(connection) == NEWEST:
            return
    # Alembic is slow to import and seldom needed.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "chipwarden.store:migrations")
    # One transaction, so that a stop in between leaves what was there before.
    with writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            found = f"records of another version ({error})"
            raise UnusableRecords(path, found) from error
    with closing(engine.raw_connection()) as raw:
        # Who reads does not wait for who writes; the file remembers it.
        raw.cursor().execute("PRAGMA journal_mode=WAL")


def _version(connection: Connection) -> str | None:
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSIONS}")
    version = found.scalar()
    return version if isinstance(version, str) else None


def _prepare(connection: Any, _: Any) -> None:
    # Transactions begin where `_begin` says, those that make tables too.
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # Who is going to write waits at once, so that what it read before stays true.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
