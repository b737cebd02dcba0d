"""Grants of a workspace: what is decided twice is granted once, and no answer is lost."""

import sqlite3
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.enforcement.made import OTHER_KEY
from tests.enforcement.warehouse import EXAMPLE, HOLDER, NOON, PRODUCT

from chipwarden.app.check import check
from chipwarden.app.data import load_data
from chipwarden.app.erasure import GrantHolds, erase
from chipwarden.app.grant_book import book_of
from chipwarden.app.grant_issuing import issue
from chipwarden.app.grant_view import ask, ask_offline, book_json, revocation_list
from chipwarden.app.grants import revoke, use
from chipwarden.app.ledger import Ledger, open_ledger
from chipwarden.app.packs import current_pack
from chipwarden.app.proofs import trust
from chipwarden.app.recording import NoDecision, Recorder
from chipwarden.app.workspace import init
from chipwarden.enforcement.asked import Asked, AskedLine
from chipwarden.enforcement.errors import GrantRefused, InvalidGrant, InvalidRevocations
from chipwarden.enforcement.grant_tokens import jwt_token, read_token
from chipwarden.enforcement.grants import grant_record
from chipwarden.enforcement.issuing import Wanted
from chipwarden.ledger.errors import LogUnavailable
from chipwarden.ledger.statements import sign_statement
from chipwarden.model.canonical import canonical_bytes

WANTED = Wanted(HOLDER, "DE")


def asked(quantity: int, use_id: str | None = None) -> Asked:
    return Asked(HOLDER, "DE", (AskedLine(PRODUCT, quantity),), use_id=use_id)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("CHIPWARDEN_PASSPHRASE", "example passphrase")
    monkeypatch.setattr(Ledger, "now", lambda self: NOON)
    init(tmp_path / "workspace")
    with open_ledger(tmp_path / "workspace") as opened:
        yield opened


def decided(ledger: Ledger, **changes: Any) -> int:
    """Return the entry of a decision on the example's order, with changes."""
    order = tomllib.loads((EXAMPLE / "order.toml").read_text("utf-8")) | changes
    record = check(order, "order", load_data()).record
    return Recorder(ledger, current_pack(None)).record([record])


def test_what_is_issued_is_in_the_log_before_the_token(ledger: Ledger) -> None:
    issued = issue(ledger, decided(ledger), WANTED)
    logged = issued.grant.logged
    assert logged is not None
    assert (logged.origin, logged.index) == (ledger.origin, 3)
    assert read_token(issued.cwt).grant == read_token(issued.jwt).grant == issued.grant
    statement = ledger.statement(3)
    assert (statement.type, statement.subject) == ("grant", issued.grant.id)
    body = ledger.opened_body(statement)
    assert body is not None
    # The token opens what the log holds.
    assert (body.seed, body.content) == (
        issued.grant.seed,
        canonical_bytes(grant_record(issued.grant)),
    )
    assert ask(ledger, issued.cwt, asked(64)).is_granted
    assert book_json(ledger)["grants"][0]["state"] == "valid"


def test_two_decisions_on_one_order_are_granted_once(ledger: Ledger) -> None:
    first = decided(ledger)
    issue(ledger, first, Wanted(HOLDER, "DE", quantities={1: 40}))
    again = decided(ledger, end_use={"purposes": ["hpc"]})
    other = decided(ledger, id="PO-2026-0118")
    with pytest.raises(GrantRefused, match="40 in earlier grants, 24 left"):
        issue(ledger, again, Wanted(HOLDER, "DE", quantities={1: 25}))
    assert issue(ledger, again, WANTED).grant.items[0].quantity == 24
    assert issue(ledger, other, WANTED).grant.items[0].quantity == 64


def test_only_the_newest_decision_on_an_order_bears_a_grant(ledger: Ledger) -> None:
    first = decided(ledger)
    again = decided(ledger, end_use={"purposes": ["hpc"]})
    with pytest.raises(GrantRefused, match=f"Entry {again} decided this order anew"):
        issue(ledger, first, WANTED)
    assert issue(ledger, again, WANTED).grant.items[0].quantity == 64


