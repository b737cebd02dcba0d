"""The chapter on the chip: what each chip was on each day, found by deciding it on each."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from chipwarden.app.data import knows_product
from chipwarden.app.examples import example
from chipwarden.app.story_measures import measures
from chipwarden.app.story_planes import planes
from chipwarden.catalog.chips import Chip
from chipwarden.decisions.decide import Decision, decide
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.order import Order
from chipwarden.decisions.outcomes import policy_together
from chipwarden.decisions.reading import order_from_record
from chipwarden.model.outcome import Outcome
from chipwarden.reports.story_facts import (
    ChipChapter,
    RuleEvent,
    ShownChip,
    Stretch,
    tone_of_eccn,
)
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.provisions import Instrument, Provision, ReviewPolicy, Step

_DAY = timedelta(days=1)
_DECIDING_STEPS = (
    Step.JURISDICTION,
    Step.CLASSIFICATION,
    Step.REQUIREMENT,
    Step.EXCEPTION,
    Step.REVIEW,
)
_PARAMETER = re.compile(r":(\w+)")
_SHOWN_STEPS = (Step.CLASSIFICATION, Step.REQUIREMENT, Step.REVIEW, Step.EXCEPTION)
_SHOWN_INSTRUMENTS = (Instrument.REGULATION, Instrument.LETTER, Instrument.GUIDANCE)


def chip_chapter(data: Data, words: Mapping[str, Any]) -> ChipChapter:
    """Return everything that the chapter shows.

    Args:
        data: law, catalog and lists.
        words: its part of story.toml.
    """
    first, last = data.lawbook.covered_from, data.lawbook.known_to
    days = _days_of_change(data.lawbook, first, last)
    china, use = (_order(words[name]) for name in ("china_order", "use_order"))
    # Whose designs the prohibition on use looks at.
    prohibited = data.lawbook.law_on(last).group(words["use_group"])
    chips = tuple(
        _shown(asked, data, days, last, use if prohibited.has(_home(asked, data)) else china)
        for asked in words["shown"]
    )
    changes = {
        stretch.first
        for chip in chips
        for stretch in (*chip.paragraphs[1:], *chip.licenses[1:])
    }
    return ChipChapter(
        chips=chips,
        planes=planes(data.lawbook, words),
        events=tuple(_events(data.lawbook, first, last, changes)),
        first_day=first,
        last_day=last,
    )


def _days_of_change(lawbook: Lawbook, first: date, last: date) -> list[date]:
    """Return the first day and those on which something that decides a chip changes."""
    found: list[date] = []
    before: object = None
    for day in (first, *(day for day in lawbook.breaks() if first < day <= last)):
        law = lawbook.law_on(day)
        clauses = [clause for step in _DECIDING_STEPS for clause in law.by_step[step]]
        names = {name for clause in clauses for name in _PARAMETER.findall(clause.when_text)}
        values = {name: law.parameters.get(name) for name in names}
        now = ([clause.id for clause in clauses], values)
        if now != before:
            found.append(day)
        before = now
    return found


def _order(name: str) -> Order:
    found = example(name)
    return order_from_record(found.order, found.path_text, knows_product)


def _shown(
    asked: Mapping[str, Any],
    data: Data,
    days: Sequence[date],
    last: date,
    order: Order,
) -> ShownChip:
    chip = data.catalog.chips[asked["id"]]
    sold = _sold_by(chip.vendor, order)
    # Before a chip was released there was nothing to ship; an unknown day hides nothing.
    start = max(days[0], chip.released or days[0])
    shown_days = [start, *(day for day in days if day > start)]
    decided = [(day, _decided(sold, chip, day, data)) for day in shown_days]
    is_use = order.kind == "use"
    asked_of = "use, anywhere" if is_use else f"license for China, sold by {chip.vendor}"
    return ShownChip(
        id=chip.id,
        label=asked["label"],
        name=f"{chip.vendor} {chip.name}",
        says=asked["says"],
        focus=asked.get("focus", False),
        released=chip.released,
        measures=measures(chip, data),
        paragraphs=_stretches([(day, _paragraph(d)) for day, d in decided], last),
        licenses=_stretches([(day, _license(d)) for day, d in decided], last),
        asked=asked_of,
    )


def _home(asked: Mapping[str, Any], data: Data) -> str:
    return data.catalog.chips[asked["id"]].designer_hq


def _sold_by(vendor: str, order: Order) -> Order:
    """Return the order with the chip's maker as exporter, for letters bind their addressee."""
    parties = tuple(
        replace(party, name=vendor, parent_name=vendor) if party.role == "exporter" else party
        for party in order.parties
    )
    return replace(order, parties=parties)


