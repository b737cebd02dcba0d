"""The chapter's planes: chips as points against the fields that clauses draw."""

from collections.abc import Iterator

from chipwarden.reports.figures import Origin, badge, origin_of
from chipwarden.reports.html import Content, Markup, el
from chipwarden.reports.story_facts import (
    Measure,
    Plane,
    Region,
    ShownChip,
    StoryFacts,
    tone_of_eccn,
)
from chipwarden.reports.story_tables import lines_table, points_table
from chipwarden.reports.svg import (
    Labels,
    Scale,
    around,
    dot,
    line,
    path,
    rect,
    svg,
    text_width,
    words,
)
from chipwarden.reports.words import number

TPP = "item.tpp"
_WIDE, _HIGH = 760.0, 470.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 74.0, 742.0, 18.0, 416.0
_ROOM = 2.1
_STRAIGHT_ROOM = 0.14


def plane_figure(plane: Plane, chips: tuple[ShownChip, ...], facts: StoryFacts) -> Markup:
    """Return one plane with its drawing, its lines as a table, and its chips as a table."""
    shown = [chip for chip in chips if chip.measures[TPP].value is not None]
    return el(
        "figure",
        el("h3", _title(plane)),
        el("p", plane.says),
        el("div", _drawing(plane, shown), class_="drawing", role="region", tabindex="0",
           aria_label=f"{plane.title}, drawing"),
        el(
            "figcaption",
            "Lines ", badge(_worst(plane)), " chips ", badge(Origin.REPORTED),
            " A filled dot is a chip of this story, an empty one is there for comparison. ",
            _legend(plane),
        ),
        el("details", el("summary", "The same as tables"), lines_table(plane, facts),
           points_table(plane, shown)),
        class_="plane",
        id=f"plane-{plane.key}",
        attributes={"data-kind": Origin.REPORTED.value},
    )  # fmt: skip


def _title(plane: Plane) -> Content:
    """Return the title with its day in one piece, which no line breaks."""
    day = plane.day.isoformat()
    before, found, after = plane.title.partition(day)
    return [before, el("time", found, datetime=day) if found else None, after]


def _worst(plane: Plane) -> Origin:
    lines = (*plane.x_thresholds, *plane.y_thresholds)
    reported = any(origin_of(t.confidence) is Origin.REPORTED for t in lines)
    return Origin.REPORTED if reported else Origin.REAL


# ------------------------------------------------------------------ drawing


def _drawing(plane: Plane, chips: list[ShownChip]) -> Markup:
    values = {chip.id: _x(chip, plane) for chip in chips}
    known = [float(m.value or m.least or 0) for m in values.values() if m.value or m.least]
    xs = [*known, *(float(t.value) for t in plane.x_thresholds)]
    ys = [float(chip.measures[TPP].value or 0) for chip in chips]
    ys += [float(t.value) for t in plane.y_thresholds]
    room = _ROOM if plane.log else _STRAIGHT_ROOM
    x = Scale(*around(xs, plane.log, room), _LEFT, _RIGHT, plane.log)
    y = Scale(*around(ys, plane.log, room), _BOTTOM, _TOP, plane.log)
    regions = ", ".join(dict.fromkeys(region.name for region in plane.regions))
    said = "; ".join(_spoken(chip, values[chip.id], plane) for chip in chips)
    return svg(
        _WIDE,
        _HIGH,
        plane.title,
        f"Fields: {regions}. Chips: {said}.",
        rect(_LEFT, _TOP, _RIGHT - _LEFT, _BOTTOM - _TOP, "paper"),
        [_field(region, x, y) for region in plane.regions],
        list(_axes(plane, x, y)),
        list(_names(plane, x, y)),
        list(_chips(plane, chips, x, y)),
    )


def _x(chip: ShownChip, plane: Plane) -> Measure:
    return chip.measures[plane.x]


def _spoken(chip: ShownChip, measure: Measure, plane: Plane) -> str:
    tpp = number(chip.measures[TPP].value)
    if measure.value is not None:
        return f"{chip.label} at {tpp} TPP and {number(measure.value)}"
    least = f", at least {number(measure.least)}" if measure.least is not None else ""
    return f"{chip.label} at {tpp} TPP, {plane.unknown}{least}"


def _edges(region: Region, x: Scale, y: Scale) -> tuple[float, float, float, float]:
    left = _LEFT if region.left is None else x(float(region.left))
    right = _RIGHT if region.right is None else x(float(region.right))
    top = _TOP if region.top is None else y(float(region.top))
    bottom = _BOTTOM if region.bottom is None else y(float(region.bottom))
    return left, top, right, bottom


def _tone(region: Region) -> str:
    if region.clause.step == "classification":
        return tone_of_eccn(region.clause.eccn)
    return "review" if region.clause.step == "review" else "duty"


def _field(region: Region, x: Scale, y: Scale) -> Markup:
    left, top, right, bottom = _edges(region, x, y)
    return rect(left, top, right - left, bottom - top, f"field {_tone(region)}",
                f"{region.name}: {region.clause.title}")  # fmt: skip


