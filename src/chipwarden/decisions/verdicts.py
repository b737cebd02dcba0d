"""Verdicts of other regimes: answers of their own beside the US one."""

from collections.abc import Sequence
from dataclasses import dataclass

from chipwarden.decisions.determination import alternatively
from chipwarden.decisions.determine import holds
from chipwarden.expressions.explain import evaluate, explain
from chipwarden.expressions.facts import Facts
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import Provision, Regime, Step

# Mildest first; undetermined goes before a milder answer and after a license requirement.
_ORDER = ("not_subject", "no_license_required", "undetermined", "license_required", "prohibited")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one regime says."""

    regime: Regime
    outcome: str
    clauses: tuple[Provision, ...]
    reason: Reason

    @property
    def is_adverse(self) -> bool:
        """Whether it stands in the way unless a permit is held."""
        return self.outcome in ("license_required", "prohibited")


def verdicts(items: Sequence[Sequence[Facts]], law: Law) -> tuple[Verdict, ...]:
    """Return what every other regime says of the items taken together.

    Args:
        items: for each item the facts under each paragraph that it may meet.
        law: what applies on the day.
    """
    return tuple(_verdict(regime, items, law) for regime in law.regimes)


def _verdict(regime: Regime, items: Sequence[Sequence[Facts]], law: Law) -> Verdict:
    reached = disjunction(
        alternatively(
            Outcome.of(evaluate(regime.subject_when, facts, law.parameters)) for facts in item
        )
        for item in items
    )
    # The first item that reaches the regime tells why.
    each = [explain(regime.subject_when, item[0], law.parameters) for item in items]
    touched = next((reason for reason in each if reason.outcome is reached), each[0])
    if reached is Outcome.NO:
        reason = Reason(regime.name, Outcome.NO, children=(touched,))
        return Verdict(regime, "not_subject", (), reason)
    outcomes = {regime.fallback if reached is Outcome.YES else "undetermined"}
    clauses: list[Provision] = []
    reasons = [touched]
    for clause in law.by_step[Step.VERDICT]:
        if clause.regime != regime.code or clause.when is None:
            continue
        found = disjunction(
            alternatively(holds(clause, facts, law) for facts in item) for item in items
        )
        if found is Outcome.NO or (clause.knowledge and found is Outcome.UNDETERMINED):
            continue
        reasons.append(
            Reason(
                clause.title,
                found,
                provision=clause.id,
                reference=clause.reference,
                children=tuple(
                    explain(clause.when, facts, law.parameters) for item in items for facts in item
                ),
                note=clause.note,
            )
        )
        clauses.append(clause)
        outcomes.add(clause.outcome if found is Outcome.YES else "undetermined")
    outcome = max(outcomes, key=_ORDER.index)
    truth = {
        "no_license_required": Outcome.NO,
        "license_required": Outcome.YES,
        "prohibited": Outcome.YES,
    }.get(outcome, Outcome.UNDETERMINED)
    reason = Reason(f"{regime.name}: {outcome.replace('_', ' ')}", truth, children=tuple(reasons),
                    note=regime.note)  # fmt: skip
    return Verdict(regime, outcome, tuple(clauses), reason)
