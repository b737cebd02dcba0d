"""Products of the catalog as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from chipwarden.reports.layout import Look, Page, Rich, Span, Tone
from chipwarden.reports.tree import add_tree
from chipwarden.reports.words import number, words

Record = Mapping[str, Any]

_WORDS = (
    ("Family", "family"), ("Architecture", "architecture"), ("Designer's seat", "designer_hq"),
    ("Node", "process_node"), ("Dies", "die_count"), ("Memory", "memory_type"),
    ("Links", "interconnect_name"), ("Host", "host_interface"),
    ("For data centres", "datacenter_marketed"), ("Released", "released"), ("Status", "status"),
    ("Variant of", "variant_of"),
)  # fmt: skip


def products_text(records: Sequence[Record], look: Look) -> str:
    """Return a list of products."""
    page = Page(look)
    rows = []
    for record in records:
        inside = ", ".join(f"{part['count']} × {part['product']}" for part in record["contains"])
        rows.append([
            record["name"] + (f": {inside}" if inside else ""),
            record["vendor"],
            record["kind"],
            record["released"] or "",
            number(record["tpp"]) if not inside else "",
            number(record["performance_density"]) if not inside else "",
            [(record["id"], Tone.DIM)],
        ])  # fmt: skip
    header = ("Product", "Vendor", "Kind", "Released", "TPP", "TPP/mm²", "Id")
    page.table(header, rows, right=(4, 5), flexible=0, indent=0)
    return page.text()


def product_text(record: Record, look: Look, citations: Mapping[str, str]) -> str:
    """Return one product with every figure and its sources."""
    page = Page(look)
    page.line([(record["name"], Tone.STRONG), (f"  {record['vendor']}", Tone.PLAIN),
               (f" [{record['id']}]", Tone.DIM)])  # fmt: skip
    if record["aliases"]:
        page.line([("Also ", Tone.DIM), (", ".join(record["aliases"]), Tone.PLAIN)], hang=5)
    if record["note"]:
        page.line(record["note"])
    page.blank()
    rows: list[list[Rich]] = [
        [[(label, Tone.DIM)], number(record[key])]
        for label, key in _WORDS
        if record.get(key) not in (None, "")
    ]
    page.table(("", ""), rows, flexible=1)
    for part in record["contains"]:
        page.line(f"Contains {part['count']} × {part['product']}", 2)
    _figures(page, record.get("figures", ()))
    if record.get("reasons"):
        page.heading("Derived")
        for reason in record["reasons"]:
            add_tree(page, reason, citations)
    if record.get("changes"):
        page.heading(f"Changed against {record['variant_of']}")
        add_changes(page, record["changes"])
    for title, key in (("Variants of it", "variants"), ("Part of", "part_of"), ("Needs", "needs")):
        if record.get(key):
            page.heading(title)
            page.line(", ".join(words(one) for one in record[key]), 2)
    if record["sources"]:
        page.heading("Sources")
        for key, text in record["sources"].items():
            page.bullet([(f"{key}: ", Tone.DIM), (text, Tone.PLAIN)])
    return page.text()


def _figures(page: Page, figures: Sequence[Record]) -> None:
    if not figures:
        return
    page.heading("Figures, dense rates, per circuit")
    rows = []
    for figure in figures:
        bound = {"at_least": "≥ ", "at_most": "≤ "}.get(figure["bound"], "")
        notes = [] if figure["preferred"] else ["not preferred"]
        notes += [figure["confidence"], ", ".join(figure["sources"])]
        said: list[Span] = [("; ".join(notes), Tone.DIM)]
        if figure["reason"] or figure["note"]:
            said.append((f" · {figure['reason'] or figure['note']}", Tone.DIM))
        rows.append([figure["label"], bound + number(figure["value"]), figure["unit"], said])
    page.table(("", "", "", ""), rows, right=(1,), flexible=3)


def add_changes(page: Page, changes: Sequence[Record]) -> None:
    """Add what a variant changed; what it was made for goes first."""
    rows = [
        [change["label"], number(change["before"]), "→", number(change["after"]), change["unit"],
         [("on purpose" if change["purpose"] else "", Tone.DIM)]]
        for change in sorted(changes, key=lambda change: not change["purpose"])
    ]  # fmt: skip
    page.table(("", "", "", "", "", ""), rows, right=(1, 3), flexible=0)
