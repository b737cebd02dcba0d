"""`chipwarden check`: decide orders."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chipwarden.cli.options import AsJson, AsOf, AsWritten, KnownOn, Rules, Workspace, terms
from chipwarden.cli.standard_input import given

if TYPE_CHECKING:
    from chipwarden.app.batch import BatchLine
    from chipwarden.app.recording import Recorder
    from chipwarden.decisions.inputs import Data

# Decisions that are recorded together.
_TOGETHER = 32


def check(
    orders: Annotated[
        list[Path],
        typer.Argument(
            metavar="ORDER",
            help="Files of orders: .toml, .json, .jsonl, .csv, .xlsx; - reads standard input.",
            show_default=False,
        ),
    ],
    as_of: AsOf = None,
    known_on: KnownOn = None,
    as_written: AsWritten = False,
    rules: Rules = None,
    as_json: AsJson = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write the results too: .csv, .xlsx or .jsonl.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Show the whole tree of reasons and all citations.")
    ] = False,
    record: Annotated[
        bool | None,
        typer.Option(
            "--record/--no-record",
            help="Record the decisions in the ledger of the workspace.",
            show_default="if there is a workspace",
        ),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Decide whether orders may go, under which provision, with every reason.

    One order is told in full, several as a table of lines. The law of the order's own day is
    applied, as it is known on the day of the data, unless --as-of or --known-on say otherwise.
    In a workspace every decision is recorded in its ledger before it is told.

    \b
    Example:
      chipwarden check order.toml
      chipwarden check orders.xlsx --out results.xlsx
      chipwarden check order.toml --as-of 2026-01-14 --json
      cat order.json | chipwarden check -
    """  # noqa: D301
    from chipwarden.app.batch import check_all, write_results
    from chipwarden.app.check import COULD_NOT_RUN, exit_code, worst
    from chipwarden.app.data import load_data
    from chipwarden.cli.output import progress

    data = load_data(rules)
    asked = terms(as_of, known_on, as_written)
    recorder = _recorder(record, rules, workspace)
    if recorder is not None:
        asked = replace(asked, pack=recorder.pack.digest)
    codes: list[int] = []

    def noted(lines: "Iterator[BatchLine]") -> "Iterator[BatchLine]":
        for line in lines if recorder is None else _recorded(lines, recorder):
            codes.append(COULD_NOT_RUN if line.record is None else exit_code(line.record))
            yield line

    with given(orders) as source, progress("orders decided") as advance:
        lines = noted(source.renamed(check_all(source.paths, data, asked, advance)))
        first = list(islice(lines, 2))
        told = _told(chain(first, lines), _teller(len(first) == 1, as_json, full, data))
        if out is None:
            for _ in told:
                pass
        else:
            write_results(out, told)
    code = worst(codes)
    if len(codes) > 1 and not as_json:
        _summary(codes)
    raise typer.Exit(code)


def _told(
    lines: "Iterator[BatchLine]", tell: "Callable[[BatchLine], None]"
) -> "Iterator[BatchLine]":
    for line in lines:
        tell(line)
        yield line


def _teller(
    is_alone: bool, as_json: bool, full: bool, data: "Data"
) -> "Callable[[BatchLine], None]":
    """Return what shows a line: as JSON, as a whole text or as a row."""
    from chipwarden.app.batch import line_json
    from chipwarden.cli.output import citations, look, report, show, show_json
    from chipwarden.model.errors import InvalidDocument
    from chipwarden.reports.batch import BatchText
    from chipwarden.reports.text import decision_text

    rows = BatchText(look())

    def tell(line: "BatchLine") -> None:
        if line.record is None:
            report(InvalidDocument(line.source, line.problems))
        if as_json:
            show_json(line_json(line))
        elif not is_alone:
            show(rows.row(line.record, line.order_id or line.source))
        elif line.record is not None:
            show(decision_text(line.record, look(), citations(data), full=full))

    return tell


def _summary(codes: list[int]) -> None:
    from chipwarden.cli.output import say

    words = {0: "favourable", 1: "adverse or on hold", 3: "undetermined", 2: "could not be read"}
    counts = ", ".join(
        f"{codes.count(code):,} {word}" for code, word in words.items() if code in codes
    )
    say(f"{len(codes):,} orders: {counts}.")


def _recorder(wanted: bool | None, rules: Path | None, option: Path | None) -> "Recorder | None":
    """Return what records decisions, None where they are not to be recorded."""
    from chipwarden.app.ledger import has_ledger, open_ledger
    from chipwarden.app.packs import current_pack
    from chipwarden.app.recording import Recorder
    from chipwarden.app.workspace import default_workspace

    workspace = default_workspace(option)
    if wanted is None:
        wanted = option is not None or has_ledger(workspace)
    return Recorder(open_ledger(workspace), current_pack(rules)) if wanted else None


def _recorded(lines: "Iterator[BatchLine]", recorder: "Recorder") -> "Iterator[BatchLine]":
    """Record the decisions some at a time, so that they share a flush; then tell them."""
    from chipwarden.cli.output import say

    runs: list[tuple[int, int]] = []
    while some := list(islice(lines, _TOGETHER)):
        records = [line.record for line in some if line.record is not None]
        if records:
            _extend(runs, recorder.record(records), len(records))
        yield from some
    if runs:
        word = "entry" if runs[0][0] == runs[-1][1] else "entries"
        said = ", ".join(f"{a} to {b}" if b > a else f"{a}" for a, b in runs)
        say(f"Recorded as {word} {said} of {recorder.origin}.")


def _extend(runs: list[tuple[int, int]], first: int, count: int) -> None:
    """Add entries to the runs; another process may have put its own in between."""
    start = first
    if runs and runs[-1][1] == first - 1:
        start, _ = runs.pop()
    runs.append((start, first + count - 1))
