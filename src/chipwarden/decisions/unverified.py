"""What a decision rests on that is not verified: clauses, figures, country groups."""

from collections.abc import Iterable

from chipwarden.decisions.determination import Requirement
from chipwarden.decisions.order import Order
from chipwarden.decisions.products import DecidedItem
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Confidence
from chipwarden.rules.lawbook import Law, Lawbook
from chipwarden.rules.provisions import CountryGroup

_FIGURES = ("item.tpp", "item.performance_density", "item.io_gb_s", "item.memory_bandwidth_gb_s")


def unverified(
    order: Order,
    items: Iterable[DecidedItem],
    requirements: tuple[Requirement, ...],
    lawbook: Lawbook,
    law: Law,
) -> tuple[str, ...]:
    """Return one line for each unverified thing that the decision rests on."""
    found: dict[str, None] = {}
    for requirement in requirements:
        clause = requirement.clause
        _note(found, f"{clause.id}, {clause.title}", clause.confidence)
        for use in requirement.exceptions:
            if use.available is not Outcome.NO:
                _note(found, f"{use.clause.id}, {use.clause.title}", use.clause.confidence)
    for item in items:
        for part in item.parts:
            for fact in _FIGURES:
                confidence = part.source.confidence.get(fact)
                if confidence is not None:
                    _note(found, f"{part.source.chip.name}: {fact}", confidence)
    countries = {order.destination, *(p.headquarters for p in order.parties),
                 *(p.parent_headquarters for p in order.parties)}  # fmt: skip
    for group in _groups_looked_at(requirements, lawbook):
        for membership in group.members:
            if membership.country in countries and membership.dates.hold(
                law.as_of, law.known_on, as_written=True
            ):
                _note(found, f"{membership.country} in {group.description}", membership.confidence)
    return tuple(found)


def _groups_looked_at(
    requirements: Iterable[Requirement], lawbook: Lawbook
) -> Iterable[CountryGroup]:
    """Yield the groups that the requirements' clauses looked at, and those they are made of."""
    open_names = [
        value
        for requirement in requirements
        for node in requirement.reason.walk()
        for _, value in node.values
        if isinstance(value, str) and value in lawbook.groups
    ]
    seen: set[str] = set()
    while open_names:
        name = open_names.pop()
        if name in seen:
            continue
        seen.add(name)
        group = lawbook.groups[name]
        open_names += [*(part for part, _ in group.union), *group.minus]
        yield group


def _note(found: dict[str, None], what: str, confidence: Confidence) -> None:
    if not confidence.is_verified:
        found[f"{what} ({confidence.value})"] = None
