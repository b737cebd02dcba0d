"""The count: a fold over the log's own bytes that anybody can make."""

import hashlib
import hmac
import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from tests.enforcement.made import (
    END,
    HOLDER,
    ISSUER,
    KEY,
    NOON,
    OTHER_KEY,
    PRODUCT,
    Keys,
    Log,
    asked,
    grant,
    issuing,
    record,
    wanted,
)

from chipwarden.enforcement.asked import AskedLine
from chipwarden.enforcement.errors import GrantRefused, InvalidGrant
from chipwarden.enforcement.gate import verify_grant
from chipwarden.enforcement.grant_statements import PublicRevocation as Form
from chipwarden.enforcement.grant_statements import (
    Released,
    Use,
    grant_statement,
    read_public,
    revocation_statement,
    unit_tag,
    use_statement,
    use_tag,
)
from chipwarden.enforcement.grant_tokens import cwt_token
from chipwarden.enforcement.grants import Grant, Place
from chipwarden.enforcement.issuing import grant_from_decision
from chipwarden.ledger.commitments import check_opening, opening_of
from chipwarden.ledger.errors import InvalidProof, InvalidStatement
from chipwarden.ledger.statements import read_statement, sign_statement


def logged(**changes: Any) -> tuple[Grant, Log]:
    log = Log()
    return log.grant(grant(**changes)), log


def test_what_the_log_shows_of_a_grant() -> None:
    given = grant(3)
    statement = grant_statement(given, KEY, hashlib.sha256(b"body").digest())
    assert (statement.type, statement.subject, statement.issuer) == ("grant", given.id, ISSUER)
    assert statement.public == {
        "decision": 12, "lines": [[1, 64]], "not_before": NOON, "not_after": END,
    }  # fmt: skip
    assert set(statement.commitments) == {
        "order", "decision", "items", "holder", "place", "obligations",
    }  # fmt: skip
    for secret in (HOLDER.encode(), PRODUCT.encode(), b"EX-41", b'"SA"', given.seed):
        assert secret not in statement.content


def test_one_value_of_a_grant_can_be_opened() -> None:
    given = grant(3)
    statement = grant_statement(given, KEY, None)
    # RFC 8785 of a text is the text in quotes.
    check_opening(opening_of(given.seed, "holder", f'"{HOLDER}"'.encode()), statement)
    with pytest.raises(InvalidProof):
        check_opening(opening_of(given.seed, "holder", b'"Example Trading LLC"'), statement)


def test_what_the_log_shows_of_a_use() -> None:
    given = grant(3)
    use = Use("S-4711", HOLDER, Place("SA"), (Released(1, PRODUCT, 2, ("B", "A")),))
    statement = use_statement(given, use, NOON, KEY, bytes(32), None)

    def tag(kind: bytes, name: bytes) -> bytes:
        message = b"chipwarden.grant-" + kind + b"/1\x00" + name
        return hmac.new(given.seed, message, hashlib.sha256).digest()[:16]

    assert statement.public == {
        "use": tag(b"use", b"S-4711"),
        "lines": [[1, 2]],
        "units": sorted([tag(b"unit", b"A"), tag(b"unit", b"B")]),
    }
    assert set(statement.commitments) == {"use", "holder", "place", "lines"}
    assert b"S-4711" not in statement.content
    assert use_tag(given.seed, "S-4711") != use_tag(grant(4).seed, "S-4711")
    assert unit_tag(given.seed, "A") != use_tag(given.seed, "A")


def test_as_many_serials_as_a_grant_may_have_fit_into_one_entry() -> None:
    given = grant(3)
    serials = tuple(f"{number:020d}" for number in range(2_000))
    use = Use("S", HOLDER, Place("SA"), (Released(1, PRODUCT, 2_000, serials),))
    assert len(use_statement(given, use, NOON, KEY, bytes(32), None).content) <= 65_535


# ---------------------------------------------------------------- counting


def test_a_grant_is_counted_line_by_line() -> None:
    given, log = logged()
    log.use(given, 40, "S-1")
    log.use(given, 4, "S-2")
    count = log.book().grant(given.id)
    assert (count.granted, count.used, count.left(1), count.left(2)) == ({1: 64}, {1: 44}, 20, 0)
    assert count.all_left() == {1: 20}
    assert log.book().problems == ()
    assert log.book().covered([12]) == {1: 64}
    assert log.book().covered([11]) == {}


