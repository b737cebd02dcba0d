"""The words and the style sheet of the story, read from the package."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def story_words() -> Mapping[str, Any]:
    """Return story.toml; it is read once."""
    return tomllib.loads(_text("story.toml"))


@cache
def story_style() -> str:
    """Return the style sheet; it is read once."""
    return _text("story.css")


def _text(name: str) -> str:
    return (files("chipwarden.reports") / "data" / name).read_text("utf-8")
