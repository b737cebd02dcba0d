"""The three outcomes of a clause: yes, no, undetermined.

They are combined as SQL combines TRUE, FALSE and NULL (strong Kleene logic),
so that a clause means the same when it is explained and when it runs in bulk.

    >>> conjunction([Outcome.YES, Outcome.UNDETERMINED])
    <Outcome.UNDETERMINED: 'undetermined'>
    >>> conjunction([Outcome.NO, Outcome.UNDETERMINED])
    <Outcome.NO: 'no'>
"""

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """What a clause comes to."""

    YES = "yes"
    NO = "no"
    UNDETERMINED = "undetermined"

    @classmethod
    def of(cls, truth: bool | None) -> "Outcome":
        """Return the outcome for SQL's TRUE, FALSE or NULL."""
        if truth is None:
            return cls.UNDETERMINED
        return cls.YES if truth else cls.NO

    @property
    def truth(self) -> bool | None:
        """SQL's TRUE, FALSE or NULL for this outcome."""
        if self is Outcome.UNDETERMINED:
            return None
        return self is Outcome.YES


def negation(outcome: Outcome) -> Outcome:
    """Return NOT outcome."""
    truth = outcome.truth
    return Outcome.of(None if truth is None else not truth)


def conjunction(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the AND of the outcomes; of none it is yes."""
    found = set(outcomes)
    if Outcome.NO in found:
        return Outcome.NO
    return Outcome.UNDETERMINED if Outcome.UNDETERMINED in found else Outcome.YES


def disjunction(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the OR of the outcomes; of none it is no."""
    found = set(outcomes)
    if Outcome.YES in found:
        return Outcome.YES
    return Outcome.UNDETERMINED if Outcome.UNDETERMINED in found else Outcome.NO
