"""`chipwarden story`: one page that tells how chips get where they may not be."""

from pathlib import Path
from typing import Annotated

import typer

from chipwarden.cli.options import Rules


def story(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The HTML file to write.")
    ] = Path("story.html"),
    rules: Rules = None,
) -> None:
    """Write the story: one HTML page, readable offline, every figure labelled.

    \b
    Example:
      chipwarden story --output story.html
    """  # noqa: D301
    from chipwarden.app.data import load_data
    from chipwarden.app.story import write_story
    from chipwarden.cli.output import show

    show(f"{write_story(output, load_data(rules))}\n")
