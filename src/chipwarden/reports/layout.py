"""A plain page of text: paragraphs, lists, tables, in a given width and with or without colour.

    page = Page(Look(width=72))
    page.heading("Items")
    page.bullet("one long text that is wrapped with a hanging indent")
    page.text()

Texts come from orders of others, so everything that could steer a terminal is made visible.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """What a piece of text is to the reader; the values are the terminal's codes."""

    PLAIN = ""
    STRONG = "1"
    DIM = "2"
    GOOD = "1;32"
    OPEN = "1;33"
    BAD = "1;31"


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is to look.

    Attributes:
        width: columns; outside tables a word that is longer goes beyond.
        color: whether tones are shown.
        ascii: whether only ASCII can be shown.
    """

    width: int = 88
    color: bool = False
    ascii: bool = False


Span = tuple[str, Tone]
Rich = str | Sequence[Span]
_Word = tuple[str, Tone, bool]

_LEAST_COLUMN = 12
_PLAINER = str.maketrans({
    "×": "x", "–": "-", "—": "-", "…": "...", "≥": ">=", "≤": "<=", "→": "->", "·": "-",
    "•": "-", "─": "-", "│": "|", "├": "|", "└": "`", "²": "2", "“": '"', "”": '"', "’": "'",
})  # fmt: skip


def spans(rich: Rich) -> list[Span]:
    """Return a text as its pieces."""
    return [(rich, Tone.PLAIN)] if isinstance(rich, str) else list(rich)


def printable(text: str) -> str:
    """Return a text on one line in which nothing steers a terminal or turns its direction."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if mark in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" if _steers(mark) else mark
        for mark in text
    )


