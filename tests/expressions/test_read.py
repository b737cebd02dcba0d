"""What the language accepts and what it refuses, with the place and the reason."""

from datetime import date
from decimal import Decimal

import pytest

from chipwarden.expressions.errors import InvalidExpression
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
    Operator,
    Or,
    Parameter,
    Some,
    Text,
)
from chipwarden.expressions.read import read

from .vocabulary import DECLARATIONS, PARAMETERS

TPP = Fact("item.tpp")
LISTED = Fact("party.listed_el")
DATACENTER = Fact("item.datacenter_marketed")
CONSUMER = Not(DATACENTER)


def number(text: str) -> Number:
    return Number(Decimal(text))


ACCEPTED: list[tuple[str, Node]] = [
    ("item.tpp >= :tpp_a", Compare(Operator.GE, TPP, Parameter("tpp_a"))),
    ("4800 <= item.tpp", Compare(Operator.LE, number("4800"), TPP)),
    ("item.tpp<4800.00000001", Compare(Operator.LT, TPP, number("4800.00000001"))),
    ("item.tpp > 1.5e3", Compare(Operator.GT, TPP, number("1500"))),
    ("item.tpp = 16E-1", Compare(Operator.EQ, TPP, number("1.6"))),
    ("item.tpp <> -5", Compare(Operator.NE, TPP, number("-5"))),
    ("item.kind = 'gpu'", Compare(Operator.EQ, Fact("item.kind"), Text("gpu"))),
    ("item.kind = 'it''s'", Compare(Operator.EQ, Fact("item.kind"), Text("it's"))),
    ("item.kind = ''", Compare(Operator.EQ, Fact("item.kind"), Text(""))),
    (r"item.kind = 'a\nb'", Compare(Operator.EQ, Fact("item.kind"), Text(r"a\nb"))),
    (
        "item.kind = '-- no; \"comment'",
        Compare(Operator.EQ, Fact("item.kind"), Text('-- no; "comment')),
    ),
    (
        "item.released = DATE '2025-01-13'",
        Compare(Operator.EQ, Fact("item.released"), Day(date(2025, 1, 13))),
    ),
    ("transfer.date >= :cut", Compare(Operator.GE, Fact("transfer.date"), Parameter("cut"))),
    (
        "transfer.destination = transfer.origin",
        Compare(Operator.EQ, Fact("transfer.destination"), Fact("transfer.origin")),
    ),
    (
        "transfer.destination = 'CN'",
        Compare(Operator.EQ, Fact("transfer.destination"), Text("CN")),
    ),
    ("item.tpp BETWEEN 1600 AND :tpp_a", Between(TPP, number("1600"), Parameter("tpp_a"))),
    ("item.tpp NOT BETWEEN 1 AND 2", Not(Between(TPP, number("1"), number("2")))),
    ("item.kind IN ('a', 'b')", OneOf(Fact("item.kind"), (Text("a"), Text("b")))),
    ("item.kind NOT IN ('a')", Not(OneOf(Fact("item.kind"), (Text("a"),)))),
    ("NOT item.kind IN ('a')", Not(OneOf(Fact("item.kind"), (Text("a"),)))),
    (
        "transfer.destination IN :d5",
        InGroup(Fact("transfer.destination"), Parameter("d5")),
    ),
    (
        "transfer.destination NOT IN :d5",
        Not(InGroup(Fact("transfer.destination"), Parameter("d5"))),
    ),
    ("item.datacenter_marketed", DATACENTER),
    ("NOT item.datacenter_marketed", CONSUMER),
    ("item.datacenter_marketed = TRUE", Compare(Operator.EQ, DATACENTER, Flag(True))),
    ("(item.datacenter_marketed)", DATACENTER),
    ("TRUE", Flag(True)),
    (":strict", Parameter("strict")),
    # AND binds closer than OR, NOT closer than AND, comparisons closer than NOT.
    (
        "item.datacenter_marketed OR NOT item.tpp = 1 and TRUE",
        Or((DATACENTER, And((Not(Compare(Operator.EQ, TPP, number("1"))), Flag(True))))),
    ),
    (
        "item.tpp BETWEEN 1 AND 2 AND TRUE",
        And((Between(TPP, number("1"), number("2")), Flag(True))),
    ),
    ("TRUE AND FALSE AND TRUE", And((Flag(True), Flag(False), Flag(True)))),
    ("TRUE AND (FALSE AND TRUE)", And((Flag(True), And((Flag(False), Flag(True)))))),
    ("some(parties, p -> p.listed_el)", Some("parties", LISTED, "party")),
    (
        "every( parties ,q->q.country IN :d5 OR item.tpp > 1 )",
        Every(
            "parties",
            Or(
                (
                    InGroup(Fact("party.country"), Parameter("d5")),
                    Compare(Operator.GT, TPP, number("1")),
                )
            ),
            "party",
        ),
    ),
    ("some(parties, party -> party.listed_el)", Some("parties", LISTED, "party")),
    (
        "some(parties, p -> p.listed_el) AND NOT every(parties, p -> NOT p.listed_el)",
        And((Some("parties", LISTED, "party"), Not(Every("parties", Not(LISTED), "party")))),
    ),
]


