"""Statements about erasing: the body of an entry was destroyed, and why.

    sign_erasure(issuer, key, time, entry, 12, "end of retention")
    Erasure.of(statement, index).index            # 12, or InvalidStatement

It counts only if it comes from the issuer of the entry itself: nobody erases what others said.
"""

from dataclasses import dataclass
from typing import Final, Self

from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.keys import SigningKey
from chipwarden.ledger.statement_headers import DIGEST_SIZE
from chipwarden.ledger.statements import Statement, sign_statement

ERASURE: Final = "erasure"
_PARTS: Final = {"index": int, "body": bytes, "reason": str}


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a statement of type "erasure" says.

    Attributes:
        issuer: who says it.
        index: of the entry whose body was destroyed.
        body: digest of the body.
        reason: why, in words.
    """

    issuer: str
    index: int
    body: bytes
    reason: str

    @classmethod
    def of(cls, statement: Statement, index: int) -> Self:
        """Return what a statement says.

        Args:
            statement: of type "erasure".
            index: its own place in the log, which is above that of what was erased.

        Raises:
            InvalidStatement: a part is missing or wrong.
        """
        public = statement.public
        if public.keys() != _PARTS.keys() or any(
            type(public[name]) is not kind for name, kind in _PARTS.items()
        ):
            raise InvalidStatement(
                f"statement of type {ERASURE}: found {', '.join(sorted(public)) or 'nothing'}; "
                "expected an index, the digest of a body and a reason"
            )
        said = cls(statement.issuer, public["index"], public["body"], public["reason"])
        if not 0 <= said.index < index or len(said.body) != DIGEST_SIZE:
            raise InvalidStatement(
                f"statement of type {ERASURE}: found entry {said.index} and {len(said.body)} "
                f"bytes; expected an entry before {index} and the {DIGEST_SIZE} of its body"
            )
        return said

    def is_of(self, erased: Statement) -> bool:
        """Return whether it counts for the statement at its index."""
        return (erased.issuer, erased.body) == (self.issuer, self.body)


def sign_erasure(
    issuer: str, key: SigningKey, issued_at: int, erased: Statement, index: int, reason: str
) -> Statement:
    """Return the statement that the body of an entry is destroyed.

    Args:
        issuer: who says so, the issuer of the entry.
        key: a key of the issuer.
        issued_at: POSIX seconds.
        erased: the statement of the entry; it has a body.
        index: of the entry.
        reason: why; it stands in the log for ever.

    Raises:
        InvalidStatement: a part is not as it must be.
    """
    public = {"index": index, "body": erased.body, "reason": reason}
    return sign_statement(ERASURE, issuer, erased.subject, issued_at, key, public)
