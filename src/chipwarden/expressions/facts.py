"""What an expression is asked about: values of facts, lists of members, country groups.

A key that is missing and a value of None both mean unknown. Numbers are exact
decimals that fit DECIMAL(38, 9).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from chipwarden.expressions.errors import InvalidParameter, UnboundParameter
from chipwarden.expressions.nodes import fits
from chipwarden.model.values import FactValues, Value


@dataclass(frozen=True, slots=True)
class Group:
    """A set of codes; membership is a fact per code: yes, no or unknown.

    Attributes:
        name: how reasons call it.
        members: codes that belong to it.
        uncertain: codes of which it is not known whether they belong.
    """

    name: str
    members: frozenset[str]
    uncertain: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if both := self.members & self.uncertain:
            raise ValueError(f"group {self.name}: {sorted(both)} cannot be certain and uncertain")

    def has(self, code: str) -> bool | None:
        """Return whether the code belongs to the group, None when that is not known."""
        if code in self.members:
            return True
        return None if code in self.uncertain else False


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of members, such as the parties of a transfer.

    Attributes:
        members: facts of each, keyed by full name such as "party.country".
        complete: whether no member can be missing from the list.
        labels: how reasons call each member; by default "parties[1]", counted from 1.
    """

    members: tuple[FactValues, ...]
    complete: bool
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.labels and len(self.labels) != len(self.members):
            raise ValueError("a list needs one label for each member, or none at all")

    def label(self, collection: str, position: int) -> str:
        """Return how reasons call the member at this position, counted from 0."""
        return self.labels[position] if self.labels else f"{collection}[{position + 1}]"


UNKNOWN_COLLECTION = Collection((), complete=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known about one transfer.

    Attributes:
        values: facts outside the lists, by full name.
        collections: the lists by name; one that is missing is a list of which nothing is known.
    """

    values: FactValues
    collections: Mapping[str, Collection] = field(default_factory=dict)


ParameterValues = Mapping[str, Value | Group]


def value_of(parameters: ParameterValues, name: str) -> Value:
    """Return the value of a parameter that is not a group.

    Raises:
        UnboundParameter: it has none.
        InvalidParameter: it is a group, or a number too large or too fine to compare exactly.
    """
    value = parameters.get(name)
    if value is None:
        raise UnboundParameter(name)
    if isinstance(value, Group):
        raise InvalidParameter(name, "a single value, not a group")
    if isinstance(value, Decimal) and not fits(value):
        raise InvalidParameter(name, "at most 29 whole digits and 9 decimal places")
    return value


def group_of(parameters: ParameterValues, name: str) -> Group:
    """Return the group that a parameter names.

    Raises:
        UnboundParameter: it has no value.
        InvalidParameter: it is a single value.
    """
    value = parameters.get(name)
    if value is None:
        raise UnboundParameter(name)
    if not isinstance(value, Group):
        raise InvalidParameter(name, "a group")
    return value
