"""A witness: cosigns what a log shows only where it continues what the log showed before.

    witness = Witness(signer, {"log.example/one": (verifier,)})
    submission = witness.admit(body)                       # or the Answer that refuses it
    answer = witness.judge(submission, known, time)

`judge` decides on what the witness cosigned last. Whoever keeps that must keep `answer.state` in
the same transaction, before the answer leaves: else two requests at once could lead it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chipwarden.ledger.checkpoints import Checkpoint, read_checkpoint
from chipwarden.ledger.errors import InvalidNote, InvalidProof, InvalidSignature, LedgerError
from chipwarden.ledger.hashing import EMPTY_ROOT, HASH_SIZE
from chipwarden.ledger.note_keys import CosignatureSigner
from chipwarden.ledger.notes import NoteVerifier, SignedNote, note_bytes, parse_note, sign, verified
from chipwarden.ledger.plain_text import base64_bytes, size_number
from chipwarden.ledger.proofs import verify_consistency

# Room for a proof and for sixteen post-quantum signatures of 5 kB.
MOST_REQUEST_BYTES = 200_000
MOST_HASHES = 63
SIZE_TYPE = "text/x.tlog.size"

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class WitnessedSize:
    """What a witness cosigned last for a log.

    Attributes:
        size: number of entries.
        root: root of the tree.
        note: the checkpoint with the log's signature.
    """

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class WitnessResponse:
    """What a witness answers over HTTP."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two checkpoints that a log signed and that do not go together.

    Attributes:
        kind: "fork": two roots of one size, which convicts the log. "unproved": a larger
            checkpoint came without a proof that it continues the smaller; the log can clear
            itself by showing one.
        origin: of the log.
        known: the note that was cosigned.
        shown: the note that was not.
    """

    kind: Literal["fork", "unproved"]
    origin: str
    known: bytes
    shown: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a request.

    Attributes:
        response: what to send.
        state: what to keep first, None where nothing changed.
        evidence: what to keep for the log's auditors, None where there is none.
    """

    response: WitnessResponse
    state: WitnessedSize | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A request about a checkpoint that the log did sign.

    Attributes:
        old_size: from where the proof goes, at most the checkpoint's size.
        proof: at most 63 hashes of 32 bytes.
        checkpoint: what is to be cosigned.
        note: the checkpoint with the signatures of the log alone.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: SignedNote


class Witness:
    """Judges checkpoints of the logs that it knows, and cosigns them.

    Source:
        C2SP tlog-witness v1.0.0, add-checkpoint.
    """

    def __init__(
        self, signer: CosignatureSigner, logs: Mapping[str, tuple[NoteVerifier, ...]]
    ) -> None:
        """Take the key to cosign with, and by origin the keys of each log."""
        self.signer = signer
        self.logs = dict(logs)

    def respond(self, body: bytes, known: WitnessedSize | None, time: int) -> Answer:
        """Answer a request about a log of which `known` was cosigned last, None for nothing."""
        submission = self.admit(body)
        if isinstance(submission, Answer):
            return submission
        return self.judge(submission, known, time)

    def admit(self, body: bytes) -> Submission | Answer:
        """Read a request and check what needs no memory; return the answer if it is refused."""
        try:
            old_size, proof, note = _read(body)
            checkpoint = read_checkpoint(note.text)
        except InvalidNote as wrong:
            return _refuse(400, wrong)
        origin = checkpoint.origin
        if origin not in self.logs:
            return _refuse(404, f"This witness does not know the log {origin!r}.")
        try:
            known = verified(note, self.logs[origin])
        except InvalidSignature as wrong:
            return _refuse(403, wrong)
        if old_size > checkpoint.size:
            return _refuse(400, f"The old size {old_size} is above the size {checkpoint.size}.")
        return Submission(old_size, proof, checkpoint, SignedNote(note.text, known))

    def judge(self, submission: Submission, known: WitnessedSize | None, time: int) -> Answer:
        """Decide on a submission.

        Args:
            submission: what `admit` let pass.
            known: what was cosigned last for this log, None for nothing.
            time: of the cosignature, POSIX seconds.
        """
        new = submission.checkpoint
        size, root = (known.size, known.root) if known else (0, EMPTY_ROOT)
        is_fork = new.size == size and new.root != root
        evidence = self._evidence("fork", submission, known) if is_fork else None
        if submission.old_size != size:
            body = f"{size}\n".encode("ascii")
            return Answer(WitnessResponse(409, SIZE_TYPE, body), evidence=evidence)
        if is_fork:
            message = f"This witness knows another root of {new.origin!r} at size {size}."
            return Answer(_response(409, message), evidence=evidence)
        try:
            _check_growth(submission, size, root)
        except InvalidProof as wrong:
            evidence = self._evidence("unproved", submission, known)
            return Answer(_response(422, str(wrong)), evidence=evidence)
        cosigned = sign(new.text(), [self.signer], time)
        lines = "".join(signature.line() for signature in cosigned.signatures)
        response = WitnessResponse(200, _TEXT, lines.encode("utf-8"))
        return Answer(response, WitnessedSize(new.size, new.root, note_bytes(submission.note)))

    def _evidence(
        self, kind: Literal["fork", "unproved"], submission: Submission, known: WitnessedSize | None
    ) -> Evidence | None:
        if known is None or (known.size, known.root) == (
            submission.checkpoint.size,
            submission.checkpoint.root,
        ):
            return None
        origin = submission.checkpoint.origin
        return Evidence(kind, origin, known.note, note_bytes(submission.note))


def _check_growth(submission: Submission, size: int, root: bytes) -> None:
    """Check that the log only grew from the tree that is known; nothing is known at size 0."""
    new = submission.checkpoint
    if size:
        verify_consistency(size, new.size, root, new.root, submission.proof)
    elif submission.proof:
        raise InvalidProof("From size 0 the proof must be empty.", "too-long")


def _read(body: bytes) -> tuple[int, tuple[bytes, ...], SignedNote]:
    """Return old size, proof and note of a request."""
    if len(body) > MOST_REQUEST_BYTES:
        raise InvalidNote(
            f"The request has {len(body):,} bytes; expected at most {MOST_REQUEST_BYTES:,}."
        )
    head, blank, content = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise InvalidNote("The lines above the checkpoint are not ASCII.") from None
    word, _, number = first.partition(" ")
    old_size = size_number(number)
    if word != "old" or old_size is None or not blank:
        raise InvalidNote(
            "The request does not begin with the line 'old SIZE', the proof and an empty line."
        )
    proof = [hash_ for line in lines if (hash_ := base64_bytes(line)) and len(hash_) == HASH_SIZE]
    if len(proof) != len(lines) or len(lines) > MOST_HASHES:
        raise InvalidNote(
            f"The proof has {len(lines)} lines, {len(proof)} of them well-formed; expected at most "
            f"{MOST_HASHES}, each the base64 of {HASH_SIZE} bytes."
        )
    return old_size, tuple(proof), parse_note(content)


def _refuse(status: int, why: LedgerError | str) -> Answer:
    return Answer(_response(status, str(why)))


def _response(status: int, message: str) -> WitnessResponse:
    # One line, whatever a request made the message quote.
    line = " ".join(message.split())
    return WitnessResponse(status, _TEXT, f"{line}\n".encode("utf-8", "backslashreplace"))
