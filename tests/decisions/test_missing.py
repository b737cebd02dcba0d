"""What an order is asked for: the words of the order, and no fact too many."""

from datetime import date
from typing import Any

import pytest

from chipwarden.app.check import check
from chipwarden.app.data import load_data

CLEAR = {
    "date": "2026-03-01",
    "lists": ["US-EL", "US-MEU", "US-UVL", "US-DPL", "US-SDN"],
    "outcome": "clear",
}
NO = dict.fromkeys(
    (
        "military_end_use", "military_end_user", "military_intelligence_end_use",
        "supercomputer_end_use", "wmd_end_use", "us_person_support",
    ),
    False,
)  # fmt: skip


def party(role: str, country: str, **more: Any) -> dict[str, Any]:
    """Return a party that is its own ultimate parent."""
    name = f"Example {role} {country}"
    parent = {"name": name, "headquarters": country}
    return {
        "role": role, "name": name, "country": country, "headquarters": country,
        "ultimate_parent": parent, **more,
    }  # fmt: skip


def order(**changes: Any) -> dict[str, Any]:
    """Return a clean order of B200 from the US to Germany, with changes; None leaves out."""
    record: dict[str, Any] = {
        "schema": "chipwarden.order/1",
        "id": "PO-1",
        "kind": "export",
        "date": "2026-03-02",
        "origin": "US",
        "destination": "DE",
        "parties_complete": True,
        "items": [{"product": "NVIDIA B200", "quantity": 8}],
        "parties": [party("exporter", "US"), party("consignee", "DE"), party("end_user", "DE")],
        "screening": CLEAR,
        "end_use": {"purposes": ["ai_training"]},
        "facts": NO,
        **changes,
    }
    return {key: value for key, value in record.items() if value is not None}


UNKNOWN_HEADQUARTERS = {"role": "end_user", "name": "Example User", "country": "DE"}
OWN_CHIP = {
    "name": "Example X", "int8_tops": 300, "datacenter_marketed": True, "process_node": "5 nm",
    "designer_hq": "US", "io_gb_s": 64, "memory_bandwidth_gb_s": 800,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        pytest.param({}, set(), id="clean"),
        pytest.param(
            {"parties": [*order()["parties"][:2], UNKNOWN_HEADQUARTERS]},
            {"end_user.headquarters", "end_user.ultimate_parent.headquarters"},
            id="headquarters unknown",
        ),
        pytest.param({"parties": order()["parties"][:2]}, {"end_user"}, id="end user not named"),
        pytest.param({"parties_complete": None}, {"parties_complete"}, id="list not complete"),
        pytest.param({"screening": None}, {"screening.lists"}, id="not screened"),
        pytest.param(
            {"items": [{"chip": OWN_CHIP, "quantity": 1}], "destination": "VN",
             "parties": [party("exporter", "US"), party("consignee", "VN"),
                         party("end_user", "VN")]},
            {"items[0].die_area_mm2"},
            id="die area unknown",
        ),
        pytest.param(
            {"date": "2026-11-15"}, {"consignee.owners", "end_user.owners"}, id="owners unknown"
        ),
    ],
)  # fmt: skip
def test_missing(changes: dict[str, Any], missing: set[str]) -> None:
    """Exactly the facts that the situation lacks are asked for, each with who can answer."""
    record = check(order(**changes), "order", load_data()).record
    assert {one["fact"] for one in record["missing"]} == missing
    assert all(one["question"] and one["who"] for one in record["missing"])
    assert record["outcome"] == ("undetermined" if missing else "no_license_required")


def test_the_date_of_the_order_never_sets_the_day_of_knowledge() -> None:
    """`known_on` is the day of the data unless it is given."""
    record = check(order(date="2024-01-10"), "order", load_data()).record
    assert record["as_of"] == "2024-01-10"
    assert date.fromisoformat(record["known_on"]) == load_data().lawbook.known_to
