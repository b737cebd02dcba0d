"""A classification as text: the answer, the arithmetic, the ladder clause by clause."""

from collections.abc import Iterator, Mapping
from typing import Any

from chipwarden.reports.layout import Look, Page, Tone
from chipwarden.reports.text import add_questions
from chipwarden.reports.tree import View, add_tree
from chipwarden.reports.words import eccn, law_line, number

Record = Mapping[str, Any]


def classification_text(
    record: Record, look: Look, citations: Mapping[str, str], *, full: bool = False
) -> str:
    """Return a classification as text.

    Args:
        record: of `chipwarden.classification/1`.
        look: width and colour.
        citations: publisher and number by key.
        full: show also what did not decide a clause.
    """
    page = Page(look)
    code = record["eccn"] or record["ic_eccn"]
    codes = " or ".join(record["possible_eccns"])
    tone = Tone.STRONG if code else Tone.OPEN
    page.line([(record["product"], Tone.STRONG), (": ", Tone.PLAIN),
               (f"ECCN {code}" if code else f"undetermined, {codes}", tone)])  # fmt: skip
    if record["ic_eccn"] and record["ic_eccn"] != record["eccn"]:
        page.line(f"It contains circuits of ECCN {record['ic_eccn']}.")
    elif record["eccn_of_system"] and record["eccn_of_system"] != code:
        page.line(f"A board or system that contains it: ECCN {record['eccn_of_system']}.")
    page.line([(law_line(record), Tone.DIM)])
    _variants(page, record)
    for title, nodes, view in _parts(record, full):
        page.heading(title)
        for node in nodes:
            add_tree(page, node, citations, view)
    add_questions(page, record["missing"], "Questions that would settle it")
    for text in record["assumed"]:
        page.blank()
        page.line([("Assumed: ", Tone.DIM), (text, Tone.DIM)])
    return page.text()


def _variants(page: Page, record: Record) -> None:
    variants = record["variants"]
    page.heading("Products that the name fits" if len(variants) > 1 else "Product")
    rows = []
    for variant in variants:
        inside = ", ".join(f"{c['count']} × {c['product']}" for c in variant["contains"])
        is_itself = len(variant["contains"]) == 1 and variant["contains"][0]["count"] == 1
        rows.append([
            variant["name"] if is_itself else f"{variant['name']}: {inside}",
            eccn(variant["eccn"], variant["possible_eccns"]),
            number(variant["tpp"]),
            number(variant["performance_density"]),
        ])  # fmt: skip
    page.table(("", "ECCN", "TPP", "TPP/mm²"), rows, right=(2, 3), flexible=0)


def _parts(record: Record, full: bool) -> Iterator[tuple[str, list[Record], View]]:
    """Yield arithmetic and ladder of each product; what is the same for several is told once."""
    seen: list[list[Record]] = []
    products = record["reasons"].get("children", ())
    for product in products:
        nodes = product.get("children", ())
        ladder = [node for node in nodes if node["statement"].startswith("Classification")]
        figures = [_once(node, nodes) for node in nodes if node not in ladder]
        named = f" of {product['statement'].rpartition(': ')[0]}" if len(products) > 1 else ""
        for title, part in (("Arithmetic", figures), ("Ladder, the first that holds", ladder)):
            if part not in seen:
                seen.append(part)
                yield title + named, part, View(whole=full)


def _once(node: Record, others: list[Record]) -> Record:
    """Return a node without the children that stand beside it anyway."""
    beside = {other["statement"] for other in others}
    children = [c for c in node.get("children", ()) if c["statement"] not in beside]
    return {**node, "children": children}
