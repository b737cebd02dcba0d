"""Looking through a sheet of a workbook before it is read.

Two things a reader of values does not do. It gives a formula's stored value, or nothing, as if it
were a plain one. And it makes room for every cell up to the last, so that a single one in the far
corner fills the memory and ends the process.
"""

import re
from typing import IO
from xml.parsers import expat

from chipwarden.app.document_columns import BadCell
from chipwarden.decisions.reading_problems import shortened
from chipwarden.decisions.vocabulary import Limits
from chipwarden.model.errors import InvalidDocument, Problem

_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ROW = re.compile(r"[1-9][0-9]{0,6}")
_PIECE = 1 << 20


def refused(source: str, found: str, expected: str, remedy: str = "") -> InvalidDocument:
    """Return the error for a file as a whole."""
    return InvalidDocument(source, [Problem("the file", found, expected, remedy)])


def scan_sheet(stream: IO[bytes], source: str, limits: Limits) -> dict[tuple[int, int], BadCell]:
    """Return the cells that hold a formula or an error, by row and column from 1.

    Raises:
        InvalidDocument: the sheet's area is too large.
        ExpatError, ValueError: it is not the XML of a sheet.
    """
    scan = _Scan()
    while piece := stream.read(_PIECE):
        scan.parser.Parse(piece)
        if scan.rows * scan.columns > limits.sheet_cells:
            found = f"a sheet of {scan.rows:,} rows and {scan.columns:,} columns or more"
            remedy = "Remove what stands far outside the table."
            raise refused(source, found, f"at most {limits.sheet_cells:,} cells", remedy)
    scan.parser.Parse(b"", True)
    return scan.bad_cells


class _Scan:
    """Follows the cells of a sheet; rows and columns say how far they reach."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.bad_cells: dict[tuple[int, int], BadCell] = {}
        self._row = self._column = 0
        self._formula: list[str] | None = None
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        match tag.rpartition(" ")[2]:
            case "row":
                number = attributes.get("r")
                if number is not None and not _ROW.fullmatch(number):
                    raise ValueError(f"no row: {number}")
                self._row = self._row + 1 if number is None else int(number)
                self._column = 0
                self.rows = max(self.rows, self._row)
            case "c":
                self._go_to(attributes.get("r"))
                if attributes.get("t") == "e":
                    bad = BadCell("an error of the spreadsheet")
                    self.bad_cells[self._row, self._column] = bad
            case "f":
                self._formula = []

    def _go_to(self, name: str | None) -> None:
        if name is None:
            self._column += 1
        else:
            place = _CELL.fullmatch(name)
            if place is None:
                raise ValueError(f"no cell: {name}")
            self._row, self._column = int(place[2]), _column_number(place[1])
        self.rows = max(self.rows, self._row)
        self.columns = max(self.columns, self._column)

    def _end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] == "f" and self._formula is not None:
            text = shortened("".join(self._formula))
            self.bad_cells[self._row, self._column] = BadCell(f'the formula "={text}"')
            self._formula = None

    def _text(self, text: str) -> None:
        if self._formula is not None:
            self._formula.append(text)

    def _doctype(self, *_: object) -> None:
        raise ValueError("a sheet has no document type")


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
