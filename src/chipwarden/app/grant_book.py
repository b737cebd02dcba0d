"""The count of a workspace's grants, read from its log.

    with held(ledger) as writer:
        book_of(ledger).grant(identifier).left(1)      # stays so until the log is let go

The records say which entries are about grants; what they say is read from the log itself.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from chipwarden.app.ledger import Ledger
from chipwarden.enforcement.counting import count as counted
from chipwarden.enforcement.grant_counts import GrantCount
from chipwarden.enforcement.uses import TYPES, GrantBook
from chipwarden.ledger.errors import InvalidStatement, LogUnavailable
from chipwarden.ledger.statements import Statement, read_statement
from chipwarden.ledger.writer import LogWriter
from chipwarden.store.bodies import BodyMissing


@contextmanager
def held(ledger: Ledger) -> Iterator[LogWriter]:
    """Hold the log, all of it in the records: what is read meanwhile is all that there is.

    Raises:
        LogConflict: somebody else writes to it.
        LogUnavailable: the log cannot be written, or the records do not reach its end.
    """
    with ledger.exclusive() as writer:
        records = ledger.records
        position = records.position()
        reached = position.size if position else 0
        if reached != writer.size:
            raise LogUnavailable(
                f"{ledger.workspace}: found {reached} of {writer.size} entries in the records; "
                "expected all. Nothing was counted. Try again, or make the records anew with "
                "`chipwarden ledger rebuild`."
            )
        count = records.count()
        if count != writer.size:
            raise LogUnavailable(
                f"{ledger.workspace}: found {count} entries in the records of a log of "
                f"{writer.size}; expected all. Somebody took some out. Nothing was counted. Make "
                "the records anew with `chipwarden ledger rebuild`."
            )
        yield writer


def book_of(
    ledger: Ledger,
    size: int | None = None,
    every_entry: bool = False,
    identifier: str | None = None,
) -> GrantBook:
    """Return the count of all grants, or of one.

    Args:
        ledger: the ledger.
        size: count the first so many entries, None for all.
        every_entry: read all of them, and not only those that the records name.
        identifier: count the grant of this id alone, which is faster.
    """
    if size is None:
        size = ledger.signed().checkpoint.size
    statements = _statements(ledger, size, every_entry, identifier)
    if identifier is not None:
        # Signatures take the longest; those of other grants are not needed.
        statements = (pair for pair in statements if pair[1].subject == identifier)
    return counted(ledger.origin, statements, ledger.history)


def _statements(
    ledger: Ledger, size: int, every_entry: bool, subject: str | None
) -> Iterator[tuple[int, Statement]]:
    """Yield the statements about grants."""
    indexes: Sequence[int] = range(size)
    if not every_entry:
        indexes = [index for index in ledger.records.indexes(TYPES, subject) if index < size]
    for index, content in ledger.contents(indexes):
        # What is no statement says nothing of a grant.
        with suppress(InvalidStatement):
            yield index, read_statement(content)


def decisions_on(ledger: Ledger, order_id: str, book: GrantBook) -> set[int]:
    """Return the entries of all decisions on an order.

    A decision that was erased is known by the grants on it, as long as these are not erased too.
    """
    orders = {row["log_index"]: row["order_id"] for row in ledger.records.rows("decisions")}
    for count in book.grants.values():
        if count.decision_index not in orders and count.body is not None:
            with suppress(BodyMissing):
                named = json.loads(ledger.bodies.read(count.body).content)["order"]
                orders[count.decision_index] = named
    return {index for index, named in orders.items() if named == order_id}


def objections(
    ledger: Ledger, decision_index: int, decisions: set[int], book: GrantBook
) -> Iterator[str]:
    """Yield what other decisions on the same order say against a grant on this one.

    Args:
        ledger: the ledger, held.
        decision_index: entry of the decision.
        decisions: entries of all decisions on the order.
        book: all grants.
    """
    newest = max(decisions, default=decision_index)
    if newest > decision_index:
        yield (
            f"Entry {newest} decided this order anew. Give the grant on that decision, if it "
            "releases."
        )
    own = {
        row["line"]: row["product"]
        for row in ledger.records.rows("decision_items", log_index=decision_index)
    }
    for count in book.grants.values():
        if count.decision_index in decisions - {decision_index} and any(count.covers().values()):
            granted = _products(ledger, count)
            if granted is None or any(own.get(line) != product for line, product in granted):
                yield (
                    f"{count.id} was given on entry {count.decision_index}, where the lines of "
                    "the order were others, so its units cannot be told apart from these. Revoke "
                    "it with --return-rest first."
                )


def _products(ledger: Ledger, count: GrantCount) -> list[tuple[int, str]] | None:
    """Return line and product of what a grant covers, None where its body was erased."""
    if count.body is None:
        return None
    try:
        items = json.loads(ledger.bodies.read(count.body).content)["items"]
    except BodyMissing:
        return None
    return [(item["line"], item["product"]) for item in items]


def newer_stop(ledger: Ledger, decision_index: int, order_id: str) -> int | None:
    """Return the newest decision on an order after this one, if it does not release."""
    later = [
        (row["log_index"], row["disposition"])
        for row in ledger.records.rows("decisions", order_id=order_id)
        if row["log_index"] > decision_index
    ]
    index, disposition = max(later, default=(0, "release"))
    return None if disposition == "release" else int(index)
