"""Every byte of a proof file as a square, which tells what refused the change of that byte."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from chipwarden.reports.figures import Origin, badge
from chipwarden.reports.html import Content, Markup, el
from chipwarden.reports.story_facts import StoryFacts
from chipwarden.reports.story_proof_facts import FilePart, ProofChapter, Refused
from chipwarden.reports.svg import n, svg, words
from chipwarden.reports.words import count, number

# Places are whole multiples of a square, for the patterns repeat from the corner of the drawing.
_CELL, _GAP = 8, 1
_LEFT, _COLUMNS = 26 * _CELL, 88
_WIDE = _LEFT + _COLUMNS * _CELL + _CELL
_ACCEPTED = "accepted"
_FULL = _CELL - _GAP

# Marks, so that the answer does not hang on colour alone.
_MARKS = {
    "receipt": "",
    "checkpoint": "M3.5 1V6",
    "file": "M1 6L6 1",
    "opening": "M2.5 3.5H4.5M3.5 2.5V4.5",
    "statement": "M1 3.5H6",
    _ACCEPTED: "M1 1L6 6M1 6L6 1",
}

_HASH = re.compile(r"[0-9a-f]{64}")
_DIGITS = 8


def quoted(says: str) -> Markup:
    """Return what a program said, word for word; of whole hashes only the start."""
    return el("q", _HASH.sub(lambda found: f"{found[0][:_DIGITS]}…", says))


def bytes_figure(facts: StoryFacts) -> Markup:
    """Return the drawing, what was counted, and the same as a table."""
    told, chapter = facts.words["proof"], facts.proof
    return el(
        "figure",
        el("h3", told["bytes"]["title"]),
        el("p", told["bytes"]["says"]),
        _alarm(chapter),
        el("div", _drawing(chapter), class_="drawing", role="region", tabindex="0",
           aria_label=f"{told['bytes']['title']}, drawing"),
        el("figcaption", "Changes ", badge(Origin.GENERATED), " ", _sum(chapter), " ",
           [_key(part) for part in _found(chapter)]),
        _refusers(chapter, facts),
        el("p", told["bytes"]["no_statement"]) if "statement" not in _found(chapter) else None,
        el("details", el("summary", "The same as a table"), _places(chapter)),
        class_="bytes",
        id="every-byte",
        attributes={"data-kind": Origin.GENERATED.value},
    )  # fmt: skip


def _alarm(chapter: ProofChapter) -> Markup | None:
    if not chapter.accepted:
        return None
    at = ", ".join(number(place) for place in chapter.accepted)
    return el("p", f"Accepted although changed: byte {at}. The proof does not hold what this page "
                   "says of it.", class_="alarm")  # fmt: skip


def _sum(chapter: ProofChapter) -> Markup:
    tried = sum(len(part.refused_by) for part in chapter.file)
    refused = sum(one.count for one in chapter.refused)
    return el(
        "strong",
        f"{count(tried, 'byte')}, {count(tried, 'change')}: {number(refused)} refused, "
        f"{number(len(chapter.accepted))} accepted.",
        class_="sum",
    )


def _found(chapter: ProofChapter) -> list[str]:
    """Return the parts of the check that refused something, and "accepted" where that happened."""
    return [one.part for one in chapter.refused] + ([_ACCEPTED] if chapter.accepted else [])


# ------------------------------------------------------------ drawing


def _drawing(chapter: ProofChapter) -> Markup:
    tops = list(_tops(chapter.file))
    said = "; ".join(
        f"{part.name}: "
        + ", ".join(f"{amount} {name or _ACCEPTED}"
                    for name, amount in Counter(part.refused_by).most_common())
        for part in chapter.file
    )  # fmt: skip
    return svg(
        _WIDE,
        tops.pop(),
        "Which part refused the change of each byte",
        said,
        el("defs", [_pattern(part) for part in _found(chapter)]),
        [
            el("g", words(_LEFT - 12, top + 11, [part.name, ", ", number(len(part.refused_by))],
                          "entry", "end"), _squares(part, top))
            for part, top in zip(chapter.file, tops, strict=True)
        ],
    )  # fmt: skip


def _tops(parts: tuple[FilePart, ...]) -> Iterator[int]:
    """Yield where each part begins, and where the drawing ends."""
    top = _CELL
    for part in parts:
        yield top
        rows = -(-len(part.refused_by) // _COLUMNS)
        # A label needs the height of two rows.
        top += (max(rows, 2) + 1) * _CELL
    yield top


def _squares(part: FilePart, top: int) -> Iterator[Markup]:
    """Yield one shape for each refusing part: stretches of a row that it fills."""
    drawn: dict[str, list[str]] = {}
    for start in range(0, len(part.refused_by), _COLUMNS):
        y, column = top + start // _COLUMNS * _CELL, 0
        for name, run in groupby(part.refused_by[start : start + _COLUMNS]):
            wide = len(list(run))
            drawn.setdefault(name or _ACCEPTED, []).append(
                f"M{_LEFT + column * _CELL} {y}h{wide * _CELL}v{_CELL}h-{wide * _CELL}z"
            )
            column += wide
    for name, shapes in drawn.items():
        yield el("path", d="".join(shapes), fill=f"url(#by-{name})")


def _pattern(part: str) -> Markup:
    mark = el("path", d=_MARKS[part], class_="by-mark") if _MARKS[part] else None
    return el(
        "pattern",
        el("rect", width=n(_FULL), height=n(_FULL), rx="1", class_=f"by-{part}"),
        mark,
        id=f"by-{part}",
        width=str(_CELL),
        height=str(_CELL),
        attributes={"patternUnits": "userSpaceOnUse"},
    )


def _key(part: str) -> Markup:
    swatch = el(
        "svg",
        el("rect", width=n(_FULL), height=n(_FULL), fill=f"url(#by-{part})"),
        aria_hidden="true",
        attributes={"viewBox": f"0 0 {_FULL} {_FULL}", "width": "14", "height": "14"},
    )
    return el("span", swatch, part, class_="key")


# ------------------------------------------------------------ tables


def _refusers(chapter: ProofChapter, facts: StoryFacts) -> Markup:
    means = facts.words["proof"]["refusers"]

    def row(one: Refused) -> Markup:
        # Bytes of a line read better than their numbers.
        example = f"byte {number(one.at)}, {one.was!r} became {one.became!r}: "
        return el("tr", el("th", _key(one.part), el("span", means[one.part], class_="says"),
                           scope="row"),
                  el("td", number(one.count), class_="number", data_head="bytes"),
                  el("td", example, quoted(one.says), data_head="example"))  # fmt: skip

    return _table(("refused as", "bytes", "example"), [row(one) for one in chapter.refused],
                  "refusers stacks")  # fmt: skip


def _places(chapter: ProofChapter) -> Markup:
    found = _found(chapter)
    rows = []
    for part in chapter.file:
        counted = Counter(name or _ACCEPTED for name in part.refused_by)
        rows.append(
            el("tr", el("th", part.name, scope="row"), el("td", number(part.start)),
               el("td", number(len(part.refused_by))),
               [el("td", number(counted[name]) if counted[name] else "–") for name in found])
        )  # fmt: skip
    return _table(("where the byte stands", "from byte", "bytes", *found), rows)


def _table(head: tuple[str, ...], rows: Content, class_: str | None = None) -> Markup:
    return el(
        "table",
        el("thead", el("tr", [el("th", name, scope="col") for name in head])),
        el("tbody", rows),
        class_=class_,
    )
