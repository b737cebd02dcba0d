"""`chipwarden ledger witness`: run a witness, which needs no workspace."""

from pathlib import Path
from typing import Annotated

import typer


def witness(
    state: Annotated[
        Path,
        typer.Option("--state", metavar="FILE", help="What it has cosigned.", show_default=False),
    ],
    key: Annotated[
        Path,
        typer.Option("--key", metavar="FILE", help="Its private key.", show_default=False),
    ],
    name: Annotated[
        str,
        typer.Option("--name", help="Its name, such as witness.example/north.", show_default=False),
    ],
    log: Annotated[
        list[str] | None,
        typer.Option(
            "--log",
            metavar="KEY",
            help="Public key of a log to witness; may be repeated.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port.")] = 8480,
    init: Annotated[bool, typer.Option("--init", help="Make key and state, and stop.")] = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Print what speaks against logs, and stop.")
    ] = False,
) -> None:
    """Witness other people's logs: cosign what continues what was cosigned before.

    It answers POST /add-checkpoint over plain HTTP; put a server with TLS in front. Never bring
    back an older copy of its state: it could be led to cosign a second history. The passphrase
    of the key comes from CHIPWARDEN_PASSPHRASE, from the file that CHIPWARDEN_PASSPHRASE_FILE
    names, or from a file in your home that --init makes.

    \b
    Example:
      chipwarden ledger witness --state w.state --key w.pem --name witness.example/w --init
      chipwarden ledger witness --state w.state --key w.pem --name witness.example/w --log KEY
    """  # fmt: skip # noqa: D301
    from chipwarden.app import witness_server as use
    from chipwarden.cli.output import say, show

    if init:
        public, place = use.make_witness(key, state, name, lambda: use.passphrase_for_new(name))
        show(f"{public}\n")
        if place is not None:
            say(f"The passphrase of {key} was put into {place}. Keep it apart from the key.")
        return
    if not log and not evidence:
        raise typer.BadParameter("found no --log; expected the public key of at least one log")
    made, kept = use.open_witness(key, state, name, log or (), use.passphrase_of(name))
    if evidence:
        found = use.evidence_text(kept)
        show(found)
        raise typer.Exit(1 if found else 0)
    say(f"{name} listens on http://{host}:{port} for {', '.join(sorted(made.logs))}.")
    use.serve(use.witness_app(made, kept), host, port)
