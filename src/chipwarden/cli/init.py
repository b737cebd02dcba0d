"""`chipwarden init`: make a workspace."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The folder.", show_default="./chipwarden-data"),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Put example orders into it.")] = False,
) -> None:
    """Make a workspace: the folder for orders, decisions and the data they rest on.

    Nothing that is there is overwritten.

    \b
    Example:
      chipwarden init --demo
      chipwarden check chipwarden-data/orders/*.toml
    """  # noqa: D301
    from chipwarden.app import workspace as use
    from chipwarden.cli.output import say, show

    made = use.init(use.default_workspace(folder), demo)
    orders = [path for path in made.written if path.parent.name == use.ORDERS]
    show(f"{made.folder}\n")
    if orders:
        say(f"{len(orders)} example orders are in it. Try: "
            f"chipwarden check {made.folder / use.ORDERS}/*.toml")  # fmt: skip
