"""Epochs: the days of a lawbook cut where the law changes, for rows of mixed dates.

One query decides all rows. A clause, a value or a country's membership that
changed with a date is bound to the epochs in which it held. Epochs in which
the US determination is the same are one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from chipwarden.expressions.facts import Group
from chipwarden.expressions.nodes import (
    And,
    Between,
    Compare,
    Every,
    InGroup,
    IsUnknown,
    Node,
    Not,
    OneOf,
    Or,
    Parameter,
    Some,
)
from chipwarden.model.values import Value
from chipwarden.rules.lawbook import Law, Lawbook
from chipwarden.rules.provisions import Provision, Step

# A mask is a BIGINT or a HUGEINT, for so many bits.
_MASKS = ((62, "BIGINT"), (126, "HUGEINT"))
STEPS = (Step.JURISDICTION, Step.CLASSIFICATION, Step.REQUIREMENT, Step.EXCEPTION, Step.REVIEW)


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all below it."""
    yield node
    match node:
        case And(operands) | Or(operands):
            parts: tuple[Node, ...] = operands
        case Not(operand) | OneOf(operand, _) | InGroup(operand, _) | IsUnknown(operand):
            parts = (operand,)
        case Compare(_, left, right):
            parts = (left, right)
        case Between(operand, low, high):
            parts = (operand, low, high)
        case Some(_, body, _) | Every(_, body, _):
            parts = (body,)
        case _:
            parts = ()
    for part in parts:
        yield from walk(part)


def conditions(provision: Provision) -> tuple[Node, ...]:
    """Return the conditions of a provision."""
    return tuple(node for node in (provision.when, provision.ready_when) if node is not None)


def is_used(provision: Provision) -> bool:
    """Return whether the US determination looks at it."""
    if provision.step is Step.REQUIREMENT:
        return provision.regime == "US"
    return provision.step in STEPS


def groups_of(node: Node) -> set[str]:
    """Return the names of the country groups that a condition names."""
    return {part.group.name for part in walk(node) if isinstance(part, InGroup)}


def values_of(node: Node) -> set[str]:
    """Return the names of the parameters of a condition that are not groups."""
    return {part.name for part in walk(node) if isinstance(part, Parameter)}


