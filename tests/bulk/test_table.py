"""Tables as users have them: files, columns that are missing, wrong or of other types."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from chipwarden.decisions.bulk import Coverage, classification_sql, determination_sql
from chipwarden.decisions.bulk_columns import Columns
from chipwarden.model.errors import InvalidDocument
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.loader import load_packaged
from chipwarden.rules.provisions import Provision, Step
from chipwarden.store.bulk import classify_rows, determine_rows

# A logic circuit of 30,000 TPP for data centres, sold by its designer from the US to China.
CHIP = """
    1 AS id, DATE '2026-03-02' AS "transfer.date",
    CAST(30000 AS DECIMAL(18,9)) AS "item.tpp", FALSE AS "item.is_hbm",
    TRUE AS "item.datacenter_marketed", FALSE AS "transfer.sold_by_foundry",
    'export' AS "transfer.kind", 'US' AS "transfer.origin", 'CN' AS "transfer.destination"
"""


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def table(connection: duckdb.DuckDBPyConnection, columns: str) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE orders AS SELECT {columns}")


def outcome(connection: duckdb.DuckDBPyConnection, coverage: Coverage | None = None) -> str:
    relation = determine_rows(connection, "orders", load_packaged(), coverage=coverage).relation
    [(found,)] = relation.select("outcome").fetchall()
    return str(found)


def problems(connection: duckdb.DuckDBPyConnection, columns: str) -> list[str]:
    table(connection, columns)
    with pytest.raises(InvalidDocument) as caught:
        determine_rows(connection, "orders", load_packaged())
    return [str(problem) for problem in caught.value.problems]


def test_a_parquet_file_without_parties(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Facts without a column are unknown; the destination alone requires the license."""
    file = tmp_path / "it's.parquet"
    connection.sql(f"SELECT {CHIP}").write_parquet(str(file))
    bulk = determine_rows(connection, file, load_packaged())
    names = ("id", "outcome", "review_policy", "ic_eccn", "paragraphs", "exception")
    rows = bulk.relation.select(*names).fetchall()
    assert rows == [
        (1, "license_required", "presumption_of_denial", "3A090.a", "3A090.a", None)
    ]
    assert bulk.slots == 0
    assert bulk.clauses > 50


def test_without_columns_nothing_is_cleared(connection: duckdb.DuckDBPyConnection) -> None:
    table(connection, """1 AS id, DATE '2024-06-03' AS "transfer.date" """)
    assert outcome(connection) == "undetermined"


def test_what_is_not_covered_is_not_cleared(connection: duckdb.DuckDBPyConnection) -> None:
    """A kind of transfer that no clause speaks of, in an order that the clauses would clear."""
    lawbook = load_packaged()
    coverage = Coverage(frozenset({"export"}), frozenset({"software"}), lawbook.covered_from)
    mild = """
        1 AS id, DATE '2024-06-03' AS "transfer.date", 'import' AS "transfer.kind",
        FALSE AS "transfer.known_violation", FALSE AS "transfer.us_person_support",
        'US' AS "item.designer_hq", '' AS "item.chip_id", 'US' AS "transfer.origin",
        0 AS "parties.count", TRUE AS "parties.complete"
    """
    table(connection, mild)
    assert outcome(connection) == "no_license_required"
    assert outcome(connection, coverage) == "undetermined"


def test_types_that_hold_the_same_values(connection: duckdb.DuckDBPyConnection) -> None:
    """Whole numbers, other decimals and enumerations are taken as they are meant."""
    connection.execute("CREATE TYPE place AS ENUM ('CN', 'US')")
    table(
        connection,
        CHIP.replace("CAST(30000 AS DECIMAL(18,9))", "CAST(30000 AS UINTEGER)").replace(
            "'CN'", "CAST('CN' AS place)"
        ),
    )
    assert outcome(connection) == "license_required"


def test_binary_fractions_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    [problem] = problems(connection, CHIP.replace("DECIMAL(18,9)", "DOUBLE"))
    assert "item.tpp" in problem and "DOUBLE" in problem and "threshold exactly" in problem


def test_finer_decimals_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    """They would be rounded."""
    [problem] = problems(connection, CHIP.replace("DECIMAL(18,9)", "DECIMAL(38,10)"))
    assert "DECIMAL(38,10)" in problem


