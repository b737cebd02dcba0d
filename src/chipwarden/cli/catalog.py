"""`chipwarden catalog`: the products that are known, with their figures and sources."""

from pathlib import Path
from typing import Annotated

import typer

from chipwarden.cli.options import AsJson, AsOf, AsWritten, KnownOn, law_on

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Look up chips and systems: figures with their sources, generations, variants.

    \b
    Example:
      chipwarden catalog compare B200 H200 H20 910C
    """,
)


@app.command("list")
def list_products(
    vendor: Annotated[
        str, typer.Option("--vendor", help="Only of this vendor.", show_default=False)
    ] = "",
    kind: Annotated[
        str, typer.Option("--kind", help="Only ic, hbm, board or system.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List all products with performance and density.

    \b
    Example:
      chipwarden catalog list --vendor huawei
    """  # noqa: D301
    from chipwarden.app.catalog import products
    from chipwarden.app.data import load_data
    from chipwarden.cli.output import look, show, show_json
    from chipwarden.reports.products import products_text

    records = products(load_data().catalog, vendor=vendor, kind=kind)
    if as_json:
        for record in records:
            show_json(record)
    else:
        show(products_text(records, look()))


@app.command("show")
def show_product(
    name: Annotated[str, typer.Argument(help="Id, name or alias.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show a product: every figure with its sources, also those that conflict.

    \b
    Example:
      chipwarden catalog show "NVIDIA H20"
    """  # noqa: D301
    from chipwarden.app.catalog import product
    from chipwarden.app.data import load_data
    from chipwarden.cli.output import citations, look, show, show_json
    from chipwarden.reports.products import product_text

    data = load_data()
    for position, record in enumerate(product(name, data)):
        if as_json:
            show_json(record)
        else:
            show("\n" * (position > 0) + product_text(record, look(), citations(data)))


@app.command("compare")
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Two or more.", show_default=False)
    ],
    as_of: AsOf = None,
    known_on: KnownOn = None,
    as_written: AsWritten = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write it too: .xlsx or .csv.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put products side by side: figures, every dated line of the rules, what variants changed.

    Lines and classifications of all dates are shown, with --as-of those of that day.

    \b
    Example:
      chipwarden catalog compare B200 H200 H20 910C
      chipwarden catalog compare A100 A800 --as-of 2022-11-01 --out lines.xlsx
    """  # noqa: D301
    from chipwarden.app.catalog import compare_products, comparison_table
    from chipwarden.app.data import load_data
    from chipwarden.cli.output import citations, look, show, show_json
    from chipwarden.reports.comparison import comparison_text

    data = load_data()
    dated = as_of is not None or known_on is not None
    law = law_on(data.lawbook, as_of, known_on, as_written) if dated else None
    record = compare_products(names, data, law, as_written=as_written)
    if out is not None:
        from chipwarden.app.tables import write_table

        write_table(out, *comparison_table(record))
    if as_json:
        show_json(record)
    else:
        show(comparison_text(record, look(), citations(data)))
