"""The tables of the records: a view of the log and the bodies, for questions in SQL.

The log is the truth. Every row can be made again from it, and carries the index of the
entry that it comes from. Numbers of law are kept as text, exact; indexes and times are
whole numbers (POSIX seconds).
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


def _entry() -> Column[int]:
    return Column("log_index", ForeignKey("statements.log_index"), primary_key=True)


# Up to which tree the rows reach: one row.
POSITION: Final = Table(
    "position",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
)

STATEMENTS: Final = Table(
    "statements",
    METADATA,
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("type", String, nullable=False),
    Column("issuer", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("issued_at", Integer, nullable=False),
    Column("kid", LargeBinary, nullable=False),
    Column("body", LargeBinary(32)),
    Index(None, "type"),
    Index(None, "subject"),
)

KEYS: Final = Table(
    "keys",
    METADATA,
    _entry(),
    Column("issuer", String, nullable=False),
    Column("kid", LargeBinary, nullable=False),
    Column("use", String, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Index(None, "kid"),
)

KEY_REVOCATIONS: Final = Table(
    "key_revocations",
    METADATA,
    _entry(),
    Column("kid", LargeBinary, nullable=False),
    Column("reason", String, nullable=False),
    Column("suspect_from", Integer),
)

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    _entry(),
    Column("order_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("origin", String),
    Column("destination", String),
    Column("as_of", String, nullable=False),
    Column("known_on", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("review_policy", String),
    Column("exception", String),
    Column("disposition", String, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("evaluator", String, nullable=False),
    Column("pack", String),
    Index(None, "order_id"),
    Index(None, "disposition"),
)

DECISION_ITEMS: Final = Table(
    "decision_items",
    METADATA,
    _entry(),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("product", String, nullable=False),
    Column("eccn", String),
    Column("quantity", String),
    Index(None, "product"),
)

DECISION_PARTIES: Final = Table(
    "decision_parties",
    METADATA,
    _entry(),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("role", String, nullable=False),
    Column("name", String),
    Column("country", String),
    Index(None, "name"),
)

ERASURES: Final = Table(
    "erasures",
    METADATA,
    _entry(),
    Column("erased_index", Integer, nullable=False),
    Column("reason", String, nullable=False),
)
