"""Orders for the tests of workspace, packs and replay: some from the legal cases, some random."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from tests.cases.test_cases import cases

from chipwarden.app.check import Terms, check
from chipwarden.app.data import load_data
from chipwarden.app.packs import current_pack
from chipwarden.decisions.order import Mode
from chipwarden.model.canonical import canonical_bytes, digest

COUNTRIES = ("US", "CN", "MY", "SG", "AE", "DE", "IN", "RU", "TW", "HK")
PRODUCTS = ("NVIDIA B200", "NVIDIA H20", "NVIDIA A100", "NVIDIA L4", "AMD Instinct MI325X")
LISTS = ("US-EL", "US-MEU", "US-UVL", "US-DPL", "US-SDN", "US-1260H")
NAMES = ("Example Ltd.", "EXAMPLE Limited", "Huawei Technologies Co., Ltd.", "Sophgo", "Muster AG")


def sample(every: int) -> list[tuple[str, dict[str, Any], Terms]]:
    """Return name, order and terms of every so many legal cases."""
    return [
        (
            f"{case['file']}: {case['case']}",
            case["order"],
            Terms(
                known_on=date.fromisoformat(str(known_on)) if known_on else None,
                mode=Mode(case["mode"]) if case.get("mode") else None,
            ),
        )
        for case in cases()[::every]
        for known_on in (case.get("known_on"),)
    ]


def decided(order: dict[str, Any], terms: Terms | None = None) -> dict[str, Any]:
    """Return the record of a decision with the data in use; it names their pack."""
    terms = terms or Terms()
    named = Terms(terms.as_of, terms.known_on, terms.mode, current_pack().digest)
    return check(order, "order", load_data(), named).record


def written(record: dict[str, Any], path: Path, *, pretty: bool = False) -> Path:
    """Write a record as it is kept, or as a person would want to read it."""
    if pretty:
        path.write_text(json.dumps(record, indent=4, ensure_ascii=True), "utf-8")
    else:
        path.write_bytes(canonical_bytes(record))
    return path


def kept(record: dict[str, Any], folder: Path) -> Path:
    """Write a record into a folder under a name of its own."""
    folder.mkdir(exist_ok=True)
    return written(record, folder / f"decision-{digest(record)[7:23]}.json")


def to_germany(**changes: Any) -> dict[str, Any]:
    """Return an order of B200 to Germany that names all parties, with changes."""
    parties = [
        {
            "role": role, "name": f"Example {role}", "country": country, "headquarters": country,
            "ultimate_parent": {"name": f"Example {role}", "headquarters": country},
        }
        for role, country in (("exporter", "US"), ("consignee", "DE"), ("end_user", "DE"))
    ]  # fmt: skip
    return {
        "schema": "chipwarden.order/1", "id": "PO-1", "kind": "export", "date": "2026-03-02",
        "origin": "US", "destination": "DE", "parties_complete": True, "parties": parties,
        "items": [{"product": "NVIDIA B200", "quantity": 8}],
        "screening": {
            "date": "2026-03-01", "outcome": "clear",
            "lists": ["US-EL", "US-MEU", "US-UVL", "US-DPL", "US-SDN"],
        },
        "end_use": {"purposes": ["ai_training"]},
        "facts": dict.fromkeys(
            (
                "military_end_use", "military_end_user", "military_intelligence_end_use",
                "supercomputer_end_use", "wmd_end_use", "us_person_support",
            ),
            False,
        ),
        **changes,
    }  # fmt: skip


# ---------------------------------------------------------------- random orders

_days = st.dates(date(2022, 9, 1), date(2027, 6, 1))
_countries = st.sampled_from(COUNTRIES)
# As a person or another system may write them: trailing zeros, exponents, more digits than a
# double holds, text.
_numbers = st.one_of(
    st.decimals("0.001", "900000", places=3),
    st.sampled_from(["600", "4800.000", "5.92", "1E+3", "0.100000001"]),
    st.decimals("1000000", "900000000", places=9),
    st.integers(1, 10**6),
)
_counts = st.one_of(st.integers(1, 10**9), st.sampled_from(["64", "1000000000"]))


def _table(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


_owners = st.lists(
    _table(
        {"name": st.sampled_from(NAMES), "percentage": st.sampled_from(["10", "24.99", "33.3"])},
        headquarters=_countries,
        listed_on=st.lists(st.sampled_from(LISTS), max_size=2, unique=True),
    ),
    max_size=2,
)
_parties = _table(
    {"role": st.sampled_from(("exporter", "consignee", "end_user", "user", "host", "foundry"))},
    name=st.sampled_from(NAMES),
    country=_countries,
    headquarters=_countries,
    ultimate_parent=_table({"headquarters": _countries}, name=st.sampled_from(NAMES)),
    listed_on=st.lists(st.sampled_from(LISTS), max_size=2, unique=True),
    owners=_owners,
)
_chips = _table(
    {"name": st.sampled_from(("Example X1", "Example Y2")), "int8_tops": _numbers},
    die_area_mm2=_numbers,
    io_gb_s=_numbers,
    interconnect_gb_s=_numbers,
    memory_bandwidth_gb_s=_numbers,
    datacenter_marketed=st.booleans(),
    designer_hq=_countries,
    process_node=st.sampled_from(("5 nm", "7 nm", "28 nm")),
)
_items = st.one_of(
    _table(
        {"product": st.sampled_from(PRODUCTS), "quantity": _counts},
        value_usd=_numbers,
        origin_country=_countries,
        us_content_percent=st.sampled_from(["0", "9.99", "10", "25.0", "100"]),
        kind=st.sampled_from(("ic", "board", "system")),
    ),
    _table({"chip": _chips, "quantity": _counts}, value_usd=_numbers),
)
_expiring = st.fixed_dictionaries({"value": st.booleans(), "expires": _days})
_answers = st.one_of(st.booleans(), _expiring)
_facts = _table(
    {},
    military_end_user=_answers,
    us_person_support=_answers,
    open_weights=_answers,
    known_violation=_answers,
    third_party_us_testing=_answers,
    nac_cleared=_answers,
    uvl_statement=_answers,
    model_training_operations=_numbers,
    lpp_tpp_this_year=_numbers,
    red_flag_3=_answers,
    red_flag_14=_answers,
).flatmap(lambda facts: st.permutations(list(facts.items())).map(dict))
_held = st.lists(
    _table(
        {"kind": st.sampled_from(("license", "exception", "host_permit"))},
        number=st.sampled_from(("D-1", "D-2")),
        exception=st.sampled_from(("NAC", "LPP", "TGL")),
        destination=_countries,
        quantity=_counts,
        value_usd=_numbers,
        valid_until=_days,
        items=st.lists(st.sampled_from(PRODUCTS), min_size=1, max_size=2),
    ),
    max_size=2,
)


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid order; names and keys come in any order."""
    kind = draw(st.sampled_from(("export", "reexport", "transfer_in_country", "use")))
    origin = draw(_countries)
    is_within_one = kind in ("transfer_in_country", "use")
    order = {
        "schema": "chipwarden.order/1",
        "id": draw(st.sampled_from(("PO-1", "Bestellung 7/β", "注文-3"))),
        "kind": kind,
        "origin": origin,
        "destination": origin if is_within_one else draw(_countries),
        "date": draw(_days),
        **draw(
            _table(
                {"items": st.lists(_items, min_size=1, max_size=2)},
                parties=st.lists(_parties, max_size=4),
                parties_complete=st.booleans(),
                facts=_facts,
                authorizations=_held,
                end_use=_table({}, purposes=st.lists(st.sampled_from(("ai_training", "resale")))),
                screening=st.fixed_dictionaries(
                    {
                        "date": _days,
                        "outcome": st.sampled_from(("clear", "match")),
                        "lists": st.lists(st.sampled_from(LISTS), min_size=1, unique=True),
                    }
                ),
            )
        ),
    }
    return {name: order[name] for name in draw(st.permutations(list(order)))}
