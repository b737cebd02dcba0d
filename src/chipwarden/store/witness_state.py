"""What a witness cosigned last for each log, and the evidence it has against logs.

    state = WitnessState.create(path, verifier_key(signer.verifier))     # once
    state = WitnessState.open(path, verifier_key(signer.verifier))       # ever after
    answer = state.decide(origin, partial(witness.judge, submission), clock)

The state must never go back: a witness that forgets can be led to cosign a second history. So a
file that is missing is never made anew by itself, and an older copy must not be put in its place.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from chipwarden.ledger.errors import DamagedLog, LogConflict, LogUnavailable
from chipwarden.ledger.witness import Answer, Evidence, WitnessedSize
from chipwarden.store.whole_files import write_new

# Of either kind, per log: the log's signatures make them, and nobody else's.
MOST_EVIDENCE: Final = 1000

Judge: TypeAlias = Callable[[WitnessedSize | None, int], Answer]

_APPLICATION: Final = 0x43575753
_VERSION: Final = 1
_PATIENCE_S: Final = 30.0
_SCHEMA: Final = f"""
    PRAGMA application_id = {_APPLICATION};
    PRAGMA user_version = {_VERSION};
    CREATE TABLE witness (key TEXT NOT NULL) STRICT;
    CREATE TABLE cosigned (
        origin TEXT PRIMARY KEY,
        size INTEGER NOT NULL CHECK (size >= 0),
        root BLOB NOT NULL CHECK (length(root) = 32),
        note BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER never_back BEFORE UPDATE ON cosigned
    WHEN new.origin <> old.origin OR new.size < old.size
        OR (new.size = old.size AND new.root <> old.root)
    BEGIN SELECT raise(ABORT, 'the witness would go back'); END;
    CREATE TRIGGER never_forgets BEFORE DELETE ON cosigned
    BEGIN SELECT raise(ABORT, 'the witness would forget'); END;
    CREATE TABLE evidence (
        origin TEXT NOT NULL,
        kind TEXT NOT NULL,
        known BLOB NOT NULL,
        shown BLOB NOT NULL,
        noticed_at INTEGER NOT NULL,
        PRIMARY KEY (origin, kind, shown)
    ) STRICT;
"""


class WitnessState:
    """The state of one witness in an SQLite file; threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, key: str) -> "WitnessState":
        """Make the state of a witness that never cosigned anything.

        Args:
            path: where; nothing may be there.
            key: the witness's public key as text; the state serves no other.

        Raises:
            LogConflict: something is there.
            OSError: it cannot be written.
        """
        for other in (path, *(path.with_name(path.name + end) for end in ("-wal", "-journal"))):
            if other.exists():
                raise LogConflict(
                    f"{other}: found a file; expected nothing there yet. Nothing was changed. "
                    "Start the witness without --init if this is its state."
                )
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
            empty.executescript(_SCHEMA)
            empty.execute("INSERT INTO witness VALUES (?)", (key,))
            content = empty.serialize()
        # Whole or not at all: half a state could pass for an empty one.
        write_new(path, content, mode=0o600)
        return cls.open(path, key)

    @classmethod
    def open(cls, path: Path, key: str) -> "WitnessState":
        """Open the state of a witness.

        Raises:
            DamagedLog: it is missing, unreadable, damaged, or of another witness.
            LogUnavailable: it cannot be opened now.
        """
        if not path.is_file():
            raise DamagedLog(
                str(path),
                "no file",
                "the state of this witness. Find it: a witness that starts from nothing could "
                "cosign a second history. Only a new key may start with a new state (--init)",
            )
        state = cls(path)
        with state._connected() as connection:
            state._check(connection, key)
            if connection.execute("PRAGMA journal_mode = wal").fetchone() != ("wal",):
                raise LogUnavailable(
                    f"{path}: the file system cannot keep a write-ahead log. Use a local disk."
                )
        return state

    def latest(self, origin: str) -> WitnessedSize | None:
        """Return what was cosigned last for a log, None for nothing.

        Raises:
            LogUnavailable: the state cannot be read now.
        """
        with self._connected() as connection:
            return _latest(connection, origin)

    def decide(self, origin: str, judge: Judge, clock: Callable[[], int]) -> Answer:
        """Let a judge decide on what was cosigned last, and keep what it says before returning.

        Nobody else decides meanwhile.

        Args:
            origin: of the log.
            judge: `Witness.judge` for one submission; it gets what is known and the time.
            clock: read when it is this request's turn, so that times follow the sizes.

        Raises:
            LogUnavailable: it could not be kept, and the answer must not leave.
            LogConflict: the answer would take the witness back.
        """
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                answer = _decided(connection, origin, judge, clock())
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return answer

    def evidence(self) -> tuple[tuple[int, Evidence], ...]:
        """Return all evidence with the time when it was noticed, POSIX seconds.

        Raises:
            LogUnavailable: the state cannot be read now.
        """
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT noticed_at, kind, origin, known, shown FROM evidence ORDER BY rowid"
            ).fetchall()
        return tuple((row[0], Evidence(*row[1:])) for row in rows)

    def _check(self, connection: sqlite3.Connection, key: str) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if (application, version) != (_APPLICATION, _VERSION):
            raise DamagedLog(str(self.path), "another file", "the state of a witness")
        problems = connection.execute("PRAGMA integrity_check").fetchall()
        if problems != [("ok",)]:
            raise DamagedLog(str(self.path), f"damage ({problems[0][0]})", "a whole state")
        keys = connection.execute("SELECT key FROM witness").fetchall()
        if keys != [(key,)]:
            found = keys[0][0] if keys else "no witness"
            raise DamagedLog(str(self.path), f"the state of {found}", f"that of {key}")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that syncs every commit; the file is never made here."""
        address = f"{self.path.absolute().as_uri()}?mode=rw"
        try:
            with closing(
                sqlite3.connect(address, timeout=_PATIENCE_S, isolation_level=None, uri=True)
            ) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                yield connection
        except sqlite3.IntegrityError as wrong:
            raise LogConflict(f"{self.path}: {wrong}. Nothing was changed.") from wrong
        except sqlite3.OperationalError as wrong:
            raise LogUnavailable(
                f"{self.path}: {wrong}. Nothing was cosigned. See that the file is there, that it "
                "can be written and that the disk has room."
            ) from wrong
        except sqlite3.DatabaseError as wrong:
            raise DamagedLog(str(self.path), str(wrong), "the state of a witness") from wrong


def _decided(connection: sqlite3.Connection, origin: str, judge: Judge, time: int) -> Answer:
    known = _latest(connection, origin)
    answer = judge(known, time)
    new, evidence = answer.state, answer.evidence
    if new is not None and (known is None or (new.size, new.root) != (known.size, known.root)):
        connection.execute(
            "INSERT INTO cosigned VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE "
            "SET size = excluded.size, root = excluded.root, note = excluded.note",
            (origin, new.size, new.root, new.note),
        )
    if evidence is not None:
        connection.execute(
            "INSERT INTO evidence SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?6 > (SELECT count(*) FROM "
            "evidence WHERE origin = ?1 AND kind = ?2) ON CONFLICT DO NOTHING",
            (evidence.origin, evidence.kind, evidence.known, evidence.shown, time, MOST_EVIDENCE),
        )
    return answer


def _latest(connection: sqlite3.Connection, origin: str) -> WitnessedSize | None:
    row = connection.execute(
        "SELECT size, root, note FROM cosigned WHERE origin = ?", (origin,)
    ).fetchone()
    return WitnessedSize(*row) if row else None
