"""Listed ownership: whether owners on some lists hold half or more of a party together.

What is caught is the least set that holds every listed owner and every entity
whose owners in the set hold the threshold together. A stake passes a tier
whole and is not multiplied: X holds 60 % of A and A holds 60 % of B; A counts
as X does, so 60 % of B is held by listed owners.

What is not known never clears. An owner whose listing is unknown, an owner of
whose own owners nothing is said, and shares that nobody is named for may be
listed. `owners = ()` says that there are none (a state, a natural person).

Source: 15 CFR 744.11(a)(1) as amended by 90 FR 47201; OFAC, guidance of
2014-08-13 and FAQ 398 to 402. EU and UK rules (control) are not implemented.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from chipwarden.model.errors import Problem
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason
from chipwarden.parties.caught import Caught
from chipwarden.parties.names import NormalName
from chipwarden.parties.schema import ListCode, Party
from chipwarden.parties.stakes import NOTHING, PRECISION, Entity, Holdings, gather

IsListed = Callable[[str, tuple[ListCode, ...]], Outcome]

# Tiers above so many entities are left out of the reasons; the outcome looks at all of them.
_MOST_SHOWN = 200
_WHAT = {
    Outcome.YES: "is held by listed owners",
    Outcome.UNDETERMINED: "may be listed or held by listed owners",
    Outcome.NO: "is neither listed nor held by listed owners",
}


@dataclass(frozen=True, slots=True)
class ListedOwner:
    """An owner that is, or may be, on one of the lists and whose stake reaches the party.

    Attributes:
        name: its name.
        listed_on: those of the lists on which it is said to stand; () where screening said so.
        outcome: yes where it is listed and each tier below it is caught, else undetermined.
        path: names from it down to the party, both included.
    """

    name: str
    listed_on: tuple[ListCode, ...]
    outcome: Outcome
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnershipResult:
    """Whether listed owners hold the threshold together.

    Attributes:
        outcome: yes (caught), undetermined (possibly caught) or no.
        low: the least share that listed owners hold together, percent.
        high: the most that they may hold, percent.
        owners: the listed owners whose stakes count, certain ones first. The most restrictive
            of their entries leads.
        missing: facts that would settle an undetermined outcome.
        problems: shares that cannot be right.
        reason: the proving chain.
    """

    outcome: Outcome
    low: Decimal
    high: Decimal
    owners: tuple[ListedOwner, ...]
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]
    reason: Reason


def listed_share(
    party: Party,
    threshold: Decimal,
    lists: frozenset[str],
    is_listed: IsListed | None = None,
    unsaid_owners: Outcome = Outcome.UNDETERMINED,
) -> OwnershipResult:
    """Return whether owners on the lists hold the threshold or more, added together.

    Args:
        party: the party; its own listing is not looked at.
        threshold: percent, inclusive, above 0.
        lists: codes of the lists that count, added together.
        is_listed: screening of an owner, by its name and the lists that it is said to stand
            on; asked where none of these counts. None: unknown for every such owner.
        unsaid_owners: whether an owner that is not listed is held by listed ones where
            nothing is said of its own owners. Undetermined, unless the caller has reason to
            take the given tiers for all there are; then no.

    Returns:
        The outcome, and the shares in percent. Nothing said of the owners: 0 to 100.
    """
    with localcontext(prec=PRECISION):
        return _listed_share(party, threshold, lists, is_listed, unsaid_owners)


def _listed_share(
    party: Party,
    threshold: Decimal,
    lists: frozenset[str],
    is_listed: IsListed | None,
    unsaid_owners: Outcome,
) -> OwnershipResult:
    holdings = gather(party.name or f"the {party.role}", party.owners)
    listed = {
        key: _listing(entity, lists, is_listed)
        for key, entity in holdings.entities.items()
        if key != holdings.top
    }
    caught = Caught(holdings, listed, threshold, unsaid_owners)
    top = holdings.entities[holdings.top]
    low, high = caught.low(top), caught.high(top)
    outcome = caught.outcome(holdings.top)
    undetermined = outcome is Outcome.UNDETERMINED
    missing = tuple(dict.fromkeys(caught.missing(holdings.top))) if undetermined else ()
    reason = Reason(
        statement=f"Owners on {', '.join(sorted(lists))} together hold "
        f"{threshold} % or more of {top.name}",
        outcome=outcome,
        values=(("share_low", low), ("share_high", high), ("threshold", threshold)),
        missing=missing,
        children=_reasons(caught, holdings.top, set()),
        note=" ".join(f"{problem}." for problem in holdings.problems),
    )
    owners = _listed_owners(caught, lists)
    return OwnershipResult(outcome, low, high, owners, missing, holdings.problems, reason)


def _listing(entity: Entity, lists: frozenset[str], is_listed: IsListed | None) -> Outcome:
    if lists.intersection(entity.listed_on):
        return Outcome.YES
    return is_listed(entity.name, entity.listed_on) if is_listed else Outcome.UNDETERMINED


def _reasons(caught: Caught, key: NormalName, shown: set[NormalName]) -> tuple[Reason, ...]:
    """One reason for each owner of the entity, with its own owners below.

    The owners of an entity are shown once, however often it is named.
    """
    entity = caught.holdings.entities[key]
    shown.add(key)
    children = []
    for owner_key, (low, high) in (entity.stakes or {}).items():
        owner = caught.holdings.entities[owner_key]
        is_listed = caught.listed.get(owner_key) is Outcome.YES
        outcome = caught.outcome(owner_key)
        what = "is listed" if is_listed else _WHAT[outcome]
        share = f"{low} %" if low == high else f"{low} to {high} %"
        is_end = is_listed or owner_key in shown or len(shown) > _MOST_SHOWN
        children.append(
            Reason(
                statement=f"{owner.name}, holding {share} of {entity.name}, {what}",
                outcome=outcome,
                values=(("percentage_min", low), ("percentage_max", high)),
                children=() if is_end else _reasons(caught, owner_key, shown),
            )
        )
    return tuple(children)


def _listed_owners(caught: Caught, lists: frozenset[str]) -> tuple[ListedOwner, ...]:
    """Owners on the lists that are reached from the party through caught tiers."""
    found: dict[NormalName, ListedOwner] = {}
    # First only through tiers that are certainly caught, then through possible ones too.
    for tiers in (caught.certain, caught.possible):
        below: dict[NormalName, NormalName] = {}
        pending = [caught.holdings.top]
        while pending:
            key = pending.pop()
            for owner_key, (_, high) in (caught.holdings.entities[key].stakes or {}).items():
                is_new = owner_key not in below and owner_key != caught.holdings.top
                if is_new and high > NOTHING and owner_key in tiers:
                    below[owner_key] = key
                    pending.append(owner_key)
        for key in below:
            listed = caught.listed[key]
            if listed is Outcome.NO or key in found:
                continue
            entity = caught.holdings.entities[key]
            found[key] = ListedOwner(
                name=entity.name,
                listed_on=tuple(code for code in entity.listed_on if code in lists),
                outcome=listed if tiers is caught.certain else Outcome.UNDETERMINED,
                path=_path(caught.holdings, key, below),
            )
    return tuple(sorted(found.values(), key=lambda owner: owner.outcome is not Outcome.YES))


def _path(
    holdings: Holdings, key: NormalName, below: Mapping[NormalName, NormalName]
) -> tuple[str, ...]:
    names = [holdings.entities[key].name]
    while key != holdings.top:
        key = below[key]
        names.append(holdings.entities[key].name)
    return tuple(names)
