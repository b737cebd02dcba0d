"""Random rows of facts about transfers, made so that clauses are decided every way.

The numbers are the thresholds of the law and one step of 1e-9 beside them, the
texts those that clauses ask for, the days those on which the law changes and
their neighbours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from functools import cache
from random import Random

from chipwarden.decisions.bulk_epochs import conditions, is_used, walk
from chipwarden.expressions.declarations import FactType
from chipwarden.expressions.facts import Collection, Facts
from chipwarden.expressions.nodes import (
    Compare,
    Day,
    Fact,
    InGroup,
    Number,
    OneOf,
    Parameter,
    Text,
)
from chipwarden.model.values import Value
from chipwarden.rules.loader import load_packaged
from chipwarden.rules.provisions import ReviewPolicy, Step

from .towards import Towards

SLOTS = 3
STEP = Decimal("0.000000001")
EXACT = Context(prec=60)
DERIVED = ("item.paragraph", "item.presumed_datacenter")
ELSEWHERE_MADE: Mapping[str, Value] = {
    "transfer.origin": "MY",
    "item.origin_country": "MY",
    "item.designer_hq": "MY",
    "item.us_content_percent": Decimal(0),
}
REVIEWS = ("party.entity_list_review", "party.owners_review")
OFTEN = ("CN", "US", "MY", "MO", "HK", "AE", "RU", "SG", "TW", "KH", "CY", "ET", "NI", "SA", "DE")
ELSEWHERE = ("NZ", "BR", "TH", "XK")
# Facts that speak against a transfer: mostly no, for otherwise little else would show.
ADVERSE = ("listed_", "owned_by", "military", "wmd", "supercomputer", "known_violation", "footnote")


@dataclass(frozen=True)
class Row:
    """One row; None in `values`: unknown. Slots that are not in use hold values too."""

    day: date
    values: Mapping[str, Value | None]
    count: int | None
    complete: bool | None

    @property
    def cells(self) -> Mapping[str, Value | int | None]:
        """The row by column."""
        counted = {"parties.count": self.count, "parties.complete": self.complete}
        return {"date": self.day, **self.values, **counted}

    @property
    def facts(self) -> Facts:
        """The row as facts; a list of unknown length is one of which nothing is known."""
        values: dict[str, Value | None] = {}
        members: list[dict[str, Value | None]] = [{} for _ in range(SLOTS)]
        for column, value in self.values.items():
            scope, rest = column.split(".", 1)
            if scope.startswith("party"):
                members[int(scope[5:]) - 1][f"party.{rest}"] = value
            else:
                values[column] = value
        whole = self.complete is True and self.count is not None
        return Facts(values, {"parties": Collection(tuple(members[: self.count or 0]), whole)})


@cache
def asked() -> Mapping[str, FactType]:
    """Return the facts that US clauses ask for, without those that follow from others."""
    declared = load_packaged().declarations.facts
    names = {
        part.name
        for provision in load_packaged().provisions
        if is_used(provision)
        for node in conditions(provision)
        for part in walk(node)
        if isinstance(part, Fact)
    }
    names |= set(REVIEWS)
    return {name: declared[name].type for name in sorted(names) if name not in DERIVED}


@cache
def columns() -> Mapping[str, FactType]:
    """Return the type of each column."""
    found: dict[str, FactType] = {}
    for name, kind in asked().items():
        scope, rest = name.split(".", 1)
        if scope == "party":
            found |= {f"party{slot}.{rest}": kind for slot in range(1, SLOTS + 1)}
        else:
            found[name] = kind
    return found


@cache
def _compared() -> Mapping[str, tuple[Value, ...]]:
    """Return by fact the values that clauses compare it with, at all times."""
    found: dict[str, set[Value]] = {}
    parameters = load_packaged().parameters
    for provision in load_packaged().provisions:
        for node in conditions(provision):
            for part in walk(node):
                match part:
                    case OneOf(Fact(name), values):
                        found.setdefault(name, set()).update(value.value for value in values)
                    case Compare(_, Fact(name), Number(value) | Text(value) | Day(value)):
                        found.setdefault(name, set()).add(value)
                    case Compare(_, Fact(name), Parameter(parameter)):
                        found.setdefault(name, set()).update(
                            value.value for value in parameters[parameter].values
                        )
    found |= {name: {policy.value for policy in ReviewPolicy} for name in REVIEWS}
    return {name: tuple(sorted(values, key=str)) for name, values in found.items()}


@cache
def _codes() -> tuple[str, ...]:
    law = load_packaged()
    names = {
        part.group.name
        for provision in law.provisions
        for node in conditions(provision)
        for part in walk(node)
        if isinstance(part, InGroup)
    }
    codes: set[str] = set()
    for day in (date(2022, 10, 7), law.known_to):
        for name in names:
            group = law.law_on(day).group(name)
            codes |= group.members | group.uncertain
    return tuple(sorted(codes))


@cache
def days() -> tuple[date, ...]:
    """Return every day on which the law changes in any mode, with its neighbours."""
    law = load_packaged()
    changes = {*law.breaks(), *law.breaks(as_written=True)}
    around = {day + timedelta(days=shift) for day in changes for shift in (-1, 0, 1)}
    return tuple(sorted(around))


def rows(random: Random) -> Iterator[Row]:
    """Yield rows without end."""
    while True:
        yield _row(random)


def _row(random: Random) -> Row:
    aimed = random.random() < 0.6
    unknown = random.choice((0.0, 0.0, 0.0, 0.02) if aimed else (0.0, 0.02, 0.1, 0.4))
    adverse = random.choice((0.0, 0.0, 0.0, 0.02) if aimed else (0.0, 0.0, 0.02, 0.3))
    made: dict[str, Value | None] = {}
    for name, kind in columns().items():
        rest = name.split(".", 1)[1]
        fact = f"party.{rest}" if name.startswith("party") else name
        if random.random() < unknown:
            made[name] = None
        elif kind is FactType.FLAG and rest.startswith(ADVERSE):
            made[name] = random.random() < adverse
        else:
            made[name] = _value(random, fact, kind)
    if random.random() < 0.7:
        # Most transfers are of chips, from the US, not by their foundry.
        made["transfer.kind"] = random.choice(("export", "export", "reexport", "cloud_access"))
        made["item.is_hbm"] = False
        made["transfer.sold_by_foundry"] = False
        made["transfer.origin"] = "US"
    if random.random() < 0.3:
        home = random.choice(OFTEN)
        for slot in range(1, SLOTS + 1):
            for fact in ("country", "headquarters", "parent_headquarters"):
                made[f"party{slot}.{fact}"] = home
    day = _day(random)
    if aimed:
        clause = random.choice([p for p in load_packaged().provisions if is_used(p)])
        in_force = _days_in_force(clause.id)
        if in_force:
            day, as_written = random.choice(in_force)
            law = load_packaged().law_on(day, as_written=as_written)
            if clause.step is Step.JURISDICTION:
                # Several grounds at once would hide each other.
                made |= ELSEWHERE_MADE
            Towards(random, made, law, SLOTS).clause(clause)
    if random.random() < 0.15:
        # Note 1 stays possible beside the paragraph that it presumes.
        made |= {"transfer.sold_by_foundry": None, "item.advanced_node": True}
    count = random.choice((None, 0, 1, 2, 2, 3, 3, 3, 3))
    return Row(day, made, count, random.choice((None, False, True, True, True, True)))


@cache
def _days_in_force(provision: str) -> tuple[tuple[date, bool], ...]:
    """Return the days of change on which a clause is applied, and in which mode."""
    law = load_packaged()
    return tuple(
        (day, as_written)
        for as_written in (False, True)
        for day in days()
        if any(p.id == provision for p in law.law_on(day, as_written=as_written).provisions)
    )


def _day(random: Random) -> date:
    if random.random() < 0.7:
        return random.choice(days())
    return date(2022, 10, 7) + timedelta(days=random.randrange(1550))


def _value(random: Random, fact: str, kind: FactType) -> Value:
    compared = _compared().get(fact, ())
    match kind:
        case FactType.FLAG:
            return random.random() < 0.5
        case FactType.NUMBER:
            threshold = random.choice(compared)
            assert isinstance(threshold, Decimal)
            beside = EXACT.add(threshold, random.choice((-1, 0, 1)) * STEP)
            return max(beside, Decimal(0)) if random.random() < 0.8 else threshold * 2
        case FactType.DATE:
            day = random.choice(compared)
            assert isinstance(day, date)
            return day + timedelta(days=random.choice((-1, 0, 1)))
        case FactType.TEXT:
            return random.choice((*compared, "other", "it's"))
        case FactType.COUNTRY:
            pool = random.choice((OFTEN, OFTEN, _codes(), ELSEWHERE))
            return random.choice(pool)
