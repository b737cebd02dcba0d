"""From the rows of a table to order records: one row an order, or one row an item of it.

Rows with the same id are items of one order; what is not of the item need stand only once. A cell
of a list column holds its entries with semicolons between. An empty cell is unknown.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from chipwarden.app.document_columns import BadCell, Cell, RowPlaces, known_columns
from chipwarden.decisions.reading_numbers import EXPECTED_NUMBERS
from chipwarden.decisions.reading_problems import described
from chipwarden.decisions.reading_tables import LIST
from chipwarden.decisions.vocabulary import load_vocabulary
from chipwarden.model.errors import Problem

_FORMULA_MARKS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?%?")
_FLAGS = {"true": True, "false": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The record that one or several rows make."""

    rows: tuple[int, ...]
    record: Mapping[str, Any]
    places: RowPlaces
    problems: tuple[Problem, ...]


def orders_of_rows(
    header: tuple[str, ...], rows: Iterable[tuple[int, tuple[Cell, ...]]]
) -> Iterator[RowOrder]:
    """Yield an order for each id, in the order in which the ids first appear.

    Args:
        header: names of the columns, all of them known.
        rows: each row that is not empty with its number; the header's number is 1.
    """
    groups: dict[object, list[tuple[int, tuple[Cell, ...]]]] = {}
    at = header.index("id")
    for number, cells in rows:
        key = cells[at] if at < len(cells) else None
        # A row without id is an order of its own, so that its problem has its place.
        group = (number,) if key is None else key
        groups.setdefault(group, []).append((number, cells))
    for of_one_id in groups.values():
        yield _RowGroup(header).order(of_one_id)


class _RowGroup:
    """Puts the cells of the rows of one order into a record."""

    def __init__(self, header: tuple[str, ...]) -> None:
        self.columns = [(name, known_columns()[name]) for name in header]
        self.problems: list[Problem] = []

    def order(self, rows: list[tuple[int, tuple[Cell, ...]]]) -> RowOrder:
        record: dict[str, Any] = {}
        tables: dict[str, dict[str, Any]] = {}
        first: dict[str, tuple[int, Cell]] = {}
        items = []
        for number, cells in rows:
            item: dict[str, Any] = {}
            self._check_width(number, cells)
            for (name, column), cell in zip(self.columns, cells, strict=False):
                if cell is None:
                    continue
                place = f'row {number}, column "{name}"'
                if self._is_refused(cell, column.type_name, place):
                    continue
                if column.scope != "item":
                    before = first.setdefault(name, (number, cell))
                    if before[1] != cell:
                        self._differs(place, cell, before)
                    if before != (number, cell):
                        continue
                home = {"order": record, "item": item}.get(column.scope)
                if home is None:
                    home = tables.setdefault(column.scope, {})
                _put(home, column.path, _value(cell, column.type_name))
            items.append(item)
        record.setdefault("schema", load_vocabulary().order_schema)
        record["items"] = items
        places = [(f"items[{i}].", number, "") for i, (number, _) in enumerate(rows)]
        row = rows[0][0]
        held = tables.pop("authorization", None)
        if held is not None:
            record["authorizations"] = [held]
            places.append(("authorizations[0].", row, "authorization."))
        if tables:
            record["parties"] = [{"role": role, **party} for role, party in tables.items()]
            places += [(f"parties[{i}].", row, f"{role}.") for i, role in enumerate(tables)]
        return RowOrder(
            tuple(number for number, _ in rows),
            record,
            RowPlaces((*places, ("", row, ""))),
            tuple(self.problems),
        )

    def _check_width(self, number: int, cells: tuple[Cell, ...]) -> None:
        extra = [cell for cell in cells[len(self.columns) :] if cell is not None]
        if extra:
            found = f"{described(extra[0])} behind the last column"
            expected = f"at most {len(self.columns)} cells"
            remedy = "Put a text that holds a comma in quotes."
            self.problems.append(Problem(f"row {number}", found, expected, remedy))

    def _is_refused(self, cell: Cell, type_name: str, place: str) -> bool:
        """Note a cell that holds a formula, or what a spreadsheet would take for another value."""
        if isinstance(cell, BadCell):
            remedy = "Paste the values in place of the formulas."
            self.problems.append(Problem(place, cell.found, "a plain value", remedy))
            return True
        if type_name == "percent" and isinstance(cell, Decimal) and 0 < cell < 1:
            found = f"{cell}, which a spreadsheet may show as {cell * 100:f} %"
            remedy = "Write the percentage as text, such as 25."
            self.problems.append(Problem(place, found, EXPECTED_NUMBERS["percent"], remedy))
            return True
        if not isinstance(cell, str) or not cell.lstrip(" ").startswith(_FORMULA_MARKS):
            return False
        if type_name in EXPECTED_NUMBERS and _NUMBER.fullmatch(cell.strip()):
            return False
        found = f"{described(cell)}, which a spreadsheet would run as a formula"
        self.problems.append(Problem(place, found, "a plain value", "Write the value itself."))
        return True

    def _differs(self, place: str, cell: Cell, before: tuple[int, Cell]) -> None:
        found = f"{described(cell)}, while row {before[0]} of the same order has "
        found += described(before[1])
        expected = "the same value in every row of an order"
        remedy = "Leave the cell empty, or give the row an id of its own."
        self.problems.append(Problem(place, found, expected, remedy))


def _value(cell: Cell, type_name: str) -> Any:
    """Return a cell as a record holds it; what does not fit is left for the reader to refuse."""
    if type_name.startswith(LIST):
        parts = cell.split(";") if isinstance(cell, str) else [cell]
        return [part.strip() if isinstance(part, str) else part for part in parts if part != ""]
    if type_name == "flag" and isinstance(cell, str):
        return _FLAGS.get(cell.strip().casefold(), cell)
    if type_name in ("date", "founding_date") and isinstance(cell, datetime):
        return cell.date() if cell.time() == time() else cell
    if type_name in ("text", "prose") and isinstance(cell, int | Decimal):
        # A spreadsheet makes a number of an id such as 1001.
        return cell if isinstance(cell, bool) else str(cell)
    return cell


def _put(table: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        table = table.setdefault(name, {})
    table[path[-1]] = value
