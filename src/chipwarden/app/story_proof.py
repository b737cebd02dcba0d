"""The chapter on the proof: a log of the story's decisions, one proof of it, and every change.

Each byte of the proof file is changed in turn and the file verified; nothing is left out and
nothing is answered from memory.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Final

from chipwarden.app.story_attacks import attacks, hands, untouched
from chipwarden.app.story_keys import ORIGIN
from chipwarden.app.story_log import StoryLog, story_log, trust_in
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.proof_files import FailedProof, VerifiedProof, read_proof, verify_proof
from chipwarden.ledger.sequencer import subtree_root
from chipwarden.ledger.statements import read_statement
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.trust import Trust
from chipwarden.reports.story_facts import Road
from chipwarden.reports.story_proof_facts import (
    FilePart,
    Held,
    Leaf,
    Node,
    ProofChapter,
    Refused,
)

# The lowest bit of a byte: most letters become another letter of the same alphabet.
_FLIP: Final = 1
_SHOWN: Final = 34
_END: Final = 12


def proof_chapter(roads: Iterable[Road], day: date, words: Mapping[str, Any]) -> ProofChapter:
    """Return everything that the chapter shows.

    Args:
        roads: with their orders decided.
        day: on which the example log is signed.
        words: its part of story.toml.
    """
    log = story_log(roads, day)
    index = next(at for at, (_, leg) in log.legs.items() if leg.example == words["entry"])
    content, trust = log.proof(index, words["opened"]), trust_in(log.entries)
    answers = [_answer(changed, trust) for changed in changes(content)]
    return ProofChapter(
        leaves=tuple(_leaf(log, at, words) for at in range(len(log.entries))),
        nodes=tuple(_nodes(log, index)),
        held=_held(verify_proof(read_proof(content), trust)),
        file=tuple(_parts(content, answers, words)),
        refused=tuple(_counts(content, answers)),
        accepted=tuple(at for at, answer in enumerate(answers) if answer is None),
        untouched=untouched(log, index, words),
        attacks=attacks(log, index, words),
        hands=hands(log, index, words),
    )


# ------------------------------------------------------------ the tree


def _leaf(log: StoryLog, index: int, words: Mapping[str, Any]) -> Leaf:
    content = log.entries[index]
    found = leaf_hash(content).hex()
    if index not in log.legs:
        use = read_statement(content).public["use"]
        return Leaf(index, "", words["keys"][use], None, found)
    road, leg = log.legs[index]
    return Leaf(index, road.short, leg.caption, leg.record["disposition"], found)


def _nodes(log: StoryLog, index: int) -> Iterator[Node]:
    """Yield every node of the tree, the root first."""
    reader = log.files.reader()
    signed = reader.checkpoint()
    assert signed is not None
    proof = reader.checked_inclusion_proof(index, signed)
    hashes = [leaf_hash(entry) for entry in log.entries]
    ahead = [(0, len(hashes))]
    while ahead:
        start, end = ahead.pop()
        width = end - start
        found = subtree_root(hashes[start:end])
        is_above = start <= index < end
        role = "path" if is_above else "proof" if found in proof else ""
        yield Node(start, end, (width - 1).bit_length(), found.hex(), role)
        if width > 1:
            # RFC 6962: the left part has the largest power of two that leaves something.
            middle = start + (1 << (width - 1).bit_length() - 1)
            ahead += [(middle, end), (start, middle)]


# ------------------------------------------------------------ one proof, and every byte of it


def changes(content: bytes, flip: int = _FLIP) -> Iterator[bytes]:
    """Yield the content with one byte changed, for each byte in turn."""
    changed = bytearray(content)
    for at in range(len(content)):
        changed[at] ^= flip
        yield bytes(changed)
        changed[at] ^= flip


def _answer(content: bytes, trust: Trust) -> FailedProof | None:
    try:
        verify_proof(read_proof(content), trust)
    except FailedProof as refused:
        return refused
    return None


def part_of(refused: FailedProof | None) -> str:
    """Return the part of the check that refused, "" where none did; openings are one part."""
    return refused.part.partition(" ")[0] if refused else ""


def _held(proof: VerifiedProof) -> Held:
    checkpoint = proof.checkpoint.checkpoint
    return Held(
        index=proof.index,
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        issuer=proof.statement.issuer,
        cosigned={
            name: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
            for name, at in proof.checkpoint.cosigned_at.items()
        },
        opened={name: str(json.loads(value)) for name, value in proof.opened.items()},
    )


def _counts(content: bytes, answers: Sequence[FailedProof | None]) -> Iterator[Refused]:
    """Yield how many changes each part refused, most first, with what it said most often."""
    said: dict[str, Counter[str]] = {}
    for answer in answers:
        if answer is not None:
            said.setdefault(part_of(answer), Counter())[str(answer)] += 1
    words = [str(answer) for answer in answers]
    for part in sorted(said, key=lambda name: -said[name].total()):
        says = said[part].most_common(1)[0][0]
        at = words.index(says)
        was, became = (chr(byte) for byte in (content[at], content[at] ^ _FLIP))
        yield Refused(part, said[part].total(), at, was, became, says)


def _parts(
    content: bytes, answers: Sequence[FailedProof | None], words: Mapping[str, Any]
) -> Iterator[FilePart]:
    """Yield the proof file line by line; of the checkpoint the text is one part."""
    refused_by = [part_of(answer) for answer in answers]
    starts = list(_starts(content))
    names = [name for name, _ in starts]
    assert len(names) == len(set(names))
    for (name, start), (_, end) in pairwise([*starts, ("", len(content))]):
        lines = filter(None, content[start:end].decode("utf-8").split("\n"))
        word, _, detail = name.partition(" ")
        shown = words["parts"][word].replace("{name}", detail)
        yield FilePart(shown, start, tuple(map(_shortened, lines)), tuple(refused_by[start:end]))


def _starts(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield what stands where in a proof file, by the name of its words."""
    proof = read_proof(content)
    at = 0
    lines = content.removesuffix(b"\n\n" + proof.checkpoint).split(b"\n")
    names = ["file", "statement", *(f"open {opening.name}" for opening in proof.openings)]
    for name, line in zip(names, lines, strict=True):
        yield name, at
        at += len(line) + 1
    yield CHECKPOINT, at
    # Signature lines follow the last empty line.
    at = content.rindex(b"\n\n") + 2
    for line in content[at:].splitlines(keepends=True):
        signer = line.split(b" ")[1].decode("utf-8")
        yield ("log" if signer == ORIGIN else f"witness {signer.rpartition('/')[2]}"), at
        at += len(line)


def _shortened(line: str) -> str:
    if len(line) <= _SHOWN + _END + 8:
        return line
    return f"{line[:_SHOWN]} … {line[-_END:]}"
