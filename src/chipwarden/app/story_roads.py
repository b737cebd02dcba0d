"""The chapter on the roads: packaged orders, decided, with what was reported elsewhere."""

from collections.abc import Mapping
from typing import Any

from chipwarden.app.check import check
from chipwarden.app.examples import example
from chipwarden.decisions.inputs import Data
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Confidence
from chipwarden.reports.story_facts import Case, Leg, Road


def roads(data: Data, words: Mapping[str, Any]) -> tuple[Road, ...]:
    """Return every road with its orders decided.

    Args:
        data: law, catalog and lists.
        words: story.toml.
    """
    return tuple(_road(told, data, words) for told in words["road"])


def case(name: str, words: Mapping[str, Any]) -> Case:
    """Return what was reported elsewhere, by its id in story.toml."""
    told = words["case"][name]
    return Case(
        title=told["title"],
        announced=told["announced"],
        status=words["status"][told["status"]],
        says=told["says"],
        sources=told["sources"],
        confidence=Confidence(told["confidence"]),
    )


def _road(told: Mapping[str, Any], data: Data, words: Mapping[str, Any]) -> Road:
    legs = tuple(_leg(leg, data) for leg in told["legs"])
    return Road(
        key=told["key"],
        title=told["title"],
        short=told["short"],
        how=_with_dates(told["how"], legs, data),
        counted="{" in told["how"],
        legs=legs,
        cannot=tuple(told["cannot"]),
        cases=tuple(case(name, words) for name in told["cases"]),
    )


def _leg(told: Mapping[str, Any], data: Data) -> Leg:
    found = example(told["example"])
    checked = check(found.order, found.path_text, data)
    determinations = checked.decision.items[0].determinations
    return Leg(
        example=told["example"],
        caption=told["caption"],
        says=found.says,
        classified=tuple(dict.fromkeys(d.candidate.clause for d in determinations)),
        not_met=tuple(
            dict.fromkeys(
                requirement.clause
                for determination in determinations
                for requirement in determination.requirements
                if requirement.applies is Outcome.NO
            )
        ),
        record=checked.record,
    )


def _with_dates(text: str, legs: tuple[Leg, ...], data: Data) -> str:
    """Return a text with the dates of the first leg's product and requirement put in."""
    if "{" not in text:
        return text
    record = legs[0].record
    found = data.catalog.chips.get(record["order"]["items"][0]["product"])
    if found is None:
        named = record["items"][0]["variants"][0]
        found = next(chip for chip in data.catalog.chips.values() if chip.name == named)
    clause = data.lawbook.provision(record["requirements"][0]["provision"])
    if clause is None or found.released is None:
        raise ValueError("the first leg needs a requirement, and its product a day of release")
    start = clause.dates.first_day(as_written=False)
    return (
        text.replace("{released}", found.released.isoformat())
        .replace("{rule_day}", start.isoformat())
        .replace("{days}", str((found.released - start).days))
    )
