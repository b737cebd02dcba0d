"""Decide millions of rows: the law as one query, run by DuckDB.

    result = determine_rows(connection, "orders", lawbook, day="date", keep=["id"])
    result.relation.write_parquet("decided.parquet")
    result.clauses

The table has one row an item of a transfer, with columns named like the facts
(docs/how-to/determine-in-bulk.md). A fact without a column is unknown. Rows of
different dates are decided each under the law of its own day.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from chipwarden.decisions.bulk import (
    Coverage,
    Query,
    classification_sql,
    determination_sql,
)
from chipwarden.decisions.bulk_columns import Columns
from chipwarden.decisions.bulk_epochs import Epochs
from chipwarden.expressions.sql import column_types
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.rules.lawbook import Lawbook

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

# Counts and sums that may exceed what a DECIMAL(18,9) holds.
WIDE = frozenset(
    {
        "transfer.lpp_tpp_after_this",
        "transfer.veu_tpp_after_this",
        "transfer.model_training_operations",
    }
)
_SLOT = re.compile(r"([a-z]+)([1-9][0-9]*)\.")
_WHOLE = frozenset(
    f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
)
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_MOST_PLACES = 9


@dataclass(frozen=True, slots=True)
class Bulk:
    """Rows that were decided.

    Attributes:
        relation: the answer, not yet computed: fetch it, or write it to a file.
        query: what is run, and how to read its masks.
        epochs: over how many spans of days the law differs.
        slots: how many parties a row has columns for.
    """

    relation: "DuckDBPyRelation"
    query: Query
    epochs: int
    slots: int

    @property
    def clauses(self) -> int:
        """How many provisions were rendered, over all epochs."""
        return self.query.clauses


def determine_rows(
    connection: "DuckDBPyConnection",
    source: str | Path,
    lawbook: Lawbook,
    *,
    day: str = "transfer.date",
    known_on: date | None = None,
    as_written: bool = False,
    keep: Sequence[str] = ("id",),
    coverage: Coverage | None = None,
    with_requirements: bool = False,
) -> Bulk:
    """Return the US determination of every row, in no order of its own: keep a key.

    Args:
        connection: where the table is, or where a file is to be read.
        source: name of a table or view, or the path of a Parquet file.
        lawbook: the law.
        day: DATE column, the day whose law applies to the row.
        known_on: the day of knowledge; by default that of the data.
        as_written: ignore waivers of enforcement and delayed compliance.
        keep: columns to pass through.
        coverage: where given, rows beyond what the law covers are not cleared.
        with_requirements: add the masks of requirements, which costs time.

    Raises:
        InvalidDocument: all that is wrong with the table.
    """
    table = _Table(connection, source, lawbook, day, keep)
    epochs = Epochs.of_lawbook(lawbook, known_on, as_written)
    query = determination_sql(
        epochs, table.columns, table.sql, table.keep, day, coverage,
        with_requirements=with_requirements,
    )  # fmt: skip
    return Bulk(connection.sql(query.sql), query, len(epochs.laws), table.columns.slots)


def classify_rows(
    connection: "DuckDBPyConnection",
    source: str | Path,
    lawbook: Lawbook,
    *,
    day: str = "transfer.date",
    known_on: date | None = None,
    as_written: bool = False,
    keep: Sequence[str] = ("id",),
) -> Bulk:
    """Return the paragraphs that the item of every row may meet; arguments as above.

    Raises:
        InvalidDocument: all that is wrong with the table.
    """
    table = _Table(connection, source, lawbook, day, keep)
    epochs = Epochs.of_lawbook(lawbook, known_on, as_written)
    query = classification_sql(epochs, table.columns, table.sql, table.keep, day)
    return Bulk(connection.sql(query.sql), query, len(epochs.laws), table.columns.slots)


class _Table:
    """A table that was checked: its columns have the types of facts, its rows a day."""

    def __init__(
        self,
        connection: "DuckDBPyConnection",
        source: str | Path,
        lawbook: Lawbook,
        day: str,
        keep: Sequence[str],
    ) -> None:
        self._name = str(source)
        self._from = (
            f"read_parquet('{str(source).replace(chr(39), chr(39) * 2)}')"
            if isinstance(source, Path)
            else _quoted(source)
        )
        found = {
            str(name): str(kind)
            for name, kind, *_ in connection.execute(f"DESCRIBE FROM {self._from}").fetchall()
        }
        slots = max((int(m[2]) for name in found if (m := _SLOT.match(name))), default=0)
        wanted = column_types(lawbook.declarations, slots=slots, wide=WIDE)
        self._check(list(self._wrong_columns(found, wanted, day, keep)))
        facts = {name: kind for name, kind in wanted.items() if name in found}
        self.columns = Columns(slots, frozenset(facts))
        self.keep = [_quoted(name) for name in keep]
        self._check(list(self._wrong_rows(connection, day, slots, found)))
        # A column of the right type is taken as it is, which costs nothing.
        as_they_are = [_quoted(n) for n in dict.fromkeys((*keep, day)) if n not in facts]
        written = [
            _quoted(name)
            if found[name] == kind
            else f"CAST({_quoted(name)} AS {kind}) AS {_quoted(name)}"
            for name, kind in facts.items()
        ]
        self.sql = f"(SELECT {', '.join([*as_they_are, *written])} FROM {self._from})"

    def _check(self, problems: Sequence[Problem]) -> None:
        if problems:
            raise InvalidDocument(self._name, problems)

    def _wrong_columns(
        self, found: Mapping[str, str], wanted: Mapping[str, str], day: str, keep: Sequence[str]
    ) -> Iterator[Problem]:
        for name in keep:
            if name not in found:
                yield Problem(f"column {name!r}", "no such column", "a column to keep")
        if found.get(day) != "DATE":
            what = found.get(day, "no such column")
            yield Problem(f"column {day!r}", what, "DATE: the day whose law applies")
        for name, kind in found.items():
            if name in wanted and not _fits(kind, wanted[name]):
                remedy = "A binary fraction cannot meet a threshold exactly; store a DECIMAL."
                yield Problem(
                    f"column {name!r}", kind, wanted[name], remedy if "DECIMAL" in wanted[name]
                    else "",
                )  # fmt: skip
            elif name not in wanted and name not in (*keep, day) and _looks_like_a_fact(name):
                yield Problem(f"column {name!r}", "no such fact", "the name of a fact")

    def _wrong_rows(
        self, connection: "DuckDBPyConnection", day: str, slots: int, found: Mapping[str, str]
    ) -> Iterator[Problem]:
        count = '"parties.count"' if "parties.count" in found else "0"
        [(undated, most)] = connection.execute(
            f"SELECT count(*) FILTER ({_quoted(day)} IS NULL), coalesce(max({count}), 0) "
            f"FROM {self._from}"
        ).fetchall()
        if undated:
            yield Problem(f"column {day!r}", f"{undated} rows without a date", "a date in each row")
        if most > slots:
            yield Problem(
                "column 'parties.count'", str(most), f"at most {slots}",
                "Give each party its columns: one that is cut off would be cleared.",
            )  # fmt: skip


def _fits(kind: str, wanted: str) -> bool:
    """Return whether every value of a type is one of the wanted type, or an error on reading."""
    if kind == wanted:
        return True
    if wanted == "VARCHAR":
        return kind.startswith("ENUM")
    if wanted == "INTEGER":
        return kind in _WHOLE
    if not wanted.startswith("DECIMAL"):
        return kind == '"NULL"'
    decimal = _DECIMAL.fullmatch(kind)
    return kind in _WHOLE or (decimal is not None and int(decimal[2]) <= _MOST_PLACES)


def _looks_like_a_fact(name: str) -> bool:
    return re.match(r"(item|transfer|party[0-9]*|parties)\.", name) is not None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
