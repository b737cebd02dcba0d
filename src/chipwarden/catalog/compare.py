"""Chips side by side, and what each variant changed against its base.

    comparison = compare([catalog.chips["nv-h200-sxm"], catalog.chips["nv-h20-96"]], catalog)
    comparison.rows[0].cells[1].value

The result is a table of values; how it is shown, and the lines that rules draw
through it, are the business of others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from chipwarden.catalog.chips import Catalog, Chip
from chipwarden.catalog.derivation import Derivation
from chipwarden.catalog.loader import load_vocabulary
from chipwarden.catalog.performance import performance_density, total_processing_performance
from chipwarden.catalog.rates import (
    aggregate_io,
    energy_per_operation,
    memory_bandwidth_density,
)
from chipwarden.catalog.vocabulary import Vocabulary
from chipwarden.model.values import Confidence, Value


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of one chip.

    Attributes:
        value: None where it is unknown.
        confidence: of the figure, or the lowest of the figures used.
        low: lowest value on record, for numbers.
        high: highest value on record, None where there is no upper limit.
        note: a remark, such as why a value is unknown.
    """

    value: Value | None
    confidence: Confidence | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure or derived value of all chips; `cells` stand in the order of the chips."""

    name: str
    label: str
    unit: str
    is_derived: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """How a variant differs from its base in one figure.

    Attributes:
        is_purpose: whether the variant was made in order to change it.
    """

    figure: str
    label: str
    unit: str
    base: Decimal | None
    variant: Decimal | None
    is_purpose: bool


@dataclass(frozen=True, slots=True)
class VariantChanges:
    """What one of the chips changed against the chip of which it is a variant."""

    chip: Chip
    base: Chip
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table.

    Attributes:
        chips: the columns.
        rows: those in which at least one chip has a value, or a derived one is asked for.
        variants: for each chip that is a variant of a known one, what it changed.
    """

    chips: tuple[Chip, ...]
    rows: tuple[Row, ...]
    variants: tuple[VariantChanges, ...]

    def row(self, name: str) -> Row:
        """Return the row of this name.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)


_DERIVED: tuple[tuple[str, str, str, Callable[[Chip, Vocabulary], Derivation]], ...] = (
    (
        "tpp",
        "Total processing performance",
        "TPP",
        lambda chip, words: total_processing_performance(chip, None, words),
    ),
    (
        "performance_density",
        "Performance density",
        "TPP/mm2",
        lambda chip, words: performance_density(chip, None, words),
    ),
    ("io_gb_s", "All inputs and outputs but volatile memory", "GB/s", aggregate_io),
    ("energy_pj_per_operation", "Energy of an operation", "pJ", energy_per_operation),
    (
        "memory_bandwidth_density_gb_s_mm2",
        "Memory bandwidth density",
        "GB/s/mm2",
        memory_bandwidth_density,
    ),
)


def compare(chips: Sequence[Chip], catalog: Catalog | None = None) -> Comparison:
    """Return the chips side by side.

    Args:
        chips: the columns, at least one.
        catalog: where the base of a variant is looked up; without one a base
            is found only among the chips themselves.

    Raises:
        ValueError: there are no chips.
    """
    if not chips:
        raise ValueError("nothing to compare")
    words = catalog.vocabulary if catalog else load_vocabulary()
    known = dict(catalog.chips) if catalog else {}
    known.update({chip.id: chip for chip in chips})
    derived = [_derived_row(chips, *entry, words=words) for entry in _DERIVED]
    names = {row.name for row in derived}
    figures = [
        _figure_row(chips, kind.name, kind.label, kind.unit)
        for kind in words.figures.values()
        if kind.name not in names and any(chip.figure(kind.name) for chip in chips)
    ]
    if all(chip.kind != "hbm" for chip in chips):
        derived = [row for row in derived if row.name != "memory_bandwidth_density_gb_s_mm2"]
    return Comparison(
        chips=tuple(chips),
        rows=(*_word_rows(chips), *derived, *figures),
        variants=tuple(
            VariantChanges(chip, base, changes(base, chip, words))
            for chip in chips
            if (base := known.get(chip.variant_of)) is not None
        ),
    )


def changes(base: Chip, variant: Chip, words: Vocabulary) -> tuple[Change, ...]:
    """Return every figure in which a variant differs from its base."""
    found: list[Change] = []
    for kind in words.figures.values():
        before, after = base.value(kind.name), variant.value(kind.name)
        is_purpose = kind.name in variant.changed
        if before != after and (is_purpose or (before is not None and after is not None)):
            found.append(Change(kind.name, kind.label, kind.unit, before, after, is_purpose))
    return tuple(found)


def _word_rows(chips: Sequence[Chip]) -> list[Row]:
    table: tuple[tuple[str, str, Callable[[Chip], Value | None]], ...] = (
        ("vendor", "Vendor", lambda chip: chip.vendor or None),
        ("released", "Released", lambda chip: chip.released or chip.announced),
        ("process_node", "Node", lambda chip: chip.process.name if chip.process else None),
        ("memory_type", "Kind of memory", lambda chip: chip.memory_type or None),
        ("datacenter_marketed", "Marketed for data centres", lambda c: c.datacenter_marketed),
        ("variant_of", "Variant of", lambda chip: chip.variant_of or None),
    )
    rows = [
        Row(name, label, "", False, tuple(Cell(value(chip)) for chip in chips))
        for name, label, value in table
    ]
    return [row for row in rows if any(cell.value is not None for cell in row.cells)]


def _figure_row(chips: Sequence[Chip], name: str, label: str, unit: str) -> Row:
    cells: list[Cell] = []
    for chip in chips:
        figures = chip.figures.get(name, ())
        if not figures:
            cells.append(Cell(None))
            continue
        values = [figure.value for figure in figures]
        first = figures[0]
        note = first.reason or first.note
        cells.append(Cell(first.value, first.confidence, min(values), max(values), note))
    return Row(name, label, unit, False, tuple(cells))


def _derived_row(
    chips: Sequence[Chip],
    name: str,
    label: str,
    unit: str,
    derive: Callable[[Chip, Vocabulary], Derivation],
    words: Vocabulary,
) -> Row:
    cells: list[Cell] = []
    for chip in chips:
        found = derive(chip, words)
        note = "" if found.value is not None else found.reason.note or found.reason.statement
        cells.append(Cell(found.value, found.confidence, found.low, found.high, note))
    return Row(name, label, unit, True, tuple(cells))
