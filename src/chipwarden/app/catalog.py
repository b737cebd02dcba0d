"""Look up products: all of them, one with its sources, several side by side.

compare_products(["B200", "H200", "H20", "910C"], load_data())
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from chipwarden.app.control_lines import classifications, control_lines
from chipwarden.catalog.chips import Catalog, Chip, Figure, System
from chipwarden.catalog.compare import Cell, Comparison, VariantChanges, changes, compare
from chipwarden.catalog.facts import product_facts
from chipwarden.catalog.names import resolve
from chipwarden.decisions.inputs import Data
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.reasons import json_value
from chipwarden.rules.lawbook import Law


def products(catalog: Catalog, *, vendor: str = "", kind: str = "") -> list[dict[str, Any]]:
    """Return one short record for each product.

    Args:
        catalog: where to look.
        vendor: only products whose vendor's name contains this, in any case.
        kind: only products of this kind: ic, hbm, board, system.
    """
    every: Iterable[Chip | System] = (*catalog.chips.values(), *catalog.systems.values())
    return [
        _short(product, catalog)
        for product in every
        if vendor.casefold() in product.vendor.casefold() and kind in ("", product.kind)
    ]


def product(name: str, data: Data) -> list[dict[str, Any]]:
    """Return everything about the products that a name fits.

    Raises:
        InvalidDocument: it fits none; near names are offered.
    """
    return [_whole(found, data.catalog) for found in _found([name], data.catalog)]


def compare_products(
    names: Sequence[str], data: Data, law: Law | None = None, *, as_written: bool = False
) -> dict[str, Any]:
    """Return products side by side: figures, classification by date, lines of rules, variants.

    Args:
        names: each may fit several products, which all become columns; a system is its chips.
        data: law and catalog.
        law: where given, only its classification and lines; else those of all dates.
        as_written: ignore waivers of enforcement and delayed compliance, over all dates.

    Raises:
        InvalidDocument: names that fit no product, all of them.
    """
    chips: dict[str, Chip] = {}
    for found in _found(names, data.catalog):
        for source in product_facts(found, data.catalog):
            chips[source.chip.id] = source.chip
    columns = tuple(chips.values())
    comparison = compare(columns, data.catalog)
    facts = [product_facts(chip, data.catalog)[0] for chip in columns]
    labels = {row.name: row.label for row in comparison.rows}
    lines = control_lines(facts, data.lawbook, law)
    for line in lines:
        line["label"] = labels.get(line["fact"].removeprefix("item."), line["fact"])
    return {
        "products": [{"id": chip.id, "name": chip.name} for chip in columns],
        "rows": _rows(comparison),
        "classification": classifications(facts, data.lawbook, law, as_written=as_written),
        "lines": lines,
        "variants": [_changes(variant) for variant in comparison.variants],
    }


def comparison_table(record: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Return a comparison as header and rows for a spreadsheet."""
    names = [each["name"] for each in record["products"]]
    rows: list[list[Any]] = []
    for row in record["rows"]:
        cells = [_plain(cell["value"]) for cell in row["cells"]]
        rows.append(["figure", row["label"], row["unit"], "", "", *cells])
    for line in record["classification"]:
        rows.append(["classification", "ECCN of the circuit", "", line["from"], "",
                     *(" or ".join(codes) for codes in line["eccns"])])  # fmt: skip
    for line in record["lines"]:
        label = f"{line['label']} {line['operator']} {line['value']}: {line['description']}"
        rows.append(["line", label, line["unit"], line["in_force"], line["reference"],
                     *line["cells"]])  # fmt: skip
    for variant in record["variants"]:
        for change in variant["changes"]:
            label = f"{variant['product']} against {variant['base']}: {change['label']}"
            rows.append(["variant", label, change["unit"], "", "",
                         *(_plain(change["after"]) if name == variant["product"]
                           else _plain(change["before"]) if name == variant["base"] else None
                           for name in names)])  # fmt: skip
    return ["part", "what", "unit", "from", "reference", *names], rows


