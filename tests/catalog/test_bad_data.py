"""Bad data: every problem at once, with its place; nothing is guessed."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipwarden.catalog.loader import (
    DATA,
    chip_from_table,
    load_catalog,
    load_chip,
)
from chipwarden.model.errors import InvalidDocument
from chipwarden.model.values import Confidence

BAD_CHIPS = """
family = "Bad"
colour = "red"

[[chip]]
id = "x-1"
name = "X1"
vendor = "X"
sources = ["nobody"]
confidence = "sure"
designer = "US"
kind = "board"
host_interface = "PCIe 9 x16"
released = "soon"
die_count = 0
variant_of = "x-9"
changed = ["weight"]

[chip.figures]
int8_tops = -5
fp8_tflops = 0
fp16_bf16_tflops = nan
speed = 3
tdp_w = "hot"
memory_gb = { value = 80, source = "me" }
fp4_tflops = [
  { value = 1, preferred = true, reason = "a" },
  { value = 2, preferred = true, reason = "b" },
]

[[chip]]
id = "x-1"
name = "X1 again"
vendor = "X"
sources = ["recalled"]
confidence = "low"
"""

BAD_SYSTEMS = """
[[system]]
id = "s-1"
name = "S"
vendor = "X"
kind = "rack"
contains = [{ chip = "x-7", count = 0 }]
sources = ["recalled"]
confidence = "low"
"""

PLACES = [
    "chips/bad.toml.colour",
    "chips/bad.toml.chip[0].sources",
    "chips/bad.toml.chip[0].confidence",
    "chips/bad.toml.chip[0].designer",
    "chips/bad.toml.chip[0].kind",
    "chips/bad.toml.chip[0].host_interface",
    "chips/bad.toml.chip[0].released",
    "chips/bad.toml.chip[0].die_count",
    "chips/bad.toml.chip[0].changed",
    "chips/bad.toml.chip[0].figures.int8_tops",
    "chips/bad.toml.chip[0].figures.fp8_tflops",
    "chips/bad.toml.chip[0].figures.fp16_bf16_tflops",
    "chips/bad.toml.chip[0].figures.speed",
    "chips/bad.toml.chip[0].figures.tdp_w",
    "chips/bad.toml.chip[0].figures.memory_gb.source",
    "chips/bad.toml.chip[0].figures.fp4_tflops",
    "chips/bad.toml.chip[1].id",
    "x-1.variant_of",
    "systems.toml.system[0].kind",
    "systems.toml.system[0].contains[0].chip",
    "systems.toml.system[0].contains[0].count",
    "chips/broken.toml",
    "chips/latin.toml",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with our words and one small family."""
    copy = tmp_path / "data"
    copy.mkdir()
    for path in DATA.glob("*.toml"):
        shutil.copy(path, copy)
    (copy / "chips").mkdir()
    (copy / "systems.toml").write_text("", encoding="utf-8")
    return copy


def test_all_problems_are_told_at_once(folder: Path) -> None:
    # In the second chip nothing but its id is wrong, so that of the first stays looked at.
    bad = BAD_CHIPS.replace('id = "x-1"\nname = "X1 again"', 'id = "x-1"\nname = "Y"')
    (folder / "chips" / "bad.toml").write_text(bad, encoding="utf-8")
    (folder / "chips" / "broken.toml").write_text("family = ", encoding="utf-8")
    (folder / "chips" / "latin.toml").write_bytes('family = "Kärnten"'.encode("latin-1"))
    (folder / "systems.toml").write_text(BAD_SYSTEMS, encoding="utf-8")
    with pytest.raises(InvalidDocument) as caught:
        load_catalog(folder)
    found = {problem.place for problem in caught.value.problems}
    expected = set(PLACES) - {"x-1.variant_of"}  # the second x-1 took the place of the first
    assert expected <= found
    assert str(len(caught.value.problems)) in str(caught.value)


def test_a_variant_of_nothing_is_told(folder: Path) -> None:
    chips = BAD_CHIPS.split("[[chip]]")[1].replace('changed = ["weight"]', "")
    text = f'family = "Bad"\n[[chip]]{chips}'
    (folder / "chips" / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidDocument) as caught:
        load_catalog(folder)
    assert "x-1.variant_of" in {problem.place for problem in caught.value.problems}


def test_an_empty_folder_names_every_file_that_lacks(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument) as caught:
        load_catalog(tmp_path)
    places = {problem.place for problem in caught.value.problems}
    assert {"catalog.toml", "sources.toml", "figures.toml", "systems.toml", "chips"} <= places


