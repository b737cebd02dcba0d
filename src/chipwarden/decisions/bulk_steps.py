"""The steps of `determine`, as terms of a sheet.

A truth is written for "the outcome is at least this strict": where it is TRUE
the floor is, where it is not FALSE the ceiling is. What is strictest together,
or common to several possible paragraphs, is then AND and OR.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from chipwarden.decisions.bulk_columns import Columns
from chipwarden.decisions.bulk_conditions import Conditions
from chipwarden.decisions.bulk_epochs import Epochs
from chipwarden.decisions.bulk_review import RANKS, Review
from chipwarden.decisions.bulk_terms import (
    FALSE,
    NO,
    TRUE,
    Sheet,
    Term,
    Truth,
)
from chipwarden.decisions.outcomes import Strictness
from chipwarden.expressions.nodes import Flag
from chipwarden.model.values import Value
from chipwarden.rules.provisions import Provision, Step

LEVELS = tuple(Strictness)[1:]
_UNCLASSIFIED: Mapping[str, Value | None] = {
    "item.paragraph": None,
    "item.presumed_datacenter": None,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One paragraph that a row's item may meet, and by which kind of rung.

    Attributes:
        possible: of a row's candidates of one paragraph only the first is.
    """

    paragraph: str
    eccn: str
    presumed: bool
    possible: Term

    @property
    def known(self) -> Mapping[str, Value | None]:
        """The facts that follow from it."""
        return {"item.paragraph": self.paragraph, "item.presumed_datacenter": self.presumed}


@dataclass(frozen=True, slots=True)
class Found:
    """What one candidate comes to.

    Attributes:
        at_least: by level of strictness, whether the outcome is at least that strict.
        policy_at_least: by rank, whether the leading review policy is at least that strict.
        applies: by id of the requirement.
        relied: by id of the exception, whether it is relied on.
    """

    candidate: Candidate
    at_least: Mapping[Strictness, Truth]
    policy_at_least: Mapping[int, Truth]
    applies: Mapping[str, Truth]
    relied: Mapping[str, Term]


@dataclass(frozen=True, slots=True)
class _Band:
    """Requirements alike in effect, and what each of them says."""

    clause: Provision
    prohibits: bool
    lifted: Truth
    saved: Term
    policy: tuple[Truth, ...]
    said: list[Truth] = field(default_factory=list)


