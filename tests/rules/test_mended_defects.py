"""Defects that were found and mended, each with its order."""

from datetime import date, timedelta

import pytest
from tests.rules.decided import decided
from tests.rules.generate import made, read

from chipwarden.app.data import load_data
from chipwarden.decisions.decide import decide
from chipwarden.rules.lawbook import LawNotKnown

LAWBOOK = load_data().lawbook


def test_a_regime_is_touched_whichever_line_touches_it() -> None:
    """China's guidance on H20 and H200 is looked at also where another part comes first."""
    lines = [
        {"product": "nv-h20-96", "quantity": 8},
        {"product": "NVIDIA L4", "quantity": 8},
    ]
    outcomes = set()
    for several in (lines, lines[::-1]):
        order = read(made(date="2026-03-02", destination="CN", items=several))
        verdicts = decide(order, load_data()).verdicts
        outcomes |= {v.outcome for v in verdicts if v.regime.code == "CN"}
    assert len(outcomes) == 1


def test_an_answer_is_not_settled_while_a_clearance_can_still_turn_it() -> None:
    """NAC not yet cleared: the answer is license exception; a refusal makes it license required."""
    case = next(one for one in decided() if one.order.id == "nac-aca-001")
    assert case.decision.outcome == "license_exception"
    assert not case.decision.settled


def test_a_day_of_knowledge_before_any_law_is_a_clear_problem() -> None:
    """`--known-on` before the first publication says so."""
    order = read(made(date="2024-06-03", destination="CN"))
    first = min(clause.dates.published for clause in LAWBOOK.provisions)
    with pytest.raises(LawNotKnown, match=r"Nothing was known on"):
        decide(order, load_data(), known_on=first - timedelta(days=1))


def test_the_day_of_the_law_itself_is_answered() -> None:
    order = read(made(date="2024-06-03", destination="CN"))
    assert decide(order, load_data(), known_on=date(2024, 6, 3)).outcome == "no_license_required"
