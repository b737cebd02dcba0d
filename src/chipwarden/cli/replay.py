"""`chipwarden replay`: make a decision again from its record."""

from pathlib import Path
from typing import Annotated

import typer

from chipwarden.cli.options import AsJson, Rules, Workspace

DIFFERS, LACKS = 1, 2


def replay(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="DECISION.json",
            help="Record of a decision, as check --json prints it.",
            show_default=False,
        ),
    ],
    rules: Rules = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Make a decision again and say whether it is the same, byte for byte.

    The data are those that the decision looked at: the current ones where they are the same,
    else those that the workspace kept (see check --keep). Exit code 0: the same. 1: something
    differs. 2: what it takes is not at hand.

    \b
    Example:
      chipwarden check order.toml --json > decision.json
      chipwarden replay decision.json
    """  # noqa: D301
    from chipwarden.app import replay as use
    from chipwarden.app.workspace import default_workspace
    from chipwarden.cli.output import look, show, show_json
    from chipwarden.reports.replay import replay_text

    found = use.replay(file, default_workspace(workspace), rules)
    record = {
        "order_id": found.stored.get("order_id"),
        "same": found.same,
        "differences": [difference.to_json() for difference in found.differences],
        "more": found.more,
        "lacks": list(found.lacks),
    }
    if as_json:
        show_json(record)
    else:
        show(replay_text(record, look()))
    if not found.same:
        raise typer.Exit(DIFFERS if found.record is not None else LACKS)
