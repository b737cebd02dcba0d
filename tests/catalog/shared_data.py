"""Files of facts that stand beside the repository; tests skip where they are absent."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from chipwarden.catalog.chips import Chip
from chipwarden.catalog.loader import load_catalog

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file; skip the test where it is absent."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not beside the repository")
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def chip(chip_id: str) -> Chip:
    """Return a chip of the packaged catalog."""
    return load_catalog().chips[chip_id]


def is_close(value: Decimal, expected: Decimal, share: str) -> bool:
    """Whether a value differs from the expected one by at most this share of it."""
    return abs(value - expected) <= abs(expected) * Decimal(share)
