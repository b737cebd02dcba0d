"""From a decision to a grant.

    wanted = Wanted(holder="Example Compute Riyadh Co.", country="SA", serials={1: serials})
    grant = grant_from_decision(record, 12, wanted, Issuing(issuer, now, id_random, seed))

Only what was released is granted, to whom and where it was decided, not more than was
decided and not for longer than what the decision rests on. All that stands in the way is
told at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from chipwarden.enforcement.errors import GrantRefused
from chipwarden.enforcement.grant_claims import grant_of
from chipwarden.enforcement.grants import (
    Grant,
    GrantItem,
    Place,
    grant_id,
    item_problems,
    same_name,
)
from chipwarden.enforcement.validity import end_of
from chipwarden.model.canonical import digest

DECISION_SCHEMA: Final = "chipwarden.decision/1"
# Whose country was judged as a destination, by kind of transfer, as in decisions.decide.
GOODS_REACH: Final = ("consignee", "end_user", "host")
REACHES: Final[Mapping[str, tuple[str, ...]]] = {
    "export": GOODS_REACH,
    "reexport": GOODS_REACH,
    "transfer_in_country": GOODS_REACH,
    "cloud_access": ("end_user", "user"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the grant is to say where the decision leaves a choice.

    Attributes:
        holder: name or alias of a party of the order.
        country: where the items go, ISO 3166-1 alpha-2; a destination that was decided.
        site: closer than the country, None where the whole country is meant.
        quantities: units by the number of their line, from 1; None: all that is left.
        serials: serial numbers by the number of their line.
        not_before: POSIX seconds; None: at once.
        validity_s: seconds; None: 72 hours, or less where the decision bears less.
    """

    holder: str
    country: str
    site: str | None = None
    quantities: Mapping[int, int] | None = None
    serials: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    not_before: int | None = None
    validity_s: int | None = None


@dataclass(frozen=True, slots=True)
class Issuing:
    """Who issues, when, and what is known beside the decision.

    Attributes:
        issuer: name of the issuer.
        time: POSIX seconds.
        random: 16 random bytes, for the id.
        seed: 32 random bytes, for the commitments.
        covered: units by line that earlier grants of the order cover.
        known_to: day to which the law is known now, None where it does not matter.
        screening_days: days for which a screening result counts, None where it does not matter.
        limits: what else ends the grant: POSIX seconds and why.
        objections: what else speaks against any grant on this decision, in sentences.
    """

    issuer: str
    time: int
    random: bytes
    seed: bytes
    covered: Mapping[int, int] = field(default_factory=dict)
    known_to: date | None = None
    screening_days: int | None = None
    limits: tuple[tuple[int, str], ...] = ()
    objections: tuple[str, ...] = ()


def grant_from_decision(
    record: Mapping[str, Any], decision_index: int, wanted: Wanted, issuing: Issuing
) -> Grant:
    """Return the grant that a decision bears; it is not in the log yet.

    Args:
        record: the record of the decision (`chipwarden.decision/1`).
        decision_index: index in the log of the decision's statement.
        wanted: what is asked for.
        issuing: who issues, when.

    Raises:
        GrantRefused: every reason why there is none.
        InvalidGrant: a serial number or a site is no plain text, or is too long.
    """
    order_id = str(record.get("order_id", "?"))
    reasons = [*_not_released(record, issuing), *issuing.objections]
    if record.get("schema") != DECISION_SCHEMA:
        raise GrantRefused(f"grant for order {order_id!r}", reasons)
    order = record["order"]
    holder = _holder(order, wanted.holder)
    if holder is None:
        reasons.append(_no_holder(order, wanted.holder))
    places = _countries(order)
    if wanted.country not in places:
        reasons.append(
            f"It was decided for {', '.join(places)}, not for {wanted.country}. Name one of "
            "these as the place, or decide the order with its true destination."
        )
    items = _items(record, wanted, issuing.covered, reasons)
    not_before = issuing.time if wanted.not_before is None else wanted.not_before
    if not_before < issuing.time:
        reasons.append("It would begin before it is issued. Let it begin now or later.")
    not_after, ends = end_of(
        record, not_before, wanted.validity_s, issuing.screening_days, issuing.limits
    )
    reasons += ends
    if reasons or holder is None:
        raise GrantRefused(f"grant for order {order_id!r}", reasons)
    region = order.get("destination_region") if wanted.country == order["destination"] else None
    grant = Grant(
        id=grant_id(issuing.random),
        issuer=issuing.issuer,
        decision_index=decision_index,
        decision_digest=digest(record),
        order_id=order_id,
        items=items,
        holder=holder,
        place=Place(wanted.country, region, wanted.site),
        obligations=tuple(record["obligations"]),
        issued_at=issuing.time,
        not_before=not_before,
        not_after=not_after,
        seed=issuing.seed,
    )
    # What we would not read is not written either.
    return grant_of(grant.claims())


