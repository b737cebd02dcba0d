"""Reading the vocabulary of a folder of catalog data."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.catalog.tables import TableReader
from chipwarden.catalog.vocabulary import (
    FigureKind,
    HostLink,
    NameWords,
    NodeRule,
    Precision,
    Process,
    Source,
    Vocabulary,
)
from chipwarden.model.errors import Problem
from chipwarden.model.values import Confidence

FILES = (
    "catalog.toml",
    "sources.toml",
    "figures.toml",
    "precisions.toml",
    "processes.toml",
    "host-links.toml",
    "names.toml",
)

_NOTHING_KNOWN = date(1, 1, 1)


def read_vocabulary(
    documents: Mapping[str, Mapping[str, Any]], problems: list[Problem]
) -> Vocabulary:
    """Return the vocabulary of parsed files, noting every problem with them.

    Args:
        documents: the parsed files by name; one that is absent counts as empty.
        problems: the list to which problems are added.
    """

    def reader(name: str) -> TableReader:
        return TableReader(documents.get(name, {}), name, problems)

    sources = {
        key: _source(key, TableReader(table, f"sources.toml: {key}", problems))
        for key, table in documents.get("sources.toml", {}).items()
    }
    kinds = map(_figure_kind, reader("figures.toml").tables("figure"))
    figures = {kind.name: kind for kind in kinds}
    precisions = reader("precisions.toml")
    processes = reader("processes.toml")
    catalog = reader("catalog.toml")
    definitions = catalog.child("definitions")
    names = reader("names.toml")
    dropped = (*names.texts("vendors"), *names.texts("brands"), *names.texts("fillers"))
    spellings = names.child("spellings")
    nodes = (_process(table, sources) for table in processes.tables("process"))
    links = (_host_link(table, sources) for table in reader("host-links.toml").tables("host_link"))

    def reference(table: TableReader, name: str) -> str:
        key = table.text(name, required=True)
        if key and key not in sources:
            table.report(name, repr(key), "the key of a source")
        return key

    return Vocabulary(
        as_of=catalog.day("as_of", required=True) or _NOTHING_KNOWN,
        sources=sources,
        figures=figures,
        precisions=tuple(_precision(t, figures) for t in precisions.tables("precision")),
        processes={node.name: node for node in nodes},
        node_rule=_node_rule(processes.child("rule"), sources),
        host_links={link.name: link for link in links},
        name_words=NameWords(
            dropped=frozenset(word.casefold() for word in dropped),
            spellings={name: spellings.text(name) for name in spellings.table},
        ),
        tpp_reference=reference(precisions, "reference"),
        density_reference=reference(definitions, "performance_density"),
        memory_density_reference=reference(definitions, "memory_bandwidth_density"),
        io_reference=reference(definitions, "aggregate_io"),
    )


def _source(key: str, table: TableReader) -> Source:
    table.refuse_other_names(("title", "publisher", "date", "licence", "covers"))
    return Source(
        key=key,
        title=table.text("title", required=True),
        publisher=table.text("publisher", required=True),
        date=table.text("date"),
        licence=table.text("licence", required=True),
        covers=table.text("covers", required=True),
    )


def _figure_kind(table: TableReader) -> FigureKind:
    table.refuse_other_names(("name", "label", "unit", "may_be_zero"))
    return FigureKind(
        name=table.text("name", required=True),
        label=table.text("label", required=True),
        unit=table.text("unit", required=True),
        may_be_zero=table.flag("may_be_zero") or False,
    )


def _precision(table: TableReader, figures: Mapping[str, FigureKind]) -> Precision:
    table.refuse_other_names(("rate", "label", "bits", "possible_bits", "note"))
    rate = table.text("rate", required=True)
    if rate and rate not in figures:
        table.report("rate", repr(rate), "the name of a figure")
    bits = table.number("bits")
    possible = tuple(
        number
        for text in table.texts("possible_bits")
        if (number := TableReader({"bits": text}, table.place, table.problems).number("bits"))
    )
    if bits is None and not possible:
        table.report("bits", "nothing", "a bit length, or possible_bits where it is open")
    unit = figures[rate].unit if rate in figures else ""
    return Precision(rate, table.text("label", required=True), unit, bits, possible)


def _process(table: TableReader, sources: Mapping[str, Source]) -> Process:
    table.refuse_other_names(("name", "nm", "non_planar", "sources", "confidence", "note"))
    return Process(
        name=table.text("name", required=True),
        nm=table.number("nm"),
        non_planar=table.flag("non_planar"),
        sources=table.keys_of("sources", sources, "source"),
        confidence=table.confidence("confidence", Confidence.UNVERIFIED),
        note=table.text("note"),
    )


def _node_rule(table: TableReader, sources: Mapping[str, Source]) -> NodeRule:
    line = table.number("largest_non_planar_nm")
    if line is None:
        table.report("largest_non_planar_nm", "nothing usable", "a number of nanometres")
    return NodeRule(
        largest_non_planar_nm=line if line is not None else Decimal(0),
        planar_words=table.texts("planar_words"),
        sources=table.keys_of("sources", sources, "source"),
        confidence=table.confidence("confidence", Confidence.UNVERIFIED),
        note=table.text("note"),
    )


def _host_link(table: TableReader, sources: Mapping[str, Source]) -> HostLink:
    table.refuse_other_names(("name", "gb_s", "sources", "confidence", "note"))
    rate = table.number("gb_s")
    if rate is None:
        table.report("gb_s", "nothing usable", "a rate in GB/s")
    return HostLink(
        name=table.text("name", required=True),
        gb_s=rate if rate is not None else Decimal(0),
        sources=table.keys_of("sources", sources, "source"),
        confidence=table.confidence("confidence", Confidence.UNVERIFIED),
        note=table.text("note"),
    )
