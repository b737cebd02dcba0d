"""The determination of one item under the law of one day, in numbered steps.

Pure: facts and law in, a determination with its reasons out. The steps are
those of DESIGN.md; `bulk.py` renders the same steps as SQL, and a test holds
the two together.
"""

from dataclasses import replace

from chipwarden.decisions.determination import (
    Candidate,
    Determination,
    ExceptionUse,
    Requirement,
)
from chipwarden.decisions.outcomes import (
    Bounds,
    PolicyBounds,
    Strictness,
    policy_either,
    policy_together,
)
from chipwarden.expressions.explain import evaluate, explain
from chipwarden.expressions.facts import Facts
from chipwarden.model.outcome import Outcome, conjunction, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import Provision, ReviewPolicy, Step

_STRICTEST = len(ReviewPolicy) - 1

# Facts that bound a figure from below, with the figure.
LOWER_BOUNDS = {
    "item.tpp_at_least": "item.tpp",
    "item.io_gb_s_at_least": "item.io_gb_s",
    "item.tpp_with_tf32": "item.tpp",
}


def determine(facts: Facts, law: Law) -> tuple[tuple[Determination, ...], Reason]:
    """Return a determination for every paragraph that the item may meet.

    Args:
        facts: of the transfer, its parties and one item, without its paragraph.
        law: what applies on the day.

    Returns:
        One determination a possible paragraph, and the reasons of the classification.
    """
    facts = with_bounds(facts)
    # (1) Classify the circuit; what is undetermined is carried on as possible.
    candidates, classification = classify(facts, law)
    determinations = []
    for candidate in candidates:
        known = Facts({**facts.values, **candidate.facts}, facts.collections)
        determinations.append(_determine(candidate, known, law))
    return tuple(determinations), classification


def with_bounds(facts: Facts) -> Facts:
    """Return the facts with each figure that is known as its own lower bound."""
    values = facts.values
    bounds = {
        bound: values.get(figure)
        for bound, figure in LOWER_BOUNDS.items()
        if values.get(bound) is None and values.get(figure) is not None
    }
    return Facts({**values, **bounds}, facts.collections) if bounds else facts


def classify(facts: Facts, law: Law) -> tuple[tuple[Candidate, ...], Reason]:
    """Return the paragraphs that the item may meet: the ladder, first that holds wins."""
    law.require_known()
    facts = with_bounds(facts)
    candidates: list[Candidate] = []
    reasons: list[Reason] = []
    for clause in law.by_step[Step.CLASSIFICATION]:
        if clause.residual and any(found.clause.residual for found in candidates):
            continue
        reason = _clause(clause, facts, law)
        reasons.append(reason)
        if reason.outcome is not Outcome.NO:
            found = Candidate("none" if clause.residual else clause.eccn, clause)
            # A presumed .a and one by its figures are two: only the second may use NAC.
            if found.facts not in [candidate.facts for candidate in candidates]:
                candidates.append(found)
        if reason.outcome is Outcome.YES:
            break
    outcome = Outcome.YES if len(candidates) == 1 else Outcome.UNDETERMINED
    words = " or ".join(c.clause.eccn for c in candidates)
    return tuple(candidates), Reason(
        f"Classification: {words}", outcome, children=tuple(reasons)
    )


class _Clauses:
    """The reasons of clauses under the same facts, each worked out once."""

    def __init__(self, facts: Facts, law: Law) -> None:
        self.facts, self.law = facts, law
        self._found: dict[str, Reason] = {}

    def __call__(self, clause: Provision) -> Reason:
        found = self._found.get(clause.id)
        if found is None:
            found = self._found[clause.id] = _clause(clause, self.facts, self.law)
        return found


def _determine(candidate: Candidate, facts: Facts, law: Law) -> Determination:
    reasons = _Clauses(facts, law)
    # (2) Is the item subject to the EAR?
    grounds = tuple(reasons(clause) for clause in law.by_step[Step.JURISDICTION])
    subject = disjunction(reason.outcome for reason in grounds)
    jurisdiction = Reason(
        "The item is subject to the EAR", subject, children=grounds, joined="any"
    )

    # (3) Embargoes, destination, headquarters, letters, end use, lists, ownership.
    requirements = tuple(
        _requirement(clause, reasons, subject)
        for clause in law.by_step[Step.REQUIREMENT]
        if clause.regime == "US"
    )

    # (4) The outcome that is certain and the strictest that is possible.
    bounds = _bounds(subject, requirements)

    # (5) The strictest review policy leads.
    policies = policy_together(
        requirement.policies
        if requirement.stands is Outcome.YES
        else PolicyBounds(-1, requirement.policies.ceiling)
        for requirement in requirements
        if requirement.stands is not Outcome.NO and not requirement.is_prohibition
    )
    reason = Reason(
        f"As {candidate.clause.eccn}: {bounds.word.replace('_', ' ')}",
        Outcome.YES if bounds.is_settled else Outcome.UNDETERMINED,
        provision=candidate.clause.id,
        reference=candidate.clause.reference,
        children=(
            jurisdiction,
            Reason(
                "A requirement applies and is not lifted",
                disjunction(requirement.stands for requirement in requirements),
                children=tuple(requirement.reason for requirement in requirements),
            ),
        ),
    )
    return Determination(candidate, subject, requirements, bounds, policies, reason)


