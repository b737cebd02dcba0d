"""`chipwarden grant verify` and `use`: what a gate asks."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chipwarden.cli.grant_answers import asked_of, refusals, tell, token_in
from chipwarden.cli.ledger import open_workspace
from chipwarden.cli.options import AsJson, Workspace


def _time(text: str) -> int:
    """Return POSIX seconds of a time such as 2026-03-02T09:00:00Z."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(
            f"found {text!r}; expected a time with its zone, such as 2026-03-02T09:00:00Z"
        )
    return int(found.astimezone(UTC).timestamp())


Token = Annotated[
    Path,
    typer.Argument(metavar="TOKEN", exists=True, dir_okay=False, help="The grant, CWT or JWT."),
]
Holder = Annotated[str, typer.Option("--holder", metavar="NAME", help="Who gets the items.")]
Country = Annotated[
    str, typer.Option("--country", metavar="COUNTRY", help="Where they go, ISO 3166-1 alpha-2.")
]
Region = Annotated[
    str | None, typer.Option("--region", metavar="NAME", help="Closer than the country.")
]
Site = Annotated[str | None, typer.Option("--site", metavar="NAME", help="Closer still.")]
Product = Annotated[
    list[str],
    typer.Option(
        "--product", metavar="NAME", help="What goes, as the grant names it; may be repeated."
    ),
]
Quantity = Annotated[
    list[int],
    typer.Option("--quantity", metavar="N", min=1, help="Units, one for each --product."),
]
Serial = Annotated[
    list[str] | None,
    typer.Option(
        "--serial",
        metavar="NUMBER",
        help="Serial number of a unit that goes, of the one --product; may be repeated.",
    ),
]


def verify(
    token: Token,
    holder: Holder,
    country: Country,
    product: Product,
    quantity: Quantity,
    serial: Serial = None,
    region: Region = None,
    site: Site = None,
    use_id: Annotated[
        str | None,
        typer.Option("--use-id", metavar="NAME", help="Name of the use that is to follow."),
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(
            "--at", parser=_time, metavar="TIME", help="Time of the release.", show_default="now"
        ),
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(
            "--trust",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Trust file: verify offline, without the log.",
            show_default=False,
        ),
    ] = None,
    revocations: Annotated[
        Path | None,
        typer.Option(
            "--revocations",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Signed list of revocations, with --trust.",
            show_default=False,
        ),
    ] = None,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a grant lets go what is asked for; nothing is counted.

    With --trust it is verified offline, by the keys of that file: how much is used already is
    not known then. Exit code 0: granted. 1: refused, with every reason.

    \b
    Example:
      chipwarden grant verify grant.cwt --holder "Example Rechenzentrum GmbH" --country DE \\
        --product "NVIDIA B200" --quantity 40
    """  # noqa: D301
    import time

    from chipwarden.app import grant_view as use

    asked = asked_of(holder, country, product, quantity, serial, region, site, use_id)
    if revocations is not None and trust is None:
        raise typer.BadParameter(
            "--revocations needs --trust; the log itself knows what it revoked"
        )
    with refusals():
        content = token_in(token)
        if trust is not None:
            known = None if revocations is None else revocations.read_bytes()
            now = int(time.time()) if at is None else at
            verdict = use.ask_offline(content, trust.read_text("utf-8"), asked, now, known)
        else:
            with open_workspace(workspace) as ledger:
                verdict = use.ask(ledger, content, asked, at)
    tell(verdict, as_json)


def use(
    token: Token,
    holder: Holder,
    country: Country,
    product: Product,
    quantity: Quantity,
    use_id: Annotated[
        str,
        typer.Option(
            "--use-id",
            metavar="NAME",
            help="Your own name for this release, such as the number of the shipment.",
        ),
    ],
    serial: Serial = None,
    region: Region = None,
    site: Site = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Grant a use that was counted before, to finish what was cut off; it is not "
            "counted twice.",
        ),
    ] = False,
    workspace: Workspace = None,
    as_json: AsJson = False,
) -> None:
    """Release under a grant: it is verified, and the use is counted in the log.

    Release only after exit code 0. The same --use-id is counted once, however often it is
    asked: a second time the answer is no, unless you say --again.

    \b
    Example:
      chipwarden grant use grant.cwt --holder "Example Rechenzentrum GmbH" --country DE \\
        --product "NVIDIA B200" --quantity 40 --use-id S-4711
    """  # noqa: D301
    from chipwarden.app import grants

    asked = asked_of(holder, country, product, quantity, serial, region, site, use_id)
    with refusals(), open_workspace(workspace) as ledger:
        used = grants.use(ledger, token_in(token), asked)
    is_repeated = again and used.index is not None and not used.is_new
    tell(used.verdict, as_json, used.index, is_repeated)
