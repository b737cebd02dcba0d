"""What an order may say, and how one that says it wrongly is refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipwarden.decisions.order import Mode, Order
from chipwarden.decisions.reading import order_from_record
from chipwarden.decisions.vocabulary import load_vocabulary
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.parties.schema import Owner

Change = Callable[[dict[str, Any]], object]


def minimal() -> dict[str, Any]:
    return {
        "schema": "chipwarden.order/1",
        "id": "PO-1",
        "kind": "export",
        "date": date(2026, 3, 2),
        "origin": "US",
        "destination": "MY",
        "items": [{"product": "NVIDIA B200", "quantity": 64}],
    }


def full() -> dict[str, Any]:
    """Every field of the vocabulary once, as text wherever JSON has no type for it."""
    end_user = {
        "role": "end_user",
        "name": "Example Models Johor Sdn. Bhd.",
        "aliases": ["示例模型"],
        "country": "MY",
        "address": "1 Example Road\nJohor",
        "headquarters": "MY",
        "ultimate_parent": {
            "name": "Example Holding",
            "headquarters": "CN",
            "listed_on": ["US-1260H"],
        },
        "listed_on": [],
        "sdn_programmes": ["RUSSIA-EO14024"],
        "owners": [
            {"name": "Example Fund", "percentage": "33.34", "listed_on": ["US-EL"]},
            {
                "name": "Example Trust",
                "percentage_min": 25,
                "percentage_max": "49.9",
                "headquarters": "HK",
                "owners": [{"name": "Example State", "percentage": Decimal("100"), "owners": []}],
            },
        ],
        "identifiers": {"lei": "5493001KJTIIGC8Y1R12", "uscc": "X", "duns": "001234567"},
        "incorporated": "1968-07-18",
        "business": "Training of models",
        "site_power_mw": "12.5",
    }
    return minimal() | {
        "date": "2026-03-02",
        "mode": "as_written",
        "dates": {
            "order_date": "2026-01-05",
            "on_dock_date": "2026-02-27",
            "notification_date": "2026-01-20",
            "release_date": "2026-03-03",
        },
        "destination_region": "Johor",
        "transit": ["SG", "HK"],
        "parties_complete": True,
        "items": [
            {
                "product": "NVIDIA B200",
                "kind": "module",
                "quantity": "64",
                "value_usd": Decimal("2560000.50"),
                "eccn_declared": {
                    "eccn": "3A090.a",
                    "by": "Example Supplier",
                    "basis": "ccats",
                    "reference": "G000000",
                    "date": "2025-12-01",
                },
                "origin_country": "TW",
                "us_content_percent": "26",
                "fdp": {"foundry_country": "TW", "us_technology": True, "us_equipment": False},
            },
            {
                "kind": "ic",
                "quantity": 2,
                "chip": {
                    "name": "Example T1",
                    "int8_tops": "600",
                    "die_count": 2,
                    "interconnect_gb_s": 0,
                    "datacenter_marketed": False,
                },
            },
        ],
        "parties": [end_user],
        "authorizations": [
            {
                "kind": "license",
                "number": "D1234567",
                "regime": "US",
                "items": ["NVIDIA B200"],
                "parties": ["Example Models Johor Sdn. Bhd."],
                "destination": "MY",
                "quantity": 100,
                "value_usd": "4000000",
                "valid_from": "2026-01-01",
                "valid_until": "2026-01-01",
                "conditions": ["Report each delivery."],
            }
        ],
        "end_use": {
            "purposes": ["ai_training", "military"],
            "statement": "Training\nof models",
            "site": "Johor 1",
            "compute_flop": Decimal("1E+26"),
            "model": "Example 1",
        },
        "facts": {
            "military_end_use": True,
            "nac_notified": {
                "value": False,
                "document": "letter.pdf",
                "signed_by": "Example Export Inc.",
                "date": "2026-01-02",
                "expires": "2026-01-03",
                "sha256": "AB" * 32,
            },
            "designer_status": "none",
            "packaging_country": "TW",
            "en_route_on": "2026-02-01",
            "red_flag_29": False,
            "diversion_flag_11": True,
        },
        "screening": {
            "date": "2026-03-01",
            "system": "Example Screening",
            "lists": ["US-EL", "US-MEU"],
            "outcome": "clear",
            "reference": "S-1",
        },
    }


def knows(name: str) -> tuple[bool, tuple[str, ...]]:
    return name in ("NVIDIA B200", "H20"), ("NVIDIA B200",) if "B2" in name else ()


def read(record: Any) -> Order:
    return order_from_record(record, "order", knows)


def problems(record: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocument) as caught:
        read(record)
    assert caught.value.source == "order"
    return caught.value.problems


def test_a_minimal_order() -> None:
    order = read(minimal())
    assert (order.id, order.kind, order.date) == ("PO-1", "export", date(2026, 3, 2))
    assert (order.origin, order.destination) == ("US", "MY")
    (item,) = order.items
    assert (item.product, item.quantity, item.value_usd) == ("NVIDIA B200", Decimal(64), None)
    assert (order.parties, order.parties_complete, order.mode) == ((), False, None)
    assert (order.screening, order.end_use.purposes, dict(order.facts)) == (None, None, {})


def test_every_field_is_read() -> None:
    order = read(full())
    assert order.mode is Mode.AS_WRITTEN
    assert order.dates["release_date"] == date(2026, 3, 3)
    assert order.transit == ("SG", "HK")
    first, second = order.items
    assert first.value_usd == Decimal("2560000.50")
    assert first.eccn_declared is not None and first.eccn_declared.date == date(2025, 12, 1)
    assert (first.foundry_country, first.us_technology, first.us_equipment) == ("TW", True, False)
    assert second.product is None and second.chip is not None
    assert dict(second.chip) == {
        "name": "Example T1",
        "int8_tops": Decimal(600),
        "die_count": 2,
        "interconnect_gb_s": Decimal(0),
        "datacenter_marketed": False,
    }
    (party,) = order.parties
    assert (party.parent_name, party.parent_headquarters) == ("Example Holding", "CN")
    assert (party.parent_listed_on, party.listed_on) == (("US-1260H",), ())
    assert party.incorporated == date(1968, 7, 18)
    assert party.identifiers.duns == "001234567"
    assert party.owners is not None
    assert party.owners[0] == Owner(
        "Example Fund", Decimal("33.34"), listed_on=party.owners[0].listed_on
    )
    assert party.owners[1].owners == (Owner("Example State", Decimal(100), owners=()),)
    (held,) = order.authorizations
    assert (held.quantity, held.items) == (Decimal(100), ("NVIDIA B200",))
    assert order.end_use.compute_flop == Decimal("1E+26")
    stated = order.facts["nac_notified"]
    assert (stated.value, stated.document, stated.sha256) == (False, "letter.pdf", "ab" * 32)
    assert order.facts["red_flag_29"].value is False
    assert order.screening is not None and order.screening.lists == ("US-EL", "US-MEU")


def test_null_is_not_given() -> None:
    record = minimal() | {"mode": None, "facts": {"open_weights": None}, "parties": None}
    assert read(record) == read(minimal())


def test_expired_evidence_is_not_refused() -> None:
    record = minimal() | {"facts": {"open_weights": {"value": True, "expires": "2020-01-01"}}}
    assert read(record).facts["open_weights"].expires == date(2020, 1, 1)


def test_two_parties_of_one_role_and_name_are_fine() -> None:
    record = minimal() | {"parties": [{"role": "broker", "name": "Example"}] * 2}
    assert len(read(record).parties) == 2


def set_to(path: str, value: Any) -> Change:
    """Return a change that puts a value at a path such as `items.0.quantity`."""

    def change(record: dict[str, Any]) -> None:
        *tables, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        table: Any = record
        for name in tables:
            table = table[name]
        table[last] = value

    return change


OWNERS = "parties.0.owners"

# What is put where, the place that must be told, words that must occur.
REFUSED = [
    ("date", "2026-02-30", "date", ["2026-02-30", "no such day"]),
    ("date", datetime(2026, 3, 2, 10), "date", ["time of day"]),
    ("date", "2101-01-01", "date", ["1990-01-01", "2100-12-31"]),
    ("date", "02.03.2026", "date", ["2026-03-02"]),
    ("date", True, "date", ["true"]),
    ("origin", "China", "origin", ['"China"', 'Write "CN" for China']),
    ("origin", "cn", "origin", ['Write "CN"']),
    ("origin", "UK", "origin", ['"GB" for United Kingdom']),
    ("origin", "Mayalsia", "origin", ['"MY" (Malaysia)']),
    ("origin", "XK", "origin", ["ISO 3166"]),
    ("origin", ["US"], "origin", ["a list of 1"]),
    ("kind", "re-export", "kind", ['Write "reexport"']),
    ("kind", 7, "kind", ["one of: export"]),
    ("schema", "chipwarden.order/2", "schema", ["chipwarden.order/1"]),
    ("id", 17, "id", ["Put it in quotes"]),
    ("id", " ", "id", ["empty text"]),
    ("id", "N" * 501, "id", ["501 characters", "at most 500"]),
    ("id", "a\x07b", "id", ["U+0007"]),
    ("id", "a\ud800b", "id", ["U+D800"]),
    ("id", "a\u202eb", "id", ["U+202E"]),
    ("id", "two\nlines", "id", ["U+000A"]),
    ("mode", "as enforced", "mode", ['Write "as_enforced"']),
    ("parties_complete", "true", "parties_complete", ["without quotes"]),
    ("parties_complete", 1, "parties_complete", ["true or false"]),
    ("items", {}, "items", ["[[items]]"]),
    ("items", [], "items", ["at least one item"]),
    ("items", [{"product": "H20", "quantity": 1}] * 10_001, "items", ["10,001", "10,000"]),
    ("items.0", "H20", "items[0]", ["a table"]),
    ("items.0.product", "B2000", "items[0].product", ['Near: "NVIDIA B200"']),
    ("items.0.product", "NVIDA B2000", "items[0].product", ['Near: "NVIDIA B200"']),
    ("items.0.chip", {"name": "H20"}, "items[0].product", ["NVIDIA B200", "H20"]),
    ("items.0.chip", {"name": "NVIDIA B200 D"}, "items[0].product", ["one thing"]),
    ("items.0.chip", {}, "items[0].chip", ["an empty table"]),
    ("items.0.quantity", -4, "items[0].quantity", ["-4", "from 1 up"]),
    ("items.0.quantity", None, "items[0].quantity", ["nothing", "required"]),
    ("items.0.quantity", True, "items[0].quantity", ["true"]),
    ("items.0.quantity", Decimal("2.5"), "items[0].quantity", ["2.5", "whole"]),
    ("items.0.quantity", 1.0, "items[0].quantity", ["float"]),
    ("items.0.quantity", 10**5000, "items[0].quantity", ["too large"]),
    ("items.0.value_usd", "NaN", "items[0].value_usd", ["NaN", "finite"]),
    ("items.0.value_usd", Decimal("-Infinity"), "items[0].value_usd", ["-Infinity", "finite"]),
    ("items.0.value_usd", "2,560,000", "items[0].value_usd", ["without separators"]),
    ("items.0.value_usd", Decimal("1E+999999"), "items[0].value_usd", ["too large"]),
    ("items.0.value_usd", Decimal("0.0000000001"), "items[0].value_usd", ["9 decimal places"]),
    ("items.0.value_usd", "１２", "items[0].value_usd", ["a number"]),
    ("items.0.us_content_percent", "25 %", "items[0].us_content_percent", ['Write "25"']),
    ("items.0.us_content_percent", "100.1", "items[0].us_content_percent", ["0 to 100"]),
    ("items.1.chip.int8_tops", 0, "items[1].chip.int8_tops", ["Leave out"]),
    ("items.1.chip.die_area_mm2", "-1", "items[1].chip.die_area_mm2", ["above 0"]),
    ("items.1.chip.tdp_w", 10**9, "items[1].chip.tdp_w", ["1,000,000,000"]),
    ("items.1.chip.die_count", "1.5", "items[1].chip.die_count", ["whole number"]),
    ("items.1.chip.int8tops", 1, "items[1].chip.int8tops", ['Write "int8_tops"']),
    ("items.0.quantty", 1, "items[0].quantty", ['Write "quantity"']),
    ("quantity", 1, "quantity", ["item"]),
    ("military_end_use", False, "military_end_use", ["It belongs in facts"]),
    ("endUse", {}, "endUse", ['Write "end_use"']),
    ("transit", "SG", "transit", ["square brackets"]),
    ("transit", ["SG", None], "transit[1]", ["nothing"]),
    ("parties.0.role", "End User", "parties[0].role", ['Write "end_user"']),
    ("parties.0.role", None, "parties[0].role", ["required"]),
    ("parties.0.listed_on", ["Entity List"], "parties[0].listed_on[0]", ['Write "US-EL"']),
    ("parties.0.ultimate_parent", "X", "parties[0].ultimate_parent", ["a table"]),
    ("parties.0.headquarter", "MY", "parties[0].headquarter", ['Write "headquarters"']),
    (f"{OWNERS}.0.percentage", "76", "parties[0].owners", ["101", "100"]),
    (f"{OWNERS}.0.percentage", "-1", "parties[0].owners[0].percentage", ["-1"]),
    (f"{OWNERS}.0.percentage_max", 40, "parties[0].owners[0].percentage", ["a band"]),
    (f"{OWNERS}.1.percentage_min", 60, "parties[0].owners[1].percentage_min", ["60", "49.9"]),
    (
        f"{OWNERS}.1.owners.0.percentage",
        Decimal("100.01"),
        "parties[0].owners[1].owners[0].percentage",
        ["100.01"],
    ),
    ("authorizations.0.kind", "licence", "authorizations[0].kind", ['Write "license"']),
    (
        "authorizations.0.valid_until",
        "2025-12-31",
        "authorizations[0].valid_until",
        ["2025-12-31", "2026-01-01"],
    ),
    ("end_use.purposes", ["ai-training"], "end_use.purposes[0]", ['Write "ai_training"']),
    ("facts.military_end_use", False, "facts.military_end_use", ["contradiction", "military"]),
    ("facts.military_enduse", False, "facts.military_enduse", ['Write "military_end_use"']),
    ("facts.nac_cleared", True, "facts.nac_cleared", ["nac_notified"]),
    ("facts.open_weights", {"document": "x"}, "facts.open_weights.value", ["required"]),
    ("facts.nac_notified.sha256", "ab", "facts.nac_notified.sha256", ["64"]),
    ("facts.nac_notified.expires", "2026-01-01", "facts.nac_notified.expires", ["2026-01-02"]),
    ("facts.designer_status", "approve", "facts.designer_status", ['Write "approved"']),
    ("facts.site_envelope_ft3", 0, "facts.site_envelope_ft3", ["above 0"]),
    ("facts.red_flag_30", True, "facts.red_flag_30", ["unknown name"]),
    ("screening.outcome", "cleared", "screening.outcome", ['Write "clear"']),
    ("screening.lists", None, "screening.lists", ["required"]),
]


@pytest.mark.parametrize(
    ("path", "value", "place", "words"),
    REFUSED,
    ids=[f"{number}-{case[0]}" for number, case in enumerate(REFUSED)],
)
def test_what_is_refused(path: str, value: Any, place: str, words: list[str]) -> None:
    record = deepcopy(full())
    set_to(path, value)(record)
    told = [str(problem) for problem in problems(record) if problem.place == place]
    assert told, [problem.place for problem in problems(record)]
    assert all(any(word in text for text in told) for word in words), told


@pytest.mark.parametrize("kind", ["use", "transfer_in_country"])
def test_one_country_where_the_kind_knows_only_one(kind: str) -> None:
    assert [p.place for p in problems(minimal() | {"kind": kind})] == ["destination"]
    assert read(minimal() | {"kind": kind, "origin": "MY"}).kind == kind


@pytest.mark.parametrize(
    ("purpose", "fact"),
    [
        ("supercomputer", "supercomputer_end_use"),
        ("military", "military_end_use"),
        ("military_intelligence", "military_intelligence_end_use"),
        ("wmd", "wmd_end_use"),
    ],
)
def test_a_purpose_against_its_fact(purpose: str, fact: str) -> None:
    record = minimal() | {"end_use": {"purposes": [purpose]}, "facts": {fact: False}}
    assert [p.place for p in problems(record)] == [f"facts.{fact}"]
    assert read(record | {"facts": {fact: True}}).facts[fact].value is True


@pytest.mark.parametrize("name", ["T1", "NVIDIA B200", "nvidia  b200"])
def test_a_product_and_a_chip_of_one_name(name: str) -> None:
    record = minimal()
    record["items"][0]["chip"] = {"name": name, "int8_tops": 1}
    if name == "T1":
        assert problems(record)[0].place == "items[0].product"
    else:
        assert read(record).items[0].chip is not None


def test_an_item_that_says_nothing() -> None:
    (problem,) = problems(minimal() | {"items": [{"quantity": 1}]})
    assert problem.place == "items[0]" and "product" in problem.expected


@pytest.mark.parametrize("kind", ["model_weights", "software", "technology"])
def test_what_is_not_made_of_chips_need_not_be_in_the_catalog(kind: str) -> None:
    assert read(minimal() | {"items": [{"kind": kind, "product": "Example"}]}).items[0].kind == kind


def test_all_problems_are_told_at_once() -> None:
    record = minimal() | {"origin": "China", "date": "soon", "parties": [{"name": ""}], "x": 1}
    record["items"] = [{"product": "B2000", "quantity": 0}, 3]
    assert {problem.place for problem in problems(record)} == {
        "origin",
        "date",
        "parties[0].role",
        "parties[0].name",
        "x",
        "items[0].product",
        "items[0].quantity",
        "items[1]",
    }


def nested_owners(deep: int) -> list[dict[str, Any]]:
    owners: list[dict[str, Any]] = [{"name": "Example 1"}]
    for number in range(2, deep + 1):
        owners = [{"name": f"Example {number}", "owners": owners}]
    return owners


def test_owners_fifty_deep() -> None:
    parties = [{"role": "user", "owners": nested_owners(50)}]
    assert read(minimal() | {"parties": parties}).parties[0].owners is not None
    parties = [{"role": "user", "owners": nested_owners(51)}]
    (problem,) = problems(minimal() | {"parties": parties})
    assert problem.place == "parties[0]" + ".owners[0]" * 50 + ".owners"
    assert "nested" in problem.found


def test_a_thousand_problems_and_a_count() -> None:
    record = minimal() | {"items": [{"product": "H20", "quantity": 0}] * 5000}
    told = problems(record)
    assert len(told) == load_vocabulary().limits.problems + 1
    assert "4,000 further problems" in told[-1].found


@pytest.mark.parametrize("record", [None, 1, "x", [], [minimal()]])
def test_what_is_no_table(record: Any) -> None:
    assert problems(record)[0].place == "order"


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.text(max_size=20)
    | st.sampled_from(["US", "MY", "export", "end_user", "US-EL", "NVIDIA B200", "military", "1"])
)
NAMES = st.text(max_size=8) | st.sampled_from(
    sorted({name for fields in load_vocabulary().fields.values() for name in fields})
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)
PLACES = st.sampled_from(
    [
        "kind", "date", "mode", "dates", "origin", "transit", "parties_complete", "items",
        "items.0", "items.0.product", "items.0.quantity", "items.0.value_usd", "items.0.fdp",
        "items.1.chip", "items.1.chip.name", "parties", "parties.0.owners", "parties.0.role",
        "parties.0.owners.0.percentage", "parties.0.owners.1.owners", "parties.0.listed_on",
        "authorizations", "authorizations.0.valid_from", "end_use", "end_use.purposes", "facts",
        "facts.nac_notified", "screening", "screening.lists",
    ]
)  # fmt: skip


@given(ANYTHING)
def test_anything_is_an_order_or_refused(record: Any) -> None:
    check_either(record)


@given(st.lists(st.tuples(PLACES, ANYTHING), max_size=3))
def test_an_order_with_anything_in_it_is_an_order_or_refused(
    changes: list[tuple[str, Any]],
) -> None:
    record = deepcopy(full())
    for path, value in changes:
        try:
            set_to(path, deepcopy(value))(record)
        except (LookupError, TypeError):
            continue
    check_either(record)


def check_either(record: Any) -> None:
    try:
        order = read(record)
    except InvalidDocument as wrong:
        assert wrong.problems
        assert all(p.place and p.found and p.expected for p in wrong.problems)
        # A report can be written to any terminal.
        str(wrong).encode("utf-8")
        json.dumps([p.place for p in wrong.problems])
    else:
        assert order.items and order.origin in ("US", record["origin"])
