"""The strip chart: what each chip was on each day, and which rules changed it."""

from collections.abc import Iterator
from datetime import date

from chipwarden.reports.figures import Origin, badge, origin_of_clause, plain_number, square
from chipwarden.reports.html import Content, Markup, el
from chipwarden.reports.story_facts import ChipChapter, RuleEvent, ShownChip, StoryFacts, Stretch
from chipwarden.reports.svg import Scale, days, dot, line, rect, svg, text_width, words

_WIDE, _LEFT, _RIGHT, _TOP = 920.0, 118.0, 908.0, 62.0
_ROW, _BAND = 52.0, 16.0
_MARK_ROOM = 19.0


def strip_figure(chapter: ChipChapter, facts: StoryFacts) -> Markup:
    """Return the strip chart with its tables and the list of rules."""
    told, marked = facts.words["chip"]["strip"], _marked(chapter)
    return el(
        "figure",
        el("h3", told["title"]),
        el("p", told["says"]),
        el("div", _drawing(chapter, marked), class_="drawing", role="region", tabindex="0",
           aria_label=f"{told['title']}, drawing"),
        el("figcaption", "Days ", badge(Origin.REAL), " releases and chips ",
           badge(Origin.REPORTED), " order ", badge(Origin.GENERATED), " ", _legend()),
        el("details", el("summary", "The same as a table"), _table(chapter)),
        _rules(chapter, marked, facts),
        class_="strip",
        id="day-by-day",
        attributes={"data-kind": Origin.REPORTED.value},
    )  # fmt: skip


def _marked(chapter: ChipChapter) -> dict[date, int]:
    """Return a number for each day on which a chip's answer changed."""
    days_marked = dict.fromkeys(event.day for event in chapter.events if event.marks)
    return {day: number for number, day in enumerate(days_marked, 1)}


def _drawing(chapter: ChipChapter, marked: dict[date, int]) -> Markup:
    scale = days(chapter.first_day, chapter.last_day, _LEFT, _RIGHT)
    bottom = _TOP + _ROW * len(chapter.chips)
    said = "; ".join(f"{chip.label}: {_spoken(chip)}" for chip in chapter.chips)
    return svg(
        _WIDE,
        bottom + 8,
        "What each chip was on each day",
        said,
        list(_years(chapter, scale, bottom)),
        [_row(chip, index, scale) for index, chip in enumerate(chapter.chips)],
        list(_marks(marked, scale, bottom)),
    )


def _spoken(chip: ShownChip) -> str:
    parts = [f"{s.word} from {s.first.isoformat()}" for s in (*chip.paragraphs, *chip.licenses)]
    return ", ".join(parts)


def _years(chapter: ChipChapter, scale: Scale, bottom: float) -> Iterator[Content]:
    for year in range(chapter.first_day.year + 1, chapter.last_day.year + 1):
        at = scale(date(year, 1, 1).toordinal())
        yield line(at, 16, at, bottom, "year")
        yield words(at + 4, 12, str(year), "tick")


def _marks(marked: dict[date, int], scale: Scale, bottom: float) -> Iterator[Content]:
    last, raised = float("-inf"), False
    for day, number in marked.items():
        at = scale(day.toordinal())
        # Of two that would touch the second stands higher.
        raised = at - last < _MARK_ROOM and not raised
        last = at
        top = _TOP - (34 if raised else 14)
        yield el(
            "g",
            el("title", day.isoformat()),
            line(at, top, at, bottom, "event"),
            dot(at, top, 8, "event-dot"),
            words(at, top + 4, str(number), "event-number", "middle"),
        )


def _row(chip: ShownChip, index: int, scale: Scale) -> Markup:
    top = _TOP + index * _ROW
    tone = "focus" if chip.focus else "context"
    return el(
        "g",
        words(_LEFT - 10, top + 22, chip.label, f"chip {tone}", "end"),
        words(_LEFT - 10, top + 37, "" if chip.released else "release unknown", "aside", "end"),
        [_band(s, scale, top + 6) for s in chip.paragraphs],
        [_band(s, scale, top + 6 + _BAND + 2) for s in chip.licenses],
    )


