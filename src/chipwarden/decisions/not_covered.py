"""What is not decided, and where to look instead."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from chipwarden.model.data_texts import data_texts, once_per_texts


@dataclass(frozen=True, slots=True)
class NotCovered:
    """Kinds for which nothing can clear a transfer.

    Attributes:
        item_kinds: kinds of item with single clauses only.
        look_at: provisions to look at, by kind of transfer or item.
    """

    item_kinds: tuple[str, ...]
    look_at: Mapping[str, str]


@once_per_texts
def load_not_covered() -> NotCovered:
    """Return the table of the data in use; it is read once."""
    table = tomllib.loads(data_texts().text("decisions/not-covered.toml"))
    return NotCovered(tuple(table["item_kinds"]), table["look_at"])
