"""The page needs nothing but itself, can be read by all, and labels its figures."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from tests.story.made import facts, page, tree
from tests.story.pages import Element, read

from chipwarden.app.data import load_data
from chipwarden.app.story import write_story

KINDS = ("real", "reported", "generated")
# A number with thousands, or one with a unit. Dates, names and paragraphs are no figures.
FIGURE = re.compile(
    r"(?<![\w.:/-])(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?(?=\s(?:TPP|GB/s|%|days|units|provisions)\b))"
)


def test_it_is_one_well_formed_page() -> None:
    html = tree().all("html")
    assert len(html) == 1
    assert html[0].attributes["lang"] == "en"
    assert [part.tag for part in html[0].parts if isinstance(part, Element)] == ["head", "body"]
    assert len(tree().all("h1")) == 1


def test_nothing_is_fetched_and_nothing_runs() -> None:
    for element in tree().walk():
        assert element.tag not in ("script", "iframe", "link", "img", "object", "embed", "base")
        for name, value in element.attributes.items():
            assert not name.startswith("on"), f"<{element.tag} {name}>"
            if name in ("href", "src", "xlink:href", "action", "srcset"):
                assert value and value.startswith("#"), f"{name}={value}"
    style = tree().all("style")[0].text()
    assert "url(" not in style and "@import" not in style and "http" not in style
    policy = tree().all("meta", http_equiv="Content-Security-Policy")[0].attributes["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_links_lead_to_parts_of_the_page_that_are_there_once() -> None:
    ids = [e.attributes["id"] for e in tree().walk() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = {link.attributes["href"] for link in tree().all("a")}
    assert {f"#{name}" for name in ids} >= targets
    assert {f"#road-{road.key}" for road in facts().roads} <= targets


def test_headings_never_skip_a_level() -> None:
    levels = [int(e.tag[1]) for e in tree().walk() if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    for before, after in pairwise(levels):
        assert after <= before + 1, (before, after)


def test_drawings_say_what_they_show_and_have_tables() -> None:
    drawings = tree().all("svg", role="img")
    # Planes, days, lanes, the tree over the log, every byte of a proof.
    assert len(drawings) == len(facts().chip.planes) + 4
    for drawing in drawings:
        assert drawing.all("title") and len(drawing.all("desc")[0].text()) > 40
        around = next(e for e in drawing.above() if e.tag == "figure")
        assert around.all("table"), "the same as a table"
    for table in tree().all("table"):
        assert table.all("th")


def test_the_labels_are_explained() -> None:
    legend = tree().all("dl", class_="legend")[0]
    assert [term.text() for term in legend.all("dt")] == list(KINDS)


def test_what_claims_a_label_shows_it() -> None:
    claiming = [e for e in tree().walk() if e.attributes.get("data-kind") in KINDS]
    assert {e.attributes["data-kind"] for e in claiming} == set(KINDS)
    for element in claiming:
        kind = element.attributes["data-kind"] or ""
        squares = element.all("i", class_="square")
        shown = any(kind in (square.attributes["class"] or "").split() for square in squares)
        assert shown, (element.tag, element.text()[:80])


def test_every_figure_stands_under_a_label() -> None:
    bare = []
    for element in tree().all("body")[0].walk():
        if any("data-kind" in above.attributes for above in element.above()):
            continue
        for part in element.parts:
            if isinstance(part, str) and element.tag not in ("code", "desc", "title"):
                bare += [f"{found[0]} in {part[:60]!r}" for found in FIGURE.finditer(part)]
    assert not bare


def test_a_figure_of_the_catalog_names_source_and_confidence() -> None:
    table = tree().all("table", class_="chips")[0]
    shown = table.all("span", class_="figure")
    assert len(shown) > 25
    for one in shown:
        assert "confidence" in (one.attributes["title"] or ""), one.text()


@pytest.mark.parametrize(
    "figure",
    [
        "36,000",  # B200: 4,500 dense TOPS at 8 bits, research/rules.md section 7
        "2,368",  # H20: 296 at 8 bits
        "4,992",  # A100: 624 at 8 bits
        "15,832",  # H200: 1,979 at 8 bits
        "20,919.2",  # MI325X: 2,614.9 at 8 bits
    ],
)
def test_known_figures_are_on_the_page(figure: str) -> None:
    assert any(
        one.text().startswith(figure)
        for one in tree().all("table", class_="chips")[0].all("span", class_="figure")
    )


def test_dates_and_digests_of_the_data_are_on_the_page() -> None:
    data, text = load_data(), tree().text()
    for told in (
        data.lawbook.known_to.isoformat(),
        data.lawbook.digest,
        data.catalog.digest,
        data.starter_set.digest,
    ):
        assert told in text


def test_everything_unverified_is_told() -> None:
    text = tree().text()
    weak = [c for c in load_data().lawbook.provisions if not c.confidence.is_verified]
    assert weak
    for clause in weak:
        assert clause.title in text and clause.id in text


def test_the_page_is_written_whole_and_always_the_same(tmp_path: Path) -> None:
    path = tmp_path / "story.html"
    path.write_text("old", "utf-8")
    assert write_story(path, load_data()) == path
    assert path.read_text("utf-8") == page()
    assert [entry.name for entry in tmp_path.iterdir()] == ["story.html"]


def test_a_folder_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        write_story(tmp_path / "missing" / "story.html", load_data())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong", ["<p>", "<p></b></p>", "</p>", '<p id="a" id="b"></p>'], ids=lambda text: text
)
def test_the_reader_of_these_tests_refuses_what_is_malformed(wrong: str) -> None:
    with pytest.raises(AssertionError):
        read(wrong)
