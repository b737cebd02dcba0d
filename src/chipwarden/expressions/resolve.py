"""Give every operand of a scanned text its node and its type.

This looks at tokens alone, so that unknown names and malformed values are
reported even where the text around them cannot be read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum

from chipwarden.expressions.declarations import WORDS, Declarations, ParameterType
from chipwarden.expressions.nodes import (
    Day,
    Fact,
    Flag,
    Number,
    Operand,
    Parameter,
    Text,
    fits,
)
from chipwarden.expressions.scan import OPENINGS, Refusal, Token

_HEAD = re.compile(r"(some|every)\s*\(\s*(\w+)\s*,\s*(\w+)\s*->", re.ASCII)
_DAY = re.compile(r"'(\d{4}-\d{2}-\d{2})'", re.ASCII)


class OperandType(StrEnum):
    """The type of an operand; a country compares like a text."""

    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    DATE = "date"
    COUNTRY = "country"
    GROUP = "group"

    @property
    def compared_as(self) -> "OperandType":
        """The type that both sides of a comparison must share."""
        return OperandType.TEXT if self is OperandType.COUNTRY else self


@dataclass(frozen=True, slots=True)
class Typed:
    """An operand with its type."""

    node: Operand
    type: OperandType


@dataclass(frozen=True, slots=True)
class Quantifier:
    """The head of `some` or `every`."""

    word: str
    collection: str
    variable: str
    scope: str


@dataclass(slots=True)
class Resolved:
    """What the tokens stand for, by their position; None where a problem was reported."""

    operands: dict[int, Typed | None] = field(default_factory=dict)
    quantifiers: dict[int, Quantifier] = field(default_factory=dict)
    problems: list[Refusal] = field(default_factory=list)


def resolve(
    tokens: Sequence[Token],
    declarations: Declarations,
    parameters: Mapping[str, ParameterType],
) -> Resolved:
    """Return the operands and quantifier heads of the tokens, and what is wrong with them."""
    found = Resolved()
    # One entry for each bracket that is open; the innermost head gives the variable its meaning.
    open_brackets: list[Quantifier | None] = []
    for position, token in enumerate(tokens):
        if token.kind == "quantifier":
            head = _head(token, declarations, found.problems)
            found.quantifiers[position] = head
            if any(open_brackets):
                found.problems.append((token.offset, "some and every do not nest"))
            open_brackets.append(head)
        elif token.kind in OPENINGS:
            open_brackets.append(None)
        elif token.kind == ")":
            open_brackets = open_brackets[:-1]
        elif token.kind == "fact":
            inner = next((head for head in reversed(open_brackets) if head), None)
            found.operands[position] = _fact(token, inner, declarations, found.problems)
        elif token.kind == "parameter":
            found.operands[position] = _parameter(token, parameters, found.problems)
        elif token.kind in ("number", "text", "day", "flag"):
            found.operands[position] = _literal(token, found.problems)
    return found


def _head(token: Token, declarations: Declarations, problems: list[Refusal]) -> Quantifier:
    match = _HEAD.fullmatch(token.text)
    assert match is not None, "the scanner lets no other head pass"
    word, collection, variable = match.groups()
    scope = declarations.collections.get(collection, "")
    if not scope:
        names = _choice(collection, declarations.collections)
        message = f"no list is called {collection}{names}"
        problems.append((token.offset + match.start(2), message))
    if variable.upper() in WORDS or (variable != scope and variable in declarations.scopes):
        message = f"the variable cannot be called {variable}: that word has a meaning already"
        problems.append((token.offset + match.start(3), message))
    return Quantifier(word, collection, variable, scope)


def _fact(
    token: Token, head: Quantifier | None, declarations: Declarations, problems: list[Refusal]
) -> Typed | None:
    first, rest = token.text.split(".", 1)
    name = token.text
    if head is not None and first == head.variable:
        if not head.scope:
            return None
        name = f"{head.scope}.{rest}"
    elif first in declarations.member_scopes:
        message = f"{name} belongs to each member: write it by its variable in some(…) or every(…)"
        problems.append((token.offset, message))
        return None
    declaration = declarations.facts.get(name)
    if declaration is None:
        message = f"no fact is called {name}{_choice(name, declarations.facts)}"
        problems.append((token.offset, message))
        return None
    return Typed(Fact(name), OperandType(declaration.type.value))


def _parameter(
    token: Token, parameters: Mapping[str, ParameterType], problems: list[Refusal]
) -> Typed | None:
    name = token.text[1:]
    kind = parameters.get(name)
    if kind is None:
        message = f"no parameter is called :{name}{_choice(name, parameters, ':')}"
        problems.append((token.offset, message))
        return None
    return Typed(Parameter(name), OperandType(kind.value))


def _literal(token: Token, problems: list[Refusal]) -> Typed | None:
    if token.kind == "text":
        return Typed(Text(token.text[1:-1].replace("''", "'")), OperandType.TEXT)
    if token.kind == "flag":
        return Typed(Flag(token.text.upper() == "TRUE"), OperandType.FLAG)
    if token.kind == "number":
        number = Decimal(token.text)
        if fits(number):
            return Typed(Number(number), OperandType.NUMBER)
        message = f"{token.text} does not fit: at most 29 whole digits and 9 decimal places"
        problems.append((token.offset, message))
        return None
    for day in _days(token.text):
        return Typed(Day(day), OperandType.DATE)
    message = f"{token.text} is not a day of the calendar; write DATE 'YYYY-MM-DD'"
    problems.append((token.offset, message))
    return None


def _days(text: str) -> Iterator[date]:
    match = _DAY.search(text)
    if match is not None and match.end() == len(text):
        try:
            yield date.fromisoformat(match.group(1))
        except ValueError:
            return


def _choice(name: str, known: Mapping[str, object], prefix: str = "") -> str:
    """Return names that are near the one written, as the end of a message."""
    near = get_close_matches(name, known, n=2)
    return f"; did you mean {' or '.join(prefix + other for other in near)}?" if near else ""
