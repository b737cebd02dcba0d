"""`chipwarden ledger`: look into the log, prove, verify, check, serve and export it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chipwarden.cli.options import AsJson, Workspace

if TYPE_CHECKING:
    from chipwarden.app.ledger import Ledger

DOES_NOT_HOLD = 1

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look into the log of decisions and declarations; prove, verify and check it.\n\n"
    "\b\nExample:\n  chipwarden ledger show",
)

Index = Annotated[int, typer.Argument(metavar="INDEX", min=0, help="Number of the entry.")]
Trust = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Trust file: whose signatures are believed.",
        show_default="that of the workspace",
    ),
]


def open_workspace(option: Path | None) -> "Ledger":
    """Return the ledger of the workspace that was named, or of the default one."""
    from chipwarden.app.ledger import open_ledger
    from chipwarden.app.workspace import default_workspace

    return open_ledger(default_workspace(option))


@app.command("show")
def show(
    index: Annotated[
        int | None,
        typer.Argument(metavar="[INDEX]", min=0, help="One entry in full.", show_default=False),
    ] = None,
    type: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only of this type, such as decision."),
    ] = None,
    last: Annotated[
        int, typer.Option("--last", min=1, metavar="N", help="The newest so many.")
    ] = 20,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries of the log, or one entry in full.

    \b
    Example:
      chipwarden ledger show
      chipwarden ledger show --type decision --last 100
      chipwarden ledger show 2
    """  # noqa: D301
    from chipwarden.app import ledger_view as use
    from chipwarden.cli.output import give, look
    from chipwarden.reports.ledger import entries_text, entry_text

    with open_workspace(workspace) as ledger:
        if index is not None:
            entry = use.entry_json(ledger, index)
            give([entry], as_json, lambda: entry_text(entry, look()))
            return
        rows = list(use.entry_rows(ledger, tuple(type or ()), last))
        log = use.log_json(ledger)
        give(rows, as_json, lambda: entries_text(rows, log, look()))


@app.command("prove")
def prove(
    index: Index,
    opened: Annotated[
        list[str] | None,
        typer.Option(
            "--open",
            metavar="FIELD",
            help="Show this field of the decision, such as outcome or order.destination; may be "
            "repeated.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write.",
            show_default="entry-INDEX.proof",
        ),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Write the proof of an entry: one small file that anybody checks offline.

    It shows the statement, its place in the log, and the signatures of log and witnesses. Of a
    decision it shows the fields that are opened, and nothing of the others.

    \b
    Example:
      chipwarden ledger prove 2 --open outcome --open order.destination
    """  # noqa: D301
    from chipwarden.app.proofs import prove as use
    from chipwarden.app.proofs import write_file
    from chipwarden.cli.output import show as show_text

    path = output or Path(f"entry-{index}.proof")
    with open_workspace(workspace) as ledger:
        content = use(ledger, index, opened or ())
    write_file(path, content)
    show_text(f"{path}\n")


@app.command("verify")
def verify(
    file: Annotated[
        Path,
        typer.Argument(metavar="PROOF", exists=True, dir_okay=False, help="The proof file."),
    ],
    trust: Trust = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Check a proof offline: exit code 0 if it holds, 1 if it fails, with the part that fails.

    \b
    Example:
      chipwarden ledger verify entry-2.proof --trust trust.txt
    """  # noqa: D301
    from chipwarden.app import ledger_view
    from chipwarden.app import proofs as use
    from chipwarden.app.ledger import text_of
    from chipwarden.cli.output import give, look
    from chipwarden.ledger.proof_files import FailedProof
    from chipwarden.reports.ledger import proof_text

    if trust is not None:
        believed = text_of(trust)
    else:
        with open_workspace(workspace) as ledger:
            believed = use.trust(ledger)
    try:
        found = ledger_view.proof_json(use.verify(use.read_file(file), believed))
    except FailedProof as wrong:
        found = ledger_view.failed_json(wrong)
    give([found], as_json, lambda: proof_text(found, look()))
    if not found["holds"]:
        raise typer.Exit(DOES_NOT_HOLD)


@app.command("trust")
def trust_file(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write.",
            show_default="standard output",
        ),
    ] = None,
    workspace: Workspace = None,
) -> None:
    """Write the trust file: the log, its witnesses, and every key with the entries it counts for.

    Give it to whoever checks proofs, by a way that they trust.

    \b
    Example:
      chipwarden ledger trust -o trust.txt
    """  # noqa: D301
    from chipwarden.app.proofs import trust as use
    from chipwarden.app.proofs import write_file
    from chipwarden.cli.output import show as show_text

    with open_workspace(workspace) as ledger:
        content = use(ledger).encode("utf-8", "surrogateescape")
    if output is None:
        typer.echo(content, nl=False)
    else:
        write_file(output, content)
        show_text(f"{output}\n")


