"""The legal cases that a lawyer reads come to the same answer in bulk."""

from collections import defaultdict
from datetime import date
from pathlib import Path

from tests.cases.test_cases import cases, decision_of

from chipwarden.app.data import load_data
from chipwarden.decisions.bulk import Coverage
from chipwarden.decisions.decide import Decision
from chipwarden.decisions.products import Part

from .both_ways import Answer, Table, answer_of, cells, in_bulk, under_one_law

Found = tuple[str, Decision, Part]
# Fewer rows than this are decided each under the law of its own day.
FEW = 10


def test_cases_agree(tmp_path: Path) -> None:
    """Every kind of chip of every case, by determination and, where it is alone, by decision."""
    groups: dict[tuple[date, bool], list[Found]] = defaultdict(list)
    for case in cases():
        decision = decision_of(case)
        terms = (decision.law.known_on, decision.law.as_written)
        for item in decision.items:
            groups[terms].extend((case["case"], decision, part) for part in item.parts)
    alone = 0
    for (known_on, as_written), found in groups.items():
        if len(found) < FEW:
            for each in found:
                [answer] = under_one_law(table_of([each]), each[1].law, tmp_path)
                agrees(each, answer)
            continue
        table = table_of(found)
        lawbook = load_data().lawbook
        answers = in_bulk(table, lawbook, known_on, as_written, tmp_path, coverage())
        for each, answer in zip(found, answers, strict=True):
            if is_covered(each):
                agrees(each, answer)
            if sum(len(item.parts) for item in each[1].items) == 1:
                agrees_with_decision(each, answer)
                alone += 1
    assert alone > len(cases()) / 2


def table_of(found: list[Found]) -> Table:
    """Return the rows, with as many places as the one with most parties needs."""
    slots = max(len(part.facts.collections["parties"].members) for _, _, part in found)
    return Table([cells(decision.law.as_of, part.facts) for _, decision, part in found], slots)


def coverage() -> Coverage:
    """Return what the law covers."""
    data = load_data()
    return Coverage(
        kinds=frozenset(data.vocabulary.covered_kinds),
        item_kinds_left_out=frozenset(data.not_covered.item_kinds),
        first_day=data.lawbook.covered_from,
    )


def is_covered(found: Found) -> bool:
    _, decision, part = found
    covered = coverage()
    return (
        decision.order.kind in covered.kinds
        and decision.law.as_of >= covered.first_day
        and part.facts.values["item.kind"] not in covered.item_kinds_left_out
    )


def agrees(found: Found, answer: Answer) -> None:
    name, _, part = found
    assert answer == answer_of(part.determinations), name


def agrees_with_decision(found: Found, answer: Answer) -> None:
    name, decision, _ = found
    codes = frozenset(decision.exception.split(" + ")) if decision.exception else None
    policy = decision.review_policy.value if decision.review_policy else None
    expected = (decision.outcome, policy, codes)
    assert (answer.outcome, answer.review_policy, answer.exception) == expected, name
