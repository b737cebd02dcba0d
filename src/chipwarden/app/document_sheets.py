"""Rows of cells from CSV text and from Excel workbooks."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

from chipwarden.app.document_columns import BadCell, Cell
from chipwarden.decisions.reading_problems import shortened
from chipwarden.decisions.vocabulary import Limits
from chipwarden.model.errors import InvalidDocument, Problem

Rows = Iterator[tuple[int, tuple[Cell, ...]]]

# A sheet of this name is read where a workbook has several.
ORDERS_SHEET = "orders"

_CELL_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_FORMULA_OR_ERROR = re.compile(rb'<(?:[A-Za-z0-9]+:)?f[ />]|\bt="e"')
_CELL_NAME = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PIECE = 1 << 20
_OVERLAP = 64


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
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > limits.unpacked_bytes:
                found = f"a workbook of {unpacked:,} bytes once unpacked"
                raise _refused(source, found, f"at most {limits.unpacked_bytes:,}")
            name, part = _sheet_of_orders(archive, source)
            suspects = _scanned(archive, part, source, limits)
            bad_cells = dict(_bad_cells(archive, part)) if suspects else {}
        with python_calamine.load_workbook(path) as workbook:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (
        zipfile.BadZipFile,
        ElementTree.ParseError,
        python_calamine.CalamineError,
        NotImplementedError,  # a compression that Python does not know
        RuntimeError,  # an encrypted part
        KeyError,
        ValueError,
        OSError,
    ) as wrong:
        if isinstance(wrong, OSError) and wrong.errno is not None:
            raise
        raise _refused(source, "a file that is not an Excel workbook", "an .xlsx file") from None
    return _numbered(rows, bad_cells)


def _refused(source: str, found: str, expected: str, remedy: str = "") -> InvalidDocument:
    return InvalidDocument(source, [Problem("the file", found, expected, remedy)])


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
        raise _refused(source, found, expected, "Name the sheet that holds the orders.")
    name = named[0] if named else next(iter(sheets))
    return name, sheets[name]


def _scanned(archive: zipfile.ZipFile, part: str, source: str, limits: Limits) -> bool:
    """Return whether a sheet may hold formulas or errors.

    Raises:
        InvalidDocument: its area is too large; a single cell in the last corner would otherwise
            fill the memory with empty ones.
    """
    rows = columns = 0
    is_suspect = False
    with archive.open(part) as stream:
        for piece in _pieces(stream):
            is_suspect = is_suspect or _FORMULA_OR_ERROR.search(piece) is not None
            for letters, digits in _CELL_PLACE.findall(piece):
                rows = max(rows, int(digits))
                columns = max(columns, _column_number(letters))
    if rows * columns > limits.sheet_cells:
        found = f"a sheet of {rows:,} rows and {columns:,} columns"
        remedy = "Remove what stands far outside the table."
        raise _refused(source, found, f"at most {limits.sheet_cells:,} cells", remedy)
    return is_suspect


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield a stream in pieces that overlap, so that no short pattern is cut in two."""
    before = b""
    while piece := stream.read(_PIECE):
        yield before + piece
        before = piece[-_OVERLAP:]


def _bad_cells(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[tuple[int, int], BadCell]]:
    """Yield row, column and content of each cell that holds a formula or an error."""
    row = column = 0
    with archive.open(part) as stream:
        for event, element in ElementTree.iterparse(stream, ("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if tag == "row" and event == "start":
                row, column = int(element.get("r", row + 1)), 0
            elif tag == "row":
                element.clear()
            elif tag == "c" and event == "start":
                place = _CELL_NAME.fullmatch(element.get("r", ""))
                column = _column_number(place[1].encode()) if place else column + 1
            elif tag == "c":
                formula = element.find("{*}f")
                if formula is not None:
                    text = shortened(formula.text or "")
                    yield (row, column), BadCell(f'the formula "={text}"')
                elif element.get("t") == "e":
                    yield (row, column), BadCell("an error of the spreadsheet")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