def _band(stretch: Stretch, scale: Scale, top: float) -> Markup:
    left, right = scale(stretch.first.toordinal()), scale(stretch.last.toordinal())
    wide = right - left
    said = f"{stretch.word}, {stretch.first.isoformat()} to {stretch.last.isoformat()}"
    shown = next(
        (word for word in _shorter(stretch.word) if text_width(word, 5.7) + 10 <= wide), ""
    )
    return el(
        "g",
        rect(left, top, max(wide - 1.5, 1), _BAND, f"band {stretch.tone}", said, rx=2),
        words(left + 5, top + 12, shown, f"in-band {stretch.tone}") if shown else None,
    )


def _shorter(word: str) -> Iterator[str]:
    """Yield a word, then shorter forms of it."""
    yield word
    short = word.replace("presumption of denial", "presumed denied")
    yield short
    yield short.replace("presumed ", "")
    yield short.partition(",")[0]


def _legend() -> Content:
    keys = (
        ("upper", "3A090.a"), ("early", "3A090 of 2022"), ("outside", "outside 3A090"),
        ("free", "none needed"), ("license", "license"), ("denial", "license, presumed denied"),
        ("prohibited", "prohibited"), ("open", "undetermined"),
    )  # fmt: skip
    return [
        el("span", el("i", class_=f"swatch {tone}", aria_hidden="true"), name, class_="key")
        for tone, name in keys
    ]


# ------------------------------------------------------------------ tables


def _table(chapter: ChipChapter) -> Markup:
    rows: list[Content] = []
    for chip in chapter.chips:
        parts = [("paragraph", s) for s in chip.paragraphs]
        parts += [(chip.asked, s) for s in chip.licenses]
        for index, (asked, s) in enumerate(parts):
            name = el("th", chip.label, scope="rowgroup", rowspan=str(len(parts)))
            rows.append(
                el("tr", None if index else name, el("td", asked),
                   el("td", s.first.isoformat(), class_="day"),
                   el("td", s.last.isoformat(), class_="day"), el("td", s.word),
                   el("td", ", ".join(clause.id for clause in s.clauses) or "–", class_="ids"))
            )  # fmt: skip
    head = ("chip", "asked", "from", "to", "answer", "provisions")
    return el(
        "table",
        el("thead", el("tr", [el("th", name, scope="col") for name in head])),
        el("tbody", rows),
    )


def _rules(chapter: ChipChapter, marked: dict[date, int], facts: StoryFacts) -> Markup:
    shown = [event for event in chapter.events if event.marks]
    others = [event for event in chapter.events if not event.marks]
    return el(
        "div",
        el("h4", "The rules behind the numbers"),
        _rule_list(shown, marked, facts),
        el("details", el("summary", "Rules of these years that changed nothing for these chips"),
           _rule_list(others, marked, facts)),
        class_="rules",
    )  # fmt: skip


def _rule_list(
    events: list[RuleEvent], marked: dict[date, int], facts: StoryFacts
) -> Markup:
    by_day: dict[date, list[RuleEvent]] = {}
    for event in events:
        by_day.setdefault(event.day, []).append(event)
    return el("ol", [_day(day, found, marked.get(day), facts) for day, found in by_day.items()],
              class_="days")  # fmt: skip


def _day(day: date, events: list[RuleEvent], mark: int | None, facts: StoryFacts) -> Markup:
    shown = plain_number(str(mark)) if mark else None
    begun = [event for event in events if not event.ends]
    ended = [event.clause.title for event in events if event.ends]
    return el(
        "li",
        el("p", shown, el("time", day.isoformat(), datetime=day.isoformat()), class_="day"),
        el(
            "div",
            el("ul", [_event(event, facts) for event in begun]) if begun else None,
            el("p", f"Ends: {'; '.join(ended)}.", class_="ends") if ended else None,
        ),
    )


def _event(event: RuleEvent, facts: StoryFacts) -> Markup:
    clause = event.clause
    origin = origin_of_clause(clause)
    source = facts.citations.get(clause.reference)
    known = clause.dates.published
    # The first number is enough here; the table of sources has the others.
    said = (source.number if source else clause.reference).partition(",")[0].partition(";")[0]
    # Letters and some rules became known only after the day from which they held.
    late = f", published {known.isoformat()}, after it took effect" if known > event.day else ""
    return el(
        "li",
        square(origin),
        el("span", f"({origin}) ", class_="unseen"),
        clause.title,
        " ",
        el("cite", f"{said}{late}"),
        attributes={"data-kind": origin.value},
    )
