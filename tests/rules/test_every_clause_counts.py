"""A clause counts as built when some case is decided differently without it.

Each clause that can decide is deleted in turn; then some case of tests/cases
must fail by its own expectation. Only cases that the clause touches are
decided again: where it came to no it changes nothing.
"""

import pytest
from tests.rules.decided import nearest

from chipwarden.app.data import load_data
from chipwarden.rules.provisions import Provision, Step

# Without its last rung the ladder says nothing of most items, and nothing can be decided.
LAST_RUNG = "US-residual-ic"

CLAUSES = [
    clause for clause in load_data().lawbook.provisions if clause.step is not Step.INFORMATION
]


@pytest.mark.parametrize(
    "clause",
    [clause for clause in CLAUSES if clause.id != LAST_RUNG],
    ids=lambda clause: clause.id,
)
def test_some_case_fails_without_the_clause(clause: Provision) -> None:
    without = load_data().lawbook.without(clause.id)
    touched = nearest(clause)
    assert any(one.fails_under(without) for one in touched), (
        f"{len(touched)} cases are touched by {clause.id} and none fails without it: "
        "write one in tests/cases from the facts, or say that the clause is redundant"
    )


def test_without_its_last_rung_the_ladder_is_empty_for_most_items() -> None:
    last = load_data().lawbook.provision(LAST_RUNG)
    assert last is not None and last.when_text == "TRUE"
    assert all(clause.rank < last.rank for clause in CLAUSES if clause.step is last.step and
               clause is not last)  # fmt: skip


def test_information_never_enters_the_law_of_a_day() -> None:
    lawbook = load_data().lawbook
    days = (*lawbook.breaks(), *lawbook.breaks(as_written=True))
    applied = {clause.id for day in days for clause in lawbook.law_on(day).provisions}
    assert not applied & {c.id for c in lawbook.provisions if c.step is Step.INFORMATION}
