"""Our values against published ones: within 1 %, or explained.

An explanation is a figure on record that reproduces the published value: the
conflict then stands in the catalog, side by side with what we prefer.
"""

from decimal import Decimal

import pytest
import yaml
from tests.catalog.shared_data import DATA, chip, is_close, rows

from chipwarden.catalog.loader import load_catalog
from chipwarden.catalog.performance import performance_density, total_processing_performance

ROUNDING = "0.01"

# (chip, published TPP): why it differs, and figure and bits that reproduce it.
EXPLAINED = {
    ("amd-mi308x", "2368"): ("assumed equal to the H20", "int8_tops", "296", 8),
    ("hw-ascend910b", "5120"): ("another bin, 320 TFLOPS", "fp16_bf16_tflops", "320", 16),
    ("nv-b300", "60000"): ("uses the rate of the GB300", "fp4_tflops", "15000", 4),
    ("amd-mi355x", "38400"): ("lower than the datasheet", "fp16_bf16_tflops", "2400", 16),
    ("intel-gaudi3", "30000"): ("stated as about", "fp16_bf16_tflops", "1875", 16),
    ("intel-max1550", "1678"): ("leaves the matrix engines out", "fp32_tflops", "52.43", 32),
    ("nv-b30a", "28000"): ("half of the B300", "fp4_tflops", "7000", 4),
    ("camb-mlu590", "4493"): ("another 16-bit rate", "fp16_bf16_tflops", "280.8125", 16),
    ("hw-ascend910c", "12800"): ("800 TFLOPS", "fp16_bf16_tflops", "800", 16),
    ("nv-gb300", "61120"): ("15,280 TFLOPS", "fp4_tflops", "15280", 4),
    ("amd-mi350x", "37440"): ("2,340 TFLOPS", "fp16_bf16_tflops", "2340", 16),
    ("amd-mi355x", "37440"): ("2,340 TFLOPS", "fp16_bf16_tflops", "2340", 16),
    ("intel-gaudi3", "26848"): ("a later sheet", "fp16_bf16_tflops", "1678", 16),
    ("google-tpu-v2", "720"): ("45 TFLOPS", "fp16_bf16_tflops", "45", 16),
    ("aws-inf2", "3610"): ("TF32 at 19 bits", "tf32_tflops", "190", 19),
    ("aws-trn1", "3610"): ("TF32 at 19 bits", "tf32_tflops", "190", 19),
}
NOT_COMPARABLE = {"alibaba-ppu": "The publication does not name the part."}

# Published densities that use an area which we do not prefer, or do not hold.
OTHER_AREAS = {
    "nv-b30a": "half of the B300's rate",
    "nv-rubin": "area assumed; not on record",
    "amd-mi250x": "1580",
    "amd-mi250": "1580",
    "amd-mi210": "790",
    "amd-mi308x": "total processing performance is disputed",
    "amd-mi350x": "area of the MI300X assumed",
    "amd-mi355x": "area of the MI300X assumed",
}


def published(independent: bool) -> list[dict[str, str]]:
    return [
        row
        for row in rows("published-tpp.csv")
        if row["independent_of_chip_row"].startswith("yes") is independent
    ]


@pytest.mark.parametrize(("independent", "count"), [(True, 30), (False, 100)])
def test_published_performance_agrees_or_is_explained(independent: bool, count: int) -> None:
    table = published(independent)
    assert len(table) == count
    for row in table:
        if not row["tpp_published"] or row["kind"] == "band":
            continue
        expected = Decimal(row["tpp_published"])
        found = total_processing_performance(chip(row["chip_id"]))
        if found.value is not None and is_close(found.value, expected, ROUNDING):
            continue
        if row["chip_id"] in NOT_COMPARABLE:
            assert found.value is None
            continue
        key = (row["chip_id"], row["tpp_published"])
        assert key in EXPLAINED, f"{key}: we have {found.value}"
        _, rate, value, bits = EXPLAINED[key]
        on_record = [figure.value for figure in chip(row["chip_id"]).figures[rate]]
        assert Decimal(value) in on_record, key
        assert is_close(Decimal(value) * bits, expected, "0.0005"), key


