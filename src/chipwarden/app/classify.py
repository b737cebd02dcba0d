"""Classify a product: its paragraph, its figures, the ladder clause by clause.

classify("NVIDIA H200", load_data())["eccn"]        "3A090.a"
classify_file(Path("chip.toml"), load_data())       a chip of one's own
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipwarden.app.check import Terms
from chipwarden.app.documents import read_orders
from chipwarden.catalog.loader import chip_from_table
from chipwarden.catalog.names import resolve
from chipwarden.decisions.determination import Candidate
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.order import Item, Mode
from chipwarden.decisions.products import DecidedItem, Part, Variant, decide_item
from chipwarden.expressions.facts import UNKNOWN_COLLECTION, Facts
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason, json_value
from chipwarden.rules.lawbook import Law, Lawbook

SCHEMA = "chipwarden.classification/1"
# Note 1 to 3A090.a speaks of who sells, and a classification knows no seller.
_ASSUMED = (
    "The seller is not the foundry or packager of the circuit; for those a presumption may apply "
    "that only a whole order can decide."
)
_NOT_SOLD_BY_FOUNDRY = {"transfer.sold_by_foundry": False}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One fact that is missing: its question, and the clauses that ask for it."""

    question: str
    who: str
    provisions: dict[str, None]


def classify(name: str, data: Data, terms: Terms | None = None) -> dict[str, Any]:
    """Return the classification of a product of the catalog as a record.

    Args:
        name: id, name or alias.
        data: law and catalog.
        terms: under which law; by default that of the data's day, as enforced.

    Raises:
        InvalidDocument: the catalog knows no such product; near names are offered.
    """
    found = resolve(data.catalog, name)
    if not found.variants:
        near = f"Near names: {', '.join(found.near)}." if found.near else ""
        remedy = f"{near} A chip of your own is classified with --file.".strip()
        problem = Problem("product", repr(name), "the id, name or alias of a product", remedy)
        raise InvalidDocument("the catalog", [problem])
    return _record(name, Item(product=name), "product", data, terms or Terms())


def classify_file(path: Path, data: Data, terms: Terms | None = None) -> dict[str, Any]:
    """Return the classification of a chip given as figures in a TOML or JSON file.

    Args:
        path: the file; its figures stand in a table `chip` or at the top.
        data: law and catalog.
        terms: as for `classify`.

    Raises:
        InvalidDocument: all problems of the file.
    """
    document = next(read_orders(path))
    if document.record is None or document.problems:
        raise InvalidDocument(document.source, document.problems)
    table = document.record.get("chip", document.record)
    if not isinstance(table, Mapping):
        problem = Problem("chip", repr(table), "a table of figures")
        raise InvalidDocument(document.source, [problem])
    figures = {key: value for key, value in table.items() if key != "kind"}
    try:
        chip_from_table(figures, "chip")
    except InvalidDocument as wrong:
        raise InvalidDocument(document.source, wrong.problems) from None
    kind = table.get("kind")
    item = Item(chip=figures, kind=kind if isinstance(kind, str) else None)
    name = str(table.get("name", path.name))
    return _record(name, item, "chip", data, terms or Terms())


def _record(name: str, item: Item, place: str, data: Data, terms: Terms) -> dict[str, Any]:
    as_of = terms.as_of or terms.known_on or data.lawbook.known_to
    as_written = terms.mode is Mode.AS_WRITTEN
    law = data.lawbook.law_on(as_of, terms.known_on, as_written=as_written)

    def with_item(values: Mapping[str, Any]) -> Facts:
        return Facts({**values, **_NOT_SOLD_BY_FOUNDRY}, {"parties": UNKNOWN_COLLECTION})

    decided = decide_item(item, place, with_item, (None,), data.catalog, law)
    variants = [_variant(variant, law) for variant in decided.variants]
    reason = _reason(name, decided, variants)
    return {
        "schema": SCHEMA,
        "product": name,
        "as_of": as_of.isoformat(),
        "known_on": law.known_on.isoformat(),
        "mode": (Mode.AS_WRITTEN if as_written else Mode.AS_ENFORCED).value,
        "ic_eccn": _agreed(variants, "ic_eccn"),
        "eccn": _agreed(variants, "eccn"),
        "eccn_of_system": _agreed(variants, "eccn_of_system"),
        "possible_eccns": sorted({code for v in variants for code in v["possible_eccns"]}),
        "tpp": json_value(decided.agreed("item.tpp")),
        "performance_density": json_value(decided.agreed("item.performance_density")),
        "variants": variants,
        "missing": _missing(decided, variants, data.lawbook),
        "assumed": [_ASSUMED] if not law.as_of < data.lawbook.covered_from else [
            f"The law is covered from {data.lawbook.covered_from}; {law.as_of} is earlier."
        ],
        "reasons": reason.to_json(),
        "citations": _citations(reason, data),
        "digests": {"law": data.lawbook.digest, "catalog": data.catalog.digest},
    }  # fmt: skip