def test_a_later_decision_that_does_not_release_stops_what_was_granted(ledger: Ledger) -> None:
    issued = issue(ledger, decided(ledger), WANTED)
    assert use(ledger, issued.jwt, asked(10, "S-1")).is_new
    stopped = decided(ledger, destination="CN")
    with pytest.raises(GrantRefused, match=rf"Entry {stopped} decided order .* does not release"):
        use(ledger, issued.jwt, asked(10, "S-2"))


def test_lines_in_another_order_do_not_double_the_units(ledger: Ledger) -> None:
    """An amendment that moves a line: 64 units of one product are 64 on every paper."""
    b200, h200 = ({"product": name, "quantity": 64} for name in ("NVIDIA B200", "NVIDIA H200 SXM"))
    first = decided(ledger, items=[b200, h200])
    issue(ledger, first, Wanted(HOLDER, "DE", quantities={1: 64}))
    moved = decided(ledger, items=[h200, b200])
    with pytest.raises(GrantRefused, match="lines of the order were others"):
        issue(ledger, moved, Wanted(HOLDER, "DE", quantities={2: 64}))


def test_a_decision_is_made_again_for_the_days_of_the_grant(ledger: Ledger) -> None:
    """A record may say release under rules of one's own; the law at hand says block."""
    order = tomllib.loads((EXAMPLE / "order.toml").read_text("utf-8"))
    record = check(order, "order", load_data()).record
    record["order"] |= {"destination": "CN"}
    index = Recorder(ledger, current_pack(None)).record([record])
    with pytest.raises(GrantRefused, match=r"Decided anew for .* the answer is (block|hold)"):
        issue(ledger, index, Wanted(HOLDER, "CN"))


def test_records_that_lost_a_row_are_not_counted_from(ledger: Ledger) -> None:
    issued = issue(ledger, decided(ledger), WANTED)
    assert use(ledger, issued.jwt, asked(64, "S-1")).is_new
    assert len(ledger.records.indexes(["grant-used"])) == 1
    with sqlite3.connect(ledger.workspace / "records.sqlite") as records:
        records.execute("DELETE FROM statements WHERE type = 'grant-used'")
    with pytest.raises(LogUnavailable, match="Somebody took some out"):
        use(ledger, issued.jwt, asked(64, "S-2"))


def test_an_erased_decision_frees_nothing(ledger: Ledger) -> None:
    first = decided(ledger)
    issue(ledger, first, Wanted(HOLDER, "DE", quantities={1: 40}))
    erase(ledger, first, "asked for")
    with pytest.raises(NoDecision):
        issue(ledger, first, WANTED)
    assert issue(ledger, decided(ledger), WANTED).grant.items[0].quantity == 24


