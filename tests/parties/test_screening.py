"""Finding a party on the starter set: real spellings, and nobody is ever cleared."""

from dataclasses import replace
from datetime import date

import pytest

from chipwarden.model.outcome import Outcome
from chipwarden.parties.lists import StarterSet, load_starter_set
from chipwarden.parties.screening import find

TODAY = date(2026, 11, 21)

FOUND = [
    # as a supplier might write it, country, id of the entry on the list
    ("HUAWEI TECHNOLOGIES CO LTD", "CN", "us-el-huawei-technologies-co-ltd-cn"),
    (
        "Huawei Cloud Computing Technology Co., Ltd.",
        "CN",
        "us-el-huawei-cloud-computing-technology-cn",
    ),
    ("HiSilicon", "CN", "us-el-hisilicon-technologies-co-ltd-hisilicon-cn"),
    ("Huawei International Pte Ltd", "SG", "us-el-huawei-international-pte-ltd-sg"),
    ("SMIC", "CN", "us-el-semiconductor-manufacturing-international-corporation-smic-cn"),
    (
        "Semiconductor Manufacturing International Corp.",
        "CN",
        "us-el-semiconductor-manufacturing-international-corporation-smic-cn",
    ),
    ("Moore Threads", "CN", "us-el-moore-thread-intelligent-technology-beijing-co-ltd-cn"),
    ("BIREN TECHNOLOGY", "CN", "us-el-shanghai-biren-intelligent-technology-co-ltd-cn"),
    (
        "Cambricon Technologies Corp. Ltd.",
        "CN",
        "us-el-cambricon-technologies-corporation-limited-cn",
    ),
    ("IEIT Systems Co., Ltd.", "CN", "us-el-inspur-electronic-information-industry-co-ltd-cn"),
    (
        "Inspur Information (Hong Kong)",
        "HK",
        "us-el-inspur-electronic-information-hong-kong-co-ltd-cn",
    ),
    ("YMTC", "CN", "us-el-yangtze-memory-technologies-co-ltd-cn"),
    ("Sophgo Technologies Pte. Ltd.", "SG", "us-el-sophgo-technologies-pte-ltd-sg"),
    ("PowerAIR PTE LTD", "SG", "us-el-powerair-pte-ltd-sg"),
    ("Zhipu AI", "CN", "us-el-beijing-zhipu-huazhang-technology-co-ltd-cn"),
    ("iFlytek Co., Ltd.", "CN", "us-el-iflytek-cn"),
    ("Phytium Technology", "CN", "us-el-tianjin-phytium-information-technology-cn"),
    ("Dawning Information Industry Co., Ltd.", "CN", "us-el-sugon-cn"),
    ("曙光信息产业股份有限公司", "CN", "us-nscmic-dawning-information-industry-co-ltd-cn"),
    (
        "National University of Defense Technology",
        "CN",
        "us-el-national-university-of-defense-technology-nudt-cn",
    ),
    (
        "National Supercomputing Center Guangzhou",
        "CN",
        "us-el-national-supercomputing-center-guangzhou-nscc-gz-cn",
    ),
    ("Shanghai Huawei Technologies Co., Ltd.", "CN", "us-el-huawei-technologies-co-ltd-cn"),
    ("Tencent Holdings Ltd", "CN", "us-1260h-tencent-holdings-limited-cn"),
    ("CXMT", "CN", "us-1260h-changxin-memory-technologies-inc-cn"),
    ("Mikron JSC", "RU", "us-sdn-35936"),
    ("Hua\u200bwei Technоlogies Co., Ltd.", "CN", "us-el-huawei-technologies-co-ltd-cn"),
]

NOT_FOUND = [
    # other companies of a group, and names that are merely alike
    "Inspur Worldwide Services Ltd.",
    "Huawei Digital Power Example GmbH",
    "Sophgo Example Sdn Bhd",
    "Biren Example Cloud Co., Ltd.",
    "Shanghai Moore Example Co., Ltd.",
    "Huawe Technologies Co., Ltd.",
    "SMIC Example Holdings (Penang) Sdn Bhd",
    "Technology Co., Ltd.",
    "NVIDIA Corporation",
]


