"""Writing tables that a spreadsheet opens: CSV and Excel.

A text that a spreadsheet would run as a formula gets an apostrophe in front. The file appears
only when it is whole: it is written beside its place and then moved there.
"""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

from chipwarden.model.errors import ChipwardenError

OutCell = str | bool | int | Decimal | date | None

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ENDINGS = (".csv", ".xlsx")

_SHEET = "orders"
_WIDEST = 60
_NARROWEST = 8
# Rows whose width is measured: in constant memory a row cannot be read again.
_MEASURED = 200
_DOUBLE_DIGITS = 15
_FIRST_YEAR = 1901  # Excel's own calendar is wrong before March 1900


class InvalidTablePath(ChipwardenError):
    """The ending of a table's name is not one that can be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        endings = " or ".join(ENDINGS)
        super().__init__(f'{path}: found the ending "{path.suffix}"; expected {endings}')


class TableTooLarge(ChipwardenError):
    """A cell does not fit into an Excel workbook."""

    def __init__(self, row: int, column: int) -> None:
        self.row = row
        self.column = column
        super().__init__(
            f"row {row}, column {column}: found a cell outside the limits of Excel; expected at "
            "most 32,767 characters, 1,048,576 rows and 16,384 columns. Write CSV instead."
        )


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[OutCell]]) -> None:
    """Write a table in place of what is there.

    Args:
        path: ends in .csv (UTF-8 with a byte order mark, so that Excel reads it) or .xlsx.
        header: names of the columns.
        rows: cells; None is an empty cell.

    Raises:
        InvalidTablePath: the name has another ending.
        TableTooLarge: a cell or the table is too large for Excel.
        OSError: it cannot be written; what was there is still there.
    """
    write = {".csv": _write_csv, ".xlsx": _write_workbook}.get(path.suffix.casefold())
    if write is None:
        raise InvalidTablePath(path)
    with _beside(path) as unfinished:
        write(unfinished, header, rows)


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_MARKS) else text


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a file in a folder beside the path, which takes its place if nothing fails."""
    # Same disk, so that the move is one step; what a writer leaves there goes with the folder.
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=f".{path.stem}-", ignore_cleanup_errors=True
    ) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        os.replace(unfinished, path)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[OutCell]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([neutral(name) for name in header])
        for row in rows:
            writer.writerow([_csv_text(cell) for cell in row])


def _csv_text(cell: OutCell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return f"{cell:f}"
        case date():
            return cell.isoformat()
        case str():
            return neutral(cell)
        case _:
            return str(cell)


def _write_workbook(path: Path, header: Sequence[str], rows: Iterable[Sequence[OutCell]]) -> None:
    import xlsxwriter  # late: only workbooks need it

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        sheet = workbook.add_worksheet(_SHEET)
        bold = workbook.add_format({"bold": True})
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        pending = iter(rows)
        first = list(islice(pending, _MEASURED))
        for column, width in enumerate(_widths(header, first)):
            sheet.set_column(column, column, width)
        for column, name in enumerate(header):
            _write_cell(sheet, 0, column, name, bold)
        for number, row in enumerate(chain(first, pending), 1):
            for column, cell in enumerate(row):
                _write_cell(sheet, number, column, cell, day if _is_day(cell) else None)


def _write_cell(sheet: Any, row: int, column: int, cell: OutCell, shape: object) -> None:
    failure = 0
    if isinstance(cell, bool):
        failure = sheet.write_boolean(row, column, cell, shape)
    elif isinstance(cell, int | Decimal) and len(_csv_text(cell).strip("-")) <= _DOUBLE_DIGITS:
        failure = sheet.write_number(row, column, cell, shape)
    elif isinstance(cell, date) and _is_day(cell):
        failure = sheet.write_datetime(row, column, cell, shape)
    elif cell is not None:
        # Also a number of more digits than a spreadsheet keeps, and a day before its calendar.
        failure = sheet.write_string(row, column, _csv_text(cell), shape)
    if failure:
        raise TableTooLarge(row + 1, column + 1)


def _is_day(cell: OutCell) -> bool:
    return isinstance(cell, date) and cell.year >= _FIRST_YEAR


def _widths(header: Sequence[str], rows: Sequence[Sequence[OutCell]]) -> list[int]:
    """Return the width of each column in characters, from its name and the first rows."""
    widths = [len(name) for name in header]
    for row in rows:
        for column, cell in enumerate(row[: len(widths)]):
            widths[column] = max(widths[column], len(_csv_text(cell)))
    return [min(max(width + 2, _NARROWEST), _WIDEST) for width in widths]
