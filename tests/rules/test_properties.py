"""Properties of the law and of decisions over generated orders.

`make test` tries few and the same orders each time; CHIPWARDEN_FUZZ_CASES
sets how many `make test-long` tries.
"""

import os
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.rules.generate import RATES, less, order_mappings, read, unsaid
from tests.rules.probe import names_in

from chipwarden.app.data import load_data
from chipwarden.decisions.decide import Decision, decide
from chipwarden.decisions.outcomes import (
    Bounds,
    PolicyBounds,
    Strictness,
    policy_together,
    together,
)
from chipwarden.expressions.nodes import Fact
from chipwarden.model.outcome import Outcome

LAWBOOK = load_data().lawbook
CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "0")) // 200
FEW = settings(max_examples=max(CASES, 150), suppress_health_check=list(HealthCheck))

# Days of the law, and days on which it was known as far as the data go.
DAYS = st.dates(date(2022, 8, 1), date(2027, 12, 31))
KNOWN = st.dates(date(2022, 8, 1), LAWBOOK.known_to)
ADVERSE = (Strictness.LICENSE_REQUIRED.word, Strictness.PROHIBITED.word)
RANK_OF_ECCN = {"none": 0, "3A090": 1, "3A090.b": 1, "3A090.a": 2}


@dataclass(frozen=True)
class Ranked:
    """A decision as ranks, each with the mildest and the strictest that is possible.

    Attributes:
        eccn: rank of the paragraph: none < 3A090 of 2022, 3A090.b < 3A090.a.
        bounds: rank of the outcome, as in docs/adr/0001.
        policies: rank of the review policy, -1 where none applies.
        certain: requirements that certainly apply.
    """

    eccn: tuple[int, int]
    bounds: Bounds
    policies: PolicyBounds
    certain: frozenset[str]


def decided(mapping: dict[str, Any]) -> Decision:
    return decide(read(mapping), load_data())


def bounds_of(decision: Decision) -> Bounds:
    return together(item.bounds for item in decision.items)


def policies_of(decision: Decision) -> PolicyBounds:
    return policy_together(item.policies for item in decision.items)


def ranked(decision: Decision) -> Ranked:
    ranks = [
        RANK_OF_ECCN[d.candidate.paragraph]
        for item in decision.items
        for d in item.determinations
    ]
    return Ranked(
        eccn=(min(ranks), max(ranks)),
        bounds=bounds_of(decision),
        policies=policies_of(decision),
        certain=frozenset(
            r.clause.id for r in decision.requirements if r.applies is Outcome.YES
        ),
    )


def waits(decision: Decision) -> bool:
    """Return whether an exception that the answer names is not cleared yet.

    The answer says "license exception" and holds the order; BIS may still say that a license is
    needed (740.8), and a general license may turn out not to reach the activity.
    """
    return any("is not cleared" in reason or "not confirmed" in reason for reason in decision.why)


class TestAddingAFact:
    """An answer that is settled does not turn when one more true fact becomes known."""

    @FEW
    @given(order_mappings(), st.data())
    def test_never_changes_a_settled_verdict(self, order: dict[str, Any], data: Any) -> None:
        places = unsaid(order)
        left_out = data.draw(st.lists(st.sampled_from(places), unique=True, max_size=8))
        learned = data.draw(st.sets(st.sampled_from(left_out))) if left_out else set()
        before = decided(less(order, left_out))
        after = decided(less(order, [place for place in left_out if place not in learned]))
        if before.settled and not waits(before):
            assert (after.outcome, after.review_policy) == (before.outcome, before.review_policy)
            assert after.settled

    @FEW
    @given(order_mappings(), st.data())
    def test_only_narrows_what_is_possible(self, order: dict[str, Any], data: Any) -> None:
        """The floor never gets milder, the ceiling never stricter; an adverse answer stays."""
        places = unsaid(order)
        left_out = data.draw(st.lists(st.sampled_from(places), unique=True, max_size=8))
        learned = data.draw(st.sets(st.sampled_from(left_out))) if left_out else set()
        before = decided(less(order, left_out))
        after = decided(less(order, [place for place in left_out if place not in learned]))
        assert bounds_of(after).floor >= bounds_of(before).floor
        assert bounds_of(after).ceiling <= bounds_of(before).ceiling
        if before.outcome in ADVERSE:
            assert after.outcome in ADVERSE
            assert ADVERSE.index(after.outcome) >= ADVERSE.index(before.outcome)


