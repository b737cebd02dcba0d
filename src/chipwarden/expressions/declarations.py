"""What an expression may name: declared facts, lists of members, parameters.

For example:

    >>> facts = Declarations(
    ...     {"item.tpp": FactDeclaration("item.tpp", FactType.NUMBER, "How much TPP?", "maker")},
    ...     {"parties": "party"},
    ... )
    >>> facts.facts["item.tpp"].type
    <FactType.NUMBER: 'number'>
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+", re.ASCII)
_PART = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

# Words of the language cannot be the first part of a fact nor the name of a list.
WORDS = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "TRUE", "FALSE", "DATE"})


class FactType(StrEnum):
    """The type of a fact; a country is a text code that may be looked up in a group."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    DATE = "date"
    COUNTRY = "country"


class ParameterType(StrEnum):
    """The type of a parameter; a group is a set of country codes."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    DATE = "date"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class FactDeclaration:
    """One fact that rules may ask about.

    Attributes:
        name: full name, scope first, such as "item.tpp".
        type: what its values are.
        question: how to ask for it.
        who: who can answer.
        unit: the unit of a number, "" where it has none.
        note: a remark for the reader.
    """

    name: str
    type: FactType
    question: str
    who: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Declarations:
    """All facts and lists that rules may name.

    Attributes:
        facts: declarations by full name.
        collections: the scope of each list's members, such as {"parties": "party"}.

    Raises:
        ValueError: a name is malformed, or a key differs from the declared name.
    """

    facts: Mapping[str, FactDeclaration]
    collections: Mapping[str, str]

    def __post_init__(self) -> None:
        for name, fact in self.facts.items():
            if name != fact.name:
                raise ValueError(f"the fact {fact.name!r} is declared under the key {name!r}")
            if not _NAME.fullmatch(name) or name.split(".")[0].upper() in WORDS:
                raise ValueError(f"{name!r} is not a name such as item.tpp")
        for part in (*self.collections, *self.collections.values()):
            if not _PART.fullmatch(part) or part.upper() in WORDS:
                raise ValueError(f"{part!r} is not a name such as parties")

    @property
    def scopes(self) -> frozenset[str]:
        """First parts of all declared names."""
        return frozenset(name.split(".")[0] for name in self.facts) | self.member_scopes

    @property
    def member_scopes(self) -> frozenset[str]:
        """First parts that stand only inside `some` and `every`."""
        return frozenset(self.collections.values())
