"""Using and revoking the release grants of a workspace.

    used = use(ledger, token, asked)              # counted once, however often it is asked
    revoke(ledger, identifier, "order cancelled")

What counts is counted while the log is held: between reading the count and logging the use
nobody else writes, so that a grant for 64 units does not release 65.
"""

import secrets
from dataclasses import dataclass

from chipwarden.app.grant_book import book_of, held, newer_stop
from chipwarden.app.grant_view import ask
from chipwarden.app.ledger import Ledger
from chipwarden.enforcement.asked import Asked
from chipwarden.enforcement.errors import GrantRefused
from chipwarden.enforcement.grant_statements import (
    Use,
    revocation_statement,
    use_body,
    use_statement,
)
from chipwarden.enforcement.verdicts import Verdict
from chipwarden.ledger.commitments import SEED_SIZE


@dataclass(frozen=True, slots=True)
class Used:
    """What became of a use.

    Attributes:
        verdict: what the gate is told.
        index: entry of the log that counts it, None where it is refused.
        is_new: whether it was counted now; False where it had been before.
    """

    verdict: Verdict
    index: int | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Revoked:
    """A revocation that is in the log; `returned` holds units by line that are free again."""

    index: int
    returned: dict[int, int]


def use(ledger: Ledger, token: bytes | str, asked: Asked) -> Used:
    """Release under a grant, and count it; the same use a second time is not counted again.

    Args:
        ledger: of the grant's issuer.
        token: the grant.
        asked: what goes, with the name of the use.

    Raises:
        InvalidGrant: the token cannot be read.
        GrantRefused: the use has no name.
        LogConflict, LogUnavailable: nothing was acknowledged, and nothing may go. Ask again
            with the same name of the use: if it was counted, it is not counted twice.
    """
    if asked.use_id is None:
        raise GrantRefused("use", ["It has no name. Give the number of the shipment, or another."])
    with held(ledger) as writer:
        verdict = ask(ledger, token, asked)
        if verdict.counted is not None:
            return Used(verdict, verdict.counted.index, False)
        grant = verdict.grant
        if grant is None or not verdict.is_granted:
            return Used(verdict, None, False)
        if grant.issuer != ledger.issuer:
            # Its own issuer counts it; what we logged of it would not be believed.
            reason = f"{grant.issuer} gave it, and this ledger is of {ledger.issuer}."
            raise GrantRefused(f"use of {grant.id}", [reason])
        if (stop := newer_stop(ledger, grant.decision_index, grant.order_id)) is not None:
            reason = (
                f"Entry {stop} decided order {grant.order_id} anew, and does not release it. "
                "Revoke this grant, and look at that decision."
            )
            raise GrantRefused(f"use of {grant.id}", [reason])
        release = Use(asked.use_id, grant.holder, grant.place, verdict.released)
        seed = secrets.token_bytes(SEED_SIZE)
        body = ledger.bodies.write(use_body(release), seed)
        statement = use_statement(grant, release, ledger.now(), ledger.signing_key, seed, body)
        return Used(verdict, writer.append([statement.content]), True)


def revoke(ledger: Ledger, identifier: str, reason: str, return_rest: bool = False) -> Revoked:
    """Revoke a grant.

    Args:
        ledger: of the grant's issuer.
        identifier: the grant's id.
        reason: why; anybody can read it.
        return_rest: what is left may be granted again. Only where no gate can release on it any
            more: all count in this log, or know of the revocation.

    Raises:
        InvalidGrant: the log has no such grant.
        GrantRefused: it is revoked already, or another issuer gave it.
        InvalidStatement: the reason is empty, too long or of several lines.
        LogConflict, LogUnavailable: nothing was acknowledged.
    """
    with held(ledger) as writer:
        found = book_of(ledger, identifier=identifier).grant(identifier)
        reasons = []
        if found.issuer != ledger.issuer:
            reasons.append(f"{found.issuer} gave it, and this ledger is of {ledger.issuer}.")
        if found.revoked is not None:
            reasons.append(f"Entry {found.revoked.index} revoked it already.")
        if reasons:
            raise GrantRefused(f"revocation of {identifier}", reasons)
        returned = found.all_left() if return_rest else {}
        statement = revocation_statement(
            identifier, ledger.issuer, ledger.now(), ledger.signing_key, reason, returned
        )
        return Revoked(writer.append([statement.content]), returned)
