"""Attacks at the gate: each is refused, each for its own reason."""

from dataclasses import replace
from typing import Any

import pytest
from tests.enforcement.made import (
    END,
    HOLDER,
    ISSUER,
    KEY,
    NOON,
    ORIGIN,
    OTHER_KEY,
    PRODUCT,
    Keys,
    Known,
    Log,
    asked,
    grant,
    trusting,
)

from chipwarden.enforcement.asked import Asked, AskedLine
from chipwarden.enforcement.gate import verify_grant
from chipwarden.enforcement.gate_keys import HistoryKeys
from chipwarden.enforcement.grant_statements import Released
from chipwarden.enforcement.grant_tokens import cwt_token, jwt_token
from chipwarden.enforcement.grants import CLAIM, Grant
from chipwarden.enforcement.revocations import RevocationList, revocations_of
from chipwarden.enforcement.verdicts import Step, Verdict
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import possession, sign_key, sign_revocation
from chipwarden.ledger.keys import SigningKey

SERIALS = tuple(f"1654{n:04d}" for n in range(64))


def at_gate(given: Grant, log: Log | None, **changes: Any) -> Verdict:
    """Return the verdict on a grant, which must be the same for both of its tokens."""
    question = changes.pop("asked", None) or asked()
    keys, at = changes.pop("keys", Keys()), changes.pop("at", NOON)
    book = None if log is None else log.book()
    one, other = (
        verify_grant(make(given, KEY), keys, at, question, book, **changes)
        for make in (cwt_token, jwt_token)
    )
    assert one == other
    return one


def reasons(verdict: Verdict) -> dict[str, str]:
    """Return the steps that failed, each with its reason."""
    assert not verdict.is_granted
    assert verdict.released == ()
    assert verdict.to_json()["granted"] is False
    told: dict[str, str] = {}
    for check in verdict.refusals:
        told[check.step.value] = " / ".join(filter(None, (told.get(check.step), check.said)))
    return told


def logged(**changes: Any) -> tuple[Grant, Log]:
    log = Log()
    return log.grant(grant(**changes)), log


def test_what_is_granted_goes() -> None:
    given, log = logged()
    for at in (NOON, END - 1):
        verdict = at_gate(given, log, at=at, asked=asked(64, "S-1"))
        assert verdict.is_granted
        assert verdict.refusals == ()
        assert verdict.notes == ()
        assert verdict.released == (Released(1, PRODUCT, 64),)
        assert verdict.grant == given
    told = verdict.to_json()
    assert (told["granted"], told["refusals"]) == (True, [])
    assert told["grant"]["obligations"] == list(given.obligations)
    # Who may see the verdict need not be who may count under the grant.
    assert given.seed.hex() not in str(told)


def test_without_the_log_it_goes_with_a_word_of_caution() -> None:
    given, _ = logged()
    verdict = at_gate(given, None, asked=asked(64))
    assert verdict.is_granted
    assert verdict.notes == (
        "How much of it is used already is not known without the log.",
        "Whether it was revoked is not known without the log or a list.",
    )


