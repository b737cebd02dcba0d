r"""Signed notes: a text, and the signatures under it.

    note = sign("example.com/log\n5\nn8X…=\n", [signer], time)
    note_bytes(note)                                   # the file
    verified(parse_note(content), [verifier])          # or InvalidSignature

A key is known by its name and an ID of four bytes; signatures of other keys are ignored. Keys
that sign and verify are in `note_keys`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from chipwarden.ledger.errors import InvalidNote, InvalidSignature
from chipwarden.ledger.plain_text import base64_bytes, base64_text

MOST_BYTES: Final = 1_000_000
MOST_SIGNATURES: Final = 100
KEY_ID_BYTES: Final = 4

_DASH = "—"
# Control characters other than newline, and halves of characters that UTF-8 cannot write.
_UNFIT = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Attributes:
        name: of the key; not empty, without spaces and plus signs.
        key_id: four bytes.
        signature: what the key's algorithm made, at least one byte.
    """

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.key_id) != KEY_ID_BYTES or not self.signature:
            raise InvalidNote(
                f"The signature of {self.name} has {len(self.key_id) + len(self.signature)} "
                "bytes; expected a key ID of 4 and a signature after it."
            )

    def line(self) -> str:
        """Return the line as it stands in a note, newline included."""
        return f"{_DASH} {self.name} {base64_text(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text and its signatures, of which none need be valid.

    Attributes:
        text: ends with a newline, which is signed too; no other control characters.
        signatures: 1 to 100.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        check_text(self.text)
        if not 1 <= len(self.signatures) <= MOST_SIGNATURES:
            raise InvalidNote(
                f"The note has {len(self.signatures)} signatures; expected 1 to {MOST_SIGNATURES}."
            )


class NoteSigner(Protocol):
    """Signs notes with one key."""

    @property
    def name(self) -> str:
        """Name of the key."""
        ...

    @property
    def key_id(self) -> bytes:
        """ID of the key, four bytes."""
        ...

    @property
    def verifier(self) -> "NoteVerifier":
        """What checks its signatures."""
        ...

    def sign_note(self, text: str, time: int) -> bytes:
        """Return the signature of a text, POSIX seconds being the time."""
        ...


class NoteVerifier(Protocol):
    """Verifies signatures of one key."""

    @property
    def name(self) -> str:
        """Name of the key."""
        ...

    @property
    def key_id(self) -> bytes:
        """ID of the key, four bytes."""
        ...

    def verify_note(self, text: str, signature: bytes) -> None:
        """Check a signature of a text.

        Raises:
            InvalidSignature: it is not this key's.
        """
        ...


def parse_note(content: bytes) -> SignedNote:
    """Read a note; its signatures are not verified.

    Args:
        content: the whole file, at most 1,000,000 bytes.

    Raises:
        InvalidNote: it is malformed, or has more than 100 signatures.

    Source:
        C2SP signed-note v1.0.0, Format.
    """
    if len(content) > MOST_BYTES:
        raise InvalidNote(f"The note has {len(content):,} bytes; expected at most {MOST_BYTES:,}.")
    try:
        whole = content.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise InvalidNote(f"Byte {wrong.start} of the note is not UTF-8.") from None
    text, blank, under = whole.rpartition("\n\n")
    if not blank or not under.endswith("\n"):
        raise InvalidNote(
            "The note does not end with an empty line and signature lines; it may be cut off."
        )
    # The text keeps its last newline. Other line ends, known to splitlines, are no line ends here.
    lines = under[:-1].split("\n", MOST_SIGNATURES)
    return SignedNote(text + "\n", tuple(map(_signature, lines)))


def note_bytes(note: SignedNote) -> bytes:
    """Return a note as a file; `parse_note` gives the same note again.

    Raises:
        InvalidNote: it is larger than 1,000,000 bytes.
    """
    lines = "".join(signature.line() for signature in note.signatures)
    content = f"{note.text}\n{lines}".encode()
    if len(content) > MOST_BYTES:
        raise InvalidNote(f"The note has {len(content):,} bytes; expected at most {MOST_BYTES:,}.")
    return content


def sign(text: str, signers: Sequence[NoteSigner], time: int) -> SignedNote:
    """Return a text signed by every signer, at least one; the time is in POSIX seconds.

    Raises:
        InvalidNote: the text cannot be a note's.
    """
    return SignedNote(
        text, tuple(NoteSignature(s.name, s.key_id, s.sign_note(text, time)) for s in signers)
    )


def add_signatures(note: SignedNote, more: Iterable[NoteSignature]) -> SignedNote:
    """Return a note with more signatures; the newer one of the same key stays, in its place."""
    by_key = {(one.name, one.key_id): one for one in (*note.signatures, *more)}
    return SignedNote(note.text, tuple(by_key.values()))


def known_signatures(
    note: SignedNote, verifiers: Iterable[NoteVerifier]
) -> tuple[tuple[NoteVerifier, NoteSignature], ...]:
    """Return the signatures of known keys, each with its verifier; there may be none.

    Raises:
        InvalidSignature: one of a known key is wrong, whatever the others are.
    """
    verifiers = tuple(verifiers)
    known = []
    for signature in note.signatures:
        of_key = (signature.name, signature.key_id)
        candidates = [one for one in verifiers if (one.name, one.key_id) == of_key]
        for verifier in candidates:
            verifier.verify_note(note.text, signature.signature)
            known.append((verifier, signature))
    return tuple(known)


def verified(note: SignedNote, verifiers: Iterable[NoteVerifier]) -> tuple[NoteSignature, ...]:
    """Return the signatures of known keys, at least one.

    Raises:
        InvalidSignature: one of a known key is wrong, or no key is known.

    Source:
        C2SP signed-note v1.0.0, Signatures.
    """
    verifiers = tuple(verifiers)
    known = known_signatures(note, verifiers)
    if not known:
        found = ", ".join(f"{one.name} (key {one.key_id.hex()})" for one in note.signatures)
        expected = ", ".join(f"{one.name} (key {one.key_id.hex()})" for one in verifiers)
        raise InvalidSignature(
            f"The note is signed by {found}; expected a signature of {expected or 'a known key'}."
        )
    return tuple(signature for _, signature in known)


def _signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    content = base64_bytes(parts[2]) if len(parts) == 3 and parts[0] == _DASH else None
    if content is None:
        raise InvalidNote(
            f"The signature line {line[:80]!r} is malformed; expected a dash, the name of the key "
            "and the signature in base64, with one space between them."
        )
    return NoteSignature(parts[1], content[:KEY_ID_BYTES], content[KEY_ID_BYTES:])


def check_text(text: str) -> None:
    """Check that a text can be a note's.

    Raises:
        InvalidNote: it holds control characters, or does not end with a newline.
    """
    unfit = _UNFIT.search(text)
    if unfit:
        raise InvalidNote(
            f"Character {unfit.start()} of the note's text is {unfit[0]!r}; expected no control "
            "characters but newline."
        )
    if not text.endswith("\n"):
        raise InvalidNote("The note's text does not end with a newline; it may be cut off.")


def check_name(name: str) -> None:
    """Check that a name can be a key's.

    Raises:
        InvalidNote: it is empty, or holds a space or a plus sign.
    """
    if not name or "+" in name or any(map(str.isspace, name)) or _UNFIT.search(name):
        raise InvalidNote(
            f"The key name {name!r} is malformed; expected one such as example.com/log, without "
            "spaces and plus signs."
        )
