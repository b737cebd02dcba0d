"""Red flags, obligations and warnings that go with an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chipwarden.decisions.determine import Determination, alternatively, holds
from chipwarden.expressions.facts import Facts
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import Provision, Step

Items = Sequence[Sequence[Facts]]


@dataclass(frozen=True, slots=True)
class RedFlag:
    """An open question that holds a release until it is resolved and documented."""

    clause: Provision
    outcome: Outcome

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "flag": self.clause.id,
            "title": self.clause.title,
            "question": self.clause.question,
            "outcome": self.outcome.value,
            "reference": self.clause.reference,
        }


def over_items(clause: Provision, items: Items, law: Law) -> Outcome:
    """Return whether a clause holds for any item, its paragraph being one of several."""
    return disjunction(alternatively(holds(clause, facts, law) for facts in item) for item in items)


def red_flags(items: Items, law: Law) -> tuple[RedFlag, ...]:
    """Return the flags that are up; unanswered ones only where the clause says that they count."""
    found = []
    for clause in law.by_step[Step.RED_FLAG]:
        if clause.answer and items[0][0].values.get(f"transfer.{clause.answer}") is False:
            # The question was answered: the flag is down.
            continue
        outcome = over_items(clause, items, law)
        counts = outcome is Outcome.UNDETERMINED and clause.counts_unknown
        if outcome is Outcome.YES or counts:
            found.append(RedFlag(clause, outcome))
    return tuple(found)


def texts(step: Step, items: Items, law: Law) -> list[str]:
    """Return the texts of the obligations or warnings that apply."""
    return [
        clause.text
        for clause in law.by_step[step]
        if over_items(clause, items, law) is Outcome.YES
    ]


def savings_warnings(determinations: Sequence[Determination], law: Law) -> list[str]:
    """Return a warning for each requirement that took effect within the last days.

    The windows of most savings clauses are not in the facts.
    """
    window = law.parameters.get("savings_warning_days")
    found: dict[str, None] = {}
    for determination in determinations:
        for requirement in determination.requirements:
            days = law.days_in_force(requirement.clause)
            if requirement.applies is Outcome.NO or days is None or window is None:
                continue
            if days <= int(str(window)):
                found[
                    f"{requirement.clause.title} took effect {days} days before. A savings clause "
                    "may cover shipments already under way; look up its window."
                ] = None
    return list(found)
