"""Products side by side as text, in blocks of as many columns as fit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chipwarden.reports.layout import Look, Page, Rich, Span, Tone, cells
from chipwarden.reports.products import add_changes
from chipwarden.reports.words import number

Record = Mapping[str, Any]

_LABEL = 30
_LEAST_COLUMN = 11
_MOST_COLUMN = 16
_TONES = {"reaches": Tone.STRONG, "below": Tone.DIM, "does not apply": Tone.DIM}
_SIGNS = {">=": "≥", ">": ">"}


def comparison_text(record: Record, look: Look, citations: Mapping[str, str]) -> str:
    """Return products side by side with every dated line of the rules.

    Args:
        record: products, rows, classification, lines, variants.
        look: width and colour.
        citations: publisher and number by key.
    """
    page = Page(look)
    names = [product["name"] for product in record["products"]]
    texts = [_note(line, citations) for line in record["lines"]]
    marks = {text: number_of for number_of, text in enumerate(dict.fromkeys(texts), 1)}
    line_marks = [marks[text] for text in texts]
    for part in _blocks(names, look.width):
        _figures(page, record, names[part], part)
        _classifications(page, record, names[part], part)
        _lines(page, record["lines"], line_marks, names[part], part)
        page.blank()
    if marks:
        page.heading("What the lines are")
        for text, mark in marks.items():
            page.line([(f"[{mark}] ", Tone.DIM), (text, Tone.PLAIN)], 2, 5)
    for variant in record["variants"]:
        page.heading(f"{variant['product']}: changed against {variant['base']}")
        add_changes(page, variant["changes"])
    return page.text()


def _note(line: Record, citations: Mapping[str, str]) -> str:
    source = citations.get(line["reference"], line["reference"])
    return f"{line['description']} ({', '.join(line['provisions'])}; {source})"


def _blocks(names: Sequence[str], width: int) -> Iterator[slice]:
    room = max((width - _LABEL - 2) // (_LEAST_COLUMN + 2), 1)
    blocks = -(-len(names) // room)
    # Six in two blocks of three rather than in one of four and one of two.
    size = -(-len(names) // blocks)
    for start in range(0, len(names), size):
        yield slice(start, start + size)


def _table(
    page: Page, names: Sequence[str], rows: Sequence[tuple[Rich, Sequence[Rich]]], title: str
) -> None:
    page.heading(title)
    widest = max(map(cells, names))
    fair = (page.look.width - _LABEL - 2) // len(names) - 2
    column = max(min(widest, fair, _MOST_COLUMN), _LEAST_COLUMN)
    widths = [page.look.width - (column + 2) * len(names) - 2, *([column] * len(names))]
    widths[0] = min(widths[0], 46)
    head: list[Rich] = [[("", Tone.DIM)], *([(name, Tone.STRONG)] for name in names)]
    page.columns(head, widths, indent=2, right=range(1, len(widths)))
    for label, values in rows:
        page.columns([label, *values], widths, indent=2, right=range(1, len(widths)))


def _figures(page: Page, record: Record, names: Sequence[str], part: slice) -> None:
    rows: list[tuple[Rich, Sequence[Rich]]] = []
    for row in record["rows"]:
        label: Rich = [(row["label"], Tone.STRONG if row["derived"] else Tone.PLAIN),
                       (f" {row['unit']}", Tone.DIM)]  # fmt: skip
        rows.append((label, [_figure(cell) for cell in row["cells"][part]]))
    _table(page, names, rows, "Figures")


def _figure(cell: Record) -> Rich:
    if cell["value"] is None:
        low, high = cell["low"], cell["high"]
        known = f"≥ {number(low)}" if low is not None and high is None else "–"
        return [(known, Tone.DIM)]
    contested = cell["low"] is not None and cell["low"] != cell["high"]
    doubt = "~" if contested else ""
    return f"{doubt}{number(cell['value'])}"


def _classifications(page: Page, record: Record, names: Sequence[str], part: slice) -> None:
    rows: list[tuple[Rich, Sequence[Rich]]] = []
    last: Sequence[Sequence[str]] = ()
    for entry in record["classification"]:
        if entry["eccns"] != last:
            rows.append((f"from {entry['from']}", [_codes(c) for c in entry["eccns"][part]]))
        last = entry["eccns"]
    _table(page, names, rows, "ECCN of the circuit")


def _codes(codes: Sequence[str]) -> Rich:
    tone = Tone.PLAIN if len(codes) == 1 else Tone.OPEN
    return [(" or ".join(codes), tone)]


def _lines(
    page: Page, lines: Sequence[Record], marks: Sequence[int], names: Sequence[str], part: slice
) -> None:
    merged: dict[tuple[str, str], tuple[dict[int, None], Sequence[str]]] = {}
    for line, mark in zip(lines, marks, strict=True):
        value = f"{_SIGNS[line['operator']]} {number(line['value'])} {line['unit']}"
        named = value if line["unit"].startswith("TPP") else f"{line['label']} {value}"
        held, _ = merged.setdefault((named, line["in_force"]), ({}, line["cells"]))
        held[mark] = None
    rows: list[tuple[Rich, Sequence[Rich]]] = []
    for (named, day), (held, sides) in merged.items():
        label: list[Span] = [(named, Tone.PLAIN), (f" {day} {list(held)}", Tone.DIM)]
        rows.append((label, [[(side, _TONES.get(side, Tone.OPEN))] for side in sides[part]]))
    if rows:
        _table(page, names, rows, "Lines of the rules, with the first day of each")
