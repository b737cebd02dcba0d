"""The story, made once for all tests."""

from functools import cache

from tests.story.pages import Element, read

from chipwarden.app.data import load_data
from chipwarden.app.story import story_facts
from chipwarden.reports.story import story
from chipwarden.reports.story_facts import StoryFacts


@cache
def facts() -> StoryFacts:
    return story_facts(load_data())


@cache
def page() -> str:
    return story(facts())


@cache
def tree() -> Element:
    return read(page())
