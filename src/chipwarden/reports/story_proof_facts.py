"""What the chapter on the proof is told from: results of the ledger, all found by trying."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the log.

    Attributes:
        index: its place, counted from 0.
        road: short name of its road; "" where it is no decision.
        label: what it is.
        disposition: what was decided, None where it is no decision.
        hash: of the leaf, 64 hexadecimal digits.
    """

    index: int
    road: str
    label: str
    disposition: str | None
    hash: str


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the tree over entries `start` to before `end`.

    Attributes:
        height: longest way down to a leaf; 0 for a leaf.
        hash: 64 hexadecimal digits.
        role: "path" from the shown entry to the root, "proof" for a hash that the proof holds,
            else "".
    """

    start: int
    end: int
    height: int
    hash: str
    role: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """A stretch of the proof file.

    Attributes:
        name: what it is, in words.
        start: place of its first byte.
        lines: what stands there, without empty lines and the middle of long ones.
        refused_by: for each of its bytes the part of the check that refused the change of
            that byte; "" where the change was accepted.
    """

    name: str
    start: int
    lines: tuple[str, ...]
    refused_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """How many changes a part of the check refused, with what it said most often.

    Attributes:
        part: "file", "checkpoint", "receipt", "statement" or "opening".
        count: changed bytes.
        at: place of the first byte of which it said so, counted from 0.
        was: the character that stood there.
        became: the one that it was changed to.
        says: what the verifier said.
    """

    part: str
    count: int
    at: int
    was: str
    became: str
    says: str


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody said who looked at a log; `says` None: saw nothing wrong."""

    who: str
    says: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that was tried, and what came of it.

    Attributes:
        key: its name in story.toml.
        title: what was tried, in a few words.
        how: what was done.
        sayings: of all who were asked.
    """

    key: str
    title: str
    how: str
    sayings: tuple[Saying, ...]

    @property
    def noticed(self) -> bool:
        """Whether anybody saw it."""
        return any(saying.says is not None for saying in self.sayings)


@dataclass(frozen=True, slots=True)
class Held:
    """What the unchanged proof proved.

    Attributes:
        index: of the entry.
        size: of the log.
        root: of its tree, 64 hexadecimal digits.
        issuer: who said it.
        cosigned: witnesses and when, as in "2026-11-21 00:15 UTC".
        opened: the values that were shown, by name.
    """

    index: int
    size: int
    root: str
    issuer: str
    cosigned: Mapping[str, str] = field(hash=False)
    opened: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class ProofChapter:
    """Everything that the chapter shows.

    Attributes:
        leaves: the entries of the log.
        nodes: of the tree, leaves too, the root first.
        held: what the proof file proved before anything was changed.
        file: the proof file, in its parts.
        refused: counts of what refused the changes, by part.
        accepted: places of bytes whose change was accepted; there must be none.
        untouched: what everybody said of the log as it is.
        attacks: attempts on the whole log; somebody must notice each.
        hands: whose keys together can do what; here an attempt may succeed.
    """

    leaves: tuple[Leaf, ...]
    nodes: tuple[Node, ...]
    held: Held
    file: tuple[FilePart, ...]
    refused: tuple[Refused, ...]
    accepted: tuple[int, ...]
    untouched: Attempt
    attacks: tuple[Attempt, ...]
    hands: tuple[Attempt, ...]
