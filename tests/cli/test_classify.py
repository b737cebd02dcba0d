"""`chipwarden classify`: figures from published sources, ladders by date."""

import json
from pathlib import Path

import pytest
from tests.cli.shell import AREA_UNKNOWN, flat, run, written


def test_the_arithmetic_of_the_h200() -> None:
    # 1,979 TFLOPS of dense FP8 are published, and a die of 814 mm2.
    found = json.loads(run("classify", "H200-SXM", "--json").stdout)
    assert found["tpp"] == 1979 * 8
    assert found["performance_density"] == pytest.approx(1979 * 8 / 814, abs=1e-8)
    assert (found["ic_eccn"], found["eccn"]) == ("3A090.a", "3A090.a")
    text = run("classify", "H200-SXM").stdout
    assert "FP8: 1979 TFLOPS × 8 bits = 15832" in text
    assert "item.tpp (15,832) >= tpp_a (4,800)" in text
    assert "BIS, 88 FR 73458" in text


@pytest.mark.parametrize(
    ("name", "as_of", "eccn"),
    [
        ("A100", "2022-10-20", "3A991.p"),
        ("A100", "2022-10-21", "3A090"),  # 87 FR 62186 takes effect
        ("A800", "2022-10-21", "3A991.p"),  # 400 GB/s and the host link stay below 600
        ("A800", "2023-11-16", "3A991.p"),
        ("A800", "2023-11-17", "3A090.a"),  # 88 FR 73458: no rate of input and output any more
        ("RTX 4090", "2023-11-17", "3A090.a"),
        ("RTX 4090 D", "2023-11-17", "3A991.p"),  # below 4,800 and not for data centres
        ("H20", "2023-11-17", "3A991.p"),
        ("DGX H200", "2026-03-02", "4A090.a"),
    ],
)
def test_the_paragraph_by_date(name: str, as_of: str, eccn: str) -> None:
    result = run("classify", name, "--as-of", as_of, "--json")
    assert json.loads(result.stdout)["eccn"] == eccn
    assert result.exit_code == 0


def test_what_was_not_published_is_not_applied() -> None:
    known = run("classify", "A800", "--as-of", "2023-11-17", "--known-on", "2023-10-24", "--json")
    assert json.loads(known.stdout)["ic_eccn"] == "3A991.p"


def test_without_a_day_the_day_of_knowledge_counts() -> None:
    found = json.loads(run("classify", "A800", "--known-on", "2023-11-01", "--json").stdout)
    assert (found["as_of"], found["known_on"]) == ("2023-11-01", "2023-11-01")


def test_a_name_of_several_products_is_decided_for_each() -> None:
    result = run("classify", "A100")
    assert result.exit_code == 0
    for name in ("A100 SXM4 40GB", "A100 SXM4 80GB", "A100 PCIe 40GB", "A100 PCIe 80GB"):
        assert name in result.stdout


def test_an_unknown_name_offers_near_ones() -> None:
    result = run("classify", "H300")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Near names: H100" in flat(result.stderr)
    assert json.loads(run("classify", "H300", "--json").stdout)["problems"][0]["found"] == "'H300'"


def test_an_unknown_area_is_undetermined_and_asked_for(tmp_path: Path) -> None:
    chip = written(tmp_path, AREA_UNKNOWN, "chip.toml")
    result = run("classify", "--file", chip)
    assert result.exit_code == 3
    assert "undetermined" in result.stdout.splitlines()[0]
    assert "[die_area_mm2]" in result.stdout
    found = json.loads(run("classify", "--file", chip, "--json").stdout)
    # 250 TFLOPS of FP8 are 2,000: between 1,600 and 4,800 the density decides.
    assert (found["tpp"], found["ic_eccn"]) == (2000, None)
    assert found["possible_eccns"] == ["3A090.a", "3A090.b", "3A991.p"]


@pytest.mark.parametrize(
    ("area", "eccn"),
    [
        ("337.8", "3A090.a"),  # 2000 / 337.8 = 5.9206…
        ("338", "3A090.b"),  # 5.917…: below 5.92
        ("625", "3A090.b"),  # 3.2
        ("626", "3A991.p"),  # below 3.2
    ],
)
def test_a_chip_of_ones_own_at_the_lines_of_density(tmp_path: Path, area: str, eccn: str) -> None:
    chip = written(tmp_path, f"{AREA_UNKNOWN}die_area_mm2 = {area}\n", "chip.toml")
    result = run("classify", "--file", chip, "--as-of", "2024-01-02", "--json")
    assert (json.loads(result.stdout)["eccn"], result.exit_code) == (eccn, 0)


def test_figures_may_stand_at_the_top_and_in_json(tmp_path: Path) -> None:
    figures = {"name": "Example N-2", "fp8_tflops": 700, "die_area_mm2": 800,
               "process_node": "5 nm", "datacenter_marketed": True}  # fmt: skip
    chip = written(tmp_path, json.dumps(figures), "chip.json")
    found = json.loads(run("classify", "--file", chip, "--json").stdout)
    assert (found["product"], found["tpp"], found["eccn"]) == ("Example N-2", 5600, "3A090.a")


def test_all_problems_of_a_chip_are_reported(tmp_path: Path) -> None:
    chip = written(tmp_path, "[chip]\nfp8_tflops = -1\ncolour = 'red'\n", "chip.toml")
    result = run("classify", "--file", chip)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "2 problems" in result.stderr
    assert "chip.fp8_tflops" in result.stderr and "colour" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["H20", "--file", "chip.toml"]])
def test_one_of_name_and_file_is_asked_for(arguments: list[str]) -> None:
    result = run("classify", *arguments)
    assert result.exit_code == 2
    assert "--file" in result.stderr
