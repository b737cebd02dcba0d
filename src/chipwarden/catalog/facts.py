"""Facts about items, under the names that rules use.

    item_facts(catalog.chips["nv-h200-sxm"])     facts of one chip, with reasons
    product_facts(catalog.systems["nv-dgx-h200"], catalog)
                                                 facts of each chip in it, counted

A fact that is not known is None and never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from chipwarden.catalog.chips import Catalog, Chip, System
from chipwarden.catalog.derivation import Derivation
from chipwarden.catalog.loader import load_vocabulary
from chipwarden.catalog.performance import performance_density, total_processing_performance
from chipwarden.catalog.rates import aggregate_io, memory_bandwidth_density
from chipwarden.catalog.vocabulary import Vocabulary
from chipwarden.model.reasons import Reason
from chipwarden.model.values import Confidence, Value

_FIGURES = (
    "die_area_mm2",
    "interconnect_gb_s",
    "memory_bandwidth_gb_s",
    "memory_gb",
    "package_area_mm2",
    "transistors_bn",
)


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """The facts of one kind of chip in a product.

    Attributes:
        chip: the chip.
        count: how many of it one unit of the product contains.
        facts: values by fact name.
        reasons: how the derived ones were worked out.
        confidence: of each fact that rests on figures, the lowest confidence used.
    """

    chip: Chip
    count: int
    facts: Mapping[str, Value | None]
    reasons: tuple[Reason, ...]
    confidence: Mapping[str, Confidence]

    def knows(self, figure: str) -> bool:
        """Return whether a figure of the chip is known, or which of its dies are planar."""
        if figure == "process_node":
            return self.chip.process is not None and self.chip.process.non_planar is not None
        return self.chip.value(figure) is not None


def item_facts(
    chip: Chip,
    kind: str | None = None,
    tf32_bits: Decimal | None = None,
    words: Vocabulary | None = None,
) -> tuple[dict[str, Value | None], tuple[Reason, ...]]:
    """Return the facts of a chip and the reasons of the derived ones.

    Args:
        chip: the chip.
        kind: what kind of item it is sold as; by default the chip's own.
        tf32_bits: as for `total_processing_performance`.
        words: the vocabulary, by default the packaged one.
    """
    found = _facts_of(chip, 1, kind, tf32_bits, words)
    return dict(found.facts), found.reasons


def product_facts(
    product: Chip | System,
    catalog: Catalog | None = None,
    kind: str | None = None,
    tf32_bits: Decimal | None = None,
) -> tuple[ItemFacts, ...]:
    """Return the facts of each kind of chip in a product.

    Args:
        product: a chip, or a board or system of chips.
        catalog: where a system's chips are looked up; not needed for a chip.
        kind: what kind of item it is sold as; by default the product's own.
        tf32_bits: as for `total_processing_performance`.

    Raises:
        KeyError: the catalog lacks a chip of the system.
        ValueError: a system without a catalog.
    """
    if isinstance(product, Chip):
        words = catalog.vocabulary if catalog else None
        return (_facts_of(product, 1, kind, tf32_bits, words),)
    if catalog is None:
        raise ValueError(f"the chips of {product.name} need a catalog")
    return tuple(
        _facts_of(
            catalog.chips[part.chip],
            part.count,
            kind or product.kind,
            tf32_bits,
            catalog.vocabulary,
        )
        for part in product.contains
    )


def _at_least(found: Derivation) -> Decimal | None:
    """Return the value, or where it is unknown the bound that it cannot be below."""
    return found.low if found.value is None else found.value


def _with_tf32(chip: Chip, words: Vocabulary | None) -> Derivation:
    """Return the TPP if TF32 counts with the most bits that are under discussion."""
    words = words or load_vocabulary()
    bits = [b for precision in words.precisions for b in precision.possible_bits]
    return total_processing_performance(chip, max(bits, default=None), words)


def _facts_of(
    chip: Chip,
    count: int,
    kind: str | None,
    tf32_bits: Decimal | None,
    words: Vocabulary | None,
) -> ItemFacts:
    derived: dict[str, Derivation] = {
        "item.tpp": total_processing_performance(chip, tf32_bits, words),
        "item.performance_density": performance_density(chip, tf32_bits, words),
        "item.io_gb_s": aggregate_io(chip, words),
        "item.tpp_with_tf32": _with_tf32(chip, words),
        "item.memory_bandwidth_density_gb_s_mm2": memory_bandwidth_density(chip, words),
    }
    process = chip.process
    facts: dict[str, Value | None] = {
        "item.kind": kind or chip.kind,
        "item.is_hbm": chip.kind == "hbm",
        "item.chip_id": chip.id or None,
        "item.chip_name": chip.name or None,
        "item.vendor": chip.vendor or None,
        "item.designer_hq": chip.designer_hq or None,
        "item.kind_of_processor": chip.kind_of_processor,
        "item.datacenter_marketed": chip.datacenter_marketed,
        "item.copackaged_with_logic": chip.copackaged_with_logic,
        "item.process_node_nm": process.nm if process else None,
        "item.non_planar": process.non_planar if process else None,
        "item.advanced_node": _is_advanced(chip, words or load_vocabulary()),
        "item.has_hbm": "HBM" in chip.memory_type.upper() if chip.memory_type else None,
        "item.tpp_at_least": _at_least(derived["item.tpp"]),
        "item.io_gb_s_at_least": derived["item.io_gb_s"].low,
    }
    confidence: dict[str, Confidence] = {}
    for name in _FIGURES:
        figure = chip.figure(name)
        facts[f"item.{name}"] = figure.value if figure else None
        if figure:
            confidence[f"item.{name}"] = figure.confidence
    for fact, derivation in derived.items():
        facts[fact] = derivation.value
        if derivation.value is not None and derivation.confidence:
            confidence[fact] = derivation.confidence
    if process and process.non_planar is not None:
        confidence["item.non_planar"] = process.confidence
        confidence["item.advanced_node"] = process.confidence
    reasons = tuple(
        derivation.reason
        for fact, derivation in derived.items()
        if fact != "item.tpp_with_tf32"
        and (fact != "item.memory_bandwidth_density_gb_s_mm2" or chip.kind == "hbm")
    )
    return ItemFacts(chip, count, facts, reasons, confidence)


def _is_advanced(chip: Chip, words: Vocabulary) -> bool | None:
    """Whether the node is not planar; a planar one at or below the line is left open."""
    process = chip.process
    if process is None or process.non_planar is None:
        return None
    if process.non_planar:
        return True
    above = process.nm is not None and process.nm > words.node_rule.largest_non_planar_nm
    return False if above else None