def test_what_is_left_of_a_revoked_grant_is_freed_only_where_it_is_said() -> None:
    given, log = logged()
    log.use(given, 40, "S-1")
    kept = Log(list(log.entries))
    kept.revoke(given)
    assert kept.book().covered([12]) == {1: 64}
    log.revoke(given, "cancelled", returned={1: 24})
    assert log.book().covered([12]) == {1: 40}
    assert log.book().grant(given.id).left(1) == 0
    assert log.book().problems == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda log, g: log.use(g, 25, "S-2"), "line 1 is overdrawn: granted 64, used 40, now 25"),
        (lambda log, g: log.use(g, 1, "S-1"), "it counts a use of"),
        (lambda log, g: log.use(g, 1, "S-2", time=END), "it is used at"),
        (lambda log, g: log.use(g, 1, "S-2", time=NOON - 1), "it is used at"),
        (lambda log, g: log.use(g, (Released(2, PRODUCT, 1),), "S-2"), "line 2 is overdrawn"),
        (lambda log, g: log.use(g, (Released(1, PRODUCT, 1, ("A",)),), "S-2"), "went twice"),
        (lambda log, g: log.revoke(g, returned={1: 25}), "it returns more of"),
        (lambda log, g: log.append(grant_statement(g, KEY, None)), "again, which entry 13 did"),
        (lambda log, g: log.use(replace(g, id=grant(9).id), 1, "S-2"), "not found in the log"),
        (lambda log, g: log.use(replace(g, issuer="https://b.example"), 1, "S-2"),
         "https://b.example says it of"),
        (lambda log, g: log.revoke(replace(g, issuer="https://b.example")),
         "https://b.example says it of"),
    ],
)  # fmt: skip
def test_an_auditor_sees_what_should_not_be_there(wrong: Any, said: str) -> None:
    given, log = logged()
    log.use(given, (Released(1, PRODUCT, 40, ("A",)),), "S-1")
    index = wrong(log, given)
    (problem,) = log.book().problems
    assert problem.index == index
    assert said in str(problem)


def test_what_was_released_wrongly_counts_all_the_same() -> None:
    given, log = logged()
    log.use(given, 65, "S-1")
    count = log.book().grant(given.id)
    assert (count.used, count.left(1)) == ({1: 65}, 0)


def test_what_nobody_may_say_changes_nothing() -> None:
    given, log = logged()
    log.revoke(replace(given, issuer="https://b.example"))
    log.use(replace(given, issuer="https://b.example"), 64, "S-1")
    log.append(grant_statement(replace(given, not_after=END + 1), KEY, None))
    count = log.book().grant(given.id)
    assert (count.revoked, count.left(1), count.not_after) == (None, 64, END)


def test_a_use_after_the_revocation_is_seen() -> None:
    given, log = logged()
    index = log.revoke(given)
    log.use(given, 1, "S-1")
    (problem,) = log.book().problems
    assert f"it is used after entry {index} revoked it" in str(problem)
    log.revoke(given)
    assert f"again, which entry {index} did" in str(log.book().problems[-1])


