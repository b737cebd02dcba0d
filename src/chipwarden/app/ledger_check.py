"""Checks a ledger from end to end: the log, what is said in it, and the bodies beside it.

    check_ledger(ledger).findings        # () where all is as it was logged
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chipwarden.app.ledger import BODIES_KEY, COSIGNED, SEEN, Ledger
from chipwarden.app.recording import commits_to
from chipwarden.ledger.checkpoints import Checkpoint, open_checkpoint
from chipwarden.ledger.erasures import ERASURE, Erasure
from chipwarden.ledger.errors import (
    DamagedLog,
    InvalidNote,
    InvalidSignature,
    InvalidStatement,
    LedgerError,
)
from chipwarden.ledger.fsck import Finding, FsckReport, fsck
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.policies import Policy
from chipwarden.ledger.statements import Statement, read_statement, verify_statement
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.tiles import TILE_WIDTH, entries_path
from chipwarden.ledger.trust import read_trust
from chipwarden.ledger.writer import LogWriter
from chipwarden.store.bodies import DamagedBody
from chipwarden.store.log_files import PublicFiles

Advance = Callable[[int], None]


def check_ledger(
    ledger: Ledger,
    earlier: Sequence[bytes] = (),
    bodies: bool = True,
    advance: Advance | None = None,
) -> FsckReport:
    """Check a ledger; nobody else can write to it meanwhile.

    Args:
        ledger: the ledger.
        earlier: signed checkpoints seen before, beside those that it keeps itself.
        bodies: open every body too, which needs the passphrase.
        advance: told how many entries are checked.

    Raises:
        LogConflict: somebody writes to it.
        NoPassphrase, WrongPassphrase: bodies are to be opened, and stay locked.
        InvalidNote, InvalidSignature: a checkpoint seen before is not of this log.
    """
    if bodies:
        ledger.keys.x25519(BODIES_KEY)
    refused = _published_anew(ledger)
    with ledger.storage.exclusive():
        kept, wrong = _kept(ledger)
        seen = list(dict.fromkeys([*_opened(earlier, ledger.policy, ledger.origin), *kept]))
        report = _found(fsck(ledger.storage, ledger.policy.logs, ledger.origin, seen, advance))
        wrong += [refused] if refused is not None and not report.findings else []
        if report.checkpoint is None or report.findings or wrong:
            return FsckReport(report.checkpoint, (*report.findings, *wrong))
        size, history = report.checkpoint.size, KeyHistory()
        findings = tuple(_statements(ledger, size, bodies, history))
        notes = tuple(_suspect(ledger, size, history))
    return FsckReport(report.checkpoint, findings, notes)


def _published_anew(ledger: Ledger) -> Finding | None:
    """Publish what a writer that died had committed; return why that cannot be."""
    try:
        with LogWriter(ledger.storage, ledger.origin, (), ledger.now, ledger.policy.logs):
            return None
    except DamagedLog as error:
        return Finding(error.path, error.found, error.expected)


def check_public(
    folder: Path, trust: str, earlier: Sequence[bytes] = (), advance: Advance | None = None
) -> FsckReport:
    """Check the public files of a log, which nobody writes to; see `check_ledger`.

    Raises:
        InvalidPolicy: the trust file cannot be used.
        InvalidNote, InvalidSignature: a checkpoint seen before is not of this log.
    """
    believed = read_trust(trust)
    seen = _opened(earlier, believed.policy, believed.origin)
    return _found(
        fsck(PublicFiles(folder), believed.policy.logs, believed.origin, seen, advance)
    )


def _opened(contents: Sequence[bytes], policy: Policy, origin: str) -> list[Checkpoint]:
    return [open_checkpoint(content, policy.logs, origin).checkpoint for content in contents]


def report_json(report: FsckReport) -> dict[str, Any]:
    """Return a report as JSON data."""
    checkpoint = report.checkpoint
    return {
        "origin": checkpoint.origin if checkpoint else None,
        "size": checkpoint.size if checkpoint else 0,
        "root": checkpoint.root.hex() if checkpoint else None,
        "findings": [asdict(finding) for finding in report.findings],
        "notes": [asdict(note) for note in report.notes],
    }


def _found(report: FsckReport) -> FsckReport:
    """Return a report that finds fault with a log of which nothing is there."""
    if report.checkpoint is not None or report.findings:
        return report
    missing = Finding(CHECKPOINT, "no such file", "a log, whose first entries are keys")
    return FsckReport(None, (missing,))


def _kept(ledger: Ledger) -> tuple[list[Checkpoint], list[Finding]]:
    """Return the checkpoints that this workspace saw before, and what is wrong with them."""
    seen: list[Checkpoint] = []
    wrong: list[Finding] = []
    for name in (SEEN, COSIGNED):
        try:
            if (found := ledger.kept_checkpoint(name)) is not None:
                seen.append(found.checkpoint)
        except (InvalidNote, InvalidSignature) as error:
            wrong.append(Finding(name, str(error), "a checkpoint that the log signed"))
    position = ledger.position()
    if position is not None and position.root:
        seen.append(Checkpoint(ledger.origin, position.size, position.root))
    return seen, wrong


def _statements(
    ledger: Ledger, size: int, bodies: bool, history: KeyHistory
) -> Iterator[Finding]:
    """Yield what is wrong with statements: signatures, keys and bodies; fill the history."""
    with_body: dict[int, Statement] = {}
    erasures: list[Erasure] = []
    for index, content in ledger.reader.entries(0, size, size):
        path = _path(index, size)
        try:
            statement = read_statement(content)
        except InvalidStatement as error:
            yield Finding(path, str(error), "a statement", index)
            continue
        try:
            history.add(index, statement)
            verify_statement(statement, history.key_for(statement.issuer, statement.kid, index))
        except LedgerError as error:
            yield Finding(path, str(error), "a statement that its issuer could sign there", index)
        if statement.issuer != ledger.issuer:
            continue  # bodies of others stay with them, and they erase none of ours
        if statement.body is not None:
            with_body[index] = statement
        if statement.type == ERASURE:
            try:
                erasures.append(Erasure.of(statement, index))
            except InvalidStatement as error:
                yield Finding(path, str(error), "an erasure that says what it erased", index)
    erased = {
        said.index
        for said in erasures
        if said.index in with_body and said.is_of(with_body[said.index])
    }
    for index, statement in with_body.items():
        yield from _body(ledger, index, statement, index in erased, bodies)


def _suspect(ledger: Ledger, size: int, history: KeyHistory) -> Iterator[Finding]:
    """Yield the entries whose keys turned out later not to have counted there."""
    late = {
        record.kid: record
        for record in history.records
        if record.until is not None and record.until < max(record.revoked_at, default=size)
    }
    if not late:
        return
    for index, content in ledger.reader.entries(0, size, size):
        with suppress(InvalidStatement):
            record = late.get(read_statement(content).kid)
            if record is not None and not record.counts_at(index):
                yield Finding(
                    _path(index, size),
                    f"a signature of the key {record.kid.hex()[:16]}, which {record.ended}",
                    "one that counts; it was sound when it was logged",
                    index,
                )


def _path(index: int, size: int) -> str:
    """Return the bundle of an entry."""
    bundle = index // TILE_WIDTH
    return entries_path(bundle, min(TILE_WIDTH, size - bundle * TILE_WIDTH))


def _body(
    ledger: Ledger, index: int, statement: Statement, is_erased: bool, opens: bool
) -> Iterator[Finding]:
    assert statement.body is not None
    path = f"bodies/{statement.body.hex()[:2]}/{statement.body.hex()[2:]}"
    is_there = (ledger.workspace / path).is_file()
    if is_erased:
        if is_there:
            yield Finding(path, "a body that was to be erased", "none; erase it again", index)
        return
    if not is_there:
        yield Finding(
            path, "no such file", f"the body of entry {index}, which nobody erased", index
        )
        return
    if not opens:
        return
    try:
        body = ledger.opened_body(statement)
    except DamagedBody as error:
        yield Finding(path, str(error), "the body as it was written", index)
        return
    if body is not None and not commits_to(statement, body):
        yield Finding(path, "other values", "those that the statement committed to", index)