class TestMorePerformance:
    """With everything else fixed a faster circuit is never treated more mildly."""

    @FEW
    @given(order_mappings(own_chip=True), st.sampled_from(RATES), st.sampled_from(RATES))
    def test_never_lowers(self, order: dict[str, Any], one: Decimal, other: Decimal) -> None:
        assume(one != other)
        chip = order["items"][0]["chip"]
        chip["int8_tops"] = min(one, other)
        slow = ranked(decided(order))
        chip["int8_tops"] = max(one, other)
        fast = ranked(decided(order))
        assert slow.eccn[0] <= fast.eccn[0] and slow.eccn[1] <= fast.eccn[1]
        assert slow.bounds.floor <= fast.bounds.floor
        assert slow.bounds.ceiling <= fast.bounds.ceiling
        assert slow.policies.floor <= fast.policies.floor
        assert slow.certain <= fast.certain


class TestOrderOfLines:
    """What is shipped and who takes part is a set: the order of the lines says nothing."""

    @FEW
    @given(order_mappings(), st.randoms(use_true_random=False))
    def test_of_parties_and_items_does_not_matter(self, order: dict[str, Any], random: Any) -> None:
        first = decided(order)
        random.shuffle(order["parties"])
        random.shuffle(order["items"])
        second = decided(order)
        assert said(first) == said(second)


def facts_in(node: object) -> set[str]:
    """Return the names of the facts that a condition looks at."""
    return {name.name for name in names_in(node) if isinstance(name, Fact)}


def said(decision: Decision) -> dict[str, Any]:
    """Return what a decision says, without the places of lines."""
    return {
        "outcome": decision.outcome,
        "settled": decision.settled,
        "review_policy": decision.review_policy,
        "exception": sorted((decision.exception or "").split(" + ")),
        "disposition": decision.disposition,
        "requirements": {(r.clause.id, r.applies) for r in decision.requirements},
        # What a regime says that is touched by an item hangs on which comes first:
        # tests/rules/test_open_defects.py.
        "verdicts": {
            (v.regime.code, v.outcome)
            for v in decision.verdicts
            if not any(fact.startswith("item.") for fact in facts_in(v.regime.subject_when))
        },
        "red_flags": {(flag.clause.id, flag.outcome) for flag in decision.red_flags},
        "obligations": set(decision.obligations),
    }


class TestTwoTimes:
    """Nothing is applied before it is known."""

    def test_before_the_first_publication_there_is_no_law(self) -> None:
        first = min(clause.dates.published for clause in LAWBOOK.provisions)
        for as_of in LAWBOOK.breaks():
            law = LAWBOOK.law_on(as_of, first - timedelta(days=1))
            assert law.provisions == ()

    @given(DAYS, KNOWN)
    def test_every_clause_that_is_applied_was_published(self, as_of: date, known: date) -> None:
        for as_written in (False, True):
            law = LAWBOOK.law_on(as_of, known, as_written=as_written)
            assert all(clause.dates.published <= known for clause in law.provisions)
            assert all(value.published <= known for value in law.values.values())

    @given(DAYS, KNOWN)
    def test_what_is_enforced_is_written(self, as_of: date, known: date) -> None:
        """The text holds all that is enforced, and beyond it only what waits or is waived."""
        written = {c.id: c for c in LAWBOOK.law_on(as_of, known, as_written=True).provisions}
        enforced = {c.id for c in LAWBOOK.law_on(as_of, known).provisions}
        assert enforced <= set(written)
        for clause_id in set(written) - enforced:
            dates = written[clause_id].dates
            waits = dates.compliance_due is not None and as_of < dates.compliance_due
            waived = dates.enforced_until is not None and as_of > dates.enforced_until
            assert waits or waived
