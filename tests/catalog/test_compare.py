"""Chips side by side."""

from decimal import Decimal

import pytest
from tests.catalog.shared_data import chip

from chipwarden.catalog.compare import compare
from chipwarden.catalog.loader import load_catalog


def test_generations_and_variants_side_by_side() -> None:
    names = ("nv-b200", "nv-h200-sxm", "nv-h20-96", "hw-ascend910c")
    table = compare([chip(name) for name in names], load_catalog())
    assert [found.id for found in table.chips] == list(names)
    assert [cell.value for cell in table.row("tpp").cells] == [36000, 15832, 2368, 12032]
    assert [cell.value for cell in table.row("memory_gb").cells] == [180, 141, 96, 128]
    assert all(len(row.cells) == len(names) for row in table.rows)
    contested = table.row("tpp").cells[3]
    assert contested.low == 12032
    assert contested.high == 12800


def test_an_unknown_value_says_why() -> None:
    cell = compare([chip("amd-mi308x")]).row("tpp").cells[0]
    assert cell.value is None
    assert "no specification" in cell.note


@pytest.mark.parametrize(
    ("variant", "figure", "before", "after"),
    [
        ("nv-a800-sxm-80", "interconnect_gb_s", "600", "400"),
        ("nv-h800-sxm", "interconnect_gb_s", "900", "400"),
        ("nv-h20-96", "int8_tops", "1979", "296"),
        ("nv-h20-96", "memory_bandwidth_gb_s", "3350", "4000"),
        ("nv-rtx4090d", "int8_tops", "660.6", "588.35"),
        ("nv-rtx5090d", "fp4_tflops", "1676.04", "1187.5"),
        ("nv-l20", "int8_tops", "362", "239"),
        ("nv-b30a", "die_area_mm2", "1628", "814"),
    ],
)
def test_what_a_variant_changed(variant: str, figure: str, before: str, after: str) -> None:
    (found,) = compare([chip(variant)], load_catalog()).variants
    change = next(change for change in found.changes if change.figure == figure)
    assert (change.base, change.variant) == (Decimal(before), Decimal(after))
    assert change.is_purpose


def test_what_a_variant_was_made_to_change_does_differ() -> None:
    catalog = load_catalog()
    variants = [found for found in catalog.chips.values() if found.variant_of]
    assert len(variants) >= 14
    for variant in variants:
        base = catalog.chips[variant.variant_of]
        assert variant in catalog.variants_of(base.id)
        for figure in variant.changed:
            assert variant.value(figure) != base.value(figure), (variant.id, figure)


def test_a_cut_link_leaves_performance_alone() -> None:
    table = compare([chip("nv-a100-sxm-80"), chip("nv-a800-sxm-80")])
    first, second = table.row("tpp").cells
    assert first.value == second.value
    assert [cell.value for cell in table.row("io_gb_s").cells] == [664, 464]
    (found,) = table.variants
    assert {change.figure for change in found.changes if change.is_purpose} == {"interconnect_gb_s"}


def test_memory_stacks_have_a_row_of_their_own() -> None:
    key = "memory_bandwidth_density_gb_s_mm2"
    assert compare([chip("hbm3-stack")]).row(key).cells[0].value is not None
    with pytest.raises(KeyError):
        compare([chip("nv-b200")]).row(key)


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="nothing"):
        compare([])
