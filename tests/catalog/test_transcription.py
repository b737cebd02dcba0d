"""Our files say what the table of facts says: every chip once, every figure, every product."""

import tomllib
from collections import Counter
from decimal import Decimal

from tests.catalog.shared_data import rows

from chipwarden.catalog.loader import DATA, load_catalog
from chipwarden.catalog.performance import performance_density, total_processing_performance

FIGURES = (
    "die_area_mm2",
    "transistors_bn",
    "int4_tops",
    "fp4_tflops",
    "int8_tops",
    "fp8_tflops",
    "fp16_bf16_tflops",
    "tf32_tflops",
    "fp32_tflops",
    "fp64_tflops",
    "memory_gb",
    "memory_bandwidth_gb_s",
    "interconnect_gb_s",
    "tdp_w",
)

# The table's products were rounded after, its rates before: 0.005 of a rate times 32 bits.
TOLERANCE = Decimal("0.16")

PER_IC = "The table gives the card of four ICs; the rule counts one IC."
AT_LEAST = "The table's value follows from vector rates alone: here it is a lower bound."
DISPUTED = "Values from 1,840 to 20,919 are in circulation; none is preferred."

# Chips whose TPP differs from the table's on purpose.
OTHER_PERFORMANCE = {
    "nv-cmp170hx": AT_LEAST,
    "nv-l40g": AT_LEAST,
    "nv-rtx6000d": AT_LEAST,
    "amd-r9700": AT_LEAST,
    "enflame-t20": AT_LEAST,
    "enflame-t21": AT_LEAST,
    "amd-mi308x": DISPUTED,
    "qualcomm-ai100-ultra": PER_IC,
}
UNKNOWN_NODE = {"google-tpu-v5e"}
# The table leaves it out; the die is that of the L4, whose node it gives.
ADDED_NODES = {"nv-l2": "TSMC 5 nm"}
OTHER_FIGURES = {
    ("qualcomm-ai100-ultra", "int8_tops"): PER_IC,
    ("qualcomm-ai100-ultra", "memory_gb"): PER_IC,
    ("qualcomm-ai100-ultra", "memory_bandwidth_gb_s"): PER_IC,
    ("qualcomm-ai100-ultra", "tdp_w"): PER_IC,
}


def test_every_chip_of_the_table_is_there_exactly_once() -> None:
    written: Counter[str] = Counter()
    for path in (DATA / "chips").glob("*.toml"):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        written.update(chip["id"] for chip in document["chip"])
    expected = [row["chip_id"] for row in rows("chips.csv")]
    assert len(expected) == 211
    assert {key: written[key] for key in expected} == dict.fromkeys(expected, 1)
    assert set(written) == set(load_catalog().chips)


def test_figures_are_those_of_the_table() -> None:
    catalog = load_catalog()
    differing = {}
    for row in rows("chips.csv"):
        chip = catalog.chips[row["chip_id"]]
        for name in FIGURES:
            if row[name] and chip.value(name) != Decimal(row[name]):
                differing[chip.id, name] = (chip.value(name), row[name])
    assert set(differing) == set(OTHER_FIGURES), differing


def test_words_and_dates_are_those_of_the_table() -> None:
    catalog = load_catalog()
    for row in rows("chips.csv"):
        chip = catalog.chips[row["chip_id"]]
        assert chip.vendor == row["vendor"]
        assert chip.designer_hq == row["designer_hq"]
        node = chip.process.name if chip.process else ""
        assert node == ADDED_NODES.get(chip.id, row["process_node"])
        assert str(chip.released or "") == row["release_date"]
        assert str(chip.announced or "") == row["announced_date"]
        assert chip.confidence.value == row["confidence"]
        expected = {"true": True, "false": False, "": None}[row["datacenter_marketed"]]
        assert chip.datacenter_marketed is expected, chip.id


def test_performance_is_that_of_the_table() -> None:
    catalog = load_catalog()
    differing = []
    for row in rows("chips.csv"):
        found = total_processing_performance(catalog.chips[row["chip_id"]])
        expected = Decimal(row["tpp_computed"]) if row["tpp_computed"] else None
        if expected is None or found.value is None:
            agrees = found.value is expected
        else:
            agrees = abs(found.value - expected) <= TOLERANCE
        if not agrees:
            differing.append(row["chip_id"])
            if OTHER_PERFORMANCE.get(row["chip_id"]) is not PER_IC:
                assert found.value is None
                assert found.low == expected, row["chip_id"]
    assert set(differing) == set(OTHER_PERFORMANCE)


def test_density_is_that_of_the_table() -> None:
    catalog = load_catalog()
    compared = 0
    for row in rows("chips.csv"):
        chip = catalog.chips[row["chip_id"]]
        found = performance_density(chip)
        if chip.id in OTHER_PERFORMANCE:
            continue
        if not row["pd_computed"]:
            assert found.value is None, chip.id
            continue
        expected = Decimal(row["pd_computed"])
        if chip.id in UNKNOWN_NODE:
            # The table divides by the whole area; without the node it is not known what counts.
            assert found.value is None
            continue
        assert found.value is not None, chip.id
        # The table rounds to four significant digits.
        unit = Decimal(1).scaleb(expected.adjusted() - 3)
        assert abs(found.value - expected) <= unit / 2 + Decimal("0.000001"), chip.id
        compared += 1
    assert compared == 105


def test_tf32_at_32_bits_is_that_of_the_table() -> None:
    catalog = load_catalog()
    compared = 0
    for row in rows("chips.csv"):
        if not row["tpp_if_tf32_is_32bit"] or row["chip_id"] in OTHER_PERFORMANCE:
            continue
        found = total_processing_performance(catalog.chips[row["chip_id"]], Decimal(32))
        expected = max(Decimal(row["tpp_if_tf32_is_32bit"]), Decimal(row["tpp_computed"]))
        assert found.value is not None
        assert abs(found.value - expected) <= TOLERANCE, row["chip_id"]
        compared += 1
    assert compared > 40
