"""Facts of the transfer as a whole: kind, places, end use, claims, who sells.

Evidence past its last day counts as unknown. Purposes say yes to a fact of the
same meaning and never no.
"""

from datetime import date
from decimal import Decimal

from chipwarden.decisions.named_companies import MAKER, is_near_addressee, named_company
from chipwarden.decisions.order import Order
from chipwarden.decisions.regions import region
from chipwarden.decisions.vocabulary import OrderVocabulary
from chipwarden.model.values import Value
from chipwarden.parties.names import normal_name
from chipwarden.rules.lawbook import Law

# Facts of an order that a claim of an authorization makes; without a claim they are no.
_CLAIMS = {
    "transfer.claims_supply_chain_license": "TGL",
    "transfer.claims_acm": "ACM",
}
# Parties that hold or handle the goods on the way, or deal in them.
_HANDLES = ("intermediate_consignee", "forwarder", "broker", "purchaser", "payer", "user")
# Answers about one line; a single no must not clear all lines of an order.
_OF_ONE_LINE = (
    "in_744_supplement_2",
    "paragraph_4a090_b_applies",
    "declared_entry_requires_license",
    "letter_combination_applies",
    "letter_2022_applies",
)
# With knowledge: what is not known counts as not known.
_KNOWN = {
    "transfer.known_wmd": "transfer.wmd_end_use",
    "transfer.known_military_intelligence": "transfer.military_intelligence_end_use",
}


def transfer_values(
    order: Order, law: Law, vocabulary: OrderVocabulary
) -> tuple[dict[str, Value | None], list[str]]:
    """Return the values by name, and notes on what was read into the order."""
    notes: list[str] = []
    values: dict[str, Value | None] = {
        "transfer.kind": order.kind,
        "transfer.origin": order.origin,
        "transfer.destination": order.destination,
        "transfer.destination_region": region(order.destination_region),
        "transfer.exporter_company": _exporter_company(order, law),
        "transfer.sold_by_foundry": _sold_by_foundry(order, law),
        "transfer.transits_malaysia": any(law.group("malaysia").has(c) for c in order.transit),
        "transfer.claims_en_route": "en_route_on" in order.facts,
        "transfer.transits_embargoed": any(
            law.group("embargoed").has(country) for country in _on_the_way(order)
        ),
        "transfer.days_since_notification": _days(order.dates.get("notification_date"), law),
        "transfer.screening_age_days": _days(
            order.screening.date if order.screening else None, law
        ),
    }
    values.update(_packaging(order))
    for name, statement in order.facts.items():
        if statement.expires is not None and statement.expires < law.as_of:
            notes.append(f"The evidence for {name} expired on {statement.expires}: unknown.")
            continue
        if name in _OF_ONE_LINE and len(order.items) > 1 and statement.value is False:
            notes.append(f"{name} is answered once for several lines: not taken as a no.")
            continue
        values[f"transfer.{name}"] = statement.value
    purposes = order.end_use.purposes
    for purpose, fact in vocabulary.purpose_facts.items():
        if purposes and purpose in purposes:
            values[f"transfer.{fact}"] = True
    for known, fact in _KNOWN.items():
        values[known] = values.get(fact) is True
    values["transfer.known_advanced_node"] = "advanced_node_production" in (purposes or ())
    values["transfer.purpose_ai_training"] = _purpose(purposes, "ai_training")
    values["transfer.purpose_technical_analysis_only"] = (
        None if _unsaid(purposes) else tuple(purposes or ()) == ("technical_analysis",)
    )
    claimed = _claimed(order, law)
    values.update({fact: exception in claimed for fact, exception in _CLAIMS.items()})
    values["transfer.claims_lpp"] = "lpp_tpp_this_year" in order.facts or "LPP" in claimed
    values["transfer.claims_veu"] = "veu_tpp_cumulative" in order.facts or "VEU" in claimed
    return values, notes


def _days(since: date | None, law: Law) -> Decimal | None:
    return None if since is None else Decimal((law.as_of - since).days)


def _on_the_way(order: Order) -> list[str]:
    handlers = [p.country for p in order.parties if p.role in _HANDLES and p.country]
    return [*order.transit, *handlers]


def _claimed(order: Order, law: Law) -> set[str | None]:
    """Return the exceptions that are claimed for this destination and day."""
    return {
        held.exception
        for held in order.authorizations
        if held.kind == "exception"
        and (held.regime or "US").upper() == "US"
        and (held.valid_from is None or held.valid_from <= law.as_of)
        and (held.valid_until is None or law.as_of <= held.valid_until)
        and held.destination in (None, order.destination)
    }


def _unsaid(purposes: tuple[str, ...] | None) -> bool:
    return not purposes or "unknown" in purposes


def _purpose(purposes: tuple[str, ...] | None, purpose: str) -> bool | None:
    if purposes and purpose in purposes:
        return True
    return None if _unsaid(purposes) else False


def _exporter_company(order: Order, law: Law) -> str | None:
    exporters = [p for p in order.parties if p.role in ("exporter", "reexporter")]
    if not exporters or any(p.name is None for p in exporters):
        return None
    named = [named_company(p.name, p.aliases, law) for p in exporters]
    if found := next((name for name in named if name), None):
        return found
    # A subsidiary, or a name that holds the addressee's, may be bound as well: not known.
    near = any(is_near_addressee(p, law) for p in exporters)
    return None if near else "other"


def _sold_by_foundry(order: Order, law: Law) -> bool | None:
    makers = {
        normal_name(name)
        for p in order.parties
        if p.role in ("foundry", "osat")
        for name in (p.name, *p.aliases)
        if name
    }
    sellers = [p for p in order.parties if p.role in ("exporter", "reexporter")]
    if any(named_company(p.name, p.aliases, law) == MAKER for p in sellers):
        return True
    if not any(p.role in ("foundry", "osat") for p in order.parties):
        return False
    if not sellers or any(p.name is None for p in sellers):
        return None
    return any(
        normal_name(name) in makers for p in sellers for name in (p.name, *p.aliases) if name
    )


def _packaging(order: Order) -> dict[str, Value | None]:
    """Return who packages and where, as far as the parties of the order tell."""
    packagers = [p for p in order.parties if p.role == "osat"]
    if len(packagers) != 1:
        return {}
    makers = {normal_name(p.name) for p in order.parties if p.role == "foundry" and p.name}
    itself = packagers[0].name is not None and normal_name(packagers[0].name) in makers
    return {
        "transfer.packaging_country": packagers[0].country,
        **({"transfer.packager": "fabricator"} if itself else {}),
    }
