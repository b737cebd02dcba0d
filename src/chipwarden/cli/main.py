"""`chipwarden`: every command in its own module, imported here and nowhere heavy.

A command imports what it needs when it runs, so that help stays fast.
"""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from chipwarden import __version__
from chipwarden.cli.options import JSON

_CLOSED_PIPE = 141  # as a process that the signal ends


class Shell(TyperGroup):
    """The root of all commands: turns errors into reports and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; see DESIGN.md, Interfaces, for the exit codes."""
        from chipwarden.model.errors import ChipwardenError, InvalidDocument

        try:
            return super().invoke(ctx)
        except InvalidDocument as wrong:
            from chipwarden.cli.output import error_record, report, show_json

            report(wrong)
            if ctx.meta.get(JSON):
                show_json(error_record(wrong))
        except BrokenPipeError:
            # The reader has gone; what is left to flush goes nowhere.
            sys.stdout = open(_nowhere(), "w", encoding="utf-8")  # noqa: SIM115
            raise typer.Exit(_CLOSED_PIPE) from None
        except (ChipwardenError, OSError) as wrong:
            from chipwarden.cli.output import say

            say(f"chipwarden: {wrong}")
        raise typer.Exit(2)


def _nowhere() -> str:
    import os

    return os.devnull


app = typer.Typer(
    cls=Shell,
    name="chipwarden",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chipwarden {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Decide under dated law where advanced AI chips may go, with every reason.

    Exit codes: 0 favourable or done, 1 adverse, on hold or a proof that fails, 2 could not run,
    3 undetermined. Of a batch the worst counts: 2, then 1, then 3.

    \b
    Example:
      chipwarden check order.toml
      chipwarden classify "NVIDIA H200" --as-of 2023-11-17
      chipwarden catalog compare B200 H200 H20 910C
    """  # noqa: D301


def main() -> None:
    """Run the command line."""
    app()


def _register() -> None:
    from chipwarden.cli import (
        catalog,
        check,
        classify,
        explain,
        grant,
        init,
        ledger,
        ledger_keys,
        ledger_witness,
        replay,
        rules,
        story,
    )

    app.command("check")(check.check)
    app.command("classify")(classify.classify)
    app.add_typer(catalog.app, name="catalog")
    app.add_typer(rules.app, name="rules")
    ledger.app.add_typer(ledger_keys.app, name="keys")
    ledger.app.command("witness")(ledger_witness.witness)
    app.add_typer(ledger.app, name="ledger")
    app.add_typer(grant.app, name="grant")
    app.command("explain")(explain.explain)
    app.command("replay")(replay.replay)
    app.command("init")(init.init)
    app.command("story")(story.story)


_register()
