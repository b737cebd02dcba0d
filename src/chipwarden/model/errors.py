"""Errors that a person can act on.

    ChipwardenError
    ├── InvalidDocument       an order, a data file: all its problems at once
    └── families of the domains, each in its own package
"""

from collections.abc import Sequence
from dataclasses import dataclass


class ChipwardenError(Exception):
    """Base of all our errors."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document.

    Attributes:
        place: where, such as `items[0].quantity` or `line 7, column "country"`.
        found: what is there.
        expected: what was expected.
        remedy: what to do next, "" where that is plain.
    """

    place: str
    found: str
    expected: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: found {self.found}; expected {self.expected}"
        return f"{text}. {self.remedy}" if self.remedy else text


class InvalidDocument(ChipwardenError):
    """A document has problems; `problems` holds every one that was found."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__(f"{source}: {count} {noun}\n{lines}")
