"""Who holds how much of whom: an order's tree of owners as entities and stakes.

An entity that is named in several places of the tree is one entity: what is
said of its owners in one place holds in the others. Two stakes of one owner in
the same entity are added together. Names are compared with their legal form.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from chipwarden.model.errors import Problem
from chipwarden.parties.names import NormalName, full_name
from chipwarden.parties.schema import ListCode, Owner

ALL = Decimal(100)
NOTHING = Decimal(0)
Band = tuple[Decimal, Decimal]

# Enough for any register; a bound keeps sums exact at PRECISION digits.
MOST_PLACES = 30
PRECISION = 60


@dataclass(frozen=True, slots=True)
class Entity:
    """An owner, or the party itself.

    Attributes:
        name: its name as first given.
        listed_on: lists on which it is said to stand, in any place of the tree.
        stakes: least and greatest share of each owner in it, percent, by the owner's key;
            None: nothing is said of its owners; empty: it is said to have none.
        is_flawed: whether the shares cannot be right; a no may not rest on them.
    """

    name: str
    listed_on: tuple[ListCode, ...]
    stakes: dict[NormalName, Band] | None
    is_flawed: bool = False

    @property
    def named_low(self) -> Decimal:
        """What the named owners hold at least, percent."""
        return sum((low for low, _ in (self.stakes or {}).values()), NOTHING)


@dataclass(frozen=True, slots=True)
class Holdings:
    """All entities of a tree by key, owned ones before their owners, and what is wrong."""

    top: NormalName
    entities: dict[NormalName, Entity]
    problems: tuple[Problem, ...]


def gather(name: str, owners: tuple[Owner, ...] | None) -> Holdings:
    """Return the entities and stakes of a party's tree of owners.

    A share that is not a number from 0 to 100 or has too many places, and a band whose ends are
    crossed, are reported and count as unknown (0 to 100). Shares of more than 100 in all are
    reported, and so are two places that say different things of one entity; the wider band then
    holds.
    """
    top = full_name(name) or NormalName("#")
    problems: list[Problem] = []
    names: dict[NormalName, str] = {}
    listed: dict[NormalName, dict[ListCode, None]] = {}
    told: dict[NormalName, list[dict[NormalName, Band]]] = {}
    for key, one_name, codes, its_owners in _occurrences(top, name, owners):
        names.setdefault(key, one_name)
        listed.setdefault(key, {}).update(dict.fromkeys(codes))
        if its_owners is not None:
            told.setdefault(key, []).append(_shares(one_name, its_owners, problems))
    entities = {}
    for key, one_name in names.items():
        entity = _entity(one_name, tuple(listed[key]), told.get(key, []), problems)
        entities[key] = entity
    return Holdings(top, entities, tuple(dict.fromkeys(problems)))


def _occurrences(
    top: NormalName, name: str, owners: tuple[Owner, ...] | None
) -> Iterator[
    tuple[NormalName, str, tuple[ListCode, ...], tuple[tuple[NormalName, Owner], ...] | None]
]:
    """Yield every place of the tree, parents first; an owner without a name is its own entity."""
    nameless = 0
    pending: list[tuple[NormalName, str, tuple[ListCode, ...], tuple[Owner, ...] | None]]
    pending = [(top, name, (), owners)]
    while pending:
        key, one_name, codes, its_owners = pending.pop()
        keyed = []
        for owner in its_owners or ():
            owner_key = full_name(owner.name)
            if not owner_key:
                nameless += 1
                owner_key = NormalName(f"#{nameless}")
            keyed.append((owner_key, owner))
        yield key, one_name, codes, None if its_owners is None else tuple(keyed)
        pending += [(k, o.name, o.listed_on, o.owners) for k, o in reversed(keyed)]


def _shares(
    name: str, owners: tuple[tuple[NormalName, Owner], ...], problems: list[Problem]
) -> dict[NormalName, Band]:
    """Return the share of each owner as told in one place, stakes of one owner added."""
    shares: dict[NormalName, Band] = {}
    for key, owner in owners:
        low, high = owner.low, owner.high
        if not (_is_share(low) and _is_share(high) and low <= high):
            problems.append(
                Problem(
                    place=f"owners of {name}: {owner.name}",
                    found=f"a share of {low} to {high} %" if str(low) != str(high) else f"{low} %",
                    expected="a share from 0 to 100 % with at most "
                    f"{MOST_PLACES} decimal places, the lower end first",
                    remedy="It counts as unknown until it is corrected.",
                )
            )
            low, high = NOTHING, ALL
        before = shares.get(key, (NOTHING, NOTHING))
        shares[key] = (before[0] + low, min(before[1] + high, max(ALL, before[0] + low)))
    return shares


def _is_share(number: Decimal) -> bool:
    places = number.as_tuple().exponent
    return isinstance(places, int) and places >= -MOST_PLACES and NOTHING <= number <= ALL


def _entity(
    name: str,
    listed_on: tuple[ListCode, ...],
    told: list[dict[NormalName, Band]],
    problems: list[Problem],
) -> Entity:
    if not told:
        return Entity(name, listed_on, None)
    is_flawed = any(one != told[0] for one in told)
    if is_flawed:
        problems.append(
            Problem(
                place=f"owners of {name}",
                found="different shares in two places",
                expected="the same shares wherever the entity is named",
                remedy="Give its owners once.",
            )
        )
    owners = dict.fromkeys(key for one in told for key in one)
    stakes = {
        key: (
            min(one.get(key, (NOTHING, NOTHING))[0] for one in told),
            max(one.get(key, (NOTHING, NOTHING))[1] for one in told),
        )
        for key in owners
    }
    total = max(sum((low for low, _ in one.values()), NOTHING) for one in told)
    if total > ALL:
        problems.append(
            Problem(
                place=f"owners of {name}",
                found=f"{total} % in all",
                expected="at most 100 %",
                remedy="Check the shares; until then nothing is ruled out by them.",
            )
        )
    return Entity(name, listed_on, stakes, is_flawed or total > ALL)
