"""Red flags, obligations and warnings that go with an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chipwarden.decisions.determination import Determination, alternatively
from chipwarden.decisions.determine import holds
from chipwarden.decisions.findings import Findings
from chipwarden.decisions.verdicts import Verdict
from chipwarden.expressions.facts import Facts
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import Provision, ReviewPolicy, Step

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
        if _is_down(clause, items[0][0]):
            continue
        outcome = over_items(clause, items, law)
        counts = outcome is Outcome.UNDETERMINED and clause.counts_unknown
        if outcome is Outcome.YES or counts:
            found.append(RedFlag(clause, outcome))
    return tuple(found)


def _is_down(clause: Provision, facts: Facts) -> bool:
    """Return whether the order answers the flag's question with no, or says that it is resolved."""
    answered = clause.answer and facts.values.get(f"transfer.{clause.answer}") is False
    resolved = clause.resolved_by and facts.values.get(f"transfer.{clause.resolved_by}") is True
    return bool(answered or resolved)


def texts(step: Step, items: Items, law: Law) -> list[str]:
    """Return the texts of the obligations or warnings that apply."""
    return [
        clause.text for clause in law.by_step[step] if over_items(clause, items, law) is Outcome.YES
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


def obligations(findings: Findings, others: Sequence[Verdict]) -> tuple[str, ...]:
    """Return what has to be done if the order is released."""
    said = texts(Step.OBLIGATION, findings.alternatives, findings.law)
    said += [use.clause.obligation for use in findings.exceptions if use.clause.obligation]
    said += [
        f"Condition of {held.kind} {held.number or ''}: {condition}"
        for held in findings.order.authorizations
        for condition in held.conditions
    ]
    for verdict in others:
        said += [clause.obligation for clause in verdict.clauses if clause.obligation]
    if findings.policies.policy is ReviewPolicy.CASE_BY_CASE:
        of = {requirement.clause.id for requirement in findings.requirements}
        said += [
            clause.obligation
            for clause in findings.law.by_step[Step.REVIEW]
            if clause.obligation and of & set(clause.of)
            and clause.policy is ReviewPolicy.CASE_BY_CASE
        ]  # fmt: skip
    return tuple(dict.fromkeys(said))


def warnings(findings: Findings) -> tuple[str, ...]:
    """Return what the reader must know beside the answer."""
    said = list(findings.notes)
    countries = findings.destinations
    if len(countries) > 1:
        named = ", ".join(country or "a country that is not named" for country in countries)
        said.append(f"Those who get the goods are in {named}: the strictest destination leads.")
    if not findings.covers_kind:
        where = findings.data.not_covered.look_at.get(
            findings.order.kind, "15 CFR parts 734 to 746"
        )
        said.append(f"Transfers of kind {findings.order.kind!r} are not covered. Look at: {where}.")
    for kind in findings.uncovered_item_kinds:
        where = findings.data.not_covered.look_at.get(kind, "15 CFR part 774")
        said.append(f"Items of kind {kind!r} are not covered. Look at: {where}.")
    if not findings.covers_day:
        first = findings.data.lawbook.covered_from
        said.append(f"The law is covered from {first}; {findings.law.as_of} is earlier.")
    known_to = findings.data.lawbook.known_to
    if findings.law.as_of > known_to:
        said.append(
            f"The law is known to {known_to}; {findings.law.as_of} is later and the law may change."
        )
    said += [
        requirement.clause.warning
        for requirement in findings.requirements
        if requirement.clause.warning
    ]
    said += texts(Step.WARNING, findings.alternatives, findings.law)
    said += savings_warnings(findings.determinations, findings.law)
    for item in findings.items:
        names = [variant.name for variant in item.variants]
        same = len({(v.bounds, v.policies) for v in item.variants}) == 1
        if len(names) > 1 and same:
            said.append(
                f"{item.item.product!r} fits {len(names)} products; the answer is the same for "
                f"all: {'; '.join(names)}."
            )
    return tuple(dict.fromkeys(said))
