"""Random expressions, rows and parameter values for the differential test.

An expression is made as two texts side by side: one in our language, one in plain
DuckDB SQL over structs and a list of structs. The second is rendered here and
by other means than `expressions.sql` (list_filter with lambdas, list_contains,
numbers cast from text), and DuckDB's own grammar groups it. Nothing of the
package's evaluation is used, so that the two can disagree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from random import Random

from chipwarden.expressions.declarations import FactType
from chipwarden.expressions.facts import Collection, Facts, Group
from chipwarden.model.values import Value

from .vocabulary import TYPES, WIDE

SLOTS = 3
STEP = Decimal("0.000000001")
LARGEST = Decimal("99999999999999999999999999999.999999999")
LARGEST_18 = Decimal("999999999.999999999")

# Python's own context rounds sums to 28 digits; DECIMAL(38, 9) holds ten more.
EXACT = Context(prec=60)

THRESHOLDS = tuple(
    map(Decimal, ("0", "1.6", "3.2", "5.92", "0.00000001", "1600", "4800", "21000.12345678"))
)
HUGE = (LARGEST_18, Decimal(10) ** 28, Decimal(2) ** 63, LARGEST, EXACT.subtract(LARGEST, STEP))
TEXTS = ("gpu", "GPU", "asic", "", "it's", "''", "é", "z", "\U0001f600", "\uffff", "a\\b", "%")
CODES = ("CN", "HK", "MY", "RU", "US", "AE", "XX")
DAYS = tuple(date(2022, 10, 7) + timedelta(days=shift) for shift in (-1, 0, 1, 365, 830))
ORDER = ("=", "<>", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Row:
    """One row: values of all columns of facts, and how many members are listed."""

    values: dict[str, Value | None]
    count: int | None
    complete: bool | None


@dataclass(frozen=True)
class Pair:
    """One expression in our language and in SQL of the test's own making."""

    ours: str
    sql: str


def beside(value: Decimal, steps: int) -> Decimal:
    """Return the number that many steps of 1e-9 away, exactly."""
    return EXACT.add(value, steps * STEP)


def number(random: Random) -> Decimal:
    """Return a threshold, or a number one step beside it."""
    value = random.choice(THRESHOLDS if random.random() < 0.7 else HUGE)
    return min(beside(value, random.choice((0, 0, -1, 1))), LARGEST)


def value_of_type(random: Random, name: str) -> Value:
    """Return a value that a column for this fact can hold."""
    match TYPES[name]:
        case FactType.NUMBER:
            made = number(random)
            return made if name in WIDE else min(made, LARGEST_18)
        case FactType.TEXT:
            return random.choice(TEXTS)
        case FactType.FLAG:
            return random.random() < 0.5
        case FactType.DATE:
            return random.choice(DAYS)
        case FactType.COUNTRY:
            return random.choice(CODES)


def parameter_values(random: Random) -> dict[str, Value | Group]:
    """Return values for all parameters; the groups cover empty, doubtful and plain ones."""
    codes = random.sample(CODES, 5)
    return {
        "tpp_a": number(random),
        "pd_a": number(random),
        "product": random.choice(TEXTS),
        "cut": random.choice(DAYS),
        "strict": random.random() < 0.5,
        "d5": Group("d5", frozenset(codes[:2]), frozenset(codes[2:4])),
        "plain": Group("plain", frozenset(codes[1:4])),
        "none": Group("none", frozenset()),
        "doubtful": Group("doubtful", frozenset(), frozenset(codes[:3])),
    }


def row(random: Random, unknown: float = 0.25) -> Row:
    """Return one row; slots that are not in use hold values too, which must not matter."""
    made: dict[str, Value | None] = {}
    for name in TYPES:
        scope, rest = name.split(".")
        columns = [f"party{n}.{rest}" for n in range(1, SLOTS + 1)] if scope == "party" else [name]
        for column in columns:
            is_unknown = random.random() < unknown
            made[column] = None if is_unknown else value_of_type(random, name)
    count = random.choice((None, 0, 0, 1, 1, 2, 2, 3, 3, SLOTS + 1))
    return Row(made, count, random.choice((None, False, True, True)))


