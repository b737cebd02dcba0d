"""Many orders at once: decided one after the other, written as a table or as JSON lines.

    lines = check_all([Path("orders.xlsx")], load_data(), Terms())
    write_results(Path("results.xlsx"), lines)

An order that cannot be read is a line with its problems; the others go on. Nothing is held in
memory but the order at hand, and the results appear only when all are written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipwarden.app.check import Terms, check_document
from chipwarden.app.documents import Document, read_orders
from chipwarden.app.tables import ENDINGS, OutCell, write_table
from chipwarden.decisions.inputs import Data
from chipwarden.model.canonical import canonical_bytes
from chipwarden.model.errors import ChipwardenError, InvalidDocument, Problem
from chipwarden.store.whole_files import replace_whole

JSON_LINES = (".jsonl", ".ndjson")
HEADER = (
    "order_id",
    "source",
    "as_of",
    "origin",
    "destination",
    "items",
    "disposition",
    "outcome",
    "review_policy",
    "exception",
    "eccns",
    "requirements",
    "missing",
    "red_flags",
    "warnings",
    "problems",
)

# A cell of Excel holds 32,767 characters, counted as UTF-16; an apostrophe may come in front.
_LONGEST = 16_000
_CUT = " … (shortened; the decision record holds all)"


class InvalidResultsPath(ChipwardenError):
    """The ending of the results' name is not one that can be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        endings = ", ".join((*JSON_LINES, *ENDINGS))
        super().__init__(f'{path}: found the ending "{path.suffix}"; expected one of {endings}')


@dataclass(frozen=True, slots=True)
class BatchLine:
    """What one order of a batch came to.

    Attributes:
        source: the file, with line, row or number where it holds several orders.
        record: the decision record, None where there are problems.
        problems: what is wrong with the order.
        order_id: as far as it can be told, else "".
    """

    source: str
    record: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()
    order_id: str = ""


def check_all(
    paths: Iterable[Path],
    data: Data,
    terms: Terms | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[BatchLine]:
    """Yield the decision on every order of the files, in their order.

    Args:
        paths: files as `read_orders` takes them.
        data: law, catalog and lists.
        terms: under which law the orders are decided.
        progress: called after each order with the number of orders so far.
    """
    count = 0
    for path in paths:
        for document in read_orders(path):
            yield _line(document, data, terms)
            count += 1
            if progress is not None:
                progress(count)


def _line(document: Document, data: Data, terms: Terms | None) -> BatchLine:
    try:
        record = check_document(document, data, terms).record
    except InvalidDocument as wrong:
        given = document.record.get("id") if document.record is not None else None
        order_id = given if isinstance(given, str) else ""
        return BatchLine(document.source, None, wrong.problems, order_id)
    return BatchLine(document.source, record, (), record["order_id"])


def write_results(path: Path, lines: Iterable[BatchLine]) -> None:
    """Write the results of a batch in place of what is there.

    Args:
        path: ends in .jsonl or .ndjson (a decision record a line), .csv or .xlsx (a row an order).
        lines: taken one by one.

    Raises:
        InvalidResultsPath: the name has another ending; no line was taken.
        OSError: it cannot be written; what was there is still there.
    """
    ending = path.suffix.casefold()
    if ending in JSON_LINES:
        replace_whole(path, (canonical_bytes(line_json(line)) + b"\n" for line in lines))
    elif ending in ENDINGS:
        write_table(path, HEADER, map(row_of, lines))
    else:
        raise InvalidResultsPath(path)


def line_json(line: BatchLine) -> Mapping[str, Any]:
    """Return the record of a line; of an order that could not be read its problems."""
    if line.record is not None:
        return line.record
    return {
        "source": line.source,
        "order_id": line.order_id or None,
        "problems": [
            {
                "place": problem.place,
                "found": problem.found,
                "expected": problem.expected,
                "remedy": problem.remedy,
            }
            for problem in line.problems
        ],
    }


def row_of(line: BatchLine) -> tuple[OutCell, ...]:
    """Return the cells of a line, by the columns of `HEADER`."""
    problems = _joined(line.problems)
    record = line.record
    if record is None:
        empty = (None,) * (len(HEADER) - 3)
        return (_short(line.order_id) or None, _short(line.source), *empty, problems)
    requirements = [
        f"{one['provision']} ({one['review_policy']})" if one["review_policy"] else one["provision"]
        for one in record["requirements"]
    ]
    return (
        record["order_id"],
        _short(line.source),
        record["as_of"],
        record["order"].get("origin"),
        record["order"].get("destination"),
        _joined(f"{item['quantity'] or '?'} × {item['product']}" for item in record["items"]),
        record["disposition"],
        record["outcome"],
        record["review_policy"],
        record["exception"],
        _joined(dict.fromkeys(_eccn(item) for item in record["items"])),
        _joined(requirements),
        _joined(one["fact"] for one in record["missing"]),
        _joined(f"{one['flag']}: {one['question']}" for one in record["red_flags"]),
        _joined(record["warnings"]),
        problems,
    )


def _eccn(item: Mapping[str, Any]) -> str:
    """Return the ECCN of an item, or those that it may have."""
    if item["eccn"]:
        return str(item["eccn"])
    return " or ".join(item["possible_eccns"]) + " (not settled)"


def _joined(parts: Iterable[object]) -> str | None:
    return _short("; ".join(map(str, parts))) or None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT
