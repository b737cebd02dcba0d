"""`chipwarden ledger keys`: who may sign, and since when."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chipwarden.cli.init import Signature
from chipwarden.cli.ledger import open_workspace
from chipwarden.cli.options import AsJson, Workspace

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, rotate, revoke and register keys; every change is an entry of the log.\n\n"
    "\b\nExample:\n  chipwarden ledger keys list",
)


class KeyName(StrEnum):
    """Which key of the workspace is meant."""

    STATEMENTS = "statements"
    RECEIPTS = "receipts"


class Reason(StrEnum):
    """Why a key ends."""

    SUPERSEDED = "superseded"
    COMPROMISED = "compromised"
    LOST = "lost"
    ENDED = "ended"


@app.command("list")
def list_keys(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """List all keys that the log tells of, with the entries for which each counts.

    \b
    Example:
      chipwarden ledger keys list
    """  # noqa: D301
    from chipwarden.app.ledger_keys import rows
    from chipwarden.cli.output import give, look
    from chipwarden.reports.ledger import keys_text

    with open_workspace(workspace) as ledger:
        found = rows(ledger)
    give(found, as_json, lambda: keys_text(found, look()))


@app.command("rotate")
def rotate(
    name: Annotated[KeyName, typer.Argument(help="The key to replace.")] = KeyName.STATEMENTS,
    algorithm: Annotated[
        Signature, typer.Option("--algorithm", help="What the new key signs with.")
    ] = Signature.ED25519,
    suspect_from: Annotated[
        int | None,
        typer.Option(
            "--suspect-from",
            metavar="INDEX",
            min=0,
            help="The old key was in wrong hands: entry from which on it counts no longer.",
            show_default=False,
        ),
    ] = None,
    spare: Annotated[
        Path | None,
        typer.Option(
            "--spare",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="The spare key, to replace a statements key that was in wrong hands.",
            show_default=False,
        ),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Make a new key, register it, and end the old one.

    What the old key signed before stays valid, unless --suspect-from says from where on not.

    \b
    Example:
      chipwarden ledger keys rotate statements
      chipwarden ledger keys rotate statements --suspect-from 41 --spare spare.pem
    """  # noqa: D301
    from chipwarden.app import ledger_keys as use
    from chipwarden.cli.output import say, show
    from chipwarden.ledger.keys import Algorithm

    with open_workspace(workspace) as ledger:
        made = use.rotate(
            ledger,
            name.value,
            Algorithm[algorithm.value.upper()],
            suspect_from,
            None if spare is None else use.read_spare(ledger, spare),
        )
    show(f"{made.kid.hex()}\n")
    say(f"Entry {made.registered} registers it, entry {made.superseded} ends the one before. "
        "Send the trust file anew.")  # fmt: skip


@app.command("spare")
def spare_key(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")
    ] = Path("spare.pem"),
    workspace: Workspace = None,
) -> None:
    """Make a spare key, for the day the statements key is in wrong hands.

    It is registered now, and locked with the passphrase of the workspace. Keep the file where
    the workspace is not.

    \b
    Example:
      chipwarden ledger keys spare -o spare.pem
    """  # noqa: D301
    from chipwarden.app.ledger_keys import make_spare
    from chipwarden.cli.output import say, show

    with open_workspace(workspace) as ledger:
        index = make_spare(ledger, output)
    show(f"{output}\n")
    say(f"Registered by entry {index}. Keep the file where the workspace is not.")


@app.command("revoke")
def revoke(
    kid: Annotated[
        str, typer.Argument(metavar="KEY", help="First characters of the key, as list shows it.")
    ],
    reason: Annotated[Reason, typer.Option("--reason", help="Why.")],
    suspect_from: Annotated[
        int | None,
        typer.Option(
            "--suspect-from",
            metavar="INDEX",
            min=0,
            help="Entry from which on its signatures count no longer.",
            show_default="the revocation itself",
        ),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Revoke a key, from now on or from the entry from which on it is suspect.

    \b
    Example:
      chipwarden ledger keys revoke 9f0c1d --reason compromised --suspect-from 41
    """  # noqa: D301
    from chipwarden.app.ledger_keys import revoke as use
    from chipwarden.cli.output import say

    with open_workspace(workspace) as ledger:
        index = use(ledger, kid, reason.value, suspect_from)
    say(f"Revoked by entry {index}. Send the trust file anew.")


@app.command("request")
def request(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")
    ] = Path("key-request.json"),
    workspace: Workspace = None,
) -> None:
    """Write the request that another ledger registers the key of this workspace.

    \b
    Example:
      chipwarden ledger keys request -o key-request.json
    """  # noqa: D301
    from chipwarden.app.ledger_keys import request as use
    from chipwarden.app.proofs import write_file
    from chipwarden.cli.output import show

    with open_workspace(workspace) as ledger:
        write_file(output, use(ledger))
    show(f"{output}\n")


@app.command("add")
def add(
    file: Annotated[
        Path,
        typer.Argument(metavar="REQUEST", exists=True, dir_okay=False, help="The request."),
    ],
    workspace: Workspace = None,
) -> None:
    """Register the key of another issuer, whose identity was checked by other ways.

    \b
    Example:
      chipwarden ledger keys add key-request.json
    """  # noqa: D301
    from chipwarden.app.ledger_keys import add as use
    from chipwarden.cli.output import say

    with open_workspace(workspace) as ledger:
        index = use(ledger, file.read_bytes())
    say(f"Registered by entry {index}. Send the trust file anew.")
