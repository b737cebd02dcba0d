"""`chipwarden classify`: the paragraph of a product, with arithmetic and ladder."""

from pathlib import Path
from typing import Annotated

import typer

from chipwarden.cli.options import AsJson, AsOf, AsWritten, KnownOn, Rules, terms


def classify(
    name: Annotated[
        str | None,
        typer.Argument(help="Id, name or alias of a product.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            show_default=False,
            help="A chip of your own: figures in TOML or JSON, in a table `chip` or at the top.",
        ),
    ] = None,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    as_written: AsWritten = False,
    rules: Rules = None,
    as_json: AsJson = False,
    full: Annotated[
        bool, typer.Option("--full", help="Show also what did not decide a clause.")
    ] = False,
) -> None:
    """Classify a product: ECCN, performance, and the ladder clause by clause.

    Without --as-of the law of the day of knowledge is applied. A name that fits several products
    is decided for each. Exit code 3 says that the paragraph is not settled.

    \b
    Example:
      chipwarden classify "NVIDIA H200"
      chipwarden classify A800 --as-of 2022-11-01
      chipwarden classify --file chip.toml --json
    """  # noqa: D301
    if (name is None) == (file is None):
        raise typer.BadParameter("give the name of a product, or --file, and not both")
    from chipwarden.app import classify as use
    from chipwarden.app.check import UNDETERMINED
    from chipwarden.app.data import load_data
    from chipwarden.cli.output import citations, look, show, show_json
    from chipwarden.reports.classification import classification_text

    data = load_data(rules)
    asked = terms(as_of, known_on, as_written)
    if file is not None:
        record = use.classify_file(file, data, asked)
    else:
        assert name is not None
        record = use.classify(name, data, asked)
    if as_json:
        show_json(record)
    else:
        show(classification_text(record, look(), citations(data), full=full))
    if record["ic_eccn"] is None:
        raise typer.Exit(UNDETERMINED)
