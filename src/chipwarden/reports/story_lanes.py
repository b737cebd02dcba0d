"""All roads at a glance: a lane each, with a gate at every order."""

from collections.abc import Mapping
from typing import Any

from chipwarden.reports.figures import Origin, badge
from chipwarden.reports.html import Markup, el
from chipwarden.reports.story_facts import Leg, Road
from chipwarden.reports.svg import dot, line, path, rect, svg, words
from chipwarden.reports.words import OUTCOMES, country
from chipwarden.reports.words import words as spoken

_WIDE, _LEFT, _LANE, _TOP = 820.0, 128.0, 74.0, 8.0
_MOST = 3

# A bar, a pause, a tick: the answer does not hang on colour alone.
_SIGNS: Mapping[str, str] = {
    "block": "M-5 0H5",
    "hold": "M-2.6 -4.5V4.5M2.6 -4.5V4.5",
    "release": "M-5 0.5L-1.5 4L5 -4",
}


def gate(disposition: str) -> Markup:
    """Return the sign of a disposition, to stand in a line of text."""
    return el(
        "svg",
        el("circle", cx="0", cy="0", r="11", class_=f"gate {disposition}"),
        path(_SIGNS[disposition], "gate-sign"),
        class_="gate-icon",
        aria_hidden="true",
        attributes={"viewBox": "-12 -12 24 24", "width": "22", "height": "22"},
    )


def drawn_gate(disposition: str, x: float, y: float) -> Markup:
    """Return the same sign, to stand in a drawing."""
    return el(
        "g",
        el("circle", cx="0", cy="0", r="11", class_=f"gate {disposition}"),
        path(_SIGNS[disposition], "gate-sign"),
        transform=f"translate({x:.1f} {y:.1f})",
    )


def lanes_figure(roads: tuple[Road, ...]) -> Markup:
    """Return the drawing and the same as a table."""
    return el(
        "figure",
        el("div", _drawing(roads), class_="drawing", role="region", tabindex="0",
           aria_label="All roads at a glance, drawing"),
        el("figcaption", "Orders ", badge(Origin.GENERATED), " Each sign is a decision: ",
           [el("span", gate(name), name, class_="key") for name in _SIGNS]),
        _table(roads),
        class_="lanes",
        attributes={"data-kind": Origin.GENERATED.value},
    )  # fmt: skip


def _drawing(roads: tuple[Road, ...]) -> Markup:
    said = "; ".join(
        f"{road.title}: " + ", ".join(f"{leg.caption}, {leg.record['disposition']}"
                                      for leg in road.legs)
        for road in roads
    )  # fmt: skip
    height = _TOP + _LANE * len(roads)
    return svg(
        _WIDE,
        height,
        "All roads at a glance",
        said,
        [_lane(road, _TOP + index * _LANE) for index, road in enumerate(roads)],
    )


def _lane(road: Road, top: float) -> Markup:
    step = (_WIDE - _LEFT - 10) / _MOST
    middle = top + 26
    end = _LEFT + step * len(road.legs) - 16
    return el(
        "g",
        words(_LEFT - 14, middle + 4, road.short, "lane-name", "end"),
        line(_LEFT, middle, end, middle, "lane"),
        [_stop(leg, _LEFT + index * step, step, middle) for index, leg in enumerate(road.legs)],
    )


def _stop(leg: Leg, left: float, step: float, middle: float) -> Markup:
    record, at = leg.record, left + step / 2 - 8
    order = record["order"]
    start, end = country(order["origin"]), country(order["destination"])
    way = start if start == end else f"{_brief(start)} – {_brief(end)}"
    disposition = record["disposition"]
    return el(
        "g",
        el("title", f"{leg.caption}: {_answer(record)}"),
        dot(left, middle, 3.5, "station"),
        rect(at - 13, middle - 13, 26, 26, "lane-gap"),
        drawn_gate(disposition, at, middle),
        words(at, middle - 17, way, "lane-way", "middle"),
        words(at, middle + 27, leg.caption, "lane-said", "middle"),
    )


def _brief(name: str) -> str:
    """Return a country's name in the length that a lane has room for."""
    return name if len(name) <= 14 else "".join(w[0] for w in name.split() if w[0].isupper())


def _answer(record: Mapping[str, Any]) -> str:
    policy = f", {spoken(record['review_policy'])}" if record["review_policy"] else ""
    return f"{record['disposition']}: {OUTCOMES[record['outcome']]}{policy}"


def _table(roads: tuple[Road, ...]) -> Markup:
    rows = []
    for road in roads:
        for index, leg in enumerate(road.legs):
            first = leg.record["requirements"] or leg.record["possible_requirements"]
            clause = first[0]["provision"] if first else "–"
            name = el("th", el("a", road.short, href=f"#road-{road.key}"), scope="rowgroup",
                      rowspan=str(len(road.legs)))  # fmt: skip
            rows.append(
                el("tr", None if index else name, el("td", leg.caption),
                   el("td", gate(leg.record["disposition"]), " ", _answer(leg.record)),
                   el("td", clause, class_="ids"))
            )  # fmt: skip
    head = ("road", "order", "answer", "leading provision")
    return el(
        "details",
        el("summary", "The same as a table"),
        el("table", el("thead", el("tr", [el("th", name, scope="col") for name in head])),
           el("tbody", rows)),
    )  # fmt: skip
