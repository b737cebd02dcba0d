"""Statements, keys, decisions and erasures."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "position",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_position"),
    )
    op.create_table(
        "statements",
        sa.Column("log_index", sa.Integer, autoincrement=False),
        sa.Column("leaf_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("issuer", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("issued_at", sa.Integer, nullable=False),
        sa.Column("kid", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("log_index", name="pk_statements"),
    )
    _of_an_entry(
        "keys",
        [],
        sa.Column("issuer", sa.String, nullable=False),
        sa.Column("kid", sa.LargeBinary, nullable=False),
        sa.Column("use", sa.String, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
    _of_an_entry(
        "key_revocations",
        [],
        sa.Column("kid", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("suspect_from", sa.Integer),
    )
    _of_an_entry(
        "decisions",
        [],
        sa.Column("order_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("origin", sa.String),
        sa.Column("destination", sa.String),
        sa.Column("as_of", sa.String, nullable=False),
        sa.Column("known_on", sa.String, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("review_policy", sa.String),
        sa.Column("exception", sa.String),
        sa.Column("disposition", sa.String, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("evaluator", sa.String, nullable=False),
        sa.Column("pack", sa.String),
    )
    _of_an_entry(
        "decision_items",
        ["line"],
        sa.Column("product", sa.String, nullable=False),
        sa.Column("eccn", sa.String),
        sa.Column("quantity", sa.String),
    )
    _of_an_entry(
        "decision_parties",
        ["line"],
        sa.Column("role", sa.String, nullable=False),
        sa.Column("name", sa.String),
        sa.Column("country", sa.String),
    )
    _of_an_entry(
        "erasures",
        [],
        sa.Column("erased_index", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    for table, column in (
        ("statements", "type"),
        ("statements", "subject"),
        ("keys", "kid"),
        ("decisions", "order_id"),
        ("decisions", "disposition"),
        ("decision_items", "product"),
        ("decision_parties", "name"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _of_an_entry(table: str, further: list[str], *columns: sa.Column[Any]) -> None:
    """Make a table whose rows belong to an entry of the log."""
    op.create_table(
        table,
        sa.Column("log_index", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Integer, autoincrement=False, nullable=False) for name in further),
        *columns,
        sa.PrimaryKeyConstraint("log_index", *further, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["log_index"], ["statements.log_index"], name=f"fk_{table}_log_index"
        ),
    )