def _requirement(clause: Provision, reasons: _Clauses, subject: Outcome) -> Requirement:
    condition = reasons(clause)
    said = condition.outcome
    if clause.knowledge and said is Outcome.UNDETERMINED:
        said = Outcome.NO
    applies = said if clause.regardless else conjunction([said, subject])
    exceptions: tuple[ExceptionUse, ...] = ()
    policies = PolicyBounds(-1, -1)
    children = condition.children
    if applies is not Outcome.NO:
        exceptions = tuple(
            _exception(exception, reasons)
            for exception in reasons.law.by_step[Step.EXCEPTION]
            if clause.id in exception.lifts
        )
        policies, ladder = _review(clause, reasons)
        children = (*children, *(use.reason for use in exceptions), *ladder)
    return Requirement(
        clause=clause,
        applies=applies,
        lifted=disjunction(use.available for use in exceptions),
        exceptions=exceptions,
        policies=policies,
        condition=condition,
        reason=replace(condition, outcome=applies, children=children),
    )


def _exception(clause: Provision, reasons: _Clauses) -> ExceptionUse:
    reason = reasons(clause)
    available, ready = reason.outcome, Outcome.YES
    if clause.ready_when is not None:
        readiness = explain(clause.ready_when, reasons.facts, reasons.law.parameters)
        ready = readiness.outcome
        reason = replace(reason, children=(*reason.children, readiness))
        if ready is Outcome.NO:
            # BIS answered that a license is needed.
            available = Outcome.NO
    return ExceptionUse(clause, available, ready, replace(reason, outcome=available))


def _review(clause: Provision, reasons: _Clauses) -> tuple[PolicyBounds, tuple[Reason, ...]]:
    """Return the policies that the ladder of a requirement allows."""
    if clause.review_of_entry:
        return _review_of_entries(reasons.facts, "party.listed_el", "party.entity_list_review"), ()
    if clause.review_of_owners:
        return _review_of_entries(reasons.facts, "party.owned_by_listed", "party.owners_review"), ()
    possible: list[PolicyBounds] = []
    ladder: list[Reason] = []
    for rung in reasons.law.by_step[Step.REVIEW]:
        if clause.id not in rung.of or rung.policy is None:
            continue
        reason = reasons(rung)
        ladder.append(reason)
        if reason.outcome is not Outcome.NO:
            possible.append(PolicyBounds(rung.policy.rank, rung.policy.rank))
        if reason.outcome is Outcome.YES:
            return policy_either(possible), tuple(ladder)
    if clause.review is not None:
        possible.append(PolicyBounds(clause.review.rank, clause.review.rank))
    else:
        # The policy is not in the facts: any may lead.
        possible.append(PolicyBounds(0, _STRICTEST))
    return policy_either(possible), tuple(ladder)


def _review_of_entries(facts: Facts, listed_fact: str, policy_fact: str) -> PolicyBounds:
    """Return the policy that the list entries of parties or owners state; the strictest leads."""
    found = []
    for member in facts.collections["parties"].members:
        listed = member.get(listed_fact)
        if listed is False:
            continue
        words = member.get(policy_fact)
        policy = next((p for p in ReviewPolicy if p.value == words), None)
        bounds = PolicyBounds(policy.rank, policy.rank) if policy else PolicyBounds(0, _STRICTEST)
        found.append(bounds if listed else PolicyBounds(-1, bounds.ceiling))
    return policy_together(found) if found else PolicyBounds(0, _STRICTEST)


def _bounds(subject: Outcome, requirements: tuple[Requirement, ...]) -> Bounds:
    floor = {
        Outcome.YES: Strictness.NO_LICENSE_REQUIRED,
        Outcome.NO: Strictness.NOT_SUBJECT_TO_EAR,
        Outcome.UNDETERMINED: Strictness.NOT_SUBJECT_TO_EAR,
    }[subject]
    ceiling = (
        Strictness.NOT_SUBJECT_TO_EAR if subject is Outcome.NO else Strictness.NO_LICENSE_REQUIRED
    )
    for requirement in requirements:
        level = (
            Strictness.PROHIBITED if requirement.is_prohibition else Strictness.LICENSE_REQUIRED
        )
        if requirement.applies is not Outcome.NO:
            lifted = requirement.level_when_lifted
            ceiling = max(ceiling, lifted if requirement.lifted is Outcome.YES else level)
        if requirement.applies is Outcome.YES:
            floor = max(floor, level if requirement.lifted is Outcome.NO else lifted)
    return Bounds(floor, ceiling)


def _clause(clause: Provision, facts: Facts, law: Law) -> Reason:
    """Return the reasons of a clause under its title, id and citation."""
    assert clause.when is not None
    reason = explain(clause.when, facts, law.parameters)
    return Reason(
        clause.title,
        reason.outcome,
        provision=clause.id,
        reference=clause.reference,
        children=(reason,),
        note=clause.note,
    )


def holds(clause: Provision, facts: Facts, law: Law) -> Outcome:
    """Return what a clause comes to, without reasons."""
    assert clause.when is not None
    return Outcome.of(evaluate(clause.when, facts, law.parameters))
