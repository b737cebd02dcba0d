"""Where output goes: data to standard output, everything else to standard error."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import typer

from chipwarden.model.errors import InvalidDocument
from chipwarden.reports.layout import Look, Page, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chipwarden.decisions.inputs import Data

_WIDTH = 88
_WIDEST = 112
_NARROWEST = 40


def look(stream: IO[str] | None = None) -> Look:
    """Return how a page is to look on a stream, by default on standard output."""
    stream = stream or sys.stdout
    terminal = _is_terminal(stream)
    columns = shutil.get_terminal_size((_WIDTH, 24)).columns if terminal else _columns()
    encoding = (getattr(stream, "encoding", None) or "ascii").casefold().replace("-", "")
    color = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(max(min(columns, _WIDEST), _NARROWEST), color, not encoding.startswith("utf"))


def _columns() -> int:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() and int(text) > 0 else _WIDTH


def _is_terminal(stream: IO[str]) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())


def show(text: str) -> None:
    """Print a text that ends its own lines."""
    typer.echo(text, nl=False)


def show_json(record: Mapping[str, Any]) -> None:
    """Print a record as canonical JSON on one line."""
    from chipwarden.model.canonical import canonical_bytes

    typer.echo(canonical_bytes(record) + b"\n", nl=False)


def give(records: Iterable[Mapping[str, Any]], as_json: bool, text: Callable[[], str]) -> None:
    """Print records as JSON, one a line, or their text."""
    if not as_json:
        show(text())
        return
    for record in records:
        show_json(record)


def say(text: str) -> None:
    """Print a line for the person at the keyboard."""
    page = Page(look(sys.stderr))
    page.line(text)
    typer.echo(page.text(), nl=False, err=True)


def report(wrong: InvalidDocument) -> None:
    """Print all problems of a document to standard error."""
    page = Page(look(sys.stderr))
    count = len(wrong.problems)
    noun = "problem" if count == 1 else "problems"
    page.line([(f"{wrong.source}: ", Tone.STRONG), (f"{count} {noun}", Tone.BAD)])
    for problem in wrong.problems:
        page.bullet([
            (problem.place, Tone.STRONG),
            (f": found {problem.found}; expected {problem.expected}", Tone.PLAIN),
            (f". {problem.remedy}" if problem.remedy else "", Tone.PLAIN),
        ])  # fmt: skip
    typer.echo(page.text(), nl=False, err=True)


def error_record(wrong: InvalidDocument) -> dict[str, Any]:
    """Return the problems of a document in the form that a batch gives them."""
    return {
        "source": wrong.source,
        "order_id": None,
        "problems": [
            {"place": p.place, "found": p.found, "expected": p.expected, "remedy": p.remedy}
            for p in wrong.problems
        ],
    }


def citations(data: "Data") -> dict[str, str]:
    """Return publisher and number of every citation, as texts name them."""
    found = {key: source.title for key, source in data.catalog.sources.items()}
    for key, citation in data.lawbook.citations.items():
        # The document number of the same publication tells a reader nothing more.
        found[key] = f"{citation.publisher}, {citation.number.partition(', FR Doc')[0]}"
    return found


@contextmanager
def progress(what: str) -> "Iterator[Callable[[int], None] | None]":
    """Give a function that shows how many are done; None where nobody would see it."""
    # Where results scroll by on the same terminal they show best how far the work is.
    if not _is_terminal(sys.stderr) or _is_terminal(sys.stdout):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn(what), TextColumn("{task.completed:,.0f}"),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)
