"""A user's own folder of provisions is merged with the law and cited like it."""

from pathlib import Path

import pytest
from tests.decisions.test_missing import order

from chipwarden.app.check import check
from chipwarden.app.data import load_data
from chipwarden.model.errors import InvalidDocument

LETTER = """
schema = "chipwarden.provisions/1"
last_checked = 2026-02-01
[defaults]
regime = "US"
instrument = "letter"
step = "requirement"
outcome = "license_required"
kinds = ["export", "reexport"]

[[provision]]
id = "OWN-letter-2026-02"
title = "Letter to us of 2026-02-01"
in_force = 2026-02-01
published = 2026-02-02
reference = "OWN-LETTER"
confidence = "high"
review = "case_by_case"
when = "item.tpp >= :own_line AND transfer.destination IN :own_region"
"""
CITATION = """
schema = "chipwarden.citations/1"
[OWN-LETTER]
title = "Letter of 2026-02-01"
publisher = "BIS"
number = "confidential"
published = 2026-02-02
seen = "original"
"""
PARAMETERS = """
schema = "chipwarden.parameters/1"
[own_line]
description = "Line of the letter"
unit = "TPP"
[[own_line.values]]
in_force = 2026-02-01
published = 2026-02-02
value = 30000
reference = "OWN-LETTER"
confidence = "high"
"""
GROUPS = """
schema = "chipwarden.groups/1"
[groups.own_region]
description = "Region of the letter"
reference = "OWN-LETTER"
confidence = "high"
members = ["DE"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a confidential letter."""
    files = {"letter": LETTER, "citations": CITATION, "parameters": PARAMETERS, "groups": GROUPS}
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    return tmp_path


def test_a_letter_requires_a_license_from_its_day_on(folder: Path) -> None:
    """The order to Germany is free without the letter and before it."""
    own = load_data(folder)
    assert check(order(), "order", load_data()).record["outcome"] == "no_license_required"
    record = check(order(), "order", own).record
    assert record["outcome"] == "license_required"
    assert record["review_policy"] == "case_by_case"
    assert [r["provision"] for r in record["requirements"]] == ["OWN-letter-2026-02"]
    assert "OWN-LETTER" in record["citations"]
    before = check(order(date="2026-01-31"), "order", own).record
    assert before["outcome"] == "no_license_required"
    assert record["digests"]["law"] != check(order(), "o", load_data()).record["digests"]["law"]


def test_all_problems_of_a_folder_are_told_at_once(folder: Path) -> None:
    """An unknown fact, a missing citation and an unknown key are all named."""
    text = LETTER.replace("item.tpp", "item.speed").replace("OWN-LETTER", "NOWHERE")
    (folder / "letter.toml").write_text(text.replace("title", "titel"), "utf-8")
    with pytest.raises(InvalidDocument) as caught:
        load_data(folder)
    told = str(caught.value)
    assert "titel" in told
    (folder / "letter.toml").write_text(text, "utf-8")
    with pytest.raises(InvalidDocument) as caught:
        load_data(folder)
    told = str(caught.value)
    assert "item.speed" in told
    assert "OWN-letter-2026-02" in told


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        pytest.param(
            "parameters", "own_line", "tpp_a", "a name that is taken", id="packaged line replaced"
        ),
        pytest.param(
            "groups", "own_region", "group_d5", "a name that is taken", id="packaged group replaced"
        ),
        pytest.param(
            "letter", '"license_required"', '"prohibitted"', "outcome 'prohibitted'", id="outcome"
        ),
        pytest.param("letter", 'regime = "US"', 'regime = "HOUSE"', "house policy", id="regime"),
        pytest.param("letter", "provisions/1", "provision/1", "schema", id="schema"),
        pytest.param(
            "letter", "published = 2026-02-02", 'published = "2026-02-02"', "a date", id="date"
        ),
        pytest.param("citations", 'publisher = "BIS"', "", "no `publisher`", id="citation"),
        pytest.param(
            "parameters", "in_force = 2026-02-01", "in_force = 2026-03-01",
            "from the provision's first day on", id="line without a value yet",
        ),
        pytest.param("letter", '"high"', '"certain"', "one of: high", id="confidence"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_folder_is_told_and_never_taken(
    folder: Path, file: str, old: str, new: str, told: str
) -> None:
    """What would silently weaken or drop a rule is refused, with its place."""
    path = folder / f"{file}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(InvalidDocument) as caught:
        load_data(folder)
    assert told in str(caught.value)


HOUSE = """
schema = "chipwarden.provisions/1"
last_checked = 2026-02-01
[[provision]]
id = "HOUSE-germany"
title = "House policy: Germany"
regime = "HOUSE"
instrument = "house"
step = "red_flag"
published = 2026-01-01
reference = "OWN-LETTER"
confidence = "high"
question = "Has the board agreed to the order?"
resolved_by = "board_agreed"
when = "transfer.destination IN :own_region"
"""


def test_house_policy_holds_and_leaves_the_legal_answer(folder: Path) -> None:
    """Risk signals raise a release to a hold; they never change what the law says."""
    (folder / "letter.toml").write_text(HOUSE, "utf-8")
    record = check(order(), "order", load_data(folder)).record
    assert record["outcome"] == "no_license_required"
    assert record["disposition"] == "hold"
    assert [flag["flag"] for flag in record["red_flags"]] == ["HOUSE-germany"]
