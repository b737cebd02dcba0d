"""From an order to the facts that clauses look at.

Nothing is guessed: what the order, the catalog and the lists do not say stays
unknown. Three readings are made here and said in the decision's notes: the
order's own names decide which named company a party is; a clear screening
result counts for the parties and owners that the order names; evidence past
its last day counts as unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from chipwarden.catalog.facts import ItemFacts
from chipwarden.decisions.order import Item, Order
from chipwarden.decisions.regions import region
from chipwarden.decisions.vocabulary import OrderVocabulary
from chipwarden.expressions.facts import Collection, Facts
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.model.values import Value
from chipwarden.parties.lists import StarterSet
from chipwarden.parties.names import NameRules, full_name, load_name_rules, normal_name
from chipwarden.parties.ownership import OwnershipResult, listed_share
from chipwarden.parties.schema import ListCode, Owner, Party
from chipwarden.parties.screening import Match, find
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import NamedCompany, ReviewPolicy

# Facts of an order that a claim of an authorization makes; without a claim they are no.
_CLAIMS = {
    "transfer.claims_supply_chain_license": "TGL",
    "transfer.claims_acm": "ACM",
}
_LISTS = {
    "party.listed_el": "US-EL",
    "party.listed_meu": "US-MEU",
    "party.listed_uvl": "US-UVL",
    "party.listed_dpl": "US-DPL",
    "party.listed_sdn": "US-SDN",
    "party.listed_tw_shtc": "TW-SHTC",
}
# Stakes of owners on these lists are added up.
_OWNED = {
    "party.owned_by_listed": frozenset({"US-EL", "US-MEU", "US-SDN"}),
    "party.owned_by_listed_sdn": frozenset({"US-SDN"}),
}
_RED_FLAG_29 = frozenset({"US-EL", "US-MEU"})
_FOOTNOTES = (1, 3, 4, 5)
# With knowledge: what is not known counts as not known.
_KNOWN = {
    "transfer.known_wmd": "transfer.wmd_end_use",
    "transfer.known_military_intelligence": "transfer.military_intelligence_end_use",
}
_WHOLE = Decimal(100)
# Key of named-companies.toml: fabricators and packagers that are known as such.
_MAKER = "fabricator-or-packager"


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The facts of an order apart from its items.

    Attributes:
        transfer: values by name, "transfer.…".
        parties: facts of every party, those of missing roles last.
        screening: reasons of what lists and owners came to.
        notes: readings that were made.
    """

    transfer: Mapping[str, Value | None]
    parties: Collection
    screening: tuple[Reason, ...]
    notes: tuple[str, ...]

    def with_item(self, item: Mapping[str, Value | None]) -> Facts:
        """Return the facts together with those of one item."""
        return Facts({**self.transfer, **item}, {"parties": self.parties})

    def with_order_power(self, needed_mw: Decimal | None) -> "OrderFacts":
        """Return the facts with whether each site's power suffices for the chips alone."""
        if needed_mw is None:
            return self
        members = tuple(
            member
            if not isinstance(site := member.get("party.site_power_mw"), Decimal)
            else {**member, "party.site_power_sufficient": site >= needed_mw}
            for member in self.parties.members
        )
        return replace(self, parties=replace(self.parties, members=members))

    def with_order_tpp(self, order_tpp: Decimal | None) -> "OrderFacts":
        """Return the facts with what a consignee has received once this order is added."""
        received = {
            "transfer.lpp_tpp_after_this": self.transfer.get("transfer.lpp_tpp_this_year"),
            "transfer.veu_tpp_after_this": self.transfer.get("transfer.veu_tpp_cumulative"),
        }
        after = {
            fact: before + order_tpp
            if isinstance(before, Decimal) and order_tpp is not None
            else None
            for fact, before in received.items()
        }
        return replace(self, transfer={**self.transfer, **after})


def order_facts(
    order: Order, law: Law, starter_set: StarterSet, vocabulary: OrderVocabulary
) -> OrderFacts:
    """Return the facts of an order under the law of its day."""
    reasons: list[Reason] = []
    notes: list[str] = []
    members: list[Mapping[str, Value | None]] = []
    labels: list[str] = []
    named = list(order.parties)
    roles = [party.role for party in named]
    missing = [r for r in vocabulary.required_roles.get(order.kind, ()) if r not in roles]
    for party in [*named, *(Party(role=role) for role in missing)]:
        label = _label(party, labels)
        values, found, said = _party_values(party, label, order, law, starter_set)
        members.append(values)
        labels.append(label)
        reasons.extend(found)
        notes.extend(said)
    notes.extend(
        f"The order names no {role}: a party of whom nothing is known." for role in missing
    )
    collection = Collection(tuple(members), order.parties_complete, tuple(labels))
    transfer, said = _transfer_values(order, law, vocabulary)
    return OrderFacts(transfer, collection, tuple(reasons), (*notes, *said))


