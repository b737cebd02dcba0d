"""Listed ownership: every expected share is worked out by hand in the comment beside it."""

from collections.abc import Callable
from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chipwarden.model.outcome import Outcome
from chipwarden.parties.ownership import OwnershipResult, listed_share
from chipwarden.parties.schema import ListCode, Owner, Party

HALF = Decimal(50)
EL, MEU, NSCMIC = ListCode("US-EL"), ListCode("US-MEU"), ListCode("US-NSCMIC")
LISTS = frozenset({"US-EL", "US-MEU", "US-SDN"})
YES, NO, UNDETERMINED = Outcome.YES, Outcome.NO, Outcome.UNDETERMINED


def screened_clear(name: str, listed_on: tuple[ListCode, ...]) -> Outcome:
    """A complete screening that found none of the owners."""
    return NO


def not_screened(name: str, listed_on: tuple[ListCode, ...]) -> Outcome:
    return UNDETERMINED


def listed(name: str, share: str, code: ListCode = EL) -> Owner:
    return Owner(name, Decimal(share), listed_on=(code,))


def state(name: str, share: str) -> Owner:
    """An owner that is known and has no owners of its own."""
    return Owner(name, Decimal(share), owners=())


def company(name: str, share: str, *owners: Owner) -> Owner:
    return Owner(name, Decimal(share), owners=owners)


def band(name: str, low: str | None, high: str | None, *codes: ListCode) -> Owner:
    return Owner(
        name,
        percentage_min=None if low is None else Decimal(low),
        percentage_max=None if high is None else Decimal(high),
        listed_on=codes,
        owners=(),
    )


def of(
    *owners: Owner,
    is_listed: Callable[[str, tuple[ListCode, ...]], Outcome] = screened_clear,
    unsaid_owners: Outcome = UNDETERMINED,
) -> OwnershipResult:
    party = Party("consignee", name="Example Servers Sdn Bhd", owners=owners)
    return listed_share(party, HALF, LISTS, is_listed, unsaid_owners)


