"""Release grants as text: what was granted, what a gate is told, what is left."""

from collections.abc import Mapping, Sequence
from typing import Any

from chipwarden.model.places import country_name, is_country
from chipwarden.reports.layout import Look, Page, Tone
from chipwarden.reports.ledger import day_and_time
from chipwarden.reports.words import count, number

_STATES = {"valid": Tone.GOOD, "revoked": Tone.BAD, "not yet valid": Tone.OPEN}


def grant_text(grant: Mapping[str, Any], look: Look) -> str:
    """Return what a grant says.

    Args:
        grant: as `enforcement.verdicts.grant_json` gives it.
        look: width and colour.
    """
    page = Page(look)
    page.line([("GRANTED", Tone.GOOD), (f": {_units(grant['items'])}", Tone.PLAIN)], 0, 2)
    _grant(page, grant)
    return page.text()


def verdict_text(verdict: Mapping[str, Any], look: Look) -> str:
    """Return the answer to a gate, with every reason.

    Args:
        verdict: as `enforcement.verdicts.Verdict.to_json` gives it.
        look: width and colour.
    """
    page = Page(look)
    grant = verdict["grant"]
    if verdict["granted"]:
        page.line([("GRANTED", Tone.GOOD), (f": {_units(verdict['released'])}", Tone.PLAIN)], 0, 2)
        _grant(page, grant)
    else:
        page.line([("REFUSED", Tone.BAD), (": nothing may go under this grant.", Tone.PLAIN)])
        for refusal in verdict["refusals"]:
            page.bullet([(refusal["step"], Tone.STRONG), (f": {refusal['reason']}.", Tone.PLAIN)])
        if grant is not None:
            page.line([("grant  ", Tone.DIM), (grant["id"], Tone.PLAIN)], 2, 4)
    for note in verdict["notes"]:
        page.line([("Note: ", Tone.OPEN), (note, Tone.PLAIN)], 0, 2)
    return page.text()


def repeated_text(verdict: Mapping[str, Any], look: Look) -> str:
    """Return the answer where a use was counted before and is only to be finished."""
    page = Page(look)
    page.line([
        ("COUNTED BEFORE", Tone.OPEN),
        (f": in entry {verdict['entry']} of the log, and not again. It may be finished, not "
         "repeated.", Tone.PLAIN),
    ], 0, 2)  # fmt: skip
    return page.text()


def book_text(book: Mapping[str, Any], look: Look) -> str:
    """Return all grants of a log with what is left of them.

    Args:
        book: origin, grants and problems, as `app.grant_view.book_json` gives them.
        look: width and colour.
    """
    page = Page(look)
    page.line([("Log ", Tone.DIM), (book["origin"], Tone.STRONG)])
    page.line(f"{count(len(book['grants']), 'grant')}.")
    for grant in book["grants"]:
        page.blank()
        page.line([(grant["grant"], Tone.STRONG)])
        state = grant["state"]
        page.line([
            (state, _STATES.get(state, Tone.DIM)),
            (f", entry {grant['index']}, on the decision of entry {grant['decision']}, until "
             f"{day_and_time(grant['not_after'])}", Tone.PLAIN),
        ], 2, 2)  # fmt: skip
        for line in grant["lines"]:
            page.line(
                f"line {line['line']}: granted {number(line['granted'])}, used "
                f"{number(line['used'])}, left {number(line['left'])}",
                2,
            )
        if grant["uses"]:
            page.line(f"used in entries {', '.join(map(str, grant['uses']))}", 2, 2)
        if grant["revoked"]:
            page.line(f"revoked in entry {grant['revoked']['index']}: {grant['revoked']['reason']}",
                      2, 2)  # fmt: skip
    if book["problems"]:
        page.heading("In the log, and should not be")
        for problem in book["problems"]:
            page.bullet([(f"entry {problem['index']}", Tone.STRONG), (f": {problem['said']}",
                                                                     Tone.PLAIN)])  # fmt: skip
    return page.text()


def _grant(page: Page, grant: Mapping[str, Any]) -> None:
    place = grant["place"]
    country = place["country"]
    where = [place["site"], place["region"],
             country_name(country) if is_country(country) else country]  # fmt: skip
    for name, value in (
        ("grant", grant["id"]),
        ("for", f"{grant['holder']}, {', '.join(part for part in where if part)}"),
        ("order", f"{grant['order']}, decided in entry {grant['decision']} of the log"),
        ("holds", f"{day_and_time(grant['not_before'])} to {day_and_time(grant['not_after'])}"),
    ):
        page.line([(f"{name}  ", Tone.DIM), (value, Tone.PLAIN)], 2, 4)
    if grant["obligations"]:
        page.heading("To be done")
        for obligation in grant["obligations"]:
            page.bullet(obligation)


def _units(lines: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{number(line['quantity'])} × {line['product']}" for line in lines)