ATTACKS: dict[str, tuple[dict[str, Any], str, str]] = {
    "not yet valid": ({"at": NOON - 1}, "not yet valid",
                      "it holds from 2025-03-03 09:00:00 UTC; it is 2025-03-03 08:59:59 UTC"),
    "expired": ({"at": END}, "expired",
                "it holds until 2025-03-06 09:00:00 UTC; it is 2025-03-06 09:00:00 UTC"),
    "other holder": ({"asked": asked(holder="Example Trading LLC")}, "holder",
                     f"granted to {HOLDER}, not to Example Trading LLC"),
    "other country": ({"asked": asked(country="AE")}, "place", "granted for SA, not for AE"),
    "other product": (
        {"asked": asked(lines=(AskedLine("NVIDIA B300", 1),))}, "product",
        "NVIDIA B300 is not granted; granted is NVIDIA B200"),
    "overdrawn": ({"asked": asked(65)}, "quantity",
                  "overdrawn. NVIDIA B200: granted 64, used 0, asked 65, left 64"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_has_its_reason(name: str) -> None:
    changes, step, said = ATTACKS[name]
    given, log = logged()
    assert reasons(at_gate(given, log, **changes)) == {step: said}


def test_all_that_is_wrong_is_told() -> None:
    given, log = logged(site="Riyadh 2")
    log.revoke(given)
    question = Asked("Nobody", "CN", (AskedLine(PRODUCT, 70), AskedLine("H20", 1)))
    verdict = at_gate(given, log, at=END, asked=question)
    assert set(reasons(verdict)) == {
        "expired", "revoked", "holder", "place", "product", "quantity",
    }  # fmt: skip


# ---------------------------------------------------------------- place


@pytest.mark.parametrize(
    ("said", "granted"),
    [
        ({"site": "Riyadh 2"}, True),
        ({"site": " riyadh  2"}, True),
        ({"site": "Riyadh 3"}, False),
        ({"site": None}, False),  # the gate does not know: that is not enough
    ],
)
def test_a_grant_for_a_site_is_for_that_site(said: dict[str, Any], granted: bool) -> None:
    given, log = logged(site="Riyadh 2")
    assert at_gate(given, log, asked=asked(**said)).is_granted is granted


def test_a_grant_for_a_country_is_for_every_site_in_it() -> None:
    given, log = logged()
    assert at_gate(given, log, asked=asked(site="Anywhere")).is_granted


# ---------------------------------------------------------------- counted


def test_sixty_four_never_become_sixty_five() -> None:
    given, log = logged()
    assert at_gate(given, log, asked=asked(40, "S-1")).is_granted
    log.use(given, 40, "S-1")
    assert reasons(at_gate(given, log, asked=asked(25, "S-2"))) == {
        "quantity": "overdrawn. NVIDIA B200: granted 64, used 40, asked 25, left 24"
    }
    assert at_gate(given, log, asked=asked(24, "S-2")).is_granted
    log.use(given, 24, "S-2")
    assert reasons(at_gate(given, log, asked=asked(1, "S-3"))) == {
        "quantity": "overdrawn. NVIDIA B200: granted 64, used 64, asked 1, left 0"
    }


def test_a_use_that_is_replayed_is_not_a_second_one() -> None:
    given, log = logged()
    index = log.use(given, 64, "S-1")
    verdict = at_gate(given, log, asked=asked(64, "S-1"))
    assert reasons(verdict) == {
        "use": f"S-1 is counted already, in entry {index} of the log, and not again"
    }
    assert verdict.counted is not None
    assert verdict.counted.index == verdict.to_json()["counted"] == index


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"at": END}, "expired"),
        ({"revoke": True}, "revoked"),
        ({"asked": asked(64, "S-1", holder="Example Trading LLC")}, "holder"),
        ({"asked": asked(64, "S-1", country="AE")}, "place"),
        ({"keys": Keys((Known(KEY.public, until=99),))}, "key"),
    ],
)
def test_what_is_refused_is_not_finished_either(changes: dict[str, Any], step: str) -> None:
    """A use counted before is no answer where the grant would not let it go now."""
    given, log = logged()
    log.use(given, 64, "S-1")
    if "revoke" in changes:
        log.revoke(given)
    rest = {name: value for name, value in changes.items() if name != "revoke"}
    verdict = at_gate(given, log, **{"asked": asked(64, "S-1"), **rest})
    assert set(reasons(verdict)) == {step, "use"}
    assert verdict.counted is None
    assert verdict.to_json()["counted"] is None


def test_a_name_of_a_use_means_one_thing() -> None:
    given, log = logged()
    index = log.use(given, 40, "S-1")
    verdict = at_gate(given, log, asked=asked(24, "S-1"))
    assert reasons(verdict) == {
        "use": f"S-1 was counted for other units, in entry {index} of the log. Take another name "
        "for this use"
    }
    assert verdict.counted is None


def test_the_same_name_under_another_grant_is_another_use() -> None:
    log = Log()
    one = log.grant(grant(1, quantities={1: 8}))
    two = log.grant(grant(2, quantities={1: 8}))
    log.use(one, 8, "S-1")
    assert at_gate(two, log, asked=asked(8, "S-1")).is_granted


