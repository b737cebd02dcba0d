"""Reading a table of a TOML document: each value or a problem with its place.

Nothing is raised here. A reader notes every problem that it meets, so that a
document's problems are reported all at once.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from chipwarden.model.errors import Problem
from chipwarden.model.values import Confidence, decimal_of

# Figures are compared in columns of DECIMAL(18,9): nine digits before the point, nine after.
_LIMIT = Decimal(10) ** 9
_PLACES = 9


def described(value: object) -> str:
    """Return a value as a problem shows it, cut to a readable length."""
    text = repr(str(value)) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


class TableReader:
    """One table of a document.

    Attributes:
        place: where the table is, such as `nvidia-hopper.toml: chip[3]`.
        problems: the list to which problems are added; readers of one document share it.
    """

    def __init__(self, table: object, place: str, problems: list[Problem]) -> None:
        self.place = place
        self.problems = problems
        if isinstance(table, Mapping):
            self.table: Mapping[str, Any] = table
        else:
            self.table = {}
            self.report("", described(table), "a table")

    def report(self, name: str, found: str, expected: str, remedy: str = "") -> None:
        """Note a problem with the value of this name, or with the table itself ("")."""
        place = f"{self.place}.{name}" if name else self.place
        self.problems.append(Problem(place, found, expected, remedy))

    def refuse_other_names(self, known: Iterable[str]) -> None:
        """Note a problem for each name that is not among the known ones."""
        names = sorted(known)
        for name in self.table:
            if name not in names:
                from difflib import get_close_matches  # only when something is wrong

                near = get_close_matches(str(name), names, 1)
                expected = f"{near[0]!r}" if near else "one of: " + ", ".join(names)
                self.report(str(name), "a name that is not known here", expected)

    def text(self, name: str, required: bool = False) -> str:
        """Return a text, "" where there is none."""
        value = self.table.get(name)
        if value is None:
            if required:
                self.report(name, "nothing", "a text")
            return ""
        if not isinstance(value, str) or not value.strip():
            self.report(name, described(value), "a text", "Leave out what is not known.")
            return ""
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; one text alone counts as a list of one."""
        value = self.table.get(name)
        if value is None:
            return ()
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(i, str) and i for i in items):
            self.report(name, described(value), "a list of texts")
            return ()
        return tuple(items)

    def word(self, name: str, allowed: Iterable[str], default: str) -> str:
        """Return one of the allowed words."""
        value = self.table.get(name, default)
        choices = tuple(allowed)
        if value not in choices:
            self.report(name, described(value), "one of: " + ", ".join(choices))
            return default
        return str(value)

    def flag(self, name: str) -> bool | None:
        """Return true or false, None where there is neither."""
        value = self.table.get(name)
        if value is not None and not isinstance(value, bool):
            self.report(name, described(value), "true or false", "Leave out what is not known.")
            return None
        return value

    def count(self, name: str, required: bool = False) -> int | None:
        """Return a whole number from 1 up, None where there is none."""
        value = self.table.get(name)
        if value is None and not required:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.report(name, described(value), "a whole number from 1 up")
            return None
        return value

    def day(self, name: str, required: bool = False) -> date | None:
        """Return a date, None where there is none."""
        value = self.table.get(name)
        if value is None and not required:
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            self.report(name, described(value), "a date such as 2024-11-18")
            return None
        return value

    def number(self, name: str, may_be_zero: bool = False) -> Decimal | None:
        """Return an exact number, None where there is none.

        It is at least 0 (above 0 unless `may_be_zero`), below 1,000,000,000 and
        has at most nine decimal places. A whole number, a decimal or the text
        of one is read; a binary float is refused, for it is not exact.
        """
        value = self.table.get(name)
        if value is None:
            return None
        remedy = "Leave out what is not known."
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            exact = "an exact number"
            if isinstance(value, float):
                remedy = "Read the document with parse_float=Decimal."
            self.report(name, described(value), exact, remedy)
            return None
        try:
            number = decimal_of(value.strip() if isinstance(value, str) else value)
        except ValueError:
            self.report(name, described(value), "a finite number", remedy)
            return None
        lowest = "0 or more" if may_be_zero else "more than 0"
        if number < 0 or (number == 0 and not may_be_zero) or number >= _LIMIT:
            self.report(name, described(value), f"{lowest} and below 1,000,000,000", remedy)
            return None
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > _PLACES:
            self.report(name, described(value), "at most nine decimal places")
            return None
        return number

    def confidence(self, name: str, default: Confidence) -> Confidence:
        """Return a confidence by its word."""
        value = self.table.get(name)
        if value is None:
            return default
        try:
            return Confidence(value)
        except ValueError:
            words = ", ".join(word.value for word in Confidence)
            self.report(name, described(value), f"one of: {words}")
            return default

    def keys_of(self, name: str, known: Mapping[str, Any], what: str) -> tuple[str, ...]:
        """Return a list of keys, each of which is known."""
        keys = self.texts(name)
        for key in keys:
            if key not in known:
                self.report(name, described(key), f"the key of a {what}")
        return keys

    def tables(self, name: str) -> list["TableReader"]:
        """Return a reader for each table of a list of tables."""
        value = self.table.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.report(name, described(value), "a list of tables")
            return []
        prefix = f"{self.place}.{name}" if self.place else name
        return [
            TableReader(table, f"{prefix}[{index}]", self.problems)
            for index, table in enumerate(value)
        ]

    def child(self, name: str) -> "TableReader":
        """Return a reader for the table of this name, empty where there is none."""
        prefix = f"{self.place}.{name}" if self.place else name
        return TableReader(self.table.get(name, {}), prefix, self.problems)
