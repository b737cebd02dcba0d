"""An order under the law of a day: the decision with its reasons. Pure.

    decision = decide(order, data)
    decision.outcome, decision.disposition, decision.missing
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from chipwarden.catalog.chips import Catalog
from chipwarden.decisions.authorizations import covering
from chipwarden.decisions.conclusion import Standing, disposition, reason_of
from chipwarden.decisions.determination import Requirement
from chipwarden.decisions.duties import RedFlag, obligations, red_flags, warnings
from chipwarden.decisions.facts import order_facts
from chipwarden.decisions.findings import Findings
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.missing import MissingFact
from chipwarden.decisions.needs import missing_facts
from chipwarden.decisions.order import Mode, Order
from chipwarden.decisions.outcomes import Strictness
from chipwarden.decisions.products import (
    DecidedItem,
    WithItem,
    decide_item,
    order_power_mw,
    order_tpp,
)
from chipwarden.decisions.unverified import unverified
from chipwarden.decisions.verdicts import Verdict, verdicts
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.reasons import Reason
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import ReviewPolicy

_NEEDS_ORDER_TPP = ("lpp_tpp_this_year", "veu_tpp_cumulative")
# A user may work from afar; who hosts the goods has them.
_GOODS_REACH = ("consignee", "end_user", "host")
# Whose country counts as a destination beside that of the papers, by kind of transfer.
_REACHES = {
    "export": _GOODS_REACH,
    "reexport": _GOODS_REACH,
    "transfer_in_country": _GOODS_REACH,
    "cloud_access": ("end_user", "user"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What an order comes to.

    Attributes:
        outcome: a word of the order vocabulary.
        settled: whether no missing fact can change outcome or review policy.
        review_policy: the strictest that applies; None where several are possible or none applies.
        review_policy_at_least: the mildest that can lead.
        exception: the exceptions relied on, None where none is.
        disposition: release, hold or block.
        why: what led to the disposition, in words.
        unsupported: facts that the order states without a document.
    """

    order: Order
    law: Law
    items: tuple[DecidedItem, ...]
    outcome: str
    settled: bool
    review_policy: ReviewPolicy | None
    review_policy_at_least: ReviewPolicy | None
    exception: str | None
    disposition: str
    why: tuple[str, ...]
    missing: tuple[MissingFact, ...]
    requirements: tuple[Requirement, ...]
    verdicts: tuple[Verdict, ...]
    authorization: Reason | None
    obligations: tuple[str, ...]
    warnings: tuple[str, ...]
    red_flags: tuple[RedFlag, ...]
    unverified: tuple[str, ...]
    unsupported: tuple[str, ...]
    reason: Reason


def decide(
    order: Order,
    data: Data,
    as_of: date | None = None,
    known_on: date | None = None,
    mode: Mode | None = None,
) -> Decision:
    """Return the decision on an order.

    Args:
        order: what is to be transferred.
        data: law, catalog and lists.
        as_of: the day to which the law is applied; by default the order's day of release,
            else its date.
        known_on: the day of knowledge; by default the day of the data, never the order's.
        mode: by default the order's, else as enforced.

    Raises:
        InvalidDocument: a product of the order is not known.
    """
    mode = mode or order.mode or Mode.AS_ENFORCED
    # A cleared order is decided again at release, never under the law of an earlier day.
    as_of = as_of or max(order.date, order.dates.get("release_date", order.date))
    law = data.lawbook.law_on(as_of, known_on, as_written=mode is Mode.AS_WRITTEN)
    law.require_known()
    facts = order_facts(order, law, data.starter_set, data.vocabulary)
    if not order.facts.keys().isdisjoint(_NEEDS_ORDER_TPP):
        facts = facts.with_order_tpp(order_tpp(order.items, data.catalog))
    if any(party.site_power_mw is not None for party in order.parties):
        facts = facts.with_order_power(order_power_mw(order.items, data.catalog))
    destinations = _destinations(order)
    items = _items(order, facts.with_item, destinations, data.catalog, law)
    return _conclusion(
        Findings(order, data, law, items, destinations, facts.screening, facts.notes)
    )


def _items(
    order: Order,
    with_item: WithItem,
    destinations: tuple[str | None, ...],
    catalog: Catalog,
    law: Law,
) -> tuple[DecidedItem, ...]:
    items: list[DecidedItem] = []
    problems: list[Problem] = []
    for index, item in enumerate(order.items):
        try:
            items.append(
                decide_item(item, f"items[{index}]", with_item, destinations, catalog, law)
            )
        except InvalidDocument as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidDocument(order.id, problems)
    return tuple(items)


def _destinations(order: Order) -> tuple[str | None, ...]:
    """Return every country where the goods may end: the order's and those of who gets them.

    The ultimate destination is where the end user is, whatever the papers name first.
    """
    receivers = [p for p in order.parties if p.role in _REACHES.get(order.kind, ())]
    return tuple(dict.fromkeys([order.destination, *(p.country for p in receivers)]))


def _codes(found: Findings) -> Iterator[str]:
    # A savings clause lifts without being a license exception.
    return (use.clause.exception for use in found.exceptions if use.clause.exception)


def _conclusion(found: Findings) -> Decision:
    order, law = found.order, found.law
    needs_license = found.bounds.word == Strictness.LICENSE_REQUIRED.word
    names = tuple(
        (item.item.product, tuple(variant.name for variant in item.variants))
        for item in found.items
    )
    others = verdicts(found.alternatives, law)
    standing = Standing(
        license_held=(
            covering(order, law, "license", "US", names, found.destinations)
            if needs_license
            else None
        ),
        verdicts=others,
        permits={
            verdict.regime.code: covering(
                order, law, "host_permit", verdict.regime.code, names, found.destinations
            )
            for verdict in others
            if verdict.outcome == "license_required"
        },
        red_flags=red_flags(found.alternatives, law),
    )
    word, why = disposition(found, standing)
    policies = found.policies
    return Decision(
        order=order,
        law=law,
        items=found.items,
        outcome=found.bounds.word,
        settled=found.bounds.is_settled
        and policies.floor == policies.ceiling
        and not found.pending,
        review_policy=policies.policy if needs_license else None,
        review_policy_at_least=policies.at_least if needs_license else None,
        exception=" + ".join(dict.fromkeys(_codes(found))) or None,
        disposition=word,
        why=why,
        missing=missing_facts(found, standing.license_held),
        requirements=found.requirements,
        verdicts=others,
        authorization=standing.license_held,
        obligations=obligations(found, others),
        warnings=warnings(found),
        red_flags=standing.red_flags,
        unverified=unverified(order, found.items, found.requirements, found.data.lawbook, law),
        unsupported=tuple(name for name, said in order.facts.items() if said.document is None),
        reason=reason_of(found, standing),
    )
