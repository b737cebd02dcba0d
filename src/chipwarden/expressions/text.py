"""Canonical text of an expression, and its digest.

Reading the text gives the same tree again, so the digest names the meaning of a
clause and not how somebody happened to space it.

    >>> to_text(Not(OneOf(Fact("item.kind"), (Text("gpu"), Text("asic")))))
    "NOT item.kind IN ('gpu', 'asic')"
"""

import hashlib
from decimal import Decimal
from typing import assert_never

from chipwarden.expressions.nodes import (
    And,
    Between,
    Compare,
    Day,
    Every,
    Fact,
    Flag,
    InGroup,
    IsUnknown,
    Node,
    Not,
    Number,
    OneOf,
    Or,
    Parameter,
    Some,
    Text,
)


def number_text(value: Decimal) -> str:
    """Return the number in plain digits, without exponent or zeros at the end."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_text(node: Node) -> str:
    """Return the one canonical text of the node."""
    match node:
        case Number(value):
            return number_text(value)
        case Text(value):
            return "'" + value.replace("'", "''") + "'"
        case Flag(value):
            return "TRUE" if value else "FALSE"
        case Day(value):
            return f"DATE '{value.isoformat()}'"
        case Fact(name):
            return name
        case Parameter(name):
            return f":{name}"
        case Compare(operator, left, right):
            return f"{to_text(left)} {operator} {to_text(right)}"
        case Between(operand, low, high):
            return f"{to_text(operand)} BETWEEN {to_text(low)} AND {to_text(high)}"
        case OneOf(operand, values):
            return f"{to_text(operand)} IN ({', '.join(map(to_text, values))})"
        case InGroup(operand, group):
            return f"{to_text(operand)} IN {to_text(group)}"
        case And(operands):
            return " AND ".join(map(_inner, operands))
        case Or(operands):
            return " OR ".join(map(_inner, operands))
        case Not(operand):
            return f"NOT {_inner(operand)}"
        case Some(collection, body, scope):
            return f"some({collection}, {scope} -> {to_text(body)})"
        case Every(collection, body, scope):
            return f"every({collection}, {scope} -> {to_text(body)})"
        case IsUnknown(operand):
            return f"is_unknown({to_text(operand)})"
        case _:
            assert_never(node)


def _inner(node: Node) -> str:
    """Return the text within AND, OR, NOT; other conditions bind closer and need no brackets.

    AND within OR gets brackets too: a reader should not have to know precedence.
    """
    text = to_text(node)
    return f"({text})" if isinstance(node, And | Or) else text


def node_digest(node: Node) -> str:
    """Return "sha256:" and the hexadecimal digest of the canonical text."""
    return "sha256:" + hashlib.sha256(to_text(node).encode()).hexdigest()