class Steps:
    """The steps over one sheet."""

    def __init__(self, epochs: Epochs, columns: Columns) -> None:
        self.sheet = Sheet()
        self.epochs = epochs
        self.columns = columns
        self.conditions = Conditions(self.sheet, epochs, columns)
        self.review = Review(self.conditions)

    # ------------------------------------------------------------ (1) classification

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """The paragraphs of the ladder, of which at least one is possible in each row.

        Raises:
            ValueError: in some epoch the ladder has no last rung.
        """
        sheet = self.sheet
        ladder = self.epochs.step(Step.CLASSIFICATION)
        last = [self.epochs.in_force(c) for c in ladder if c.residual and c.when == Flag(True)]
        if frozenset[int]().union(*last) != self.epochs.every:
            raise ValueError("the classification ladder has no last rung that always holds")
        reached, residual = TRUE, FALSE
        by_paragraph: dict[tuple[str, bool], list[Term]] = {}
        possible: dict[tuple[str, str, bool], list[Term]] = {}
        for clause in ladder:
            truth = self.conditions.clause(clause, _UNCLASSIFIED)
            asked = sheet.no(residual) if clause.residual else TRUE
            may_be = sheet.both([reached, asked, truth.possible])
            reached = sheet.both([reached, sheet.no(sheet.both([asked, truth.certain]))])
            if clause.residual:
                residual = sheet.any([residual, may_be])
            paragraph = "none" if clause.residual else clause.eccn
            earlier = by_paragraph.setdefault((paragraph, clause.presumes_datacenter), [])
            first = sheet.both([may_be, sheet.no(sheet.any(earlier))])
            earlier.append(may_be)
            key = (paragraph, clause.eccn, clause.presumes_datacenter)
            possible.setdefault(key, []).append(first)
        return tuple(Candidate(*key, sheet.any(terms)) for key, terms in possible.items())

    # ------------------------------------------------------------ (2) to (5)

    def determine(self, candidate: Candidate) -> Found:
        """Return what one candidate comes to."""
        sheet, known = self.sheet, candidate.known
        # (2) Is the item subject to the EAR?
        subject = sheet.any_of(
            self.conditions.clause(clause, known) for clause in self.epochs.step(Step.JURISDICTION)
        )
        # (3) Requirements and what lifts them.
        said: dict[str, Truth] = {}
        applies: dict[str, Truth] = {}
        for clause in self.epochs.step(Step.REQUIREMENT):
            truth = self.conditions.clause(clause, known)
            if clause.knowledge:
                truth = Truth(truth.certain, truth.certain)
            said[clause.id] = truth
            applies[clause.id] = self._subject(clause, said[clause.id], subject)
        lifting: dict[str, list[tuple[Provision, Truth]]] = {key: [] for key in applies}
        relied: dict[str, Term] = {}
        for clause in self.epochs.step(Step.EXCEPTION):
            available = self._available(clause, known)
            lifts = [key for key in clause.lifts if key in applies]
            for key in lifts:
                lifting[key].append((clause, available))
            may_apply = sheet.any(applies[key].possible for key in lifts)
            relied[clause.id] = sheet.both([available.certain, may_apply])
        # (4) and (5) Outcome and review policy.
        bands = self._bands(said, lifting, known)
        return self._levels(candidate, subject, bands, applies, relied)

    def _subject(self, clause: Provision, said: Truth, subject: Truth) -> Truth:
        return said if clause.regardless else self.sheet.all_of([said, subject])

    def _available(self, clause: Provision, known: Mapping[str, Value | None]) -> Truth:
        available = self.conditions.clause(clause, known)
        if clause.ready_when is None:
            return available
        # BIS answered that a license is needed: not available. Any other answer leaves it open.
        ready = self.conditions.clause(clause, known, ready=True).possible
        return self.sheet.all_of([available, Truth(ready, ready)])

    def _bands(
        self,
        said: Mapping[str, Truth],
        lifting: Mapping[str, list[tuple[Provision, Truth]]],
        known: Mapping[str, Value | None],
    ) -> list["_Band"]:
        """Return the requirements, those together that differ in nothing but their condition."""
        sheet = self.sheet
        bands: dict[object, _Band] = {}
        for clause in self.epochs.step(Step.REQUIREMENT):
            uses = lifting[clause.id]
            band = _Band(
                clause=clause,
                prohibits=clause.outcome == Strictness.PROHIBITED.word,
                lifted=sheet.any_of(available for _, available in uses),
                saved=sheet.any(
                    available.certain for use, available in uses if not use.exception
                ),
                policy=tuple(self.review.policy(clause, known)),
            )
            key = (clause.regardless, band.prohibits, band.lifted, band.saved, band.policy)
            bands.setdefault(key, band).said.append(said[clause.id])
        return list(bands.values())

    def _levels(
        self,
        candidate: Candidate,
        subject: Truth,
        bands: list["_Band"],
        applies: Mapping[str, Truth],
        relied: Mapping[str, Term],
    ) -> Found:
        sheet = self.sheet
        by_level: dict[Strictness, list[Truth]] = {level: [] for level in LEVELS}
        by_level[Strictness.NO_LICENSE_REQUIRED].append(subject)
        by_rank: dict[int, list[Truth]] = {rank: [] for rank in RANKS}
        for band in bands:
            here = self._subject(band.clause, sheet.any_of(band.said), subject)
            stands = sheet.all_of([here, sheet.negation(band.lifted)])
            if band.lifted != NO:
                # A savings clause leaves no license requirement, else it is an exception.
                unsaved = sheet.negation(Truth(band.saved, band.saved))
                by_level[Strictness.LICENSE_EXCEPTION].append(sheet.all_of([here, unsaved]))
                by_level[Strictness.NO_LICENSE_REQUIRED].append(here)
            if band.prohibits:
                by_level[Strictness.PROHIBITED].append(stands)
                continue
            by_level[Strictness.LICENSE_REQUIRED].append(stands)
            for rank in RANKS:
                by_rank[rank].append(sheet.all_of([stands, band.policy[rank]]))
        at_least: dict[Strictness, Truth] = {}
        stricter = NO
        for level in reversed(LEVELS):
            stricter = at_least[level] = sheet.any_of([stricter, sheet.any_of(by_level[level])])
        policies = {rank: sheet.any_of(terms) for rank, terms in by_rank.items()}
        return Found(candidate, at_least, policies, applies, relied)
