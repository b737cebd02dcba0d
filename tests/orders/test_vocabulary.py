"""The vocabulary holds every word of the shared one, and its types can be read."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from chipwarden.decisions.order import (
    Authorization,
    DeclaredEccn,
    EndUse,
    Item,
    Order,
    Screening,
    Statement,
)
from chipwarden.decisions.reading_tables import LIST
from chipwarden.decisions.reading_values import EXPECTED
from chipwarden.decisions.vocabulary import load_vocabulary
from chipwarden.model.places import country_code, country_name, country_names, is_country
from chipwarden.parties.schema import Identifiers, Owner, Party

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "order-vocabulary.yaml"


@pytest.fixture(scope="module")
def shared() -> dict[str, Any]:
    if not SHARED.exists():
        pytest.skip("the shared vocabulary is absent")
    loaded = yaml.safe_load(SHARED.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def bare(names: list[str]) -> set[str]:
    return {name.partition("{")[0].partition("[")[0] for name in names}


@pytest.mark.parametrize(
    ("theirs", "table"),
    [
        ("order_fields", "order"),
        ("screening_fields", "screening"),
        ("end_use_fields", "end_use"),
        ("party_fields", "party"),
        ("item_fields", "item"),
        ("chip_fields", "chip"),
    ],
)
def test_every_field_is_there(shared: dict[str, Any], theirs: str, table: str) -> None:
    assert bare(shared[theirs]) == set(load_vocabulary().fields[table])


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ("modes", "mode"),
        ("kinds", "kind"),
        ("roles", "role"),
        ("list_codes", "list_code"),
        ("item_kinds", "item_kind"),
        ("purposes", "purpose"),
        ("outcomes", "outcome"),
        ("review_policies", "review_policy"),
        ("dispositions", "disposition"),
        ("other_regime_outcomes", "other_regime_outcome"),
    ],
)
def test_every_word_is_there(shared: dict[str, Any], theirs: str, words: str) -> None:
    assert set(shared[theirs]) == set(load_vocabulary().words[words])


def test_required_roles_and_authorizations(shared: dict[str, Any]) -> None:
    vocabulary = load_vocabulary()
    assert {k: list(v) for k, v in vocabulary.required_roles.items()} == shared["required_roles"]
    assert set(vocabulary.covered_kinds) == set(shared["required_roles"])
    held = shared["authorizations"]
    assert set(held["kind"]) == set(vocabulary.words["authorization_kind"])
    assert set(held["fields"]) == set(vocabulary.fields["authorization"])
    assert dict(vocabulary.list_titles) == shared["list_codes"]


def test_every_fact_is_there_with_its_type(shared: dict[str, Any]) -> None:
    ours = load_vocabulary().facts
    theirs = {"bool": "flag", "number": "number", "text": "text", "date": "date"}
    assert set(shared["facts"]) <= set(ours)
    differ = {
        name: ours[name] for name, kind in shared["facts"].items() if ours[name] != theirs[kind]
    }
    assert differ == {"designer_status": "designer_status"}  # a text of three words


def test_every_type_can_be_read() -> None:
    vocabulary = load_vocabulary()
    known = {*EXPECTED, *vocabulary.words, *vocabulary.fields}
    used = {t.removeprefix(LIST) for f in vocabulary.fields.values() for t in f.values()}
    assert used | set(vocabulary.facts.values()) <= known
    for table, names in vocabulary.required.items():
        assert set(names) <= set(vocabulary.fields[table])
    assert set(vocabulary.purpose_facts.values()) <= set(vocabulary.facts)
    assert all(is_country(code) for code in vocabulary.country_words.values())


def test_what_is_read_has_its_place_in_the_types() -> None:
    fields = load_vocabulary().fields
    assert set(fields["order"]) - {"schema"} == set(Order.__slots__)
    flat = (set(fields["item"]) - {"fdp"}) | set(fields["fdp"])
    assert flat == set(Item.__slots__)
    parent = {f"parent_{name}" for name in fields["ultimate_parent"]}
    assert (set(fields["party"]) - {"ultimate_parent"}) | parent == set(Party.__slots__)
    assert set(fields["evidence"]) | {"value"} == set(Statement.__slots__)
    types: dict[str, Any] = {
        "owner": Owner, "identifiers": Identifiers, "authorization": Authorization,
        "end_use": EndUse, "screening": Screening, "eccn_declared": DeclaredEccn,
    }  # fmt: skip
    for table, kind in types.items():
        assert set(fields[table]) == set(kind.__slots__), table


def test_countries() -> None:
    # ISO 3166-1 has 249 officially assigned codes.
    assert len(country_names()) == 249
    assert is_country("MO") and not is_country("mo") and not is_country("XK")
    assert country_name("TW") == "Taiwan"
    assert country_code("trinidad AND tobago") == "TT"
    assert country_code("Atlantis") is None
    with pytest.raises(KeyError):
        country_name("XX")
