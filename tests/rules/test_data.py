"""The law as data: sourced, dated, linked, and nowhere repeated in Python."""

import ast
import re
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.rules.decided import decided
from tests.rules.probe import names_in

import chipwarden
from chipwarden.app.data import load_data
from chipwarden.expressions.nodes import Fact, Parameter
from chipwarden.model.places import is_country
from chipwarden.model.values import Confidence
from chipwarden.rules.provisions import LawParameter, Provision, Step

SOURCE = Path(chipwarden.__file__).parent
DATA = SOURCE / "rules" / "data"
LAWBOOK = load_data().lawbook
PROVISIONS = pytest.mark.parametrize("clause", LAWBOOK.provisions, ids=lambda clause: clause.id)
PARAMETERS = pytest.mark.parametrize(
    "parameter", LAWBOOK.parameters.values(), ids=lambda parameter: parameter.name
)
# Rules of this field took effect one to six days before they were published.
PUBLISHED_WITHIN = timedelta(days=6)

KNOWN_LATE = {
    "US-letter-2023-08": "the day in August is not known; the first of the month is assumed",
    "US-H200-practice": "practice, seen in a filing three months after it began",
    "US-H20-assurance": "practice, reported four weeks after the assurance",
}

# Facts that the determination reads itself; the rest are read by clauses.
READ_BY_CODE = {
    "item.eccn_declared": "tells the .z paragraph of what ships",
    "party.entity_list_review": "review policy of a listed party's entry",
    "party.owners_review": "review policy of the entries of listed owners",
}
# Parameters and groups that the determination reads itself, or that are kept to be shown.
NOT_IN_CLAUSES = {
    "affiliates_ownership": "threshold of the ownership computation",
    "data_grace_days": "days past the day of the data",
    "residual_entries": "entries that a declaration may name for a part outside 3A090",
    "savings_warning_days": "window of the warning after an effective date",
    "sdn_programmes_744_8": "tags against which a party's programmes are held",
    "z_entries": "entries with a .z paragraph",
    "country_allocation": "allocation among all exporters; no single order shows what is used",
    "remote_user_countries": "named by the question on remote users",
    "group_a5": "part of other groups",
    "group_a6": "part of other groups",
    "group_e2": "part of other groups",
}


def used() -> list[Fact | Parameter]:
    """Return the names that any condition of the law refers to."""
    conditions: list[Any] = [clause.when for clause in LAWBOOK.provisions]
    conditions += [clause.ready_when for clause in LAWBOOK.provisions]
    conditions += [regime.subject_when for regime in LAWBOOK.regimes]
    return [name for condition in conditions for name in names_in(condition)]


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    "path", sorted(DATA.rglob("*.toml")), ids=lambda path: str(path.relative_to(DATA))
)
def test_file_parses_and_says_what_it_is(path: Path) -> None:
    record = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    assert re.fullmatch(r"chipwarden\.[a-z-]+/\d+", record["schema"])


# ---------------------------------------------------------------- parameters


@PARAMETERS
def test_parameter_is_described_dated_and_sourced(parameter: LawParameter) -> None:
    assert parameter.description and parameter.values
    for value in parameter.values:
        assert value.reference in LAWBOOK.citations
        assert isinstance(value.confidence, Confidence)
        assert value.published - value.in_force <= PUBLISHED_WITHIN
        assert value.published <= LAWBOOK.known_to
        if value.reference == "recalled":
            assert value.note, "a recalled value says where it comes from"


@PARAMETERS
def test_numbers_have_a_unit_and_nothing_else_has(parameter: LawParameter) -> None:
    """A flag, a date or a text has no unit; every number has one."""
    numbers = [isinstance(value.value, Decimal) for value in parameter.values]
    assert all(numbers) == any(numbers) == bool(parameter.unit)


@PARAMETERS
def test_values_ascend(parameter: LawParameter) -> None:
    """A later value replaces an earlier one; on one day the later published one leads."""
    order = [(value.in_force, value.published) for value in parameter.values]
    assert order == sorted(set(order))


# ---------------------------------------------------------------- provisions


@PROVISIONS
def test_provision_is_sourced(clause: Provision) -> None:
    assert clause.title and clause.facts
    assert clause.reference in LAWBOOK.citations
    assert isinstance(clause.confidence, Confidence)
    assert clause.last_checked <= LAWBOOK.known_to


@PROVISIONS
def test_dates_are_in_order(clause: Provision) -> None:
    dates = clause.dates
    assert dates.published <= LAWBOOK.known_to
    if dates.in_force:
        known_late = clause.id in KNOWN_LATE
        assert (dates.published - dates.in_force > PUBLISHED_WITHIN) is known_late
    if dates.until:
        assert dates.until >= (dates.in_force or date.min)
    if dates.until_published:
        assert dates.until is not None and dates.until_published >= dates.published
        assert dates.until_published - dates.until <= PUBLISHED_WITHIN
    if dates.compliance_due:
        assert dates.in_force is not None and dates.compliance_due > dates.in_force
    if dates.enforced_until:
        assert dates.in_force is not None and dates.enforced_until >= dates.in_force
    if dates.enforced_until_published:
        assert dates.enforced_until is not None
        assert dates.enforced_until_published >= dates.published


