"""The ledger of a workspace: its log, keys, bodies and records together.

    with open_ledger(Path("chipwarden-data")) as ledger:
        index = ledger.append(statement.content)
        ledger.entry(index)

    chipwarden-data/
      ledger.toml       names and place of the log
      policy.txt        key of the log, witnesses and how many must sign (C2SP tlog-policy)
      keys/             private keys, locked with a passphrase that lies elsewhere
      ledger/           the log; ledger/public is what anybody may read
      seen              the newest checkpoint that was written here; the log must extend it
      cosigned          the newest checkpoint with what witnesses signed
      bodies/           what the log only commits to, sealed
      records.sqlite    a view for questions, made from log and bodies
"""

import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from chipwarden.app.passphrases import passphrase
from chipwarden.ledger.bodies import Body
from chipwarden.ledger.checkpoints import SignedCheckpoint, open_checkpoint
from chipwarden.ledger.errors import (
    InvalidPolicy,
    InvalidSignature,
    InvalidStatement,
    LedgerError,
)
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import KEY, REVOKED
from chipwarden.ledger.keys import SigningKey
from chipwarden.ledger.note_keys import Ed25519Signer, Ed25519Verifier, verifier_key
from chipwarden.ledger.policies import Policy, read_policy
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.statements import Statement, read_statement, verify_statement
from chipwarden.ledger.storage import LogStorage
from chipwarden.ledger.tiles import TILE_WIDTH
from chipwarden.ledger.writer import LogWriter
from chipwarden.model.errors import ChipwardenError, InvalidDocument, Problem
from chipwarden.store.bodies import Bodies, BodyMissing, DamagedBody
from chipwarden.store.key_files import KeyFolder
from chipwarden.store.log_files import LogFiles
from chipwarden.store.whole_files import replace_whole

if TYPE_CHECKING:
    from chipwarden.store.records import Position, Records

SETTINGS, POLICY = "ledger.toml", "policy.txt"
KEYS, LOG_FOLDER, BODIES = "keys", "ledger", "bodies"
RECORDS, COSIGNED, SEEN = "records.sqlite", "cosigned", "seen"

# Names of key files.
STATEMENTS_KEY, LOG_KEY, RECEIPTS_KEY, BODIES_KEY = "statements", "log", "receipts", "bodies"


class NoLedger(ChipwardenError):
    """A workspace has no ledger, or is not there."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        super().__init__(
            f"{workspace}: found no ledger; expected a workspace that `chipwarden init` made. "
            "Make one, or name it with --workspace."
        )


class NothingLogged(LedgerError):
    """The log has no entry yet."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(f"{workspace}: the log has no entry yet")


@dataclass(frozen=True, slots=True)
class Settings:
    """ledger.toml.

    Attributes:
        id: of the workspace, random.
        origin: name of the log.
        issuer: who signs its statements.
        storage: folder of the log inside the workspace, or the address of a bucket.
    """

    id: str
    origin: str
    issuer: str
    storage: str


def has_ledger(workspace: Path) -> bool:
    """Return whether a workspace has a ledger."""
    return (workspace / SETTINGS).is_file()


def read_settings(workspace: Path) -> Settings:
    """Return the settings of a workspace's ledger.

    Raises:
        NoLedger: there is none.
        InvalidDocument: they cannot be read.
    """
    path = workspace / SETTINGS
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise NoLedger(workspace) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidDocument(str(path), [Problem("the file", str(error), "TOML")]) from error
    names = ("id", "origin", "issuer", "storage")
    problems = [
        Problem(name, repr(found.get(name)), "a text")
        for name in names
        if not (isinstance(found.get(name), str) and found[name])
    ] + [
        Problem(name, "a setting of this name", f"one of {', '.join(names)}")
        for name in found
        if name not in names
    ]
    if problems:
        raise InvalidDocument(str(path), problems)
    return Settings(**found)


