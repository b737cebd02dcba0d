"""Giving release grants on decisions of a workspace's log.

    issued = issue(ledger, 12, Wanted(holder="Example Compute Riyadh Co.", country="SA"))
    write_token(issued, Path("grant.cwt"))

It is apart from using them, for it needs the law, which takes long to load.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from chipwarden.app.data import load_data
from chipwarden.app.grant_book import book_of, decisions_on, held, objections
from chipwarden.app.grant_days import release_limits
from chipwarden.app.ledger import Ledger
from chipwarden.app.recording import recorded_decision
from chipwarden.enforcement.grant_statements import grant_body, grant_statement
from chipwarden.enforcement.grant_tokens import cwt_token, jwt_token
from chipwarden.enforcement.grants import ID_SIZE, Grant
from chipwarden.enforcement.issuing import Issuing, Wanted, grant_from_decision
from chipwarden.enforcement.validity import DEFAULT_VALIDITY_S, LONGEST_VALIDITY_S
from chipwarden.ledger.commitments import SEED_SIZE
from chipwarden.store.whole_files import replace_whole


@dataclass(frozen=True, slots=True)
class Issued:
    """A grant that is in the log, with its tokens."""

    grant: Grant
    cwt: bytes
    jwt: str


def issue(ledger: Ledger, decision_index: int, wanted: Wanted) -> Issued:
    """Give a grant on a decision of the log.

    Args:
        ledger: the ledger, whose issuer gives it.
        decision_index: entry of the decision.
        wanted: holder, place and quantities.

    Raises:
        GrantRefused: every reason why there is none.
        NoDecision: the entry is none, or its record was erased.
        LogConflict, LogUnavailable: nothing was acknowledged; look at the list of grants
            before you try again.
    """
    data = load_data()
    with held(ledger) as writer:
        stored = recorded_decision(ledger, decision_index)
        book = book_of(ledger)
        decisions = decisions_on(ledger, str(stored.record["order_id"]), book)
        law = data.lawbook.law_on(stored.as_of, stored.known_on)
        days = law.parameters.get("screening_greatest_age_days")
        now = ledger.now()
        start = now if wanted.not_before is None else wanted.not_before
        asked = DEFAULT_VALIDITY_S if wanted.validity_s is None else wanted.validity_s
        end = start + min(max(asked, 1), LONGEST_VALIDITY_S)
        issuing = Issuing(
            issuer=ledger.issuer,
            time=now,
            random=secrets.token_bytes(ID_SIZE),
            seed=secrets.token_bytes(SEED_SIZE),
            covered=book.covered({decision_index, *decisions}),
            known_to=data.lawbook.known_to,
            screening_days=None if days is None else int(str(days)),
            limits=release_limits(stored, data, start, end),
            objections=tuple(objections(ledger, decision_index, decisions, book)),
        )
        grant = grant_from_decision(stored.record, decision_index, wanted, issuing)
        # The body is on the disk before the log names it.
        body = ledger.bodies.write(grant_body(grant), grant.seed)
        statement = grant_statement(grant, ledger.signing_key, body)
        grant = grant.logged_at(ledger.origin, writer.append([statement.content]))
    return Issued(grant, cwt_token(grant, ledger.signing_key), jwt_token(grant, ledger.signing_key))


def write_token(issued: Issued, path: Path) -> None:
    """Write a token to a file: a CWT where its name ends in .cwt, else a JWT.

    Raises:
        OSError: it cannot be written.
    """
    is_cwt = path.suffix == ".cwt"
    replace_whole(path, [issued.cwt if is_cwt else f"{issued.jwt}\n".encode("ascii")])
