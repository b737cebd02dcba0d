"""Which rows a statement gives, by its type.

A type that is added to the log gets one more function in ROWS_OF. A statement that does not
hold what its type needs is in the log all the same: it gives no rows, and stops nobody.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Executable, Table, delete, exists, insert, literal, select

from chipwarden.ledger.decision_statements import DECISION
from chipwarden.ledger.erasures import ERASURE, Erasure
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.key_statements import KEY, REVOKED, Registration, Revocation
from chipwarden.ledger.statements import Statement
from chipwarden.store.tables import (
    DECISION_ITEMS,
    DECISION_PARTIES,
    DECISIONS,
    ERASURES,
    KEY_REVOCATIONS,
    KEYS,
    STATEMENTS,
)

# Gives the content of a statement's body, None where it was destroyed or is not ours to read.
BodyOf = Callable[[Statement], bytes | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One change of the records."""

    change: Executable

    @classmethod
    def adding(cls, table: Table, **values: Any) -> "Row":
        """Return the change that adds a row."""
        return cls(insert(table).values(**values))

    def write(self, connection: Connection) -> None:
        """Make the change."""
        connection.execute(self.change)


def rows_of(index: int, statement: Statement, body_of: BodyOf) -> Iterator[Row]:
    """Yield the rows of a statement beside its own; none where its type has none."""
    rows = ROWS_OF.get(statement.type)
    if rows is None:
        return
    try:
        yield from rows(index, statement, body_of)
    except (InvalidStatement, InvalidSignature):
        # Whoever judges it finds it in the log.
        return


def _key(index: int, statement: Statement, _: BodyOf) -> Iterator[Row]:
    said = Registration.of(statement)
    yield Row.adding(
        KEYS,
        log_index=index,
        issuer=said.issuer,
        kid=said.key.thumbprint,
        use=said.use,
        key=said.key.cose_key(),
    )


def _key_revoked(index: int, statement: Statement, _: BodyOf) -> Iterator[Row]:
    said = Revocation.of(statement)
    if said.suspect_from is not None and said.suspect_from > index:
        return  # it is refused, and may be larger than a table holds
    yield Row.adding(
        KEY_REVOCATIONS,
        log_index=index,
        kid=said.kid,
        reason=said.reason,
        suspect_from=said.suspect_from,
    )


def _decision(index: int, statement: Statement, body_of: BodyOf) -> Iterator[Row]:
    content = body_of(statement)
    if content is None:
        return
    try:
        # All of them, before one is written.
        yield from list(_decision_rows(index, json.loads(content)))
    except (KeyError, TypeError, ValueError):
        return  # the record of another version


def _decision_rows(index: int, record: Mapping[str, Any]) -> Iterator[Row]:
    order = record["order"]
    yield Row.adding(
        DECISIONS,
        log_index=index,
        order_id=record["order_id"],
        kind=order["kind"],
        origin=order.get("origin"),
        destination=order.get("destination"),
        as_of=record["as_of"],
        known_on=record["known_on"],
        mode=record["mode"],
        outcome=record["outcome"],
        review_policy=record["review_policy"],
        exception=record["exception"],
        disposition=record["disposition"],
        settled=record["settled"],
        evaluator=record["evaluator"],
        pack=record["digests"]["pack"],
    )
    for line, item in enumerate(record["items"], 1):
        quantity = item["quantity"]
        yield Row.adding(
            DECISION_ITEMS,
            log_index=index,
            line=line,
            product=item["product"],
            eccn=item["eccn"],
            quantity=None if quantity is None else str(quantity),
        )
    for line, party in enumerate(order.get("parties", ()), 1):
        yield Row.adding(
            DECISION_PARTIES,
            log_index=index,
            line=line,
            role=party["role"],
            name=party.get("name"),
            country=party.get("country"),
        )


def _erasure(index: int, statement: Statement, _: BodyOf) -> Iterator[Row]:
    said = Erasure.of(statement, index)
    # As `Erasure.is_of` has it.
    counts = exists().where(
        STATEMENTS.c.log_index == said.index,
        STATEMENTS.c.issuer == said.issuer,
        STATEMENTS.c.body == said.body,
    )
    row = select(literal(index), literal(said.index), literal(said.reason)).where(counts)
    yield Row(insert(ERASURES).from_select(["log_index", "erased_index", "reason"], row))
    for table in (DECISION_PARTIES, DECISION_ITEMS, DECISIONS):
        yield Row(delete(table).where(table.c.log_index == said.index, counts))


ROWS_OF: Final[Mapping[str, Callable[[int, Statement, BodyOf], Iterator[Row]]]] = {
    KEY: _key,
    REVOKED: _key_revoked,
    DECISION: _decision,
    ERASURE: _erasure,
}
