"""Whose signature counted at which place of the log.

    history = KeyHistory()
    history.add(0, first_key_statement)
    history.key_for("https://exporter.example", statement.kid, index)    # or InvalidSignature

A signature is judged by the keys of its own place in the log, never by those of today, and
keys are told by the log alone. The first key statement signs itself; its issuer is the
registrar, who may register and revoke keys of everybody. Everybody else rotates and revokes
his own. A revocation may say from which index on the key is suspect: what it signed from
there on counts no longer, and with it the keys that it registered there.

Source:
    docs/reference/statements.md, "Keys".
"""

from dataclasses import dataclass, replace

from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.key_statements import (
    KEY,
    LOG,
    REVOKED,
    STATEMENT,
    Registration,
    Revocation,
)
from chipwarden.ledger.keys import PublicKey
from chipwarden.ledger.statements import Statement, verify_statement


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as the log tells it.

    Attributes:
        issuer: whose it is.
        key: the key.
        use: "statement" or "log".
        since: index of its registration; it counts from there on.
        registered_by: thumbprint of the key that registered it.
        until: first index at which it counts no longer, None while it counts. One that is
            not above `since` never counted.
        revoked_at: indexes of its revocations.
        ended: why it counts no longer, for people; "" while it counts.
        reason: of its revocation, such as "superseded"; "" where there is none.
    """

    issuer: str
    key: PublicKey
    use: str
    since: int
    registered_by: bytes
    until: int | None = None
    revoked_at: tuple[int, ...] = ()
    ended: str = ""
    reason: str = ""

    @property
    def kid(self) -> bytes:
        """Thumbprint of the key."""
        return self.key.thumbprint

    def counts_at(self, index: int) -> bool:
        """Return whether it counts at an index.

        It does at its own revocation, which it may have signed as its last.
        """
        if index in self.revoked_at:
            return True
        return self.since <= index and (self.until is None or index < self.until)


class KeyHistory:
    """The keys of a log, as its statements tell them in their order."""

    def __init__(self) -> None:
        self._records: dict[bytes, KeyRecord] = {}
        self._registrar: str | None = None
        self._last = -1

    def copy(self) -> "KeyHistory":
        """Return the same history, to try what a statement would change."""
        other = KeyHistory()
        other._records = dict(self._records)
        other._registrar, other._last = self._registrar, self._last
        return other

    @property
    def registrar(self) -> str | None:
        """Who may register and revoke keys of everybody; None before the first key."""
        return self._registrar

    @property
    def records(self) -> tuple[KeyRecord, ...]:
        """All keys that were ever registered, in their order."""
        return tuple(self._records.values())

    def current(self, issuer: str) -> tuple[KeyRecord, ...]:
        """Return an issuer's keys that count now, in their order."""
        return tuple(
            record
            for record in self._records.values()
            if record.issuer == issuer and record.until is None
        )

    def key_for(self, issuer: str, kid: bytes, index: int, use: str = STATEMENT) -> PublicKey:
        """Return the key that an issuer's signature is checked with.

        Args:
            issuer: who signed.
            kid: thumbprint of the key that is named.
            index: place in the log, counted from 0.
            use: "statement" or "log".

        Raises:
            InvalidSignature: the key is unknown, another issuer's, for another use, not yet
                registered there, revoked, or suspect there.
        """
        record = self._records.get(kid)
        if record is None:
            raise _uncounted(issuer, kid, index, "is unknown to this log",
                             "a key that was registered before")  # fmt: skip
        if record.issuer != issuer:
            raise _uncounted(issuer, kid, index, f"is the key of {record.issuer}",
                             "a key of the issuer itself")  # fmt: skip
        if record.use != use:
            raise _uncounted(issuer, kid, index, f"is for the use {record.use}",
                             f"one for the use {use}")  # fmt: skip
        if index < record.since:
            raise _uncounted(issuer, kid, index, f"was not registered before index {record.since}",
                             "a key that was registered before")  # fmt: skip
        if not record.counts_at(index):
            raise _uncounted(issuer, kid, index, record.ended, "a key that counts there")
        return record.key

    def add(self, index: int, statement: Statement) -> None:
        """Take a statement at its place; those of other types change nothing.

        Args:
            index: its place in the log, above that of the statement before.
            statement: registers or revokes a key.

        Raises:
            InvalidStatement: it is malformed, or its issuer may not say this.
            InvalidSignature: its signature, or the proof of a key, is wrong.
        """
        if index <= self._last:
            raise InvalidStatement(
                f"index {index}: found after index {self._last}; expected statements in the order "
                "of the log"
            )
        if statement.type == KEY:
            record = self._registered(index, statement)
            self._records[record.kid] = record
            self._registrar = self._registrar or record.issuer
        elif statement.type == REVOKED:
            self._records = self._revoked(index, statement)
        self._last = index

    def _registered(self, index: int, statement: Statement) -> KeyRecord:
        new = Registration.of(statement)
        kid, signer = new.key.thumbprint, statement.issuer
        if self._registrar is None:
            if statement.kid != kid or new.issuer != signer or new.use != STATEMENT:
                raise _refused(index, f"a first key that {signer} did not sign with itself",
                               "a key for statements that signs its own registration")  # fmt: skip
            verify_statement(statement, new.key)
        else:
            self._check_signer(index, statement)
            if signer not in (new.issuer, self._registrar):
                raise _refused(index, f"a key of {new.issuer} that {signer} registers",
                               f"{new.issuer} or the registrar, {self._registrar}")  # fmt: skip
            if new.use == LOG and signer != self._registrar:
                raise _refused(index, f"a key of the log that {signer} registers",
                               f"the registrar, {self._registrar}")  # fmt: skip
        if (known := self._records.get(kid)) is not None:
            raise _refused(index, f"a key that index {known.since} registered for {known.issuer}",
                           "a new key; one that was revoked does not come back")  # fmt: skip
        return KeyRecord(new.issuer, new.key, new.use, index, statement.kid)

    def _revoked(self, index: int, statement: Statement) -> dict[bytes, KeyRecord]:
        said = Revocation.of(statement)
        self._check_signer(index, statement)
        signer, record = statement.issuer, self._records.get(said.kid)
        if record is None:
            raise _refused(index, f"the unknown key {said.kid.hex()[:16]}…", "a registered one")
        if signer not in (record.issuer, self._registrar):
            raise _refused(index, f"a key of {record.issuer} that {signer} revokes",
                           f"{record.issuer} or the registrar, {self._registrar}")  # fmt: skip
        until = index if said.suspect_from is None else said.suspect_from
        if until > index:
            raise _refused(index, f"a key that is suspect from index {until}, which is to come",
                           "an index of the log up to here, or null")  # fmt: skip
        if record.until is not None and record.until <= until:
            raise _refused(index, f"a key that counts no longer since index {record.until}",
                           "a key that counts, or an earlier index to suspect it from")  # fmt: skip
        ended = f"was revoked at index {index}, {said.reason}"
        if said.suspect_from is not None:
            ended += f", and is suspect from index {until}"
        records = dict(self._records)
        records[said.kid] = replace(
            record,
            until=until,
            revoked_at=(*record.revoked_at, index),
            ended=ended,
            reason=said.reason,
        )
        _end_descendants(records, said.kid)
        if not any(
            each.issuer == self._registrar and each.use == STATEMENT and each.until is None
            for each in records.values()
        ):
            raise _refused(index, "the last key of the registrar; nobody could register any more",
                           "another key of the registrar, registered while this one was not "
                           "suspect")  # fmt: skip
        return records

    def _check_signer(self, index: int, statement: Statement) -> None:
        verify_statement(statement, self.key_for(statement.issuer, statement.kid, index))


def _end_descendants(records: dict[bytes, KeyRecord], kid: bytes) -> None:
    """End the keys that a key registered when it counted no longer, and theirs in turn."""
    why = f"never counted: its registration goes back to a key that {records[kid].ended}"
    ended = [kid]
    while ended:
        parent = records[ended.pop()]
        for each in list(records.values()):
            if each.registered_by != parent.kid or parent.counts_at(each.since):
                continue
            if each.until is None or each.until > each.since:
                records[each.kid] = replace(each, until=each.since, revoked_at=(), ended=why)
                ended.append(each.kid)


def _uncounted(issuer: str, kid: bytes, index: int, found: str, expected: str) -> InvalidSignature:
    return InvalidSignature(
        f"signature of {issuer} at index {index}: found that the key {kid.hex()[:16]}… {found}; "
        f"expected {expected}"
    )


def _refused(index: int, found: str, expected: str) -> InvalidStatement:
    return InvalidStatement(f"index {index}: found {found}; expected {expected}")
