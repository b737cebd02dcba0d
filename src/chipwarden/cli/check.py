"""`chipwarden check`: decide orders."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chipwarden.cli.options import AsJson, AsOf, AsWritten, KnownOn, Rules, Workspace, terms
from chipwarden.cli.standard_input import given

if TYPE_CHECKING:
    from chipwarden.app.batch import BatchLine
    from chipwarden.app.check import Terms
    from chipwarden.decisions.inputs import Data


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
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="Keep decisions and data in the workspace, to be replayed later."
        ),
    ] = False,
    workspace: Workspace = None,
) -> None:
    """Decide whether orders may go, under which provision, with every reason.

    One order is told in full, several as a table of lines. The law of the order's own day is
    applied, as it is known on the day of the data, unless --as-of or --known-on say otherwise.

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
    kept = _keeper(rules, workspace) if keep else None
    if kept is not None:
        asked = kept.terms(asked)
    codes: list[int] = []

    def noted(lines: "Iterator[BatchLine]") -> "Iterator[BatchLine]":
        for line in lines:
            codes.append(COULD_NOT_RUN if line.record is None else exit_code(line.record))
            if kept is not None and line.record is not None:
                kept.keep(line)
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


class _Keeper:
    """Keeps the data once and every decision in a workspace."""

    def __init__(self, rules: Path | None, workspace: Path) -> None:
        from chipwarden.app.packs import current_pack, keep

        self._workspace = workspace
        self._pack = current_pack(rules)
        keep(self._pack, workspace)

    def terms(self, asked: "Terms") -> "Terms":
        """Return the terms with the pack named."""
        from dataclasses import replace

        return replace(asked, pack=self._pack.digest)

    def keep(self, line: "BatchLine") -> None:
        """Keep the record of a line and say where."""
        from chipwarden.app.workspace import keep_decision
        from chipwarden.cli.output import say

        if line.record is not None:
            say(f"Kept as {keep_decision(line.record, self._workspace)}")


def _keeper(rules: Path | None, workspace: Path | None) -> _Keeper:
    from chipwarden.app.workspace import default_workspace

    return _Keeper(rules, default_workspace(workspace))
