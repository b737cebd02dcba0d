"""Every date of the fact base: the day before and the day of."""

from datetime import date, timedelta

import pytest
from tests.rules.fact_base import country_groups, day, facts

from chipwarden.app.data import load_data
from chipwarden.rules.provisions import Instrument, Step

LAWBOOK = load_data().lawbook
ONE_DAY = timedelta(days=1)

# Facts whose dates no clause begins or ends with, each with the reason; tested by other means.
OTHERWISE = {
    "us-authorised-ic-designer": "a dated switch inside Note 1 to 3A090.a",
    "us-affiliates-stay": "the absence of a clause",
    "us-red-flags-supp3": "the edition of the supplement; its history dates the flags",
    "nl-sme": "information: equipment, no chips",
    "test-vectors": "check values, no rule",
}
# The mechanism of a clause was public before the fact that the clause also builds.
ALSO_EARLIER = {
    "us-2024-04-corrections": "clarifies clauses of 2023",
    "us-744-6": "744.2 to 744.4 are older",
    "us-0513-policy": "744.2 to 744.4 are older",
    "us-gp10-ascend": "General Prohibition 10 is older than the guidance on it",
    "us-z-paragraphs": "what a supplier declares was always to be looked at",
}


def applied(fact: str, on: date, known_on: date | None = None) -> set[str]:
    """Return the clauses of a fact that are law on a day, as written."""
    law = LAWBOOK.law_on(on, known_on, as_written=True)
    return {clause.id for clause in law.provisions if fact in clause.facts}


def with_date(key: str) -> list[str]:
    return [
        name for name, fact in facts().items()
        if fact[key] and name not in OTHERWISE
    ]  # fmt: skip


@pytest.mark.parametrize("fact", with_date("effective_from"))
def test_a_clause_begins_on_the_day_of_effect(fact: str) -> None:
    first = day(facts()[fact]["effective_from"])
    assert first is not None
    assert applied(fact, first) - applied(fact, first - ONE_DAY)


@pytest.mark.parametrize("fact", with_date("effective_to"))
def test_a_clause_ends_after_the_last_day(fact: str) -> None:
    last = day(facts()[fact]["effective_to"])
    assert last is not None
    assert applied(fact, last) - applied(fact, last + ONE_DAY)


@pytest.mark.parametrize("fact", with_date("published"))
def test_nothing_is_known_before_it_is_published(fact: str) -> None:
    published = day(facts()[fact]["published"])
    assert published is not None
    clauses = [clause for clause in LAWBOOK.provisions if fact in clause.facts]
    assert any(clause.dates.published == published for clause in clauses)
    earlier = [
        clause
        for clause in clauses
        if clause.dates.published < published and clause.instrument is not Instrument.HOUSE
    ]
    assert bool(earlier) is (fact in ALSO_EARLIER)


@pytest.mark.parametrize("fact", with_date("published"))
def test_a_clause_is_not_applied_while_it_is_not_known(fact: str) -> None:
    published, first = day(facts()[fact]["published"]), day(facts()[fact]["effective_from"])
    assert published is not None
    law_of = max(published, first or published)
    new = {
        clause.id
        for clause in LAWBOOK.provisions
        if fact in clause.facts and clause.dates.published == published
    }
    assert not new & applied(fact, law_of, published - ONE_DAY)
    of_information = {c.id for c in LAWBOOK.provisions if c.step is Step.INFORMATION}
    if new - of_information:
        assert new & applied(fact, law_of, published)


def test_authorised_designers_and_the_extension() -> None:
    fact = facts().get("us-authorised-ic-designer")
    if fact is None:
        pytest.skip("the fact base is not beside the repository")
    last = day(fact["effective_to"])
    extended = day(fact["parameters"]["extension_published"])
    first_cut_off = date(2026, 4, 13)
    assert last is not None and extended is not None

    def is_open(on: date, known_on: date | None = None) -> object:
        return LAWBOOK.law_on(on, known_on).parameters["authorized_designers_open"]

    assert is_open(last) is True
    assert is_open(last + ONE_DAY) is False
    assert is_open(first_cut_off, extended - ONE_DAY) is True
    assert is_open(first_cut_off + ONE_DAY, extended - ONE_DAY) is False
    assert is_open(first_cut_off + ONE_DAY, extended) is True


def test_the_presumption_is_enforced_from_its_compliance_date() -> None:
    fact = facts().get("us-authorised-ic-designer")
    if fact is None:
        pytest.skip("the fact base is not beside the repository")
    first = day(fact["effective_from"])
    assert first is not None
    for on, expected in ((first - ONE_DAY, False), (first, True)):
        clauses = {clause.id for clause in LAWBOOK.law_on(on).provisions}
        assert ("US-3A090.a-note-1" in clauses) is expected


