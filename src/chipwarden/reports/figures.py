"""Figures and their labels: every number says whether it is real, reported or generated.

The label is a small square, filled, half or empty, and the word for those who do not see it.
"""

from enum import StrEnum

from chipwarden.model.values import Confidence
from chipwarden.reports.html import Content, Markup, el
from chipwarden.rules.provisions import Instrument, Provision

# Known from filings, from what agencies were seen to do, or from the press.
_SECOND_HAND = frozenset({Instrument.LETTER, Instrument.PRACTICE, Instrument.PRESS})


class Origin(StrEnum):
    """Where a figure comes from."""

    REAL = "real"
    REPORTED = "reported"
    GENERATED = "generated"


def origin_of(confidence: Confidence, instrument: Instrument | None = None) -> Origin:
    """Return the label of a legal fact: what is recalled or second-hand is only reported."""
    if not confidence.is_verified or instrument in _SECOND_HAND:
        return Origin.REPORTED
    return Origin.REAL


def origin_of_clause(clause: Provision) -> Origin:
    """Return the label of a provision."""
    return origin_of(clause.confidence, clause.instrument)


def square(origin: Origin) -> Markup:
    """Return the bare square."""
    return el("i", class_=f"square {origin}", aria_hidden="true")


def badge(origin: Origin) -> Markup:
    """Return the label with its word."""
    return el("span", square(origin), origin.value, class_=f"badge {origin}")


def figure(shown: Content, origin: Origin, said: str = "") -> Markup:
    """Return a number within a sentence or a cell, with its square.

    Args:
        shown: the number with its unit.
        origin: its label.
        said: source and confidence, shown when pointed at.
    """
    return el(
        "span",
        shown,
        square(origin),
        el("span", f" ({origin})", class_="unseen"),
        class_="figure",
        title=said or None,
        attributes={"data-kind": origin.value},
    )


def labelled(tag: str, origin: Origin, *content: Content, class_: str = "") -> Markup:
    """Return a block all of whose numbers share a label, which it shows at its head."""
    return el(tag, badge(origin), content, class_=class_ or None,
              attributes={"data-kind": origin.value})  # fmt: skip


def plain_number(shown: str) -> Markup:
    """Return a count that numbers parts of the page and is no figure."""
    return el("span", shown, class_="ordinal", attributes={"data-kind": "ordinal"})