def _not_released(record: Mapping[str, Any], issuing: Issuing) -> Iterator[str]:
    if record.get("schema") != DECISION_SCHEMA:
        yield f"found the schema {record.get('schema')!r}; expected {DECISION_SCHEMA!r}."
        return
    disposition = record["disposition"]
    if disposition != "release":
        outcome = str(record["outcome"]).replace("_", " ")
        why = " ".join(record["disposition_reasons"])
        yield (
            f"The decision is {disposition!r}, not 'release' (outcome: {outcome}). {why} Settle "
            "this and decide again; a grant is made from a release alone."
        )
    known_on = date.fromisoformat(record["known_on"])
    if issuing.known_to is not None and known_on < issuing.known_to:
        yield (
            f"It was decided with the law as known on {known_on}; the law is known to "
            f"{issuing.known_to} now. Decide again with what is known."
        )


def _holder(order: Mapping[str, Any], name: str) -> str | None:
    """Return the party's name as the order spells it, None where it has no such party."""
    for party in order.get("parties", ()):
        names = [party.get("name"), *party.get("aliases", ())]
        if any(known is not None and same_name(known, name) for known in names):
            return str(party.get("name") or name)
    return None


def _no_holder(order: Mapping[str, Any], name: str) -> str:
    known = dict.fromkeys(p["name"] for p in order.get("parties", ()) if p.get("name"))
    return (
        f"{name!r} is no party of the order; its parties are "
        f"{', '.join(map(repr, known)) or 'not named'}. Who was not decided upon gets no grant."
    )


def _countries(order: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the countries that were judged as destinations, the order's own first."""
    roles = REACHES.get(order["kind"], ())
    receiving = [p.get("country") for p in order.get("parties", ()) if p.get("role") in roles]
    return tuple(dict.fromkeys(c for c in (order["destination"], *receiving) if c is not None))


def _items(
    record: Mapping[str, Any],
    wanted: Wanted,
    covered: Mapping[int, int],
    reasons: list[str],
) -> tuple[GrantItem, ...]:
    decided = dict(enumerate(record["items"], 1))
    quantities = wanted.quantities
    for line in sorted({*(quantities or ()), *wanted.serials} - decided.keys()):
        reasons.append(f"Line {line}: the order has lines 1 to {len(decided)}.")
    items = []
    for line, item in decided.items():
        if quantities is not None and line not in quantities:
            continue
        whole = _units(item["quantity"])
        if whole is None:
            reasons.append(
                f"Line {line}: found the quantity {item['quantity']}; a grant is for whole units."
            )
            continue
        left = max(whole - covered.get(line, 0), 0)
        asked = left if quantities is None else quantities[line]
        if asked < 1 and quantities is not None:
            reasons.append(f"Line {line}: found {asked} units; a grant is for at least one.")
        elif asked > left:
            reasons.append(
                f"Line {line}, {item['product']}: {asked:,} asked, {whole:,} decided, "
                f"{covered.get(line, 0):,} in earlier grants, {left:,} left."
            )
        elif asked:
            serials = wanted.serials.get(line, ())
            items.append(GrantItem(line, item["product"], item["eccn"], asked, tuple(serials)))
    if not items and not reasons:
        reasons.append("Earlier grants cover all that was decided; nothing is left to grant.")
    reasons += [f"In the grant: {problem}." for problem in item_problems(tuple(items))]
    return tuple(items)


def _units(quantity: Any) -> int | None:
    """Return a quantity of a record, which is a number or its digits; None: no whole number."""
    if quantity is None or isinstance(quantity, bool):
        return None
    number = Decimal(str(quantity))
    return int(number) if number == number.to_integral_value() else None
