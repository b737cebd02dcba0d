"""How strict an answer is, and what is known of it while facts are missing.

Certain clauses give a floor, possible ones a ceiling. Where they meet the
answer is settled; where the floor is already adverse it stands, and the open
facts can only make it stricter (docs/adr/0001).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from chipwarden.rules.provisions import ReviewPolicy


class Strictness(IntEnum):
    """Legal outcomes, mildest first."""

    NOT_SUBJECT_TO_EAR = 0
    NO_LICENSE_REQUIRED = 1
    LICENSE_EXCEPTION = 2
    LICENSE_REQUIRED = 3
    PROHIBITED = 4

    @property
    def word(self) -> str:
        """The outcome as the order vocabulary spells it."""
        return self.name.lower()


UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The mildest and the strictest answer that the facts still allow."""

    floor: Strictness
    ceiling: Strictness

    @property
    def is_settled(self) -> bool:
        """Whether no missing fact can change the answer."""
        return self.floor is self.ceiling

    @property
    def word(self) -> str:
        """The outcome, or "undetermined"."""
        if self.is_settled or self.floor >= Strictness.LICENSE_REQUIRED:
            return self.floor.word
        if self.ceiling <= Strictness.NO_LICENSE_REQUIRED:
            # Subject to the EAR or not, nothing requires a license.
            return Strictness.NO_LICENSE_REQUIRED.word
        return UNDETERMINED


def either(bounds: Iterable[Bounds]) -> Bounds:
    """Return what is known where one of several alternatives holds."""
    several = list(bounds)
    return Bounds(min(b.floor for b in several), max(b.ceiling for b in several))


def together(bounds: Iterable[Bounds]) -> Bounds:
    """Return what is known where all parts are shipped together: the strictest leads."""
    several = list(bounds)
    return Bounds(max(b.floor for b in several), max(b.ceiling for b in several))


@dataclass(frozen=True, slots=True)
class PolicyBounds:
    """The mildest and strictest review policy that may lead, by rank; -1: none applies."""

    floor: int
    ceiling: int

    @property
    def policy(self) -> ReviewPolicy | None:
        """The policy; None where none applies or a milder one may yet turn out stricter.

        As with outcomes an adverse floor stands: a presumption of denial is said even where a
        policy of denial is not ruled out.
        """
        adverse = self.floor >= ReviewPolicy.PRESUMPTION_OF_DENIAL.rank
        if self.floor < 0 or (self.floor != self.ceiling and not adverse):
            return None
        return tuple(ReviewPolicy)[self.floor]

    @property
    def at_least(self) -> ReviewPolicy | None:
        """The mildest policy that can lead, None where none need apply."""
        return tuple(ReviewPolicy)[self.floor] if self.floor >= 0 else None


NO_POLICY = PolicyBounds(-1, -1)


def policy_either(bounds: Iterable[PolicyBounds]) -> PolicyBounds:
    """Return what is known of the policy where one of several alternatives holds."""
    several = list(bounds)
    return PolicyBounds(min(b.floor for b in several), max(b.ceiling for b in several))


def policy_together(bounds: Iterable[PolicyBounds]) -> PolicyBounds:
    """Return what is known of the policy where several requirements apply: the strictest leads."""
    several = [*bounds, NO_POLICY]
    return PolicyBounds(max(b.floor for b in several), max(b.ceiling for b in several))
