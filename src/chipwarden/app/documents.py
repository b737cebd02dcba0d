"""Reading orders from files: TOML and JSON for one, JSON lines, CSV and Excel for many.

What is wrong with one order of a batch does not stop the others:

    for document in read_orders(Path("orders.jsonl")):
        try:
            order = order_of(document, knows_product)
        except InvalidDocument as wrong:
            ...
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipwarden.app.document_columns import RowPlaces, header_problems
from chipwarden.app.document_json import parse_array, parse_object
from chipwarden.app.document_rows import orders_of_rows
from chipwarden.app.document_sheets import Rows, csv_rows, workbook_rows
from chipwarden.app.document_text import ENCODING, toml_nesting_problem, utf8_problem
from chipwarden.app.document_toml import parse_toml
from chipwarden.app.sheet_scan import refused
from chipwarden.decisions.consistency import KnowsProduct
from chipwarden.decisions.order import Order
from chipwarden.decisions.reading import order_from_record
from chipwarden.decisions.vocabulary import Limits, load_vocabulary
from chipwarden.model.errors import InvalidDocument, Problem

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Document:
    """One order as it stands in a file.

    Attributes:
        source: the file, with line, row or number of the order where it holds several.
        record: the order as parsed, None where it could not be.
        problems: what is wrong with the notation, found before the order was read.
        places: for a row of a table, where each place of the record stands.
    """

    source: str
    record: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()
    places: RowPlaces | None = None

    @property
    def error(self) -> InvalidDocument | None:
        """The problems with the notation as an error, None where there are none."""
        return InvalidDocument(self.source, self.problems) if self.problems else None


def order_of(document: Document, knows_product: KnowsProduct) -> Order:
    """Return the order of a document.

    Raises:
        InvalidDocument: all problems, those of the notation first; for a table with the row and
            column of each.
    """
    if document.record is None:
        raise InvalidDocument(document.source, document.problems)
    problems = list(document.problems)
    try:
        order = order_from_record(document.record, document.source, knows_product)
    except InvalidDocument as wrong:
        places = document.places
        for one in wrong.problems:
            place = places.of(one.place) if places else one.place
            # A cell refused as a formula is not missing as well.
            if all(place != told.place for told in document.problems):
                problems.append(Problem(place, one.found, one.expected, one.remedy))
    else:
        if not problems:
            return order
    raise InvalidDocument(document.source, problems)


def order_template() -> tuple[str, ...]:
    """Return the header row of a new table of orders; further columns may be added."""
    return load_vocabulary().table_columns


def read_orders(path: Path) -> Iterator[Document]:
    """Yield every order of a file, in its order.

    The ending of the name says what it is: .toml, .json (one order, or an array of orders),
    .jsonl or .ndjson, .csv, .xlsx. A file that cannot be read is one document with its problem.
    """
    source = str(path)
    reader = _READERS.get(path.suffix.casefold())
    limits = load_vocabulary().limits
    try:
        if reader is None:
            found = f'a file ending in "{path.suffix}"'
            raise refused(source, found, "one of: " + ", ".join(_READERS))
        size = path.stat().st_size
        if not path.is_file():
            raise refused(source, "something that is not a file", "a file of orders")
        if size > limits.file_bytes:
            raise _too_large(source, size, limits.file_bytes)
        yield from reader(path, source, limits)
    except InvalidDocument as wrong:
        yield Document(source, None, wrong.problems)
    except OSError as wrong:
        found = f"that it cannot be read ({wrong.strerror or wrong})"
        yield Document(source, None, (Problem("the file", found, "a file that can be read"),))


def _too_large(source: str, size: int, most: int) -> InvalidDocument:
    return refused(source, f"{size:,} bytes, which is too large", f"at most {most:,} bytes")


def _text(path: Path, source: str, limits: Limits) -> str:
    """Return the text of a file without its byte order mark."""
    with path.open("rb") as stream:
        data = stream.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise _too_large(source, len(data), limits.file_bytes)
    problem = utf8_problem(data)
    if problem is not None:
        raise InvalidDocument(source, [problem])
    text = data.removeprefix(_MARK).decode("utf-8")
    if not text.strip():
        raise refused(source, "nothing: it is empty", "an order")
    return text


def _toml(path: Path, source: str, limits: Limits) -> Iterator[Document]:
    text = _text(path, source, limits)
    problems: list[Problem] = []
    if len(text) > limits.order_bytes:
        problems += _too_large(source, len(text), limits.order_bytes).problems
    deep = toml_nesting_problem(text, limits.nesting)
    problems += [deep] if deep else []
    record = None
    if not problems:
        record, wrong = parse_toml(text)
        problems += [wrong] if wrong else []
    yield Document(source, record, tuple(problems))


def _json(path: Path, source: str, limits: Limits) -> Iterator[Document]:
    text = _text(path, source, limits)
    if not text.lstrip().startswith("["):
        yield _one_json(text, source, limits)
        return
    number = 0
    for number, (record, length, problems) in enumerate(parse_array(text, limits.nesting), 1):
        yield _document(f"{source}, order {number}", record, length, problems, limits)
    if not number:
        raise refused(source, "an empty array", "at least one order")


def _json_lines(path: Path, source: str, limits: Limits) -> Iterator[Document]:
    count = 0
    with path.open("rb") as stream:
        number = 0
        while data := stream.readline(limits.order_bytes + 1):
            number += 1
            here = f"{source}, line {number}"
            size = len(data)
            # The rest of a line that is too long is passed over, not kept.
            end = data
            while not end.endswith(b"\n") and (end := stream.readline(limits.order_bytes)):
                size += len(end)
            data = data.removeprefix(_MARK) if number == 1 else data
            if not data.strip():
                continue
            count += 1
            problem = utf8_problem(data)
            if size > limits.order_bytes:
                text = data.decode("utf-8", "replace")
                yield _document(here, None, size, parse_object(text, limits.nesting)[1], limits)
            elif problem is not None:
                found = Problem("the line", problem.found, problem.expected, problem.remedy)
                yield Document(here, None, (found,))
                if number == 1 and problem.place == ENCODING:
                    return  # every further line would be as wrong
            else:
                yield _one_json(data.decode("utf-8").rstrip("\r\n"), here, limits, number)
    if not count:
        raise refused(source, "nothing: it is empty", "one order a line")


def _one_json(text: str, source: str, limits: Limits, line: int = 1) -> Document:
    record, problems = parse_object(text, limits.nesting, line)
    return _document(source, record, len(text), problems, limits)


def _document(
    source: str, record: object, size: int, problems: tuple[Problem, ...], limits: Limits
) -> Document:
    if size > limits.order_bytes:
        deep = tuple(one for one in problems if "nested" in one.found)
        return Document(
            source, None, (*_too_large(source, size, limits.order_bytes).problems, *deep)
        )
    if record is None and problems:
        return Document(source, None, problems)
    if not isinstance(record, Mapping):
        found = f"{json.dumps(record, default=str)[:60]} in place of an object"
        return Document(source, None, (Problem("order", found, "an object with an order"),))
    return Document(source, record, problems)


def _csv(path: Path, source: str, limits: Limits) -> Iterator[Document]:
    return _rows(csv_rows(_text(path, source, limits), source), source)


def _workbook(path: Path, source: str, limits: Limits) -> Iterator[Document]:
    return _rows(workbook_rows(path, source, limits), source)


def _rows(rows: Rows, source: str) -> Iterator[Document]:
    _, header = next(rows, (1, ()))
    while header and header[-1] is None:
        header = header[:-1]
    if not header:
        raise refused(source, "an empty first row", "the names of the columns")
    problems = header_problems(header)
    if problems:
        raise InvalidDocument(source, problems)
    names = tuple(str(cell).strip() for cell in header)
    count = 0
    filled = (row for row in rows if any(cell is not None for cell in row[1]))
    for order in orders_of_rows(names, filled):
        count += 1
        numbers = ", ".join(str(number) for number in order.rows[:5])
        label = f"row {numbers}" if len(order.rows) == 1 else f"rows {numbers}"
        label += ", …" if len(order.rows) > 5 else ""
        yield Document(f"{source}, {label}", order.record, order.problems, order.places)
    if not count:
        raise refused(source, "a header and no orders", "at least one row below it")


_READERS: Mapping[str, Callable[[Path, str, Limits], Iterator[Document]]] = {
    ".toml": _toml,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
    ".xlsx": _workbook,
}
