"""What a decision needs to know, and the fewest facts that serve."""

from collections.abc import Iterable

from chipwarden.decisions.determination import Determination, Requirement
from chipwarden.decisions.findings import Findings
from chipwarden.decisions.missing import MissingFact, MissingFacts, Need
from chipwarden.decisions.outcomes import Strictness
from chipwarden.decisions.products import Part, settles
from chipwarden.decisions.settling import Sets, settling, smallest, together
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason


def missing_facts(findings: Findings, license_held: Reason | None) -> tuple[MissingFact, ...]:
    """Return the fewest facts that could settle the answer for the better.

    Args:
        findings: what was found of the order.
        license_held: whether a license that is held covers it, None where none is needed.
    """

    def is_known(index: int, figure: str) -> bool:
        return all(part.source.knows(figure) for part in findings.items[index].parts)

    missing = MissingFacts(findings.order, findings.data.lawbook, is_known)
    for index, item in enumerate(findings.items):
        if len({(v.bounds, v.policies) for v in item.variants}) > 1:
            names = "; ".join(variant.name for variant in item.variants)
            question = f"Which of these is it: {names}?"
            missing.need_fact(f"items[{index}].product", question, "exporter")
        for part in item.parts:
            if not settles(part):
                missing.need(_of_classification(part, index))
            for determination in part.determinations:
                for need in _of_determination(determination, index, findings):
                    missing.need(need)
    if license_held is not None and license_held.outcome is Outcome.UNDETERMINED:
        missing.need(Need((license_held,), settling(license_held, Outcome.YES)))
    for use in findings.pending:
        readiness = use.reason.children[-1]
        missing.need(Need((use.reason, readiness), settling(readiness, Outcome.YES)))
    return missing.facts()


def _of_determination(found: Determination, index: int, findings: Findings) -> Iterable[Need]:
    """Yield what could settle one determination, for the better."""
    if found.bounds.is_settled and found.policies.floor == found.policies.ceiling:
        return
    jurisdiction = found.reason.children[0]
    freed = settling(jurisdiction, Outcome.NO)
    for requirement in found.requirements:
        if requirement.stands is Outcome.UNDETERMINED and _matters(requirement, found):
            spared = settling(requirement.condition, Outcome.NO)
            lifted = [
                option
                for use in requirement.exceptions
                for option in settling(use.reason, Outcome.YES)
            ]
            options = smallest([*spared, *lifted, *freed])
            yield Need((requirement.reason, jurisdiction), options, index)
        elif _policy_is_open(requirement, findings):
            ladder = tuple(r for r in requirement.reason.children if r.provision)
            yield Need(ladder, _of_ladder(ladder), index)


def _matters(requirement: Requirement, found: Determination) -> bool:
    """Return whether the open requirement could still change outcome or policy."""
    if not found.bounds.is_settled and (
        requirement.is_prohibition or found.bounds.floor < Strictness.LICENSE_REQUIRED
    ):
        return True
    return requirement.policies.ceiling > found.policies.floor


def _policy_is_open(requirement: Requirement, findings: Findings) -> bool:
    """Return whether a certain requirement's policy is what keeps the answer open."""
    return (
        requirement.stands is Outcome.YES
        and findings.bounds.floor >= Strictness.LICENSE_REQUIRED
        and requirement.policies.floor != requirement.policies.ceiling
    )


def _of_classification(part: Part, index: int) -> Need:
    """Return what could settle the ladder: every open rung to no, else the first to yes."""
    rungs = [r for r in part.classification.children if r.outcome is Outcome.UNDETERMINED]
    outside = together([settling(rung, Outcome.NO) for rung in rungs])
    options = outside or settling(rungs[0], Outcome.YES)
    return Need((part.classification,), options, index)


def _of_ladder(ladder: tuple[Reason, ...]) -> Sets:
    """Return what could settle a ladder of review policies at its first open rung."""
    rung = next((r for r in ladder if r.outcome is Outcome.UNDETERMINED), None)
    return () if rung is None else settling(rung, Outcome.YES)
