"""Orders from standard input: the notation is told from the text."""

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chipwarden.app.batch import BatchLine

NAME = "standard input"

_DASH = Path("-")
_CHUNK = 1 << 20
# A table of TOML begins with a bracket too, but never with a bracket and a brace.
_ARRAY = re.compile(rb"\s*\[\s*[{\]]")
_OBJECT = re.compile(rb"\s*\{")
_LINES = re.compile(rb"\s*\{.*\}[ \t\r]*\n\s*\{")


@dataclass(frozen=True, slots=True)
class Given:
    """The files of a command; what came by standard input lies in one of them for a while."""

    paths: tuple[Path, ...]
    spooled: Path | None = None

    def renamed(self, lines: "Iterator[BatchLine]") -> "Iterator[BatchLine]":
        """Yield the lines with standard input under its name."""
        from dataclasses import replace

        for line in lines:
            name = self.name(line.source)
            yield line if name == line.source else replace(line, source=name)

    def name(self, source: str) -> str:
        """Return what to call a source."""
        return source if self.spooled is None else source.replace(str(self.spooled), NAME)


@contextmanager
def given(paths: Sequence[Path]) -> Iterator[Given]:
    """Give the files, with standard input read into one where it is asked for as "-"."""
    if _DASH not in paths:
        yield Given(tuple(paths))
        return
    with tempfile.TemporaryDirectory(prefix="chipwarden-") as folder:
        spooled = _spool(Path(folder))
        yield Given(tuple(spooled if path == _DASH else path for path in paths), spooled)


def _spool(folder: Path) -> Path:
    from chipwarden.decisions.vocabulary import load_vocabulary

    # One byte more than is allowed is enough to be refused as too large.
    left = load_vocabulary().limits.file_bytes + 1
    raw = folder / "order"
    with raw.open("wb") as file:
        while left > 0 and (chunk := sys.stdin.buffer.read(min(_CHUNK, left))):
            file.write(chunk)
            left -= len(chunk)
    with raw.open("rb") as file:
        head = file.read(_CHUNK).removeprefix(b"\xef\xbb\xbf")
    return raw.rename(raw.with_suffix(_ending(head)))


def _ending(head: bytes) -> str:
    """Return the ending of a file that would begin like this."""
    if _LINES.match(head):
        return ".jsonl"
    return ".json" if _OBJECT.match(head) or _ARRAY.match(head) else ".toml"