@app.command("fsck")
def fsck(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A checkpoint seen before, which the log must extend; may be repeated.",
        ),
    ] = None,
    public: Annotated[
        Path | None,
        typer.Option(
            "--public",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Check the files of a log, such as an unpacked export, in place of the ledger; "
            "needs --trust.",
        ),
    ] = None,
    trust: Trust = None,
    bodies: Annotated[
        bool, typer.Option("--bodies/--no-bodies", help="Open every body too.")
    ] = True,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole log: derive every tile and the root again, check signatures and bodies.

    Exit code 0: all is as it was logged. 1: something is not; the file and the entry are named.

    \b
    Example:
      chipwarden ledger fsck
      chipwarden ledger fsck --checkpoint checkpoint-of-march
      chipwarden ledger fsck --public log --trust log/trust.txt
    """  # noqa: D301
    from chipwarden.app import ledger_check as use
    from chipwarden.app.ledger import text_of
    from chipwarden.cli.output import give, look, progress
    from chipwarden.reports.ledger import check_text

    if (public is None) is not (trust is None):
        raise typer.BadParameter("--public and --trust go together")
    seen = [path.read_bytes() for path in checkpoint or ()]
    with progress("entries checked") as advance:
        if public is not None and trust is not None:
            report = use.check_public(public, text_of(trust), seen, advance)
        else:
            with open_workspace(workspace) as ledger:
                report = use.check_ledger(ledger, seen, bodies, advance)
    found = use.report_json(report)
    give([found], as_json, lambda: check_text(found, look()))
    if found["findings"]:
        raise typer.Exit(DOES_NOT_HOLD)


@app.command("serve")
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port.")] = 8470,
    workspace: Workspace = None,
) -> None:
    """Serve the public part of the log over HTTP: checkpoint, tiles and entries, with caching.

    Bodies, keys and records are not served. Any web server can serve the folder ledger/public
    as well.

    \b
    Example:
      chipwarden ledger serve --port 8470
    """  # noqa: D301
    from chipwarden.app.log_server import log_app
    from chipwarden.app.log_server import serve as use
    from chipwarden.cli.output import say

    with open_workspace(workspace) as ledger:
        say(f"Serving {ledger.origin} at http://{host}:{port}/ until you stop it (Ctrl+C).")
        use(log_app(ledger.storage), host, port)


@app.command("export")
def export(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=".zip for the log with all its files, .xlsx or .csv for a table of its entries.",
        ),
    ],
    workspace: Workspace = None,
) -> None:
    """Write the log for others: all its public files, or a table of its entries.

    \b
    Example:
      chipwarden ledger export -o log.zip
      chipwarden ledger export -o entries.xlsx
    """  # noqa: D301
    from chipwarden.app.ledger_export import export as use
    from chipwarden.cli.output import progress, say
    from chipwarden.cli.output import show as show_text

    with open_workspace(workspace) as ledger, progress("files written") as advance:
        count = use(ledger, output, advance)
    show_text(f"{output}\n")
    say(f"{count:,} entries.")


@app.command("rebuild")
def rebuild(workspace: Workspace = None) -> None:
    """Drop the records and make them again from the log and the bodies.

    \b
    Example:
      chipwarden ledger rebuild
    """  # noqa: D301
    from chipwarden.cli.output import progress, say

    with open_workspace(workspace) as ledger, progress("entries taken in") as advance:
        records = ledger.rebuild(advance)
        say(f"{len(records.indexes()):,} entries in {records.path}.")


@app.command("erase")
def erase(
    index: Index,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the log for ever.")],
    workspace: Workspace = None,
) -> None:
    """Erase what an entry holds besides the log: its body and salts. The proof of it stays.

    \b
    Example:
      chipwarden ledger erase 2 --reason "end of retention"
    """  # noqa: D301
    from chipwarden.app.erasure import erase as use
    from chipwarden.cli.output import say

    with open_workspace(workspace) as ledger:
        said = use(ledger, index, reason)
    say(f"Erased the body of entry {index}; entry {said} says so. Copies elsewhere are not erased.")


@app.command("register")
def register(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="STATEMENT", exists=True, dir_okay=False, help="COSE_Sign1 files."),
    ],
    workspace: Workspace = None,
) -> None:
    """Take statements of other issuers into the log; all are checked before one is taken.

    \b
    Example:
      chipwarden ledger register received.cose
    """  # noqa: D301
    from chipwarden.app.ledger_keys import register as use
    from chipwarden.cli.output import say

    with open_workspace(workspace) as ledger:
        first = use(ledger, [file.read_bytes() for file in files])
    last = first + len(files) - 1
    entries = f"entry {first}" if first == last else f"entries {first} to {last}"
    say(f"Registered as {entries} of {ledger.origin}.")


@app.command("cosign")
def cosign(workspace: Workspace = None, as_json: AsJson = False) -> None:
    """Ask the witnesses of policy.txt to cosign the newest checkpoint.

    Exit code 0: as many signed as the policy asks for. 1: too few; each tells why.

    \b
    Example:
      chipwarden ledger cosign
    """  # noqa: D301
    from chipwarden.app.cosigning import cosign as use
    from chipwarden.cli.output import give, look
    from chipwarden.reports.ledger import cosigned_text

    with open_workspace(workspace) as ledger:
        size = ledger.signed().checkpoint.size
        found = use(ledger)
    witnesses = [
        {"witness": report.name, "cosigned": report.cosigned, "why": report.why}
        for report in found.reports
    ]
    record = {"size": size, "is_met": found.is_met, "witnesses": witnesses}
    give([record], as_json, lambda: cosigned_text(record, look()))
    if not found.is_met:
        raise typer.Exit(DOES_NOT_HOLD)
