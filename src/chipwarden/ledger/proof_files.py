"""Proofs to go: one small file with which anybody checks one statement offline.

    chipwarden.proof/1
    statement 0oRYl…
    open g1gg…
    (empty line)
    example.com/log
    …

    verify_proof(read_proof(content), read_trust(text)).statement

The statement carries its receipt; the note below is the checkpoint that the receipt leads to,
signed by the log and its witnesses; each `open` line shows one value that the statement
committed to. What the verifier believes beforehand stands in the trust file alone.

Source:
    docs/reference/statements.md, "Proof file".
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chipwarden.ledger.commitments import Opening, check_opening, opening_bytes, read_opening
from chipwarden.ledger.cose import KID, read_sign1
from chipwarden.ledger.errors import InvalidProof, InvalidStatement, LedgerError
from chipwarden.ledger.plain_text import base64_bytes, base64_text
from chipwarden.ledger.policies import TrustedCheckpoint
from chipwarden.ledger.receipts import entry_of, receipts_of, verify_receipt
from chipwarden.ledger.statements import Statement, read_statement, verify_statement
from chipwarden.ledger.trust import Trust

SCHEMA: Final = "chipwarden.proof/1"
LARGEST: Final = 1 << 24
_STATEMENT: Final = "statement "
_OPEN: Final = "open "


class FailedProof(LedgerError):
    """A proof that does not hold.

    Attributes:
        part: the first part that fails: "file", "checkpoint", "receipt", "statement" or
            "opening NAME".
    """

    def __init__(self, part: str, why: str) -> None:
        self.part = part
        super().__init__(f"{part}: {why}")


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A proof as it was read; nothing of it is checked yet.

    Attributes:
        transparent: the statement with its receipt.
        openings: values that are shown.
        checkpoint: the note, as it stands.
    """

    transparent: bytes
    openings: tuple[Opening, ...]
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """What a proof proved.

    Attributes:
        statement: what was said, and by whom.
        index: its place in the log.
        checkpoint: what the log and the witnesses signed.
        opened: the values that were shown, by name, as they were committed to.
    """

    statement: Statement
    index: int
    checkpoint: TrustedCheckpoint
    opened: dict[str, bytes]


def write_proof(transparent: bytes, checkpoint: bytes, openings: Iterable[Opening] = ()) -> bytes:
    """Return the file.

    Args:
        transparent: the statement with one receipt, for the tree of the checkpoint.
        checkpoint: the note, with the cosignatures that a verifier will ask for.
        openings: values to show.

    Raises:
        FailedProof: what is written could not be read.
    """
    lines = [SCHEMA, _STATEMENT + base64_text(transparent)]
    lines += (_OPEN + base64_text(opening_bytes(opening)) for opening in openings)
    content = "".join(f"{line}\n" for line in (*lines, "")).encode("ascii") + checkpoint
    read_proof(content)
    return content


def read_proof(content: bytes) -> ProofFile:
    """Return the parts of a proof file.

    Args:
        content: the file, at most 16 MiB.

    Raises:
        FailedProof: it is no proof file, or a part cannot be read.
    """
    if len(content) > LARGEST:
        raise FailedProof("file", f"found {len(content):,} bytes; expected at most {LARGEST:,}")
    top, gap, checkpoint = content.partition(b"\n\n")
    lines = top.decode("ascii", "replace").split("\n")
    if lines[0] != SCHEMA:
        raise FailedProof("file", f'found {lines[0][:60]!r} as its first line; expected "{SCHEMA}"')
    if not gap or not checkpoint:
        raise FailedProof("file", "found no checkpoint; expected one after an empty line")
    if len(lines) < 2 or not lines[1].startswith(_STATEMENT):
        raise FailedProof("file", "found no statement; expected it in the second line")
    transparent = _base64(lines[1], _STATEMENT, 2)
    openings: dict[str, Opening] = {}
    for number, line in enumerate(lines[2:], 3):
        if not line.startswith(_OPEN):
            raise FailedProof("file", f'line {number}: found {line[:60]!r}; expected "open …"')
        try:
            opening = read_opening(_base64(line, _OPEN, number))
        except InvalidStatement as wrong:
            raise FailedProof("file", f"line {number}: {wrong}") from wrong
        if opening.name in openings:
            raise FailedProof("file", f"line {number}: found {opening.name!r:.60} a second time")
        openings[opening.name] = opening
    return ProofFile(transparent, tuple(openings.values()), checkpoint)


def verify_proof(proof: ProofFile, trust: Trust) -> VerifiedProof:
    """Check a proof from the checkpoint down to each value.

    Args:
        proof: as it was read.
        trust: whom the verifier believes.

    Raises:
        FailedProof: it does not hold; the error names the first part that fails, and why.
    """
    # (1) The log and enough witnesses signed this size and root.
    with _part("checkpoint"):
        signed = trust.policy.check(proof.checkpoint)
    # (2) The receipt leads from the statement to that root, and the log signed it.
    with _part("receipt"):
        receipts = receipts_of(proof.transparent)
        if len(receipts) != 1:
            raise InvalidStatement(f"found {len(receipts)} receipts; expected one")
        kid = read_sign1(receipts[0]).protected.get(KID)
        key = trust.receipt_key(kid if isinstance(kid, bytes) else b"")
        entry = entry_of(proof.transparent)
        held = verify_receipt(receipts[0], entry, key)
        if (held.size, held.root) != (signed.checkpoint.size, signed.checkpoint.root):
            raise InvalidProof(
                f"found a receipt for the tree of {held.size} entries with root "
                f"{held.root.hex()[:16]}…; expected one for the checkpoint's, of "
                f"{signed.checkpoint.size} entries with root {signed.checkpoint.root.hex()[:16]}…",
                "other-tree",
            )
    # (3) The issuer signed the statement with a key that counted at its place in the log.
    with _part("statement"):
        statement = read_statement(entry)
        verify_statement(statement, trust.key_for(statement.issuer, statement.kid, held.index))
    # (4) The values that are shown are those that the statement committed to.
    for opening in proof.openings:
        with _part(f"opening {opening.name}"):
            check_opening(opening, statement)
    opened = {opening.name: opening.value for opening in proof.openings}
    return VerifiedProof(statement, held.index, signed, opened)


@contextmanager
def _part(name: str) -> Iterator[None]:
    try:
        yield
    except LedgerError as wrong:
        raise FailedProof(name, str(wrong)) from wrong


def _base64(line: str, word: str, number: int) -> bytes:
    content = base64_bytes(line.removeprefix(word))
    if not content:
        raise FailedProof(
            "file", f"line {number}: found no proper base64 after {word.strip()}; it was changed"
        )
    return content
