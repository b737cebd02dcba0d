"""Erasing what was recorded: the body goes, the entry and its proof stay.

erase(ledger, 12, "request of the data subject")
"""

from contextlib import suppress

from chipwarden.app.grant_book import book_of
from chipwarden.app.ledger import Ledger
from chipwarden.enforcement.grant_statements import GRANT, PublicGrant, read_public
from chipwarden.enforcement.validity import told
from chipwarden.ledger.erasures import ERASURE, Erasure, sign_erasure
from chipwarden.ledger.errors import InvalidStatement, LedgerError
from chipwarden.ledger.statements import Statement, read_statement
from chipwarden.store.bodies import BodyMissing


class NothingToErase(LedgerError):
    """An entry has no body, or none of ours."""

    def __init__(self, index: int, found: str) -> None:
        self.index = index
        super().__init__(
            f"entry {index}: found a statement {found}; expected one of this workspace with a "
            "body. What stands in the log itself stays for ever."
        )


class GrantHolds(LedgerError):
    """A grant is still valid; without its body nobody could say what was granted."""

    def __init__(self, index: int, until: int) -> None:
        self.index = index
        super().__init__(
            f"entry {index}: found a grant that holds until {told(until)}; expected one that has "
            "ended or is revoked. Revoke it first with `chipwarden grant revoke`, or wait."
        )


def erase(ledger: Ledger, index: int, reason: str) -> int:
    """Erase the body of an entry and its rows in the records, and log that it was erased.

    Copies elsewhere, such as backups and results that were written, must be erased there. A
    second time it removes what a stop had left. Whether the statement's signature counts does
    not matter: what was recorded can be erased.

    Returns:
        Index of the statement that says so.

    Raises:
        NoSuchEntry: the log does not reach so far.
        InvalidStatement: the entry is no statement.
        NothingToErase: the entry has no body, or is another issuer's.
        GrantHolds: it is a grant that has not ended and is not revoked.
    """
    statement = read_statement(ledger.entry(index))
    if statement.body is None:
        raise NothingToErase(index, f"of type {statement.type!r} without a body")
    if statement.issuer != ledger.issuer:
        raise NothingToErase(index, f"of {statement.issuer}, whose body is not kept here")
    _refuse_valid_grant(ledger, index, statement)
    with ledger.exclusive():
        said = _said(ledger, index, statement)
        if said is None:
            # Said first: a stop in between leaves a body that a check finds, not a gap.
            key, now = ledger.signing_key, ledger.now()
            erasure = sign_erasure(ledger.issuer, key, now, statement, index, reason)
            said = ledger.append(erasure.content)
        # One that is gone already is gone.
        with suppress(BodyMissing):
            ledger.bodies.destroy(statement.body)
    ledger.records.wipe()
    return said


def _refuse_valid_grant(ledger: Ledger, index: int, statement: Statement) -> None:
    if statement.type != GRANT:
        return
    try:
        until = read_public(statement, PublicGrant).not_after
    except InvalidStatement:
        return  # No gate takes what has not the form of a grant.
    if ledger.now() >= until:
        return
    count = book_of(ledger, identifier=statement.subject).grants.get(statement.subject)
    # Of two entries with one id the first counts; the other is nobody's grant.
    if count is not None and count.index == index and count.revoked is None:
        raise GrantHolds(index, until)


def _said(ledger: Ledger, index: int, statement: Statement) -> int | None:
    """Return which entry says already that a body is erased, None where none does."""
    for at, each in ledger.statements(ERASURE):
        with suppress(InvalidStatement):
            said = Erasure.of(each, at)
            if said.index == index and said.is_of(statement):
                return at
    return None
