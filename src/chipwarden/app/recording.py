"""Recording decisions in the ledger: the record goes into a sealed body, commitments into the log.

    recorder = Recorder(ledger, current_pack(None))
    recorder.record([record, …])      # index of the first; all are durable
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipwarden.app.ledger import Ledger
from chipwarden.app.packs import Pack, keep
from chipwarden.app.record_file import StoredDecision, stored_decision
from chipwarden.ledger.bodies import Body
from chipwarden.ledger.commitments import commitments, decision_values
from chipwarden.ledger.decision_statements import DECISION, decision_statement
from chipwarden.ledger.errors import DamagedLog, LedgerError
from chipwarden.ledger.statements import Statement
from chipwarden.model.canonical import canonical_bytes

_SEED_BYTES: Final = 32


class NoDecision(LedgerError):
    """An entry holds no decision that can be read."""

    def __init__(self, index: int, found: str, remedy: str) -> None:
        self.index = index
        super().__init__(f"entry {index}: found {found}; expected a decision. {remedy}")


class Recorder:
    """Records decisions of one run; the data they rest on are kept once.

    Raises on making:
        NoPassphrase, WrongPassphrase: the keys stay locked; nothing was written.
        DamagedPack: the data are kept already, with another content.
    """

    def __init__(self, ledger: Ledger, pack: Pack) -> None:
        self._ledger = ledger
        self.pack = pack
        # First: without the passphrase nothing is written.
        ledger.unlock()
        keep(pack, ledger.workspace)

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self._ledger.origin

    def record(self, records: Sequence[Mapping[str, Any]]) -> int:
        """Record decisions and return the index of the first; they are durable then.

        Raises:
            LogConflict, LogUnavailable: none was acknowledged.
            OSError: a body could not be written.
        """
        # Held first: a body that no entry names is of no use, and nobody could erase it.
        with self._ledger.exclusive() as writer:
            return writer.append([self._statement(record).content for record in records])

    def _statement(self, record: Mapping[str, Any]) -> Statement:
        ledger = self._ledger
        seed = secrets.token_bytes(_SEED_BYTES)
        statement = decision_statement(
            record, seed, ledger.issuer, ledger.now(), ledger.signing_key
        )
        # The body is on the disk before the log names it.
        ledger.bodies.write(canonical_bytes(record), seed)
        return statement


def recorded_decision(ledger: Ledger, index: int) -> StoredDecision:
    """Return the decision of an entry, compared with what the log committed to.

    Raises:
        NoSuchEntry: the log does not reach so far.
        NoDecision: the entry is none, or its body was erased.
        DamagedLog: the body is not what the log committed to.
        InvalidSignature: its issuer could not sign so at that place of the log.
    """
    statement = ledger.statement(index)
    if statement.type != DECISION or statement.body is None:
        raise NoDecision(
            index, f"a statement of type {statement.type!r}", "`ledger show` lists the decisions."
        )
    body = ledger.opened_body(statement)
    if body is None:
        raise NoDecision(index, "a decision whose body is gone", "The proof of it stays.")
    if not commits_to(statement, body):
        raise DamagedLog(
            f"body of entry {index}", "another record", "the one that the log committed to"
        )
    return stored_decision(body.content, f"entry {index}")


def body_values(body: Body) -> dict[str, bytes]:
    """Return the values of a body by the names under which they are committed to."""
    return decision_values(json.loads(body.content))


def commits_to(statement: Statement, body: Body) -> bool:
    """Return whether a statement committed to the values of a body, and to no others."""
    return commitments(body.seed, body_values(body)) == statement.commitments
