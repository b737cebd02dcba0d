"""The same rows decided by `determine` and by the query, as comparable answers."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from chipwarden.decisions.bulk import Coverage, Query, determination_sql
from chipwarden.decisions.bulk_columns import Columns
from chipwarden.decisions.determination import Determination
from chipwarden.decisions.determine import determine
from chipwarden.decisions.outcomes import either, policy_either
from chipwarden.expressions.facts import Facts
from chipwarden.expressions.sql import column_types
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Value
from chipwarden.rules.lawbook import Law, Lawbook
from chipwarden.rules.loader import load_packaged
from chipwarden.store.bulk import WIDE, determine_rows

NULL = "<null>"


@dataclass(frozen=True)
class Answer:
    """What both ways must agree on."""

    outcome: str
    floor: int
    ceiling: int
    review_policy: str | None
    policy_floor: int
    policy_ceiling: int
    ic_eccn: str | None
    paragraphs: frozenset[str]
    exceptions: frozenset[str]
    exception: frozenset[str] | None
    applies: frozenset[str]
    may_apply: frozenset[str]


def explained(facts: Facts, law: Law) -> Answer:
    """Return the answer of `determine`."""
    return answer_of(determine(facts, law)[0])


def answer_of(found: Sequence[Determination]) -> Answer:
    """Return what the determinations under all possible paragraphs come to."""
    bounds = either(d.bounds for d in found)
    policies = policy_either(d.policies for d in found)
    policy = policies.policy if bounds.word == "license_required" else None
    eccns = {d.candidate.clause.eccn for d in found}
    used = {use.clause for d in found for use in d.exceptions}
    codes = frozenset(clause.exception for clause in used if clause.exception)
    requirements = [r.clause.id for r in found[0].requirements]
    by_id = {key: {d.applies(key) for d in found} for key in requirements}
    return Answer(
        outcome=bounds.word,
        floor=bounds.floor,
        ceiling=bounds.ceiling,
        review_policy=policy.value if policy else None,
        policy_floor=policies.floor,
        policy_ceiling=policies.ceiling,
        ic_eccn=eccns.pop() if len(eccns) == 1 else None,
        paragraphs=frozenset(d.candidate.paragraph for d in found),
        exceptions=frozenset(clause.id for clause in used),
        exception=(codes or None) if bounds.word == "license_exception" else None,
        applies=frozenset(key for key, said in by_id.items() if said == {Outcome.YES}),
        may_apply=frozenset(key for key, said in by_id.items() if said != {Outcome.NO}),
    )


@dataclass(frozen=True)
class Table:
    """Rows as they lie in columns."""

    rows: Sequence[Mapping[str, Value | int | None]]
    slots: int


def cells(day: date, facts: Facts) -> dict[str, Value | int | None]:
    """Return facts as the columns of one row."""
    parties = facts.collections["parties"]
    row: dict[str, Value | int | None] = {"date": day, **facts.values}
    for slot, member in enumerate(parties.members, start=1):
        row |= {f"party{slot}.{name.removeprefix('party.')}": v for name, v in member.items()}
    return row | {"parties.count": len(parties.members), "parties.complete": parties.complete}


def in_bulk(
    table: Table,
    lawbook: Lawbook,
    known_on: date | None,
    as_written: bool,
    folder: Path,
    coverage: Coverage | None = None,
) -> list[Answer]:
    """Return the answers of the query, in the order of the rows."""
    with duckdb.connect() as connection:
        load(connection, table, lawbook, folder)
        bulk = determine_rows(
            connection, "cases", lawbook, day="date", known_on=known_on, as_written=as_written,
            coverage=coverage, with_requirements=True,
        )  # fmt: skip
        return _answers(bulk.relation, bulk.query, table)


def under_one_law(table: Table, law: Law, folder: Path) -> list[Answer]:
    """Return the answers of the query that is written for the law of one day."""
    with duckdb.connect() as connection:
        load(connection, table, load_packaged(), folder)
        names = frozenset(connection.table("cases").columns)
        query = determination_sql(
            law, Columns(table.slots, names), "cases", ["id"], with_requirements=True
        )
        return _answers(connection.sql(query.sql), query, table)


def _answers(relation: duckdb.DuckDBPyRelation, query: Query, table: Table) -> list[Answer]:
    relation = relation.order("id")
    names = relation.columns
    rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    assert [row["id"] for row in rows] == list(range(len(table.rows)))
    return [
        Answer(
            outcome=row["outcome"],
            floor=row["floor"],
            ceiling=row["ceiling"],
            review_policy=row["review_policy"],
            policy_floor=row["policy_floor"],
            policy_ceiling=row["policy_ceiling"],
            ic_eccn=row["ic_eccn"],
            paragraphs=_named(row["paragraph_mask"], query.paragraphs),
            exceptions=_named(row["exception_mask"], query.exceptions),
            exception=frozenset(row["exception"].split(" + ")) if row["exception"] else None,
            applies=_named(row["requirement_mask"], query.requirements),
            may_apply=_named(row["requirement_possible_mask"], query.requirements),
        )
        for row in rows
    ]


def load(
    connection: duckdb.DuckDBPyConnection, table: Table, lawbook: Lawbook, folder: Path
) -> None:
    """Put the rows into the table `cases`, numbers as exact text on the way.

    Facts that are not declared, which no clause can ask for, are left out.
    """
    types = column_types(lawbook.declarations, slots=table.slots, wide=WIDE)
    used = {name for row in table.rows for name in row}
    kinds = {"id": "INTEGER", "date": "DATE"} | {n: k for n, k in types.items() if n in used}
    file = folder / "rows.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(kinds)
        for number, row in enumerate(table.rows):
            writer.writerow([_text({"id": number, **row}.get(name)) for name in kinds])
    declared = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    connection.execute(
        f"CREATE TABLE cases AS FROM read_csv('{file}', header=true, nullstr='{NULL}', "
        f"columns={{{declared}}}, auto_detect=false, allow_quoted_nulls=false)"
    )


def _text(value: Any) -> str:
    if value is None:
        return NULL
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _named(mask: int, names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for bit, name in enumerate(names) if mask >> bit & 1)