@PROVISIONS
def test_end_that_its_own_text_does_not_set_says_when_it_became_known(clause: Provision) -> None:
    sunset_in_its_own_text = {
        "US-736-supply-chain", "US-744.11-affiliates-license", "US-savings-88-FR-2821",
    }  # fmt: skip
    if clause.dates.until and clause.id not in sunset_in_its_own_text:
        assert clause.dates.until_published is not None


def test_effects_are_where_they_belong() -> None:
    for clause in LAWBOOK.provisions:
        assert bool(clause.lifts) == (clause.step is Step.EXCEPTION), clause.id
        assert bool(clause.of) == (clause.step is Step.REVIEW), clause.id
        assert bool(clause.policy) == (clause.step is Step.REVIEW), clause.id
        assert bool(clause.eccn) == (clause.step is Step.CLASSIFICATION), clause.id
        assert bool(clause.question) == (clause.step is Step.RED_FLAG), clause.id
        if clause.step in (Step.OBLIGATION, Step.WARNING, Step.INFORMATION):
            assert clause.text, clause.id


def test_labels_point_at_requirements() -> None:
    requirements = {c.id for c in LAWBOOK.provisions if c.step is Step.REQUIREMENT}
    labels = {label for c in LAWBOOK.provisions for label in (*c.lifts, *c.of)}
    assert labels and labels <= requirements


def test_rungs_of_a_ladder_never_share_a_rank_on_one_day() -> None:
    """The first that holds wins, so two of one rank would leave it to the order of files."""
    for day in LAWBOOK.breaks(as_written=True):
        law = LAWBOOK.law_on(day, as_written=True)
        ranks = [clause.rank for clause in law.by_step[Step.CLASSIFICATION]]
        assert len(ranks) == len(set(ranks)), day
        for requirement in law.by_step[Step.REQUIREMENT]:
            ladder = [c.rank for c in law.by_step[Step.REVIEW] if requirement.id in c.of]
            assert len(ladder) == len(set(ladder)), (day, requirement.id)


# ---------------------------------------------------------------- links


def test_every_fact_that_is_used_is_declared_and_every_declared_fact_is_used() -> None:
    named = {name.name for name in used() if isinstance(name, Fact)}
    answers = {
        f"transfer.{fact}"
        for clause in LAWBOOK.provisions
        for fact in (clause.answer, clause.resolved_by)
        if fact
    }
    declared = set(LAWBOOK.declarations.facts)
    assert named | answers <= declared
    assert declared - named - answers == set(READ_BY_CODE)


def test_every_declared_fact_can_be_known() -> None:
    """A question that no order can answer would hold an order for ever."""
    known: set[str] = set()
    for one in decided():
        for item in one.decision.items:
            for facts in (facts for part in item.parts for facts in part.alternatives):
                known |= {name for name, value in facts.values.items() if value is not None}
                for member in facts.collections["parties"].members:
                    known |= {name for name, value in member.items() if value is not None}
    named = {name.name for name in used() if isinstance(name, Fact)}
    assert named - known == set()


def test_every_parameter_and_group_is_used() -> None:
    named = {name.name for name in used() if isinstance(name, Parameter)}
    assert named <= set(LAWBOOK.parameters) | set(LAWBOOK.groups)
    assert (set(LAWBOOK.parameters) | set(LAWBOOK.groups)) - named == set(NOT_IN_CLAUSES)


def test_every_question_can_be_asked() -> None:
    for name, fact in LAWBOOK.declarations.facts.items():
        assert fact.question.endswith(("?", ".")) and fact.who, name


def test_companies_are_named_once() -> None:
    names = [name for company in LAWBOOK.companies.values() for name in company.names]
    assert len(names) == len(set(names))
    assert {c.reference for c in LAWBOOK.companies.values()} <= set(LAWBOOK.citations)


def test_every_ascend_of_a_named_model_is_in_the_clause_on_them() -> None:
    """The guidance of 2025-05-13 names 910B, 910C and 910D; the catalog has them in variants."""
    clause = LAWBOOK.provision("US-GP10-2025-05-13")
    assert clause is not None
    named = re.compile(r"\b910[BCD]")
    chips = {
        chip.id
        for chip in load_data().catalog.chips.values()
        if chip.designer_hq == "CN" and any(map(named.search, (chip.name, *chip.aliases)))
    }
    assert len(chips) >= 3
    assert {chip for chip in chips if f"'{chip}'" not in clause.when_text} == set()


