"""The record of a decision as text for a compliance officer.

decision_text(record, Look(width=88), {"88-FR-73458": "BIS, 88 FR 73458"})
"""

from collections.abc import Mapping, Sequence

from chipwarden.reports.layout import Look, Page, Tone
from chipwarden.reports.sentences import (
    Citations,
    Record,
    cite,
    headline,
    leading,
    transfer_words,
    why,
)
from chipwarden.reports.tree import View, add_tree
from chipwarden.reports.words import eccn, law_line, number, words

_VERDICT_TONES = {
    "no_license_required": Tone.GOOD,
    "license_required": Tone.BAD,
    "prohibited": Tone.BAD,
    "undetermined": Tone.OPEN,
}


def decision_text(
    record: Record, look: Look, citations: Citations | None = None, *, full: bool = False
) -> str:
    """Return a decision as text.

    Args:
        record: of `chipwarden.decision/1`.
        look: width and colour.
        citations: publisher and number by key; where a key is absent, the record's own words.
        full: add all regimes, citations, whole digests and the tree of reasons.
    """
    citations = {**record["citations"], **(citations or {})}
    page = Page(look)
    page.line(headline(record))
    page.line([("Order ", Tone.DIM), (record["order_id"], Tone.STRONG)])
    page.line(transfer_words(record))
    page.line([(law_line(record), Tone.DIM)])
    page.heading("Why")
    for sentence in why(record, citations):
        page.line(sentence, 2)
    _items(page, record["items"])
    _requirements(page, record, citations)
    _possible(page, record["possible_requirements"], citations)
    _authorization(page, record["authorization"])
    _regimes(page, record["verdicts"], full)
    settles = record["outcome"] == "undetermined"
    title = "Questions that would settle it" if settles else "Questions that are open"
    add_questions(page, record["missing"], title)
    _flags(page, record["red_flags"], citations)
    for title, texts in (
        ("Obligations", record["obligations"]),
        ("Warnings", record["warnings"]),
        ("Rests on what is not verified", record["unverified"]),
    ):
        _list(page, title, texts)
    if full:
        _list(page, "Citations", [f"{k}: {text}" for k, text in record["citations"].items()])
        page.heading("Reasons")
        add_tree(page, record["reasons"], citations, View(whole=True))
    _digests(page, record, full)
    return page.text()


def _items(page: Page, items: Sequence[Record]) -> None:
    page.heading("Items")
    rows = []
    for item in items:
        variants = item["variants"]
        same = variants == [item["product"]]
        named = item["product"] if same else f"{item['product']}, read as {' or '.join(variants)}"
        circuit = item["ic_eccn"] if item["ic_eccn"] != item["eccn"] else None
        found = eccn(item["eccn"], item["possible_eccns"])
        rows.append([
            number(item["quantity"]) if item["quantity"] is not None else "?",
            named,
            f"{found} (circuit {circuit})" if circuit and item["eccn"] else found,
            _figure(item, "tpp"),
            _figure(item, "performance_density"),
        ])  # fmt: skip
    page.table(("Units", "Product", "ECCN", "TPP", "TPP/mm²"), rows, right=(0, 3, 4), flexible=1)


def _figure(item: Record, name: str) -> str:
    """Return a figure, or its least and greatest value where the product may be several."""
    found = item[f"{name}_range"]
    if item[name] is not None or found is None:
        return number(item[name])
    return f"{number(found[0])} to {number(found[1])}"


def _requirements(page: Page, record: Record, citations: Citations) -> None:
    found = leading(record)
    if not found:
        return
    page.heading("Requirements that apply")
    for requirement in found:
        page.bullet([(requirement["title"], Tone.STRONG)])
        policy = requirement["review_policy"]
        said = [requirement["provision"], cite(requirement["reference"], citations)]
        said += [f"review: {words(policy)}"] if policy else []
        if requirement["lifted_by"]:
            said.append(f"lifted by {requirement['lifted_by']}")
        if requirement["confidence"] not in ("high", "medium"):
            said.append(f"confidence: {requirement['confidence']}")
        page.line([(" · ".join(said), Tone.DIM)], 4)


def _possible(page: Page, possible: Sequence[Record], citations: Citations) -> None:
    if not possible:
        return
    page.heading("Not ruled out")
    for requirement in possible:
        source = f"{requirement['provision']}; {cite(requirement['reference'], citations)}"
        page.bullet([(requirement["title"], Tone.PLAIN), (f" ({source})", Tone.DIM)])


def _authorization(page: Page, held: Record | None) -> None:
    if held is None:
        return
    outcome = {"yes": "It covers the order.", "no": "It does not cover the order.",
               "undetermined": "What it says does not show that it covers the order."}  # fmt: skip
    note = held.get("note", "")
    children = held.get("children", [])
    if not children:
        page.heading("Authorization")
        page.line(note or outcome[held["outcome"]], 2)
        return
    page.heading("Authorization")
    page.line(outcome[held["outcome"]], 2)
    for child in children:
        page.bullet(f"{child['statement']}: {child['outcome']}")


def _regimes(page: Page, verdicts: Sequence[Record], full: bool) -> None:
    shown = [v for v in verdicts if full or v["outcome"] != "not_subject"]
    if not shown:
        return
    page.heading("Other regimes")
    rows = [
        [v["name"], [(words(v["outcome"]), _VERDICT_TONES.get(v["outcome"], Tone.PLAIN))],
         [(", ".join(v["provisions"]), Tone.DIM)]]
        for v in shown
    ]  # fmt: skip
    page.table(("", "", ""), rows, flexible=2)


def add_questions(page: Page, missing: Sequence[Record], title: str) -> None:
    """Add what is missing, grouped by who can answer."""
    if not missing:
        return
    page.heading(title)
    asked: dict[str, list[Record]] = {}
    for fact in missing:
        asked.setdefault(fact["who"], []).append(fact)
    for who, facts in asked.items():
        page.line([(f"Ask the {who}", Tone.OPEN)], 2)
        for fact in facts:
            page.bullet([(fact["question"], Tone.PLAIN), (f" [{fact['fact']}]", Tone.DIM)], 4)


def _flags(page: Page, flags: Sequence[Record], citations: Citations) -> None:
    if not flags:
        return
    page.heading("Red flags, each to be resolved and documented")
    for flag in flags:
        state = "raised" if flag["outcome"] == "yes" else "not answered"
        source = f" ({flag['flag']}; {cite(flag['reference'], citations)})"
        page.bullet([
            (f"{state}: ", Tone.OPEN), (flag["question"], Tone.PLAIN), (source, Tone.DIM)
        ])  # fmt: skip


def _list(page: Page, title: str, texts: Sequence[str]) -> None:
    if texts:
        page.heading(title)
        for text in texts:
            page.bullet(text)


def _digests(page: Page, record: Record, full: bool) -> None:
    page.blank()
    digests: Mapping[str, str | None] = record["digests"]
    parts = [record["evaluator"]]
    for name, text in digests.items():
        if text is None:
            continue
        parts.append(f"{name} {text if full else text.removeprefix('sha256:')[:12]}")
    page.line([(" · ".join(parts), Tone.DIM)], hang=2)
