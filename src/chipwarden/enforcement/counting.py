"""Counting the grants of a log, signatures and all.

    book = count(origin, statements, history)

A use that was logged stays counted, whatever is found out about its key later: the goods are
gone. A grant under a key that is suspect is in the book too, for its units may be gone; the
gate refuses it by its key.
"""

from collections.abc import Iterable

from chipwarden.enforcement.uses import GrantBook
from chipwarden.ledger.errors import InvalidSignature
from chipwarden.ledger.key_history import KeyHistory, KeyRecord
from chipwarden.ledger.key_statements import STATEMENT
from chipwarden.ledger.statements import Statement, verify_statement


def count(origin: str, entries: Iterable[tuple[int, Statement]], history: KeyHistory) -> GrantBook:
    """Return the book of a log.

    Args:
        origin: the name of the log.
        entries: index and statement, ascending; those of other types change nothing.
        history: the keys of the log.
    """
    book = GrantBook(origin)
    keys = {record.kid: record for record in history.records}
    for index, statement in entries:
        try:
            key = _key(index, statement, keys)
            verify_statement(statement, key.key)
        except InvalidSignature as error:
            # Nobody who may say it said it.
            book.note(index, str(error))
            continue
        book.add(index, statement, is_suspect=not key.counts_at(index))
    return book


def _key(index: int, statement: Statement, keys: dict[bytes, KeyRecord]) -> KeyRecord:
    """Return the key of a statement, if its issuer had it there, suspect or not."""
    found = keys.get(statement.kid)
    if (
        found is None
        or found.issuer != statement.issuer
        or found.use != STATEMENT
        or index < found.since
    ):
        raise InvalidSignature(
            f"{statement.issuer} had no key {statement.kid.hex()[:16]}… at this place of the log"
        )
    return found
