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
from pathlib import Path

from chipwarden.model.errors import ChipwardenError

OutCell = str | bool | int | Decimal | date | None

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
ENDINGS = (".csv", ".xlsx")

_SHEET = "orders"
_WIDEST = 60
_NARROWEST = 8
# Rows whose width is measured: in constant memory a row cannot be read again.
_MEASURED = 200
_DOUBLE_DIGITS = 15


class InvalidTablePath(ChipwardenError):
    """The ending of a table's name is not one that can be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        endings = " or ".join(ENDINGS)
        super().__init__(f'{path}: found the ending "{path.suffix}"; expected {endings}')


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[OutCell]]) -> None:
    """Write a table in place of what is there.

    Args:
        path: ends in .csv (UTF-8 with a byte order mark, so that Excel reads it) or .xlsx.
        header: names of the columns.
        rows: cells; None is an empty cell.

    Raises:
        InvalidTablePath: the name has another ending.
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
    """Give a file in the same folder, which takes the path's place if nothing fails."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        # A temporary file is private; the finished one is as open as any new file.
        mask = os.umask(0)
        os.umask(mask)
        unfinished.chmod(0o666 & ~mask)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


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
        first = [row for row, _ in zip(pending, range(_MEASURED), strict=False)]
        for column, width in enumerate(_widths(header, first)):
            sheet.set_column(column, column, width)
        for column, name in enumerate(header):
            sheet.write_string(0, column, neutral(name), bold)
        number = 0
        for rest in (first, pending):
            for row in rest:
                number += 1
                for column, cell in enumerate(row):
                    _write_cell(sheet, number, column, cell, day)


def _write_cell(sheet: object, row: int, column: int, cell: OutCell, day: object) -> None:
    from xlsxwriter.worksheet import Worksheet

    assert isinstance(sheet, Worksheet)
    match cell:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, cell)
        case int() | Decimal():
            # A spreadsheet keeps fifteen digits; what has more is written as text.
            if len(Decimal(cell).as_tuple().digits) <= _DOUBLE_DIGITS:
                sheet.write_number(row, column, cell)
            else:
                sheet.write_string(row, column, f"{cell:f}")
        case date():
            sheet.write_datetime(row, column, cell, day)
        case _:
            sheet.write_string(row, column, neutral(cell))


def _widths(header: Sequence[str], rows: Sequence[Sequence[OutCell]]) -> list[int]:
    """Return the width of each column in characters, from its name and the first rows."""
    widths = [len(name) for name in header]
    for row in rows:
        for column, cell in enumerate(row[: len(widths)]):
            widths[column] = max(widths[column], len(_csv_text(cell)))
    return [min(max(width + 2, _NARROWEST), _WIDEST) for width in widths]