def _decided(order: Order, chip: Chip, day: date, data: Data) -> Decision:
    items = tuple(replace(item, product=chip.id) for item in order.items)
    screening = order.screening and replace(order.screening, date=day)
    return decide(replace(order, items=items, date=day, screening=screening), data)


Answer = tuple[str, str, tuple[Provision, ...]]


def _paragraph(decision: Decision) -> Answer:
    """Return what the circuit was classified as."""
    determinations = decision.items[0].determinations
    clauses = tuple(dict.fromkeys(d.candidate.clause for d in determinations))
    if all(clause.residual for clause in clauses):
        return "outside 3A090", "outside", clauses
    if len(clauses) > 1:
        return "open", "open", clauses
    return clauses[0].eccn, tone_of_eccn(clauses[0].eccn), clauses


def _license(decision: Decision) -> Answer:
    """Return whether a license was needed, and how applications are reviewed."""
    clauses = tuple(r.clause for r in decision.requirements if r.applies is Outcome.YES)
    if decision.outcome == "prohibited":
        return "prohibited", "prohibited", clauses
    if decision.outcome == "license_required":
        word, tone = _review(decision)
        return word, tone, clauses
    if decision.outcome in ("no_license_required", "not_subject_to_ear"):
        return "none needed", "free", ()
    return decision.outcome.replace("_", " "), "open", clauses


def _review(decision: Decision) -> tuple[str, str]:
    """Return how applications are reviewed: one policy, a span of them, or nothing known."""
    if decision.review_policy is not None:
        policy = decision.review_policy
        adverse = policy.rank >= ReviewPolicy.PRESUMPTION_OF_DENIAL.rank
        return policy.value.replace("_", " "), "denial" if adverse else "license"
    bounds = policy_together(item.policies for item in decision.items)
    ladder = tuple(ReviewPolicy)
    if bounds.floor < 0 or bounds.ceiling == ladder[-1].rank:
        return "license, review open", "license"
    low, high = (ladder[rank].value.replace("_", " ") for rank in (bounds.floor, bounds.ceiling))
    return f"{low} or {high}", "license"


def _stretches(answers: Sequence[tuple[date, Answer]], last: date) -> tuple[Stretch, ...]:
    """Return answers with days that say the same joined."""
    found: list[Stretch] = []
    for day, (word, tone, clauses) in answers:
        if found and (found[-1].word, found[-1].tone) == (word, tone):
            more = tuple(dict.fromkeys((*found[-1].clauses, *clauses)))
            found[-1] = replace(found[-1], clauses=more)
            continue
        if found:
            found[-1] = replace(found[-1], last=day - _DAY)
        found.append(Stretch(day, last, word, tone, clauses))
    return tuple(found)


def _events(
    lawbook: Lawbook, first: date, last: date, changes: Iterable[date]
) -> Iterable[RuleEvent]:
    """Yield the provisions that begin or end, by day."""
    marked = set(changes)
    found: list[tuple[date, bool, Provision]] = []
    for clause in lawbook.provisions:
        if clause.step not in _SHOWN_STEPS or clause.instrument not in _SHOWN_INSTRUMENTS:
            continue
        dates = clause.dates
        # A rule whose enforcement was waived before it had to be followed never began.
        start = dates.first_day(as_written=False)
        waived = dates.enforced_until is not None and dates.enforced_until < start
        if not waived:
            found.append((start, False, clause))
            if dates.until is not None:
                found.append((dates.until + _DAY, True, clause))
    found.sort(key=lambda event: (event[0], event[1], event[2].id))
    for day, ends, clause in found:
        if first < day <= last:
            yield RuleEvent(day, ends, clause, day in marked)
