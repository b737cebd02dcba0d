"""Regions below country level, under one name whatever spelling an order uses."""

import tomllib

from chipwarden.model.data_texts import data_texts, once_per_texts


@once_per_texts
def _spellings() -> dict[str, str]:
    table = tomllib.loads(data_texts().text("decisions/regions.toml"))["regions"]
    return {
        spelling.casefold(): name for name, spellings in table.items() for spelling in
        (name, *spellings)
    }  # fmt: skip


def region(text: str | None) -> str | None:
    """Return the name of a region, None where it is not given or not recognised."""
    return None if text is None else _spellings().get(" ".join(text.casefold().split()))
