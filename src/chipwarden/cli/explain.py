"""`chipwarden explain`: the tree of reasons of a decision."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from chipwarden.cli.options import AsJson, AsOf, AsWritten, KnownOn, Rules, terms
from chipwarden.cli.standard_input import given


def explain(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="ORDER|DECISION.json",
            help="A file of orders, or the record of a decision; - reads orders from "
            "standard input.",
            show_default=False,
        ),
    ],
    depth: Annotated[
        int | None,
        typer.Option("--depth", min=0, metavar="N", help="Levels shown.", show_default="all"),
    ] = None,
    only_undetermined: Annotated[
        bool, typer.Option("--only-undetermined", help="Leave out what is settled.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Show also what did not decide a clause.")
    ] = False,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    as_written: AsWritten = False,
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """Show the reasons of a decision as a tree: every clause with what it looked at.

    An order is decided first. A clause shows the parts that decided it; --full shows all. At the
    end stand the questions that are open and who can answer them. Exit codes are those of check.

    \b
    Example:
      chipwarden explain order.toml
      chipwarden explain order.toml --only-undetermined
      chipwarden explain decision.json --depth 3
    """  # noqa: D301
    from chipwarden.app.check import exit_code, worst
    from chipwarden.app.data import load_data
    from chipwarden.cli.output import citations, look, show, show_json
    from chipwarden.reports.explanation import explanation_text
    from chipwarden.reports.tree import View

    view = View(depth, only_undetermined, full)
    asked = (as_of, known_on, as_written)
    codes: list[int] = []
    for record in _records(path, asked, rules, codes):
        codes.append(exit_code(record))
        if as_json:
            show_json(record["reasons"])
        else:
            show(explanation_text(record, look(), citations(load_data(rules)), view))
    raise typer.Exit(worst(codes))


def _records(
    path: Path, asked: tuple[Any, Any, bool], rules: Path | None, codes: list[int]
) -> Iterator[Mapping[str, Any]]:
    """Yield the record in a file, or those of its orders; what cannot be read is reported."""
    from chipwarden.app.batch import check_all
    from chipwarden.app.check import COULD_NOT_RUN
    from chipwarden.app.data import load_data
    from chipwarden.app.record_file import read_record
    from chipwarden.cli.output import report
    from chipwarden.model.errors import InvalidDocument

    if _is_decision(path):
        if any(asked):
            raise typer.BadParameter(
                "a decision has its own law; --as-of, --known-on and --as-written go with an order"
            )
        yield read_record(path).record
        return
    with given([path]) as source:
        for line in source.renamed(check_all(source.paths, load_data(rules), terms(*asked))):
            if line.record is not None:
                yield line.record
            else:
                codes.append(COULD_NOT_RUN)
                report(InvalidDocument(line.source, line.problems))


def _is_decision(path: Path) -> bool:
    """Return whether a JSON file says that it is a decision, without reading all of it twice."""
    if path.suffix.casefold() != ".json" or not path.is_file():
        return False
    import json

    from chipwarden.decisions.vocabulary import load_vocabulary

    try:
        record = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError):
        return False  # said better by the reader of orders
    return isinstance(record, dict) and record.get("schema") == load_vocabulary().decision_schema
