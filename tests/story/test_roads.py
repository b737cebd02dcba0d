"""Each road's verdict is the decision's, and what was reported elsewhere keeps its status."""

from pathlib import Path

import pytest
import yaml
from tests.story.made import facts, tree
from tests.story.pages import Element

from chipwarden.app.check import check
from chipwarden.app.data import load_data
from chipwarden.app.examples import example
from chipwarden.reports.story_facts import Leg
from chipwarden.reports.story_words import story_words

CASES = Path("../shared/data/enforcement-cases.yaml")
LEGS = [leg for road in facts().roads for leg in road.legs]


def card(leg: Leg) -> Element:
    found = tree().all("article", data_example=leg.example)
    assert len(found) == 1
    return found[0]


def test_there_are_six_roads() -> None:
    assert [road.key for road in facts().roads] == [
        "early-stock", "intermediary", "subsidiary", "grey-market", "cloud", "joint-project",
    ]  # fmt: skip


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.example)
def test_the_verdict_on_the_page_is_the_decision(leg: Leg) -> None:
    found = example(leg.example)
    record = check(found.order, found.path_text, load_data()).record
    article = card(leg)
    assert article.attributes["data-outcome"] == record["outcome"]
    assert article.attributes["data-disposition"] == record["disposition"]
    verdict = article.all("p", class_="verdict")[0].text().casefold()
    assert verdict.startswith(record["disposition"])
    assert record["outcome"].replace("_", " ") in verdict
    if record["review_policy"]:
        assert record["review_policy"].replace("_", " ") in verdict


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.example)
def test_clauses_questions_and_flags_are_all_there(leg: Leg) -> None:
    text = card(leg).text()
    for requirement in leg.record["requirements"]:
        assert requirement["provision"] in text
        assert facts().citations[requirement["reference"]].number in text
    if leg.record["outcome"] == "undetermined":
        assert leg.record["missing"]
    for fact in leg.record["missing"]:
        assert fact["question"] in text
    for flag in leg.record["red_flags"]:
        assert flag["question"] in text
    for warning in leg.record["warnings"]:
        assert warning in text
    # An answer without a requirement still says by which clause the chips were classified.
    assert card(leg).all("p", class_="clause")
    assert leg.not_met


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg.example)
def test_orders_are_marked_as_invented(leg: Leg) -> None:
    article = card(leg)
    assert article.attributes["data-kind"] == "generated"
    assert article.all("span", class_="badge")[0].text() == "generated"


def test_early_stock_inside_china_is_shown_impossible_by_dates() -> None:
    data = load_data()
    released = data.catalog.chips["nv-b200"].released
    clause = data.lawbook.provision("US-742.6-a-6-iii")
    assert released is not None and clause is not None and clause.dates.in_force is not None
    assert released > clause.dates.in_force
    text = tree().all("section", id="road-early-stock")[0].text()
    assert released.isoformat() in text and clause.dates.in_force.isoformat() in text
    assert f"{(released - clause.dates.in_force).days} days earlier" in text


def test_each_road_says_what_cannot_be_seen() -> None:
    for road in facts().roads:
        section = tree().all("section", id=f"road-{road.key}")[0]
        assert road.cannot
        for line in road.cannot:
            assert line in section.text()


def test_the_overview_says_the_same_as_the_cards() -> None:
    rows = tree().all("figure", class_="lanes")[0].all("tbody")[0].all("tr")
    assert len(rows) == len(LEGS)
    for row, leg in zip(rows, LEGS, strict=True):
        assert leg.caption in row.text()
        assert f"{leg.record['disposition']}: " in row.text()


@pytest.mark.skipif(not CASES.exists(), reason="the compiled cases are not here")
def test_cases_keep_the_status_of_their_source() -> None:
    known = {case["id"]: case for case in yaml.safe_load(CASES.read_text("utf-8"))["cases"]}
    words = story_words()
    assert words["case"]
    for name, told in words["case"].items():
        assert told["status"] == known[name]["legal_status"]
        assert told["announced"] == known[name]["announced"]
        assert told["confidence"] == known[name]["confidence"]


def test_what_is_not_proved_is_called_so_on_the_page() -> None:
    words = story_words()
    unproved = {
        "allegation": "allegation", "charged_ongoing": "allegation", "indicted": "allegation",
        "under_investigation_no_charges": "no charges", "press_report": "report",
        "reported_lawful": "lawful",
    }  # fmt: skip
    shown = [case.text() for case in tree().all("p", class_="case")]
    for told in words["case"].values():
        found = [text for text in shown if told["title"] in text]
        assert found, told["title"]
        word = unproved.get(told["status"])
        assert word is None or all(word in text for text in found)
    assert "That is an allegation" in tree().text()
