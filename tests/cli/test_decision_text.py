"""The text of a decision, over all packaged examples: nothing is lost, nothing is raw."""

import re
from typing import Any

import pytest
from tests.cli.shell import flat

from chipwarden.app.check import check
from chipwarden.app.data import load_data
from chipwarden.app.examples import examples
from chipwarden.reports.layout import Look, cells
from chipwarden.reports.sentences import why
from chipwarden.reports.text import decision_text
from chipwarden.reports.words import DISPOSITIONS, OUTCOMES

NAMES = [example.name for example in examples()]


def record_of(name: str) -> dict[str, Any]:
    """Return the record of a packaged example."""
    (example,) = (each for each in examples() if each.name == name)
    return check(example.order, example.path_text, load_data()).record


@pytest.mark.parametrize("name", NAMES)
def test_the_text_tells_what_the_record_holds(name: str) -> None:
    record = record_of(name)
    text = flat(decision_text(record, Look()))
    disposition, _ = DISPOSITIONS[record["disposition"]]
    assert text.startswith(f"{disposition}: {OUTCOMES[record['outcome']]}")
    told = [item["product"] for item in record["items"]]
    told += [r["provision"] for r in record["requirements"] + record["possible_requirements"]]
    told += [r["title"] for r in record["requirements"] + record["possible_requirements"]]
    told += [v["name"] for v in record["verdicts"] if v["outcome"] != "not_subject"]
    told += [missing["question"] for missing in record["missing"]]
    told += [flag["question"] for flag in record["red_flags"]]
    told += [*record["obligations"], *record["warnings"], *record["unverified"]]
    assert [each for each in told if flat(each) not in text] == []
    regimes = decision_text(record, Look()).partition("Other regimes\n")[2].partition("\n\n")[0]
    hidden = [v["name"] for v in record["verdicts"] if v["outcome"] == "not_subject"]
    assert [each for each in hidden if each in regimes] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_text_speaks_words_and_keeps_to_the_width(name: str) -> None:
    text = decision_text(record_of(name), Look(width=72))
    assert not re.search(r"\bNone\b|\bTrue\b|\bFalse\b|[{}]", text)
    assert [line for line in text.splitlines() if cells(line) > 72 and " " in line.strip()] == []


@pytest.mark.parametrize("name", NAMES)
def test_why_is_told_in_a_few_sentences(name: str) -> None:
    assert 2 <= len(list(why(record_of(name), {}))) <= 6


@pytest.mark.parametrize("name", NAMES)
def test_ascii_tells_as_much(name: str) -> None:
    record = record_of(name)
    plain = decision_text(record, Look(ascii=True))
    assert plain.isascii()
    assert plain.count("\n") == decision_text(record, Look()).count("\n")