def facts_of(made: Row) -> Facts:
    """Return the row as facts; members beyond the slots make the list incomplete."""
    values: dict[str, Value | None] = {}
    members: list[dict[str, Value | None]] = [{} for _ in range(SLOTS)]
    for column, value in made.values.items():
        scope, rest = column.split(".")
        if scope.startswith("party"):
            members[int(scope[5:]) - 1][f"party.{rest}"] = value
        elif value is not None:
            values[column] = value
    if made.count is None:
        return Facts(values, {})
    complete = made.complete is True and made.count <= SLOTS
    return Facts(values, {"parties": Collection(tuple(members[: made.count]), complete)})


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal(value: Value) -> Pair:
    """Return a literal in both languages."""
    if isinstance(value, bool):
        return Pair("TRUE" if value else "false", str(value))
    if isinstance(value, Decimal):
        return Pair(f"{value:f}", f"CAST('{value:f}' AS DECIMAL(38,9))")
    if isinstance(value, date):
        return Pair(f"DATE '{value}'", f"CAST('{value}' AS DATE)")
    return Pair(quoted(value), quoted(value))


class Generator:
    """Makes expressions over one set of parameter values."""

    def __init__(self, random: Random, parameters: dict[str, Value | Group]) -> None:
        self._random = random
        self._parameters = parameters
        self._variable = ""

    def expression(self, depth: int = 4) -> Pair:
        """Return a condition; brackets stand only where needed, and sometimes besides."""
        return self._chain("OR", depth)

    def _chain(self, word: str, depth: int) -> Pair:
        counts = (1, 2, 2, 3) if depth > 0 else (1,)
        parts = []
        for _ in range(self._random.choice(counts)):
            parts.append(self._chain("AND", depth - 1) if word == "OR" else self._negation(depth))
        shown = self._random.choice((word, word.lower()))
        return Pair(
            f" {shown} ".join(part.ours for part in parts),
            f" {word} ".join(part.sql for part in parts),
        )

    def _negation(self, depth: int) -> Pair:
        if self._random.random() < 0.2:
            inner = self._negation(depth)
            return Pair(f"NOT {inner.ours}", f"NOT {inner.sql}")
        if depth > 0 and self._random.random() < 0.35:
            inner = self._chain("OR", depth - 1)
            return Pair(f"({inner.ours})", f"({inner.sql})")
        if not self._variable and self._random.random() < 0.3:
            return self._quantifier(min(depth, 2))
        return self._leaf()

    def _quantifier(self, depth: int) -> Pair:
        self._variable = self._random.choice(("p", "q", "party", "each_one"))
        body = self._chain("OR", depth)
        head = f"parties, {self._variable} -> {body.ours}"
        inner = f"lambda {self._variable}: "
        complete = "coalesce(parties_complete, FALSE)"
        doubt = f"len(list_filter(parties, {inner}(({body.sql}) IS NULL))) > 0"
        self._variable = ""
        if self._random.random() < 0.5:
            found = f"len(list_filter(parties, {inner}({body.sql}))) > 0"
            word, decided, otherwise = "some", "TRUE", "FALSE"
        else:
            found = f"len(list_filter(parties, {inner}(NOT ({body.sql})))) > 0"
            word, decided, otherwise = "every", "FALSE", "TRUE"
        sql = (
            f"(CASE WHEN {found} THEN {decided} WHEN parties IS NULL OR {doubt}"
            f" OR NOT {complete} THEN NULL ELSE {otherwise} END)"
        )
        return Pair(f"{word}({head})", sql)

    def _leaf(self) -> Pair:
        kind = self._random.choice(list(FactType))
        if kind is FactType.FLAG:
            return self._flag()
        if kind is FactType.COUNTRY and self._random.random() < 0.6:
            return self._membership()
        subject = self._fact(kind)
        shape = self._random.random()
        negated = "NOT " if self._random.random() < 0.3 else ""
        if shape < 0.2:
            values = [self._constant(kind) for _ in range(self._random.randint(1, 3))]
            ours, sql = (", ".join(getattr(v, key) for v in values) for key in ("ours", "sql"))
            return Pair(
                f"{subject.ours} {negated}IN ({ours})", f"{subject.sql} {negated}IN ({sql})"
            )
        if shape < 0.4:
            low, high = self._operand(kind), self._operand(kind)
            return Pair(
                f"{subject.ours} {negated}BETWEEN {low.ours} AND {high.ours}",
                f"{subject.sql} {negated}BETWEEN {low.sql} AND {high.sql}",
            )
        sides = [subject, self._operand(kind)]
        self._random.shuffle(sides)
        sign = self._random.choice(ORDER)
        return Pair(
            f"{sides[0].ours}{sign}{sides[1].ours}", f"{sides[0].sql} {sign} {sides[1].sql}"
        )

    def _flag(self) -> Pair:
        subject = self._fact(FactType.FLAG)
        if self._random.random() < 0.6:
            return subject
        choice = self._random.random()
        if choice < 0.15:
            return literal(self._random.random() < 0.5)
        if choice < 0.3:
            return Pair(":strict", str(self._parameters["strict"]))
        other = self._operand(FactType.FLAG)
        sign = self._random.choice(("=", "<>"))
        return Pair(f"{subject.ours} {sign} {other.ours}", f"{subject.sql} {sign} {other.sql}")

    def _membership(self) -> Pair:
        subject = self._fact(FactType.COUNTRY)
        name = self._random.choice(("d5", "plain", "none", "doubtful"))
        group = self._parameters[name]
        assert isinstance(group, Group)
        members, doubts = (
            "CAST([" + ", ".join(map(quoted, sorted(codes))) + "] AS VARCHAR[])"
            for codes in (group.members, group.uncertain)
        )
        sql = (
            f"(CASE WHEN {subject.sql} IS NULL OR list_contains({doubts}, {subject.sql}) THEN NULL"
            f" ELSE list_contains({members}, {subject.sql}) END)"
        )
        if self._random.random() < 0.3:
            return Pair(f"{subject.ours} NOT IN :{name}", f"(NOT {sql})")
        return Pair(f"{subject.ours} IN :{name}", sql)

    def _fact(self, kind: FactType) -> Pair:
        names = [name for name, type_ in TYPES.items() if type_ is kind]
        inner = [name for name in names if name.startswith("party.")]
        if self._variable and self._random.random() < 0.75:
            shown = self._random.choice(inner).replace("party.", f"{self._variable}.")
        else:
            shown = self._random.choice([name for name in names if name not in inner])
        return Pair(shown, shown)

    def _operand(self, kind: FactType) -> Pair:
        return self._fact(kind) if self._random.random() < 0.2 else self._constant_or_name(kind)

    def _constant_or_name(self, kind: FactType) -> Pair:
        names = {
            FactType.NUMBER: ("tpp_a", "pd_a"),
            FactType.TEXT: ("product",),
            FactType.COUNTRY: ("product",),
            FactType.FLAG: ("strict",),
            FactType.DATE: ("cut",),
        }[kind]
        if self._random.random() < 0.4:
            name = self._random.choice(names)
            value = self._parameters[name]
            assert not isinstance(value, Group)
            return Pair(f":{name}", literal(value).sql)
        return self._constant(kind)

    def _constant(self, kind: FactType) -> Pair:
        match kind:
            case FactType.NUMBER:
                return literal(number(self._random))
            case FactType.TEXT:
                return literal(self._random.choice(TEXTS))
            case FactType.COUNTRY:
                return literal(self._random.choice(CODES))
            case FactType.DATE:
                return literal(self._random.choice(DAYS))
            case FactType.FLAG:
                return literal(self._random.random() < 0.5)


def expressions(random: Random, parameters: dict[str, Value | Group]) -> Iterator[Pair]:
    """Yield expressions without end, shallow and deep."""
    generator = Generator(random, parameters)
    while True:
        yield generator.expression(random.choice((0, 1, 2, 3, 4)))
