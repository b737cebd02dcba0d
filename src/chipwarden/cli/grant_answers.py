"""What the commands of `chipwarden grant` share: what was asked, and how the answer is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from chipwarden.enforcement.asked import Asked
    from chipwarden.enforcement.verdicts import Verdict

REFUSED = 1


def asked_of(
    holder: str,
    country: str,
    products: list[str],
    quantities: list[int],
    serials: list[str] | None,
    region: str | None,
    site: str | None,
    use_id: str | None,
) -> "Asked":
    """Return what was asked for; exit with 2 where it cannot be meant."""
    from chipwarden.enforcement.asked import Asked, AskedLine

    if len(products) != len(quantities):
        raise typer.BadParameter(
            f"found {len(products)} --product and {len(quantities)} --quantity; expected one of "
            "each for each product"
        )
    if serials and len(products) > 1:
        raise typer.BadParameter("--serial needs a single --product; ask for each by itself")
    try:
        lines = tuple(
            AskedLine(product, units, tuple(serials or ()))
            for product, units in zip(products, quantities, strict=True)
        )
        return Asked(holder, country, lines, region, site, use_id)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def token_in(path: Path) -> bytes | str:
    """Return the token of a file."""
    from chipwarden.enforcement.grant_tokens import LARGEST_TOKEN, token_of

    with path.open("rb") as file:
        # One byte more than is allowed is enough to be refused as too long.
        return token_of(file.read(LARGEST_TOKEN + 1))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal into a report and exit code 1."""
    from chipwarden.cli.output import say
    from chipwarden.enforcement.errors import GrantRefused, InvalidGrant, InvalidRevocations

    try:
        yield
    except GrantRefused as refused:
        say(f"{refused.what}: refused")
        for reason in refused.reasons:
            say(f"- {reason}")
    except (InvalidGrant, InvalidRevocations) as wrong:
        say(f"refused: {wrong}")
    else:
        return
    raise typer.Exit(REFUSED)


def tell(
    verdict: "Verdict", as_json: bool, index: int | None = None, is_repeated: bool = False
) -> None:
    """Show a verdict; exit with 1 where nothing may go."""
    from chipwarden.cli.output import give, look
    from chipwarden.reports.grants import repeated_text, verdict_text

    record = verdict.to_json() | {"entry": index, "repeated": is_repeated}

    def text() -> str:
        if is_repeated:
            return repeated_text(record, look())
        told = verdict_text(record, look())
        return (
            told
            if index is None or not verdict.is_granted
            else f"{told}\nCounted in entry {index} of the log.\n"
        )

    give([record], as_json, text)
    if not (verdict.is_granted or is_repeated):
        raise typer.Exit(REFUSED)
