"""The words of the catalog's data: kinds of figures, bit lengths, nodes, links, sources.

All of it is read from data files; this module only says what they hold.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chipwarden.model.values import Confidence

_NODE_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*nm\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from.

    Attributes:
        key: the name by which figures refer to it.
        date: as precise as it is known, such as "2026-07-19" or "2024"; "" where unknown.
        covers: what was taken from it.
    """

    key: str
    title: str
    publisher: str
    date: str
    licence: str
    covers: str


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A kind of figure: its name in the data, its label, its unit.

    Attributes:
        may_be_zero: whether 0 says something; otherwise 0 is refused, as unknown is left out.
    """

    name: str
    label: str
    unit: str
    may_be_zero: bool


@dataclass(frozen=True, slots=True)
class Precision:
    """A number format of which a chip may have a dense rate.

    Attributes:
        rate: name of the figure that holds the rate.
        bits: length of an operand, None where it is an open question.
        possible_bits: the lengths under discussion where it is open.
    """

    rate: str
    label: str
    unit: str
    bits: Decimal | None
    possible_bits: tuple[Decimal, ...]

    @property
    def tells_the_peak(self) -> bool:
        """Whether it is one of 8 or 16 bits, in which every matrix engine has its peak."""
        return self.bits is not None and Decimal(8) <= self.bits <= Decimal(16)


@dataclass(frozen=True, slots=True)
class Process:
    """A manufacturing node.

    Attributes:
        nm: the number in the node's name, of the finest where a package mixes nodes.
        non_planar: whether its transistors are FinFET or gate-all-around; None where unknown.
        rule: whether that follows from the general rule and not from an entry for this node.
    """

    name: str
    nm: Decimal | None
    non_planar: bool | None
    sources: tuple[str, ...]
    confidence: Confidence
    note: str = ""
    rule: bool = False


@dataclass(frozen=True, slots=True)
class NodeRule:
    """What a node's name alone tells: at or below this number transistors are not planar.

    Attributes:
        planar_words: words in a node's name that tell planar transistors at any number.
    """

    largest_non_planar_nm: Decimal
    planar_words: tuple[str, ...]
    sources: tuple[str, ...]
    confidence: Confidence
    note: str


@dataclass(frozen=True, slots=True)
class HostLink:
    """A link to the host and its aggregate bidirectional rate in GB/s."""

    name: str
    gb_s: Decimal
    sources: tuple[str, ...]
    confidence: Confidence
    note: str = ""


@dataclass(frozen=True, slots=True)
class NameWords:
    """Words that say nothing about which chip is meant.

    Attributes:
        dropped: vendors, brands and words such as "GPU", in normal form.
        spellings: other ways to write a part of a name, such as "昇腾" for "ascend".
    """

    dropped: frozenset[str]
    spellings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All of the words.

    Attributes:
        as_of: the day to which the data were brought up.
        tpp_reference: key of the source that defines total processing performance.
        density_reference: key of the source that defines performance density.
        memory_density_reference: key of the source that defines memory bandwidth density.
        io_reference: key of the source that says which inputs and outputs count.
    """

    as_of: date
    sources: Mapping[str, Source]
    figures: Mapping[str, FigureKind]
    precisions: tuple[Precision, ...]
    processes: Mapping[str, Process]
    node_rule: NodeRule
    host_links: Mapping[str, HostLink]
    name_words: NameWords
    tpp_reference: str
    density_reference: str
    memory_density_reference: str
    io_reference: str

    def process_of(self, name: str) -> Process:
        """Return the node of this name, from its own entry or by the general rule."""
        known = self.processes.get(name)
        if known is not None:
            return known
        rule = self.node_rule
        numbers = [Decimal(text) for text in _NODE_NUMBER.findall(name)]
        is_planar = any(word.casefold() in name.casefold() for word in rule.planar_words)
        non_planar: bool | None
        if is_planar:
            non_planar = False
        elif not numbers:
            non_planar = None
        else:
            # A package that mixes nodes on both sides of the line has an area
            # of which an unknown part counts.
            sides = {number <= rule.largest_non_planar_nm for number in numbers}
            non_planar = sides.pop() if len(sides) == 1 else None
        return Process(
            name=name,
            nm=min(numbers) if numbers else None,
            non_planar=non_planar,
            sources=rule.sources,
            confidence=rule.confidence,
            note=rule.note,
            rule=True,
        )
