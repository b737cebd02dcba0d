"""Orders and products under two laws as text."""

from collections.abc import Mapping
from typing import Any

from chipwarden.reports.layout import Look, Page, Span, Tone
from chipwarden.reports.words import words

Record = Mapping[str, Any]


def difference_text(record: Record, look: Look) -> str:
    """Return what two laws make of an order or a product, as far as they differ.

    Args:
        record: order_id, source, changed, before, after, problems.
        look: width and colour.
    """
    page = Page(look)
    name = record["order_id"] or record["source"]
    changed = record["changed"]
    state: Span = ("changes", Tone.OPEN) if changed else ("stays the same", Tone.GOOD)
    if record["problems"]:
        state = ("could not be read", Tone.BAD)
    page.line([(name, Tone.STRONG), ("  ", Tone.PLAIN), state])
    for key in changed:
        old, new = record["before"][key], record["after"][key]
        if isinstance(old, list) and key == "possible_requirements":
            _came_and_went(page, words(key), old, new)
            continue
        before, after = _said(old), _said(new)
        page.line([(f"{words(key)}: ", Tone.DIM), (before, Tone.PLAIN), (" → ", Tone.DIM),
                   (after, Tone.STRONG)], 2, 4)  # fmt: skip
    return page.text()


def _came_and_went(page: Page, name: str, old: list[str], new: list[str]) -> None:
    """Add what a long list lost and gained."""
    for word, first, second in (("no more", old, new), ("new", new, old)):
        found = [each for each in first if each not in second]
        if found:
            page.line([(f"{name}, {word}: ", Tone.DIM), (", ".join(found), Tone.PLAIN)], 2, 4)


def _said(value: object) -> str:
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} ({words(v)})" if v else k for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(" or ".join(v) if isinstance(v, list) else str(v) for v in value)
    return words(str(value))
