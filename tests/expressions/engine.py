"""DuckDB over generated rows: flat columns for our SQL, structs and a list for the test's own."""

from collections.abc import Sequence

import duckdb

from chipwarden.expressions.sql import column_types

from .generate import SLOTS, Row
from .vocabulary import DECLARATIONS, TYPES, WIDE


def load(rows: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    """Return a connection with the rows as view `cases`."""
    connection = duckdb.connect()
    columns = column_types(DECLARATIONS, slots=SLOTS, wide=WIDE)
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"CREATE TABLE flat (id INTEGER, {declared})")
    marks = ", ".join("?" * (len(columns) + 1))
    connection.executemany(
        f"INSERT INTO flat VALUES ({marks})",
        [[n, *map(cells(row).get, columns)] for n, row in enumerate(rows)],
    )
    slots = ", ".join(_struct("party", f"party{slot}") for slot in range(1, SLOTS + 1))
    connection.execute(f"""
        CREATE VIEW cases AS SELECT *,
            {_struct("item", "item")} AS item,
            {_struct("transfer", "transfer")} AS transfer,
            CASE WHEN "parties.count" IS NULL THEN NULL
                 ELSE list_slice([{slots}], 1, "parties.count") END AS parties,
            "parties.complete" AND "parties.count" <= {SLOTS} AS parties_complete
        FROM flat
    """)
    return connection


def cells(row: Row) -> dict[str, object]:
    """Return the row's values by column."""
    return {**row.values, "parties.count": row.count, "parties.complete": row.complete}


def _struct(scope: str, prefix: str) -> str:
    names = [name.split(".")[1] for name in TYPES if name.startswith(scope + ".")]
    return "struct_pack(" + ", ".join(f'{name} := "{prefix}.{name}"' for name in names) + ")"


def answers(
    connection: duckdb.DuckDBPyConnection, conditions: Sequence[str]
) -> list[tuple[bool | None, ...]]:
    """Return for each row what the conditions come to."""
    columns = ", ".join(f"({condition})" for condition in conditions)
    return connection.execute(f"SELECT {columns} FROM cases ORDER BY id").fetchall()
