"""What a determination is made of: candidates, exceptions, requirements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chipwarden.decisions.outcomes import Bounds, PolicyBounds, Strictness
from chipwarden.model.outcome import Outcome, conjunction, negation
from chipwarden.model.reasons import Reason
from chipwarden.model.values import Value
from chipwarden.rules.provisions import Provision


@dataclass(frozen=True, slots=True)
class Candidate:
    """One paragraph that the item may meet, with the clause that says so."""

    paragraph: str
    clause: Provision

    @property
    def facts(self) -> Mapping[str, Value | None]:
        """The facts that follow from the paragraph."""
        return {
            "item.paragraph": self.paragraph,
            "item.presumed_datacenter": self.clause.presumes_datacenter,
        }


@dataclass(frozen=True, slots=True)
class ExceptionUse:
    """One exception against one requirement; `ready`: whether its notification is cleared."""

    clause: Provision
    available: Outcome
    ready: Outcome
    reason: Reason


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement: whether it applies, what may lift it, how applications are reviewed.

    `condition` is the clause alone, `reason` also holds its exceptions and review ladder.
    """

    clause: Provision
    applies: Outcome
    lifted: Outcome
    exceptions: tuple[ExceptionUse, ...]
    policies: PolicyBounds
    condition: Reason
    reason: Reason

    @property
    def is_prohibition(self) -> bool:
        """Whether no license can be had under it."""
        return self.clause.outcome == Strictness.PROHIBITED.word

    @property
    def level_when_lifted(self) -> Strictness:
        """A savings clause leaves no license requirement; an exception is a license exception."""
        saved = any(
            use.available is Outcome.YES and not use.clause.exception for use in self.exceptions
        )
        return Strictness.NO_LICENSE_REQUIRED if saved else Strictness.LICENSE_EXCEPTION

    @property
    def stands(self) -> Outcome:
        """Whether it applies and is not lifted."""
        return conjunction([self.applies, negation(self.lifted)])


@dataclass(frozen=True, slots=True)
class Determination:
    """What one candidate of one item comes to."""

    candidate: Candidate
    subject: Outcome
    requirements: tuple[Requirement, ...]
    bounds: Bounds
    policies: PolicyBounds
    reason: Reason

    def applies(self, requirement: str) -> Outcome:
        """Return whether the requirement of this id applies."""
        found = (r.applies for r in self.requirements if r.clause.id == requirement)
        return next(found, Outcome.NO)

    @property
    def exceptions(self) -> tuple[ExceptionUse, ...]:
        """The exceptions that are relied on, each once."""
        used = {
            use.clause.id: use
            for requirement in self.requirements
            if requirement.applies is not Outcome.NO
            for use in requirement.exceptions
            if use.available is Outcome.YES
        }
        return tuple(used.values())


def alternatively(outcomes: Iterable[Outcome]) -> Outcome:
    """Return what is known where one of several alternatives holds and nobody knows which."""
    found = set(outcomes)
    return found.pop() if len(found) == 1 else Outcome.UNDETERMINED
