"""Types of the law: provisions, parameters, country groups, citations.

Every dated thing has two times: the days on which it holds, and the day on
which it became known. What was published after `known_on` does not exist yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from chipwarden.expressions.nodes import Node
from chipwarden.model.values import Confidence


class Step(StrEnum):
    """Where a provision stands in a determination."""

    JURISDICTION = "jurisdiction"
    CLASSIFICATION = "classification"
    REQUIREMENT = "requirement"
    EXCEPTION = "exception"
    REVIEW = "review"
    VERDICT = "verdict"
    RED_FLAG = "red_flag"
    OBLIGATION = "obligation"
    WARNING = "warning"
    INFORMATION = "information"


class Instrument(StrEnum):
    """What kind of text it is; proposals, bills and press reports are never applied as US law."""

    REGULATION = "regulation"
    LETTER = "letter"
    GUIDANCE = "guidance"
    PRACTICE = "practice"
    PROPOSAL = "proposal"
    BILL = "bill"
    PRESS = "press"
    HOUSE = "house"


class ReviewPolicy(StrEnum):
    """How license applications are reviewed, mildest first."""

    PRESUMPTION_OF_APPROVAL = "presumption_of_approval"
    CASE_BY_CASE = "case_by_case"
    PRESUMPTION_OF_DENIAL = "presumption_of_denial"
    POLICY_OF_DENIAL = "policy_of_denial"

    @property
    def rank(self) -> int:
        """0 for the mildest, 3 for the strictest."""
        return list(ReviewPolicy).index(self)


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that provisions and parameters refer to."""

    key: str
    title: str
    publisher: str
    number: str
    published: date
    seen: str


@dataclass(frozen=True, slots=True)
class Dates:
    """When a thing holds and when that became known.

    Attributes:
        in_force: first day; None: since before the start of coverage.
        until: last day; None: still in force.
        published: day on which it became known.
        until_published: day on which its end became known.
        compliance_due: day from which it must be complied with, where later than in_force.
        enforced_until: last day of enforcement, where waived later.
        enforced_until_published: day on which the waiver became known.
    """

    published: date
    in_force: date | None = None
    until: date | None = None
    until_published: date | None = None
    compliance_due: date | None = None
    enforced_until: date | None = None
    enforced_until_published: date | None = None

    def first_day(self, as_written: bool) -> date:
        """Return the first day on which it is applied in this mode."""
        start = self.in_force or date.min
        if not as_written and self.compliance_due:
            return max(start, self.compliance_due)
        return start

    def hold(self, as_of: date, known_on: date, as_written: bool) -> bool:
        """Return whether it is applied on `as_of`, as far as was known on `known_on`."""
        if self.published > known_on or as_of < self.first_day(as_written):
            return False
        if self.until and as_of > self.until:
            return (self.until_published or self.published) > known_on
        if not as_written and self.enforced_until and as_of > self.enforced_until:
            return (self.enforced_until_published or self.published) > known_on
        return True


@dataclass(frozen=True, slots=True)
class Provision:
    """One dated clause with its effect.

    Attributes:
        id: stable key, cited by decisions.
        facts: ids of the fact base that it builds.
        when: the condition; None for information.
        when_text: the condition as written.
        kinds: kinds of transfer that it speaks of.
        outcome: of a requirement or verdict, an outcome word.
        review: policy of a requirement that has no ladder of its own.
        review_of_entry: the policy is that of the party's list entry.
        review_of_owners: the policy is that of the most restrictive owner's list entry.
        regardless: applies whether or not the item is subject to the EAR.
        knowledge: only a known "yes" counts; unknown is a question, not a doubt.
        rank: place in a ladder, lowest first.
        eccn, eccn_of_system: of a classification.
        residual: the rung below the controlled paragraphs.
        presumes_datacenter: the item counts as designed or marketed for data centres.
        exception, lifts, ready_when: of an exception.
        of, policy: of a review clause.
        question, answer, resolved_by, counts_unknown: of a red flag: what is asked; the fact that
            answers it, a no takes the flag down; the fact that says that it is resolved, a yes
            takes it down; whether an unknown counts as open.
        text: of an obligation, warning or information.
        obligation, warning: what follows where the clause is used.
        origin: file that it was read from.
    """

    id: str
    title: str
    regime: str
    step: Step
    instrument: Instrument
    dates: Dates
    reference: str
    confidence: Confidence
    last_checked: date
    facts: tuple[str, ...] = ()
    when: Node | None = None
    when_text: str = ""
    paragraph: str = ""
    kinds: tuple[str, ...] = ()
    outcome: str = ""
    review: ReviewPolicy | None = None
    review_of_entry: bool = False
    review_of_owners: bool = False
    regardless: bool = False
    knowledge: bool = False
    rank: int = 0
    eccn: str = ""
    eccn_of_system: str = ""
    residual: bool = False
    presumes_datacenter: bool = False
    exception: str = ""
    lifts: tuple[str, ...] = ()
    ready_when: Node | None = None
    of: tuple[str, ...] = ()
    policy: ReviewPolicy | None = None
    question: str = ""
    answer: str = ""
    resolved_by: str = ""
    counts_unknown: bool = False
    text: str = ""
    obligation: str = ""
    warning: str = ""
    note: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """One value of a parameter from one day on."""

    value: Decimal | bool | date | str
    in_force: date
    published: date
    reference: str
    confidence: Confidence
    note: str = ""


@dataclass(frozen=True, slots=True)
class LawParameter:
    """A dated value of the law."""

    name: str
    description: str
    unit: str
    values: tuple[ParameterValue, ...]
    note: str = ""

    def at(self, as_of: date, known_on: date) -> ParameterValue | None:
        """Return the value in force, None where none is yet or none was known."""
        known = [v for v in self.values if v.published <= known_on and v.in_force <= as_of]
        return max(known, key=lambda v: (v.in_force, v.published), default=None)


@dataclass(frozen=True, slots=True)
class Membership:
    """A country's membership in a group over a period; `certain` False: not known."""

    country: str
    dates: Dates
    certain: bool = True
    reference: str = ""
    confidence: Confidence = Confidence.HIGH
    note: str = ""


@dataclass(frozen=True, slots=True)
class CountryGroup:
    """A dated set of countries: its own members and those of other groups, without some.

    Attributes:
        union: groups whose members belong to it, each from its own first day here.
        minus: groups whose members do not belong to it.
    """

    name: str
    description: str
    reference: str
    confidence: Confidence
    members: tuple[Membership, ...] = ()
    union: tuple[tuple[str, Dates], ...] = ()
    minus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Regime:
    """Another regime: whether it is touched, and its answer where no clause holds."""

    code: str
    name: str
    subject_when: Node
    fallback: str
    note: str
    first_day: date | None = None


@dataclass(frozen=True, slots=True)
class NamedCompany:
    """A company that a rule or letter names, under all the names it is known by.

    Attributes:
        is_addressee: whether letters were sent to it; its subsidiaries may be bound as well.
    """

    key: str
    names: tuple[str, ...]
    reference: str
    confidence: Confidence
    is_addressee: bool = False


CitationTable = Mapping[str, Citation]
