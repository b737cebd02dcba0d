"""One order in milliseconds, millions of rows in seconds, under all dated US clauses.

The rows are made up (benchmarks/_rows.py): chips with figures to both sides of all thresholds,
three resolved parties each, dates from 2022 to 2026, some facts unknown. Beside the
classification stands openfisca-core on the rows whose facts are all known, with equal results;
beside the determination the bound that memory sets: reading its columns once.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import duckdb

from benchmarks._openfisca import NAME as PEER
from benchmarks._openfisca import classify as classify_with_peer
from benchmarks._rows import columns, make
from benchmarks.figures import Figure
from chipwarden.app.data import knows_product, load_data
from chipwarden.decisions.bulk import Coverage
from chipwarden.decisions.decide import decide
from chipwarden.decisions.reading import order_from_record
from chipwarden.rules.lawbook import Lawbook
from chipwarden.store.bulk import classify_rows, determine_rows

THREADS = 2
UNKNOWN_PERCENT = 2
TIMES = 5
ORDER = {
    "schema": "chipwarden.order/1",
    "id": "benchmark",
    "kind": "export",
    "date": date(2026, 3, 2),
    "origin": "US",
    "destination": "MY",
    "parties_complete": True,
    "items": [{"product": "NVIDIA B200", "quantity": 64, "value_usd": Decimal(2560000)}],
    "parties": [
        {"role": "exporter", "name": "Example Systems", "country": "US", "headquarters": "US"},
        {
            "role": "consignee",
            "name": "Example Cloud Sdn Bhd",
            "country": "MY",
            "headquarters": "MY",
            "ultimate_parent": {"name": "Example Holding", "headquarters": "CN"},
        },
        {"role": "end_user", "name": "Example Laboratory", "country": "MY"},
    ],
    "end_use": {"purposes": ["ai_training"]},
}


def run(quick: bool) -> Iterator[Figure]:
    """Yield the figures; those of a command line that is not there yet are left out."""
    lawbook = load_data().lawbook
    yield _decision(200 if quick else 2000)
    with duckdb.connect(config={"threads": THREADS}) as connection:
        connection.execute("SET enable_progress_bar = false")
        yield _classification(connection, lawbook, 1_000_000 if quick else 4_000_000)
        yield _determination(connection, lawbook, 1_000_000 if quick else 3_000_000)
    if find_spec("chipwarden.cli") is None:
        print("rules.check_process_s: skipped, there is no command line yet", file=sys.stderr)
        return
    yield _process(3 if quick else 10)


def _decision(times: int) -> Figure:
    data = load_data()
    order = order_from_record(ORDER, "benchmark", knows_product)
    decision = decide(order, data)
    start = time.perf_counter()
    for _ in range(times):
        decide(order, data)
    nodes = sum(1 for _ in decision.reason.walk())
    return Figure(
        figure="rules.decision_ms",
        value=(time.perf_counter() - start) / times * 1000,
        unit="ms",
        conditions=(
            f"mean of {times} decisions on one order: 64 B200, US to Malaysia, three parties, "
            f"one with a parent in China; {nodes} reasons; outcome {decision.outcome}; data and "
            "the law of the day are loaded, the order is read"
        ),
    )


def _classification(
    connection: duckdb.DuckDBPyConnection, lawbook: Lawbook, count: int
) -> Figure:
    of_items = {n: k for n, k in columns(lawbook).items() if n.startswith("item.")}
    make(connection, "chips", count, of_items, UNKNOWN_PERCENT)
    # No foundry sells here, as in the peer's ladder; then Note 1 asks nothing of the parties.
    connection.execute('ALTER TABLE chips ADD "transfer.sold_by_foundry" BOOLEAN DEFAULT FALSE')
    bulk = classify_rows(connection, "chips", lawbook, day="date")
    seconds = _fastest(lambda: _write(connection, bulk.query.sql))
    peer_rate, compared = classify_with_peer(
        connection, lawbook, bulk.query.paragraphs, min(count, 1_000_000)
    )
    return Figure(
        figure="rules.classify_rows_per_s",
        value=count / seconds,
        unit="1/s",
        peer=f"{PEER} on the rows without unknown facts",
        peer_value=peer_rate,
        conditions=(
            f"{count:,} chips of mixed dates 2022-2026 in {bulk.epochs} epochs, "
            f"{UNKNOWN_PERCENT} % of the figures unknown, {bulk.clauses} paragraphs; from a table "
            f"in memory to a table, planning included; {THREADS} threads, best of {TIMES}; "
            f"{compared:,} rows compared with the peer, all equal; {_bound(connection, 'chips')}"
        ),
    )


def _determination(
    connection: duckdb.DuckDBPyConnection, lawbook: Lawbook, count: int
) -> Figure:
    data = load_data()
    coverage = Coverage(
        frozenset(data.vocabulary.covered_kinds),
        frozenset(data.not_covered.item_kinds),
        lawbook.covered_from,
    )
    make(connection, "orders", count, columns(lawbook), UNKNOWN_PERCENT)
    bulk = determine_rows(connection, "orders", lawbook, day="date", coverage=coverage)
    before = time.process_time()
    seconds = _fastest(lambda: _write(connection, bulk.query.sql))
    # Beside a busy machine's clock the processor time says more.
    cpu_us = (time.process_time() - before) / TIMES / count * 1e6
    shares = connection.execute(
        "SELECT outcome, round(100 * count(*) / sum(count(*)) OVER ()) FROM answer "
        "GROUP BY outcome ORDER BY ALL"
    ).fetchall()
    outcomes = ", ".join(f"{outcome} {share:.0f} %" for outcome, share in shares)
    bound = _bound(connection, "orders")
    return Figure(
        figure="rules.determine_rows_per_s",
        value=count / seconds,
        unit="1/s",
        conditions=(
            f"{count:,} items, each with three resolved parties and a date of 2022-2026, "
            f"{UNKNOWN_PERCENT} % of the facts unknown; all {bulk.clauses} clauses in "
            f"{bulk.epochs} epochs; outcome, policy, bounds, exceptions, paragraphs; from a table "
            f"in memory to a table, planning included; {THREADS} threads, best of {TIMES}, "
            f"{cpu_us:.1f} us of processor time a row; {outcomes}; {bound}"
        ),
    )


def _process(times: int) -> Figure:
    order = {**ORDER, "date": str(ORDER["date"])}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "order.json"
        path.write_text(json.dumps(order, default=int), encoding="utf-8")
        command = [str(Path(sys.executable).parent / "chipwarden"), "check", str(path)]

        def check() -> None:
            done = subprocess.run(command, capture_output=True, check=False, cwd=folder)
            if done.returncode not in (0, 1, 3):
                raise RuntimeError(done.stderr.decode())

        seconds = [_seconds(check) for _ in range(times)]
    return Figure(
        figure="rules.check_process_s",
        value=sorted(seconds)[len(seconds) // 2],
        unit="s",
        conditions=f"whole process `chipwarden check ORDER`, median of {times}, files cached",
    )


# ---------------------------------------------------------------- measuring


def _write(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE answer AS {query}")


def _fastest(work: Callable[[], None], times: int = TIMES) -> float:
    return min(_seconds(work) for _ in range(times))


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _bound(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return in words how fast memory alone would let the columns be read."""
    sizes = {"BOOLEAN": 1, "INTEGER": 4, "DATE": 4, "BIGINT": 8, "VARCHAR": 16}
    kinds = [str(kind) for kind in connection.table(table).types]
    width = sum(sizes.get(kind, 16 if kind.startswith("DECIMAL(38") else 8) for kind in kinds)
    block = bytearray(1 << 28)

    def copy() -> None:
        bytes(block)

    seconds = _fastest(copy)
    gb_s = 2 * len(block) / seconds / 1e9
    rate = gb_s * 1e9 / width
    return (
        f"bound: {len(kinds)} columns of {width} bytes a row; one core copies {gb_s:.1f} GB/s "
        f"here, which would read {rate:,.0f} rows a second"
    )
