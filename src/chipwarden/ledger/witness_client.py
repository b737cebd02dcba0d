"""What a log sends to a witness, and how it reads the answer.

    body = add_checkpoint_request(old_size, proof, note)       # POST to URL/add-checkpoint
    read_cosignatures(answer, note, witness_key)               # status 200
    read_size(answer)                                          # status 409 with text/x.tlog.size

What is sent and by whom is for the caller; nothing here reaches the network.
"""

from collections.abc import Sequence

from chipwarden.ledger.errors import InvalidNote
from chipwarden.ledger.notes import (
    NoteSignature,
    NoteVerifier,
    SignedNote,
    note_bytes,
    parse_note,
    verified,
)
from chipwarden.ledger.plain_text import base64_text, size_number


def add_checkpoint_request(old_size: int, proof: Sequence[bytes], note: SignedNote) -> bytes:
    """Return the body of a request for a cosignature.

    Args:
        old_size: size of the checkpoint that the witness cosigned last, 0 for none.
        proof: consistency proof from there, empty from size 0.
        note: the checkpoint with the log's signature.

    Source:
        C2SP tlog-witness v1.0.0, add-checkpoint.
    """
    lines = [f"old {old_size}", *map(base64_text, proof), "", ""]
    return "\n".join(lines).encode("ascii") + note_bytes(note)


def read_cosignatures(
    answer: bytes, note: SignedNote, witness: NoteVerifier
) -> tuple[NoteSignature, ...]:
    """Return the cosignatures of a witness in its answer, at least one; others are left out.

    Args:
        answer: body of the response, signature lines.
        note: the checkpoint that was sent.
        witness: key of the witness.

    Raises:
        InvalidNote: the answer is something else.
        InvalidSignature: the witness's signature is wrong or missing.
    """
    # A note of the same text with the witness's lines under it is read as any note is.
    cosigned = parse_note(note.text.encode("utf-8") + b"\n" + answer)
    if cosigned.text != note.text:
        raise InvalidNote(f"{witness.name} answered with more than signature lines.")
    return verified(cosigned, [witness])


def read_size(answer: bytes) -> int:
    """Return the size that the witness knows, from an answer of type text/x.tlog.size.

    Raises:
        InvalidNote: the answer is something else.
    """
    size = None
    if answer.endswith(b"\n") and answer.isascii():
        size = size_number(answer.decode("ascii")[:-1])
    if size is None:
        raise InvalidNote(f"The witness answered {answer[:40]!r}; expected the size that it knows.")
    return size
