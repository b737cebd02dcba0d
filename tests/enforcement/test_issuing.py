"""A grant is made from a release alone, and holds no more and no longer than was decided."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.enforcement.made import (
    END,
    HOLDER,
    ISSUER,
    NOON,
    PRODUCT,
    grant,
    issuing,
    order,
    record,
    wanted,
)

from chipwarden.app.check import check
from chipwarden.app.data import load_data
from chipwarden.decisions import decide
from chipwarden.enforcement import issuing as module
from chipwarden.enforcement.errors import GrantRefused, InvalidGrant
from chipwarden.enforcement.grant_claims import grant_of
from chipwarden.enforcement.grants import CLAIM, GrantItem, Place
from chipwarden.enforcement.issuing import Issuing, Wanted, grant_from_decision
from chipwarden.enforcement.validity import DAY_S, HOUR_S, end_of, start_of, told
from chipwarden.model.canonical import digest


def refused(made: dict[str, Any], want: Wanted, issue: Issuing) -> str:
    with pytest.raises(GrantRefused) as caught:
        grant_from_decision(made, 12, want, issue)
    assert len(caught.value.reasons) == str(caught.value).count("\n  - ")
    return str(caught.value)


def test_a_release_becomes_a_grant_that_says_what_was_decided() -> None:
    given = grant(issue={"random": bytes(range(16))})
    assert given.id == "urn:chipwarden:grant:000102030405060708090a0b0c0d0e0f"
    assert (given.issuer, given.decision_index, given.order_id) == (ISSUER, 12, "EX-41")
    assert given.decision_digest == digest(record())
    assert given.items == (GrantItem(1, PRODUCT, record()["items"][0]["eccn"], 64),)
    assert (given.holder, given.place) == (HOLDER, Place("SA"))
    assert given.obligations == tuple(record()["obligations"]) != ()
    assert (given.issued_at, given.not_before) == (NOON, NOON)
    assert given.not_after == END  # 72 hours later
    assert given.logged is None


def test_claims_and_grant_are_inverse_also_as_text() -> None:
    given = grant(site="Riyadh 2", serials={1: tuple(f"16541230{n:05d}" for n in range(64))})
    logged = given.logged_at("exporter.example/ledger", 13)
    for each in (given, logged):
        assert grant_of(json.loads(json.dumps(each.claims()))) == each


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"disposition": "hold", "outcome": "undetermined",
          "disposition_reasons": ["Facts are missing."]},
         "The decision is 'hold', not 'release' (outcome: undetermined). Facts are missing."),
        ({"disposition": "block", "outcome": "license_required",
          "disposition_reasons": ["A license is required and none is held."]},
         "The decision is 'block', not 'release' (outcome: license required). A license is"),
        ({"schema": "chipwarden.decision/2"}, "found the schema 'chipwarden.decision/2'"),
        ({"schema": None}, "found the schema None"),
    ],
)  # fmt: skip
def test_only_a_release_is_granted(changes: dict[str, Any], said: str) -> None:
    assert said in refused(record(**changes), wanted(), issuing())


def test_a_decision_that_really_blocks_is_refused_in_plain_words() -> None:
    blocked = check(order(authorizations=[]), "order", load_data()).record
    assert blocked["disposition"] == "block"
    assert "Settle this and decide again" in refused(blocked, wanted(), issuing())


@pytest.mark.parametrize(
    ("want", "said"),
    [
        ({"holder": "Example Trading LLC"}, "'Example Trading LLC' is no party of the order"),
        # A Cyrillic letter makes another company.
        ({"holder": HOLDER.replace("a", "а")}, "is no party of the order"),
        ({"holder": "Example Compute Riyadh"}, "is no party of the order"),
        ({"country": "AE"}, "It was decided for SA, not for AE."),
        ({"quantities": {1: 65}}, "65 asked, 64 decided, 0 in earlier grants, 64 left"),
        ({"quantities": {1: 0}}, "found 0 units; a grant is for at least one"),
        ({"quantities": {1: -1}}, "found -1 units"),
        ({"quantities": {2: 1}}, "Line 2: the order has lines 1 to 1"),
        ({"serials": {2: ("A",)}}, "Line 2: the order has lines 1 to 1"),
        ({"serials": {1: ("A", "B", "A", "C")}}, "serials named twice: A"),
        ({"serials": {1: ("A", "B", "C")}}, "3 serials for 64 units"),
        ({"not_before": NOON - 1}, "It would begin before it is issued"),
        ({"validity_s": 30 * DAY_S + 1}, "at most 2,592,000 (30 days)"),
        ({"validity_s": 0}, "at least one"),
    ],
)
def test_what_was_not_decided_is_not_granted(want: dict[str, Any], said: str) -> None:
    assert said in refused(record(), wanted(**want), issuing())


def test_all_reasons_are_told_at_once() -> None:
    text = refused(
        record(disposition="hold"),
        wanted(holder="Nobody Ltd", country="CN", quantities={1: 65}, validity_s=0),
        issuing(),
    )
    assert text.count("\n  - ") == 5


def test_the_holder_is_named_as_the_order_names_it() -> None:
    assert grant(holder="  EXAMPLE compute   RIYADH co. ").holder == HOLDER


def test_a_holder_may_be_named_by_an_alias() -> None:
    made = record()
    made["order"] = {**made["order"], "parties": [
        {**party, "aliases": ["ECR"]} if party["role"] == "end_user" else party
        for party in made["order"]["parties"]
    ]}  # fmt: skip
    given = grant_from_decision(made, 12, wanted(holder="ecr"), issuing())
    assert given.holder == HOLDER


def test_a_region_that_was_decided_goes_into_the_place() -> None:
    made = record()
    made["order"] = {**made["order"], "destination_region": "Neom"}
    assert grant_from_decision(made, 12, wanted(), issuing()).place == Place("SA", "Neom")


def test_the_countries_are_those_that_the_decision_judged() -> None:
    """The table stands twice, for enforcement may not see what decisions keep to themselves."""
    assert module.REACHES == decide._REACHES


def test_a_consignee_elsewhere_is_a_place_too() -> None:
    made = record()
    parties = [{"role": "consignee", "name": "Example Lager GmbH", "country": "DE"},
               *made["order"]["parties"]]  # fmt: skip
    made["order"] = {**made["order"], "parties": parties}
    assert grant_from_decision(made, 12, wanted(country="DE"), issuing()).place == Place("DE")
    # The exporter is where the goods come from.
    assert "not for US" in refused(made, wanted(country="US"), issuing())


# ---------------------------------------------------------------- quantities


def test_modules_of_two_share_a_serial() -> None:
    given = grant(quantities={1: 4}, serials={1: ("M-1", "M-2")})
    assert given.items[0].units_per_serial == 2


def test_earlier_grants_count() -> None:
    text = refused(record(), wanted(quantities={1: 25}), issuing(covered={1: 40}))
    assert "25 asked, 64 decided, 40 in earlier grants, 24 left" in text
    rest = grant(issue={"covered": {1: 40}})
    assert rest.items[0].quantity == 24
    assert "cover all that was decided" in refused(record(), wanted(), issuing(covered={1: 64}))


@pytest.mark.parametrize("quantity", [None, "1.5", True])
def test_a_quantity_that_is_not_whole_is_not_granted(quantity: Any) -> None:
    made = record()
    made["items"] = [{**made["items"][0], "quantity": quantity}]
    assert "a grant is for whole units" in refused(made, wanted(), issuing())


@given(
    decided=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    asks=st.lists(
        st.none() | st.dictionaries(st.integers(1, 4), st.integers(-1, 60), max_size=4),
        max_size=6,
    ),
)
def test_the_sum_over_grants_never_exceeds_what_was_decided(
    decided: list[int], asks: list[dict[int, int] | None]
) -> None:
    made = record()
    made["items"] = [
        {"product": f"P{line}", "eccn": None, "quantity": units}
        for line, units in enumerate(decided, 1)
    ]
    covered: dict[int, int] = {}
    for number, quantities in enumerate(asks):
        want = wanted(quantities=quantities)
        try:
            given = grant_from_decision(made, 12, want, issuing(number, covered=dict(covered)))
        except GrantRefused:
            continue
        for item in given.items:
            assert item.quantity >= 1
            covered[item.line] = covered.get(item.line, 0) + item.quantity
    assert all(units <= decided[line - 1] for line, units in covered.items())


# ---------------------------------------------------------------- times


def made_on(as_of: str = "2025-03-03", **order_changes: Any) -> dict[str, Any]:
    made = record(as_of=as_of)
    made["order"] = {**made["order"], **order_changes}
    return made


def license_until(day: str, **more: Any) -> list[dict[str, Any]]:
    return [{"kind": "license", "number": "D-1", "valid_until": day, **more}]


# End of the day in UTC, each computed with `date -u -d '… + 1 day'`.
MARCH_4_ENDS = 1_741_132_800
MARCH_3_BEGINS = 1_740_960_000


def test_days_are_of_utc() -> None:
    assert start_of(date(2025, 3, 3)) == MARCH_3_BEGINS
    assert start_of(date(2025, 3, 5)) == MARCH_4_ENDS
    assert told(NOON) == "2025-03-03 09:00:00 UTC"


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"authorizations": license_until("2025-03-04")}, MARCH_4_ENDS),
        ({"authorizations": license_until("2029-01-31")}, END),
        # It had ended when the order was decided, so it is not what carried the decision.
        ({"authorizations": license_until("2025-03-02")}, END),
        ({"authorizations": [*license_until("2029-01-31"), *license_until("2025-03-04")]},
         MARCH_4_ENDS),
        ({"facts": {"wmd_end_use": {"value": False, "expires": "2025-03-04"}}}, MARCH_4_ENDS),
        ({"facts": {"wmd_end_use": {"value": False, "expires": "2025-03-01"}}}, END),
        ({"screening": {"date": "2024-03-04"}}, MARCH_4_ENDS),  # 365 days
        ({"screening": {"date": "2024-03-04"}, "facts": {"flag_resolved_screening": True}}, END),
        ({"screening": {}}, END),
    ],
)  # fmt: skip
def test_a_grant_ends_with_what_the_decision_rests_on(changes: dict[str, Any], end: int) -> None:
    assert end_of(made_on(**{"authorizations": [], **changes}), NOON, None, 365) == (end, [])


def test_who_asks_for_longer_is_told_what_ends_first() -> None:
    made = made_on(authorizations=license_until("2025-03-04"))
    _, reasons = end_of(made, NOON, 72 * HOUR_S)
    assert reasons == [
        "The license D-1 is valid until 2025-03-04; the grant would end at "
        "2025-03-06 09:00:00 UTC. Ask for a shorter one."
    ]
    assert end_of(made, NOON, 24 * HOUR_S) == (NOON + 24 * HOUR_S, [])


def test_what_ended_before_the_grant_would_begin_gives_none() -> None:
    made = made_on(authorizations=license_until("2025-03-04"))
    assert end_of(made, MARCH_4_ENDS - 1, None)[1] == []
    (reason,) = end_of(made, MARCH_4_ENDS, None)[1]
    assert reason.startswith("The license D-1 is valid until 2025-03-04; the grant would begin")


def test_a_decision_carries_grants_for_thirty_days_from_its_law() -> None:
    made = made_on(authorizations=[])
    last = MARCH_3_BEGINS + 30 * DAY_S
    assert end_of(made, last - 1, None) == (last, [])
    assert "The law was applied as of 2025-03-03" in end_of(made, last, None)[1][0]
    assert "before" not in " ".join(end_of(made, MARCH_3_BEGINS, None)[1])
    (early,) = end_of(made, MARCH_3_BEGINS - 1, 60)[1]
    assert early.startswith("The law was applied as of 2025-03-03, and the grant would begin at")


def test_a_decision_with_older_knowledge_than_there_is_gives_none() -> None:
    known = date.fromisoformat(record()["known_on"])
    assert grant(issue={"known_to": known})
    text = refused(record(known_on="2024-12-31"), wanted(), issuing(known_to=known))
    assert f"as known on 2024-12-31; the law is known to {known} now" in text


@given(
    start=st.integers(MARCH_3_BEGINS, MARCH_3_BEGINS + 40 * DAY_S),
    validity=st.none() | st.integers(-5, 40 * DAY_S),
    license_day=st.dates(date(2025, 2, 20), date(2025, 4, 20)),
)
def test_a_grant_is_never_longer_than_may_be(
    start: int, validity: int | None, license_day: date
) -> None:
    made = made_on(authorizations=license_until(license_day.isoformat()))
    end, reasons = end_of(made, start, validity)
    assert end > start
    if not reasons:
        assert end - start <= (72 * HOUR_S if validity is None else validity) <= 30 * DAY_S
        assert end <= MARCH_3_BEGINS + 30 * DAY_S
        if license_day >= date(2025, 3, 3):
            assert end <= start_of(license_day) + DAY_S


# ---------------------------------------------------------------- what is read


def changed(path: str, value: Any) -> dict[str, Any]:
    claims = json.loads(json.dumps(grant(serials={1: tuple(map(str, range(64)))}).claims()))
    *above, name = path.split("/")
    at = claims
    for step in above:
        at = at[int(step) if step.isdigit() else step]
    if value is KeyError:
        del at[name]
    else:
        at[name] = value
    return claims  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sub", "urn:chipwarden:grant:0"),
        ("sub", "urn:chipwarden:grant:" + "0" * 31 + "G"),
        ("sub", "urn:chipwarden:grant:" + "0" * 32 + "\n"),
        ("iss", ""),
        ("iss", "two words"),
        ("nbf", -1),
        ("nbf", True),
        ("exp", 1.5),
        ("exp", NOON),  # not after it begins
        ("exp", 253_402_300_800),  # the year 10000
        ("exp", NOON + 30 * DAY_S + 1),
        ("iat", "1"),
        ("aud", "x"),
        (f"{CLAIM}/schema", "chipwarden.grant/2"),
        (f"{CLAIM}/holder", KeyError),
        (f"{CLAIM}/holder", "two\nlines"),
        (f"{CLAIM}/holder", "turned \u202e round"),
        (f"{CLAIM}/more", 1),
        (f"{CLAIM}/items", []),
        (f"{CLAIM}/items/0/quantity", 0),
        (f"{CLAIM}/items/0/quantity", 64.0),
        (f"{CLAIM}/items/0/quantity", "64"),
        (f"{CLAIM}/items/0/line", 0),
        (f"{CLAIM}/items/0/serials", ["A", "A"]),
        (f"{CLAIM}/items/0/serials", "A"),
        (f"{CLAIM}/items/0/serials", [""]),
        (f"{CLAIM}/items/0/price", 1),
        (f"{CLAIM}/place/country", "Saudi Arabia"),
        (f"{CLAIM}/place/country", "SA\n"),
        (f"{CLAIM}/place/country", KeyError),
        (f"{CLAIM}/decision/digest", "sha256:00"),
        (f"{CLAIM}/decision/index", -1),
        (f"{CLAIM}/obligations", None),
        (f"{CLAIM}/seed", "00"),
        (f"{CLAIM}/log", {"origin": "x"}),
    ],
)
def test_what_is_not_wholly_a_grant_is_refused(path: str, value: Any) -> None:
    with pytest.raises(InvalidGrant):
        grant_of(changed(path, value))


@pytest.mark.parametrize("claims", [None, [], "x", 1, {}, {CLAIM: {}}, Decimal(1)])
def test_no_claims_at_all(claims: Any) -> None:
    with pytest.raises(InvalidGrant):
        grant_of(claims)


def test_lines_stand_once_and_ascend() -> None:
    claims = grant().claims()
    item = claims[CLAIM]["items"][0]
    claims[CLAIM]["items"] = [item, item]
    with pytest.raises(InvalidGrant, match="each once, ascending"):
        grant_of(claims)
    claims[CLAIM]["items"] = [item, {**item, "line": 2, "serials": ["A"]}]
    with pytest.raises(InvalidGrant, match="line 1 has no serials, but another line"):
        grant_of(claims)


@pytest.mark.parametrize("serial", ["a\tb", "", "x" * 101])
def test_what_would_not_be_read_is_not_written(serial: str) -> None:
    with pytest.raises(InvalidGrant):
        grant(quantities={1: 1}, serials={1: (serial,)})
