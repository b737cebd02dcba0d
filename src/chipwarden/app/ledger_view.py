"""What the ledger shows: entries in lists, one entry in full, tables for others to open.

    for row in entry_rows(ledger, last=20): ...
    entry_json(ledger, 12)
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chipwarden.app.ledger import Ledger
from chipwarden.app.passphrases import NoPassphrase
from chipwarden.app.recording import body_values
from chipwarden.ledger.decision_statements import DECISION
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement, LedgerError
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.proof_files import FailedProof, VerifiedProof
from chipwarden.ledger.statements import Statement, read_statement, verify_statement


def log_json(ledger: Ledger) -> dict[str, Any]:
    """Return name, size and root of the log as it is now."""
    signed = ledger.signed().checkpoint
    return {"origin": ledger.origin, "size": signed.size, "root": signed.root.hex()}


def entry_rows(
    ledger: Ledger, types: Sequence[str] = (), last: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield index, type, subject, issuer, time and a summary of entries, ascending.

    Args:
        ledger: the ledger.
        types: only of these types, all where none is named.
        last: at most so many, the newest.
    """
    records = ledger.records
    indexes = records.indexes(types)
    if last is not None:
        indexes = indexes[max(len(indexes) - last, 0) :]
    decided = {row["log_index"]: row for row in records.rows("decisions")}
    erased = {row["erased_index"] for row in records.rows("erasures")}
    for index, content in ledger.contents(indexes):
        try:
            statement = read_statement(content)
        except InvalidStatement as error:
            yield _unreadable(index, str(error))
            continue
        said = "erased" if index in erased else _summary(statement, decided.get(index))
        yield {
            "index": index,
            "type": statement.type,
            "issuer": statement.issuer,
            "subject": statement.subject,
            "issued_at": statement.issued_at,
            "summary": said,
        }


def _unreadable(index: int, why: str) -> dict[str, Any]:
    """Return the row of an entry that is no statement."""
    return {
        "index": index,
        "type": "unreadable",
        "issuer": None,
        "subject": None,
        "issued_at": None,
        "summary": why,
    }


def _summary(statement: Statement, decision: Mapping[str, Any] | None) -> str:
    if decision is not None:
        outcome = str(decision["outcome"]).replace("_", " ")
        return f"order {decision['order_id']}: {decision['disposition']}, {outcome}"
    if statement.body is not None and statement.type == DECISION:
        return "its body is not at hand"
    public = {name: value for name, value in statement.public.items() if isinstance(value, str)}
    return ", ".join(f"{name} {value}" for name, value in public.items()) or statement.subject


def entry_json(ledger: Ledger, index: int) -> dict[str, Any]:
    """Return all of an entry; `values` is None where its body is not at hand or locked.

    Raises:
        NoSuchEntry: the log does not reach so far.
        DamagedLog: it is not what was logged.
        InvalidStatement: it is no statement.
    """
    content = ledger.entry(index)
    statement = read_statement(content)
    return {
        "index": index,
        "type": statement.type,
        "issuer": statement.issuer,
        "subject": statement.subject,
        "issued_at": statement.issued_at,
        "kid": statement.kid.hex(),
        "leaf_hash": leaf_hash(content).hex(),
        "length": len(content),
        "body": statement.body.hex() if statement.body else None,
        "signature": _signature(ledger, index, statement),
        "public": _plain(statement.public),
        "commitments": {name: value.hex() for name, value in statement.commitments.items()},
        "values": _values(ledger, statement),
    }


def _signature(ledger: Ledger, index: int, statement: Statement) -> str:
    try:
        key = ledger.history.key_for(statement.issuer, statement.kid, index)
        verify_statement(statement, key)
    except InvalidSignature as error:
        return str(error)
    return "counts"


def _values(ledger: Ledger, statement: Statement) -> dict[str, Any] | None:
    try:
        body = ledger.opened_body(statement)
    except NoPassphrase:
        return None
    if body is None:
        return None
    return {name: json.loads(value) for name, value in body_values(body).items()}


def _plain(value: Any) -> Any:
    """Return a value of CBOR as JSON data; bytes become hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


def proof_json(found: VerifiedProof) -> dict[str, Any]:
    """Return what a proof proved as JSON data."""
    statement, checkpoint = found.statement, found.checkpoint.checkpoint
    return {
        "holds": True,
        "index": found.index,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "witnesses": dict(found.checkpoint.cosigned_at),
        "type": statement.type,
        "issuer": statement.issuer,
        "subject": statement.subject,
        "issued_at": statement.issued_at,
        "public": _plain(statement.public),
        "opened": {name: _value(value) for name, value in found.opened.items()},
    }


def _value(value: bytes) -> Any:
    """Return an opened value: it is JSON wherever we committed to it."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value.hex()


def failed_json(error: LedgerError) -> dict[str, Any]:
    """Return why a proof fails as JSON data."""
    part = error.part if isinstance(error, FailedProof) else "trust file"
    return {"holds": False, "part": part, "why": str(error).removeprefix(f"{part}: ")}
