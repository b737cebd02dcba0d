"""What the story is told from: results gathered by the app, and the words of story.toml.

Everything here is a value; `story.py` turns it into a page and decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.model.values import Confidence
from chipwarden.reports.story_proof_facts import ProofChapter
from chipwarden.rules.provisions import Citation, Provision


def tone_of_eccn(eccn: str) -> str:
    """Return which colour a controlled paragraph has: .a, .b, or the one of 2022 without letter."""
    return {"a": "upper", "b": "lower"}.get(eccn.partition(".")[2], "early")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a chip with its source; `value` None: unknown, `least`: at least so much."""

    value: Decimal | None
    confidence: Confidence | None
    said: str
    least: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a chip was over some days.

    Attributes:
        first: first day.
        last: last day; that of the data where it goes on.
        word: what is shown, such as "3A090.a".
        tone: which colour it has, a word of the style sheet.
        clauses: the provisions that made it so.
    """

    first: date
    last: date
    word: str
    tone: str
    clauses: tuple[Provision, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownChip:
    """One chip of the story.

    Attributes:
        focus: whether it is one of the chips that the chapter is about.
        measures: by fact name, such as "item.tpp".
        paragraphs: what it was classified as, from the first day of coverage on.
        licenses: what a license for China, or the use of it, came to.
        asked: what `licenses` answers, in words.
    """

    id: str
    label: str
    name: str
    says: str
    focus: bool
    released: date | None
    measures: Mapping[str, Measure] = field(hash=False)
    paragraphs: tuple[Stretch, ...]
    licenses: tuple[Stretch, ...]
    asked: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value at which the answer changes along one axis."""

    value: Decimal
    unit: str
    description: str
    reference: str
    in_force: date
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in which a clause holds; None is an open end."""

    clause: Provision
    name: str
    left: Decimal | None
    right: Decimal | None
    bottom: Decimal | None
    top: Decimal | None


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane of two figures with the lines that clauses draw through it; upwards is TPP."""

    key: str
    title: str
    says: str
    day: date
    x: str
    x_label: str
    log: bool
    unknown: str
    x_thresholds: tuple[Threshold, ...]
    y_thresholds: tuple[Threshold, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """A provision that begins or ends on a day; `marks`: a chip's answer changed with it."""

    day: date
    ends: bool
    clause: Provision
    marks: bool


@dataclass(frozen=True, slots=True)
class ChipChapter:
    """Everything that the chapter on the chip shows."""

    chips: tuple[ShownChip, ...]
    planes: tuple[Plane, ...]
    events: tuple[RuleEvent, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Leg:
    """One order of a road and the record of its decision.

    Attributes:
        classified: the clauses that its chips were classified by.
        not_met: the requirements that were looked at and do not apply.
    """

    example: str
    caption: str
    says: str
    classified: tuple[Provision, ...]
    not_met: tuple[Provision, ...]
    record: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Case:
    """What was reported elsewhere; `status` says how far it was proved."""

    title: str
    announced: str
    status: str
    says: str
    sources: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Road:
    """One way to bring the chips where they may not be; `counted`: its text holds figures."""

    key: str
    title: str
    short: str
    how: str
    counted: bool
    legs: tuple[Leg, ...]
    cannot: tuple[str, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Unverified:
    """Something that the data hold and nobody could check."""

    what: str
    confidence: Confidence
    where: str


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """All that the page is made from.

    Attributes:
        words: story.toml.
        known_to: the day to which the law was brought up.
        digests: of the data, by name.
        counts: how many provisions, chips and listed parties there are, by name.
    """

    words: Mapping[str, Any] = field(hash=False)
    known_to: date
    covered_from: date
    evaluator: str
    digests: Mapping[str, str] = field(hash=False)
    counts: Mapping[str, int] = field(hash=False)
    unverified: tuple[Unverified, ...]
    citations: Mapping[str, Citation] = field(hash=False)
    lead_case: Case
    chip: ChipChapter
    roads: tuple[Road, ...]
    proof: ProofChapter
