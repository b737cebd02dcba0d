"""Legal cases that a lawyer can read, decided one by one.

The cases were written from the fact base alone, without reading the code.
"""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from chipwarden.app.data import knows_product, load_data
from chipwarden.decisions.decide import Decision, decide
from chipwarden.decisions.order import Mode, Order
from chipwarden.decisions.reading import order_from_record
from chipwarden.model.outcome import Outcome
from chipwarden.rules.lawbook import Lawbook

FOLDER = Path(__file__).parent
KEYS = {
    "outcome", "settled", "review_policy", "exception", "disposition", "items", "because_of",
    "not_because_of", "missing", "verdicts", "red_flags", "possible", "obligations", "warnings",
    "no_warnings", "red_flag_ids", "verdict_because",
}  # fmt: skip


class ExactLoader(yaml.SafeLoader):
    """Reads numbers as exact decimals, as orders in TOML and JSON are read."""


def exact_number(loader: yaml.SafeLoader, node: yaml.Node) -> Decimal:
    """Return the decimal as it is written."""
    assert isinstance(node, yaml.ScalarNode)
    return Decimal(str(loader.construct_scalar(node)))


ExactLoader.add_constructor("tag:yaml.org,2002:float", exact_number)


@cache
def cases() -> tuple[dict[str, Any], ...]:
    """Return all cases of all files, each with its file's name."""
    return tuple(
        {**case, "file": path.stem}
        for path in sorted(FOLDER.glob("*.yaml"))
        for case in yaml.load(path.read_text("utf-8"), ExactLoader)
    )


def order_of(case: dict[str, Any]) -> Order:
    """Return the case's order."""
    return order_from_record(case["order"], case["case"], knows_product)


def decision_of(case: dict[str, Any], lawbook: Lawbook | None = None) -> Decision:
    """Return the decision on a case, under the packaged law or another."""
    data = load_data()
    if lawbook is not None:
        data = type(data)(
            lawbook, data.catalog, data.starter_set, data.vocabulary, data.not_covered
        )
    known_on = case.get("known_on")
    return decide(
        order_of(case),
        data,
        known_on=date.fromisoformat(str(known_on)) if known_on else None,
        mode=Mode(case["mode"]) if case.get("mode") else None,
    )


def differences(expected: dict[str, Any], decision: Decision) -> list[str]:
    """Return in words where the decision is not what the case expects."""
    found: list[str] = []

    def compare(what: str, wanted: Any, got: Any) -> None:
        if wanted != got:
            found.append(f"{what}: expected {wanted!r}, decided {got!r}")

    facts = {
        fact
        for requirement in decision.requirements
        if requirement.applies.truth
        for fact in requirement.clause.facts
    }
    if "outcome" in expected:
        compare("outcome", expected["outcome"], decision.outcome)
    if "review_policy" in expected:
        policy = decision.review_policy.value if decision.review_policy else None
        compare("review_policy", expected["review_policy"], policy)
    for key in ("exception", "disposition", "settled"):
        if key in expected:
            compare(key, expected[key], getattr(decision, key))
    for index, wanted in enumerate(expected.get("items", [])):
        part = decision.items[index].parts[0]
        item = decision.items[index]
        declared = item.item.eccn_declared.eccn if item.item.eccn_declared else None
        got = {
            "ic_eccn": part.ic_eccn,
            "eccn": part.eccn(item.variants[0].kind, declared, decision.law),
        }
        for key, value in wanted.items():
            compare(f"items[{index}].{key}", value, got[key])
    for fact in expected.get("because_of", []):
        if fact not in facts:
            found.append(f"because_of: {fact} is not among {sorted(facts)}")
    for fact in expected.get("not_because_of", []):
        if fact in facts:
            found.append(f"not_because_of: {fact} is among the requirements")
    possible = {
        fact
        for requirement in decision.requirements
        if requirement.applies is Outcome.UNDETERMINED
        for fact in requirement.clause.facts
    }
    for fact in expected.get("possible", []):
        if fact not in possible:
            found.append(f"possible: {fact} is not among {sorted(possible)}")
    for word in expected.get("missing", []):
        if not any(word in missing.fact for missing in decision.missing):
            found.append(f"missing: {word!r} not in {[m.fact for m in decision.missing]}")
    for code, wanted in expected.get("verdicts", {}).items():
        got_verdict = {v.regime.code: v.outcome for v in decision.verdicts}.get(code)
        compare(f"verdict {code}", wanted, got_verdict)
    if "red_flags" in expected:
        compare("red_flags", expected["red_flags"], bool(decision.red_flags))
    raised = [flag.clause.id for flag in decision.red_flags]
    for flag in expected.get("red_flag_ids", []):
        if flag not in raised:
            found.append(f"red_flag_ids: {flag} is not among {raised}")
    for key in ("obligations", "warnings"):
        texts = getattr(decision, key)
        for word in expected.get(key, []):
            if not any(word in text for text in texts):
                found.append(f"{key}: {word!r} in none of {list(texts)}")
    for word in expected.get("no_warnings", []):
        if any(word in text for text in decision.warnings):
            found.append(f"no_warnings: {word!r} is there")
    clauses = {v.regime.code: v.clauses for v in decision.verdicts}
    for code, wanted_facts in expected.get("verdict_because", {}).items():
        named = {fact for clause in clauses.get(code, ()) for fact in clause.facts}
        if not named.issuperset(wanted_facts):
            found.append(f"verdict_because {code}: expected {wanted_facts}, named {sorted(named)}")
    return found


@pytest.mark.parametrize(
    "case", cases(), ids=lambda case: f"{case['file']}: {case['case']}"
)
def test_case(case: dict[str, Any]) -> None:
    """The decision is what the case expects."""
    assert case["expect"] and set(case["expect"]) <= KEYS
    assert differences(case["expect"], decision_of(case)) == []
