"""`chipwarden init`: make a workspace."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Signature(StrEnum):
    """What statements are signed with."""

    ED25519 = "ed25519"
    ES256 = "es256"
    ES384 = "es384"


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The folder.", show_default="./chipwarden-data"),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Put example orders into it.")] = False,
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin",
            metavar="NAME",
            help="Name of the log, such as log.example.com/chips.",
            show_default="a random name",
        ),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(
            "--issuer",
            metavar="URI",
            help="Who signs its statements, such as https://example.com.",
            show_default="a random name",
        ),
    ] = None,
    algorithm: Annotated[
        Signature, typer.Option("--algorithm", help="What statements are signed with.")
    ] = Signature.ED25519,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="s3://BUCKET/PREFIX",
            help="Keep the log in object storage.",
            show_default="in the folder",
        ),
    ] = None,
) -> None:
    """Make a workspace: the folder for orders, the ledger, its keys, and the data of decisions.

    Nothing that is there is overwritten. The keys are locked with a passphrase: that of
    CHIPWARDEN_PASSPHRASE, else a random one that is put into a file outside the workspace.

    \b
    Example:
      chipwarden init --demo
      chipwarden init --origin log.example.com/chips --issuer https://example.com
      chipwarden check chipwarden-data/orders/*.toml
    """  # noqa: D301
    from chipwarden.app import workspace as use
    from chipwarden.app.ledger_setup import LedgerNames
    from chipwarden.cli.output import say, show
    from chipwarden.ledger.keys import Algorithm

    names = LedgerNames(origin, issuer, Algorithm[algorithm.value.upper()], storage)
    made = use.init(use.default_workspace(folder), demo, names)
    show(f"{made.folder}\n")
    place = made.ledger.passphrase_file
    if place is not None:
        say(f"The passphrase of its keys is in {place}. Keep a copy: without it nobody can sign "
            "or read what is recorded.")  # fmt: skip
    if made.orders:
        say(f"{len(made.orders)} example orders are in it. Try: "
            f"chipwarden check {made.folder / use.ORDERS}/*.toml")  # fmt: skip
