"""Render an expression as DuckDB SQL over one row of columns per transfer.

Columns are named exactly as the facts: "item.tpp", "transfer.destination". A list
has a fixed number of slots: "party1.country" is the first member's country,
"parties.count" the number of members, "parties.complete" whether none can be
missing. All three may be NULL. Members beyond the slots count as not listed.

    >>> to_duckdb(Between(Fact("item.tpp"), Number(Decimal(1600)), Parameter("a")),
    ...           {"a": Decimal("4799.5")}, slots=0)
    '"item.tpp" BETWEEN 1600.000000000 AND 4799.500000000'
"""

from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

from chipwarden.expressions.declarations import Declarations, FactType
from chipwarden.expressions.facts import Group, ParameterValues, group_of, value_of
from chipwarden.expressions.nodes import (
    MOST_PLACES,
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
    in_scope,
)
from chipwarden.model.values import Value

_COLUMN_TYPES = {
    FactType.NUMBER: "DECIMAL(18,9)",
    FactType.TEXT: "VARCHAR",
    FactType.FLAG: "BOOLEAN",
    FactType.DATE: "DATE",
    FactType.COUNTRY: "VARCHAR",
}
_WIDE_NUMBER = "DECIMAL(38,9)"


def to_duckdb(node: Node, parameters: ParameterValues, *, slots: int) -> str:
    """Return the SQL expression that comes to TRUE, FALSE or NULL for each row.

    Args:
        node: the condition.
        parameters: values of its parameters; they are written into the SQL.
        slots: how many members of each list have columns.

    Raises:
        UnboundParameter: a parameter has no value.
        InvalidParameter: a parameter's value is not of the kind that it is used as.
    """
    return _Renderer(parameters, slots).render(node)


def column_types(
    declarations: Declarations, *, slots: int = 0, wide: AnyCollection[str] = frozenset()
) -> Mapping[str, str]:
    """Return the DuckDB type of each column that expressions over these facts may use.

    Numbers are DECIMAL(18,9), which DuckDB compares as 64-bit integers: exact up to
    999,999,999.999999999.

    Args:
        declarations: the facts and lists.
        slots: how many members of each list have columns.
        wide: names of number facts that can be larger, such as counts and sums of money;
            they get DECIMAL(38,9).
    """
    columns: dict[str, str] = {}
    for name, fact in declarations.facts.items():
        is_wide = fact.type is FactType.NUMBER and name in wide
        kind = _WIDE_NUMBER if is_wide else _COLUMN_TYPES[fact.type]
        scope, rest = name.split(".", 1)
        if scope in declarations.member_scopes:
            columns |= {f"{scope}{slot}.{rest}": kind for slot in range(1, slots + 1)}
        else:
            columns[name] = kind
    for collection in declarations.collections:
        columns[f"{collection}.count"] = "INTEGER"
        columns[f"{collection}.complete"] = "BOOLEAN"
    return columns


@dataclass(frozen=True, slots=True)
class _Renderer:
    """Renders nodes; within a quantifier, facts of the scope read the columns of one slot."""

    parameters: ParameterValues
    slots: int
    scope: str = ""
    slot: int = 0

    def render(self, node: Node) -> str:
        match node:
            case Number() | Text() | Flag() | Day():
                return _literal(node.value)
            case Fact(name):
                return _column(self._column_name(name))
            case Parameter(name):
                return _literal(value_of(self.parameters, name))
            case Compare(operator, left, right):
                return f"{self.render(left)} {operator} {self.render(right)}"
            case Between(operand, low, high):
                return f"{self.render(operand)} BETWEEN {self.render(low)} AND {self.render(high)}"
            case OneOf(operand, values):
                return f"{self.render(operand)} IN {_list(value.value for value in values)}"
            case InGroup(operand, group):
                return _membership(self.render(operand), group_of(self.parameters, group.name))
            case And(operands):
                return " AND ".join(f"({self.render(operand)})" for operand in operands)
            case Or(operands):
                return " OR ".join(f"({self.render(operand)})" for operand in operands)
            case Not(operand):
                return f"NOT ({self.render(operand)})"
            case IsUnknown(operand):
                return f"{self.render(operand)} IS NULL"
            case Some(collection, body, scope):
                return self._quantifier(collection, body, scope, is_some=True)
            case Every(collection, body, scope):
                return self._quantifier(collection, body, scope, is_some=False)
            case _:
                assert_never(node)

    def _column_name(self, fact: str) -> str:
        if in_scope(fact, self.scope):
            return f"{self.scope}{self.slot}{fact.removeprefix(self.scope)}"
        return fact

    def _quantifier(self, collection: str, body: Node, scope: str, *, is_some: bool) -> str:
        """Return OR or AND over the slots in use and over what may not be listed.

        A NULL count makes each slot doubtful and the end NULL: a list of which nothing is known.
        """
        count, complete = _column(f"{collection}.count"), _column(f"{collection}.complete")
        parts = []
        for slot in range(1, self.slots + 1):
            condition = _Renderer(self.parameters, self.slots, scope, slot).render(body)
            in_use = f"{count} >= {slot} AND" if is_some else f"{count} < {slot} OR"
            parts.append(f"({in_use} ({condition}))")
        settled = "FALSE" if is_some else "TRUE"
        parts.append(f"(CASE WHEN {complete} AND {count} <= {self.slots} THEN {settled} END)")
        return (" OR " if is_some else " AND ").join(parts)


def _membership(code: str, group: Group) -> str:
    # IN over a bound list that holds NULL answers no in DuckDB, so the codes are written out
    # and those that are uncertain are asked for first.
    members = f"{code} IN {_list(sorted(group.members))}" if group.members else "FALSE"
    doubts = [f"{code} IN {_list(sorted(group.uncertain))}"] if group.uncertain else []
    if not group.members:
        doubts.append(f"{code} IS NULL")
    return f"CASE WHEN {' OR '.join(doubts)} THEN NULL ELSE {members} END" if doubts else members


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(values: Iterable[Value]) -> str:
    return "(" + ", ".join(map(_literal, values)) + ")"


def _literal(value: Value) -> str:
    # bool before the rest: only its two values are left once numbers and dates are gone.
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        # Nine places make it DECIMAL(n,9), never DOUBLE; `fits` keeps n at 38 or less.
        return f"{value:.{MOST_PLACES}f}"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"
