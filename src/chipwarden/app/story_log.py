"""The log of the story: its decisions as signed statements, kept in memory, with keys for show.

    log = story_log(roads, day)
    log.files.read("checkpoint")          # signed by the log, cosigned by two witnesses
    proof = log.proof(10, ["disposition"])

Its entries are made as `check` makes them, its cosignatures by witnesses that were asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from chipwarden.app.story_keys import (
    COSIGNERS,
    EXPORTER,
    ISSUER,
    LOG_SIGNER,
    NAMES,
    ORIGIN,
    RECEIPTS,
    for_show,
)
from chipwarden.ledger.checkpoints import Checkpoint, read_checkpoint
from chipwarden.ledger.commitments import decision_values, opening_of
from chipwarden.ledger.decision_statements import decision_statement
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import KEY, LOG, REVOKED, STATEMENT, possession, sign_key
from chipwarden.ledger.note_keys import verifier_key
from chipwarden.ledger.notes import NoteSigner, add_signatures, note_bytes, parse_note, sign
from chipwarden.ledger.proof_files import write_proof
from chipwarden.ledger.proofs import root_from_inclusion_proof
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.receipts import attach_receipts, issue_receipt
from chipwarden.ledger.sequencer import Sequencer
from chipwarden.ledger.statements import read_statement
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.trust import Trust, read_trust, trust_text
from chipwarden.ledger.witness import Witness, WitnessedSize, WitnessResponse
from chipwarden.ledger.witness_client import add_checkpoint_request, read_cosignatures
from chipwarden.reports.story_facts import Leg, Road

# Both witnesses saw the log once before, at this size.
EARLIER: Final = 8
_MINUTE: Final = 60


class Files(dict[str, bytes]):
    """What a log published, by path."""

    def read(self, path: str) -> bytes | None:
        """Return a file, None where there is none."""
        return self.get(path)

    @property
    def checkpoint(self) -> Checkpoint:
        """What its checkpoint says, whoever signed it."""
        return read_checkpoint(parse_note(self[CHECKPOINT]).text)

    def reader(self) -> LogReader:
        """Return a reader that knows the log's key."""
        return LogReader(self, [LOG_SIGNER.verifier], ORIGIN)


def published(entries: Sequence[bytes], signers: Sequence[NoteSigner], moment: int) -> Files:
    """Return the files of a log with these entries, its checkpoint signed."""
    edge = Sequencer()
    files = Files()
    for file in (*edge.add(entries), *edge.partials()):
        files[file.path] = file.content
    checkpoint = Checkpoint(ORIGIN, edge.size, edge.root())
    files[CHECKPOINT] = note_bytes(sign(checkpoint.text(), signers, moment))
    return files


class AskedWitness:
    """A witness with what it remembers; it answers as a served one does.

    Attributes:
        known: what it cosigned last.
    """

    def __init__(self, name: str) -> None:
        self.signer = COSIGNERS[name]
        self.known: WitnessedSize | None = None
        self._witness = Witness(self.signer, {ORIGIN: (LOG_SIGNER.verifier,)})

    def ask(self, files: Files, moment: int) -> WitnessResponse:
        """Show it a log's checkpoint, with the proof that it continues what the witness knows."""
        new = files.checkpoint.size
        old = min(self.known.size, new) if self.known else 0
        proof = files.reader().consistency_proof(old, new)
        body = add_checkpoint_request(old, proof, parse_note(files[CHECKPOINT]))
        answer = self._witness.respond(body, self.known, moment)
        self.known = answer.state or self.known
        return answer.response

    def cosign(self, files: Files, moment: int) -> Files:
        """Return the files with its cosignature, or as they are where it refuses."""
        response = self.ask(files, moment)
        if response.status != 200:
            return files
        note = parse_note(files[CHECKPOINT])
        lines = read_cosignatures(response.body, note, self.signer.verifier)
        return Files({**files, CHECKPOINT: note_bytes(add_signatures(note, lines))})


@dataclass(frozen=True, slots=True)
class StoryLog:
    """The log as its operator has it.

    Attributes:
        entries: all of them.
        legs: the order behind each decision, with its road, by index.
        files: what is published, cosigned by both witnesses.
        earlier: what was published when the witnesses saw it before, cosigned too.
        moment: when the witnesses cosigned last, POSIX seconds.
    """

    entries: tuple[bytes, ...]
    legs: Mapping[int, tuple[Road, Leg]]
    files: Files
    earlier: Files
    moment: int

    def record(self, index: int) -> Mapping[str, Any]:
        """Return the record behind a decision."""
        return self.legs[index][1].record

    def proof(self, index: int, names: Iterable[str]) -> bytes:
        """Return the proof file of a decision with these values opened."""
        leg = self.legs[index][1]
        values, seed = decision_values(leg.record), _seed(leg)
        openings = [opening_of(seed, name, values[name]) for name in names]
        return proof_file(self.files, index, self.entries[index], openings)


def story_log(roads: Iterable[Road], day: date) -> StoryLog:
    """Return the log with every decision of these roads, in their order.

    Args:
        roads: with their orders decided.
        day: on which everything is signed, a minute apart.
    """
    start = int(datetime.combine(day, time(), UTC).timestamp())
    keys = ((EXPORTER, STATEMENT), (RECEIPTS, LOG))
    entries = [
        sign_key(ISSUER, EXPORTER, start, ISSUER, key.public, possession(ISSUER, use, key), use)
        .content
        for key, use in keys
    ]  # fmt: skip
    legs = {}
    for road in roads:
        for leg in road.legs:
            legs[len(entries)] = (road, leg)
            moment = start + _MINUTE * len(entries)
            said = decision_statement(leg.record, _seed(leg), ISSUER, moment, EXPORTER)
            entries.append(said.content)
    witnesses = [AskedWitness(name) for name in NAMES]
    shown = []
    for size in (EARLIER, len(entries)):
        moment = start + _MINUTE * size
        files = published(entries[:size], [LOG_SIGNER], moment)
        for witness in witnesses:
            files = witness.cosign(files, moment)
        shown.append(files)
    return StoryLog(tuple(entries), legs, shown[1], shown[0], moment)


def _seed(leg: Leg) -> bytes:
    return for_show(f"seed, {leg.example}")


def proof_file(files: Files, index: int, entry: bytes, openings: Iterable[Any] = ()) -> bytes:
    """Return a proof file with a receipt for whatever root the tiles lead to.

    An honest log checks first that it is the root of its checkpoint; this one may be anybody.
    """
    size = files.checkpoint.size
    path = files.reader().inclusion_proof(index, size)
    root = root_from_inclusion_proof(index, size, leaf_hash(entry), path)
    receipt = issue_receipt(index, size, path, root, RECEIPTS, ORIGIN)
    return write_proof(attach_receipts(entry, [receipt]), files[CHECKPOINT], openings)


def trust_in(entries: Iterable[bytes]) -> Trust:
    """Return the trust file that follows from a log: its key, both witnesses, keys of issuers."""
    history = KeyHistory()
    for index, entry in enumerate(entries):
        statement = read_statement(entry)
        if statement.type in (KEY, REVOKED):
            history.add(index, statement)
    lines = [f"log {verifier_key(LOG_SIGNER.verifier)}"]
    lines += [f"witness {name} {verifier_key(COSIGNERS[name].verifier)}" for name in NAMES]
    lines += [f"group both all {' '.join(NAMES)}", "quorum both", ""]
    return read_trust(trust_text("\n".join(lines), history))
