"""`chipwarden catalog`: products, their sources, and the lines that rules draw."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from tests.cli.shell import run


def compared(*arguments: str) -> dict[str, Any]:
    """Return a comparison as its record."""
    found: dict[str, Any] = json.loads(run("catalog", "compare", *arguments, "--json").stdout)
    return found


def sides(record: dict[str, Any], fact: str, value: float, in_force: str) -> set[tuple[str, ...]]:
    """Return on which side of a line each product is; lines of one value agree."""
    found = {
        tuple(line["cells"])
        for line in record["lines"]
        if (line["fact"], line["value"], line["in_force"]) == (fact, value, in_force)
    }
    assert found
    return found


def test_the_list_can_be_narrowed() -> None:
    records = [json.loads(line) for line in run("catalog", "list", "--json").stdout.splitlines()]
    assert len(records) > 200
    assert len({record["id"] for record in records}) == len(records)
    narrowed = run("catalog", "list", "--vendor", "huawei", "--kind", "ic").stdout
    assert "Ascend 910C" in narrowed and "NVIDIA" not in narrowed


def test_a_product_is_shown_with_every_source() -> None:
    found = json.loads(run("catalog", "show", "B200", "--json").stdout)
    keys = {key for figure in found["figures"] for key in figure["sources"]}
    assert keys and keys <= set(found["sources"])
    text = run("catalog", "show", "B200").stdout
    for words in ("FP8 rate, dense", "Sources", "Derived", "4500 TFLOPS × 8 bits = 36000"):
        assert words in text


def test_a_variant_says_what_it_changed() -> None:
    # The A800 has 400 GB/s of NVLink in place of 600.
    found = json.loads(run("catalog", "show", "A800-SXM", "--json").stdout)
    (change,) = [c for c in found["changes"] if c["purpose"]]
    assert (change["figure"], change["before"], change["after"]) == ("interconnect_gb_s", 600, 400)
    text = run("catalog", "compare", "A100-SXM", "A800-SXM").stdout
    assert "Chip-to-chip links  600  →  400  GB/s  on purpose" in text


def test_every_dated_line_has_its_sides() -> None:
    record = compared("H200-SXM", "RTX 4090 D", "A800-SXM")
    assert sides(record, "item.tpp", 4800, "2023-11-17") == {("reaches", "below", "reaches")}
    assert sides(record, "item.tpp", 21000, "2026-01-15") == {("below", "below", "below")}
    assert sides(record, "item.io_gb_s", 600, "2022-10-21") == {("reaches", "below", "below")}
    assert sides(record, "item.memory_bandwidth_gb_s", 4000, "2025-04-09") == {
        ("reaches", "below", "below")
    }


def test_a_line_that_a_lower_bound_reaches_is_reached() -> None:
    # Of the 910C only the 784 GB/s of its links are known; that is above 600 already.
    record = compared("910C")
    assert sides(record, "item.io_gb_s", 600, "2022-10-21") == {("reaches",)}
    assert sides(record, "item.performance_density", 5.92, "2023-11-17") == {("unknown",)}


def test_lines_of_memory_stacks_speak_of_memory_stacks_alone() -> None:
    fact = "item.memory_bandwidth_density_gb_s_mm2"
    assert not [line for line in compared("H200-SXM")["lines"] if line["fact"] == fact]


def test_the_classification_changes_with_the_law() -> None:
    record = compared("A100-SXM", "A800-SXM", "H20")
    by_day = {entry["from"]: entry["eccns"] for entry in record["classification"]}
    assert by_day["2022-10-21"] == [["3A090"]] * 2 + [["3A991.p"]] * 3
    assert by_day["2023-11-17"] == [["3A090.a"]] * 3 + [["3A991.p"]] * 2


def test_as_of_narrows_to_one_day() -> None:
    record = compared("A100-SXM", "A800-SXM", "--as-of", "2022-11-01")
    assert [entry["from"] for entry in record["classification"]] == ["2022-11-01"]
    assert {line["in_force"] for line in record["lines"]} <= {"2022-08-26", "2022-10-21"}


def test_all_unknown_names_are_reported() -> None:
    result = run("catalog", "compare", "B200", "H300", "Nonesuch 7")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "2 problems" in result.stderr and "'Nonesuch 7'" in result.stderr


@pytest.mark.parametrize("name", ["lines.csv", "lines.xlsx"])
def test_a_comparison_is_written_as_a_table(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    assert run("catalog", "compare", "B200", "910C", "--out", str(out)).exit_code == 0
    if name.endswith(".csv"):
        rows: list[list[Any]] = list(csv.reader(out.read_text("utf-8-sig").splitlines()))
    else:
        rows = python_calamine.CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
    assert rows[0] == ["part", "what", "unit", "from", "reference", "B200 (HGX)", "Ascend 910C"]
    (tpp,) = [row for row in rows if row[1] == "Total processing performance" and row[2] == "TPP"]
    assert float(tpp[5]) == 36000
    assert {row[0] for row in rows[1:]} >= {"figure", "classification", "line"}
