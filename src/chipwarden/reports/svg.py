"""Drawing: scales, and labels that keep out of each other's way.

Colours are classes of the style sheet, so that one drawing serves light, dark and paper.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from chipwarden.reports.html import Content, Markup, el

_LETTER = 7.0
_LINE = 15.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values onto a length in pixels, straight or by logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value, held within the length."""
        value = min(max(value, self.low), self.high)
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def days(first: date, last: date, start: float, end: float) -> Scale:
    """Return a scale of days; values are ordinals."""
    return Scale(first.toordinal(), last.toordinal(), start, end)


def around(values: Iterable[float], log: bool, room: float) -> tuple[float, float]:
    """Return the ends of an axis that holds these values with room at both ends.

    Args:
        values: at least one, above 0 where the axis is logarithmic.
        log: whether it is.
        room: of a logarithmic axis a factor, else a share of the greatest value.
    """
    found = list(values)
    if log:
        return min(found) / room, max(found) * room
    return 0.0, max(found) * (1 + room)


def n(value: float) -> str:
    """Return a coordinate as it is written."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def svg(width: float, height: float, title: str, said: str, *content: Content) -> Markup:
    """Return a drawing with a title and a description for those who do not see it."""
    return el(
        "svg",
        el("title", title),
        el("desc", said),
        content,
        role="img",
        attributes={"viewBox": f"0 0 {n(width)} {n(height)}", "width": n(width),
                    "height": n(height), "aria-label": f"{title}. {said}"},
    )  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return el("line", x1=n(x1), y1=n(y1), x2=n(x2), y2=n(y2), class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str,
         title: str | None = None, rx: float = 0) -> Markup:  # fmt: skip
    """Return a rectangle; a title is shown when it is pointed at."""
    box = el("rect", x=n(x), y=n(y), width=n(max(width, 0)), height=n(max(height, 0)),
             rx=n(rx) if rx else None, class_=class_)  # fmt: skip
    return el("g", el("title", title), box) if title else box


def dot(x: float, y: float, radius: float, class_: str, title: str | None = None) -> Markup:
    """Return a dot; a title is shown when it is pointed at."""
    circle = el("circle", cx=n(x), cy=n(y), r=n(radius), class_=class_)
    return el("g", el("title", title), circle) if title else circle


def words(x: float, y: float, said: Content, class_: str, anchor: str = "start") -> Markup:
    """Return text; `anchor` says which end of it stands at x."""
    return el("text", said, x=n(x), y=n(y), class_=class_, text_anchor=anchor)


def path(d: str, class_: str) -> Markup:
    """Return a path."""
    return el("path", d=d, class_=class_)


def text_width(said: str, letter: float = _LETTER) -> float:
    """Return about how wide a text is, in pixels."""
    return len(said) * letter


Box = tuple[float, float, float, float]


class Labels:
    """Finds a free place beside a point for each label: right, left, above, below."""

    def __init__(self, frame: Box, taken: Iterable[Box] = ()) -> None:
        self._frame = frame
        self._taken = list(taken)

    def place(self, x: float, y: float, said: str, gap: float = 9) -> tuple[float, float, str]:
        """Return where a label goes and which end of it stands there."""
        wide = text_width(said)
        offers = (
            (x + gap, y + 4, "start", x + gap),
            (x - gap, y + 4, "end", x - gap - wide),
            (x, y - gap, "middle", x - wide / 2),
            (x, y + gap + 9, "middle", x - wide / 2),
            (x + gap, y - gap, "start", x + gap),
            (x - gap, y - gap, "end", x - gap - wide),
            (x + gap, y + gap + 9, "start", x + gap),
            (x - gap, y + gap + 9, "end", x - gap - wide),
        )
        return self._first_free(offers, wide)

    def along(self, start: float, end: float, y: float, said: str) -> tuple[float, float, str]:
        """Return where the label of a level line goes: above or below it, at either end."""
        wide = text_width(said)
        offers = tuple(
            (at_x, at_y, anchor, left)
            for at_x, anchor, left in (
                (start + 10, "start", start + 10),
                (end - 6, "end", end - 6 - wide),
            )
            for at_y in (y - 8, y + 17)
        )
        return self._first_free(offers, wide)

    def _first_free(
        self, offers: Sequence[tuple[float, float, str, float]], wide: float
    ) -> tuple[float, float, str]:
        for at_x, at_y, anchor, left in offers:
            box = (left, at_y - _LINE + 3, left + wide, at_y + 3)
            if self._is_free(box):
                self._taken.append(box)
                return at_x, at_y, anchor
        at_x, at_y, anchor, _ = offers[0]
        return at_x, at_y, anchor

    def _is_free(self, box: Box) -> bool:
        left, top, right, bottom = self._frame
        inside = box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom
        return inside and not any(_overlap(box, other) for other in self._taken)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
