"""The tree of an expression: what explaining, SQL, proofs and printing all start from.

`item.tpp >= :tpp_a` is

    Compare(Operator.GE, Fact("item.tpp"), Parameter("tpp_a"))

Nodes are values: two trees that are equal mean the same and hash alike. A
condition is a Compare, Between, OneOf, InGroup, And, Or, Not, Some, Every,
IsUnknown, or a Flag, Fact or Parameter that is itself a yes-or-no value. An
operand is a Number, Text, Flag, Day, Fact or Parameter.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

# Numbers of the language fit DECIMAL(38, 9), so that every engine compares them exactly.
MOST_PLACES = 9
MOST_WHOLE_DIGITS = 29


class Operator(StrEnum):
    """How a comparison compares."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


def fits(value: Decimal) -> bool:
    """Return whether the number is finite and has at most 29 whole digits and 9 places."""
    if not value.is_finite():
        return False
    if value == 0:
        return True
    if value.adjusted() >= MOST_WHOLE_DIGITS:
        return False
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= -MOST_PLACES:
        return True
    digits = value.as_tuple().digits
    # Zeros at the end may lie beyond the ninth place; other digits may not.
    return not any(digits[len(digits) - min(len(digits), -exponent - MOST_PLACES) :])


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number; it fits DECIMAL(38, 9)."""

    value: Decimal

    def __post_init__(self) -> None:
        if not fits(self.value):
            raise ValueError(f"{self.value} does not fit 29 whole digits and 9 places")


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

    value: str


@dataclass(frozen=True, slots=True)
class Flag:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day."""

    value: date


@dataclass(frozen=True, slots=True)
class Fact:
    """A declared fact by its full name, such as "item.tpp" or, in a quantifier, "party.country"."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated value of the law, by its name without the colon."""

    name: str


Literal: TypeAlias = Number | Text | Flag | Day
Operand: TypeAlias = Literal | Fact | Parameter


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`; undetermined when either side is unknown."""

    operator: Operator
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """`operand BETWEEN low AND high`: both comparisons, joined by AND; bounds are inside."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    """`operand IN (values)`, all of one type."""

    operand: Operand
    values: tuple[Literal, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("IN needs at least one value")


@dataclass(frozen=True, slots=True)
class InGroup:
    """`operand IN :group`; membership is yes, no or unknown for each code."""

    operand: Fact
    group: Parameter


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more conditions."""

    operands: tuple["Node", ...]

    def __post_init__(self) -> None:
        if len(self.operands) < 2:
            raise ValueError("AND joins at least two conditions")


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more conditions."""

    operands: tuple["Node", ...]

    def __post_init__(self) -> None:
        if len(self.operands) < 2:
            raise ValueError("OR joins at least two conditions")


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Some:
    """At least one member holds; never no over an incomplete list.

    Attributes:
        collection: the list, such as "parties".
        body: the condition on one member; its facts begin with the scope.
        scope: first part of the members' facts, such as "party".
    """

    collection: str
    body: "Node"
    scope: str


@dataclass(frozen=True, slots=True)
class Every:
    """All members hold; never yes over an incomplete list. Attributes as in Some."""

    collection: str
    body: "Node"
    scope: str


@dataclass(frozen=True, slots=True)
class IsUnknown:
    """The fact is unknown; always yes or no, so it is for red flags only."""

    operand: Fact


Condition: TypeAlias = (
    Compare | Between | OneOf | InGroup | And | Or | Not | Some | Every | IsUnknown
)
Node: TypeAlias = Operand | Condition


def in_scope(fact: str, scope: str) -> bool:
    """Return whether the fact belongs to the members of that scope."""
    return bool(scope) and fact.startswith(scope + ".")