MALFORMED: dict[str, tuple[str, dict[str, Any]]] = {
    "no lines": ("grant", {"decision": 1, "lines": [], "not_before": 1, "not_after": 2}),
    "a line twice": (
        "grant", {"decision": 1, "lines": [[1, 1], [1, 1]], "not_before": 1, "not_after": 2}),
    "lines descend": (
        "grant", {"decision": 1, "lines": [[2, 1], [1, 1]], "not_before": 1, "not_after": 2}),
    "no units": ("grant", {"decision": 1, "lines": [[1, 0]], "not_before": 1, "not_after": 2}),
    "less than none": (
        "grant-used", {"use": bytes(16), "lines": [[1, -1]], "units": []}),
    "a text for a tag": ("grant-used", {"use": "A" * 16, "lines": [[1, 1]], "units": []}),
    "a short tag": ("grant-used", {"use": bytes(15), "lines": [[1, 1]], "units": []}),
    "more than there is": (
        "grant-used", {"use": bytes(16), "lines": [[1, 1]], "units": [], "more": 1}),
    "no reason": ("grant-revoked", {"returned": []}),
    "an empty reason": ("grant-revoked", {"reason": "", "returned": []}),
    "a reason of two lines": ("grant-revoked", {"reason": "a\nb", "returned": []}),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_statement_is_told_and_changes_nothing(name: str) -> None:
    kind, public = MALFORMED[name]
    given, log = logged()
    subject = grant(9).id if kind == "grant" else given.id
    index = log.append(sign_statement(kind, ISSUER, subject, NOON, KEY, public=public))
    book = log.book()
    assert [problem.index for problem in book.problems] == [index]
    assert list(book.grants) == [given.id]
    assert book.grant(given.id).all_left() == {1: 64}
    assert book.grant(given.id).revoked is None


def test_other_statements_are_passed_over() -> None:
    log = Log()
    log.append(sign_statement("note", ISSUER, "urn:x", NOON, KEY, public={"a": 1}))
    assert (log.book().grants, log.book().problems) == ({}, ())


def test_an_id_that_the_log_does_not_have() -> None:
    with pytest.raises(InvalidGrant, match="not found in the log"):
        Log().book().grant(grant().id)
    with pytest.raises(InvalidGrant, match="expected urn:chipwarden:grant:"):
        Log().book().grant("4711")


@pytest.mark.parametrize("reason", ["", "x" * 201, "two\nlines"])
def test_a_reason_is_one_line(reason: str) -> None:
    with pytest.raises(InvalidStatement):
        revocation_statement(grant().id, ISSUER, NOON, KEY, reason)


def test_what_is_written_is_read() -> None:
    made = revocation_statement(grant().id, ISSUER, NOON, KEY, "recalled", {2: 3, 1: 4})
    public = read_public(read_statement(made.content), Form)
    assert (public.reason, public.returned) == ("recalled", ((1, 4), (2, 3)))


# ---------------------------------------------------------------- whatever comes

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(1, 70)),
        st.tuples(st.just("use"), st.integers(0, 3), st.integers(1, 70), st.integers(0, 5)),
        st.tuples(st.just("serial"), st.integers(0, 3), st.integers(0, 9), st.integers(0, 5)),
        st.tuples(st.just("revoke"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 100)),
    ),
    max_size=25,
)
DECIDED = 64
CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "100"))


@settings(max_examples=CASES)
@drawn(STEPS)
def test_whatever_is_asked_no_more_goes_than_was_granted_or_decided(
    steps: list[tuple[Any, ...]],
) -> None:
    """A model beside it counts what went, by plain addition."""
    log, time = Log(), NOON
    given: list[Grant] = []
    went: dict[str, int] = {}
    names: dict[tuple[str, str], int] = {}
    for step in steps:
        match step:
            case ("grant", units):
                try:
                    made = grant_from_decision(
                        record(), 12, wanted(quantities={1: units}),
                        issuing(len(given), covered=log.book().covered([12]), time=time),
                    )  # fmt: skip
                except GrantRefused:
                    continue
                given.append(log.grant(made))
            case ("use" | "serial", number, units, name) if number < len(given):
                of = given[number]
                serials = (f"SN-{units}",) if step[0] == "serial" else ()
                units = 1 if serials else units
                line = AskedLine(PRODUCT, units, serials)
                verdict = verify_grant(
                    cwt_token(of, KEY), Keys(), time,
                    asked(use_id=f"S-{name}", lines=(line,)), log.book(),
                )  # fmt: skip
                if verdict.is_granted:
                    assert sum(line.quantity for line in verdict.released) == units
                    assert (of.id, f"S-{name}") not in names
                    log.use(of, verdict.released, f"S-{name}", time)
                    went[of.id] = went.get(of.id, 0) + units
                    names[of.id, f"S-{name}"] = units
                elif verdict.counted is not None:
                    assert names[of.id, f"S-{name}"] == units
            case ("revoke", number, is_returned) if number < len(given):
                of = given[number]
                count = log.book().grant(of.id)
                if count.revoked is None:
                    log.revoke(of, returned=count.all_left() if is_returned else {})
            case ("wait", hours):
                time += hours * 600
    book = log.book()
    assert book.problems == ()
    for of in given:
        assert went.get(of.id, 0) == book.grant(of.id).used.get(1, 0) <= of.items[0].quantity
    assert sum(went.values()) <= book.covered([12]).get(1, 0) <= DECIDED


def test_another_issuers_statements_are_his_own() -> None:
    """Two issuers in one log: each counts for itself."""
    log = Log()
    mine = log.grant(grant(1))
    his = replace(grant(2), issuer="https://b.example")
    index = log.append(grant_statement(his, OTHER_KEY, None))
    assert log.book().grant(his.id).index == index
    assert log.book().grant(mine.id).issuer == ISSUER