def _variant(variant: Variant, law: Law) -> dict[str, Any]:
    parts = [_part(part, variant, law) for part in variant.parts]
    return {
        "name": variant.name,
        "ic_eccn": _agreed(parts, "ic_eccn"),
        "eccn": _agreed(parts, "eccn"),
        "eccn_of_system": _agreed(parts, "eccn_of_system"),
        "possible_eccns": sorted({code for part in parts for code in part["possible_eccns"]}),
        "tpp": _agreed(parts, "tpp"),
        "performance_density": _agreed(parts, "performance_density"),
        "contains": [{"product": part["product"], "count": part["count"]} for part in parts],
    }


def _part(part: Part, variant: Variant, law: Law) -> dict[str, Any]:
    candidates = [determination.candidate for determination in part.determinations]
    return {
        "product": part.source.chip.name,
        "count": part.source.count,
        "ic_eccn": part.ic_eccn,
        "eccn": part.eccn(variant.kind, None, law),
        "eccn_of_system": _of_system(candidates),
        "possible_eccns": [candidate.clause.eccn for candidate in candidates],
        "tpp": json_value(part.facts.values.get("item.tpp")),
        "performance_density": json_value(part.facts.values.get("item.performance_density")),
    }


def _of_system(candidates: list[Candidate]) -> str | None:
    found = {candidate.clause.eccn_of_system for candidate in candidates}
    return (found.pop() or None) if len(found) == 1 else None


def _agreed(parts: list[dict[str, Any]], key: str) -> Any:
    """Return the value on which all parts agree, else None."""
    first = parts[0][key]
    return first if all(part[key] == first for part in parts) else None


def _reason(name: str, decided: DecidedItem, variants: list[dict[str, Any]]) -> Reason:
    lines = tuple(
        Reason(
            f"{variant.name}: {' or '.join(said['possible_eccns'])}",
            Outcome.YES if said["ic_eccn"] else Outcome.UNDETERMINED,
            children=tuple(
                reason
                for part in variant.parts
                for reason in (*part.source.reasons, part.classification)
            ),
        )
        for variant, said in zip(decided.variants, variants, strict=True)
    )
    settled = _agreed(variants, "ic_eccn") is not None
    codes = sorted({code for said in variants for code in said["possible_eccns"]})
    outcome = Outcome.YES if settled else Outcome.UNDETERMINED
    return Reason(f"{name}: {' or '.join(codes)}", outcome, children=lines)


def _missing(
    decided: DecidedItem, variants: list[dict[str, Any]], lawbook: Lawbook
) -> list[dict[str, Any]]:
    found: dict[str, _Asked] = {}
    if len({tuple(said["possible_eccns"]) for said in variants}) > 1:
        names = "; ".join(said["name"] for said in variants)
        found["product"] = _Asked(f"Which of these is it: {names}?", "manufacturer", {})
    for part in decided.parts:
        if part.ic_eccn is not None:
            continue
        for provision, fact in _open_facts(part.classification, ""):
            for asked in lawbook.asked_instead.get(fact, (fact,)):
                declared = lawbook.declarations.facts.get(asked)
                question = declared.question if declared else f"What is {asked}?"
                who = declared.who if declared else "manufacturer"
                place = asked.removeprefix("item.")
                found.setdefault(place, _Asked(question, who, {})).provisions[provision] = None
    return [
        {"fact": fact, "question": asked.question, "who": asked.who,
         "provisions": [name for name in asked.provisions if name]}
        for fact, asked in found.items()
    ]  # fmt: skip


def _open_facts(reason: Reason, provision: str) -> Iterator[tuple[str, str]]:
    """Yield the facts, each with its clause, that leave undetermined nodes open."""
    if reason.outcome is not Outcome.UNDETERMINED:
        return
    provision = reason.provision or provision
    for name in reason.missing:
        yield provision, name
    for child in reason.children:
        yield from _open_facts(child, provision)


def _citations(reason: Reason, data: Data) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in sorted({node.reference for node in reason.walk() if node.reference}):
        citation, source = data.lawbook.citations.get(key), data.catalog.sources.get(key)
        if citation is not None:
            found[key] = f"{citation.publisher}, {citation.title}, {citation.number}"
        elif source is not None:
            found[key] = f"{source.publisher}, {source.title}"
    return found
