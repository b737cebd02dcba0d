"""Pages are found, their links lead somewhere, and the README stays short."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, ROOT, blocks, name_of, prose

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    kept = (re.sub(r"[^\w\- ]", "", head.casefold()) for head in _HEADING.findall(prose(page)))
    return {text.strip().replace(" ", "-") for text in kept}


def links(page: Path) -> list[str]:
    return [to for to in _LINK.findall(prose(page)) if "://" not in to]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_list_of_pages() -> None:
    start = ROOT / "docs" / "README.md"
    reached = {(start.parent / link.partition("#")[0]).resolve() for link in links(start)}
    pages = {page.resolve() for page in PAGES} - {start, (ROOT / "README.md").resolve()}
    assert {name_of(page) for page in pages - reached} == set()


def test_the_readme_is_short_and_says_what_it_must() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 120
    assert "not legal advice" in text
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z-]+)`", text)) == {"run", "test"}
    assert {"run", "test"} <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_is_run_prints_something_or_is_meant_to_be_silent(page: Path) -> None:
    """A block of commands shows commands, so that no output is taken for one."""
    consoles = [block.text for block in blocks(page) if block.is_console]
    assert [text for text in consoles if not text.startswith("$ ")] == []
