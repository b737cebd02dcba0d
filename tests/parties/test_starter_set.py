"""The starter set as data: sourced, dated, without natural persons, as the lists have it."""

import gzip
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from chipwarden.model.values import Confidence
from chipwarden.parties.lists import load_list_descriptions, load_starter_set
from chipwarden.parties.schema import ListedParty

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
RESTRICTED = SHARED / "lists" / "us-restricted-2026-07"
SOURCES = {
    "US-EL": RESTRICTED / "bis_entity_list.json.gz",
    "US-MEU": RESTRICTED / "bis_meu.json",
    "US-1260H": RESTRICTED / "dow_1260h.json",
    "US-NSCMIC": RESTRICTED / "ofac_nscmic.json",
}
SDN = SHARED / "lists" / "us-ofac-sdn-2026-08" / "ofac-sdn.json.gz"
CITATION = re.compile(r"\d+ FR \d+|OFAC (SDN|NS-CMIC) List.*\d{4}-\d{2}-\d{2}.*")
POLICIES = {
    "presumption_of_denial",
    "policy_of_denial",
    "case_by_case",
    "presumption_of_approval",
    "mixed",
}


def read(path: Path) -> Any:
    """Return the JSON of a shared list; the test is skipped where there is none."""
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand")
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)


def of_list(code: str) -> list[ListedParty]:
    return [entry for entry in load_starter_set().entries if entry.list_code == code]


def squeezed(text: str | None) -> str:
    return " ".join((text or "").split())


def test_it_holds_enough_of_the_entity_list() -> None:
    starter_set = load_starter_set()
    assert len(starter_set.entries) >= 140
    assert len(of_list("US-EL")) >= 140
    assert {str(code) for code in starter_set.snapshots} == {*SOURCES, "US-SDN"}
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", starter_set.digest)


def test_every_entry_is_sourced() -> None:
    codes = {description.code for description in load_list_descriptions()}
    for entry in load_starter_set().entries:
        assert entry.list_code in codes, entry.id
        assert entry.citations, entry.id
        assert all(CITATION.fullmatch(citation) for citation in entry.citations), entry.id
        assert isinstance(entry.confidence, Confidence), entry.id
        assert re.fullmatch(r"[A-Z]{2}", entry.country), entry.id
        assert all(re.fullmatch(r"[A-Z]{2}", country) for country in entry.also_in), entry.id
        assert entry.requirement, entry.id
        assert entry.review_policy is None or entry.review_policy in POLICIES, entry.id
        assert (entry.review_policy is None) == (entry.review_policy_confidence is None), entry.id
        if entry.review_policy == "mixed":
            assert entry.review_policy_scope, entry.id


def test_dates_are_in_order() -> None:
    for entry in load_starter_set().entries:
        if entry.listed_on and entry.published:
            # A rule takes effect on the day it is published or a few days before.
            assert 0 <= (entry.published - entry.listed_on).days <= 7, entry.id
        assert entry.surely_listed_from <= entry.snapshot, entry.id


def test_nothing_stands_twice() -> None:
    entries = load_starter_set().entries
    assert len({entry.id for entry in entries}) == len(entries)
    assert len({(entry.list_code, entry.country, entry.name) for entry in entries}) == len(entries)
    for entry in entries:
        names = (entry.name, *entry.aliases)
        assert len(set(names)) == len(names), entry.id


def test_names_are_names() -> None:
    """Some aliases of the copy have an address, and some a remark, fused to them."""
    for entry in load_starter_set().entries:
        for name in (entry.name, *entry.aliases):
            assert name == squeezed(name), entry.id
            assert not re.search(r"\d{4,}|a\.k\.a\.|Avenue|\bStreet\b|\bAddress", name), name
            assert len(name) <= 150, name
            assert name.count("(") == name.count(")"), name


def test_there_are_no_natural_persons() -> None:
    individuals = {record["name"] for record in read(SDN)["entries"] if record["type"] != "entity"}
    names = {entry.name for entry in load_starter_set().entries}
    assert len(individuals) > 7000
    assert names & individuals == set()
    assert not [entry.id for entry in load_starter_set().entries if entry.list_code == "US-DPL"]


@pytest.mark.parametrize("code", SOURCES)
def test_entries_are_as_the_list_has_them(code: str) -> None:
    records: dict[str, list[dict[str, Any]]] = {}
    for record in read(SOURCES[code])["entities"]:
        records.setdefault(squeezed(record["name"]), []).append(record)
    for entry in of_list(code):
        assert entry.name in records, entry.id
        cited = " ".join(squeezed(record["federal_register"]) for record in records[entry.name])
        if code != "US-NSCMIC":  # that list has listing dates and no citations
            assert all(citation in cited for citation in entry.citations), entry.id
        for alias in entry.aliases:
            texts = [
                squeezed(text)
                for record in records[entry.name]
                for text in (record["name"], record["address"], *record["aliases"])
            ]
            assert any(alias in text for text in texts), alias


def test_published_is_the_day_of_the_first_citation() -> None:
    records = {squeezed(r["name"]): r for r in read(SOURCES["US-EL"])["entities"]}
    checked = 0
    for entry in of_list("US-EL"):
        cited = squeezed(records[entry.name]["federal_register"])
        day = re.search(r"FR \d+,? (\d+)/(\d+)/(\d+)", cited)
        if day is None or entry.citations[0] not in cited.split(".")[0]:
            continue
        month, of_month, year = (int(part) for part in day.groups())
        century = 0 if year > 1900 else 1900 if year > 90 else 2000
        assert entry.published == date(century + year, month, of_month), entry.id
        checked += 1
    assert checked > 250


FOOTNOTES = [
    # name, footnotes, read off the text of the list by hand
    ("Shanghai Biren Intelligent Technology Co., Ltd.", (4,)),
    ("Inspur Group Co., Ltd.", (4,)),
    ("Huawei Technologies Co., Ltd.", (1, 2)),
    ("Semiconductor Manufacturing International Corporation (SMIC)", (5,)),
    ("Semiconductor Manufacturing International (Shenzhen) Corporation", ()),
    ("Yangtze Memory Technologies Co., Ltd.", ()),
    ("AO PKK Milandr", (3,)),
    ("Beijing Zhipu Huazhang Technology Co., Ltd.", ()),
]


@pytest.mark.parametrize(("name", "footnotes"), FOOTNOTES)
def test_footnotes_are_taken_off_the_requirement(name: str, footnotes: tuple[int, ...]) -> None:
    (entry,) = [entry for entry in of_list("US-EL") if entry.name == name]
    assert entry.footnotes == footnotes


def test_sdn_entries_are_as_the_list_has_them() -> None:
    records = {record["uid"]: record for record in read(SDN)["entries"]}
    for entry in of_list("US-SDN"):
        record = records[int(entry.id.removeprefix("us-sdn-"))]
        assert record["type"] == "entity", entry.id
        assert entry.name == record["name"], entry.id
        assert set(entry.aliases) <= set(record["alternateNames"]), entry.id
        assert list(entry.programmes) == record["programs"], entry.id


def test_the_known_lists_are_those_of_the_vocabulary() -> None:
    path = SHARED / "order-vocabulary.yaml"
    if not path.exists():
        pytest.skip("the vocabulary is not at hand")
    vocabulary = yaml.safe_load(path.read_text("utf-8"))["list_codes"]
    assert {d.code: d.title for d in load_list_descriptions()} == vocabulary
