"""The story: one page, told in chapters from results.

    html = story(facts)

A later chapter is one more function in CHAPTERS. The page needs nothing but itself:
styles and drawings are in it, and no link leads off it.
"""

from collections.abc import Callable

from chipwarden.reports.html import Markup, el, page
from chipwarden.reports.story_chip import chip_chapter
from chipwarden.reports.story_facts import StoryFacts
from chipwarden.reports.story_opening import opening
from chipwarden.reports.story_proof import proof_chapter
from chipwarden.reports.story_roads import roads_chapter
from chipwarden.reports.story_words import story_style

Chapter = Callable[[StoryFacts], Markup]

CHAPTERS: tuple[Chapter, ...] = (chip_chapter, roads_chapter, proof_chapter)


def story(facts: StoryFacts) -> str:
    """Return the whole page.

    Args:
        facts: results and words; nothing is decided here.
    """
    body = [
        el("a", "Skip to the first chapter", href="#the-chip", class_="skip"),
        opening(facts),
        el("main", [chapter(facts) for chapter in CHAPTERS], _outlook(facts)),
        el(
            "footer",
            el("p", "Made by ", facts.evaluator, " from data brought up to ",
               el("time", facts.known_to.isoformat()), ". The same data give the same page. "
               "It is no legal advice."),
        ),
    ]  # fmt: skip
    return page(facts.words["title"], story_style(), body)


def _outlook(facts: StoryFacts) -> Markup:
    told = facts.words["outlook"]
    return el(
        "section",
        el("h2", told["title"]),
        el("ul", [el("li", line) for line in told["lines"]]),
        class_="chapter outlook",
        id="the-outlook",
    )