def test_one_product_cannot_be_asked_for_twice_at_once() -> None:
    for again in (PRODUCT, PRODUCT.lower(), f" {PRODUCT}"):
        with pytest.raises(ValueError, match="each once"):
            Asked(HOLDER, "SA", (AskedLine(PRODUCT, 40), AskedLine(again, 40)))


@pytest.mark.parametrize("quantity", [0, -1, True, 1.0, "1", None])
def test_units_are_whole(quantity: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        AskedLine(PRODUCT, quantity)


def test_two_lines_of_one_product_are_used_one_after_the_other() -> None:
    given = grant(quantities={1: 40})
    item = given.items[0]
    log = Log()
    given = log.grant(replace(given, items=(item, replace(item, line=3, quantity=24))))
    verdict = at_gate(given, log, asked=asked(50, "S-1"))
    assert verdict.released == (Released(1, PRODUCT, 40), Released(3, PRODUCT, 10))
    log.use(given, verdict.released, "S-1")
    assert at_gate(given, log, asked=asked(50, "S-1")).counted
    assert at_gate(given, log, asked=asked(14, "S-2")).released == (Released(3, PRODUCT, 14),)
    assert "left 14" in reasons(at_gate(given, log, asked=asked(15, "S-2")))["quantity"]


# ---------------------------------------------------------------- serials


def by_serial(*serials: str, units: int | None = None, use_id: str | None = "S") -> Asked:
    count = len(serials) if units is None else units
    return asked(lines=(AskedLine(PRODUCT, count, serials),), use_id=use_id)


def test_each_serial_goes_once() -> None:
    given, log = logged(serials={1: SERIALS})
    verdict = at_gate(given, log, asked=by_serial(*SERIALS[:3]))
    assert verdict.released == (Released(1, PRODUCT, 3, SERIALS[:3]),)
    index = log.use(given, verdict.released, "S")
    assert reasons(at_gate(given, log, asked=by_serial(SERIALS[2], use_id="T"))) == {
        "serial": f"NVIDIA B200, serial {SERIALS[2]}: went already (entry {index} of the log)"
    }
    assert at_gate(given, log, asked=by_serial(SERIALS[3], use_id="T")).is_granted
    # The same shipment with another unit in it is not the same shipment.
    assert "other units" in reasons(at_gate(given, log, asked=by_serial(*SERIALS[1:4])))["use"]


def test_a_serial_that_is_not_granted_does_not_go() -> None:
    given, log = logged(serials={1: SERIALS})
    assert reasons(at_gate(given, log, asked=by_serial("1655", units=1))) == {
        "serial": "NVIDIA B200, serial 1655: not granted",
        "quantity": "NVIDIA B200: 1 asked, but the granted serial numbers among them stand for 0",
    }


def test_units_that_are_granted_by_serial_are_asked_for_by_serial() -> None:
    given, log = logged(serials={1: SERIALS})
    assert reasons(at_gate(given, log, asked=asked(1))) == {
        "serial": "NVIDIA B200: the grant names its units by serial number. Name those that are "
        "to go"
    }


def test_a_module_counts_for_all_its_units() -> None:
    given, log = logged(quantities={1: 4}, serials={1: ("M-1", "M-2")})
    assert at_gate(given, log, asked=by_serial("M-1", units=2)).is_granted
    for units in (1, 3):
        verdict = at_gate(given, log, asked=by_serial("M-1", units=units))
        assert "stand for 2" in reasons(verdict)["quantity"]


def test_what_is_left_of_another_line_does_not_help() -> None:
    """Somebody logged a use without serial numbers: its line is used up all the same."""
    item = grant(quantities={1: 2}, serials={1: ("A", "B")}).items[0]
    log = Log()
    given = log.grant(
        replace(grant(), items=(item, replace(item, line=3, quantity=1, serials=("C",))))
    )
    log.use(given, (Released(1, PRODUCT, 2),), "S")
    assert "left 1" in reasons(at_gate(given, log, asked=by_serial("A", use_id="T")))["quantity"]
    assert at_gate(given, log, asked=by_serial("C", use_id="T")).is_granted


def test_serials_that_the_grant_does_not_know_go_once_too() -> None:
    given, log = logged()
    verdict = at_gate(given, log, asked=by_serial("A", "B"))
    assert verdict.released == (Released(1, PRODUCT, 2, ("A", "B")),)
    log.use(given, verdict.released, "S")
    assert set(reasons(at_gate(given, log, asked=by_serial("B", "C", use_id="T")))) == {"serial"}


def test_a_serial_is_asked_for_once() -> None:
    with pytest.raises(ValueError, match="serial number twice"):
        by_serial("A", "A")


# ---------------------------------------------------------------- keys


def history(*statements: Any) -> HistoryKeys:
    """Return keys by a log that begins with KEY as the registrar's."""
    proof = possession(ISSUER, "statement", KEY)
    found = KeyHistory()
    found.add(0, sign_key(ISSUER, KEY, NOON, ISSUER, KEY.public, proof))
    for index, statement in statements:
        found.add(index, statement)
    return HistoryKeys(found, ORIGIN)


def second_key(issuer: str = ISSUER) -> Any:
    proof = possession(issuer, "statement", OTHER_KEY)
    return sign_key(ISSUER, KEY, NOON, issuer, OTHER_KEY.public, proof)


def revoking(key: SigningKey, suspect_from: int | None = None) -> Any:
    return sign_revocation(ISSUER, OTHER_KEY, NOON, key.kid, "compromised", suspect_from)


def test_the_issuers_key_counts() -> None:
    given, log = logged()
    assert at_gate(given, log, keys=history()).is_granted


def test_an_unknown_key_does_not_count() -> None:
    given, log = logged()
    told = reasons(at_gate(given, log, keys=trusting(OTHER_KEY)))
    assert told == {"key": f"{ISSUER} has no such key"}


def test_the_key_of_another_issuer_does_not_count() -> None:
    """Another participant of the log signs a grant in the issuer's name."""
    given, log = logged()
    token = jwt_token(given, OTHER_KEY)
    keys = history((5, second_key("https://other.example")))
    told = reasons(verify_grant(token, keys, NOON, asked(), log.book()))
    assert set(told) == {"key"}
    assert "is the key of https://other.example" in told["key"]


def test_a_key_that_was_not_registered_yet_does_not_count() -> None:
    given, _ = logged()
    token = cwt_token(given, OTHER_KEY)
    told = reasons(verify_grant(token, history((20, second_key())), NOON, asked()))
    assert "was not registered before index 20" in told["key"]


def test_a_key_that_was_revoked_before_the_grant_does_not_count() -> None:
    given, log = logged()
    assert given.logged is not None
    assert given.logged.index == 13
    keys = history((5, second_key()), (9, revoking(KEY)))
    told = reasons(at_gate(given, log, keys=keys))
    assert set(told) == {"key"}
    assert "was revoked at index 9, compromised" in told["key"]


def test_a_key_that_was_revoked_after_the_grant_does_not_count_either() -> None:
    """Who stole it could write any earlier index into a token."""
    given, log = logged()
    keys = history((5, second_key()), (20, revoking(KEY)))
    assert reasons(at_gate(given, log, keys=keys)) == {
        "key": "the key that signed it was revoked at index 20 of the log, after the grant "
        "(index 13). Ask its issuer for a new grant"
    }
    told = reasons(at_gate(given, log, keys=history((5, second_key()), (20, revoking(KEY, 12)))))
    assert "is suspect from index 12" in told["key"]


def test_a_second_key_beside_the_first_changes_nothing() -> None:
    given, log = logged()
    assert at_gate(given, log, keys=history((5, second_key()))).is_granted


# ---------------------------------------------------------------- the log


def test_a_token_that_was_never_logged_is_refused() -> None:
    """An issuer signs beside the log: no auditor would see it."""
    given, log = grant().logged_at(ORIGIN, 13), Log()
    assert reasons(at_gate(given, log, asked=asked(1))) == {
        "log": f"the log has no grant {given.id}"
    }


LOGGED_OTHERWISE = {
    "more units": lambda g: replace(g, items=(replace(g.items[0], quantity=65),)),
    "another holder": lambda g: replace(g, holder="Example Trading LLC"),
    "another place": lambda g: replace(g, place=replace(g.place, country="AE")),
    "longer": lambda g: replace(g, not_after=END + 1),
    "earlier": lambda g: replace(g, not_before=NOON - 1),
    "fewer obligations": lambda g: replace(g, obligations=()),
    "another decision": lambda g: replace(g, decision_index=11),
    "another record": lambda g: replace(g, decision_digest="sha256:" + "0" * 64),
    "another seed": lambda g: replace(g, seed=bytes(reversed(range(32)))),
    "another index": lambda g: g.logged_at(ORIGIN, 12),
    "another order": lambda g: replace(g, order_id="EX-42"),
}


@pytest.mark.parametrize("name", LOGGED_OTHERWISE)
def test_a_token_that_says_more_than_the_log_is_refused(name: str) -> None:
    """Signed by the issuer, but not what the log has under this id."""
    given, log = logged()
    changed = LOGGED_OTHERWISE[name](given)
    told = reasons(at_gate(changed, log))
    assert told.pop("log") == "entry 13 of the log grants something else"
    assert set(told) <= {"holder", "place"}


def test_a_token_of_another_log_is_not_counted_here() -> None:
    given, log = logged()
    name = "elsewhere.example/ledger"
    elsewhere = given.logged_at(name, 13)
    assert reasons(at_gate(elsewhere, log)) == {
        "key": f"it is a grant of the log {name}, and the keys are known for {ORIGIN}"
    }
    assert reasons(at_gate(elsewhere, log, keys=Keys(origin=name))) == {
        "log": f"it is counted in the log {name}, not in {ORIGIN}"
    }


# ---------------------------------------------------------------- revoked


def test_a_grant_that_the_log_revoked_does_not_go() -> None:
    given, log = logged()
    index = log.revoke(given, "The customer cancelled")
    assert reasons(at_gate(given, log)) == {
        "revoked": f"in entry {index} of the log: The customer cancelled"
    }


def revocations(log: Log, **changes: Any) -> RevocationList:
    size = changes.pop("size", len(log.entries))
    made = revocations_of(log.book(), ISSUER, ORIGIN, size, bytes(32), NOON - 7200)
    import msgspec

    return msgspec.structs.replace(made, **changes)


def test_a_list_tells_an_offline_gate() -> None:
    given, log = logged()
    other = log.grant(grant(1))
    index = log.revoke(given, "recalled")
    known = revocations(log)
    assert reasons(at_gate(given, None, revocations=known)) == {
        "revoked": f"in entry {index} of the log: recalled"
    }
    verdict = at_gate(other, None, revocations=known)
    assert verdict.is_granted
    assert verdict.notes[1] == (
        f"Revocations are known up to 16 entries of {ORIGIN}, as of 2025-03-03 07:00:00 UTC, "
        "2.0 hours before."
    )


@pytest.mark.parametrize(
    "changes", [{"origin": "elsewhere.example/ledger"}, {"issuer": "https://other.example"}]
)
def test_the_list_of_another_log_or_issuer_is_not_enough(changes: dict[str, Any]) -> None:
    given, log = logged()
    log.revoke(given)
    told = reasons(at_gate(given, None, revocations=revocations(log, **changes)))
    assert set(told) == {"revoked"}
    assert "says nothing of this grant" in told["revoked"]


def test_a_list_from_before_the_grant_is_not_enough() -> None:
    given, log = logged()
    told = reasons(at_gate(given, None, revocations=revocations(log, size=13)))
    assert set(told) == {"revoked"}
    assert "older than the grant (entry 13)" in told["revoked"]
    assert at_gate(given, None, revocations=revocations(log, size=14)).is_granted


def test_a_step_has_one_word() -> None:
    assert len({step.value for step in Step}) == len(Step)
    assert grant().claims()[CLAIM]["log"] is None


def test_a_trust_file_with_an_end_is_as_strict() -> None:
    given, _ = logged()
    for until, said in ((20, "revoked at index 20"), (13, "does not count at index 13")):
        keys = Keys((Known(KEY.public, until=until),))
        assert said in reasons(at_gate(given, None, keys=keys))["key"]
