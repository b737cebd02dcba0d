"""The legal cases, decided once under the packaged law, for tests that change the law."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from tests.cases.test_cases import cases, differences, order_of

from chipwarden.app.data import load_data
from chipwarden.decisions.decide import Decision, decide
from chipwarden.decisions.order import Mode, Order
from chipwarden.model.outcome import Outcome
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.provisions import Provision, Step

_TOLD_AS_TEXT = (Step.OBLIGATION, Step.WARNING)


@dataclass(frozen=True)
class Decided:
    """A case with its decision under the packaged law.

    Attributes:
        touched: ids of the clauses that came to yes or undetermined.
    """

    case: dict[str, Any]
    order: Order
    known_on: date | None
    mode: Mode | None
    decision: Decision
    touched: frozenset[str]

    def fails_under(self, lawbook: Lawbook) -> bool:
        """Return whether the case's own expectation fails under another law."""
        data = load_data()
        other = type(data)(
            lawbook, data.catalog, data.starter_set, data.vocabulary, data.not_covered
        )
        decision = decide(self.order, other, known_on=self.known_on, mode=self.mode)
        return bool(differences(self.case["expect"], decision))


@cache
def decided() -> tuple[Decided, ...]:
    """Return all cases with their decisions."""
    return tuple(_decided(case) for case in cases())


def _decided(case: dict[str, Any]) -> Decided:
    order = order_of(case)
    known_on = date.fromisoformat(str(case["known_on"])) if case.get("known_on") else None
    mode = Mode(case["mode"]) if case.get("mode") else None
    decision = decide(order, load_data(), known_on=known_on, mode=mode)
    return Decided(case, order, known_on, mode, decision, frozenset(_touched(decision)))


def _touched(decision: Decision) -> set[str]:
    said = {*decision.obligations, *decision.warnings}
    found = {
        node.provision
        for node in decision.reason.walk()
        if node.provision and node.outcome is not Outcome.NO
    }
    found |= {flag.clause.id for flag in decision.red_flags}
    found |= {
        clause.id
        for step in _TOLD_AS_TEXT
        for clause in decision.law.by_step[step]
        if clause.text in said
    }
    return found


def nearest(clause: Provision) -> list[Decided]:
    """Return the cases that the clause touches, those that name one of its facts first."""
    touched = [one for one in decided() if clause.id in one.touched]
    facts = set(clause.facts)
    return sorted(touched, key=lambda one: facts.isdisjoint(one.case.get("because", ())))
