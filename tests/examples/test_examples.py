"""The packaged examples come to what the published facts say."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from chipwarden.app.check import Checked, check
from chipwarden.app.data import load_data
from chipwarden.app.examples import Example, example, examples
from chipwarden.parties.names import normal_name

EXPECTED = Path(__file__).with_name("expected.yaml")
KEYS = {
    "outcome", "review_policy", "exception", "disposition", "citation", "because", "not",
    "missing", "flags", "warns", "verdicts", "why",
}  # fmt: skip


@cache
def expected() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(EXPECTED.read_text("utf-8")))


@cache
def checked(name: str) -> Checked:
    found = example(name)
    return check(found.order, found.path_text, load_data())


def facts_behind(decision: Checked) -> set[str]:
    return {
        fact
        for requirement in decision.decision.requirements
        if requirement.applies.truth
        for fact in requirement.clause.facts
    }


def test_every_example_has_its_expectation_and_the_reverse() -> None:
    assert [one.name for one in examples()] == list(expected())
    assert len(examples()) >= 30


def test_expectations_are_spelled_as_the_test_reads_them() -> None:
    for name, wanted in expected().items():
        assert set(wanted) <= KEYS, name
        assert {"outcome", "exception", "disposition"} <= set(wanted), name


@pytest.mark.parametrize("name", expected())
def test_the_answer_is_the_one_that_the_facts_give(name: str) -> None:
    wanted, record = expected()[name], checked(name).record
    policy = wanted.get("review_policy", record["review_policy"])
    assert record["review_policy"] in (policy if isinstance(policy, list) else [policy])
    for key in ("outcome", "exception", "disposition"):
        assert record[key] == wanted[key], key


@pytest.mark.parametrize("name", expected())
def test_the_answer_rests_on_the_provisions_that_the_facts_name(name: str) -> None:
    wanted, behind = expected()[name], facts_behind(checked(name))
    assert set(wanted.get("because", ())) <= behind
    assert not behind & set(wanted.get("not", ()))
    if wanted["outcome"] in ("license_required", "license_exception", "prohibited"):
        assert wanted["because"]


@pytest.mark.parametrize("name", [n for n, wanted in expected().items() if "citation" in wanted])
def test_the_source_is_cited(name: str) -> None:
    decided = checked(name)
    cited = set(decided.record["citations"]) | {f["reference"] for f in decided.record["red_flags"]}
    # A warning carries no key; its clause does.
    cited |= {
        clause.reference
        for clause in decided.decision.law.provisions
        if clause.text and clause.text in decided.record["warnings"]
    }
    assert expected()[name]["citation"] in cited


@pytest.mark.parametrize("name", expected())
def test_what_is_open_is_asked_and_said(name: str) -> None:
    wanted, record = expected()[name], checked(name).record
    missing = [fact["fact"] for fact in record["missing"]]
    for word in wanted.get("missing", ()):
        assert any(word in fact for fact in missing), f"{word} is not asked: {missing}"
    flags = {flag["flag"] for flag in record["red_flags"]}
    assert set(wanted.get("flags", ())) <= flags
    if "warns" in wanted:
        assert any(wanted["warns"] in warning for warning in record["warnings"])
    verdicts = {verdict["regime"]: verdict["outcome"] for verdict in record["verdicts"]}
    assert wanted.get("verdicts", {}).items() <= verdicts.items()
    if record["outcome"] == "undetermined":
        assert missing


@pytest.mark.parametrize("one", examples(), ids=lambda one: one.name)
def test_an_example_says_what_it_shows_and_what_it_rebuilds(one: Example) -> None:
    comment = [line for line in one.text.splitlines() if line.startswith("#")]
    assert len(one.says) > 20 and one.says.endswith((".", "."))
    assert len(comment) >= 2, "the second line names the published fact"
    assert re.search(r"\d", " ".join(comment[1:])), "a citation has a number"


def names_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["name"]] if isinstance(value.get("name"), str) else []
        return own + [name for part in value.values() for name in names_in(part)]
    if isinstance(value, list):
        return [name for part in value for name in names_in(part)]
    return []


def test_companies_are_invented_or_named_by_a_rule_a_letter_or_a_list() -> None:
    data = load_data()
    public = {
        normal_name(text) for company in data.lawbook.companies.values() for text in company.names
    }
    public |= {normal_name(entry.name) for entry in data.starter_set.entries}
    for one in examples():
        for name in names_in(one.order):
            assert name.startswith("Example ") or normal_name(name) in public, (one.name, name)


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        example("99-nothing")
