"""Every id and sub-parameter of the fact base stands somewhere, and the page says where."""

from pathlib import Path

import pytest
from tests.rules.fact_base import facts

from chipwarden.app.data import load_data
from chipwarden.model.errors import InvalidDocument
from chipwarden.rules.coverage import coverage, coverage_page, load_facts, to_json

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "coverage.md"
LAWBOOK = load_data().lawbook


@pytest.mark.parametrize("fact", facts())
def test_every_sub_parameter_is_mapped(fact: str) -> None:
    parameters = facts()[fact]["parameters"] or {}
    assert set(load_facts().get(fact, ())) == set(map(str, parameters))


def test_the_map_names_no_fact_that_is_not_in_the_base() -> None:
    if not facts():
        pytest.skip("the fact base is not beside the repository")
    assert set(load_facts()) == set(facts())


def test_every_target_exists() -> None:
    covered = coverage(LAWBOOK, load_facts())
    assert len(covered) == len(load_facts())
    assert all(one.provisions and all(one.parameters.values()) for one in covered)
    assert [one["fact"] for one in to_json(covered)] == list(load_facts())


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("parameter: tpp_z", "parameter: tpp_z"),
        ("provision: US-0", "provision: US-0"),
        ("rumour: tpp_a", "rumour: tpp_a"),
        ("not a rule:", "not a rule:"),
    ],
)
def test_a_target_that_does_not_exist_is_told(target: str, told: str) -> None:
    wrong = {**load_facts(), "us-nac": {"eligible": [target]}}
    with pytest.raises(InvalidDocument) as caught:
        coverage(LAWBOOK, wrong)
    assert [(p.place, p.found.strip()) for p in caught.value.problems] == [
        ("us-nac.eligible", told)
    ]


def test_a_fact_without_a_provision_and_a_provision_without_its_fact_are_told() -> None:
    with pytest.raises(InvalidDocument) as caught:
        coverage(LAWBOOK, {**load_facts(), "us-new": {"line": ["parameter: tpp_a"]}})
    assert [p.place for p in caught.value.problems] == ["us-new"]
    less = {name: keys for name, keys in load_facts().items() if name != "us-lic-hbm"}
    with pytest.raises(InvalidDocument) as caught:
        coverage(LAWBOOK, less)
    assert [p.place for p in caught.value.problems] == ["US-740.25-HBM"]


def test_the_page_is_up_to_date() -> None:
    """Write it anew with `python -m chipwarden.rules.coverage > docs/reference/coverage.md`."""
    assert PAGE.read_text("utf-8") == coverage_page(coverage(LAWBOOK, load_facts()), LAWBOOK)


def test_the_law_does_not_rest_on_the_map() -> None:
    """What a decision names as its law does not change when the map does."""
    from chipwarden.model.data_texts import DataTexts, data_texts
    from chipwarden.rules.loader import lawbook_of

    texts = data_texts()
    name = "rules/coverage.toml"
    changed = DataTexts({**texts.files, name: texts.text(name) + "\n# changed\n"})
    assert lawbook_of(changed).digest == lawbook_of(texts).digest
    other = "rules/us-ear/parameters.toml"
    law = DataTexts({**texts.files, other: texts.text(other).replace("A100", "A 100", 1)})
    assert lawbook_of(law).digest != lawbook_of(texts).digest
