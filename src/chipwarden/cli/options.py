"""Options that several commands share."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chipwarden.app.check import Terms
    from chipwarden.rules.lawbook import Law, Lawbook

JSON = "chipwarden.json"


def day(text: str) -> date:
    """Return the day of a text such as 2026-03-02."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"found {text!r}; expected a date such as 2026-03-02") from None


def _noted(context: typer.Context, value: bool) -> bool:
    # An error that ends the command is reported as JSON too.
    context.meta[JSON] = value
    return value


AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", parser=day, metavar="DATE", help="Day whose law is applied.", show_default=False
    ),
]
KnownOn = Annotated[
    date | None,
    typer.Option(
        "--known-on",
        parser=day,
        metavar="DATE",
        help="Day up to which the law is known; by default the day of the data.",
        show_default=False,
    ),
]
AsWritten = Annotated[
    bool,
    typer.Option(
        "--as-written", help="Ignore waivers of enforcement and delayed compliance.",
        show_default=False,
    ),
]  # fmt: skip
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", callback=_noted, help="Print JSON, one object a line.", show_default=False
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Folder of provisions of your own, merged with the packaged law.",
        show_default=False,
    ),
]
Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace", metavar="DIR", help="Workspace folder.", show_default="./chipwarden-data"
    ),
]


def terms(as_of: date | None, known_on: date | None, as_written: bool) -> "Terms":
    """Return under which law a command decides; what is not said stays open."""
    from chipwarden.app.check import Terms
    from chipwarden.decisions.order import Mode

    return Terms(as_of, known_on, Mode.AS_WRITTEN if as_written else None)


def law_on(
    lawbook: "Lawbook", as_of: date | None, known_on: date | None, as_written: bool
) -> "Law":
    """Return the law on a day, by default on the day of knowledge."""
    day_of_law = as_of or known_on or lawbook.known_to
    return lawbook.law_on(day_of_law, known_on, as_written=as_written)