class Ledger:
    """The ledger of one workspace; hold it in a `with` statement.

    Reading needs no passphrase; signing and reading bodies unlocks the keys, once.
    """

    def __init__(self, workspace: Path, settings: Settings) -> None:
        self.workspace = workspace
        self.settings = settings
        self.storage: LogStorage = open_storage(workspace, settings)
        self._records: Records | None = None
        self._writer: LogWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._records is not None:
            self._records.close()
            self._records = None

    # ------------------------------------------------------------ names and keys

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.settings.origin

    @property
    def issuer(self) -> str:
        """Who signs the statements of this workspace."""
        return self.settings.issuer

    def now(self) -> int:
        """Return the time, POSIX seconds."""
        return int(time.time())

    @cached_property
    def policy(self) -> Policy:
        """Which key signs the log, and which witnesses must.

        Raises:
            InvalidPolicy: policy.txt cannot be used, or names another key for the log.
        """
        found = read_policy(text_of(self.workspace / POLICY))
        native = self.keys.public_key(LOG_KEY).native
        assert isinstance(native, Ed25519PublicKey)
        own = verifier_key(Ed25519Verifier(self.origin, native))
        if [verifier_key(key) for key in found.logs] != [own]:
            raise InvalidPolicy(
                f"{self.workspace / POLICY}: found other log keys; expected {own} alone, the key "
                "of this workspace. Somebody changed the file: bring it back from a copy."
            )
        return found

    @cached_property
    def keys(self) -> KeyFolder:
        """The private keys."""
        return KeyFolder(self.workspace / KEYS, lambda: passphrase(self.settings.id))

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs statements."""
        return self.keys.signing_key(STATEMENTS_KEY)

    @cached_property
    def log_key(self) -> Ed25519PrivateKey:
        """The key that signs checkpoints."""
        key = self.keys.signing_key(LOG_KEY).native
        assert isinstance(key, Ed25519PrivateKey)
        return key

    @cached_property
    def receipts_key(self) -> SigningKey:
        """The key that signs receipts of the log."""
        return self.keys.signing_key(RECEIPTS_KEY)

    @cached_property
    def bodies(self) -> Bodies:
        """What the log only commits to."""
        return Bodies(
            self.workspace / BODIES,
            self.keys.x25519_public(BODIES_KEY),
            lambda: self.keys.x25519(BODIES_KEY),
        )

    def unlock(self) -> None:
        """Unlock the keys that an append takes, so that it is not stopped half-way.

        Raises:
            NoPassphrase, WrongPassphrase: they stay locked.
            KeyMissing, DamagedKey: one cannot be used.
        """
        _ = self.signing_key, self.log_key

    def forget_keys(self) -> None:
        """Read the keys anew: one was replaced."""
        for name in ("signing_key", "receipts_key"):
            self.__dict__.pop(name, None)

    # ------------------------------------------------------------ reading

    @cached_property
    def reader(self) -> LogReader:
        """A reader of the log."""
        return LogReader(self.storage, self.policy.logs, self.origin)

    def signed(self) -> SignedCheckpoint:
        """Return the newest checkpoint.

        Raises:
            NothingLogged: there is none yet.
        """
        signed = self.reader.checkpoint()
        if signed is None:
            raise NothingLogged(self.workspace)
        return signed

    def entry(self, index: int) -> bytes:
        """Return an entry.

        Raises:
            NoSuchEntry: the log does not reach so far.
            DamagedLog: it is not what was logged.
        """
        return self.reader.entry(index, self.signed().checkpoint.size)

    def statement(self, index: int) -> Statement:
        """Return the statement of an entry; its signature is checked by the keys of its time.

        Raises:
            NoSuchEntry: the log does not reach so far.
            InvalidStatement: the entry is no statement.
            InvalidSignature: its issuer could not sign so at that place of the log.
        """
        found = read_statement(self.entry(index))
        verify_statement(found, self.history.key_for(found.issuer, found.kid, index))
        return found

    def body(self, statement: Statement) -> bytes | None:
        """Return the content of a statement's body, None where it has none or it was erased."""
        found = self.opened_body(statement)
        return None if found is None else found.content

    def opened_body(self, statement: Statement) -> Body | None:
        """Return a statement's body, None where it has none, it was erased, or is not ours.

        What another issuer says it committed to may be a digest that it saw here.

        Raises:
            DamagedBody: it is not what was written.
        """
        if statement.body is None or statement.issuer != self.issuer:
            return None
        try:
            return self.bodies.read(statement.body)
        except BodyMissing:
            return None

    # ------------------------------------------------------------ the view

    @property
    def records(self) -> "Records":
        """The records, up to the newest entry."""
        if self._records is None:
            self._records = self._open_records()
        self._catch_up(self._records)
        return self._records

    def _open_records(self) -> "Records":
        # Late: it takes a quarter of a second, and recording a decision does not need it.
        from chipwarden.store.records import Records

        return Records.open(self.workspace / RECORDS)

    def position(self) -> "Position | None":
        """Return up to which tree the records reach, None where there are none."""
        if not (self.workspace / RECORDS).is_file():
            return None
        if self._records is None:
            self._records = self._open_records()
        return self._records.position()

    def rebuild(self, advance: Callable[[int], None] | None = None) -> "Records":
        """Drop the records and make them again from log and bodies.

        Raises:
            NoPassphrase, WrongPassphrase: bodies stay locked; nothing was dropped.
            RolledBack: the log is not the one that the records were made from; nothing was
                dropped, for they show it.
        """
        self.keys.x25519(BODIES_KEY)
        self._refuse_older_than_records()
        if self._records is not None:
            self._records.close()
            self._records = None
        from chipwarden.store.records import Records

        Records.drop(self.workspace / RECORDS)
        self._records = self._open_records()
        self._catch_up(self._records, advance)
        return self._records

    def _refuse_older_than_records(self) -> None:
        from chipwarden.store.record_database import UnusableRecords

        signed = self.reader.checkpoint()
        with suppress(UnusableRecords):
            at = self.position()
            if at is not None and signed is not None:
                self._require_extends(RECORDS, at.size, at.root, signed.checkpoint.size)

    def _catch_up(self, records: "Records", advance: Callable[[int], None] | None = None) -> None:
        signed = self.reader.checkpoint()
        if signed is None:
            return
        now = signed.checkpoint
        at = records.position()
        start = at.size if at else 0
        if at is not None and at.root == now.root and start == now.size:
            return
        if at is not None:
            self._require_extends(RECORDS, at.size, at.root, now.size)
        from chipwarden.store.records import Position

        entries = self.reader.entries(start, now.size, now.size)
        records.catch_up(entries, Position(now.size, now.root), self._content, advance)

    def _require_extends(self, name: str, known: int, root: bytes, size: int) -> None:
        """Refuse a log of this size that does not extend a tree that was seen of it.

        Args:
            name: of the file that tells of the tree.
            known: size of the tree.
            root: its root; empty where only the size is known.
            size: number of entries in the log.
        """
        if known > size or (root and self.reader.root(known) != root):
            raise RolledBack(self.workspace / name, known, size)

    def _content(self, statement: Statement) -> bytes | None:
        # A body that was damaged stops nobody: a check tells of it, and once it is brought back
        # the records are made anew.
        with suppress(DamagedBody):
            return self.body(statement)
        return None

    def contents(self, indexes: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of entries; indexes ascend.

        Raises:
            NoSuchEntry: the log does not reach so far.
            DamagedLog: one is not what was logged.
        """
        size = self.signed().checkpoint.size
        # Those of one bundle stand in one file.
        for _, bundle in groupby(indexes, lambda index: index // TILE_WIDTH):
            wanted = list(bundle)
            among = frozenset(wanted)
            for index, content in self.reader.entries(wanted[0], wanted[-1] + 1, size):
                if index in among:
                    yield index, content

    def statements(self, *types: str) -> Iterator[tuple[int, Statement]]:
        """Yield index and statement of all entries of these types, at least one."""
        for index, content in self.contents(self.records.indexes(types)):
            yield index, read_statement(content)

    @property
    def history(self) -> KeyHistory:
        """Who could sign at which place of the log."""
        history = KeyHistory()
        for index, statement in self.statements(KEY, REVOKED):
            # What its issuer may not say is in the log and changes nothing.
            with suppress(InvalidStatement, InvalidSignature):
                history.add(index, statement)
        return history

    # ------------------------------------------------------------ writing

    @contextmanager
    def exclusive(self) -> Iterator[LogWriter]:
        """Hold the log as its only writer: what is read meanwhile stays so."""
        if self._writer is not None:
            yield self._writer
            return
        signers = [Ed25519Signer(self.origin, self.log_key)]
        with LogWriter(self.storage, self.origin, signers, self.now) as writer:
            self._refuse_older()
            self._writer = writer
            try:
                yield writer
            finally:
                self._writer = None
                self._keep_seen(writer)

    def kept_checkpoint(self, name: str) -> SignedCheckpoint | None:
        """Return a checkpoint that the workspace keeps beside the log, None where it has none.

        Raises:
            InvalidNote, InvalidSignature: it is not one of this log.
        """
        path = self.workspace / name
        if not path.is_file():
            return None
        return open_checkpoint(path.read_bytes(), self.policy.logs, self.origin)

    def _refuse_older(self) -> None:
        """Refuse to write to a log that does not extend what this workspace saw of it."""
        signed = self.reader.checkpoint()
        size = signed.checkpoint.size if signed else 0
        for name in (SEEN, COSIGNED):
            if (kept := self.kept_checkpoint(name)) is not None:
                known = kept.checkpoint
                self._require_extends(name, known.size, known.root, size)

    def _keep_seen(self, writer: LogWriter) -> None:
        """Keep the newest checkpoint where who changes the log does not look."""
        path, content = self.workspace / SEEN, writer.checkpoint
        if content is not None and not (path.is_file() and path.read_bytes() == content):
            replace_whole(path, [content])

    def append(self, *entries: bytes) -> int:
        """Append entries and return the index of the first; they are durable then.

        Raises:
            LogConflict, LogUnavailable: nothing was acknowledged.
        """
        with self.exclusive() as writer:
            return writer.append(entries)


class RolledBack(LedgerError):
    """The log is shorter than, or another than, what was seen of it before."""

    def __init__(self, path: Path, seen: int, size: int) -> None:
        self.seen, self.size = seen, size
        super().__init__(
            f"{path}: found a log of {seen:,} entries that the log of {size:,} does not "
            "extend; expected a log that only grows. Somebody rolled it back or replaced it: "
            "compare it with a checkpoint that a witness keeps (`chipwarden ledger fsck`)."
        )


def text_of(path: Path) -> str:
    """Return the text of a policy or trust file.

    Names in it are compared byte by byte: what is no UTF-8 stays as it is.

    Raises:
        OSError: it cannot be read.
    """
    return path.read_text("utf-8", "surrogateescape")


def open_storage(workspace: Path, settings: Settings) -> LogStorage:
    """Return where the log is kept."""
    if "://" in settings.storage:
        from chipwarden.store.log_objects import LogObjects
        from chipwarden.store.objects import open_store

        return LogObjects(open_store(settings.storage), clock=lambda: int(time.time()))
    return LogFiles(workspace / settings.storage)


def open_ledger(workspace: Path) -> Ledger:
    """Open the ledger of a workspace.

    Raises:
        NoLedger: it has none.
        InvalidDocument: its settings cannot be read.
    """
    return Ledger(workspace, read_settings(workspace))