@dataclass(frozen=True)
class Epochs:
    """The law of each epoch.

    Attributes:
        laws: one an epoch, ascending; a single one holds on all days.
        first_days: the day on which each epoch begins; that of the first is not looked at.
        all_provisions: those of any epoch, in the order of the files.
    """

    laws: tuple[Law, ...]
    first_days: tuple[date, ...]
    all_provisions: tuple[Provision, ...]

    @classmethod
    def of_law(cls, law: Law) -> "Epochs":
        """Return the law of one day, to be applied to rows of any date."""
        return cls((law,), (law.as_of,), law.provisions)

    @classmethod
    def of_lawbook(cls, lawbook: Lawbook, known_on: date | None, as_written: bool) -> "Epochs":
        """Return the epochs of a lawbook, as known on a day and in one mode."""
        laws: list[Law] = []
        days: list[date] = []
        seen: object = None
        for day in (date.min, *lawbook.breaks(known_on, as_written=as_written)):
            law = lawbook.law_on(day, known_on, as_written=as_written)
            if (now := _what_counts(law)) != seen:
                laws.append(law)
                days.append(day)
                seen = now
        return cls(tuple(laws), tuple(days), lawbook.provisions)

    @property
    def every(self) -> frozenset[int]:
        """The numbers of all epochs."""
        return frozenset(range(len(self.laws)))

    @cached_property
    def _in_force(self) -> Mapping[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        for number, law in enumerate(self.laws):
            for provision in law.provisions:
                found.setdefault(provision.id, set()).add(number)
        return {key: frozenset(numbers) for key, numbers in found.items()}

    def in_force(self, provision: Provision) -> frozenset[int]:
        """Return the epochs in which a provision is applied."""
        return self._in_force.get(provision.id, frozenset())

    def step(self, step: Step) -> tuple[Provision, ...]:
        """Return the provisions of a step that any epoch applies; ladders by rank."""
        found = [
            provision
            for provision in self.all_provisions
            if provision.step is step and is_used(provision) and self.in_force(provision)
        ]
        return tuple(sorted(found, key=lambda provision: provision.rank))

    def versions(
        self, names: Iterable[str], numbers: frozenset[int]
    ) -> dict[tuple[Value | Group | None, ...], frozenset[int]]:
        """Return by the values of these parameters the epochs in which they hold."""
        wanted = sorted(names)
        found: dict[tuple[Value | Group | None, ...], set[int]] = {}
        for number in sorted(numbers):
            values = tuple(self.laws[number].parameters.get(name) for name in wanted)
            found.setdefault(values, set()).add(number)
        return {values: frozenset(those) for values, those in found.items()}

    def number_sql(self, day: str) -> str:
        """Return SQL for the number of the epoch of a DATE column."""
        later = [f"CAST({day} >= DATE '{first}' AS UTINYINT)" for first in self.first_days[1:]]
        return " + ".join(later) or "0"


def _what_counts(law: Law) -> object:
    """Return all of a law that the US determination looks at."""
    used = [provision for provision in law.provisions if is_used(provision)]
    names = {
        name
        for provision in used
        for node in conditions(provision)
        for name in groups_of(node) | values_of(node)
    }
    return [p.id for p in used], {name: law.parameters.get(name) for name in names}


def mask_type(bits: int) -> str:
    """Return the SQL type of a number of so many bits.

    Raises:
        ValueError: there is none.
    """
    for most, kind in _MASKS:
        if bits <= most:
            return kind
    raise ValueError(f"{bits} clauses or groups need a bit each; there are {_MASKS[-1][0]}")


class Memberships:
    """To which groups each country belongs, as bits of one number an epoch and country."""

    def __init__(self, epochs: Epochs) -> None:
        self.epochs = epochs
        self._groups: list[str] = []

    def bit(self, group: str) -> int:
        """Return the bit that stands for a group."""
        if group not in self._groups:
            self._groups.append(group)
        return 1 << self._groups.index(group)

    @property
    def kind(self) -> str:
        """The SQL type of the number."""
        return mask_type(len(self._groups))

    def table_sql(self) -> str:
        """Return SQL for the table (code, epoch, certain, possible)."""
        rows = []
        for code, numbers in sorted(self._numbers().items()):
            for first, last, (certain, possible) in _runs(numbers):
                quoted = code.replace("'", "''")
                rows.append(f"('{quoted}', {first}, {last}, {certain}, {possible})")
        rows = rows or ["('', 0, 0, 0, 0)"]
        return (
            f"SELECT code, CAST(epoch AS UTINYINT) AS epoch, "
            f"CAST(certain AS {self.kind}) AS certain, CAST(possible AS {self.kind}) AS possible "
            f"FROM (SELECT *, unnest(range(first, last + 1)) AS epoch "
            f"FROM (VALUES {', '.join(rows)}) v(code, first, last, certain, possible))"
        )

    def _numbers(self) -> dict[str, list[tuple[int, int]]]:
        """Return by code, for each epoch, the groups that it is in and those it may be in."""
        found: dict[str, list[tuple[int, int]]] = {}
        nowhere = [(0, 0)] * len(self.epochs.laws)
        for number, law in enumerate(self.epochs.laws):
            for place, name in enumerate(self._groups):
                group = law.group(name)
                for code in group.members | group.uncertain:
                    row = found.setdefault(code, list(nowhere))
                    certain, possible = row[number]
                    is_member = (code in group.members) << place
                    row[number] = (certain | is_member, possible | 1 << place)
        return found


def _runs(
    numbers: Sequence[tuple[int, int]],
) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yield first and last epoch over which a country's groups stay the same, if it has any."""
    first = 0
    for number in range(1, len(numbers) + 1):
        if number == len(numbers) or numbers[number] != numbers[first]:
            if numbers[first] != (0, 0):
                yield first, number - 1, numbers[first]
            first = number
