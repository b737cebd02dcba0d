"""Total processing performance and density: vectors, edges, properties.

Expected numbers are those of research/chips-and-training.md, sections 3 and
3.3, or worked out by hand beside the test.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.shared_data import chip

from chipwarden.catalog.loader import chip_from_table, load_catalog
from chipwarden.catalog.performance import performance_density, total_processing_performance
from chipwarden.model.outcome import Outcome

RATES = {
    "int4_tops": 4,
    "fp4_tflops": 4,
    "int8_tops": 8,
    "fp8_tflops": 8,
    "fp16_bf16_tflops": 16,
    "fp32_tflops": 32,
    "fp64_tflops": 64,
}


@pytest.mark.parametrize(
    ("chip_id", "tpp", "density"),
    [
        ("nv-a100-sxm-80", "4992", "6.04"),
        ("nv-a800-sxm-80", "4992", "6.04"),
        ("nv-h100-sxm", "15832", "19.45"),
        ("nv-h200-sxm", "15832", "19.45"),
        ("nv-h100-pcie", "12104", "14.87"),
        ("nv-h20-96", "2368", "2.91"),  # outside 3A090 by numbers
        ("amd-mi325x", "20919.2", "20.57"),  # 81 under 21,000
        ("nv-b200", "36000", "22.11"),
        ("nv-gb200", "40000", "24.57"),
        ("nv-l4", "1936", "6.59"),  # caught by density alone
        ("nv-l20", "1912", "3.14"),  # just under 3.2
        ("nv-l2", "1544", "5.25"),  # under 1,600
        ("nv-a30", "2644", "3.20"),
        ("nv-a10", "2000", "3.18"),
        ("nv-a40", "2394.4", "3.81"),
        ("nv-rtx5090d", "4750", "6.33"),
        ("nv-rtx4090d", "4706.8", "7.73"),
        ("nv-l40s", "5864", "9.63"),
        ("aws-trn3", "20136", None),
        ("tt-blackhole-p150a", "5312", "8.85"),  # a RISC-V card over 4,800
        ("hw-ascend910c", "12032", None),
        ("cerebras-wse3", None, None),  # only a sparse peak is published
        ("nv-rtx6000d", None, None),  # tensor cap unpublished
    ],
)
def test_edge_cases_of_the_research(chip_id: str, tpp: str | None, density: str | None) -> None:
    total = total_processing_performance(chip(chip_id))
    assert total.value == (Decimal(tpp) if tpp else None)
    found = performance_density(chip(chip_id)).value
    if density is None:
        assert found is None
    else:
        assert found is not None
        assert abs(found - Decimal(density)) <= Decimal("0.006")


def test_the_arithmetic_is_in_the_reason() -> None:
    reason = total_processing_performance(chip("nv-h200-sxm")).reason
    lines = [child.statement for child in reason.children]
    assert "FP8: 1979 TFLOPS × 8 bits = 15832" in lines
    assert "FP64: 67 TFLOPS × 64 bits = 4288" in lines
    assert reason.outcome is Outcome.YES
    assert reason.reference in load_catalog().sources


def test_density_is_exact_to_nine_places() -> None:
    # 15832 / 814 = 19.44963144963144963…; the ninth place is 9 and stays.
    found = performance_density(chip("nv-h200-sxm")).value
    assert found == Decimal("19.449631449")
    assert isinstance(found, Decimal)


def test_all_dies_of_a_package_count_once() -> None:
    found = total_processing_performance(chip("nv-b200"))
    assert "2 dies" in found.reason.note
    assert found.value == 4500 * 8


def test_tf32_stays_out_until_its_length_is_set() -> None:
    trainium = chip("aws-trn2")
    shown = next(
        child
        for child in total_processing_performance(trainium).reason.children
        if child.statement.startswith("TF32")
    )
    # 667 × 16, × 19, × 32
    assert all(text in shown.note for text in ("10672", "12673", "21344"))
    assert total_processing_performance(trainium).value == 10672
    assert total_processing_performance(trainium, Decimal(16)).value == 10672
    assert total_processing_performance(trainium, Decimal(19)).value == 12673
    assert total_processing_performance(trainium, Decimal(32)).value == 21344


@pytest.mark.parametrize(
    ("chip_id", "preferred", "low", "high"),
    [
        ("hw-ascend910c", 12032, 12032, 12800),
        ("nv-gb300", 60000, 60000, 61120),
        ("nv-b300", 56000, 54000, 60000),
        ("hw-ascend910b", 6016, 5120, 6016),
        ("intel-gaudi3", 29360, 26848, 30000),
        ("hw-ascend950dt-36", 7784, 7784, 8752),
        ("camb-mlu590", 5520, 4493, 5520),
        ("nv-b30a", 30000, 28000, 30000),
    ],
)
def test_conflicting_figures_give_lowest_and_highest(
    chip_id: str, preferred: int, low: int, high: int
) -> None:
    found = total_processing_performance(chip(chip_id))
    assert found.value == preferred
    assert found.low == low
    assert found.high == high
    assert found.is_contested
    assert str(low) in found.reason.statement
    assert str(high) in found.reason.statement


def test_a_disputed_value_is_not_a_value() -> None:
    found = total_processing_performance(chip("amd-mi308x"))
    assert found.value is None
    assert found.low == 1840
    assert found.high == Decimal("20919.2")
    assert found.reason.outcome is Outcome.UNDETERMINED
    assert "int8_tops" in found.missing


def test_a_lower_bound_is_not_a_value() -> None:
    found = total_processing_performance(chip("nv-rtx6000d"))
    assert found.value is None
    assert found.low == Decimal("3105.28")
    assert found.high is None
    assert performance_density(chip("nv-rtx6000d")).value is None


def test_an_area_that_is_a_lower_bound_gives_an_upper_bound_of_density() -> None:
    found = performance_density(chip("amd-mi300x"))
    assert "at most" in found.reason.note
    assert found.low is not None
    assert found.high is not None
    # 20919.2 / 2400 and 20919.2 / 1017
    assert abs(found.low - Decimal("8.716333")) < Decimal("0.00001")
    assert abs(found.high - Decimal("20.569518")) < Decimal("0.00001")


@pytest.mark.parametrize(
    "chip_id", ["intel-loihi2", "ibm-heron-r2", "lightmatter-envise", "brainchip-akd1000"]
)
def test_parts_of_another_principle_say_what_they_would_need(chip_id: str) -> None:
    part = chip(chip_id)
    assert not part.figures
    assert part.needs
    found = total_processing_performance(part)
    assert found.value is None
    assert found.missing == part.needs


def test_without_a_rate_nothing_is_known() -> None:
    found = total_processing_performance(chip_from_table({"die_area_mm2": 400}))
    assert (found.value, found.low, found.high) == (None, None, None)
    assert set(found.missing) == set(RATES)


def test_density_without_an_area_names_the_area() -> None:
    found = performance_density(chip_from_table({"fp8_tflops": 600}))
    assert found.value is None
    assert found.missing == ("die_area_mm2",)


def test_density_with_an_area_of_zero_is_unknown() -> None:
    found = performance_density(chip_from_table({"fp8_tflops": 600, "die_area_mm2": 0}))
    assert found.value is None
    assert found.missing == ("die_area_mm2",)


def test_density_on_a_planar_node_is_not_defined() -> None:
    planar = chip_from_table({"fp8_tflops": 600, "die_area_mm2": 400, "process_node": "28 nm"})
    found = performance_density(planar)
    assert found.value is None
    assert "no applicable die area" in found.reason.statement
    assert found.reason.outcome is Outcome.UNDETERMINED


@pytest.mark.parametrize(
    ("node", "non_planar"),
    [
        ("16 nm", True),
        ("TSMC 7 nm", True),
        ("TSMC 4N", True),
        ("20 nm", False),
        ("TSMC 28 nm", False),
        ("Intel 22 nm", True),
        ("GlobalFoundries 22FDX, 22 nm FD-SOI", False),
        ("5 nm + 28 nm", None),
        ("TSMC", None),
    ],
)
def test_which_nodes_are_planar(node: str, non_planar: bool | None) -> None:
    process = chip_from_table({"process_node": node}).process
    assert process is not None
    assert process.non_planar is non_planar


amounts = st.decimals(min_value="0.001", max_value="999999", places=3)
# A narrow rate is always among them: without one the peak is only known from below.
rates = st.builds(
    lambda wide, narrow: {**wide, "int8_tops": narrow},
    st.dictionaries(st.sampled_from(sorted(RATES)), amounts),
    amounts,
)


def test_wide_rates_alone_are_a_lower_bound() -> None:
    """An H100 has 34 TFLOPS at 64 bits, and more than seven times that product at 8."""
    found = total_processing_performance(chip_from_table({"fp64_tflops": 34}))
    assert found.value is None
    assert found.low == 34 * 64


def test_an_unknown_node_gives_no_density() -> None:
    """Planar dies do not count, so the density may be higher than over the whole area, or none."""
    found = performance_density(chip_from_table({"fp8_tflops": 600, "die_area_mm2": 400}))
    assert found.value is None
    assert found.low is None
    assert found.missing == ("process_node",)


@given(rates)
def test_performance_is_the_largest_product(given_rates: dict[str, Decimal]) -> None:
    found = total_processing_performance(chip_from_table(given_rates)).value
    assert found == max(rate * RATES[name] for name, rate in given_rates.items())
    assert isinstance(found, Decimal)


@given(rates, st.sampled_from(sorted(RATES)), amounts)
def test_performance_never_falls_when_a_rate_rises(
    given_rates: dict[str, Decimal], name: str, more: Decimal
) -> None:
    before = total_processing_performance(chip_from_table(given_rates)).value
    raised = min(given_rates.get(name, Decimal(0)) + more, Decimal(999999))
    after = total_processing_performance(chip_from_table({**given_rates, name: raised})).value
    assert before is not None
    assert after is not None
    assert after >= before


@given(rates, st.decimals(min_value="0", max_value="999999999", places=9))
def test_density_is_never_negative_and_never_a_float(
    given_rates: dict[str, Decimal], area: Decimal
) -> None:
    chip = chip_from_table({**given_rates, "die_area_mm2": area, "process_node": "5 nm"})
    found = performance_density(chip).value
    if area == 0:
        assert found is None
    else:
        assert isinstance(found, Decimal)
        # Rounded away from an exact line, so a ratio above nothing stays above it.
        assert found > 0


def test_a_larger_area_gives_a_lower_density() -> None:
    small = chip_from_table({"fp8_tflops": 600, "die_area_mm2": 400, "process_node": "5 nm"})
    large = replace(
        small, figures=chip_from_table({"fp8_tflops": 600, "die_area_mm2": 500}).figures
    )
    # 4800 / 400 and 4800 / 500
    assert performance_density(small).value == 12
    assert performance_density(large).value == Decimal("9.6")