def _steers(mark: str) -> bool:
    return unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def cells(text: str) -> int:
    """Return how many columns a text takes: Han characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(mark) else 1 + (unicodedata.east_asian_width(mark) in "WF")
        for mark in text
    )


class Page:
    """Collects lines; `text` returns them."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._lines: list[str] = []

    def text(self) -> str:
        """Return the page, every line with its end."""
        found = "".join(f"{line.rstrip()}\n" for line in self._lines)
        if not self.look.ascii:
            return found
        return found.translate(_PLAINER).encode("ascii", "backslashreplace").decode("ascii")

    def blank(self) -> None:
        """Add an empty line, unless there is one."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def heading(self, title: str) -> None:
        """Begin a section."""
        self.blank()
        self.line([(title, Tone.STRONG)])

    def line(self, rich: Rich, indent: int = 0, hang: int = 0) -> None:
        """Add a paragraph; lines after its first are indented by `hang` more."""
        room = max(self.look.width - indent, 20)
        for number, words in enumerate(_wrapped(spans(rich), room, hang)):
            self._lines.append(" " * (indent + (hang if number else 0)) + self._joined(words))

    def bullet(self, rich: Rich, indent: int = 2) -> None:
        """Add an entry of a list."""
        self.line([("- ", Tone.DIM), *spans(rich)], indent, 2)

    def branch(self, rails: tuple[str, str], mark: Span, rich: Rich) -> None:
        """Add a node of a tree.

        Args:
            rails: what stands before its first line, and before its further lines.
            mark: stands between the rails and the text.
            rich: the text.
        """
        first, rest = rails
        margin = cells(first) + cells(mark[0]) + 2
        wrapped = _wrapped(spans(rich), max(self.look.width - margin, 24), 0)
        for number, words in enumerate(wrapped):
            before = [(first, Tone.DIM, False), (*mark, False)] if number == 0 else [
                (rest + " " * (margin - cells(rest)), Tone.DIM, False)
            ]  # fmt: skip
            gap = "  " if number == 0 else ""
            self._lines.append(self._joined(before) + gap + self._joined(words))

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[Rich]],
        *,
        right: Collection[int] = (),
        flexible: int | None = None,
        indent: int = 2,
    ) -> None:
        """Add a table.

        Args:
            header: names of the columns; none where all are "".
            rows: cells.
            right: columns that are set to the right, such as numbers.
            flexible: the column whose cells are wrapped where the table is too wide.
            indent: columns left free.
        """
        body = [[spans(cell) for cell in row] for row in rows]
        head = [[(name, Tone.DIM)] for name in header]
        every = [head, *body] if any(header) else body
        widths = [
            max((cells(_plain(row[column])) for row in every), default=0)
            for column in range(len(header))
        ]
        if flexible is not None:
            room = self.look.width - indent - 2 * (len(widths) - 1)
            # The flexible column gives way first, then others that hold words.
            order = [flexible, *(c for c in range(len(widths)) if c != flexible and c not in right)]
            for column in order:
                if (excess := sum(widths) - room) > 0:
                    least = min(widths[column], _LEAST_COLUMN)
                    widths[column] = max(widths[column] - excess, least)
        for row in every:
            self._row(row, widths, set(right), indent)

    def columns(
        self,
        row: Sequence[Rich],
        widths: Sequence[int],
        *,
        right: Iterable[int] = (),
        indent: int = 0,
    ) -> None:
        """Add one row of a table whose columns have these widths."""
        self._row([spans(cell) for cell in row], list(widths), set(right), indent)

    def _row(
        self, row: Sequence[list[Span]], widths: list[int], right: set[int], indent: int
    ) -> None:
        parts = [
            _wrapped(cell, width, 0, strict=True) for cell, width in zip(row, widths, strict=True)
        ]
        for number in range(max(map(len, parts))):
            line = " " * indent
            for column, (lines, width) in enumerate(zip(parts, widths, strict=True)):
                words = lines[number] if number < len(lines) else []
                space = " " * (width - sum(cells(text) + glued for text, _, glued in words))
                text = self._joined(words)
                gap = "" if column == len(widths) - 1 else "  "
                line += (space + text if column in right else text + space) + gap
            self._lines.append(line)

    def _joined(self, words: Iterable[_Word]) -> str:
        """Return words as a line; neighbours of one tone share its codes."""
        runs: list[tuple[Tone, str]] = []
        for text, tone, spaced in words:
            if runs and runs[-1][0] is tone:
                runs[-1] = (tone, runs[-1][1] + " " * spaced + text)
            else:
                # A space before a run has no tone of its own.
                runs += [(Tone.PLAIN, " ")] * spaced + [(tone, text)]
        return "".join(
            f"\x1b[{tone.value}m{text}\x1b[0m" if self.look.color and tone.value else text
            for tone, text in runs
        )


def _plain(rich: Iterable[Span]) -> str:
    return printable("".join(text for text, _ in rich))


def _wrapped(
    rich: Iterable[Span], width: int, hang: int, *, strict: bool = False
) -> list[list[_Word]]:
    """Return words with their tone, line by line; the flag says that a space goes before.

    Args:
        rich: the text.
        width: of a line.
        hang: how much less the lines after the first have.
        strict: whether a word that is too long is parted; else only Han text is, for a path or
            an id that is broken cannot be copied.
    """
    lines: list[list[_Word]] = [[]]
    used, spaced = 0, False
    for text, tone in rich:
        shown = printable(text)
        if shown.startswith(" "):
            spaced = True
        for number, word in enumerate(shown.split()):
            spaced = spaced or number > 0
            size = cells(word)
            room = width - (hang if len(lines) > 1 else 0)
            if lines[-1] and spaced and used + 1 + size > room:
                lines.append([])
                used, room = 0, width - hang
            glue = spaced and bool(lines[-1])
            parted = strict or not word.isascii()
            for piece in _pieces(word, max(room, 8)) if parted else [word]:
                if lines[-1] and used + glue + cells(piece) > room and piece is not word:
                    lines.append([])
                    used, glue = 0, False
                lines[-1].append((piece, tone, glue))
                used += cells(piece) + glue
                glue = False
            spaced = False
        spaced = spaced or shown.endswith(" ")
    return lines


def _pieces(word: str, room: int) -> list[str]:
    """Return a word in parts that fit."""
    if cells(word) <= room:
        return [word]
    parts, part, used = [], "", 0
    for mark in word:
        size = cells(mark)
        if used + size > room:
            parts.append(part)
            part, used = "", 0
        part += mark
        used += size
    return [*parts, part]
