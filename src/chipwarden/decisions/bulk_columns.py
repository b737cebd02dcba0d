"""Facts as columns of a row, and leaves of conditions that name them."""

from collections.abc import Collection as AnyCollection
from dataclasses import dataclass, replace
from typing import TypeVar

from chipwarden.decisions.determine import LOWER_BOUNDS
from chipwarden.expressions.nodes import (
    Compare,
    Fact,
    InGroup,
    IsUnknown,
    Node,
    OneOf,
    Operand,
    in_scope,
)
from chipwarden.model.values import FactValues

# The number of each row's epoch; no fact has this name.
EPOCH = "law.epoch"

_Operand = TypeVar("_Operand", bound=Operand)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which facts have columns.

    Attributes:
        slots: how many parties of each row have columns.
        names: columns of the source, named like facts; None: every declared fact has one.
    """

    slots: int
    names: frozenset[str] | None = None

    def given(self, name: str) -> bool:
        """Return whether the source has a column of this name."""
        return self.names is None or name in self.names

    def has(self, name: str) -> bool:
        """Return whether there is a column of this name, or one that it follows from."""
        return self.given(name) or self.given(LOWER_BOUNDS.get(name, name))

    def with_bounds(self, asked: AnyCollection[str]) -> str:
        """Return, as SQL, the columns of the source with each figure as its own lower bound.

        Args:
            asked: the facts that clauses ask for.
        """
        replaced, added = [], []
        for bound, figure in LOWER_BOUNDS.items():
            if bound in asked and self.given(figure):
                if self.given(bound):
                    replaced.append(f'coalesce("{bound}", "{figure}") AS "{bound}"')
                else:
                    added.append(f', "{figure}" AS "{bound}"')
        replacing = f" REPLACE ({', '.join(replaced)})" if replaced else ""
        return f"*{replacing}{''.join(added)}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition is asked: under which known facts, at which slot of a list."""

    known: FactValues
    scope: str = ""
    slot: int = 0

    def column(self, fact: str) -> str:
        """Return the name of a fact's column."""
        if in_scope(fact, self.scope):
            return f"{self.scope}{self.slot}{fact.removeprefix(self.scope)}"
        return fact


def with_columns(node: Node, place: Place) -> Node:
    """Return a leaf whose facts are columns of the slot."""

    def named(part: _Operand) -> _Operand:
        return replace(part, name=place.column(part.name)) if isinstance(part, Fact) else part

    match node:
        case Fact():
            return named(node)
        case Compare(operator, left, right):
            return Compare(operator, named(left), named(right))
        case OneOf(operand, values):
            return OneOf(named(operand), values)
        case InGroup(operand, group):
            return InGroup(named(operand), group)
        case IsUnknown(operand):
            return IsUnknown(named(operand))
        case _:
            return node