# ---------------------------------------------------------------- transfer


def _transfer_values(
    order: Order, law: Law, vocabulary: OrderVocabulary
) -> tuple[dict[str, Value | None], list[str]]:
    notes: list[str] = []
    values: dict[str, Value | None] = {
        "transfer.kind": order.kind,
        "transfer.origin": order.origin,
        "transfer.destination": order.destination,
        "transfer.destination_region": region(order.destination_region),
        "transfer.export_year": Decimal(law.as_of.year),
        "transfer.exporter_company": _exporter_company(order, law),
        "transfer.sold_by_foundry": _sold_by_foundry(order, law),
        "transfer.transits_malaysia": any(law.group("malaysia").has(c) for c in order.transit),
        "transfer.claims_en_route": "en_route_on" in order.facts,
        "transfer.transits_embargoed": any(law.group("embargoed").has(c) for c in order.transit),
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
        values[f"transfer.{name}"] = statement.value
    purposes = order.end_use.purposes
    for purpose, fact in vocabulary.purpose_facts.items():
        if purposes and purpose in purposes:
            values[f"transfer.{fact}"] = True
    for known, fact in _KNOWN.items():
        values[known] = values.get(fact) is True
    values["transfer.known_advanced_node"] = "advanced_node_production" in (purposes or ())
    values["transfer.purpose_ai_training"] = _purpose(purposes, "ai_training")
    values["transfer.purpose_iaas"] = _purpose(purposes, "iaas")
    values["transfer.purpose_technical_analysis_only"] = (
        None if _unsaid(purposes) else tuple(purposes or ()) == ("technical_analysis",)
    )
    claimed = {a.exception for a in order.authorizations if a.kind == "exception"}
    values.update({fact: exception in claimed for fact, exception in _CLAIMS.items()})
    values["transfer.claims_lpp"] = "lpp_tpp_this_year" in order.facts or "LPP" in claimed
    values["transfer.claims_veu"] = "veu_tpp_cumulative" in order.facts or "VEU" in claimed
    return values, notes


def _days(since: date | None, law: Law) -> Decimal | None:
    return None if since is None else Decimal((law.as_of - since).days)


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
    named = [_company(p.name, p.aliases, law) for p in exporters]
    if found := next((name for name in named if name), None):
        return found
    # A subsidiary, or a name that holds the addressee's, may be bound as well: not known.
    near = any(_is_near_addressee(p, law) for p in exporters)
    return None if near else "other"


def _is_near_addressee(party: Party, law: Law) -> bool:
    if _company(party.parent_name, (), law):
        return True
    words = set(normal_name(party.name or "").split())
    return any(
        set(normal_name(name).split()) <= words
        for company in law.companies.values()
        for name in company.names
        if company.is_addressee
    )


def _sold_by_foundry(order: Order, law: Law) -> bool | None:
    makers = {
        normal_name(name)
        for p in order.parties
        if p.role in ("foundry", "osat")
        for name in (p.name, *p.aliases)
        if name
    }
    sellers = [p for p in order.parties if p.role in ("exporter", "reexporter")]
    if any(_company(p.name, p.aliases, law) == _MAKER for p in sellers):
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


def _company(name: str | None, aliases: Iterable[str], law: Law) -> str | None:
    forms = [normal_name(text) for text in (name, *aliases) if text]
    known = _company_forms(tuple(law.companies.values()), load_name_rules())
    return next((known[form] for form in forms if form in known), None)


@lru_cache(maxsize=8)
def _company_forms(companies: tuple[NamedCompany, ...], rules: NameRules) -> Mapping[str, str]:
    # The rules are part of the key: a name's normal form depends on them.
    return {normal_name(text): company.key for company in companies for text in company.names}


# ---------------------------------------------------------------- parties


def _label(party: Party, taken: list[str]) -> str:
    if party.role not in taken:
        return party.role
    number = 2
    while f"{party.role}[{number}]" in taken:
        number += 1
    return f"{party.role}[{number}]"


def _party_values(
    party: Party, label: str, order: Order, law: Law, starter_set: StarterSet
) -> tuple[dict[str, Value | None], list[Reason], list[str]]:
    reasons: list[Reason] = []
    notes: list[str] = []
    matches = find(
        party.name, party.aliases, party.country, starter_set, law.as_of, law.known_on
    )
    company = _company(party.name, party.aliases, law)
    parent_company = _company(party.parent_name, (), law)
    values: dict[str, Value | None] = {
        "party.role": party.role,
        "party.country": party.country,
        "party.headquarters": party.headquarters,
        "party.parent_headquarters": _parent_headquarters(party),
        "party.incorporated": party.incorporated,
        "party.site_power_mw": party.site_power_mw,
        "party.business": party.business.casefold() if party.business else None,
        "party.named_company": company or ("none" if party.name else None),
        "party.parent_named_company": parent_company or ("none" if party.parent_name else None),
        "party.in_destination": (
            None
            if party.country is None
            else party.country in (order.destination, order.origin)
        ),
    }
    if company:
        notes.append(f"{label}: by its name taken for {company!r}; verify its identity.")
    values["party.parent_listed"] = bool(party.parent_listed_on)
    for fact, code in _LISTS.items():
        fact_name = fact.partition(".")[2]
        reason = _listing(party, label, fact_name, ListCode(code), order, matches)
        values[fact] = reason.outcome.truth
        if reason.children or reason.outcome is not Outcome.NO:
            reasons.append(reason)
    values["party.listed_information"] = any(
        code in ("US-1260H", "US-NSCMIC") for code in party.listed_on
    ) or any(m.entry.list_code in ("US-1260H", "US-NSCMIC") for m in matches)
    _entity_list_values(values, party, matches)
    # Only a listed party has a programme; until that is known, the listing is what is asked.
    values["party.sdn_programme_744_8"] = (
        _named_programme(party, matches, law) if values["party.listed_sdn"] else True
    )
    for fact, codes in _OWNED.items():
        owned = _owned(party, codes, order, law, starter_set)
        values[fact] = owned.outcome.truth
        if party.owners:
            reasons.append(replace(owned.reason, statement=f"{label}: {owned.reason.statement}"))
        if fact == "party.owned_by_listed":
            values["party.owners_review"] = _owners_review(owned, law, starter_set)
    if party.owners is not None:
        owners = tuple(_all_owners(party.owners))
        values["party.has_listed_owner"] = any(
            _RED_FLAG_29.intersection(owner.listed_on) for owner in owners
        )
        values["party.has_favoured_owner"] = _has_favoured_owner(party.owners, law)
    return values, reasons, notes


def _parent_headquarters(party: Party) -> str | None:
    if party.parent_headquarters is not None:
        return party.parent_headquarters
    # With legal forms: "Example Pte. Ltd." and "Example Co., Ltd." are two companies.
    names_itself = (
        party.parent_name is not None
        and party.name is not None
        and full_name(party.parent_name) == full_name(party.name)
    )
    return party.headquarters if names_itself else None


def _listing(
    party: Party,
    label: str,
    fact: str,
    code: ListCode,
    order: Order,
    matches: tuple[Match, ...],
) -> Reason:
    statement = f"{label} is on {code}"
    if code in party.listed_on:
        return Reason(statement, Outcome.YES, note="The order says so.")
    here = [match for match in matches if match.entry.list_code == code]
    certain = [match for match in here if match.outcome is Outcome.YES and match.date_is_certain]
    if certain:
        return Reason(statement, Outcome.YES, children=tuple(m.reason for m in certain))
    screening = order.screening
    if screening is not None and code in screening.lists and party.name is not None:
        if screening.outcome == "clear" and not here:
            dated = f"{screening.system or 'another system'} of {screening.date}"
            return Reason(statement, Outcome.NO, note=f"Screening result of {dated}.")
        if screening.outcome == "clear":
            return Reason(
                statement,
                Outcome.UNDETERMINED,
                missing=(f"{label}.listed_on",),
                children=tuple(m.reason for m in here),
                note="The screening result says clear, but a name on the starter set fits.",
            )
    return Reason(
        statement,
        Outcome.UNDETERMINED,
        missing=(f"{label}.{fact}",),
        children=tuple(m.reason for m in here),
        note="The starter set finds listed parties and never clears one.",
    )


def _entity_list_values(
    values: dict[str, Value | None], party: Party, matches: tuple[Match, ...]
) -> None:
    listed = values["party.listed_el"]
    entries = [m.entry for m in matches if m.entry.list_code == "US-EL"]
    for number in _FOOTNOTES:
        fact = f"party.footnote_{number}"
        if any(number in entry.footnotes for entry in entries) and listed is not False:
            values[fact] = listed
        else:
            # An entry that we hold tells its footnotes; one that the order only names does not.
            values[fact] = False if listed is False or entries else None
    policies = [entry.review_policy for entry in entries]
    values["party.entity_list_review"] = policies[0] if len(set(policies)) == 1 else None


def _named_programme(party: Party, matches: tuple[Match, ...], law: Law) -> bool | None:
    programmes = set(party.sdn_programmes)
    for match in matches:
        if match.entry.list_code == "US-SDN":
            programmes.update(match.entry.programmes)
    if not programmes:
        return None
    named = str(law.parameters.get("sdn_programmes_744_8", "")).split()
    return bool(programmes & set(named))


def _owned(
    party: Party, codes: frozenset[str], order: Order, law: Law, starter_set: StarterSet
) -> OwnershipResult:
    threshold = law.parameters["affiliates_ownership"]
    assert isinstance(threshold, Decimal)

    def is_listed(name: str, listed_on: tuple[ListCode, ...]) -> Outcome:
        found = [
            match.outcome
            for match in find(name, (), None, starter_set, law.as_of, law.known_on)
            if match.entry.list_code in codes
        ]
        if found:
            return disjunction([*found, Outcome.UNDETERMINED])
        screening = order.screening
        if screening and screening.outcome == "clear" and codes <= set(screening.lists):
            return Outcome.NO
        return Outcome.UNDETERMINED

    # The tiers that the order gives are taken for all there are.
    return listed_share(party, threshold, codes, is_listed, unsaid_owners=Outcome.NO)


def _owners_review(owned: OwnershipResult, law: Law, starter_set: StarterSet) -> str | None:
    """Return the strictest review policy of the owners' entries, None where one is unknown."""
    policies = []
    for owner in owned.owners:
        entries = [
            match.entry
            for match in find(owner.name, (), None, starter_set, law.as_of, law.known_on)
            if match.entry.list_code == "US-EL"
        ]
        policies.append(entries[0].review_policy if len(entries) == 1 else None)
    ranks = {policy.value: policy.rank for policy in ReviewPolicy}
    if not policies or any(policy not in ranks for policy in policies):
        return None
    return max((policy for policy in policies if policy), key=ranks.__getitem__)


def _has_favoured_owner(owners: tuple[Owner, ...], law: Law) -> bool | None:
    """Return whether an owner that is not listed has its headquarters in the US, A:5 or A:6."""
    favoured = law.group("a5_a6_or_us")
    others = [owner for owner in owners if not owner.listed_on]
    found = [None if o.headquarters is None else favoured.has(o.headquarters) for o in others]
    if True in found:
        return True
    whole = sum((owner.high for owner in owners), Decimal(0)) >= _WHOLE
    return None if None in found or not whole else False


def _all_owners(owners: tuple[Owner, ...]) -> Iterable[Owner]:
    for owner in owners:
        yield owner
        yield from _all_owners(owner.owners or ())


# ---------------------------------------------------------------- items


def item_values(item: Item, product: ItemFacts, law: Law) -> dict[str, Value | None]:
    """Return the facts of one kind of chip in one line of an order."""
    chip = product.chip
    tpp = product.facts.get("item.tpp")
    units = item.quantity * product.count if item.quantity is not None else None
    direct_product = (
        True
        if item.us_technology or item.us_equipment
        else (False if item.us_technology is False and item.us_equipment is False else None)
    )
    memory = chip.memory_type
    declared = item.eccn_declared.eccn if item.eccn_declared else None
    residual = str(law.parameters.get("residual_entries", "")).split()
    return {
        **product.facts,
        "item.kind": item.kind or product.facts.get("item.kind"),
        "item.origin_country": item.origin_country,
        "item.us_content_percent": item.us_content_percent,
        "item.us_direct_product": direct_product,
        "item.eccn_declared": declared,
        "item.declared_elsewhere": declared is not None
        and declared.partition(".")[0].upper() not in residual,
        "item.declared_residual": declared is not None
        and declared.partition(".")[0].upper() in residual,
        "item.is_hbm": product.facts.get("item.is_hbm") and chip.copackaged_with_logic is not True,
        "item.advanced_node": product.facts.get("item.non_planar"),
        "item.has_hbm": None if not memory else memory.upper().startswith("HBM"),
        "item.total_tpp": tpp * units if isinstance(tpp, Decimal) and units is not None else None,
    }

