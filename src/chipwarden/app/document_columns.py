"""The columns of a table of orders: where their cells go in a record, and back again.

A column is named as the field in an order: `destination`, `screening.lists`, `facts.open_weights`.
The item of a row has `product`, `quantity`, `chip.int8_tops`; its kind is `item.kind`. A party's
columns begin with its role: `consignee.name`, `end_user.parent.headquarters`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from chipwarden.decisions.reading_problems import described, nearest, shortened
from chipwarden.decisions.reading_tables import LIST
from chipwarden.decisions.vocabulary import OrderVocabulary, load_vocabulary
from chipwarden.model.errors import Problem


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell of a workbook that holds a formula or an error in place of a value."""

    found: str


Cell = str | bool | int | Decimal | date | time | BadCell | None


@dataclass(frozen=True, slots=True)
class Column:
    """Where the cells of a column go.

    Attributes:
        scope: "order", "item", "authorization" or the role of a party.
        path: names of the tables and the field in it.
        type_name: type of the field in the vocabulary.
    """

    scope: str
    path: tuple[str, ...]
    type_name: str


@cache
def known_columns() -> Mapping[str, Column]:
    """Return every column that a table of orders may have, by its name."""
    vocabulary = load_vocabulary()
    columns = dict(_columns(vocabulary, "order", "order", (), ""))
    columns |= {f"facts.{n}": Column("order", ("facts", n), t) for n, t in vocabulary.facts.items()}
    items = dict(_columns(vocabulary, "item", "item", (), ""))
    columns |= {name: column for name, column in items.items() if name not in columns}
    columns |= {f"item.{name}": column for name, column in items.items()}
    columns |= _columns(vocabulary, "authorization", "authorization", (), "authorization.")
    for role in vocabulary.words["role"]:
        columns |= _columns(vocabulary, role, "party", (), f"{role}.")
        del columns[f"{role}.role"]
    return MappingProxyType(columns)


def _columns(
    vocabulary: OrderVocabulary, scope: str, table: str, path: tuple[str, ...], prefix: str
) -> Iterator[tuple[str, Column]]:
    for field, type_name in vocabulary.fields[table].items():
        label = "parent" if field == "ultimate_parent" else field
        entry_type = type_name.removeprefix(LIST)
        if type_name in vocabulary.fields:
            yield from _columns(vocabulary, scope, type_name, (*path, field), f"{prefix}{label}.")
        elif entry_type not in vocabulary.fields and type_name != "facts":
            yield f"{prefix}{label}", Column(scope, (*path, field), type_name)


@dataclass(frozen=True, slots=True)
class RowPlaces:
    """Says in which row and column a place of a record stands.

    Attributes:
        prefixes: beginnings of places with the row and the beginning of its columns.
    """

    prefixes: tuple[tuple[str, int, str], ...]

    def of(self, place: str) -> str:
        """Return the row and column of a place such as `parties[0].name`."""
        for prefix, row, columns in self.prefixes:
            if place == prefix.rstrip("."):
                label = columns.rstrip(".")
                return f'row {row}, columns "{label}.…"' if label else f"row {row}"
            if place.startswith(prefix):
                name = place.removeprefix(prefix).replace("ultimate_parent.", "parent.")
                name = columns + re.sub(r"\[[0-9]+\]$", "", name)
                if prefix.startswith("items") and name == "kind":
                    name = "item.kind"
                return f'row {row}, column "{name}"'
        return place


def header_problems(header: Iterable[Cell]) -> tuple[Problem, ...]:
    """Return what is wrong with a header row: unknown, repeated or missing columns."""
    known = known_columns()
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, cell in enumerate(header, 1):
        if isinstance(cell, BadCell):
            place = f"row 1, column {number}"
            problems.append(Problem(place, cell.found, "the name of a field"))
            continue
        name = str(cell).strip() if cell is not None else ""
        place = f'row 1, column "{shortened(name)}"'
        if not name:
            place = f"row 1, column {number}"
            problems.append(Problem(place, "a column without a name", "the name of a field"))
        elif name not in known:
            near = nearest(name, known)
            remedy = f'Write "{near}".' if near else "Remove the column or correct its name."
            found = f"the unknown column {described(name)}"
            problems.append(Problem(place, found, "a column of an order", remedy))
        elif name in seen:
            problems.append(Problem(place, "the column twice", "each column once"))
        seen.add(name)
    required = load_vocabulary().required["order"]
    for name in required:
        if name not in (*seen, "schema", "items"):
            found = f'no column "{name}"'
            problems.append(Problem("row 1", found, f'a column "{name}"', "Add it."))
    return tuple(problems)