def _plain(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _found(names: Iterable[str], catalog: Catalog) -> list[Chip | System]:
    found: dict[str, Chip | System] = {}
    problems: list[Problem] = []
    for name in names:
        resolution = resolve(catalog, name)
        if not resolution.variants:
            near = ", ".join(resolution.near)
            remedy = f"Near names: {near}." if near else "`chipwarden catalog list` shows all."
            what = "the id, name or alias of a product"
            problems.append(Problem("product", repr(name), what, remedy))
        found.update({variant.id: variant for variant in resolution.variants})
    if problems:
        raise InvalidDocument("the catalog", problems)
    return list(found.values())


def _short(found: Chip | System, catalog: Catalog) -> dict[str, Any]:
    parts = product_facts(found, catalog)
    same = len(parts) == 1
    released = found.released
    if released is None and isinstance(found, Chip):
        released = found.announced
    return {
        "id": found.id,
        "name": found.name,
        "vendor": found.vendor,
        "kind": found.kind,
        "released": released.isoformat() if released else None,
        "tpp": json_value(parts[0].facts["item.tpp"]) if same else None,
        "performance_density": (
            json_value(parts[0].facts["item.performance_density"]) if same else None
        ),
        "contains": [] if isinstance(found, Chip) else [
            {"product": part.chip.name, "count": part.count} for part in parts
        ],
    }  # fmt: skip


def _whole(found: Chip | System, catalog: Catalog) -> dict[str, Any]:
    record = {
        **_short(found, catalog),
        "aliases": list(found.aliases),
        "status": found.status,
        "confidence": found.confidence.value,
        "note": found.note,
    }
    used = dict.fromkeys(found.sources)
    if isinstance(found, Chip):
        base = catalog.chips.get(found.variant_of)
        words = catalog.vocabulary
        record |= {
            "family": found.family,
            "architecture": found.architecture,
            "designer_hq": found.designer_hq or None,
            "process_node": found.process.name if found.process else None,
            "non_planar": found.process.non_planar if found.process else None,
            "die_count": found.die_count,
            "memory_type": found.memory_type,
            "interconnect_name": found.interconnect_name,
            "host_interface": found.host_interface,
            "datacenter_marketed": found.datacenter_marketed,
            "figures": [
                _figure(figure, words.figures[name].label, words.figures[name].unit)
                for name, figures in found.figures.items() for figure in figures
            ],
            "variant_of": base.name if base else None,
            "changes": _changes(
                VariantChanges(found, base, changes(base, found, words))
            )["changes"] if base else [],
            "variants": [chip.name for chip in catalog.variants_of(found.id)],
            "part_of": [
                system.name for system in catalog.systems.values()
                if any(part.chip == found.id for part in system.contains)
            ],
            "needs": list(found.needs),
            "reasons": [reason.to_json() for reason in product_facts(found, catalog)[0].reasons],
        }  # fmt: skip
        used |= dict.fromkeys(key for many in found.figures.values()
                              for figure in many for key in figure.sources)  # fmt: skip
    record["sources"] = {
        key: f"{source.publisher}, {source.title}"
        for key in used
        if (source := catalog.sources.get(key)) is not None
    }
    return record


def _figure(figure: Figure, label: str, unit: str) -> dict[str, Any]:
    return {
        "figure": figure.name,
        "label": label,
        "unit": unit,
        "value": json_value(figure.value),
        "bound": figure.bound,
        "preferred": figure.preferred,
        "confidence": figure.confidence.value,
        "sources": list(figure.sources),
        "reason": figure.reason,
        "note": figure.note,
    }


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "label": row.label, "unit": row.unit, "derived": row.is_derived,
         "cells": [_cell(cell) for cell in row.cells]}
        for row in comparison.rows
    ]  # fmt: skip


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "value": json_value(cell.value),
        "confidence": cell.confidence.value if cell.confidence else None,
        "low": json_value(cell.low),
        "high": json_value(cell.high),
        "note": cell.note,
    }


def _changes(variant: VariantChanges) -> dict[str, Any]:
    return {
        "product": variant.chip.name,
        "base": variant.base.name,
        "changes": [
            {"figure": change.figure, "label": change.label, "unit": change.unit,
             "before": json_value(change.base), "after": json_value(change.variant),
             "purpose": change.is_purpose}
            for change in variant.changes
        ],
    }  # fmt: skip
