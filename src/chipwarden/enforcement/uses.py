"""How much of each grant is used: a fold over the statements of the log.

    book = GrantBook(origin)
    for index, statement in log:            # `counting.count` checks the signatures
        book.add(index, statement)
    book.grant(identifier).left(1)          # units of line 1 that may still go

The log's one writer counts a use and logs it without anybody writing in between, so that a
grant for 64 units does not release 65. An auditor who folds the same log sees whether that
was kept: what should not be there is in `problems`.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from chipwarden.enforcement.errors import InvalidGrant
from chipwarden.enforcement.grant_counts import (
    BookProblem,
    CountedUse,
    GrantCount,
    Revocation,
)
from chipwarden.enforcement.grant_statements import (
    GRANT,
    REVOKED,
    USED,
    PublicGrant,
    PublicRevocation,
    PublicUse,
    read_public,
)
from chipwarden.enforcement.grants import id_bytes
from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.statements import Statement

TYPES: Final = (GRANT, USED, REVOKED)


class GrantBook:
    """All grants of a log, counted; statements of other types are passed over.

    Args:
        origin: the name of the log.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._grants: dict[str, GrantCount] = {}
        self._problems: list[BookProblem] = []

    @property
    def grants(self) -> Mapping[str, GrantCount]:
        """Every grant by its id, oldest first."""
        return MappingProxyType(self._grants)

    @property
    def problems(self) -> tuple[BookProblem, ...]:
        """What is in the log and should not be."""
        return tuple(self._problems)

    def grant(self, identifier: str) -> GrantCount:
        """Return what is counted of a grant.

        Raises:
            InvalidGrant: the log has none of this id.
        """
        found = self._grants.get(identifier)
        if found is None:
            id_bytes(identifier)
            raise InvalidGrant(
                f"grant {identifier}: not found in the log; expected the statement that it was "
                "given. Check the id, and that this is the log that the token names."
            )
        return found

    def covered(self, decisions: Iterable[int]) -> dict[int, int]:
        """Return the units by line that the grants of these decisions cover together."""
        among = frozenset(decisions)
        total: dict[int, int] = {}
        for count in self._grants.values():
            if count.decision_index in among:
                for line, units in count.covers().items():
                    total[line] = total.get(line, 0) + units
        return total

    def add(self, index: int, statement: Statement, is_suspect: bool = False) -> None:
        """Count one entry, the next in the order of the log.

        Args:
            index: of the entry.
            statement: signed by a key that its issuer had.
            is_suspect: the key did not count at this index, or was suspected of it later. Then
                what takes units counts, and what would free some does not.
        """
        try:
            if statement.type == GRANT:
                self._granted(index, statement)
            elif statement.type == USED:
                self._used(index, statement)
            elif statement.type == REVOKED:
                self._revoked(index, statement, is_suspect)
        except (InvalidStatement, InvalidGrant) as error:
            self.note(index, str(error))

    def note(self, index: int, said: str) -> None:
        """Note an entry that should not be there, and was not counted."""
        self._problems.append(BookProblem(index, said))

    def _granted(self, index: int, statement: Statement) -> None:
        public = read_public(statement, PublicGrant)
        id_bytes(statement.subject)
        if statement.subject in self._grants:
            first = self._grants[statement.subject].index
            raise InvalidStatement(f"it grants {statement.subject} again, which entry {first} did")
        self._grants[statement.subject] = GrantCount(
            id=statement.subject,
            issuer=statement.issuer,
            index=index,
            decision_index=public.decision,
            granted=dict(public.lines),
            not_before=public.not_before,
            not_after=public.not_after,
            commitments=statement.commitments,
            body=statement.body,
        )

    def _used(self, index: int, statement: Statement) -> None:
        public = read_public(statement, PublicUse)
        count = self._own(statement)
        if public.use in count.uses:
            first = count.uses[public.use].index
            raise InvalidStatement(f"it counts a use of {count.id} again, which entry {first} did")
        use = CountedUse(index, dict(public.lines), frozenset(public.units), statement.issued_at)
        # What was released was released: it counts, however wrong it was to log it.
        for said in self._wrongs(count, use):
            self.note(index, f"{count.id}: {said}")
        for line, units in public.lines:
            count.used[line] = count.used.get(line, 0) + units
        count.uses[public.use] = use
        for tag in public.units:
            count.units.setdefault(tag, use)

    def _wrongs(self, count: GrantCount, use: CountedUse) -> Iterable[str]:
        for line, units in use.lines.items():
            if units > count.left(line):
                yield (
                    f"line {line} is overdrawn: granted {count.granted.get(line, 0):,}, used "
                    f"{count.used.get(line, 0):,}, now {units:,} more"
                )
        if again := use.units & count.units.keys():
            first = min(count.units[tag].index for tag in again)
            yield f"a serial number went twice, first in entry {first}"
        if count.revoked is not None:
            yield f"it is used after entry {count.revoked.index} revoked it"
        if not count.not_before <= use.time < count.not_after:
            yield f"it is used at {use.time}; it holds from {count.not_before} to {count.not_after}"

    def _revoked(self, index: int, statement: Statement, is_suspect: bool) -> None:
        public = read_public(statement, PublicRevocation)
        count = self._own(statement)
        if count.revoked is not None:
            raise InvalidStatement(
                f"it revokes {count.id} again, which entry {count.revoked.index} did"
            )
        count.revoked = Revocation(index, public.reason, statement.issued_at)
        returned = dict(public.returned)
        if any(units > count.left(line) for line, units in returned.items()):
            # Nothing is freed by a claim that cannot be true.
            raise InvalidStatement(f"it returns more of {count.id} than is left of it")
        if not is_suspect:
            count.returned = returned

    def _own(self, statement: Statement) -> GrantCount:
        """Return the grant that a statement is about; only its issuer may say anything of it."""
        count = self.grant(statement.subject)
        if count.issuer != statement.issuer:
            raise InvalidStatement(
                f"{statement.issuer} says it of {count.id}, which {count.issuer} gave"
            )
        return count
