"""The pages of the documentation, and the blocks in them that are run.

    ```toml file=order.toml        a file that the reader writes
    ```toml add=order.toml         lines that the reader adds to the end of it
    ```console                     commands after `$ `, each with what is printed
    ```console at=TIME             the same, with the clock standing at a time in UTC

In what is printed `…` stands for any text within a line, and a line that is `…` alone for any
number of lines; in a command it stands for the rest of a word that was printed before. A command
that ends in a backslash goes on in the next line. Other blocks are not run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its words after the fence, its text, and the line that it begins on."""

    info: str
    text: str
    line: int

    @property
    def is_console(self) -> bool:
        return self.info.split(" ")[0] == "console"

    @property
    def time(self) -> datetime | None:
        """Return the time at which its commands are typed, None for now."""
        found = re.search(r"\bat=(\S+)", self.info)
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None

    @property
    def written(self) -> tuple[str, str] | None:
        """Return "file" or "add" with the name of the file, None where it is neither."""
        found = re.search(r"\b(file|add)=(\S+)", self.info)
        return (found[1], found[2]) if found else None


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block with the lines that it is said to print."""

    text: str
    printed: tuple[str, ...]
    line: int


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found["info"].strip(), found["text"], line)


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a console block."""
    heads: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if line.startswith("$ "):
            heads.append((number, line[2:], []))
        elif heads and heads[-1][1].endswith(" \\") and not heads[-1][2]:
            start, text, printed = heads[-1]
            heads[-1] = (start, text[:-1] + line.lstrip(), printed)
        elif heads:
            heads[-1][2].append(line)
    for number, text, printed in heads:
        while printed and not printed[-1]:
            printed.pop()
        yield Command(text, tuple(printed), number)


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def agrees(printed: str, expected: tuple[str, ...]) -> bool:
    """Return whether a command printed what the page says."""
    # Lines are joined by single ends, and blank lines at the end do not count.
    pattern = ""
    for line in expected:
        if line == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in line.rstrip().split("…")) + r"\n"
    text = "".join(line.rstrip() + "\n" for line in printed.rstrip("\n").splitlines())
    return re.fullmatch(pattern, text) is not None
