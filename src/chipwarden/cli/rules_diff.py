"""`chipwarden rules diff`: what a change of the law changes."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chipwarden.cli.options import AsJson, AsWritten, KnownOn, Rules, day, law_on
from chipwarden.cli.output import give


def diff(
    from_day: Annotated[
        date, typer.Option("--from", parser=day, metavar="DATE", help="Day of the first law.")
    ],
    to_day: Annotated[
        date, typer.Option("--to", parser=day, metavar="DATE", help="Day of the second law.")
    ],
    order: Annotated[
        Path | None,
        typer.Option(
            "--order", metavar="FILE", help="Decide these orders under both.", show_default=False
        ),
    ] = None,
    product: Annotated[
        str | None,
        typer.Option(
            "--product",
            metavar="NAME",
            help="Classify this product under both.",
            show_default=False,
        ),
    ] = None,
    known_on: KnownOn = None,
    as_written: AsWritten = False,
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """Show what a change of the law changes: in the law, for orders, or for a product.

    \b
    Example:
      chipwarden rules diff --from 2025-01-14 --to 2025-05-14
      chipwarden rules diff --from 2023-11-16 --to 2023-11-17 --product A800
      chipwarden rules diff --from 2026-01-14 --to 2026-01-15 --order orders.csv
    """  # noqa: D301
    if order is not None and product is not None:
        raise typer.BadParameter("give --order or --product, not both")
    from chipwarden.app.data import load_data
    from chipwarden.app.law_changes import changes
    from chipwarden.cli.output import citations, look
    from chipwarden.reports.law import changes_text

    data = load_data(rules)
    days = (from_day, to_day)
    if order is None and product is None:
        before, after = (law_on(data.lawbook, d, known_on, as_written) for d in days)
        records = changes(before, after, data.lawbook)
        give(records, as_json, lambda: changes_text(records, look(), citations(data)))
        return
    _decided(data, days, known_on, as_written, order, product, as_json)


def _decided(
    data: Any,
    days: tuple[date, date],
    known_on: date | None,
    as_written: bool,
    order: Path | None,
    product: str | None,
    as_json: bool,
) -> None:
    """Show orders or a product under both laws."""
    from chipwarden.app.check import COULD_NOT_RUN
    from chipwarden.app.rules_diff import diff_orders, diff_product
    from chipwarden.cli.options import terms
    from chipwarden.cli.output import look, report
    from chipwarden.decisions.order import Mode
    from chipwarden.model.errors import InvalidDocument
    from chipwarden.reports.difference import difference_text

    failed = False
    if order is not None:
        first, second = (terms(each, known_on, as_written) for each in days)
        lines = diff_orders([order], data, first, second)
    else:
        mode = Mode.AS_WRITTEN if as_written else Mode.AS_ENFORCED
        lines = iter([diff_product(product or "", data, *days, known_on, known_on, mode)])
    for line in lines:
        record = line.to_json()
        give([record], as_json, partial(difference_text, record, look()))
        if line.problems:
            failed = True
            report(InvalidDocument(line.source, line.problems))
    if failed:
        raise typer.Exit(COULD_NOT_RUN)