VECTORS = [
    # id, owners, outcome, low, high
    ("exactly half", (listed("X", "50.00"), state("S", "50.00")), YES, "50", "50"),
    ("just below", (listed("X", "49.99"), state("S", "50.01")), NO, "49.99", "49.99"),
    ("just above", (listed("X", "50.01"), state("S", "49.99")), YES, "50.01", "50.01"),
    # FAQ 399: 25 + 25 = 50
    ("two owners", (listed("X", "25"), listed("Y", "25"), state("S", "50")), YES, "50", "50"),
    # Entity List 30 + MEU List 25 = 55: added together across lists
    ("two lists", (listed("X", "30"), listed("Y", "25", MEU), state("S", "45")), YES, "55", "55"),
    # 30 + 19.99 = 49.99
    (
        "two below",
        (listed("X", "30"), listed("Y", "19.99", MEU), state("S", "50.01")),
        NO,
        "49.99",
        "49.99",
    ),
    # the NS-CMIC list is not among the lists: 30 counts, 25 does not
    (
        "another list",
        (
            listed("X", "30"),
            Owner("Y", Decimal(25), listed_on=(NSCMIC,), owners=()),
            state("S", "45"),
        ),
        NO,
        "30",
        "30",
    ),
    # FAQ 401 ex. 1, sixty for fifty: X 60 % of A, A 60 % of the party: all of A's 60 counts
    (
        "chain",
        (company("A", "60", listed("X", "60"), state("S", "40")), state("T", "40")),
        YES,
        "60",
        "60",
    ),
    # multiplied it would be 0.5 x 0.5 = 25 %
    (
        "chain at half",
        (company("A", "50", listed("X", "50"), state("S", "50")), state("T", "50")),
        YES,
        "50",
        "50",
    ),
    # A is held 49.99 % and is not caught, so its 60 counts for nothing
    (
        "chain below",
        (company("A", "60", listed("X", "49.99"), state("S", "50.01")), state("T", "40")),
        NO,
        "0",
        "0",
    ),
    # FAQ 401 ex. 2: X 50 % of A and of B; A 25 + B 25 = 50
    (
        "fork",
        (
            company("A", "25", listed("X", "50"), state("S", "50")),
            company("B", "25", listed("X", "50"), state("T", "50")),
            state("U", "50"),
        ),
        YES,
        "50",
        "50",
    ),
    # FAQ 401 ex. 3: X 50 % of A, A 40 % and X 10 % of the party: 40 + 10 = 50
    (
        "direct and through",
        (
            company("A", "40", listed("X", "50"), state("S", "50")),
            listed("X", "10"),
            state("T", "50"),
        ),
        YES,
        "50",
        "50",
    ),
    # FAQ 401, next: as the fork, X has only 25 % of B: 25 counts
    (
        "fork below",
        (
            company("A", "25", listed("X", "50"), state("S", "50")),
            company("B", "25", listed("X", "25"), state("T", "75")),
            state("U", "50"),
        ),
        NO,
        "25",
        "25",
    ),
    # X 25 % of A and of B, which hold 50 each: neither is caught
    (
        "two clean halves",
        (
            company("A", "50", listed("X", "25"), state("S", "75")),
            company("B", "50", listed("X", "25"), state("T", "75")),
        ),
        NO,
        "0",
        "0",
    ),
    # three tiers of exactly half
    (
        "three tiers",
        (
            company(
                "A", "50", company("B", "50", listed("X", "50"), state("S", "50")), state("T", "50")
            ),
            state("U", "50"),
        ),
        YES,
        "50",
        "50",
    ),
    # the same name twice: 20 + 30 = 50
    ("same name twice", (listed("X", "20"), listed("X", "30"), state("S", "50")), YES, "50", "50"),
    # 30 listed, 60 others: 10 % unnamed; 30 + 10 = 40 cannot reach 50
    ("small remainder", (listed("X", "30"), state("S", "60")), NO, "30", "40"),
    # 30 listed, 50 others: 20 % unnamed; 30 + 20 = 50 could reach it
    ("remainder reaches", (listed("X", "30"), state("S", "50")), UNDETERMINED, "30", "50"),
    # 49.99 % unnamed cannot reach 50 alone
    ("remainder alone", (state("S", "50.01"),), NO, "0", "49.99"),
    ("nothing known of half", (state("S", "50"),), UNDETERMINED, "0", "50"),
    # 50 listed is enough whatever the rest
    ("rest unknown", (listed("X", "50"),), YES, "50", "100"),
    # stated to have no owners
    ("no owners", (), NO, "0", "0"),
    # band 25 to 50 listed, 50 others: at most 50
    ("band", (band("X", "25", "50", EL), state("S", "50")), UNDETERMINED, "25", "50"),
    ("band in it", (band("X", "50", "75", EL), state("S", "25")), YES, "50", "75"),
    # the others hold 50.01 or more: at most 49.99 is left, for X and the unnamed together
    ("band below", (band("X", "25", "75", EL), band("S", "50.01", "75")), NO, "25", "49.99"),
    # bands of registers: two listed of 25 to 50: 50 at least
    ("two bands", (band("X", "25", "50", EL), band("Y", "25", "50", EL)), YES, "50", "100"),
    # share of a listed owner unknown: 0 to what the others leave
    ("unknown share", (band("X", None, None, EL), state("S", "40")), UNDETERMINED, "0", "60"),
    ("unknown small share", (band("X", None, None, EL), state("S", "60")), NO, "0", "40"),
]


@pytest.mark.parametrize(
    ("owners", "outcome", "low", "high"),
    [pytest.param(*vector[1:], id=vector[0]) for vector in VECTORS],
)
def test_vectors(owners: tuple[Owner, ...], outcome: Outcome, low: str, high: str) -> None:
    result = of(*owners)
    assert (result.outcome, result.low, result.high) == (outcome, Decimal(low), Decimal(high))
    assert result.reason.outcome is outcome
    assert result.problems == ()
    assert (result.missing != ()) == (outcome is UNDETERMINED)


@pytest.mark.parametrize(
    ("shares", "outcome"),
    [
        # 16.67 + 16.67 + 16.66 = 50.00 exactly; binary fractions give 50.00000000000001 or less
        (("16.67", "16.67", "16.66"), YES),
        # 0.1 five hundred times is 50 exactly; as binary fractions 49.99999999999988
        (("0.1",) * 500, YES),
        # ten to the minus twentieth below half
        (("49.99999999999999999999",), NO),
        (("33.33333333333333333333", "16.66666666666666666667"), YES),
        # thirty places, two more than Python's decimals keep by default
        (("49." + "9" * 30,), NO),
        (("0." + "0" * 29 + "1", "49." + "9" * 30), YES),
    ],
)
def test_shares_are_exact(shares: tuple[str, ...], outcome: Outcome) -> None:
    with localcontext(prec=60):
        total = sum(map(Decimal, shares), Decimal(0))
        rest = 100 - total
    others = (listed(f"X{number}", share) for number, share in enumerate(shares))
    result = of(*others, state("S", str(rest)))
    assert result.outcome is outcome
    assert result.low == total