def test_the_affiliates_rule_is_away_for_the_year_of_the_suspension() -> None:
    fact = facts().get("us-affiliates-stay")
    if fact is None:
        pytest.skip("the fact base is not beside the repository")
    first, last = day(fact["effective_from"]), day(fact["effective_to"])
    published = day(fact["published"])
    assert first is not None and last is not None and published is not None
    rule = {"US-744.11-affiliates-2025", "US-744.11-affiliates-return"}
    assert rule & applied("us-affiliates", first - ONE_DAY)
    assert not rule & applied("us-affiliates", first)
    assert not rule & applied("us-affiliates", last)
    assert rule & applied("us-affiliates", last + ONE_DAY)
    # Who did not know of the suspension yet still applied the rule.
    assert rule & applied("us-affiliates", first, published - ONE_DAY)


def test_red_flags_begin_with_their_history() -> None:
    starts = {19: LAWBOOK.covered_from, 20: date(2024, 12, 2), 27: date(2024, 12, 2),
              28: date(2025, 1, 13), 29: date(2025, 9, 29)}  # fmt: skip
    for number, first in starts.items():
        clause = LAWBOOK.provision(f"US-732-S3-flag-{number}")
        assert clause is not None and clause.dates.in_force == first


# ---------------------------------------------------------------- waiver of the Diffusion rule


@pytest.mark.parametrize(
    "fact", ["us-diffusion", "us-diffusion-caps", "us-diffusion-exceptions", "us-4e091"]
)
def test_the_diffusion_rule_was_never_enforced(fact: str) -> None:
    """Compliance was due two days after its enforcement was waived."""
    days = [*LAWBOOK.breaks(), date(2025, 5, 14), date(2025, 5, 15), date(2025, 5, 16)]
    for on in days:
        enforced = {c.id for c in LAWBOOK.law_on(on).provisions if fact in c.facts}
        assert enforced == set(), on
    # Who did not know of the waiver yet had to comply from 2025-05-15.
    due, known = date(2025, 5, 15), date(2025, 5, 12)
    unaware = {c.id for c in LAWBOOK.law_on(due, known).provisions if fact in c.facts}
    assert unaware
    before = LAWBOOK.law_on(due - ONE_DAY, known).provisions
    assert not any(fact in clause.facts for clause in before)


# ---------------------------------------------------------------- country groups

GROUPS = {
    "A:1": "group_a1", "A:5": "group_a5", "A:6": "group_a6", "D:1": "group_d1",
    "D:4": "group_d4", "D:5": "group_d5", "E:1": "group_e1", "E:2": "group_e2",
    "MACAU": "macau", "DIFFUSION_TIER1": "diffusion_tier1",
    "REMOTE_USER_DISCLOSURE_2026": "remote_user_countries",
}  # fmt: skip
# Rows that the fact base itself calls open: undetermined, neither in nor out.
OPEN = {("D:5", "CY"), ("D:5", "ET"), ("E:1", "CU")}


def changes() -> list[tuple[str, date]]:
    days = {
        (name, edge)
        for name, members in country_groups().get("groups", {}).items()
        for row in members
        for start in [day(row["from"])]
        for last in [day(row["to"])]
        for edge in (start, start and start - ONE_DAY, last, last and last + ONE_DAY)
        if edge and edge >= LAWBOOK.covered_from
    }
    return sorted(days)


@pytest.mark.parametrize(("name", "on"), changes())
def test_members_of_a_group_on_the_day_of_a_change_and_beside_it(name: str, on: date) -> None:
    group = LAWBOOK.law_on(on).group(GROUPS[name])
    rows = [
        row["iso"]
        for row in country_groups()["groups"][name]
        if (day(row["from"]) or date.min) <= on <= (day(row["to"]) or date.max)
    ]
    aliases = country_groups()["aliases"]
    rows += [code for code, follows in aliases.items() if follows in rows]
    uncertain = {code for code in rows if (name, code) in OPEN}
    assert group.members == set(rows) - uncertain
    assert group.uncertain == uncertain


def test_every_group_of_the_fact_base_is_ours() -> None:
    if not country_groups():
        pytest.skip("the country groups are not beside the repository")
    assert set(country_groups()["groups"]) == set(GROUPS)


@pytest.mark.parametrize(
    ("on", "count"), [("2023-11-17", 45), ("2024-03-15", 46), ("2026-11-21", 45)]
)
def test_as_many_destinations_as_the_research_counts(on: str, count: int) -> None:
    """rules.md, country groups; Hong Kong, as part of China, and open members are not counted."""
    group = LAWBOOK.law_on(date.fromisoformat(on)).group("advanced_computing_destinations")
    assert len(group.members - set(LAWBOOK.aliases)) == count
