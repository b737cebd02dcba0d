"""Known parts as check values: the vectors of the fact base and of section 7 of the research.

The figures come from the fact base, not from our catalog.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.rules.fact_base import facts
from tests.rules.probe import holds, paragraphs

from chipwarden.catalog.facts import item_facts
from chipwarden.catalog.loader import chip_from_table
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Value

RULE_2022 = date(2022, 10, 21)
RULE_2023 = date(2023, 11, 17)
CARVE_OUT = date(2026, 1, 15)
# The vectors round the density to two places.
ROUNDED = Decimal("0.005")
PARAGRAPH = {"not_3A090": "none", "3A090": "3A090", "3A090.a": "3A090.a", "3A090.b": "3A090.b"}
# Conditions of the carve-out of January 2026 that are no metrics of the part.
CONDITIONS: dict[str, Value | None] = {
    f"transfer.{name}": True
    for name in (
        "us_commercially_available", "sufficient_us_supply", "no_foundry_diversion",
        "no_prohibited_end_use", "third_party_us_testing", "kyc_of_ultimate_consignee",
        "no_unauthorised_remote_access", "remote_users_disclosed", "us_units_stated",
    )
}  # fmt: skip


def vectors() -> list[dict[str, Any]]:
    record = facts().get("test-vectors")
    return record["parameters"]["vectors"] if record else []


def facts_of(**figures: Any) -> dict[str, Value | None]:
    """Return the item facts of a chip of these figures, made at a non-planar node."""
    chip = chip_from_table({"name": "Vector", "process_node": "5 nm", **figures})
    found, _ = item_facts(chip)
    return found


def of_vector(vector: dict[str, Any]) -> dict[str, Value | None]:
    figures = {
        "int8_tops": Decimal(vector["dense_tops"]) * vector["bits"] / 8,
        "io_gb_s": vector["io_gb_s"],
        "memory_bandwidth_gb_s": vector["dram_gb_s"],
        "datacenter_marketed": vector["datacenter"],
    }
    if vector["die_mm2"] is not None:
        figures["die_area_mm2"] = vector["die_mm2"]
    return facts_of(**figures)


VECTORS = pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["chip"])


@VECTORS
def test_performance_and_density(vector: dict[str, Any]) -> None:
    item = of_vector(vector)
    assert item["item.tpp"] == vector["tpp"]
    density = item["item.performance_density"]
    if vector["pd"] is None:
        assert density is None
    else:
        assert isinstance(density, Decimal) and abs(density - vector["pd"]) <= ROUNDED


@VECTORS
@pytest.mark.parametrize(
    ("key", "on"), [("expected_2022", RULE_2022), ("expected_2023", RULE_2023)]
)
def test_paragraph(vector: dict[str, Any], key: str, on: date) -> None:
    assert paragraphs(on, of_vector(vector)) == {PARAGRAPH[vector[key]]}


@VECTORS
def test_metrics_of_january_2026(vector: dict[str, Any]) -> None:
    """A part outside 3A090 meets them trivially, so the paragraph is given."""
    item = of_vector(vector)
    values = {
        **item,
        **CONDITIONS,
        "item.paragraph": "3A090.a",
        "item.tpp_with_tf32": item["item.tpp"],
        "transfer.volume_share_of_us_shipments": Decimal("0.1"),
    }
    party: dict[str, Value | None] = {
        "party.country": "CN", "party.headquarters": "CN", "party.parent_headquarters": "CN",
    }  # fmt: skip
    found = holds("US-742.6-b-10-2026", CARVE_OUT, values, party)
    assert found is Outcome.of(vector["expected_2026_case_by_case_metrics"])


@VECTORS
def test_tariff_band(vector: dict[str, Any]) -> None:
    values = {**of_vector(vector), "transfer.destination": "US"}
    found = holds("US-232-duty", CARVE_OUT, values)
    assert found is Outcome.of(vector["expected_232_band"])


# ---------------------------------------------------------------- section 7, in words


@pytest.mark.parametrize("tops", [200, 300, 450, Decimal("599.875")])
def test_unknown_die_area_needs_data_and_is_never_not_controlled(tops: Decimal) -> None:
    found = paragraphs(RULE_2023, facts_of(int8_tops=tops, datacenter_marketed=True))
    assert len(found) > 1 and found & {"3A090.a", "3A090.b"}


def test_unknown_die_area_changes_nothing_outside_the_bands() -> None:
    below = facts_of(int8_tops=Decimal("199.999"), datacenter_marketed=True)
    assert paragraphs(RULE_2023, below) == {"none"}
    above = facts_of(int8_tops=600, datacenter_marketed=True)
    assert paragraphs(RULE_2023, above) == {"3A090.a"}


def test_each_circuit_of_a_board_stands_alone() -> None:
    """Eight circuits of 800 TPP reach 6,400 together, and none reaches a line."""
    board = facts_of(
        int8_tops=100, die_area_mm2=400, ics_per_product=8, datacenter_marketed=True, io_gb_s=900
    )
    assert board["item.tpp"] == 800
    assert paragraphs(RULE_2023, board) == {"none"}
    assert paragraphs(RULE_2022, board) == {"none"}


def test_dies_of_one_package_count_together() -> None:
    """A package of two dies is one circuit: its figures are those of both."""
    package = facts_of(int8_tops=600, die_area_mm2=1600, die_count=2, datacenter_marketed=True)
    assert package["item.tpp"] == 4800 and package["item.performance_density"] == 3
    assert paragraphs(RULE_2023, package) == {"3A090.a"}


def test_a_planar_die_has_no_density() -> None:
    planar = {**facts_of(int8_tops=300, die_area_mm2=100, datacenter_marketed=True)}
    assert planar["item.performance_density"] == 24
    chip = chip_from_table(
        {"name": "Planar", "process_node": "28 nm", "int8_tops": 300, "die_area_mm2": 100,
         "datacenter_marketed": True}
    )  # fmt: skip
    found, _ = item_facts(chip)
    assert found["item.performance_density"] is None
    assert len(paragraphs(RULE_2023, found)) > 1
