"""Reading chips and systems from tables of TOML.

A figure is written as a bare number, which then has the chip's own sources
and confidence; as a table `{ value, sources, confidence, note, bound }`; or as a
list of such tables where sources disagree, exactly one of them `preferred`,
each with the `reason` why it is or is not.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from chipwarden.catalog.chips import Chip, Figure, Part, System
from chipwarden.catalog.tables import TableReader, described
from chipwarden.catalog.vocabulary import FigureKind, Source, Vocabulary
from chipwarden.model.values import Confidence

KINDS = ("ic", "hbm")
KINDS_OF_PROCESSOR = ("digital", "risc_v", "quantum", "neuromorphic", "optical", "memory")
KINDS_OF_SYSTEM = ("board", "system")
BOUNDS = ("", "at_least", "at_most")

_CHIP_TEXTS = (
    "id",
    "name",
    "vendor",
    "architecture",
    "designer_hq",
    "form_factor",
    "compute_capability",
    "memory_type",
    "interconnect_name",
    "host_interface",
    "status",
    "variant_of",
    "tpp_at_least",
    "tpp_disputed",
    "note",
)
_CHIP_NAMES = (
    *_CHIP_TEXTS,
    "kind",
    "kind_of_processor",
    "aliases",
    "process_node",
    "die_count",
    "ics_per_product",
    "datacenter_marketed",
    "copackaged_with_logic",
    "announced",
    "released",
    "changed",
    "needs",
    "sources",
    "confidence",
    "figures",
)
_SYSTEM_NAMES = (
    "id",
    "name",
    "vendor",
    "kind",
    "aliases",
    "contains",
    "status",
    "released",
    "note",
    "sources",
    "confidence",
)
_FIGURE_NAMES = ("value", "sources", "confidence", "preferred", "reason", "note", "bound")


def read_chip(table: TableReader, family: str, words: Vocabulary) -> Chip:
    """Return the chip of a `[[chip]]` table of a catalog file."""
    table.refuse_other_names(_CHIP_NAMES)
    sources = table.keys_of("sources", words.sources, "source")
    if not sources:
        table.report("sources", "nothing", "at least one key of a source")
    if "confidence" not in table.table:
        table.report("confidence", "nothing", "how far the figures can be relied on")
    for name in ("id", "name", "vendor"):
        if name not in table.table:
            table.report(name, "nothing", "a text")
    return chip_of(table, table.child("figures"), family, words, sources)


def chip_of(
    table: TableReader,
    figures: TableReader,
    family: str,
    words: Vocabulary,
    sources: tuple[str, ...],
) -> Chip:
    """Return the chip of a table and the table of its figures."""
    texts = {name: table.text(name) for name in _CHIP_TEXTS if name in table.table}
    confidence = table.confidence("confidence", Confidence.UNVERIFIED)
    node = table.text("process_node")
    chip_figures = _figures(figures, words, sources, confidence)
    link = _host_link(table, words, chip_figures)
    if link is not None:
        chip_figures["host_link_gb_s"] = (link,)
    changed = table.texts("changed")
    for name in changed:
        if name not in words.figures:
            table.report("changed", described(name), "names of figures")
    return Chip(
        id=texts.pop("id", ""),
        name=texts.pop("name", ""),
        kind=table.word("kind", KINDS, "ic"),
        kind_of_processor=table.word("kind_of_processor", KINDS_OF_PROCESSOR, "digital"),
        family=family,
        aliases=table.texts("aliases"),
        process=words.process_of(node) if node else None,
        die_count=table.count("die_count"),
        ics_per_product=table.count("ics_per_product"),
        datacenter_marketed=table.flag("datacenter_marketed"),
        copackaged_with_logic=table.flag("copackaged_with_logic"),
        announced=table.day("announced"),
        released=table.day("released"),
        changed=changed,
        needs=table.texts("needs"),
        sources=sources,
        confidence=confidence,
        figures=MappingProxyType(chip_figures),
        **texts,
    )


def read_system(table: TableReader, chips: Mapping[str, Chip], words: Vocabulary) -> System:
    """Return the system of a `[[system]]` table."""
    table.refuse_other_names(_SYSTEM_NAMES)
    parts: list[Part] = []
    for part in table.tables("contains"):
        part.refuse_other_names(("chip", "count"))
        chip = part.text("chip", required=True)
        if chip and chip not in chips:
            part.report("chip", described(chip), "the id of a chip")
        parts.append(Part(chip, part.count("count", required=True) or 1))
    if not parts:
        table.report("contains", "nothing", "at least one chip with its count")
    sources = table.keys_of("sources", words.sources, "source")
    if not sources:
        table.report("sources", "nothing", "at least one key of a source")
    if "confidence" not in table.table:
        table.report("confidence", "nothing", "how far the counts can be relied on")
    return System(
        id=table.text("id", required=True),
        name=table.text("name", required=True),
        vendor=table.text("vendor", required=True),
        kind=table.word("kind", KINDS_OF_SYSTEM, ""),
        contains=tuple(parts),
        aliases=table.texts("aliases"),
        status=table.text("status"),
        released=table.day("released"),
        note=table.text("note"),
        sources=sources,
        confidence=table.confidence("confidence", Confidence.UNVERIFIED),
    )


def _figures(
    table: TableReader, words: Vocabulary, sources: tuple[str, ...], confidence: Confidence
) -> dict[str, tuple[Figure, ...]]:
    """Return the figures of a table, the preferred one of each name first."""
    table.refuse_other_names(words.figures)
    found: dict[str, tuple[Figure, ...]] = {}
    for name, written in table.table.items():
        kind = words.figures.get(name)
        if kind is None:
            continue
        if not isinstance(written, Mapping | list):
            value = table.number(name, kind.may_be_zero)
            if value is not None:
                found[name] = (Figure(name, value, sources, confidence),)
            continue
        tables = table.tables(name) if isinstance(written, list) else [table.child(name)]
        figures = [
            figure
            for entry in tables
            if (figure := _figure(entry, kind, words.sources, sources, confidence)) is not None
        ]
        _check_preference(table, name, figures, tables)
        if figures:
            found[name] = tuple(sorted(figures, key=lambda figure: not figure.preferred))
    return found


def _figure(
    table: TableReader,
    kind: FigureKind,
    known: Mapping[str, Source],
    sources: tuple[str, ...],
    confidence: Confidence,
) -> Figure | None:
    table.refuse_other_names(_FIGURE_NAMES)
    value = table.number("value", kind.may_be_zero)
    if value is None:
        if "value" not in table.table:
            table.report("value", "nothing", f"a number in {kind.unit}")
        return None
    preferred = table.flag("preferred")
    return Figure(
        name=kind.name,
        value=value,
        sources=table.keys_of("sources", known, "source") or sources,
        confidence=table.confidence("confidence", confidence),
        preferred=True if preferred is None else preferred,
        reason=table.text("reason"),
        note=table.text("note"),
        bound=table.word("bound", BOUNDS, ""),
    )


def _check_preference(
    table: TableReader, name: str, figures: list[Figure], written: list[TableReader]
) -> None:
    """Note a problem unless one of several figures is preferred and each says why."""
    if len(written) < 2:
        return
    marked = sum(entry.table.get("preferred") is True for entry in written)
    if marked != 1 or sum(figure.preferred for figure in figures) != 1:
        table.report(
            name,
            f"{marked} of {len(written)} figures marked as preferred",
            "preferred = true on one, preferred = false on the others",
        )
    if not all(figure.reason for figure in figures):
        table.report(name, "a figure without a reason", "a reason for each that conflicts")


def _host_link(table: TableReader, words: Vocabulary, figures: Mapping[str, Any]) -> Figure | None:
    """Return the figure of the link to the host, where its kind is known."""
    name = table.text("host_interface")
    if not name or "host_link_gb_s" in figures:
        return None
    link = words.host_links.get(name)
    if link is None:
        known = ", ".join(words.host_links)
        table.report("host_interface", described(name), f"one of: {known}")
        return None
    return Figure("host_link_gb_s", link.gb_s, link.sources, link.confidence, note=link.note)
