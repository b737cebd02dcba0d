"""Each condition comes to what DuckDB's own operators come to, for all of TRUE, FALSE, NULL."""

from datetime import date
from decimal import Decimal
from itertools import product

import duckdb
import pytest

from chipwarden.expressions.evaluate import evaluate
from chipwarden.expressions.explain import explain
from chipwarden.expressions.facts import Collection, Facts, Group
from chipwarden.expressions.read import read
from chipwarden.model.values import Value

from .vocabulary import DECLARATIONS, PARAMETERS

TRUTHS = (True, False, None)
NUMBERS = (Decimal(1), Decimal(2), Decimal(3), None)
A, B = "item.datacenter_marketed", "transfer.military_end_use"
X, Y, Z = "item.tpp", "item.performance_density", "item.value_usd"


def sql_literal(value: Value | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str | date):
        return f"'{value}'"
    return str(value)


def duck(expression: str, names: dict[str, Value | None]) -> bool | None:
    """Return what DuckDB answers when the values stand in the expression itself."""
    for name, value in names.items():
        expression = expression.replace(name, sql_literal(value))
    row = duckdb.execute(f"SELECT {expression}").fetchone()
    assert row is not None
    answer: bool | None = row[0]
    return answer


def ours(expression: str, names: dict[str, Value | None]) -> bool | None:
    node = read(expression, DECLARATIONS, PARAMETERS)
    facts = Facts(names)
    answer = evaluate(node, facts, {})
    assert explain(node, facts, {}).outcome.truth is answer
    return answer


@pytest.mark.parametrize(
    "expression",
    [f"{A} AND {B}", f"{A} OR {B}", f"NOT {A}", f"{A} = {B}", f"{A} <> {B}", f"{A} = TRUE"],
)
def test_flags(expression: str) -> None:
    for a, b in product(TRUTHS, repeat=2):
        names: dict[str, Value | None] = {A: a, B: b}
        assert ours(expression, names) is duck(expression, names), names


@pytest.mark.parametrize("sign", ["=", "<>", "<", "<=", ">", ">="])
def test_comparisons(sign: str) -> None:
    for x, y in product(NUMBERS, repeat=2):
        names: dict[str, Value | None] = {X: x, Y: y}
        assert ours(f"{X} {sign} {Y}", names) is duck(f"{X} {sign} {Y}", names), names


@pytest.mark.parametrize("expression", [f"{X} BETWEEN {Y} AND {Z}", f"{X} NOT BETWEEN {Y} AND {Z}"])
def test_between(expression: str) -> None:
    for x, y, z in product(NUMBERS, repeat=3):
        names: dict[str, Value | None] = {X: x, Y: y, Z: z}
        assert ours(expression, names) is duck(expression, names), names


@pytest.mark.parametrize("expression", [f"{X} IN (1, 2.0)", f"{X} NOT IN (3)"])
def test_in(expression: str) -> None:
    for x in NUMBERS:
        assert ours(expression, {X: x}) is duck(expression, {X: x})


def test_text_is_ordered_by_code_point() -> None:
    words = ("", "A", "Z", "a", "z", "é", "\uffff", "\U0001f600", None)
    for left, right in product(words, repeat=2):
        names: dict[str, Value | None] = {"item.kind": left, "transfer.origin": right}
        expression = "item.kind < transfer.origin"
        assert ours(expression, names) is duck(expression, names), names


@pytest.mark.parametrize(
    ("code", "expected"), [("CN", True), ("MY", None), ("US", False), (None, None)]
)
def test_membership_of_a_group_is_a_fact_per_code(code: str | None, expected: bool | None) -> None:
    node = read("transfer.destination IN :d5", DECLARATIONS, PARAMETERS)
    group = Group("D:5", frozenset({"CN"}), frozenset({"MY"}))
    facts = Facts({"transfer.destination": code})
    assert evaluate(node, facts, {"d5": group}) is expected
    assert explain(node, facts, {"d5": group}).outcome.truth is expected


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_quantifiers_are_or_and_and_over_the_members(count: int, complete: bool) -> None:
    """`some` is OR of members and (FALSE or NULL), `every` AND of members and (TRUE or NULL)."""
    some = read("some(parties, p -> p.listed_el)", DECLARATIONS, PARAMETERS)
    every = read("every(parties, p -> p.listed_el)", DECLARATIONS, PARAMETERS)
    for truths in product(TRUTHS, repeat=count):
        members = tuple({"party.listed_el": truth} for truth in truths)
        facts = Facts({}, {"parties": Collection(members, complete)})
        parts = [sql_literal(truth) for truth in truths]
        either = duck(" OR ".join([*parts, "FALSE" if complete else "NULL::BOOLEAN"]), {})
        both = duck(" AND ".join([*parts, "TRUE" if complete else "NULL::BOOLEAN"]), {})
        assert evaluate(some, facts, {}) is either
        assert evaluate(every, facts, {}) is both
        assert explain(some, facts, {}).outcome.truth is either
        assert explain(every, facts, {}).outcome.truth is both


def test_a_list_that_is_not_given_is_unknown() -> None:
    for word in ("some", "every"):
        node = read(f"{word}(parties, p -> p.listed_el)", DECLARATIONS, PARAMETERS)
        assert evaluate(node, Facts({}), {}) is None


def test_is_unknown_is_always_settled() -> None:
    node = read("is_unknown(item.tpp)", DECLARATIONS, PARAMETERS, allow_is_unknown=True)
    assert evaluate(node, Facts({}), {}) is True
    assert evaluate(node, Facts({"item.tpp": None}), {}) is True
    assert evaluate(node, Facts({"item.tpp": Decimal(0)}), {}) is False
