"""The lines that dated rules draw through figures of chips, and on which side each chip is.

The lines are read from the conditions of the provisions: wherever one compares a figure of
an item with a dated value there is a line, so that a new rule brings its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.catalog.facts import ItemFacts
from chipwarden.decisions.determine import classify
from chipwarden.expressions.facts import UNKNOWN_COLLECTION, Facts
from chipwarden.expressions.nodes import (
    And,
    Compare,
    Every,
    Fact,
    Node,
    Not,
    Operator,
    Or,
    Parameter,
    Some,
)
from chipwarden.model.reasons import json_value
from chipwarden.rules.lawbook import Law, Lawbook
from chipwarden.rules.provisions import Instrument, Step

_STEPS = (Step.CLASSIFICATION, Step.REQUIREMENT, Step.EXCEPTION, Step.REVIEW)
# "Below 21,000" and "at least 21,000" are one line, seen from two sides.
_LINE = {Operator.GE: ">=", Operator.LT: ">=", Operator.GT: ">", Operator.LE: ">"}
_AT_LEAST = "_at_least"
_OF_MEMORY_STACKS = ("item.memory_bandwidth_density_gb_s_mm2",)
NOT_APPLICABLE = "does not apply"


@dataclass(frozen=True, slots=True)
class _Line:
    fact: str
    operator: str
    parameter: str


def control_lines(
    items: Sequence[ItemFacts], lawbook: Lawbook, law: Law | None = None
) -> list[dict[str, Any]]:
    """Return every dated threshold with the side on which each chip is.

    Args:
        items: the chips with their facts.
        lawbook: the provisions.
        law: where given only its values; else those of all dates.
    """
    found: dict[_Line, dict[str, None]] = {}
    for provision in lawbook.provisions if law is None else law.provisions:
        if provision.step in _STEPS and provision.instrument is not Instrument.BILL:
            for line in _lines(provision.when):
                if any(line.fact in item.facts for item in items):
                    found.setdefault(line, {})[provision.id] = None
    records = []
    for line, provisions in found.items():
        parameter = lawbook.parameters[line.parameter]
        now = None if law is None else law.values.get(line.parameter)
        for value in parameter.values:
            if not isinstance(value.value, Decimal) or (law is not None and value is not now):
                continue
            cells = [_side(item, line, value.value) for item in items]
            if set(cells) == {NOT_APPLICABLE}:
                continue
            records.append({
                "fact": line.fact,
                "operator": line.operator,
                "parameter": line.parameter,
                "description": parameter.description,
                "value": json_value(value.value),
                "unit": parameter.unit,
                "in_force": value.in_force.isoformat(),
                "published": value.published.isoformat(),
                "reference": value.reference,
                "confidence": value.confidence.value,
                "provisions": list(provisions),
                "cells": cells,
            })  # fmt: skip
    facts = list(dict.fromkeys(record["fact"] for record in records))
    return sorted(records, key=lambda r: (facts.index(r["fact"]), r["in_force"], r["value"]))


def classifications(
    items: Sequence[ItemFacts], lawbook: Lawbook, law: Law | None = None, *, as_written: bool
) -> list[dict[str, Any]]:
    """Return the paragraphs of each chip from each day on which the ladder changed.

    Args:
        items: the chips with their facts.
        lawbook: the law of all days.
        law: where given only this one.
        as_written: as in `Lawbook.law_on`.
    """
    if law is not None:
        return [_ladder(items, law, law.as_of)]
    records: list[dict[str, Any]] = []
    last: tuple[str, ...] = ()
    first, last_day = lawbook.covered_from, lawbook.known_to
    days = [day for day in lawbook.breaks(as_written=as_written) if first < day <= last_day]
    for day in (first, *days):
        current = lawbook.law_on(day, as_written=as_written)
        clauses = tuple(p.id for p in current.by_step[Step.CLASSIFICATION])
        if clauses != last:
            records.append(_ladder(items, current, day))
        last = clauses
    return records


def _ladder(items: Sequence[ItemFacts], law: Law, day: date) -> dict[str, Any]:
    eccns = []
    for item in items:
        values = {**item.facts, "transfer.sold_by_foundry": False}
        candidates, _ = classify(Facts(values, {"parties": UNKNOWN_COLLECTION}), law)
        eccns.append([candidate.clause.eccn for candidate in candidates])
    ladder = [clause.id for clause in law.by_step[Step.CLASSIFICATION]]
    return {"from": day.isoformat(), "eccns": eccns, "provisions": ladder}


def _lines(node: Node | None) -> Iterator[_Line]:
    match node:
        case And(operands) | Or(operands):
            for operand in operands:
                yield from _lines(operand)
        case Not(operand):
            yield from _lines(operand)
        case Some() | Every():
            yield from _lines(node.body)
        case Compare(operator, Fact(fact), Parameter(parameter)) if operator in _LINE:
            # A lower bound is another way to reach the line of the figure itself.
            yield _Line(fact.removesuffix(_AT_LEAST), _LINE[operator], parameter)
        case _:
            return


def _side(item: ItemFacts, line: _Line, value: Decimal) -> str:
    if line.fact in _OF_MEMORY_STACKS and not item.facts.get("item.is_hbm"):
        return NOT_APPLICABLE
    figure, least = item.facts.get(line.fact), item.facts.get(line.fact + _AT_LEAST)
    is_known = isinstance(figure, Decimal)
    known = figure if is_known else least
    if not isinstance(known, Decimal):
        return "unknown"
    if known >= value if line.operator == ">=" else known > value:
        return "reaches"
    return "below" if is_known else "unknown"
