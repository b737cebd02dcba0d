"""The SQL: exact at the edges of DECIMAL, safe with any text, sane with unknown lists."""

from decimal import Decimal

import duckdb
import pytest

from chipwarden.expressions.declarations import Declarations, FactDeclaration, FactType
from chipwarden.expressions.facts import Group
from chipwarden.expressions.nodes import Compare, Fact, Number, Operator, Parameter, Text
from chipwarden.expressions.read import read
from chipwarden.expressions.sql import column_types, to_duckdb

from .generate import LARGEST, LARGEST_18, beside
from .vocabulary import DECLARATIONS, PARAMETERS

THRESHOLDS = [
    *map(Decimal, ("0", "0.00000001", "0.99999999", "1.6", "5.92", "4800", "4799.99999999")),
    *map(Decimal, ("12345678.12345678", "999999998.99999999", "-0.00000001", "-4800.5")),
]
LARGE = [Decimal(10) ** 28, Decimal(2) ** 63, beside(LARGEST_18, 1)]
LARGE += [beside(LARGEST, -1), beside(LARGEST.copy_negate(), 1)]


def answer(sql: str, columns: str, values: list[object]) -> bool | None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(values))})", values)
        row = connection.execute(f"SELECT {sql} FROM t").fetchone()
    assert row is not None
    found: bool | None = row[0]
    return found


@pytest.mark.parametrize("width", [18, 38])
def test_thresholds_are_exact_one_step_beside(width: int) -> None:
    thresholds = THRESHOLDS if width == 18 else THRESHOLDS + LARGE
    rows = [(value, beside(value, side)) for value in thresholds for side in (-1, 0, 1)]
    with duckdb.connect() as connection:
        connection.execute(f'CREATE TABLE t (id INTEGER, "item.tpp" DECIMAL({width},9))')
        connection.executemany("INSERT INTO t VALUES (?, ?)", [*enumerate(v for _, v in rows)])
        for number, (threshold, value) in enumerate(rows):
            expected = (
                value == threshold,
                value != threshold,
                value < threshold,
                value <= threshold,
                value > threshold,
                value >= threshold,
            )
            signs = ", ".join(
                to_duckdb(Compare(sign, Fact("item.tpp"), Number(threshold)), {}, slots=0)
                for sign in Operator
            )
            assert connection.execute(
                f"SELECT {signs} FROM t WHERE id = ?", [number]
            ).fetchone() == (expected)


def test_a_wide_number_and_a_narrow_column_compare_exactly() -> None:
    node = read("item.tpp < 1000000000 AND item.tpp = 999999999.999999999", DECLARATIONS, {})
    assert answer(to_duckdb(node, {}, slots=0), '"item.tpp" DECIMAL(18,9)', [LARGEST_18]) is True


@pytest.mark.parametrize("value", [*THRESHOLDS, *LARGE, LARGEST, LARGEST_18])
def test_no_number_becomes_a_double(value: Decimal) -> None:
    sql = to_duckdb(Parameter("tpp_a"), {"tpp_a": value}, slots=0)
    row = duckdb.execute(f"SELECT typeof({sql}), {sql}").fetchone()
    assert row is not None
    assert row[0].startswith("DECIMAL(")
    assert row[1] == value


@pytest.mark.parametrize(
    "text", ["it's", "''", "'; DROP TABLE t; --", "a\\'b", '"', "é\U0001f600", "\n"]
)
def test_text_cannot_leave_its_quotes(text: str) -> None:
    node = Compare(Operator.EQ, Fact("item.kind"), Text(text))
    assert answer(to_duckdb(node, {}, slots=0), '"item.kind" VARCHAR', [text]) is True
    group = Group("odd", frozenset({text}), frozenset({text + "'"}))
    member = read("transfer.origin IN :d5", DECLARATIONS, PARAMETERS)
    sql = to_duckdb(member, {"d5": group}, slots=0)
    assert answer(sql, '"transfer.origin" VARCHAR', [text]) is True
    assert answer(sql, '"transfer.origin" VARCHAR', [text + "'"]) is None
    assert answer(sql, '"transfer.origin" VARCHAR', ["US"]) is False


LIST = '"party1.listed_el" BOOLEAN, "party2.listed_el" BOOLEAN, "parties.count" INTEGER, \
"parties.complete" BOOLEAN'


@pytest.mark.parametrize(
    ("members", "count", "complete", "some", "every"),
    [
        ((True, True), None, True, None, None),  # how many is not known
        ((False, False), None, None, None, None),
        ((None, None), 0, True, False, True),
        ((True, False), 0, False, None, None),  # slots beyond the count do not matter
        ((False, True), 1, True, False, False),
        ((False, True), 1, None, None, False),  # unknown completeness is incompleteness
        ((True, True), 2, True, True, True),
        ((False, False), 3, True, None, False),  # a third member has no slot
        ((True, True), 3, True, True, None),
    ],
)
def test_lists(
    members: tuple[bool | None, bool | None],
    count: int | None,
    complete: bool | None,
    some: bool | None,
    every: bool | None,
) -> None:
    for word, expected in (("some", some), ("every", every)):
        node = read(f"{word}(parties, p -> p.listed_el)", DECLARATIONS, PARAMETERS)
        sql = to_duckdb(node, {}, slots=2)
        assert answer(sql, LIST, [*members, count, complete]) is expected


def test_is_unknown() -> None:
    node = read("is_unknown(item.tpp)", DECLARATIONS, PARAMETERS, allow_is_unknown=True)
    for value, expected in ((None, True), (Decimal(0), False)):
        assert answer(to_duckdb(node, {}, slots=0), '"item.tpp" DECIMAL(18,9)', [value]) is expected


def test_column_types() -> None:
    names = {"item.tpp": FactType.NUMBER, "item.kind": FactType.TEXT, "item.on": FactType.FLAG}
    names |= {"transfer.date": FactType.DATE, "party.country": FactType.COUNTRY}
    names |= {"item.quantity": FactType.NUMBER}
    declarations = Declarations(
        {name: FactDeclaration(name, kind, "?", "anyone") for name, kind in names.items()},
        {"parties": "party"},
    )
    assert column_types(declarations, slots=2, wide={"item.quantity"}) == {
        "item.tpp": "DECIMAL(18,9)",
        "item.kind": "VARCHAR",
        "item.on": "BOOLEAN",
        "transfer.date": "DATE",
        "party1.country": "VARCHAR",
        "party2.country": "VARCHAR",
        "item.quantity": "DECIMAL(38,9)",
        "parties.count": "INTEGER",
        "parties.complete": "BOOLEAN",
    }
    assert "party1.country" not in column_types(declarations)


@pytest.mark.parametrize("name", ["tpp", "item.", "item tpp", "in.tpp", 'item."tpp"', "item.tpp\n"])
def test_a_malformed_name_cannot_be_declared(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        Declarations({name: FactDeclaration(name, FactType.TEXT, "?", "anyone")}, {})