def test_owners_not_given_may_be_anyone() -> None:
    result = listed_share(Party("consignee", name="Example"), HALF, LISTS, screened_clear)
    assert (result.outcome, result.low, result.high) == (UNDETERMINED, Decimal(0), Decimal(100))
    assert result.missing == ("owners",)


def test_an_owner_that_was_not_screened_is_possibly_caught() -> None:
    result = of(state("S", "60"), state("T", "40"), is_listed=not_screened)
    assert (result.outcome, result.low, result.high) == (UNDETERMINED, Decimal(0), Decimal(100))
    assert result.missing == ("owners[S].listed_on", "owners[T].listed_on")
    # 40 % cannot reach half whoever T is
    cleared = {"S": NO}
    result = of(
        state("S", "60"),
        state("T", "40"),
        is_listed=lambda name, listed_on: cleared.get(name, UNDETERMINED),
    )
    assert (result.outcome, result.low, result.high) == (NO, Decimal(0), Decimal(40))


def test_screening_makes_an_owner_listed() -> None:
    result = of(
        state("Sophgo", "50"), state("S", "50"), is_listed=lambda n, _: Outcome.of(n == "Sophgo")
    )
    assert result.outcome is YES
    (owner,) = result.owners
    assert (owner.name, owner.listed_on, owner.outcome) == ("Sophgo", (), YES)


def test_an_owner_of_whom_nothing_is_said_does_not_clear() -> None:
    """A holds all of the party, is on no list, and may itself belong to anyone."""
    unsaid = Owner("A", Decimal(100))
    result = of(unsaid)
    assert (result.outcome, result.low, result.high) == (UNDETERMINED, Decimal(0), Decimal(100))
    assert result.missing == ("owners[A].owners",)
    assert of(unsaid, unsaid_owners=NO).outcome is NO
    assert of(company("A", "100", state("S", "100"))).outcome is NO


def test_what_is_missing_deeper_is_named() -> None:
    result = of(company("A", "60", band("X", "25", "75", EL), state("S", "25")), state("T", "40"))
    assert result.outcome is UNDETERMINED
    assert result.missing == ("owners[A].owners", "owners[X].percentage")


def test_a_ring_with_nothing_listed_behind_it_is_not_caught() -> None:
    """A and B own each other; a least fixed point leaves both out."""
    again = Owner("A", Decimal(100))
    result = of(company("A", "100", company("B", "100", again)))
    assert (result.outcome, result.low, result.high) == (NO, Decimal(0), Decimal(0))


def test_a_ring_held_by_a_listed_owner_is_caught() -> None:
    """X 50 % of A, A 50 % of B, B 50 % of A: both caught, so B's 50 % of the party counts."""
    again = Owner("B", Decimal(50))
    ring = company("B", "50", company("A", "50", listed("X", "50"), again), state("S", "50"))
    result = of(ring, state("T", "50"))
    assert (result.outcome, result.low) == (YES, HALF)


def test_owners_are_told_once_and_hold_everywhere() -> None:
    """A holds 30 and, through C, is named again; what is said of A in one place holds."""
    result = of(
        company("A", "30", listed("X", "60"), state("S", "40")),
        company("C", "20", Owner("A", Decimal(51)), state("T", "49")),
        state("U", "50"),
    )
    # A caught (60), C caught (A's 51): 30 + 20 = 50
    assert (result.outcome, result.low, result.high) == (YES, Decimal(50), Decimal(50))


def test_more_than_all_is_reported_and_rules_nothing_out() -> None:
    result = of(listed("X", "30"), state("S", "80"))
    assert result.outcome is UNDETERMINED
    assert result.missing == ("owners",)
    (problem,) = result.problems
    assert "110" in problem.found
    assert str(problem) in result.reason.note
    assert of(listed("X", "60"), state("S", "80")).outcome is YES


@pytest.mark.parametrize(
    "owner",
    [
        Owner("X", Decimal("-1"), owners=()),
        Owner("X", Decimal("100.01"), owners=()),
        Owner("X", Decimal("NaN"), owners=()),
        Owner("X", Decimal("sNaN"), owners=()),
        Owner("X", Decimal("Infinity"), owners=()),
        Owner("X", Decimal("1E-31"), owners=()),
        Owner("X", Decimal("1E-999999"), owners=()),
        Owner("X", percentage_min=Decimal(60), percentage_max=Decimal(40), owners=()),
    ],
)
def test_a_share_that_cannot_be_is_reported_and_unknown(owner: Owner) -> None:
    result = of(owner, listed("Y", "10"))
    assert len(result.problems) == 1
    assert "X" in result.problems[0].place
    assert result.outcome is UNDETERMINED


