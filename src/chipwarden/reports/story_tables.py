"""The same as the drawings, as tables: lines with their sources, chips with their figures."""

from decimal import ROUND_DOWN, Decimal

from chipwarden.reports.figures import Origin, figure, origin_of
from chipwarden.reports.html import Content, Markup, el
from chipwarden.reports.story_facts import Measure, Plane, ShownChip, StoryFacts, Threshold
from chipwarden.reports.words import number

_TPP = "item.tpp"



def lines_table(plane: Plane, facts: StoryFacts) -> Markup:
    """Return the lines of a plane with what they are and where they stand."""

    def row(axis: str, t: Threshold) -> Markup:
        source = facts.citations.get(t.reference)
        said = f"{source.number if source else t.reference}; confidence {t.confidence.value}"
        value = figure(f"{number(t.value)} {t.unit}", origin_of(t.confidence), said)
        return el("tr", el("td", axis), el("td", value, class_="number"), el("td", t.description),
                  el("td", t.in_force.isoformat(), class_="day"), el("td", said))  # fmt: skip

    return el(
        "table",
        el("caption", "Lines"),
        _head("axis", "line", "what it is", "in force", "source"),
        el(
            "tbody",
            [row("TPP", t) for t in plane.y_thresholds],
            [row(plane.x_label.partition(" (")[0], t) for t in plane.x_thresholds],
        ),
    )


def points_table(plane: Plane, chips: list[ShownChip]) -> Markup:
    """Return the chips of a plane with their two figures."""

    def cell(measure: Measure) -> Markup:
        return el("td", measured(measure, plane.unknown), class_="number")

    return el(
        "table",
        el("caption", "Chips"),
        _head("chip", "TPP", plane.x_label, "source of the latter"),
        el(
            "tbody",
            [
                el("tr", el("th", chip.label, scope="row"), cell(chip.measures[_TPP]),
                   cell(chip.measures[plane.x]), el("td", chip.measures[plane.x].said))
                for chip in chips
            ],
        ),
    )  # fmt: skip


def measured(measure: Measure, unknown: str) -> Content:
    """Return a chip's figure with its label; what is unknown says what it needs."""
    if measure.value is None:
        least = f"at least {number(measure.least)}" if measure.least is not None else None
        parts: list[Content] = [el("span", unknown, class_="needs")]
        if least:
            parts += [", ", figure(least, Origin.REPORTED, measure.said)]
        return parts
    return figure(_short(measure.value), Origin.REPORTED, measure.said)


def _short(value: Decimal) -> str:
    """Return a number cut to two places, so that it does not seem to reach a line."""
    return number(value.quantize(Decimal("0.01"), ROUND_DOWN))


def _head(*names: str) -> Markup:
    return el("thead", el("tr", [el("th", name, scope="col") for name in names]))
