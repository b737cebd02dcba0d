"""Rows of cells from CSV text and from Excel workbooks."""

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from chipwarden.app.document_columns import BadCell, Cell
from chipwarden.app.sheet_scan import refused, scan_sheet
from chipwarden.decisions.vocabulary import Limits
from chipwarden.model.errors import InvalidDocument, Problem

Rows = Iterator[tuple[int, tuple[Cell, ...]]]

# A sheet of this name is read where a workbook has several.
ORDERS_SHEET = "orders"

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# What a damaged archive or its parts raise; a RuntimeError is an encrypted part.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ElementTree.ParseError,
    ExpatError,
    NotImplementedError,
    RuntimeError,
    LookupError,
    ValueError,
)


def csv_rows(text: str, source: str) -> Rows:
    """Yield each row of CSV text with its number, empty cells as None.

    The separator is the comma, or the semicolon or tab where the first line has only that.

    Raises:
        InvalidDocument: the text is not CSV.
    """
    first = text.partition("\n")[0]
    separators = [mark for mark in ",;\t" if mark in first]
    separator = separators[0] if separators else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, tuple(cell if cell.strip(" ") else None for cell in cells)
    except csv.Error as wrong:
        problem = Problem(
            f"row {number + 1} (line {reader.line_num})",
            f"text that is not CSV ({wrong})",
            "cells with commas between, quotes closed",
            "Check the quotes.",
        )
        raise InvalidDocument(source, [problem]) from None


def workbook_rows(path: Path, source: str, limits: Limits) -> Rows:
    """Return the rows of the sheet of orders of an Excel workbook.

    Raises:
        InvalidDocument: the file is not a workbook, or its sheet cannot be told or is too large.
    """
    import python_calamine  # late: only workbooks need it

    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(archive, source, limits)
            name, part = _sheet_of_orders(archive, source)
            with archive.open(part) as stream:
                bad_cells = scan_sheet(stream, source, limits)
        with python_calamine.load_workbook(path) as workbook:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except OSError as wrong:
        if wrong.errno is not None:
            raise
        raise _no_workbook(source) from None
    except (*_BROKEN, python_calamine.CalamineError):
        raise _no_workbook(source) from None
    return _numbered(rows, bad_cells)


def _no_workbook(source: str) -> InvalidDocument:
    return refused(source, "a file that is not an Excel workbook", "an .xlsx file")


def _check_archive(archive: zipfile.ZipFile, source: str, limits: Limits) -> None:
    unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > limits.unpacked_bytes:
        found = f"a workbook of {unpacked:,} bytes once unpacked"
        raise refused(source, found, f"at most {limits.unpacked_bytes:,} bytes")
    names = [name.casefold() for name in archive.namelist()]
    if len(set(names)) < len(names):
        # Two readers could each take another of them.
        raise refused(source, "a workbook with two parts of one name", "each part once")


def _numbered(rows: list[list[Any]], bad_cells: Mapping[tuple[int, int], BadCell]) -> Rows:
    """Yield the rows with their bad cells, of which a formula may have left nothing else."""
    last = max((row for row, _ in bad_cells), default=0)
    width = max((column for _, column in bad_cells), default=0)
    for number in range(1, max(last, len(rows)) + 1):
        cells = [_cell(cell) for cell in rows[number - 1]] if number <= len(rows) else []
        if number <= last:
            cells += [None] * (width - len(cells))
            cells = [bad_cells.get((number, at), cell) for at, cell in enumerate(cells, 1)]
        yield number, tuple(cells)


def _cell(cell: object) -> Cell:
    """Return a cell exactly: Excel stores doubles, whose shortest text is what it shows."""
    match cell:
        case str():
            return cell if cell.strip(" ") else None
        case float():
            return int(cell) if cell.is_integer() and abs(cell) < 2**53 else Decimal(repr(cell))
        case bool() | int() | date() | time():
            return cell
        case _:
            return str(cell)


def _sheet_of_orders(archive: zipfile.ZipFile, source: str) -> tuple[str, str]:
    """Return the name of the sheet of orders and of its part in the archive."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = {}
    for sheet in book.iterfind(".//{*}sheets/{*}sheet"):
        target = targets.get(sheet.get(_RELATION), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        sheets[sheet.get("name", "")] = part
    named = [name for name in sheets if name.strip().casefold() == ORDERS_SHEET]
    if len(sheets) != 1 and len(named) != 1:
        found = f"{len(sheets)} sheets, and not one of them named {ORDERS_SHEET!r}"
        expected = f"one sheet, or one named {ORDERS_SHEET!r}"
        raise refused(source, found, expected, "Name the sheet that holds the orders.")
    name = named[0] if named else next(iter(sheets))
    return name, sheets[name]
