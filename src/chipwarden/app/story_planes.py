"""The planes of the story: where in a plane of two figures a clause of the lawbook can hold.

Nothing about the shape of a rule is known here. Thresholds are those that the
clause itself compares with; between them its answer cannot change, so one point
a cell tells what holds in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from chipwarden.decisions.determine import holds
from chipwarden.expressions.facts import Collection, Facts
from chipwarden.expressions.nodes import And, Compare, Every, Fact, Node, Not, Or, Parameter, Some
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Value
from chipwarden.reports.story_facts import Plane, Region, Threshold
from chipwarden.rules.lawbook import Law, Lawbook
from chipwarden.rules.provisions import Provision

TPP = "item.tpp"
_BEYOND = Decimal(2)


def planes(lawbook: Lawbook, words: Mapping[str, Any]) -> tuple[Plane, ...]:
    """Return every plane that the words ask for, each on the first day of its first clause."""
    return tuple(
        _plane(key, asked, words["names"], lawbook) for key, asked in words["plane"].items()
    )


def _plane(key: str, asked: Mapping[str, Any], names: Mapping[str, str], book: Lawbook) -> Plane:
    clauses = [_clause(book, name) for name in asked["clauses"]]
    day = max(clause.dates.first_day(as_written=False) for clause in clauses)
    law = book.law_on(day)
    x_lines = _thresholds(clauses, asked["x"], law, book)
    y_lines = _thresholds(clauses, TPP, law, book)
    regions: list[Region] = []
    for clause in clauses:
        given = {**asked.get("given", {}), **asked.get("given_by_clause", {}).get(clause.id, {})}
        facts = {name: _value(value) for name, value in given.items()}
        # A cell that an earlier clause took is not shown for a later one: the ladder's first wins.
        found = _regions(clause, names[clause.id], asked["x"], x_lines, y_lines, facts, law)
        regions += [region for region in found if not _inside(region, regions)]
    return Plane(
        key=key,
        title=asked["title"].replace("{day}", day.isoformat()),
        says=asked["says"],
        day=day,
        x=asked["x"],
        x_label=asked["x_label"],
        log=asked["log"],
        unknown=asked["unknown"],
        x_thresholds=x_lines,
        y_thresholds=y_lines,
        regions=tuple(regions),
    )


def _clause(book: Lawbook, name: str) -> Provision:
    found = book.provision(name)
    if found is None:
        raise KeyError(f"the story shows the provision {name}, and the lawbook has none")
    return found


def _value(value: Any) -> Value:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _thresholds(
    clauses: Iterable[Provision], fact: str, law: Law, book: Lawbook
) -> tuple[Threshold, ...]:
    """Return the values with which the clauses compare a fact, ascending."""
    found: dict[Decimal, Threshold] = {}
    for clause in clauses:
        for name in _compared_with(clause.when, fact):
            value, source = law.parameters[name], law.values[name]
            assert isinstance(value, Decimal)
            parameter = book.parameters[name]
            found.setdefault(
                value,
                Threshold(
                    value,
                    parameter.unit,
                    parameter.description,
                    source.reference,
                    source.in_force,
                    source.confidence,
                ),
            )
    return tuple(found[value] for value in sorted(found))


def _compared_with(node: Node | None, fact: str) -> Iterator[str]:
    """Yield the parameters with which an expression compares a fact."""
    for comparison in _comparisons(node):
        match comparison:
            case Compare(left=Fact(name), right=Parameter(parameter)) if name == fact:
                yield parameter


def _forms(node: Node | None, fact: str) -> set[str]:
    """Return a fact and its other forms in an expression, such as item.tpp_at_least."""
    named = {c.left.name for c in _comparisons(node) if isinstance(c.left, Fact)}
    return {fact} | {name for name in named if name.startswith(f"{fact}_")}


def _comparisons(node: Node | None) -> Iterator[Compare]:
    match node:
        case Compare():
            yield node
        case And(operands) | Or(operands):
            for operand in operands:
                yield from _comparisons(operand)
        case Not(operand):
            yield from _comparisons(operand)
        case Some(body=body) | Every(body=body):
            yield from _comparisons(body)


Bound = Decimal | None
Span = tuple[Bound, Bound]


def _spans(lines: Sequence[Threshold]) -> list[tuple[Span, Decimal]]:
    """Return the stretches between thresholds, each with a point inside."""
    edges: list[Bound] = [None, *(line.value for line in lines), None]
    found = []
    for low, high in pairwise(edges):
        if low is None:
            inside = high / _BEYOND if high is not None else Decimal(1)
        elif high is None:
            inside = low * _BEYOND
        else:
            inside = (low + high) / _BEYOND
        found.append(((low, high), inside))
    return found


def _regions(
    clause: Provision,
    name: str,
    x: str,
    x_lines: Sequence[Threshold],
    y_lines: Sequence[Threshold],
    given: Mapping[str, Value | None],
    law: Law,
) -> list[Region]:
    """Return the rectangles in which a clause can hold, as few as neighbours allow."""
    x_facts, tpp_facts = (_forms(clause.when, fact) for fact in (x, TPP))
    rows: list[Region] = []
    for (bottom, top), y_inside in _spans(y_lines):
        row: list[Region] = []
        for (left, right), x_inside in _spans(x_lines):
            known = {
                **given,
                **dict.fromkeys(x_facts, x_inside),
                **dict.fromkeys(tpp_facts, y_inside),
            }
            facts = Facts(known, {"parties": Collection((), complete=True)})
            # Conditions beside the two figures are unknown here: what is not ruled out is shown.
            if holds(clause, facts, law) is Outcome.NO:
                continue
            if row and row[-1].right == left:
                row[-1] = replace(row[-1], right=right)
            else:
                row.append(Region(clause, name, left, right, bottom, top))
        rows += row
    return _stacked(rows)


def _stacked(rows: Sequence[Region]) -> list[Region]:
    """Return rectangles with those joined that stand on one another in the same width."""
    found: list[Region] = []
    for region in rows:
        for index, below in enumerate(found):
            same_width = (below.left, below.right) == (region.left, region.right)
            if same_width and below.top is not None and below.top == region.bottom:
                found[index] = replace(below, top=region.top)
                break
        else:
            found.append(region)
    return found


def _inside(region: Region, others: Iterable[Region]) -> bool:
    return any(
        _at_most(other.left, region.left)
        and _at_most(other.bottom, region.bottom)
        and _at_least(other.right, region.right)
        and _at_least(other.top, region.top)
        for other in others
        if other.clause.step is region.clause.step
    )


def _at_most(low: Bound, value: Bound) -> bool:
    return low is None or (value is not None and low <= value)


def _at_least(high: Bound, value: Bound) -> bool:
    return high is None or (value is not None and high >= value)
