"""Pages of text: width, colour, ASCII, and texts that nobody should trust."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipwarden.cli import output
from chipwarden.reports.layout import Look, Page, Tone, cells, printable
from chipwarden.reports.words import count, number

SHORT_WORDS = st.lists(st.text("abc中文é×-", min_size=1, max_size=7), min_size=1, max_size=40)
_CODES = re.compile(r"\x1b\[[0-9;]*m")


@given(SHORT_WORDS, st.integers(30, 120), st.integers(0, 6), st.integers(0, 4))
def test_lines_keep_to_the_width_and_lose_no_word(
    words: list[str], width: int, indent: int, hang: int
) -> None:
    page = Page(Look(width=width))
    page.line(" ".join(words), indent, hang)
    assert all(cells(line) <= width for line in page.text().splitlines())
    assert page.text().split() == words


@given(SHORT_WORDS, SHORT_WORDS, st.integers(40, 120))
def test_tables_keep_to_the_width(first: list[str], second: list[str], width: int) -> None:
    page = Page(Look(width=width))
    page.table(("a", "b"), [[first[0], " ".join(second)]], flexible=1)
    assert all(cells(line) <= width for line in page.text().splitlines())


@given(SHORT_WORDS)
def test_colour_adds_codes_and_nothing_else(words: list[str]) -> None:
    plain, colored = Page(Look(width=60)), Page(Look(width=60, color=True))
    for page in (plain, colored):
        page.line([(word, tone) for word, tone in zip(words, [Tone.BAD, Tone.DIM] * 40,
                                                      strict=False)])  # fmt: skip
    assert _CODES.sub("", colored.text()) == plain.text()
    assert "\x1b" not in plain.text()


@given(st.text())
def test_what_is_printable_steers_nothing_and_stays_on_its_line(text: str) -> None:
    shown = printable(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", shown)
    assert len(shown) == len(text)


@given(st.text(min_size=1))
def test_an_ascii_page_is_ascii(text: str) -> None:
    page = Page(Look(ascii=True))
    page.line(text)
    assert page.text().isascii()


def test_a_long_path_is_never_broken() -> None:
    path = "/" + "folder/" * 20 + "order.toml"
    page = Page(Look(width=40))
    page.line(f"see {path} there")
    assert path in page.text()


def test_a_rich_text_joins_where_it_has_no_space() -> None:
    page = Page(Look())
    page.line([("Order", Tone.STRONG), (":", Tone.DIM), (" PO-1", Tone.PLAIN)])
    assert page.text() == "Order: PO-1\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (36000, "36,000"),
        (4706.8, "4,706.8"),
        (5.919999999, "5.9199…"),  # cut, not rounded: it does not reach 5.92
        (22.5, "22.5"),
        (0, "0"),
        (None, "unknown"),
        (True, "yes"),
    ],
)
def test_numbers_are_never_rounded_up(value: object, text: str) -> None:
    assert number(value) == text


def test_amounts() -> None:
    assert (count(1, "order"), count(3000, "order")) == ("1 order", "3,000 orders")


class Terminal:
    """A stream that says what it is."""

    def __init__(self, is_terminal: bool, encoding: str = "utf-8") -> None:
        self.encoding = encoding
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._is_terminal


@pytest.mark.parametrize(
    ("is_terminal", "environment", "color"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),  # no-color.org: when present and not empty
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_when_there_is_colour(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, environment: dict[str, str], color: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    look = output.look(Terminal(is_terminal))  # type: ignore[arg-type]
    assert look.color is color


@pytest.mark.parametrize(
    ("encoding", "is_ascii"), [("utf-8", False), ("UTF8", False), ("latin-1", True)]
)
def test_when_only_ascii_can_be_shown(encoding: str, is_ascii: bool) -> None:
    assert output.look(Terminal(False, encoding)).ascii is is_ascii  # type: ignore[arg-type]


def test_the_width_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert output.look(Terminal(False)).width == 72  # type: ignore[arg-type]
    monkeypatch.setenv("COLUMNS", "nonsense")
    assert output.look(Terminal(False)).width == 88  # type: ignore[arg-type]