def test_published_density_agrees_or_is_explained() -> None:
    table = [row for row in rows("published-tpp.csv") if row["pd_published"]]
    agreeing = sum(bool(r["pd_diff_pct"]) and abs(Decimal(r["pd_diff_pct"])) <= 1 for r in table)
    compared = 0
    for row in table:
        expected = Decimal(row["pd_published"])
        found = performance_density(chip(row["chip_id"]))
        if found.value is not None and is_close(found.value, expected, ROUNDING):
            compared += 1
            continue
        assert row["chip_id"] in OTHER_AREAS, f"{row['chip_id']}: we have {found.value}"
        area = OTHER_AREAS[row["chip_id"]]
        if area.isdigit():
            total = total_processing_performance(chip(row["chip_id"])).value
            areas = [figure.value for figure in chip(row["chip_id"]).figures["die_area_mm2"]]
            assert total is not None
            assert Decimal(area) in areas
            assert is_close(total / Decimal(area), expected, ROUNDING)
    assert compared == agreeing


@pytest.mark.parametrize(
    ("chip_id", "lowest", "highest", "bandwidth"),
    [
        # Bands of the proclamation of 2026-01-14 (research/chips-and-training.md, 3.3).
        ("nv-h200-sxm", 14000, 17500, (4500, 5000)),
        ("amd-mi325x", 20800, 21100, (5800, 6200)),
    ],
)
def test_chips_lie_in_the_bands_of_the_tariff(
    chip_id: str, lowest: int, highest: int, bandwidth: tuple[int, int]
) -> None:
    value = total_processing_performance(chip(chip_id)).value
    assert value is not None
    assert lowest <= value <= highest
    memory = chip(chip_id).value("memory_bandwidth_gb_s")
    assert memory is not None
    assert bandwidth[0] <= memory <= bandwidth[1]


VECTORS = {
    "A100 SXM 80GB": "nv-a100-sxm-80",
    "A800": "nv-a800-sxm-80",
    "H100 SXM": "nv-h100-sxm",
    "H800": "nv-h800-sxm",
    "H20": "nv-h20-96",
    "L40": "nv-l40",
    "L40S": "nv-l40s",
    "RTX 4090": "nv-rtx4090",
    "RTX 4090D": "nv-rtx4090d",
    "H200 SXM": "nv-h200-sxm",
    "MI325X": "amd-mi325x",
    "B200": "nv-b200",
}


def test_vectors_of_the_facts() -> None:
    path = DATA / "rules-facts.yaml"
    if not path.is_file():
        pytest.skip("rules-facts.yaml is not beside the repository")
    facts = yaml.safe_load(path.read_text(encoding="utf-8"))
    entries = facts if isinstance(facts, list) else next(v for v in facts.values() if _is_list(v))
    vectors = next(e for e in entries if e["id"] == "test-vectors")["parameters"]["vectors"]
    assert {vector["chip"] for vector in vectors} == set(VECTORS)
    catalog = load_catalog()
    for vector in vectors:
        found = catalog.chips[VECTORS[vector["chip"]]]
        total = total_processing_performance(found).value
        assert total is not None
        assert is_close(total, Decimal(str(vector["tpp"])), "0.001"), vector["chip"]
        if vector["pd"] is not None:
            density = performance_density(found).value
            assert density is not None
            assert is_close(density, Decimal(str(vector["pd"])), "0.002"), vector["chip"]
        assert found.datacenter_marketed is vector["datacenter"]
        rates = [figure.value for figure in found.figures["memory_bandwidth_gb_s"]]
        expected = Decimal(str(vector["dram_gb_s"]))
        assert any(is_close(rate, expected, "0.005") for rate in rates), vector["chip"]


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