def test_a_folder_of_the_user_loads(folder: Path) -> None:
    text = """
family = "Ours"

[[chip]]
id = "ours-1"
name = "Ours 1"
vendor = "Ours"
sources = ["given"]
confidence = "medium"

[chip.figures]
fp8_tflops = 600.5
"""
    (folder / "chips" / "ours.toml").write_text(text, encoding="utf-8")
    catalog = load_catalog(folder)
    assert set(catalog.chips) == {"ours-1"}
    assert catalog.chips["ours-1"].value("fp8_tflops") == Decimal("600.5")
    assert catalog.digest != load_catalog().digest


BAD_TABLES: list[tuple[dict[str, Any], str]] = [
    ({"fp8_tflops": -1}, "fp8_tflops"),
    ({"fp8_tflops": 0}, "fp8_tflops"),
    ({"fp8_tflops": True}, "fp8_tflops"),
    ({"fp8_tflops": 1.5}, "fp8_tflops"),
    ({"fp8_tflops": "many"}, "fp8_tflops"),
    ({"fp8_tflops": Decimal("NaN")}, "fp8_tflops"),
    ({"fp8_tflops": Decimal("Infinity")}, "fp8_tflops"),
    ({"fp8_tflops": "1e400"}, "fp8_tflops"),
    ({"fp8_tflops": Decimal("0.0000000001")}, "fp8_tflops"),
    ({"fp8_tflops": None, "fp8": 3}, "fp8"),
    ({"fp8_tflops": {"value": 5, "unit": "x"}}, "fp8_tflops.unit"),
    ({"fp8_tflops": {}}, "fp8_tflops.value"),
    ({"fp8_tflops": [1, 2]}, "fp8_tflops[0]"),
    ({"vendor": 7}, "vendor"),
    ({"name": ""}, "name"),
    ({"datacenter_marketed": "yes"}, "datacenter_marketed"),
    ({"kind": "rack"}, "kind"),
    ({"host_interface": "USB"}, "host_interface"),
    ({"die_count": 1.0}, "die_count"),
    ({"tpp": 4800}, "tpp"),
]


@pytest.mark.parametrize(("table", "place"), BAD_TABLES)
def test_a_bad_table_of_a_user(table: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        chip_from_table(table, "items[0].chip")
    places = {problem.place for problem in caught.value.problems}
    assert f"items[0].chip.{place}" in places


def test_a_misspelt_name_offers_the_right_one() -> None:
    with pytest.raises(InvalidDocument, match="fp8_tflops"):
        chip_from_table({"fp8_tflop": 600})


def test_what_is_not_a_table_is_told() -> None:
    with pytest.raises(InvalidDocument, match="a table"):
        chip_from_table([])  # type: ignore[arg-type]


def test_a_chip_of_a_user() -> None:
    own = chip_from_table(
        {
            "name": "N-1",
            "process_node": 5,
            "die_area_mm2": "400.25",
            "fp8_tflops": {"value": 600, "confidence": "high", "document": "sheet.pdf"},
            "datacenter_marketed": False,
        }
    )
    assert own.id == "own"
    assert own.value("die_area_mm2") == Decimal("400.25")
    assert own.process is not None
    assert own.process.nm == 5
    assert own.process.non_planar is True
    rate = own.figure("fp8_tflops")
    assert rate is not None
    assert (rate.confidence, rate.sources) == (Confidence.HIGH, ("given",))
    area = own.figure("die_area_mm2")
    assert area is not None
    assert area.confidence is Confidence.UNVERIFIED


def test_a_chip_of_a_user_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[chip]\nname = "N-1"\nfp8_tflops = 600.1\n', encoding="utf-8")
    assert load_chip(path).value("fp8_tflops") == Decimal("600.1")
    path.write_text('name = "N-2"\nint8_tops = 7\n', encoding="utf-8")
    assert load_chip(path).name == "N-2"
    path.write_text("name = [", encoding="utf-8")
    with pytest.raises(InvalidDocument, match=r"own\.toml"):
        load_chip(path)
    with pytest.raises(InvalidDocument, match=r"missing\.toml"):
        load_chip(tmp_path / "missing.toml")


@given(
    st.dictionaries(
        st.sampled_from(["fp8_tflops", "die_area_mm2", "name", "kind", "memory_gb", "colour"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.decimals(allow_nan=True, allow_infinity=True),
            st.text(max_size=10),
            st.lists(st.integers(), max_size=2),
        ),
    )
)
def test_any_table_is_read_or_refused(table: dict[str, Any]) -> None:
    try:
        own = chip_from_table(table)
    except InvalidDocument as error:
        assert error.problems
    else:
        figures = [figure for each in own.figures.values() for figure in each]
        assert all(isinstance(figure.value, Decimal) for figure in figures)
        assert all(figure.value.is_finite() and figure.value >= 0 for figure in figures)
