"""The chapter on the chip."""

from chipwarden.reports.html import Markup, el
from chipwarden.reports.story_facts import ShownChip, StoryFacts
from chipwarden.reports.story_planes import plane_figure
from chipwarden.reports.story_strip import strip_figure
from chipwarden.reports.story_tables import measured

# Heading, fact, what a chip without it needs.
_COLUMNS = (
    ("TPP", "item.tpp", "needs dense rates"),
    ("density, TPP per mm²", "item.performance_density", "needs die area"),
    ("input/output, GB/s", "item.io_gb_s", "needs host link"),
    ("DRAM, GB/s", "item.memory_bandwidth_gb_s", "needs bandwidth"),
)


def chip_chapter(facts: StoryFacts) -> Markup:
    """Return the chapter: the chips, the planes, the days."""
    words, chapter = facts.words["chip"], facts.chip
    return el(
        "section",
        el("h2", words["title"]),
        el("p", words["lead"], class_="lead"),
        el(
            "div",
            el(
                "table",
                el("caption", "The chips of this story"),
                el("thead", el("tr", el("th", "chip", scope="col"),
                               [el("th", name, scope="col") for name, _, _ in _COLUMNS],
                               el("th", "released", scope="col"))),
                el("tbody", [_row(chip) for chip in chapter.chips]),
                class_="chips",
            ),
            class_="drawing", role="region", tabindex="0", aria_label="The chips of this story",
        ),
        [plane_figure(plane, chapter.chips, facts) for plane in chapter.planes],
        strip_figure(chapter, facts),
        class_="chapter",
        id="the-chip",
    )  # fmt: skip


def _row(chip: ShownChip) -> Markup:
    released = chip.released.isoformat() if chip.released else "not known"
    return el(
        "tr",
        el("th", chip.label, el("span", chip.says, class_="says"), scope="row"),
        [el("td", measured(chip.measures[fact], needs), class_="number")
         for _, fact, needs in _COLUMNS],
        el("td", released, class_="day"),
        class_="focus" if chip.focus else None,
    )  # fmt: skip
