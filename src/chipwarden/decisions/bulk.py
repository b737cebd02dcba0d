"""The law as one SQL query over many rows: the same steps as `determine`.

A row is one item of one transfer. Its columns are named like the facts:
"item.tpp", "transfer.destination", "party1.country", "parties.count",
"parties.complete"; a fact without a column is unknown.

    query = determination_sql(law, Columns(slots=3), "orders", keep=["id"])
    query.sql, query.clauses, query.paragraphs

Nothing is run here; `store.bulk` does that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chipwarden.decisions.bulk_columns import EPOCH, Columns
from chipwarden.decisions.bulk_epochs import STEPS, Epochs
from chipwarden.decisions.bulk_outputs import Classified, Determined
from chipwarden.decisions.bulk_steps import Steps
from chipwarden.decisions.bulk_terms import FALSE, TRUE, Term
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import Step


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the law is meant to cover; beyond it no clause speaks, so nothing can clear a row.

    Attributes:
        kinds: kinds of transfer.
        item_kinds_left_out: kinds of item that are not.
        first_day: from which the law is complete.
    """

    kinds: frozenset[str]
    item_kinds_left_out: frozenset[str]
    first_day: date


@dataclass(frozen=True, slots=True)
class Query:
    """A rendered query, and how to read its masks.

    Attributes:
        sql: the SELECT.
        clauses: how many provisions it decides by.
        paragraphs: bit n of `paragraph_mask` stands for the n-th of these.
        exceptions: ids; the same for `exception_mask`.
        requirements: ids; the same for `requirement_mask` and `requirement_possible_mask`.
    """

    sql: str
    clauses: int
    paragraphs: tuple[str, ...]
    exceptions: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


def classification_sql(
    law: Law | Epochs, columns: Columns, source: str, keep: Sequence[str] = (), day: str = ""
) -> Query:
    """Return the query that classifies each row.

    Its columns: `paragraph_mask`, the paragraphs that the item may meet, and
    `ic_eccn`, NULL where several are possible.

    Args:
        law: of one day, or of epochs.
        columns: the facts that have columns.
        source: table or subquery, as written in SQL.
        keep: columns of the source to pass through.
        day: the column of the date by which each row's epoch is found.
    """
    steps = Steps(_epochs(law), columns)
    classified = Classified(steps)
    outputs = {"paragraph_mask": classified.mask, "ic_eccn": classified.ic_eccn}
    clauses = len(steps.epochs.step(Step.CLASSIFICATION))
    return Query(_sql(steps, outputs, source, keep, day), clauses, classified.names)


def determination_sql(
    law: Law | Epochs,
    columns: Columns,
    source: str,
    keep: Sequence[str] = (),
    day: str = "",
    coverage: Coverage | None = None,
    *,
    with_requirements: bool = False,
) -> Query:
    """Return the query that decides each row under the US law.

    Its columns: `outcome`; `floor` and `ceiling`, ranks of strictness;
    `review_policy`, where a license is required; `policy_floor` and
    `policy_ceiling`, ranks, -1 for none; `exception`, codes that are relied on
    where the outcome is a license exception; `ic_eccn`; `paragraphs` and
    `paragraph_mask`; `exception_mask`.

    Args:
        law: of one day, or of epochs.
        columns: the facts that have columns.
        source: table or subquery, as written in SQL.
        keep: columns of the source to pass through.
        day: the column of the date by which each row's epoch is found.
        coverage: where given, rows beyond it are not cleared.
        with_requirements: add `requirement_mask`, requirements that apply whatever the item
            is, and `requirement_possible_mask`, those that may apply.
    """
    steps = Steps(_epochs(law), columns)
    classified = Classified(steps)
    found = [steps.determine(candidate) for candidate in steps.candidates]
    determined = Determined(steps, found, _covered(steps, coverage, day))
    outputs = {
        **determined.columns(),
        "ic_eccn": classified.ic_eccn,
        "paragraphs": classified.words,
        "paragraph_mask": classified.mask,
        **(determined.requirement_columns() if with_requirements else {}),
    }
    return Query(
        sql=_sql(steps, outputs, source, keep, day),
        clauses=sum(len(steps.epochs.step(step)) for step in STEPS),
        paragraphs=classified.names,
        exceptions=tuple(clause.id for clause in determined.exceptions),
        requirements=determined.requirements,
    )


def _epochs(law: Law | Epochs) -> Epochs:
    return Epochs.of_law(law) if isinstance(law, Law) else law


def _sql(
    steps: Steps, outputs: Mapping[str, Term], source: str, keep: Sequence[str], day: str
) -> str:
    """Return the query over the source, with each row's epoch and its countries' groups."""
    conditions, epochs = steps.conditions, steps.epochs
    number = epochs.number_sql(f'"{day}"') if len(epochs.laws) > 1 else "0"
    facts = steps.columns.with_bounds(conditions.asked)
    rows = f'(SELECT {facts}, CAST({number} AS UTINYINT) AS "{EPOCH}" FROM {source} source)'
    joins, columns = "", ""
    for place, name in enumerate(conditions.looked_up):
        joins += (
            f' LEFT JOIN memberships g{place} ON g{place}.code = facts."{name}"'
            f' AND g{place}.epoch = facts."{EPOCH}"'
        )
        # A code that is in no group belongs to none; only an unknown code is unknown.
        # A code that is in no group belongs to none; an unknown code may belong to any.
        columns += (
            f', coalesce(g{place}.certain, 0) AS "certain.{name}",'
            f' CASE WHEN facts."{name}" IS NULL THEN -1'
            f' ELSE coalesce(g{place}.possible, 0) END AS "possible.{name}"'
        )
    rows = f"(SELECT facts.*{columns} FROM {rows} facts{joins})"
    table = conditions.memberships.table_sql()
    return (
        f"WITH memberships AS MATERIALIZED ({table}) {steps.sheet.select(outputs, rows, keep)}"
    )


def _covered(steps: Steps, coverage: Coverage | None, day: str) -> Term:
    if coverage is None:
        return TRUE
    sheet, columns = steps.sheet, steps.columns
    if not columns.has("transfer.kind"):
        return FALSE
    parts = [sheet.leaf(f'("transfer.kind" IN ({_quoted(coverage.kinds)})) IS TRUE')]
    if day:
        parts.append(sheet.leaf(f"\"{day}\" >= DATE '{coverage.first_day}'"))
    if columns.has("item.kind") and coverage.item_kinds_left_out:
        left_out = f'("item.kind" IN ({_quoted(coverage.item_kinds_left_out)})) IS TRUE'
        parts.append(sheet.no(sheet.leaf(left_out)))
    return sheet.both(parts)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in sorted(words))