# ---------------------------------------------------------------- country groups


def test_members_are_countries_and_memberships_are_dated_in_order() -> None:
    for group in LAWBOOK.groups.values():
        assert group.description and group.reference in LAWBOOK.citations, group.name
        for member in group.members:
            assert is_country(member.country), (group.name, member.country)
            assert not member.reference or member.reference in LAWBOOK.citations
            dates = member.dates
            if dates.until:
                assert dates.until >= (dates.in_force or date.min)
        periods = [(m.country, m.dates.in_force) for m in group.members]
        assert len(periods) == len(set(periods)), f"{group.name} names a country twice"
        assert {*(name for name, _ in group.union), *group.minus} <= set(LAWBOOK.groups)
    assert all(map(is_country, (*LAWBOOK.aliases, *LAWBOOK.aliases.values())))


# ---------------------------------------------------------------- no law in Python

# Numbers up to this also stand for lengths and percentages, so they count as law only in the
# packages that hold it; a larger one that equals a value of the law is law wherever it stands.
ROUND = Decimal(200)
PACKAGES_OF_LAW = ("rules", "decisions", "expressions")
NUMBERS_ALLOWED = {
    ("decisions/party_facts.py", 100): "a whole, in percent",
    ("decisions/products.py", 10): "base of the watts in a megawatt",
    ("decisions/consistency.py", 100): "a whole, in percent",
    ("decisions/reading_numbers.py", 100): "a whole, in percent",
    ("decisions/reading_numbers.py", 200): "digits of a number that is read at all",
    ("decisions/reading_problems.py", 200): "characters of a value that a problem repeats",
    ("decisions/reading_tables.py", 30): "names that a problem lists",
}
CODES_ALLOWED = {
    ("enforcement", "EC"): "type of a key (RFC 7518), not a country",
    ("decisions", "US"): "code of the regime, not a country",
    ("rules", "US"): "code of the regime, not a country",
    ("app", "US"): "code of the regime, not a country",
    ("cli", "US"): "code of the regime, not a country",
    ("reports", "US"): "code of the regime, not a country",
    ("expressions", "IN"): "word of the rule language",
    ("expressions", "IS"): "word of SQL that the rule language refuses",
    ("expressions", "AS"): "word of SQL that the rule language refuses",
    ("reports", "WF"): "classes of East Asian width",
    ("cli", "ID"): "heading of a column",
}


def constants() -> Iterator[tuple[str, ast.AST, Any]]:
    """Yield the file, node and value of each literal of the package; docstrings left out."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str()) as docstring):
                    docstring.value = ""
                case ast.Constant(value=value):
                    yield path.relative_to(SOURCE).as_posix(), node, value


def place(file: str, node: ast.AST) -> str:
    return f"{file}:{getattr(node, 'lineno', 0)}"


def as_number(value: Any) -> Decimal | None:
    """Return the number that a literal stands for, in digits or as the text of one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).replace("_", "")
    return Decimal(text) if re.fullmatch(r"\d+(\.\d+)?(e\+?\d+)?", text) else None


def test_no_value_of_the_law_stands_in_python() -> None:
    values = {
        value.value
        for parameter in LAWBOOK.parameters.values()
        for value in parameter.values
        if isinstance(value.value, Decimal) and (value.value > 9 or value.value % 1)
    }
    found = []
    for file, node, value in constants():
        number = as_number(value)
        if number not in values:
            continue
        of_law = file.partition("/")[0] in PACKAGES_OF_LAW
        allowed = number in {Decimal(small) for where, small in NUMBERS_ALLOWED if where == file}
        if (number > ROUND or of_law) and not allowed:
            found.append(f"{place(file, node)}: {value!r}")
    assert found == []


def test_no_country_stands_in_python() -> None:
    found = [
        f"{place(file, node)}: {value!r}"
        for file, node, value in constants()
        if isinstance(value, str)
        and re.fullmatch("[A-Z]{2}", value)
        and is_country(value)
        and (file.partition("/")[0], value) not in CODES_ALLOWED
    ]
    assert found == []


def test_no_date_of_the_law_stands_in_python() -> None:
    found = [
        f"{place(file, node)}: {value!r}"
        for file, node, value in constants()
        if isinstance(value, str) and re.fullmatch(r"20\d\d-\d\d-\d\d", value)
    ]
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="date" | "Day" | "datetime")
                    | ast.Attribute(attr="date" | "datetime"),
                    args=[ast.Constant(value=int(year)), *_],
                ) if year >= 2000:
                    found.append(place(path.relative_to(SOURCE).as_posix(), node))
    assert found == []


def test_the_allow_lists_hold_nothing_that_is_not_there() -> None:
    there = {(file, as_number(value)) for file, _, value in constants()}
    assert {key for key in NUMBERS_ALLOWED if (key[0], Decimal(key[1])) not in there} == set()
