"""Facts under the names that rules use."""

from decimal import Decimal

import pytest
from tests.catalog.shared_data import chip

from chipwarden.catalog.facts import item_facts, product_facts
from chipwarden.catalog.loader import chip_from_table, load_catalog
from chipwarden.model.values import Confidence


def test_facts_of_a_chip() -> None:
    facts, reasons = item_facts(chip("nv-h20-96"))
    expected = {
        "item.kind": "ic",
        "item.is_hbm": False,
        "item.has_hbm": True,
        "item.chip_id": "nv-h20-96",
        "item.vendor": "NVIDIA",
        "item.designer_hq": "US",
        "item.datacenter_marketed": True,
        "item.tpp": Decimal(2368),
        "item.interconnect_gb_s": Decimal(900),
        "item.io_gb_s": Decimal(1028),
        "item.memory_gb": Decimal(96),
        "item.memory_bandwidth_gb_s": Decimal(4000),
        "item.transistors_bn": Decimal(80),
        "item.process_node_nm": Decimal(4),
        "item.non_planar": True,
        "item.advanced_node": True,
        "item.memory_bandwidth_density_gb_s_mm2": None,
    }
    assert {name: facts[name] for name in expected} == expected
    assert len(reasons) == 3


def test_what_is_not_known_is_none() -> None:
    facts, _ = item_facts(chip_from_table({}))
    known = {name for name, value in facts.items() if value is not None}
    assert known == {
        "item.kind",
        "item.is_hbm",
        "item.chip_id",
        "item.chip_name",
        "item.kind_of_processor",
    }


def test_no_fact_is_a_float() -> None:
    for found in load_catalog().chips.values():
        facts, _ = item_facts(found)
        assert not any(isinstance(value, float) for value in facts.values()), found.id


def test_facts_of_a_memory_stack() -> None:
    facts, reasons = item_facts(chip("hbm3-stack"))
    assert facts["item.is_hbm"] is True
    assert facts["item.kind"] == "hbm"
    assert facts["item.copackaged_with_logic"] is False
    assert facts["item.tpp"] is None
    assert any("Memory bandwidth density" in reason.statement for reason in reasons)


def test_facts_of_a_system_are_those_of_its_chips() -> None:
    catalog = load_catalog()
    (found,) = product_facts(catalog.systems["nv-gb200-nvl72"], catalog)
    assert found.count == 72
    assert found.chip.id == "nv-gb200"
    assert found.facts["item.kind"] == "system"
    assert found.facts["item.tpp"] == 40000
    with pytest.raises(ValueError, match="catalog"):
        product_facts(catalog.systems["nv-gb200-nvl72"])


def test_the_kind_of_item_can_be_said() -> None:
    (found,) = product_facts(chip("nv-h200-sxm"), kind="module")
    assert found.facts["item.kind"] == "module"


def test_confidence_is_the_lowest_used() -> None:
    (found,) = product_facts(chip("nv-b200"))
    assert found.confidence["item.tpp"] is Confidence.HIGH
    assert found.confidence["item.performance_density"] is Confidence.LOW  # the area is estimated
    (own,) = product_facts(chip_from_table({"fp8_tflops": 600}))
    assert own.confidence["item.tpp"] is Confidence.UNVERIFIED


@pytest.mark.parametrize(
    ("node", "advanced"), [("7 nm", True), ("28 nm", False), ("12 nm FD-SOI", None), ("", None)]
)
def test_advanced_nodes(node: str, advanced: bool | None) -> None:
    given = chip_from_table({"process_node": node} if node else {})
    assert item_facts(given)[0]["item.advanced_node"] is advanced