def _names(plane: Plane, x: Scale, y: Scale) -> Iterator[Markup]:
    """Yield the name of each field, once, in its largest rectangle."""
    largest: dict[str, tuple[float, Region]] = {}
    for region in plane.regions:
        left, top, right, bottom = _edges(region, x, y)
        area = (right - left) * (bottom - top)
        if region.name not in largest or largest[region.name][0] < area:
            largest[region.name] = (area, region)
    for name, (_, region) in largest.items():
        left, top, right, bottom = _edges(region, x, y)
        if right - left < text_width(name) + 12 or bottom - top < 20:
            # Too small for its name: the name stands beside it.
            yield words(left - 6, (top + bottom) / 2 + 4, name, "field-name small", "end")
        else:
            yield words(left + 10, top + 20, name, "field-name")


def _axes(plane: Plane, x: Scale, y: Scale) -> Iterator[Content]:
    yield line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, "axis")
    yield line(_LEFT, _TOP, _LEFT, _BOTTOM, "axis")
    last = float("-inf")
    for step, t in enumerate(plane.x_thresholds):
        at = x(float(t.value))
        yield line(at, _TOP, at, _BOTTOM, "threshold")
        # Neighbours that would touch go one line lower.
        low = at - last < text_width(number(t.value)) + 8 and step > 0
        last = at if not low else last
        yield words(at, _BOTTOM + (32 if low else 17), number(t.value), "tick", "middle")
    last = float("inf")
    for t in plane.y_thresholds:
        at = y(float(t.value))
        yield line(_LEFT, at, _RIGHT, at, "threshold")
        # Neighbours that would touch are stacked upwards.
        last = min(at, last - 12)
        yield words(_LEFT - 7, last + 4, number(t.value), "tick", "end")
    yield words((_LEFT + _RIGHT) / 2, _HIGH - 6, plane.x_label, "axis-name", "middle")
    middle = (_TOP + _BOTTOM) / 2
    label = "total processing performance (TPP)" + (", log" if plane.log else "")
    yield el("text", label, x="14", y=str(middle), class_="axis-name", text_anchor="middle",
             transform=f"rotate(-90 14 {middle})")  # fmt: skip


def _chips(plane: Plane, chips: list[ShownChip], x: Scale, y: Scale) -> Iterator[Content]:
    points: dict[tuple[float, float], list[ShownChip]] = {}
    ranges: list[tuple[ShownChip, float, float]] = []
    for chip in chips:
        measure, at_y = _x(chip, plane), y(float(chip.measures[TPP].value or 0))
        if measure.value is not None:
            points.setdefault((x(float(measure.value)), at_y), []).append(chip)
        else:
            start = x(float(measure.least)) if measure.least is not None else _LEFT
            ranges.append((chip, start, at_y))
    taken = [(at_x - 6, at_y - 6, at_x + 6, at_y + 6) for at_x, at_y in points]
    taken += [(start, at_y - 4, _RIGHT, at_y + 4) for _, start, at_y in ranges]
    labels = Labels((_LEFT, _TOP, _RIGHT, _BOTTOM), taken)
    # The chips of the story choose their places first.
    for chip, start, at_y in ranges:
        yield _range(chip, start, at_y, plane, labels)
    for (at_x, at_y), same in sorted(
        points.items(), key=lambda found: not any(chip.focus for chip in found[1])
    ):
        tone = "focus" if any(chip.focus for chip in same) else "context"
        name = ", ".join(chip.label for chip in same)
        title = "; ".join(_spoken(chip, _x(chip, plane), plane) for chip in same)
        label_x, label_y, anchor = labels.place(at_x, at_y, name)
        yield dot(at_x, at_y, 5.5 if tone == "focus" else 4.5, f"point {tone}", title)
        yield words(label_x, label_y, name, f"chip {tone}", anchor)


def _range(chip: ShownChip, start: float, at_y: float, plane: Plane, labels: Labels) -> Markup:
    """Return a chip whose place along the axis is not known: it may be anywhere on the line."""
    tone = "focus" if chip.focus else "context"
    said = f"{chip.label} · {plane.unknown}"
    label_x, label_y, anchor = labels.along(start, _RIGHT, at_y, said)
    return el(
        "g",
        el("title", _spoken(chip, _x(chip, plane), plane)),
        line(start, at_y, _RIGHT, at_y, f"range {tone}"),
        path(f"M{start:.1f} {at_y - 6:.1f}v12", f"range-end {tone}"),
        words(label_x, label_y, [chip.label, el("tspan", f" · {plane.unknown}", class_="needs")],
              f"chip {tone}", anchor),
    )  # fmt: skip


def _legend(plane: Plane) -> Content:
    names = dict.fromkeys((_tone(region), region.name) for region in plane.regions)
    return [
        el("span", el("i", class_=f"swatch {tone}", aria_hidden="true"), name, class_="key")
        for tone, name in names
    ]
