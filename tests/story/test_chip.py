"""The chapter on the chip says what the law says: lines, fields and days."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from tests.story.made import facts, tree

from chipwarden.reports.story_facts import Plane, Region, ShownChip, Stretch


def plane(key: str) -> Plane:
    return next(one for one in facts().chip.planes if one.key == key)


def chip(label: str) -> ShownChip:
    return next(one for one in facts().chip.chips if one.label == label)


def holds(region: Region, x: Decimal, y: Decimal) -> bool:
    return (
        (region.left is None or x >= region.left)
        and (region.right is None or x < region.right)
        and (region.bottom is None or y >= region.bottom)
        and (region.top is None or y < region.top)
    )


def named(key: str, x: Decimal, y: Decimal) -> set[str]:
    return {region.name for region in plane(key).regions if holds(region, x, y)}


def paragraph_2023(density: Decimal, tpp: Decimal) -> str:
    """Return the paragraph of a data-centre part by 88 FR 73458, written out."""
    if tpp >= 4800 or (tpp >= 1600 and density >= Decimal("5.92")):
        return "3A090.a"
    if 2400 <= tpp < 4800 and Decimal("1.6") <= density < Decimal("5.92"):
        return "3A090.b"
    if tpp >= 1600 and Decimal("3.2") <= density < Decimal("5.92"):
        return "3A090.b"
    return ""


DENSITIES = [Decimal(t) for t in ("0.5", "1.59", "1.6", "3.19", "3.2", "5.91", "5.92", "22")]
RATES = [Decimal(t) for t in ("800", "1599", "1600", "2399", "2400", "4799", "4800", "36000")]


@pytest.mark.parametrize("tpp", RATES, ids=str)
@pytest.mark.parametrize("density", DENSITIES, ids=str)
def test_fields_of_2023_are_those_of_the_rule(density: Decimal, tpp: Decimal) -> None:
    wanted = paragraph_2023(density, tpp)
    assert named("density", density, tpp) == ({wanted} if wanted else set())


@pytest.mark.parametrize(
    ("rate", "tpp", "wanted"),
    [
        ("599", "4800", set()),
        ("600", "4799", set()),
        ("600", "4800", {"3A090"}),
        ("464", "4992", set()),  # A800
        ("664", "4992", {"3A090"}),  # A100
    ],
)
def test_the_field_of_2022_needs_both_lines(rate: str, tpp: str, wanted: set[str]) -> None:
    assert named("io", Decimal(rate), Decimal(tpp)) == wanted


@pytest.mark.parametrize(
    ("dram", "tpp", "wanted"),
    [
        ("4800", "15832", {"case-by-case review", "tariff band"}),  # H200
        ("6000", "20919.2", {"case-by-case review", "tariff band"}),  # MI325X
        ("7700", "36000", set()),  # B200
        ("4000", "2368", {"case-by-case review"}),  # H20
        ("6499", "20999", {"case-by-case review"}),
        ("6500", "20999", set()),
        ("6499", "21000", set()),
        ("5900", "21050", {"tariff band"}),
    ],
)
def test_review_and_tariff_lines_are_those_of_january_2026(
    dram: str, tpp: str, wanted: set[str]
) -> None:
    assert named("memory", Decimal(dram), Decimal(tpp)) == wanted


@pytest.mark.parametrize(
    ("key", "day", "x", "y"),
    [
        ("density", date(2023, 11, 17), ["1.6", "3.2", "5.92"], ["1600", "2400", "4800"]),
        ("io", date(2022, 10, 21), ["600"], ["4800"]),
        ("memory", date(2026, 1, 15), ["4500", "5000", "5800", "6200", "6500"],
         ["14000", "17500", "20800", "21000", "21100"]),
    ],
)  # fmt: skip
def test_lines_stand_on_the_page_with_their_source(
    key: str, day: date, x: list[str], y: list[str]
) -> None:
    shown = plane(key)
    assert shown.day == day
    assert [str(t.value) for t in shown.x_thresholds] == x
    assert [str(t.value) for t in shown.y_thresholds] == y
    table = tree().all("figure", id=f"plane-{key}")[0].all("table")[0].text()
    for threshold in (*shown.x_thresholds, *shown.y_thresholds):
        assert f"{threshold.value:,}" in table
        assert facts().citations[threshold.reference].number in table


def on(stretches: tuple[Stretch, ...], day: str) -> str:
    wanted = date.fromisoformat(day)
    return next(s.word for s in stretches if s.first <= wanted <= s.last)


@pytest.mark.parametrize(
    ("label", "day", "paragraph"),
    [
        ("A100", "2022-10-20", "outside 3A090"),
        ("A100", "2022-10-21", "3A090"),
        ("A100", "2023-11-16", "3A090"),
        ("A100", "2023-11-17", "3A090.a"),
        ("A800", "2023-11-16", "outside 3A090"),
        ("A800", "2023-11-17", "3A090.a"),
        ("L4", "2023-11-16", "outside 3A090"),
        ("L4", "2023-11-17", "3A090.a"),
        ("H20", "2023-11-17", "outside 3A090"),
        ("H20", "2026-11-21", "outside 3A090"),
        ("B200", "2024-11-15", "3A090.a"),
        ("Ascend 910C", "2025-01-01", "3A090.a"),
        ("Blackhole p150", "2024-06-01", "3A090.a"),
    ],
)
def test_what_a_chip_was_on_a_day(label: str, day: str, paragraph: str) -> None:
    assert on(chip(label).paragraphs, day) == paragraph


@pytest.mark.parametrize(
    ("label", "day", "answer"),
    [
        ("A800", "2023-10-22", "none needed"),  # the letter to NVIDIA is of 2023-10-23
        ("A800", "2023-11-17", "presumption of denial"),
        ("H20", "2025-04-08", "none needed"),
        ("MI325X", "2026-01-14", "presumption of denial"),
        ("L4", "2026-01-14", "presumption of denial"),
        ("L4", "2026-01-15", "case by case"),  # 91 FR 1684, every condition stated
        ("B200", "2026-01-15", "presumption of denial"),
        ("Ascend 910C", "2025-05-12", "none needed"),
        ("Ascend 910C", "2025-05-13", "prohibited"),
    ],
)
def test_what_a_chip_needed_on_a_day(label: str, day: str, answer: str) -> None:
    assert on(chip(label).licenses, day) == answer


@pytest.mark.parametrize(("label", "day"), [("A800", "2023-10-23"), ("H20", "2025-04-09")])
def test_a_letter_asks_for_a_license_from_its_day_on(label: str, day: str) -> None:
    assert on(chip(label).licenses, day).startswith("license")


@pytest.mark.parametrize("one", facts().chip.chips, ids=lambda one: one.label)
def test_strips_have_no_gap_and_begin_with_the_release(one: ShownChip) -> None:
    for stretches in (one.paragraphs, one.licenses):
        assert stretches[0].first == max(one.released or facts().covered_from, facts().covered_from)
        assert stretches[-1].last == facts().known_to
        for before, after in pairwise(stretches):
            assert after.first == before.last + timedelta(days=1)
            assert (before.word, before.tone) != (after.word, after.tone)


def test_a_chip_without_die_area_is_a_range_and_says_what_it_needs() -> None:
    found = tree().all("figure", id="plane-density")[0]
    ranges = [g for g in found.all("g") if g.all("line", class_="range")]
    assert len(ranges) == 1
    assert "Ascend 910C" in ranges[0].text() and "needs die area" in ranges[0].text()
    row = next(r for r in found.all("tr") if r.text().startswith("Ascend 910C"))
    assert "needs die area" in row.text()


def test_rules_behind_the_numbers_are_numbered_as_in_the_drawing() -> None:
    strip = tree().all("figure", class_="strip")[0]
    drawn = [mark.text() for mark in strip.all("text", class_="event-number")]
    listed = [mark.text() for mark in strip.all("span", class_="ordinal")]
    assert drawn == listed == [str(n) for n in range(1, len(drawn) + 1)]
    days = [e.attributes["datetime"] for e in strip.all("ol")[0].all("time")]
    assert days == sorted(set(days), key=str)
    assert {"2022-10-21", "2023-11-17", "2025-04-09", "2025-05-13", "2026-01-15"} <= set(days)