def test_a_grant_that_holds_is_not_erased(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = decided(ledger)
    one = issue(ledger, decision, Wanted(HOLDER, "DE", quantities={1: 40}))
    two = issue(ledger, decision, WANTED)
    assert one.grant.logged is not None
    assert two.grant.logged is not None
    size = ledger.signed().checkpoint.size
    for index in (one.grant.logged.index, two.grant.logged.index):
        with pytest.raises(GrantHolds, match=r"until 2026-11-19 12:00:00 UTC.*Revoke it first"):
            erase(ledger, index, "asked for")
    assert ledger.signed().checkpoint.size == size
    assert ledger.opened_body(ledger.statement(one.grant.logged.index)) is not None
    revoke(ledger, one.grant.id, "order cut")
    for at, index in (
        (NOON, one.grant.logged.index),
        (two.grant.not_after, two.grant.logged.index),
    ):
        monkeypatch.setattr(Ledger, "now", lambda self, at=at: at)
        said = erase(ledger, index, "asked for")
        assert ledger.opened_body(ledger.statement(index)) is None
        assert erase(ledger, index, "asked for") == said


def test_what_is_returned_can_be_granted_again(ledger: Ledger) -> None:
    decision = decided(ledger)
    issued = issue(ledger, decision, WANTED)
    assert use(ledger, issued.jwt, asked(40, "S-1")).is_new
    revoked = revoke(ledger, issued.grant.id, "order cut", return_rest=True)
    assert revoked.returned == {1: 24}
    assert issue(ledger, decision, WANTED).grant.items[0].quantity == 24
    with pytest.raises(GrantRefused, match="revoked it already"):
        revoke(ledger, issued.grant.id, "again")
    with pytest.raises(InvalidGrant, match="not found in the log"):
        revoke(ledger, "urn:chipwarden:grant:" + "0" * 32, "never given")
    assert book_json(ledger, every_entry=True)["problems"] == []


def test_what_is_not_returned_stays_covered(ledger: Ledger) -> None:
    decision = decided(ledger)
    revoke(ledger, issue(ledger, decision, WANTED).grant.id, "lost")
    with pytest.raises(GrantRefused, match="nothing is left to grant"):
        issue(ledger, decision, WANTED)


def test_only_a_decision_is_granted(ledger: Ledger) -> None:
    with pytest.raises(NoDecision):
        issue(ledger, 0, WANTED)
    blocked = decided(ledger, destination="CN")
    with pytest.raises(GrantRefused, match="not 'release'"):
        issue(ledger, blocked, Wanted(HOLDER, "CN"))
    assert book_of(ledger).grants == {}


def test_a_use_has_a_name(ledger: Ledger) -> None:
    issued = issue(ledger, decided(ledger), WANTED)
    with pytest.raises(GrantRefused, match="It has no name"):
        use(ledger, issued.jwt, asked(1))


def test_an_answer_that_was_lost_is_given_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The use is durable, and then the power goes: asked again, it is not counted twice."""
    issued = issue(ledger, decided(ledger), WANTED)
    storage = type(ledger.storage)
    commit = storage.commit

    def commit_and_fail(self: Any, batch: Any) -> None:
        commit(self, batch)
        raise LogUnavailable("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(storage, "commit", commit_and_fail)
        with pytest.raises(LogUnavailable):
            use(ledger, issued.jwt, asked(64, "S-1"))
    with open_ledger(ledger.workspace) as again:
        used = use(again, issued.jwt, asked(64, "S-1"))
        assert (used.is_new, used.index) == (False, 4)
        assert not use(again, issued.jwt, asked(1, "S-2")).verdict.is_granted
        assert book_json(again, every_entry=True)["problems"] == []


def test_a_use_that_did_not_reach_the_log_is_not_counted(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = issue(ledger, decided(ledger), WANTED)

    def fail(self: Any, batch: Any) -> None:
        raise LogUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(ledger.storage), "commit", fail)
        with pytest.raises(LogUnavailable):
            use(ledger, issued.jwt, asked(64, "S-1"))
    used = use(ledger, issued.jwt, asked(64, "S-1"))
    assert (used.is_new, used.index) == (True, 4)


def test_the_grant_of_another_issuer_is_not_counted_here(ledger: Ledger) -> None:
    """A token that another key of the same log signs in its own name."""
    issued = issue(ledger, decided(ledger), WANTED)
    theirs = replace(issued.grant, issuer="https://b.example")
    verdict = use(ledger, jwt_token(theirs, ledger.signing_key), asked(1, "S-1")).verdict
    assert [check.step for check in verdict.refusals] == ["key"]


def test_what_nobody_signed_does_not_count(ledger: Ledger) -> None:
    """Somebody writes a use into the log with a key of his own, in the issuer's name."""
    issued = issue(ledger, decided(ledger), WANTED)
    public = {"use": bytes(16), "lines": [[1, 64]], "units": []}
    forged = sign_statement(
        "grant-used", ledger.issuer, issued.grant.id, NOON, OTHER_KEY, public=public
    )
    index = ledger.append(forged.content)
    book = book_of(ledger)
    assert book.grant(issued.grant.id).left(1) == 64
    assert [problem.index for problem in book.problems] == [index]


def test_a_gate_without_the_log_knows_what_it_is_told(ledger: Ledger) -> None:
    decision = decided(ledger)
    one = issue(ledger, decision, Wanted(HOLDER, "DE", quantities={1: 40}))
    two = issue(ledger, decision, WANTED)
    believed = trust(ledger)
    assert ask_offline(one.jwt, believed, asked(40), NOON).is_granted
    revoke(ledger, one.grant.id, "order cut")
    known = revocation_list(ledger)
    assert not ask_offline(one.jwt, believed, asked(40), NOON, known).is_granted
    assert ask_offline(two.cwt, believed, asked(24), NOON, known).is_granted
    with pytest.raises(InvalidRevocations):
        ask_offline(two.cwt, believed, asked(24), NOON, known[:-1])
