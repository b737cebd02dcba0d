"""Facts of each party: where it is, on which lists, who owns it.

A clear screening result counts for the parties and owners that the order
names. The starter set finds and never clears.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from chipwarden.decisions.named_companies import named_company
from chipwarden.decisions.order import Order
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.model.values import Value
from chipwarden.parties.lists import StarterSet
from chipwarden.parties.names import full_name
from chipwarden.parties.ownership import OwnershipResult, listed_share
from chipwarden.parties.schema import ListCode, Owner, Party
from chipwarden.parties.screening import Match, find
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import ReviewPolicy

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
_WHOLE = Decimal(100)


def party_values(
    party: Party, label: str, order: Order, law: Law, starter_set: StarterSet
) -> tuple[dict[str, Value | None], list[Reason], list[str]]:
    """Return the values by name, the reasons of what lists and owners came to, and notes."""
    reasons: list[Reason] = []
    notes: list[str] = []
    matches = find(
        party.name, party.aliases, party.country, starter_set, law.as_of, law.known_on
    )
    company = named_company(party.name, party.aliases, law)
    parent_company = named_company(party.parent_name, (), law)
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
        # A listed parent above the tiers that are given may hold through them.
        parent_may_hold = bool(codes.intersection(party.parent_listed_on))
        is_owned = owned.outcome.truth
        values[fact] = None if parent_may_hold and is_owned is False else is_owned
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
        # An owner of half or more elsewhere says that the parent may be another.
        others = [owner for owner in party.owners or () if owner.low * 2 >= _WHOLE]
        elsewhere = any(o.headquarters not in (None, party.parent_headquarters) for o in others)
        return None if elsewhere else party.parent_headquarters
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
