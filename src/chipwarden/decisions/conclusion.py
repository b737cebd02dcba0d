"""From findings to the disposition, and the tree of reasons of the whole decision."""

from collections.abc import Mapping
from dataclasses import dataclass

from chipwarden.decisions.duties import RedFlag
from chipwarden.decisions.findings import Findings
from chipwarden.decisions.outcomes import UNDETERMINED, Strictness
from chipwarden.decisions.verdicts import Verdict
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands beside the legal outcome.

    Attributes:
        license_held: whether a license that is held covers the order; None: none is required.
        verdicts: of other regimes.
        permits: for each regime that requires one, whether a host permit covers the order.
        red_flags: that are up.
    """

    license_held: Reason | None
    verdicts: tuple[Verdict, ...]
    permits: Mapping[str, Reason]
    red_flags: tuple[RedFlag, ...]


def disposition(found: Findings, standing: Standing) -> tuple[str, tuple[str, ...]]:
    """Return "release", "hold" or "block", and why in words."""
    outcome, held = found.bounds.word, standing.license_held
    block: list[str] = []
    hold: list[str] = []
    if outcome == Strictness.PROHIBITED.word:
        block.append("The transfer is prohibited.")
    elif outcome == UNDETERMINED:
        hold.append(_why_undetermined(found))
    elif held is not None:
        if held.outcome is Outcome.NO:
            block.append("A license is required and none that is held covers the order.")
        elif held.outcome is Outcome.UNDETERMINED:
            hold.append("A license is held, but what it says does not show that it covers.")
        elif found.bounds.ceiling is Strictness.PROHIBITED:
            hold.append("A license is held, but a prohibition is not ruled out.")
    hold.extend(
        f"License Exception {use.clause.exception}: its conditions are not confirmed."
        for use in found.pending
    )
    if found.law_is_old:
        hold.append("The law is not known for this day: bring the data up to date.")
    for verdict in standing.verdicts:
        permit = standing.permits.get(verdict.regime.code)
        if verdict.outcome == "prohibited":
            block.append(f"{verdict.regime.name}: prohibited.")
        elif permit is not None and permit.outcome is not Outcome.YES:
            target = block if permit.outcome is Outcome.NO else hold
            target.append(f"{verdict.regime.name}: no permit that is held is shown to cover.")
        elif verdict.outcome == UNDETERMINED:
            hold.append(f"{verdict.regime.name}: not settled.")
    hold.extend(f"Open flag: {flag.clause.question}" for flag in standing.red_flags)
    if block:
        return "block", (*block, *hold)
    return ("hold", tuple(hold)) if hold else ("release", ("Nothing stands in the way.",))


def _why_undetermined(found: Findings) -> str:
    if not found.covers_day:
        first = found.data.lawbook.covered_from
        return f"The law is covered from {first}: for an earlier day nothing is cleared."
    if not found.covers_kind:
        return f"Transfers of kind {found.order.kind!r} are not covered: nothing is cleared."
    if found.uncovered_item_kinds:
        kinds = ", ".join(found.uncovered_item_kinds)
        return f"Items of kind {kinds} are not covered: nothing is cleared."
    return "The legal answer is not settled: facts are missing."


def reason_of(found: Findings, standing: Standing) -> Reason:
    """Return the tree of reasons from which the decision was computed."""
    lines = []
    for index, item in enumerate(found.items):
        for variant in item.variants:
            children: list[Reason] = []
            for part in variant.parts:
                children += [*part.source.reasons, part.classification]
                children += [d.reason for d in part.determinations]
            settled = Outcome.YES if variant.bounds.is_settled else Outcome.UNDETERMINED
            lines.append(
                Reason(f"items[{index}] {variant.name}", settled, children=tuple(children))
            )
    more = [verdict.reason for verdict in standing.verdicts if verdict.outcome != "not_subject"]
    if standing.license_held is not None:
        more.append(standing.license_held)
    more += standing.permits.values()
    if found.screening:
        undecided = any(r.outcome is Outcome.UNDETERMINED for r in found.screening)
        more.append(
            Reason(
                "Lists and owners of the parties",
                Outcome.UNDETERMINED if undecided else Outcome.YES,
                children=found.screening,
            )
        )
    settled = Outcome.YES if found.bounds.is_settled else Outcome.UNDETERMINED
    return Reason(
        f"Outcome: {found.bounds.word.replace('_', ' ')}", settled, children=(*lines, *more)
    )
