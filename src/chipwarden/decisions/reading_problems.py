"""What is wrong with an order, in words: collecting, showing, guessing what was meant."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from chipwarden.model.errors import Problem

LEAVE_OUT = "Leave out what is not known."

_SHOWN = 80
_MANY_BITS = 200


class Unreadable(Exception):
    """A single value cannot be read; whoever knows its place makes a problem of it."""

    def __init__(self, found: str, expected: str, remedy: str = "") -> None:
        self.found = found
        self.expected = expected
        self.remedy = remedy
        super().__init__(f"found {found}; expected {expected}")


class ProblemList:
    """The problems of one document, up to a number; the rest is counted."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.more = 0
        self.told: list[Problem] = []

    def add(self, place: str, found: str, expected: str, remedy: str = "") -> None:
        """Note a problem; the place of the order as a whole is ""."""
        if len(self.told) < self.longest:
            self.told.append(Problem(place or "order", found, expected, remedy))
        else:
            self.more += 1

    def all(self) -> tuple[Problem, ...]:
        """Return the problems, the last of them saying how many more there are."""
        if not self.more:
            return tuple(self.told)
        rest = Problem("order", f"{self.more:,} further problems", "none", "Correct these first.")
        return (*self.told, rest)


def described(value: object) -> str:
    """Return a value as a problem shows it, cut to a readable length."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            cut = shortened(value)
            return f'"{cut}"' if cut.isprintable() else ascii(cut)
        case int() if value.bit_length() > _MANY_BITS:
            return "a number of very many digits"
        case int() | Decimal():
            return shortened(str(value))
        case date():
            return value.isoformat()
        case Mapping():
            return "a table"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return f"a value of type {type(value).__name__}"


def shortened(text: str) -> str:
    """Return a text cut to a length that a line can show."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def shown_number(number: Decimal) -> str:
    """Return a number in plain digits, without the zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that was probably meant, None where none is near.

    Capitals, spaces and hyphens make no difference: `endUser` and `End User` mean `end_user`.
    """
    known = {_plain(choice): choice for choice in choices}
    plain = _plain(word[:_SHOWN])
    if plain in known:
        return known[plain]
    from difflib import get_close_matches  # only when something is wrong

    near = get_close_matches(plain, known, 1, 0.7)
    return known[near[0]] if near else None


def _plain(word: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word)
    return re.sub(r"[^a-z0-9]+", "_", parted.casefold()).strip("_")
