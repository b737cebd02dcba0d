"""What a gate or an auditor asks of grants; nothing is written to the log.

    ask(ledger, token, asked).is_granted
    ask_offline(token, trust_text, asked, at)
    book_json(ledger)["problems"]           # [] where all was kept

With the log a gate knows how much is used; without it nobody does.
"""

from pathlib import Path
from typing import Any

from chipwarden.app.grant_book import book_of
from chipwarden.app.ledger import Ledger
from chipwarden.enforcement.asked import Asked
from chipwarden.enforcement.gate import verify_grant
from chipwarden.enforcement.gate_keys import HistoryKeys, TrustedKeys
from chipwarden.enforcement.grant_counts import GrantCount
from chipwarden.enforcement.grant_tokens import read_token
from chipwarden.enforcement.revocations import (
    read_revocations,
    revocations_of,
    sign_revocations,
)
from chipwarden.enforcement.verdicts import Verdict
from chipwarden.ledger.trust import read_trust
from chipwarden.store.whole_files import replace_whole


def ask(ledger: Ledger, token: bytes | str, asked: Asked, at: int | None = None) -> Verdict:
    """Return what a gate would be told; nothing is counted.

    Args:
        ledger: of the issuer.
        token: the grant.
        asked: what is to go.
        at: POSIX seconds, None for now.

    Raises:
        InvalidGrant: the token cannot be read.
    """
    at = ledger.now() if at is None else at
    book = book_of(ledger, identifier=read_token(token).grant.id)
    keys = HistoryKeys(ledger.history, ledger.origin)
    return verify_grant(token, keys, at, asked, book)


def ask_offline(
    token: bytes | str, trust: str, asked: Asked, at: int, revocations: bytes | None = None
) -> Verdict:
    """Return what a gate without the log can say.

    Args:
        token: the grant.
        trust: text of a trust file.
        asked: what is to go.
        at: POSIX seconds.
        revocations: list of revocations, None where there is none.

    Raises:
        InvalidGrant: the token cannot be read.
        InvalidPolicy: the trust file cannot be used.
        InvalidRevocations: the list cannot be read, or its issuer did not sign it.
    """
    keys = TrustedKeys(read_trust(trust))
    known = None if revocations is None else read_revocations(revocations).verify(keys)
    return verify_grant(token, keys, at, asked, None, known)


def revocation_list(ledger: Ledger) -> bytes:
    """Return the signed list of what was revoked, for gates that work offline.

    Raises:
        NothingLogged: the log has no entry yet.
    """
    signed = ledger.signed().checkpoint
    book = book_of(ledger, signed.size)
    found = revocations_of(
        book, ledger.issuer, ledger.origin, signed.size, signed.root, ledger.now()
    )
    return sign_revocations(found, ledger.signing_key)


def write_revocations(ledger: Ledger, path: Path) -> None:
    """Write the signed list of revocations to a file.

    Raises:
        NothingLogged: the log has no entry yet.
        OSError: it cannot be written.
    """
    replace_whole(path, [revocation_list(ledger)])


def book_json(ledger: Ledger, every_entry: bool = False) -> dict[str, Any]:
    """Return every grant with its count, and what is in the log and should not be.

    Args:
        ledger: the ledger.
        every_entry: read all of the log, and not only what the records name as grants.
    """
    book, now = book_of(ledger, every_entry=every_entry), ledger.now()
    return {
        "origin": ledger.origin,
        "grants": [_count_json(each, now) for each in book.grants.values()],
        "problems": [{"index": each.index, "said": each.said} for each in book.problems],
    }


def _count_json(found: GrantCount, now: int) -> dict[str, Any]:
    revoked = found.revoked
    return {
        "grant": found.id,
        "issuer": found.issuer,
        "index": found.index,
        "decision": found.decision_index,
        "state": _state(found, now),
        "not_before": found.not_before,
        "not_after": found.not_after,
        "lines": [
            {"line": line, "granted": units, "used": found.used.get(line, 0),
             "left": found.left(line)}
            for line, units in found.granted.items()
        ],
        "uses": [use.index for use in found.uses.values()],
        "revoked": None if revoked is None
        else {"index": revoked.index, "reason": revoked.reason},
    }  # fmt: skip


def _state(found: GrantCount, now: int) -> str:
    if found.revoked is not None:
        return "revoked"
    if now >= found.not_after:
        return "expired"
    if not found.all_left():
        return "used up"
    return "not yet valid" if now < found.not_before else "valid"
