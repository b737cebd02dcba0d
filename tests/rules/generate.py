"""Plausible orders in which everything is said, and what can be left unsaid of them.

An order is a mapping as TOML or JSON gives it. `order_mappings` makes complete
ones; `unsaid` names the places that an order need not fill, so that leaving
them out makes a fact unknown and changes no claim. Claims (an exception that
is relied on, a shipment said to be under way, amounts counted against a cap)
are not among them: an order that does not make a claim does not have it. Nor
is knowledge (`KNOWLEDGE`): General Prohibition 10 and 744.6 bind who knows, and
what an order does not say is not known.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from chipwarden.app.data import knows_product, load_data
from chipwarden.decisions.order import Order
from chipwarden.decisions.reading import order_from_record

Path = tuple[str | int, ...]

LISTS = ("US-EL", "US-MEU", "US-UVL", "US-DPL", "US-SDN")
COUNTRIES = ("US", "CN", "HK", "MO", "VN", "AE", "DE", "IR", "RU", "SG", "MY", "KH", "IL", "KE",
             "TW", "CU", "ET", "KZ")  # fmt: skip
RECEIVING = {
    "export": ("consignee", "end_user"),
    "reexport": ("consignee", "end_user"),
    "transfer_in_country": ("consignee", "end_user"),
    "use": ("user",),
    "cloud_access": ("host", "end_user"),
}
PRODUCTS = ("NVIDIA H200 SXM", "nv-h20-96", "NVIDIA A100 80GB SXM", "NVIDIA L4", "hw-ascend910c",
            "GeForce RTX 4090", "nv-dgx-h200", "amd-mi308x")  # fmt: skip
# What an order states of the end use and of the conditions of January 2026.
ANSWERS = (
    "supercomputer_end_use", "military_end_use", "military_end_user",
    "military_intelligence_end_use", "wmd_end_use", "us_person_support", "known_violation",
)  # fmt: skip
CONDITIONS = (
    "us_commercially_available", "sufficient_us_supply", "no_foundry_diversion",
    "no_prohibited_end_use", "third_party_us_testing", "kyc_of_ultimate_consignee",
    "no_unauthorised_remote_access", "remote_users_disclosed", "us_units_stated",
)  # fmt: skip
# What binds by being known: 15 CFR 736.2(b)(10), and 744.6 where a US person supports.
KNOWLEDGE = ("known_violation",)
KNOWLEDGE_OF_SUPPORT = ("wmd_end_use", "military_intelligence_end_use")
# Rates around every line, in TOPS at 8 bits, and what goes with them.
RATES = tuple(map(Decimal, ("25", "100", "199.9", "200", "250", "299", "300", "450", "599.9",
                            "600", "620", "700", "1980", "2624.9", "2625", "4500")))  # fmt: skip
MEMORY_RATES = tuple(map(Decimal, ("800", "4000", "6500")))
AREAS = tuple(map(Decimal, ("100", "300", "406", "500", "800", "1500", "3000", "5000")))


def days() -> list[date]:
    """Return the days on which the law changes and those before them, within coverage."""
    lawbook = load_data().lawbook
    breaks = {*lawbook.breaks(), *lawbook.breaks(as_written=True)}
    near = {day + timedelta(days=shift) for day in breaks for shift in (-1, 0, 1)}
    return sorted(day for day in near if lawbook.covered_from <= day <= lawbook.known_to)


DAYS = days()


@st.composite
def chips(draw: st.DrawFn) -> dict[str, Any]:
    """Make the figures of a chip of one's own."""
    memory = draw(st.sampled_from(("HBM3", "GDDR6")))
    return {
        "name": "Example D1",
        "vendor": "Example Silicon",
        "designer_hq": draw(st.sampled_from(("US", "CN", "TW"))),
        "process_node": draw(st.sampled_from(("5 nm", "7 nm", "28 nm"))),
        "die_area_mm2": draw(st.sampled_from(AREAS)),
        "int8_tops": draw(st.sampled_from(RATES)),
        "memory_type": memory,
        "memory_bandwidth_gb_s": draw(st.sampled_from(MEMORY_RATES)),
        "interconnect_gb_s": draw(st.sampled_from((Decimal(400), Decimal(600), Decimal(900)))),
        "io_gb_s": draw(st.sampled_from((Decimal(900), Decimal(1028)))),
        "transistors_bn": draw(st.sampled_from((Decimal(20), Decimal(34), Decimal(80)))),
        "datacenter_marketed": draw(st.booleans()),
    }


