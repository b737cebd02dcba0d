"""`chipwarden grant`: release grants, for gates that ask for a signature."""

import math
import os
from pathlib import Path
from typing import Annotated

import typer

from chipwarden.cli.grant_answers import REFUSED, refusals
from chipwarden.cli.grant_gate import Country, Holder, Site, use, verify
from chipwarden.cli.ledger import open_workspace
from chipwarden.cli.options import AsJson, Workspace

_HOUR_S = 3600
_MOST_HOURS = 720

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Give, ask for, use and revoke release grants: a gate asks, and gets yes or no.\n\n"
    "\b\nExample:\n  chipwarden grant list",
)


def _line(text: str) -> tuple[int, str]:
    """Return line and value of a text such as 1=64."""
    line, equals, value = text.partition("=")
    if not (line.isdecimal() and equals and value):
        raise typer.BadParameter(f"found {text!r}; expected the number of a line, = and a value")
    return int(line), value


def _by_line(texts: list[str], option: str) -> dict[int, str]:
    """Return the values by line; each line may be named once."""
    found: dict[int, str] = {}
    for line, value in map(_line, texts):
        if line in found:
            raise typer.BadParameter(f"found line {line} twice in {option}; expected each once")
        found[line] = value
    return found


def _check_hours(hours: float | None) -> None:
    if hours is not None and not (math.isfinite(hours) and 0 < hours <= _MOST_HOURS):
        raise typer.BadParameter(
            f"found {hours} in --hours; expected more than 0 and at most {_MOST_HOURS}"
        )


def _check_writable(output: Path) -> None:
    """Refuse a file that cannot be written: its grant would be in the log and in no hands."""
    folder = output.parent
    if output.is_dir() or not folder.is_dir():
        found = f"{output}, a folder" if output.is_dir() else f"no folder {folder}"
        raise typer.BadParameter(f"found {found}; expected a file in a folder that is there. "
                                 "Nothing was granted")  # fmt: skip
    if not os.access(folder, os.W_OK | os.X_OK):
        raise typer.BadParameter(
            f"found a folder {folder} that cannot be written; expected one that can. "
            "Nothing was granted"
        )


Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="The file to write.", show_default=False),
]


@app.command("issue")
def issue(
    decision: Annotated[
        int, typer.Argument(metavar="INDEX", min=0, help="Entry of the decision in the log.")
    ],
    holder: Holder,
    country: Country,
    site: Site = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(
            "--quantity",
            metavar="LINE=N",
            help="Units of a line of the order; may be repeated. By default all that is left.",
            show_default=False,
        ),
    ] = None,
    serials: Annotated[
        list[str] | None,
        typer.Option(
            "--serials",
            metavar="LINE=FILE",
            help="Serial numbers of a line, one on each line of a file; may be repeated.",
            show_default=False,
        ),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(
            "--hours",
            help="How long it holds, above 0 and at most 720.",
            show_default="72, or less where the decision bears less",
        ),
    ] = None,
    output: Output = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Give a grant on a decision that releases; it is logged, then put into a token.

    The token goes to standard output as a JWT, or to a file: a CWT where its name ends in .cwt,
    else a JWT. Who has it can ask for the release: pass it on as you would a key.

    \b
    Example:
      chipwarden grant issue 2 --holder "Example Rechenzentrum GmbH" --country DE -o grant.cwt
    """  # noqa: D301
    from chipwarden.app import grant_issuing
    from chipwarden.cli.output import look, show
    from chipwarden.cli.output import show_json as give
    from chipwarden.enforcement.issuing import Wanted
    from chipwarden.enforcement.verdicts import grant_json
    from chipwarden.reports.grants import grant_text

    _check_hours(hours)
    if output is not None:
        # Before anything is logged.
        _check_writable(output)
    wanted = Wanted(
        holder=holder,
        country=country,
        site=site,
        quantities={n: _units(text) for n, text in _by_line(quantity, "--quantity").items()}
        if quantity
        else None,
        serials={
            n: _serials(Path(name)) for n, name in _by_line(serials or [], "--serials").items()
        },
        validity_s=None if hours is None else int(hours * _HOUR_S),
    )
    with refusals(), open_workspace(workspace) as ledger:
        issued = grant_issuing.issue(ledger, decision, wanted)
    if output is not None:
        grant_issuing.write_token(issued, output)
    shown = grant_json(issued.grant)
    if as_json:
        give(shown | ({"jwt": issued.jwt} if output is None else {"file": str(output)}))
    elif output is not None:
        show(grant_text(shown, look()))
        show(f"\n{output}\n")
    else:
        import sys

        typer.echo(grant_text(shown, look(sys.stderr)), nl=False, err=True)
        show(f"{issued.jwt}\n")


app.command("verify")(verify)
app.command("use")(use)


@app.command("revoke")
def revoke(
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="Id of the grant.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; anybody can read it in the log.")
    ],
    return_rest: Annotated[
        bool,
        typer.Option(
            "--return-rest",
            help="What is left may be granted again: no gate can release on it any more.",
        ),
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a grant: nothing goes under it any more.

    A gate that works offline learns of it with the next list of revocations. Say --return-rest
    only where every gate counts in this log, or knows.

    \b
    Example:
      chipwarden grant revoke urn:chipwarden:grant:9f0c… --reason "order cancelled"
    """  # noqa: D301
    from chipwarden.app import grants
    from chipwarden.cli.output import give

    with refusals(), open_workspace(workspace) as ledger:
        revoked = grants.revoke(ledger, grant, reason, return_rest)
    returned = [[line, units] for line, units in revoked.returned.items()]
    record = {"grant": grant, "index": revoked.index, "returned": returned}
    give([record], as_json, lambda: f"revoked in entry {revoked.index}\n")


@app.command("list")
def list_grants(
    audit: Annotated[
        bool,
        typer.Option(
            "--audit",
            help="Read every entry of the log, and exit with 1 where one should not be there.",
        ),
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """List all grants with what is used and left of each, counted from the log.

    \b
    Example:
      chipwarden grant list
    """  # noqa: D301
    from chipwarden.app.grant_view import book_json
    from chipwarden.cli.output import give, look
    from chipwarden.reports.grants import book_text

    with open_workspace(workspace) as ledger:
        book = book_json(ledger, every_entry=audit)
    give([book], as_json, lambda: book_text(book, look()))
    if audit and book["problems"]:
        raise typer.Exit(REFUSED)


@app.command("revocations")
def revocations(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")
    ],
    workspace: Workspace = None,
) -> None:
    """Write the signed list of revocations, for gates that work offline.

    It tells up to which entry of the log it knows, and when it was made. Bring gates a new one
    more often than your shortest grant is long.

    \b
    Example:
      chipwarden grant revocations -o revocations.cose
    """  # noqa: D301
    from chipwarden.app.grant_view import write_revocations
    from chipwarden.cli.output import show

    with open_workspace(workspace) as ledger:
        write_revocations(ledger, output)
    show(f"{output}\n")


def _units(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"found {text!r} as a quantity; expected whole units") from None


def _serials(path: Path) -> tuple[str, ...]:
    try:
        # Some editors put a mark before the text, which is no part of the first number.
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"{path}: found byte {error.start} that is not UTF-8; expected serial numbers as "
            "UTF-8, one on each line. Save the file anew as UTF-8"
        ) from None
    return tuple(line.strip() for line in text.splitlines() if line.strip())
