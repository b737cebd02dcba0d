"""`chipwarden replay`: make a decision again from its record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chipwarden.cli.options import AsJson, Rules, Workspace

if TYPE_CHECKING:
    from chipwarden.app.replay import Replayed

DIFFERS, LACKS = 1, 2


def replay(
    decision: Annotated[
        str,
        typer.Argument(
            metavar="INDEX|DECISION.json",
            help="Entry of the ledger, or a record as check --json prints it.",
            show_default=False,
        ),
    ],
    rules: Rules = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Make a decision again and say whether it is the same, byte for byte.

    The data are those that the decision looked at: the current ones where they are the same,
    else those that the workspace kept with the recorded decision. Exit code 0: the same. 1:
    something differs. 2: what it takes is not at hand.

    \b
    Example:
      chipwarden replay 2
      chipwarden check order.toml --json > decision.json
      chipwarden replay decision.json
    """  # noqa: D301
    from chipwarden.cli.output import look, show, show_json
    from chipwarden.reports.replay import replay_text

    found = _replayed(decision, workspace, rules)
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


def _replayed(decision: str, option: Path | None, rules: Path | None) -> "Replayed":
    from chipwarden.app import replay as use
    from chipwarden.app.workspace import default_workspace

    workspace = default_workspace(option)
    if not decision.isdecimal() or Path(decision).exists():
        return use.replay(Path(decision), workspace, rules)
    from chipwarden.app.ledger import open_ledger
    from chipwarden.app.recording import recorded_decision

    with open_ledger(workspace) as ledger:
        stored = recorded_decision(ledger, int(decision))
    return use.again(stored, f"entry {decision}", workspace, rules)
