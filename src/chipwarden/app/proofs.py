"""Proofs from a workspace's ledger, and checking those of anybody.

    content = prove(ledger, 12, ["outcome", "order.destination"])
    verify(content, trust(ledger)).statement
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from chipwarden.app.ledger import COSIGNED, POLICY, Ledger, text_of
from chipwarden.app.recording import body_values
from chipwarden.ledger.checkpoints import SignedCheckpoint
from chipwarden.ledger.commitments import Opening, opening_of
from chipwarden.ledger.errors import (
    InvalidNote,
    InvalidSignature,
    LedgerError,
    UntrustedCheckpoint,
)
from chipwarden.ledger.notes import note_bytes
from chipwarden.ledger.proof_files import (
    LARGEST,
    VerifiedProof,
    read_proof,
    verify_proof,
    write_proof,
)
from chipwarden.ledger.receipts import attach_receipts, issue_receipt
from chipwarden.ledger.statements import Statement, read_statement
from chipwarden.ledger.trust import read_trust, trust_text
from chipwarden.store.whole_files import replace_whole


class NoSuchField(LedgerError):
    """A statement commits to no field of this name."""

    def __init__(self, index: int, names: Iterable[str], known: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            f"entry {index}: found no field {', '.join(self.names)}; expected some of "
            f"{', '.join(known) or 'none, for it commits to nothing'}"
        )


class NothingToOpen(LedgerError):
    """A field cannot be opened: the body that holds it was erased."""

    def __init__(self, index: int) -> None:
        super().__init__(
            f"entry {index}: its body was erased, and with it what could be opened; the proof "
            "without opened fields stays. Leave out --open."
        )


def trust(ledger: Ledger) -> str:
    """Return the trust file of a ledger: its log, witnesses and keys."""
    return trust_text(text_of(ledger.workspace / POLICY), ledger.history)


def prove(ledger: Ledger, index: int, names: Sequence[str] = ()) -> bytes:
    """Return the proof file of an entry, with the fields of these names opened.

    The checkpoint is the newest that satisfies the policy and covers the entry.

    Raises:
        NoSuchEntry: the log does not reach so far.
        NoSuchField, NothingToOpen: a field cannot be opened.
        UntrustedCheckpoint: no checkpoint that covers it has the cosignatures of the policy.
        DamagedLog: the log is not what was logged.
    """
    signed = _covering(ledger, index)
    size, root = signed.checkpoint.size, signed.checkpoint.root
    entry = ledger.reader.entry(index, size)
    statement = read_statement(entry)
    openings = _openings(ledger, index, statement, names)
    path = ledger.reader.checked_inclusion_proof(index, signed)
    receipt = issue_receipt(index, size, path, root, ledger.receipts_key, ledger.origin)
    return write_proof(attach_receipts(entry, [receipt]), note_bytes(signed.note), openings)


def _covering(ledger: Ledger, index: int) -> SignedCheckpoint:
    """Return a checkpoint that covers the entry and satisfies the policy."""
    newest = ledger.signed()
    found = [newest]
    with suppress(InvalidNote, InvalidSignature):
        if (kept := ledger.kept_checkpoint(COSIGNED)) is not None:
            found.append(kept)
    refused: UntrustedCheckpoint | None = None
    for signed in found:
        if signed.checkpoint.size <= index < newest.checkpoint.size:
            continue
        try:
            ledger.policy.check(note_bytes(signed.note))
        except UntrustedCheckpoint as error:
            refused = refused or error
            continue
        return signed
    if refused is not None:
        raise refused
    return newest


def _openings(
    ledger: Ledger, index: int, statement: Statement, names: Sequence[str]
) -> list[Opening]:
    unknown = [name for name in names if name not in statement.commitments]
    if unknown:
        raise NoSuchField(index, unknown, sorted(statement.commitments))
    if not names:
        return []
    found = ledger.opened_body(statement)
    if found is None:
        raise NothingToOpen(index)
    values = body_values(found)
    return [opening_of(found.seed, name, values[name]) for name in dict.fromkeys(names)]


def verify(content: bytes, trust_file: str) -> VerifiedProof:
    """Check a proof file against a trust file.

    Raises:
        FailedProof: it does not hold; the error names the first part that fails.
        InvalidPolicy: the trust file cannot be used.
    """
    return verify_proof(read_proof(content), read_trust(trust_file))


def read_file(path: Path) -> bytes:
    """Return a proof file; of one that is far too long no more than tells so.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(LARGEST + 1)


def write_file(path: Path, content: bytes) -> None:
    """Write a proof, a trust file or a request in place of what is there, whole or not at all."""
    replace_whole(path, [content])
