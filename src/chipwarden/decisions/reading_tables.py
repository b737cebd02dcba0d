"""Reading the tables and lists of an order by the types of the vocabulary.

Nothing is raised here: what is wrong is left out and noted as a problem with its place, so that
all problems of an order are reported at once.
"""

from collections.abc import Mapping
from typing import Any

from chipwarden.decisions.reading_problems import (
    ProblemList,
    Unreadable,
    described,
    nearest,
    shortened,
)
from chipwarden.decisions.reading_values import EXPECTED, expected_of, read_value
from chipwarden.decisions.vocabulary import OrderVocabulary

LIST = "list "
_REQUIRED = "It is required."
# The vocabulary has more facts than a person would read through, so only short lists are shown.
_FEW = 30


class TableReader:
    """Reads the tables of one order.

    A list of tables keeps its length: an entry that is wrong is an empty table, so that the
    places of later problems are right.
    """

    def __init__(self, vocabulary: OrderVocabulary, problems: ProblemList) -> None:
        self.vocabulary = vocabulary
        self.problems = problems

    def table(
        self, value: object, name: str, place: str, owners_deep: int = 0, also: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return the fields of a table that are given and right, by their names.

        Args:
            value: what is there.
            name: name of the table in the vocabulary, such as `item`.
            place: where it is, "" for the order itself.
            owners_deep: how many owners one above the other this table is in.
            also: further names that it may have and that are read elsewhere.
        """
        if not isinstance(value, Mapping):
            self.problems.add(place, described(value), "a table of fields")
            return {}
        fields = self.vocabulary.fields[name]
        self._refuse_other_names(value, (*also, *fields), place, name)
        required = self.vocabulary.required.get(name, ())
        found: dict[str, Any] = {}
        for field, type_name in fields.items():
            raw = value.get(field)
            here = f"{place}.{field}" if place else field
            if raw is None:
                if field in required:
                    self.problems.add(here, "nothing", self._expected(type_name), _REQUIRED)
                continue
            one = self._value(raw, type_name, here, owners_deep)
            if one is not None:
                found[field] = one
        return found

    def _value(self, value: object, type_name: str, place: str, owners_deep: int) -> Any:
        if type_name.startswith(LIST):
            return self._list(value, type_name.removeprefix(LIST), place, owners_deep)
        if type_name == "facts":
            return self._facts(value, place)
        if type_name in self.vocabulary.fields:
            return self.table(value, type_name, place, owners_deep)
        return self._scalar(value, type_name, place)

    def _scalar(self, value: object, type_name: str, place: str) -> Any:
        try:
            return read_value(value, type_name, self.vocabulary)
        except Unreadable as wrong:
            self.problems.add(place, wrong.found, wrong.expected, wrong.remedy)
            return None

    def _list(
        self, value: object, type_name: str, place: str, owners_deep: int
    ) -> tuple[Any, ...] | None:
        is_table = type_name in self.vocabulary.fields
        if not isinstance(value, list | tuple):
            remedy = "Put it in square brackets."
            if is_table:
                remedy = f"Write [[{place}]] in TOML, square brackets in JSON."
            what = "a list of tables" if is_table else "a list"
            self.problems.add(place, described(value), what, remedy)
            return None
        longest = self.vocabulary.limits.list
        if len(value) > longest:
            found = f"a list of {len(value):,} entries"
            self.problems.add(place, found, f"at most {longest:,} entries", "Split the order.")
            return None
        if type_name == "owner":
            owners_deep += 1
            deepest = self.vocabulary.limits.owners_deep
            if owners_deep > deepest:
                found = f"owners nested more than {deepest} deep"
                self.problems.add(place, found, f"owners nested at most {deepest} deep")
                return None
        entries: list[Any] = []
        for index, entry in enumerate(value):
            one = self._value(entry, type_name, f"{place}[{index}]", owners_deep)
            if one is not None:
                entries.append(one)
        return tuple(entries)

    def _facts(self, value: object, place: str) -> dict[str, dict[str, Any]] | None:
        """Return for each fact its value and, where given, its evidence."""
        if not isinstance(value, Mapping):
            self.problems.add(place, described(value), EXPECTED["facts"])
            return None
        types = self.vocabulary.facts
        self._refuse_other_names(value, tuple(types), place, "facts")
        found: dict[str, dict[str, Any]] = {}
        for name, type_name in types.items():
            raw = value.get(name)
            if raw is None:
                continue
            here = f"{place}.{name}"
            evidence: dict[str, Any] = {}
            if isinstance(raw, Mapping):
                evidence = self.table(raw, "evidence", here, also=("value",))
                raw, here = raw.get("value"), f"{here}.value"
                if raw is None:
                    self.problems.add(here, "nothing", self._expected(type_name), _REQUIRED)
                    continue
            one = self._scalar(raw, type_name, here)
            if one is not None:
                found[name] = {"value": one, **evidence}
        return found

    def _refuse_other_names(
        self, value: Mapping[Any, Any], known: tuple[str, ...], place: str, table: str
    ) -> None:
        """Note a problem for each name that the table does not have."""
        for key in value:
            if key in known:
                continue
            name = str(key) if isinstance(key, str) else described(key)
            label = shortened(name)
            label = label if label.isprintable() else ascii(label)
            expected = f"a name of the table {table}"
            if len(known) <= _FEW:
                expected = "one of: " + ", ".join(known)
            here = f"{place}.{label}" if place else label
            self.problems.add(
                here, f'the unknown name "{label}"', expected, self._meant(name, known)
            )

    def _meant(self, name: str, known: tuple[str, ...]) -> str:
        near = nearest(name, known)
        if near is not None:
            return f'Write "{near}".'
        if name in self.vocabulary.facts:
            return "It belongs in facts."
        tables = self.vocabulary.tables_with(name)
        return f"It belongs in {' or '.join(tables)}." if tables else ""

    def _expected(self, type_name: str) -> str:
        return "a list" if type_name.startswith(LIST) else expected_of(type_name, self.vocabulary)