@st.composite
def items(draw: st.DrawFn, own_chip: bool = False) -> dict[str, Any]:
    """Make one line of an order."""
    equipment = draw(st.booleans())
    line: dict[str, Any] = {
        "quantity": draw(st.sampled_from((1, 8, 512))),
        "value_usd": 240000,
        "origin_country": draw(st.sampled_from(("US", "TW", "CN"))),
        "us_content_percent": draw(st.sampled_from((Decimal(0), Decimal(10), Decimal(11),
                                                    Decimal(25), Decimal(26)))),
        "fdp": {"foundry_country": "TW", "us_technology": equipment, "us_equipment": equipment},
    }  # fmt: skip
    if own_chip or draw(st.booleans()):
        return {"kind": draw(st.sampled_from(("ic", "board"))), "chip": draw(chips()), **line}
    return {"product": draw(st.sampled_from(PRODUCTS)), **line}


@st.composite
def parties(draw: st.DrawFn, role: str, country: str, name: str) -> dict[str, Any]:
    """Make one party of which everything is said."""
    home = draw(st.sampled_from((country, country, "CN", "MO", "US", "DE")))
    parent = draw(st.sampled_from((home, home, "CN", "DE")))
    listed = draw(st.sampled_from(((), (), (), (), *((code,) for code in LISTS))))
    owner: dict[str, Any] = {"name": f"{name} Holding", "percentage": "100", "headquarters": parent}
    if draw(st.integers(0, 4)) == 4:
        owner["listed_on"] = ["US-EL"]
    return {
        "role": role,
        "name": name,
        "country": country,
        "headquarters": home,
        "ultimate_parent": {"name": f"{name} Group", "headquarters": parent},
        "owners": [owner],
        **({"listed_on": list(listed)} if listed else {}),
        **({"sdn_programmes": ["NPWMD"]} if listed == ("US-SDN",) else {}),
    }


@st.composite
def order_mappings(draw: st.DrawFn, own_chip: bool = False) -> dict[str, Any]:
    """Make an order in which everything is said.

    Args:
        draw: hypothesis draws by it.
        own_chip: its one item is given by figures.
    """
    kind = draw(st.sampled_from((*RECEIVING, "export", "reexport")))
    destination = draw(st.sampled_from(COUNTRIES))
    inside = kind in ("transfer_in_country", "use")
    origin = destination if inside else draw(st.sampled_from(("US", "US", "TW", "SG", "CN")))
    seller = "exporter" if kind == "export" else "reexporter"
    makes = draw(st.integers(0, 5)) == 5
    name = draw(st.sampled_from(("Example Export", "Example Export", "NVIDIA Corporation")))
    named = [] if kind in ("use", "cloud_access") else [draw(parties(seller, origin, name))]
    named += [
        draw(parties(role, destination if role != "host" else origin, f"Example {role}"))
        for role in RECEIVING[kind]
    ]
    if makes and named[0]["role"] == seller:
        named.append(draw(parties("foundry", "TW", name)))
        named.append(draw(parties("designer", "TW", "Example D")))
    listed = {code for party in named for code in party.get("listed_on", ())}
    day = draw(st.sampled_from(DAYS)).isoformat()
    answers = {fact: draw(st.integers(0, 9)) == 9 for fact in ANSWERS}
    conditions = {fact: draw(st.integers(0, 9)) != 9 for fact in CONDITIONS}
    count = 1 if own_chip else draw(st.integers(1, 2))
    return {
        "schema": "chipwarden.order/1",
        "id": "generated",
        "kind": kind,
        "date": day,
        "mode": draw(st.sampled_from(("as_enforced", "as_enforced", "as_written"))),
        "origin": origin,
        "destination": destination,
        "parties_complete": True,
        "items": [draw(items(own_chip)) for _ in range(count)],
        "parties": named,
        "screening": {
            "date": day,
            "system": "Example Screening",
            "lists": [code for code in LISTS if code not in listed],
            "outcome": "clear",
        },
        "end_use": {"purposes": draw(st.sampled_from((["ai_training"], ["ai_inference"])))},
        "facts": {
            **answers,
            **conditions,
            "in_744_supplement_2": draw(st.booleans()),
            "paragraph_4a090_b_applies": draw(st.booleans()),
            "volume_share_of_us_shipments": draw(st.sampled_from((Decimal("0.1"), Decimal("0.6")))),
            "nac_cleared": draw(st.booleans()),
            "designer_status": draw(st.sampled_from(("none", "approved", "authorised"))),
            "designer_attests": draw(st.booleans()),
            "packager": draw(st.sampled_from(("fabricator", "approved_osat", "other"))),
            "packaging_country": draw(st.sampled_from(("TW", "CN"))),
            "packager_attests": draw(st.booleans()),
        },
    }