def test_two_different_tellings_are_reported() -> None:
    result = of(
        company("A", "30", listed("X", "60"), state("S", "40")),
        company("C", "20", company("A", "51", listed("X", "10"), state("S", "90"))),
        state("U", "50"),
    )
    assert any("two places" in problem.found for problem in result.problems)
    assert result.outcome is UNDETERMINED


def test_the_chain_is_told() -> None:
    result = of(company("A", "60", listed("X", "60"), state("S", "40")), state("T", "40"))
    (owner,) = result.owners
    assert owner.path == ("X", "A", "Example Servers Sdn Bhd")
    assert (owner.listed_on, owner.outcome) == ((EL,), YES)
    told = [reason.statement for reason in result.reason.walk()]
    assert any("X, holding 60 % of A, is listed" in statement for statement in told)
    assert any("A, holding 60 % of Example" in statement for statement in told)


def test_certain_owners_come_first() -> None:
    result = of(
        state("P", "20"),
        listed("X", "30"),
        listed("Y", "25", MEU),
        state("S", "25"),
        is_listed=lambda name, _: UNDETERMINED if name == "P" else NO,
    )
    assert [(owner.name, owner.outcome) for owner in result.owners] == [
        ("X", YES),
        ("Y", YES),
        ("P", UNDETERMINED),
    ]


def test_a_wide_tree_of_repeated_names_stays_small() -> None:
    """Forty tiers of two names each: told once each, not two to the fortieth times."""
    names = [(f"L{tier}", f"R{tier}") for tier in range(40)]
    owners: tuple[Owner, ...] = (listed("X", "100"),)
    for left, right in reversed(names):
        owners = (company(left, "50", *owners), Owner(right, Decimal(50), owners=()))
    result = of(*owners)
    assert result.outcome is YES
    assert sum(1 for _ in result.reason.walk()) < 200


# ---------------------------------------------------------------------------------------------
# Against the rule read straight off random trees.

NAMES = ("A", "B", "C", "D")


def trees(depth: int) -> st.SearchStrategy[tuple[Owner, ...]]:
    """Owners with whole shares of 100 in all at most; some listed, some without owners."""
    share = st.sampled_from(["10", "20", "25", "30", "50", "60"])
    end = st.builds(
        lambda s, is_on, number: Owner(
            f"{'X' if is_on else 'S'}{number}",
            Decimal(s),
            listed_on=(EL,) if is_on else (),
            owners=(),
        ),
        share,
        st.booleans(),
        st.integers(0, 9),
    )
    if depth == 0:
        return st.lists(end, max_size=2).map(_within_all)
    middle = st.builds(
        lambda s, name, owners: Owner(f"{name}{depth}", Decimal(s), owners=owners),
        share,
        st.sampled_from(NAMES),
        trees(depth - 1),
    )
    return st.lists(st.one_of(end, middle), max_size=4).map(_within_all)


def _within_all(owners: list[Owner]) -> tuple[Owner, ...]:
    """Keep owners while names are new and the shares stay within 100."""
    kept: dict[str, Owner] = {}
    for owner in owners:
        if owner.name not in kept and sum(o.low for o in kept.values()) + owner.low <= 100:
            kept[owner.name] = owner
    return tuple(kept.values())


def caught_share(owners: tuple[Owner, ...]) -> Decimal:
    """The rule read straight off the tree, without names: a tier is caught or it is not."""
    total = Decimal(0)
    for owner in owners:
        if owner.listed_on or caught_share(owner.owners or ()) >= HALF:
            total += owner.low
    return total


def _has_unique_middles(owners: tuple[Owner, ...], seen: set[str]) -> bool:
    for owner in owners:
        if owner.owners:
            if owner.name in seen:
                return False
            seen.add(owner.name)
            if not _has_unique_middles(owner.owners, seen):
                return False
    return True


@given(trees(2))
def test_the_certain_share_is_that_of_the_rule(owners: tuple[Owner, ...]) -> None:
    assume(_has_unique_middles(owners, set()))
    result = of(*owners)
    assert result.low == caught_share(owners)
    assert (result.outcome is YES) == (result.low >= HALF)
    assert Decimal(0) <= result.low <= result.high <= 100


@given(trees(2))
def test_naming_the_rest_never_changes_a_settled_answer(owners: tuple[Owner, ...]) -> None:
    """A fact that was not known, here who holds the rest, settles or leaves as it was."""
    assume(owners)  # none at all says that there are none
    before = of(*owners)
    rest = 100 - sum(owner.low for owner in owners)
    for one_more in (listed("X-rest", str(rest)), state("S-rest", str(rest))):
        after = of(*owners, one_more)
        assert before.outcome in (after.outcome, UNDETERMINED)
        assert before.low <= after.low <= before.high