@pytest.mark.parametrize(("name", "country", "entry_id"), FOUND)
def test_spellings_find_their_entry(name: str, country: str, entry_id: str) -> None:
    matches = {
        match.entry.id: match for match in find(name, (), country, load_starter_set(), TODAY)
    }
    assert entry_id in matches
    match = matches[entry_id]
    assert match.same_country is True
    assert match.outcome is Outcome.YES
    assert match.reason.reference == match.entry.citations[0]


@pytest.mark.parametrize("name", NOT_FOUND)
def test_siblings_and_near_names_are_not_found(name: str) -> None:
    assert find(name, (), "CN", load_starter_set(), TODAY) == ()


def test_every_listed_name_finds_its_entry() -> None:
    starter_set = load_starter_set()
    missed = [
        (entry.id, name)
        for entry in starter_set.entries
        for name in (entry.name, *entry.aliases)
        if entry.id not in {m.entry.id for m in find(name, (), entry.country, starter_set, TODAY)}
    ]
    assert missed == []


def test_an_alias_of_the_party_is_looked_at() -> None:
    (match,) = find("Example Ltd.", ("Sophgo",), "CN", load_starter_set(), TODAY)
    assert match.given_name == "Sophgo"
    assert match.by_alias


def test_another_country_leaves_the_match_open() -> None:
    (match,) = find("Sophgo", (), "MY", load_starter_set(), TODAY)
    assert match.same_country is False
    assert match.outcome is Outcome.UNDETERMINED
    assert match.reason.missing == ("party.identity",)


def test_an_unknown_country_leaves_the_match_open() -> None:
    (match,) = find("Biren Technology", (), None, load_starter_set(), TODAY)
    assert match.same_country is None
    assert match.outcome is Outcome.UNDETERMINED
    assert match.reason.missing == ("party.country",)


def test_no_answer_is_ever_no() -> None:
    starter_set = load_starter_set()
    countries = ("CN", "MY", None)
    outcomes = {
        match.outcome
        for entry in starter_set.entries
        for country in countries
        for match in find(entry.name, entry.aliases, country, starter_set, TODAY)
    }
    assert outcomes == {Outcome.YES, Outcome.UNDETERMINED}
    assert starter_set.complete is False


@pytest.mark.parametrize("name", [None, "", "   ", "...", "\u200b"])
def test_a_party_without_a_name_is_not_found(name: str | None) -> None:
    assert find(name, (), "CN", load_starter_set(), TODAY) == ()


def test_a_listing_holds_from_its_day() -> None:
    """88 FR 71991: effective 2023-10-17, published 2023-10-19."""
    starter_set = load_starter_set()
    day = date(2023, 10, 17)
    assert find("Moore Threads", (), "CN", starter_set, date(2023, 10, 16)) == ()
    (match,) = find("Moore Threads", (), "CN", starter_set, day)
    assert match.date_is_certain
    assert find("Moore Threads", (), "CN", starter_set, day, known_on=date(2023, 10, 18)) == ()
    assert find("Moore Threads", (), "CN", starter_set, day, known_on=date(2023, 10, 19)) != ()


def test_an_unknown_day_counts_for_any_date_and_says_so() -> None:
    """Inspur Group: 88 FR 13675 of 2023-03-06; the effective day is not in the data."""
    starter_set = load_starter_set()
    early = find("IGL", (), "CN", starter_set, date(2023, 3, 1))
    late = find("IGL", (), "CN", starter_set, date(2023, 3, 6))
    assert [match.date_is_certain for match in (*early, *late)] == [False, True]
    assert "2023-03-06" in early[0].reason.note
    assert late[0].reason.note == ""


def test_a_set_of_ones_own_is_searched_the_same_way() -> None:
    entry = load_starter_set().entries[0]
    made_up = replace(entry, id="x", name="Example Forwarding Sdn. Bhd.", aliases=(), country="MY")
    starter_set = StarterSet.of((made_up,), "sha256:0", {})
    (match,) = find("EXAMPLE FORWARDING", (), "MY", starter_set, TODAY)
    assert match.entry is made_up
