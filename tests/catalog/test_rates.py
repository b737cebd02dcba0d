"""All inputs and outputs, memory density, energy: vectors worked out by hand."""

from decimal import Decimal

import pytest
from tests.catalog.shared_data import chip

from chipwarden.catalog.loader import chip_from_table, load_catalog
from chipwarden.catalog.rates import (
    aggregate_io,
    energy_per_operation,
    memory_bandwidth_density,
)
from chipwarden.model.outcome import Outcome


@pytest.mark.parametrize(
    ("chip_id", "rate"),
    [
        ("nv-a100-sxm-80", 600 + 64),
        ("nv-a800-sxm-80", 400 + 64),  # the variant made to stay under 600
        ("nv-a800-pcie-80", 400 + 64),
        ("nv-h100-sxm", 900 + 128),
        ("nv-h800-sxm", 400 + 128),  # likewise
        ("nv-h800-pcie", 400 + 128),
        ("nv-h20-96", 900 + 128),
        ("nv-v100-sxm2-32", 300 + 32),
        # Where the only link is PCIe it is not added twice.
        ("nv-l40", 64),
        ("nv-l40s", 64),
        ("nv-rtx4090", 64),
        ("nv-a2", 32),
        ("nv-rtx5090", 128),
        ("amd-mi300x", 896 + 128),
        ("biren-br100", 412 + 128),
    ],
)
def test_all_inputs_and_outputs(chip_id: str, rate: int) -> None:
    found = aggregate_io(chip(chip_id))
    assert found.value == rate
    assert found.reason.outcome is Outcome.YES
    assert str(rate) in found.reason.statement


@pytest.mark.parametrize(
    ("chip_id", "least", "missing"),
    [
        ("hw-ascend910b", 392, ("host_link_gb_s",)),
        ("amd-mi50", 64, ("interconnect_gb_s",)),
        ("google-tpu-v4", None, ("interconnect_gb_s", "host_link_gb_s")),
    ],
)
def test_an_unknown_part_leaves_a_lower_bound(
    chip_id: str, least: int | None, missing: tuple[str, ...]
) -> None:
    found = aggregate_io(chip(chip_id))
    assert found.value is None
    assert found.low == least
    assert found.high is None
    assert found.missing == missing
    assert dict(found.reason.values)["io_gb_s_at_least"] == least


def test_a_figure_for_all_of_it_is_taken_as_it_is() -> None:
    given = chip_from_table({"io_gb_s": 599, "interconnect_gb_s": 500})
    assert aggregate_io(given).value == 599


def test_a_chip_without_links_of_its_own_has_its_host_link() -> None:
    given = chip_from_table({"interconnect_gb_s": 0, "host_interface": "PCIe 5 x16"})
    assert aggregate_io(given).value == 128


@pytest.mark.parametrize(
    ("chip_id", "density"),
    [
        ("hbm2e-stack", "4.18"),  # 460 / 110
        ("hbm3-stack", "6.77"),  # 819 / 121
        ("hbm3e-stack", "9.75"),  # 1180 / 121
    ],
)
def test_memory_stacks_are_all_above_two(chip_id: str, density: str) -> None:
    # 89 FR 96790: all stacks then in production exceeded 2 GB/s a square millimetre.
    found = memory_bandwidth_density(chip(chip_id)).value
    assert found is not None
    assert abs(found - Decimal(density)) < Decimal("0.005")
    assert found > 2


def test_memory_density_without_an_area_is_unknown() -> None:
    found = memory_bandwidth_density(chip("hbm4-stack"))
    assert found.value is None
    assert found.missing == ("package_area_mm2",)


def test_memory_density_is_not_asked_of_processors() -> None:
    found = memory_bandwidth_density(chip("nv-h200-sxm"))
    assert found.value is None
    assert found.missing == ()


def test_energy_of_an_operation() -> None:
    # 700 W / 1979 TOPS = 0.3537 pJ
    found = energy_per_operation(chip("nv-h200-sxm"))
    assert found.value is not None
    assert abs(found.value - Decimal("0.3537")) < Decimal("0.0001")
    assert energy_per_operation(chip("cerebras-wse3")).value is None


def test_host_links_are_read_from_their_names() -> None:
    links = load_catalog().vocabulary.host_links
    assert {name: int(link.gb_s) for name, link in links.items() if name.endswith("x16")} == {
        "PCIe 3 x16": 32,
        "PCIe 4 x16": 64,
        "PCIe 5 x16": 128,
        "PCIe 6 x16": 256,
    }
