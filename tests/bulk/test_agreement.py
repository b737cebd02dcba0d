"""`determine` and the query agree on every row, under every law."""

import os
from collections import Counter
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from chipwarden.rules.loader import load_packaged

from .both_ways import Answer, Table, explained, in_bulk
from .rows import SLOTS, Row, days, rows

CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "2000"))
# What is known, and in which mode: rules before and after their publication, ends that were not
# known yet, waivers that were.
TERMS = (
    (None, False),
    (None, True),
    (date(2023, 10, 24), False),
    (date(2023, 10, 25), True),
    (date(2025, 1, 20), False),
    (date(2025, 5, 12), True),
    (date(2025, 10, 15), False),
    (date(2026, 7, 13), False),
)


@pytest.mark.parametrize(("known_on", "as_written"), TERMS)
def test_random_rows(known_on: date | None, as_written: bool, tmp_path: Path) -> None:
    """Numbers beside the thresholds, unknown facts, open lists, days on which the law changes."""
    lawbook = load_packaged()
    random = Random(f"bulk {known_on} {as_written}")
    made = list(islice(rows(random), CASES // len(TERMS)))
    table = Table([row.cells for row in made], SLOTS)
    answers = in_bulk(table, lawbook, known_on, as_written, tmp_path)
    outcomes: Counter[str] = Counter()
    for row, answer in zip(made, answers, strict=True):
        expected = explained(row.facts, lawbook.law_on(row.day, known_on, as_written=as_written))
        assert answer == expected, difference(row, expected, answer)
        outcomes[answer.outcome] += 1
    assert len(made) >= 200
    # Agreement would mean little if hardly anything but one answer had occurred.
    assert len(outcomes) >= 4 and outcomes.most_common(1)[0][1] < 0.8 * len(made)
    print(f"{len(made)} rows: {dict(outcomes)}")


def test_every_day_of_change_is_met() -> None:
    lawbook = load_packaged()
    assert set(lawbook.breaks()) | set(lawbook.breaks(as_written=True)) <= set(days())


def difference(row: Row, expected: Answer, answer: Answer) -> str:
    """Return in words what differs, and the row."""
    lines = [
        f"{name}: determine {getattr(expected, name)!r}, query {getattr(answer, name)!r}"
        for name in Answer.__dataclass_fields__
        if getattr(expected, name) != getattr(answer, name)
    ]
    return "\n".join([*lines, f"{row.day} {row.count} {row.complete}", f"{row.values}"])
