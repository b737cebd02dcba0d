"""Writes the story: one page that tells how chips reach a place where they may not be.

write_story(Path("story.html"), load_data())
"""

from collections.abc import Iterable
from pathlib import Path

from chipwarden import __version__
from chipwarden.app.story_chips import chip_chapter
from chipwarden.app.story_proof import proof_chapter
from chipwarden.app.story_roads import case, roads
from chipwarden.decisions.inputs import Data
from chipwarden.reports.story import story
from chipwarden.reports.story_facts import StoryFacts, Unverified
from chipwarden.reports.story_words import story_words
from chipwarden.store.whole_files import replace_whole


def write_story(path: Path, data: Data) -> Path:
    """Write the story in place of what is there, whole or not at all.

    Args:
        path: where; its folder is there.
        data: law, catalog and lists.

    Raises:
        OSError: it cannot be written; what was there is still there.
    """
    replace_whole(path, [story(story_facts(data)).encode("utf-8")])
    return path


def story_facts(data: Data) -> StoryFacts:
    """Return all that the page is made from, with every order decided."""
    words = story_words()
    lawbook, catalog, listed = data.lawbook, data.catalog, data.starter_set
    travelled = roads(data, words)
    return StoryFacts(
        words=words,
        known_to=lawbook.known_to,
        covered_from=lawbook.covered_from,
        evaluator=f"chipwarden {__version__}",
        digests={"law": lawbook.digest, "catalog": catalog.digest, "lists": listed.digest},
        counts={
            "provisions": len(lawbook.provisions),
            "chips": len(catalog.chips),
            "listed parties": len(listed.entries),
        },
        unverified=tuple(_unverified(data)),
        citations=lawbook.citations,
        lead_case=case(words["lead_case"], words),
        chip=chip_chapter(data, words["chip"]),
        roads=travelled,
        proof=proof_chapter(travelled, lawbook.known_to, words["proof"]),
    )


def _unverified(data: Data) -> Iterable[Unverified]:
    """Yield every provision and parameter whose confidence is below what counts as verified."""
    for clause in data.lawbook.provisions:
        if not clause.confidence.is_verified:
            yield Unverified(clause.title, clause.confidence, clause.id)
    for parameter in data.lawbook.parameters.values():
        for value in parameter.values:
            if not value.confidence.is_verified:
                told = f"{parameter.description}, from {value.in_force}"
                yield Unverified(told, value.confidence, parameter.name)