@pytest.mark.parametrize(("text", "node"), ACCEPTED, ids=[text for text, _ in ACCEPTED])
def test_accepted(text: str, node: Node) -> None:
    assert read(text, DECLARATIONS, PARAMETERS) == node


def test_is_unknown_is_read_only_where_allowed() -> None:
    node = read("is_unknown( item.tpp )", DECLARATIONS, PARAMETERS, allow_is_unknown=True)
    assert node == IsUnknown(TPP)
    inner = "some(parties, p -> is_unknown(p.country))"
    node = read(inner, DECLARATIONS, PARAMETERS, allow_is_unknown=True)
    assert node == Some("parties", IsUnknown(Fact("party.country")), "party")


# Each sign ¦ marks the place of one problem, in order; it is not part of the text.
REFUSED = [
    # arithmetic
    ("item.tpp ¦+ 1 > 4800", "arithmetic"),
    ("item.tpp ¦- 1 > 4800", "arithmetic"),
    ("item.tpp¦-1 > 4800", "arithmetic"),
    ("item.tpp > ¦- 1", "arithmetic"),
    ("item.tpp ¦* 2 > 1", "arithmetic"),
    ("item.tpp ¦/ 2 > 1", "arithmetic"),
    ("item.tpp ¦% 2 = 1", "arithmetic"),
    ("item.kind ¦|| 'a' = 'b'", "character"),
    # casts and other types
    ("¦CAST(item.tpp ¦AS ¦INTEGER) = 1", "cast"),
    ("item.tpp¦::¦INTEGER = 1", "cast"),
    ("item.released = ¦TIMESTAMP '2025-01-13 00:00:00'", "TIMESTAMP"),
    ("¦item.released = '2025-01-13'", "one type"),
    ("item.released = ¦DATE '2025-02-30'", "not a day"),
    ("item.released = ¦DATE '20250113'", "not a day"),
    ("item.released = ¦DATE '2025-01-13 '", "not a day"),
    ("item.released = ¦DATE (TRUE)", "DATE 'YYYY-MM-DD'"),
    # queries, statements, aliases, comments
    ("item.tpp IN (¦SELECT 1)", "quer"),
    ("¦EXISTS (¦SELECT 1)", "EXISTS"),
    ("item.tpp > 1¦; ¦DROP ¦TABLE ¦facts", "one expression"),
    ("item.tpp > 1 ¦;", "one expression"),
    ("item.tpp > 1 ¦AS ¦big", "alias"),
    ("item.datacenter_marketed ¦big", "scope.name"),
    ("item.datacenter_marketed ¦item.datacenter_marketed", "operator such as AND"),
    ("item.tpp > 1 ¦-- why", "comment"),
    ("item.tpp ¦/* why */ > 1", "comment"),
    ("item.tpp > 1 ¦/* why", "comment"),
    ("item.tpp > ¦/*+ hint */ 1", "comment"),
    # words of SQL
    ("¦CASE ¦WHEN TRUE ¦THEN TRUE ¦END", "CASE"),
    ("¦COALESCE(item.tpp, 0) > 1", "COALESCE"),
    ("item.kind ¦LIKE 'g%'", "pattern"),
    ("item.tpp ¦IS ¦NULL", "IS is not"),
    ("item.tpp ¦IS NOT ¦NULL", "IS is not"),
    ("item.tpp ¦IS ¦DISTINCT ¦FROM 1", "IS is not"),
    ("item.tpp = ¦NULL", "NULL"),
    ("item.tpp IN (1, ¦NULL)", "NULL"),
    ("item.tpp = ¦ANY (1)", "call"),
    ("TRUE ¦XOR FALSE", "XOR"),
    ("item.tpp ¦BETWEEN_ 1 AND 2", "BETWEEN_"),
    # calls
    ("¦abs(item.tpp) > 1", "call"),
    ("¦item.tpp(1) > 1", "call"),
    (":tpp_a ¦(1) > 1", "operator such as AND"),
    ("¦SOME(parties, p -> ¦p.listed_el)", "lower case"),
    ("¦is_unknown(item.tpp)", "red flags"),
    ("¦IS_UNKNOWN(item.tpp)", "lower case"),
    # quotes and signs
    ('¦"item.tpp" > 1', "quoted"),
    ('item.kind = ¦"gpu"', "quoted"),
    ("¦`item`.tpp > 1", "quoted"),
    ("item.kind = ¦E'a'", "plain text"),
    ("item.kind = ¦X'41'", "plain text"),
    ("item.kind = ¦$¦$gpu¦$¦$", ":name"),
    ("item.kind = ¦'gpu", "closing quote"),
    ("item.kind = 'a' ¦'b'", "operator such as AND"),
    ("item.kind = ¦'a\0b'", "NUL"),
    ("item.tpp ¦!= 1", "<>"),
    ("item.tpp ¦== 1", "written ="),
    ("¦!item.datacenter_marketed", "NOT"),
    ("item.tpp > ¦?", ":name"),
    ("item.tpp > ¦$tpp_a", ":name"),
    ("item.tpp > ¦: ¦tpp_a", ":name"),
    ("item.tpp > ¦:tpp_a.x", "parameter"),
    ("item.tpp¦[1¦] > 1", "list"),
    ("¦item ¦. ¦tpp > 1", "scope.name"),
    ("item.tpp\u00a0> 1", "character"),
    # numbers
    ("item.tpp > ¦1_000", "number"),
    ("item.tpp > ¦0x1F", "number"),
    ("item.tpp > ¦.5", "number"),
    ("item.tpp > ¦5.", "number"),
    ("item.tpp > ¦1.2.3", "number"),
    ("item.tpp > ¦0.0000000001", "9 decimal places"),
    ("item.tpp > ¦100000000000000000000000000000", "29 whole digits"),
    ("item.tpp > ¦1e99999999", "29 whole digits"),
    # names
    ("¦item.tp > 1", "did you mean item.tpp"),
    ("¦tpp > 1", "scope.name"),
    ("¦Item.tpp > 1", "no fact is called Item.tpp"),
    ("item.tpp > ¦:tpp_b", "did you mean :tpp_a?"),
    ("¦party.country = 'CN'", "by its variable"),
    ("¦p.country = 'CN'", "no fact is called"),
    ("some(parties, p -> ¦q.country = 'CN')", "no fact is called"),
    ("some(parties, p -> ¦party.country = 'CN')", "by its variable"),
    ("some(parties, p -> TRUE) AND ¦p.listed_el", "no fact is called"),
    ("some(¦party, p -> p.listed_el)", "no list is called party"),
    ("some(parties, ¦item -> item.listed_el)", "cannot be called item"),
    ("some(parties, ¦NOT -> TRUE)", "cannot be called NOT"),
    # quantifiers
    ("some(parties, p -> ¦every(parties, q -> q.listed_el))", "do not nest"),
    ("¦some(parties, p -> p.listed_el, TRUE)", "one condition"),
    ("¦some(¦parties)", "some(parties, p -> …)"),
    ("¦some(¦p ¦-> ¦p.listed_el, ¦parties)", "some(parties, p -> …)"),
    ("¦x ¦-> TRUE", "scope.name"),
    # types
    ("¦item.tpp", "compare it"),
    ("¦item.tpp = 'a'", "one type"),
    ("TRUE AND ¦4800", "not a condition; compare it"),
    ("¦item.datacenter_marketed > FALSE", "no order"),
    ("¦item.datacenter_marketed BETWEEN FALSE AND TRUE", "no order"),
    ("¦item.datacenter_marketed = 1", "one type"),
    ("¦item.datacenter_marketed IN (TRUE)", "compare it with ="),
    ("¦item.tpp IN (1, 'a')", "one type"),
    ("¦item.tpp BETWEEN 1 AND 'a'", "one type"),
    ("¦item.tpp IN :d5", "only a country"),
    ("¦item.kind IN :d5", "only a country"),
    ("¦'CN' IN :d5", "only a country"),
    ("¦transfer.destination IN :product", "or a group"),
    ("¦transfer.destination = :d5", "after IN"),
    ("¦:d5", "not a condition"),
    # shapes
    ("¦", "empty"),
    ("¦ \n ", "empty"),
    ("¦item.tpp = 1 = 1", "chained"),
    ("¦1 < item.tpp < 2", "chained"),
    ("(¦item.tpp) > 1", "without brackets"),
    ("item.tpp IN ((¦1))", "without brackets"),
    ("¦item.tpp IN ()", "values in brackets"),
    ("¦item.tpp IN (item.tpp)", "values in brackets"),
    ("¦item.tpp IN (:tpp_a)", "values in brackets"),
    ("¦item.kind IN 'a'", "or a group"),
    ("¦1 IN (1)", "left side of IN"),
    ("item.tpp IN (1¦,)", "comma"),
    ("item.tpp IN (¦, 1)", "comma"),
    ("item.tpp IN (1,¦, 2)", "comma"),
    ("(¦item.tpp, item.tpp) = (¦1, 2)", "without brackets"),
    ("item.datacenter_marketed = NOT ¦item.datacenter_marketed", "was expected here"),
    ("item.datacenter_marketed ¦=", "incomplete"),
    ("item.datacenter_marketed ¦AND", "incomplete"),
    ("(item.datacenter_marketed", "incomplete"),
    ("item.datacenter_marketed)", "incomplete"),
    ("item.datacenter_marketed ¦NOT item.datacenter_marketed", "out of order"),
    # several at once
    ("¦item.tp > 1 AND\n  ¦item.kind = 4 OR ¦item.tpp", "no fact"),
    ("item.tpp ¦!= ¦:foo OR ¦item.bar ¦+ 1 > 2", "<>"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED, ids=[repr(text) for text, _ in REFUSED])
def test_refused(marked: str, reason: str) -> None:
    text = marked.replace("¦", "")
    parts = marked.split("¦")[:-1]
    offsets = [sum(map(len, parts[: count + 1])) for count in range(len(parts))]
    with pytest.raises(InvalidExpression) as caught:
        read(text, DECLARATIONS, PARAMETERS)
    problems = caught.value.problems
    if offsets:
        assert [problem.offset for problem in problems] == offsets
    assert reason in problems[0].message
    for problem in problems:
        before = text[: problem.offset].split("\n")
        assert (problem.line, problem.column) == (len(before), len(before[-1]) + 1)


def test_refusals_are_many() -> None:
    assert len(REFUSED) >= 40


def test_text_that_is_too_long_or_too_deep_is_refused() -> None:
    for text in (
        "TRUE AND " * 3000 + "TRUE",
        "(" * 21 + "TRUE" + ")" * 21,
        "NOT " * 21 + "TRUE",
        "(" * 9000,
        "NOT (" * 100 + "TRUE" + ")" * 100,
    ):
        with pytest.raises(InvalidExpression):
            read(text, DECLARATIONS, PARAMETERS)


def test_long_and_nested_text_within_the_limits_is_read() -> None:
    wide = read(" OR ".join(["TRUE"] * 2000), DECLARATIONS, PARAMETERS)
    assert isinstance(wide, Or)
    assert len(wide.operands) == 2000
    assert read("(" * 20 + "TRUE" + ")" * 20, DECLARATIONS, PARAMETERS) == Flag(True)


def test_every_problem_names_line_and_column() -> None:
    with pytest.raises(InvalidExpression) as caught:
        read("item.tpp > 1 AND\n  item.kind LIKE 'a'", DECLARATIONS, PARAMETERS)
    assert "line 2, column 13: patterns" in str(caught.value)
