"""Decisions as statements: the record is committed to field by field, its body stays outside.

    statement = decision_statement(record, seed, issuer, time, key)
    statement.body == Body(seed, canonical_bytes(record)).digest()

The subject is random as the seed is, so that the log does not tell two orders alike.
"""

from collections.abc import Mapping
from typing import Any, Final

from chipwarden.ledger.bodies import Body
from chipwarden.ledger.commitments import commitments, decision_values
from chipwarden.ledger.keys import SigningKey
from chipwarden.ledger.statements import Statement, sign_statement
from chipwarden.model.canonical import canonical_bytes

DECISION: Final = "decision"


def decision_statement(
    record: Mapping[str, Any], seed: bytes, issuer: str, time: int, key: SigningKey
) -> Statement:
    """Return the statement of a decision.

    Args:
        record: of the decision.
        seed: 32 random bytes, made for this statement alone; they are kept with the body.
        issuer: who decided.
        time: POSIX seconds.
        key: the issuer's.

    Raises:
        InvalidStatement: it has more than 65,535 bytes.
    """
    body = Body(seed, canonical_bytes(record)).digest()
    return sign_statement(
        DECISION,
        issuer,
        f"urn:chipwarden:decision:{body.hex()[:32]}",
        time,
        key,
        commitments=commitments(seed, decision_values(record)),
        body=body,
    )