def test_all_problems_come_at_once(connection: duckdb.DuckDBPyConnection) -> None:
    found = problems(
        connection,
        """DATE '2024-06-03' AS day, 'x' AS "item.is_hbm", 1 AS "item.tppp", 2 AS "other" """,
    )
    assert [line.split(":")[0] for line in found] == [
        "column 'id'", "column 'transfer.date'", "column 'item.is_hbm'", "column 'item.tppp'",
    ]  # fmt: skip


def test_rows_without_a_date_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    [problem] = problems(connection, CHIP.replace("DATE '2026-03-02'", "CAST(NULL AS DATE)"))
    assert "1 rows without a date" in problem


def test_no_party_is_cut_off(connection: duckdb.DuckDBPyConnection) -> None:
    one = """, 'CN' AS "party1.headquarters", 2 AS "parties.count", TRUE AS "parties.complete" """
    [problem] = problems(connection, CHIP + one)
    assert "parties.count" in problem and "at most 1" in problem


def test_classification_says_which_paragraphs_are_possible(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """An unknown density leaves .a and .b open for a chip between the lines."""
    table(connection, CHIP.replace("30000", "2500"))
    bulk = classify_rows(connection, "orders", load_packaged())
    [(_, mask, eccn)] = bulk.relation.fetchall()
    names = {name for bit, name in enumerate(bulk.query.paragraphs) if mask >> bit & 1}
    assert names == {"3A090.a", "3A090.b", "none"}
    assert eccn is None


def test_a_ladder_without_its_last_rung_is_refused() -> None:
    """Else an item that meets no paragraph would have no answer at all."""
    law = load_packaged().law_on(load_packaged().known_to)
    [last] = [clause for clause in law.by_step[Step.CLASSIFICATION] if clause.residual]
    cut = load_packaged().without(last.id).law_on(law.as_of)
    with pytest.raises(ValueError, match="no last rung"):
        classification_sql(cut, Columns(0), "orders")


def test_many_exceptions_are_named_too(connection: duckdb.DuckDBPyConnection) -> None:
    """Beyond eight codes the words are joined row by row; a code may hold any character."""
    lawbook = load_packaged()
    [nac] = [p for p in lawbook.provisions if p.id == "US-740.8-NAC"]
    more = tuple(_renamed(nac, f"C'{number}{{}}") for number in range(9))
    law = _with(lawbook, more).law_on(lawbook.known_to)
    chip = """
        'ic' AS "item.kind", FALSE AS "item.datacenter_marketed", CAST(5000 AS DECIMAL(18,9))
        AS "item.tpp", FALSE AS "item.is_hbm", FALSE AS "transfer.sold_by_foundry",
        'reexport' AS "transfer.kind", 'US' AS "transfer.origin", 'CN' AS "transfer.destination",
        0 AS "parties.count", TRUE AS "parties.complete", 'other' AS "transfer.exporter_company",
        'US' AS "item.designer_hq", '' AS "item.chip_id",
        FALSE AS "transfer.military_end_use", FALSE AS "transfer.military_end_user",
        FALSE AS "transfer.military_intelligence_end_use", FALSE AS "transfer.known_violation",
        FALSE AS "transfer.supercomputer_end_use", FALSE AS "transfer.us_person_support",
        FALSE AS "transfer.purpose_ai_training", TRUE AS "transfer.nac_cleared",
        CAST(30 AS DECIMAL(18,9)) AS "transfer.days_since_notification"
    """
    table(connection, chip)
    names = frozenset(connection.table("orders").columns)
    query = determination_sql(law, Columns(0, names), "orders")
    [(word, codes)] = connection.sql(query.sql).select("outcome", "exception").fetchall()
    assert word == "license_exception"
    assert set(codes.split(" + ")) == {"NAC", *(f"C'{number}{{}}" for number in range(9))}


def _renamed(clause: Provision, code: str) -> Provision:
    return replace(clause, id=f"{clause.id}-{code}", exception=code)


def _with(lawbook: Lawbook, more: tuple[Provision, ...]) -> Lawbook:
    return replace(lawbook, provisions=(*lawbook.provisions, *more), _laws={})
