"""`chipwarden rules`: the law that decisions are made under."""

from typing import Annotated

import typer

from chipwarden.cli.options import AsJson, AsOf, AsWritten, KnownOn, Rules, law_on
from chipwarden.cli.output import give
from chipwarden.cli.rules_diff import diff

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Look up the law: provisions, their history, parameters, citations, changes.

    \b
    Example:
      chipwarden rules show US-3A090.a-2023
      chipwarden rules diff --from 2025-01-14 --to 2025-05-14
    """,
)

app.command("diff")(diff)

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a provision.", show_default=False)]


@app.command("list")
def list_provisions(
    step: Annotated[
        str,
        typer.Option("--step", help="Only this step, such as requirement.", show_default=False),
    ] = "",
    regime: Annotated[
        str, typer.Option("--regime", help="Only this regime, such as US.", show_default=False)
    ] = "",
    as_of: AsOf = None,
    known_on: KnownOn = None,
    as_written: AsWritten = False,
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """List provisions: all that ever were, or with --as-of those that apply on that day.

    \b
    Example:
      chipwarden rules list --step requirement --as-of 2026-03-02
    """  # noqa: D301
    from chipwarden.app.data import load_data
    from chipwarden.app.rules import provisions
    from chipwarden.cli.output import look
    from chipwarden.reports.law import provisions_text

    lawbook = load_data(rules).lawbook
    dated = as_of is not None or known_on is not None
    law = law_on(lawbook, as_of, known_on, as_written) if dated else None
    records = provisions(lawbook, law, step=step, regime=regime)
    give(records, as_json, lambda: provisions_text(records, look()))


@app.command("show")
def show_provision(
    provision_id: Id,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    as_written: AsWritten = False,
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """Show a provision: dates, condition with its values, citation, what goes with it.

    \b
    Example:
      chipwarden rules show US-742.6-a-6-iii --as-of 2024-06-01
    """  # noqa: D301
    from chipwarden.app.data import load_data
    from chipwarden.app.rules import provision
    from chipwarden.cli.output import look
    from chipwarden.reports.law import provision_text

    lawbook = load_data(rules).lawbook
    record = provision(lawbook, provision_id, law_on(lawbook, as_of, known_on, as_written))
    give([record], as_json, lambda: provision_text(record, look()))


@app.command("history")
def show_history(provision_id: Id, rules: Rules = None, as_json: AsJson = False) -> None:
    """Show what came before and after a provision, and its values over time.

    \b
    Example:
      chipwarden rules history US-3A090.a-2023
    """  # noqa: D301
    from chipwarden.app.data import load_data
    from chipwarden.app.rules import history
    from chipwarden.cli.output import citations, look
    from chipwarden.reports.law import history_text

    data = load_data(rules)
    record = history(data.lawbook, provision_id)
    give([record], as_json, lambda: history_text(record, look(), citations(data)))


@app.command("parameters")
def list_parameters(
    as_of: AsOf = None,
    known_on: KnownOn = None,
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """List the dated values of the law: thresholds, shares, dates.

    With --as-of those that have a value on that day.

    \b
    Example:
      chipwarden rules parameters --as-of 2024-01-01
    """  # noqa: D301
    from chipwarden.app.data import load_data
    from chipwarden.app.rules import parameters
    from chipwarden.cli.output import citations, look
    from chipwarden.reports.law import parameters_text

    data = load_data(rules)
    dated = as_of is not None or known_on is not None
    law = law_on(data.lawbook, as_of, known_on, False) if dated else None
    records = parameters(data.lawbook, law)
    if law is not None:
        records = [record for record in records if record["value"] is not None]
    give(records, as_json, lambda: parameters_text(records, look(), citations(data)))


@app.command("citations")
def list_citations(rules: Rules = None, as_json: AsJson = False) -> None:
    """List the sources of the law, and how each was seen.

    \b
    Example:
      chipwarden rules citations
    """  # noqa: D301
    from chipwarden.app.data import load_data
    from chipwarden.app.rules import citations
    from chipwarden.cli.output import look
    from chipwarden.reports.law import citations_text

    records = citations(load_data(rules).lawbook)
    give(records, as_json, lambda: citations_text(records, look()))


@app.command("coverage")
def show_coverage(as_json: AsJson = False) -> None:
    """List the facts that the law was built from, and where each part of them stands.

    \b
    Example:
      chipwarden rules coverage
    """  # noqa: D301
    from chipwarden.app.data import load_data
    from chipwarden.app.rules import coverage
    from chipwarden.cli.output import look
    from chipwarden.reports.law import coverage_text

    records = coverage(load_data().lawbook)
    give(records, as_json, lambda: coverage_text(records, look()))
