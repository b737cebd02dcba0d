"""Does an authorization that is held cover what is to be released?

A license covers an order if it names these items, parties and this
destination, suffices in quantity and value, and is valid on the day. What it
does not say is not covered by guessing: the answer is then undetermined.
"""

from collections.abc import Iterable
from decimal import Decimal

from chipwarden.decisions.order import Authorization, Order
from chipwarden.model.outcome import Outcome, conjunction, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.parties.names import full_name, normal_name
from chipwarden.parties.schema import Party
from chipwarden.rules.lawbook import Law

ItemNames = tuple[str | None, tuple[str, ...]]

_RECEIVING = ("purchaser", "intermediate_consignee", "consignee", "end_user", "host", "user")


def covering(
    order: Order,
    law: Law,
    kind: str,
    regime: str,
    names: tuple[ItemNames, ...],
    destinations: tuple[str | None, ...],
) -> Reason:
    """Return whether an authorization of this kind covers the whole order.

    Args:
        order: the order with its authorizations.
        law: gives the day.
        kind: "license" or "host_permit".
        regime: whose; an authorization without a regime counts for the US.
        destinations: every country where the goods may end.
        names: for each item the name that the order gives and those of all products that it fits.
    """
    held = [
        authorization
        for authorization in order.authorizations
        if authorization.kind == kind and (authorization.regime or "US").upper() == regime
    ]
    reasons = tuple(
        _covers(authorization, order, law, names, destinations) for authorization in held
    )
    what = kind.replace("_", " ")
    return Reason(
        f"A {what} that is held ({regime}) covers the order",
        disjunction(reason.outcome for reason in reasons),
        missing=tuple(dict.fromkeys(name for reason in reasons for name in reason.missing)),
        children=reasons,
        note="" if held else f"No {what} is named in the order.",
    )


def _covers(
    held: Authorization,
    order: Order,
    law: Law,
    names: tuple[ItemNames, ...],
    destinations: tuple[str | None, ...],
) -> Reason:
    label = f"{held.kind} {held.number or '(without number)'}"
    receiving = [p for p in order.parties if p.role in _RECEIVING or _is_marked(p)]
    quantity = _total(item.quantity for item in order.items)
    value = _total(item.value_usd for item in order.items)
    checks = (
        _check(f"{label} has a number", None if held.number is None else True, "number"),
        _check(
            f"{label} names the items",
            None if held.items is None else all(_named(held.items, item) for item in names),
            "items",
        ),
        _check(
            f"{label} names the receiving parties",
            None
            if held.parties is None or any(p.name is None for p in receiving)
            else all(full_name(p.name or "") in _full_names(held.parties) for p in receiving),
            "parties",
        ),
        _check(
            f"{label} is for {', '.join(country or '?' for country in destinations)}",
            _reaches(held, destinations),
            "destination",
        ),
        _check(
            f"{label} is for the region that the order names",
            # A license names countries; whether it reaches a region has to be read in it.
            None if order.destination_region else True,
            "conditions",
        ),
        _check(f"{label} suffices in quantity", _suffices(held.quantity, quantity), "quantity"),
        _check(f"{label} suffices in value", _suffices(held.value_usd, value), "value_usd"),
        _check(
            f"{label} is valid on {law.as_of}",
            _valid(held, law),
            "valid_until" if held.valid_until is None else "valid_from",
        ),
    )
    return Reason(
        f"{label} covers the order",
        conjunction(check.outcome for check in checks),
        missing=tuple(name for check in checks for name in check.missing),
        children=checks,
    )


def _named(items: tuple[str, ...], item: ItemNames) -> bool:
    """Return whether the license names the line as the order does, or all that it may mean."""
    forms = _forms(items)
    given, variants = item
    return (given is not None and normal_name(given) in forms) or all(
        normal_name(variant) in forms for variant in variants
    )


def _check(statement: str, truth: bool | None, field: str) -> Reason:
    missing = (f"authorizations.{field}",) if truth is None else ()
    return Reason(statement, Outcome.of(truth), missing=missing)


def _forms(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(normal_name(name) for name in names)


def _is_marked(party: Party) -> bool:
    """Return whether a license has to name the party in any role: it or an owner is listed."""
    owners = party.owners or ()
    return bool(
        party.listed_on or party.parent_listed_on or any(owner.listed_on for owner in owners)
    )


def _reaches(held: Authorization, destinations: tuple[str | None, ...]) -> bool | None:
    if held.destination is None or None in destinations:
        return None
    return all(country == held.destination for country in destinations)


def _full_names(names: tuple[str, ...]) -> frozenset[str]:
    # With legal forms: what is not surely the same company is not covered.
    return frozenset(full_name(name) for name in names)


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _suffices(allowed: Decimal | None, needed: Decimal | None) -> bool | None:
    return None if allowed is None or needed is None else needed <= allowed


def _valid(held: Authorization, law: Law) -> bool | None:
    if held.valid_from is not None and law.as_of < held.valid_from:
        return False
    if held.valid_until is not None and law.as_of > held.valid_until:
        return False
    return None if held.valid_until is None else True
