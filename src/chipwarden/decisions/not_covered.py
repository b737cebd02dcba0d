"""What is not decided, and where to look instead."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class NotCovered:
    """Kinds for which nothing can clear a transfer.

    Attributes:
        item_kinds: kinds of item with single clauses only.
        look_at: provisions to look at, by kind of transfer or item.
    """

    item_kinds: tuple[str, ...]
    look_at: Mapping[str, str]


@cache
def load_not_covered() -> NotCovered:
    """Return the packaged table; it is read once."""
    text = (files("chipwarden.decisions") / "data" / "not-covered.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return NotCovered(tuple(table["item_kinds"]), table["look_at"])
