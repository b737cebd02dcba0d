r"""Checkpoints: what a log says it holds, as a signed note.

    Checkpoint("example.com/log", 5, root).text()      # "example.com/log\n5\nn8X…=\n"
    open_checkpoint(content, [verifier], "example.com/log").checkpoint.size

Two checkpoints of one log that no consistency proof joins show that it told two stories.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chipwarden.ledger.errors import InvalidNote
from chipwarden.ledger.hashing import HASH_SIZE
from chipwarden.ledger.notes import NoteVerifier, SignedNote, check_text, parse_note, verified
from chipwarden.ledger.plain_text import LARGEST_SIZE, base64_bytes, base64_text, size_number


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size and root of a log.

    Attributes:
        origin: name of the log, not empty.
        size: number of entries, from 0 to 2**63 - 1.
        root: root of the tree over them, 32 bytes.
        extensions: further lines, none empty; nobody audits them.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= LARGEST_SIZE or len(self.root) != HASH_SIZE:
            raise InvalidNote(
                f"The checkpoint of {self.origin!r} has size {self.size} and a root of "
                f"{len(self.root)} bytes; expected 0 to 2**63 - 1 and {HASH_SIZE} bytes."
            )
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line:
                raise InvalidNote(
                    "The checkpoint has an origin or extension that is empty or goes over more "
                    "than one line; expected one line that is not empty for each."
                )
        check_text(self.text())

    def text(self) -> str:
        """Return the text that is signed."""
        lines = (self.origin, str(self.size), base64_text(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint in its note; at least one known key signed it.

    Attributes:
        checkpoint: what the note says.
        note: with all signatures, those of unknown keys too.
    """

    checkpoint: Checkpoint
    note: SignedNote


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note as a checkpoint.

    Raises:
        InvalidNote: it is none.

    Source:
        C2SP tlog-checkpoint v1.0.0, Note text.
    """
    *lines, after = text.split("\n")
    size = size_number(lines[1]) if len(lines) >= 3 else None
    root = base64_bytes(lines[2]) if len(lines) >= 3 else None
    if after or size is None or root is None:
        raise InvalidNote(
            f"Found {text[:120]!r}; expected a checkpoint: the name of the log, its size in "
            "decimal and its root in base64, each on a line of its own."
        )
    return Checkpoint(lines[0], size, root, tuple(lines[3:]))


def open_checkpoint(
    content: bytes, verifiers: Iterable[NoteVerifier], origin: str | None = None
) -> SignedCheckpoint:
    """Read a signed checkpoint and verify it.

    Args:
        content: the note, at most 1,000,000 bytes.
        verifiers: keys of which one at least must have signed; those of the log, to be sure
            that the log did.
        origin: name of the log, None for any.

    Raises:
        InvalidNote: it is malformed, or of another log.
        InvalidSignature: a signature of these keys is wrong, or there is none.
    """
    note = parse_note(content)
    checkpoint = read_checkpoint(note.text)
    verified(note, verifiers)
    if origin is not None and checkpoint.origin != origin:
        raise InvalidNote(
            f"The checkpoint is of the log {checkpoint.origin!r}; expected {origin!r}."
        )
    return SignedCheckpoint(checkpoint, note)