_OF_PARTY = ("name", "country", "headquarters", "ultimate_parent", "owners", "listed_on",
             "sdn_programmes")  # fmt: skip
_OF_ITEM = ("origin_country", "us_content_percent", "fdp")
_OF_CHIP = ("designer_hq", "process_node", "die_area_mm2", "int8_tops", "memory_type",
            "memory_bandwidth_gb_s", "interconnect_gb_s", "io_gb_s", "transistors_bn",
            "datacenter_marketed")  # fmt: skip


def unsaid(order: Mapping[str, Any]) -> list[Path]:
    """Return the places whose absence makes a fact of the order unknown."""
    return list(_unsaid(order))


def _unsaid(order: Mapping[str, Any]) -> Iterator[Path]:
    for index, party in enumerate(order["parties"]):
        yield from (("parties", index, key) for key in _OF_PARTY if key in party)
        yield ("parties", index, "ultimate_parent", "headquarters")
    for index, item in enumerate(order["items"]):
        yield from (("items", index, key) for key in _OF_ITEM)
        yield from (("items", index, "chip", key) for key in _OF_CHIP if "chip" in item)
    supports = order["facts"]["us_person_support"]
    known = (*KNOWLEDGE, *(KNOWLEDGE_OF_SUPPORT if supports else ()))
    yield from (("facts", key) for key in order["facts"] if key not in known)
    yield from (("screening",), ("end_use",), ("parties_complete",))


def less(order: Mapping[str, Any], places: Sequence[Path]) -> dict[str, Any]:
    """Return the order without what is said in these places."""
    found: dict[str, Any] = copy.deepcopy(dict(order))
    for path in places:
        inner: Any = found
        for key in path[:-1]:
            inner = inner.get(key) if isinstance(inner, dict) else inner[key]
            if inner is None:
                break
        if isinstance(inner, dict):
            inner.pop(path[-1], None)
    return found


def read(order: Mapping[str, Any]) -> Order:
    """Return the order as the reader understands it."""
    return order_from_record(order, "generated", knows_product)


def party(role: str, country: str, **more: Any) -> dict[str, Any]:
    """Return a party at home in a country, its own parent."""
    name = f"Example {role}"
    return {
        "role": role,
        "name": name,
        "country": country,
        "headquarters": country,
        "ultimate_parent": {"name": name, "headquarters": country},
        **more,
    }


PART_OUTSIDE_3A090: dict[str, Any] = {
    "kind": "ic",
    "chip": {
        "name": "Example S1", "designer_hq": "US", "process_node": "5 nm", "die_area_mm2": 400,
        "int8_tops": 100, "memory_type": "GDDR6", "memory_bandwidth_gb_s": 300, "io_gb_s": 64,
        "datacenter_marketed": True,
    },
    "quantity": 8,
    "origin_country": "US",
}  # fmt: skip


def made(
    *,
    date: str,
    destination: str,
    owners: Sequence[Mapping[str, Any]] | None = None,
    items: Sequence[Mapping[str, Any]] = (PART_OUTSIDE_3A090,),
) -> dict[str, Any]:
    """Return a clean export from the US.

    Args:
        date: day of the export, and of its screening.
        destination: where it goes, and home of all that receive it.
        owners: of the consignee.
        items: by default a part outside 3A090.
    """
    owned = {"owners": [dict(owner) for owner in owners]} if owners else {}
    return {
        "schema": "chipwarden.order/1",
        "id": "made",
        "kind": "export",
        "date": date,
        "origin": "US",
        "destination": destination,
        "parties_complete": True,
        "items": [dict(item) for item in items],
        "parties": [
            party("exporter", "US"),
            party("consignee", destination, **owned),
            party("end_user", destination),
        ],
        "screening": {"date": date, "lists": list(LISTS), "outcome": "clear"},
        "end_use": {"purposes": ["ai_training"]},
        "facts": dict.fromkeys(ANSWERS, False),
    }
