"""Check an order: read it, decide it, return the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from chipwarden.app.data import knows_product
from chipwarden.app.documents import Document, order_of
from chipwarden.decisions.decide import Decision, decide
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.order import Mode
from chipwarden.decisions.reading import order_from_record
from chipwarden.decisions.record import as_recorded, decision_record


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which law an order is decided; None: the order's own, or the data's.

    Attributes:
        as_of: the day to which the law is applied.
        known_on: the day of knowledge.
        mode: whether waivers of enforcement count.
        pack: digest of the pack of all data looked at, to be named in the record; whoever names
            it keeps the pack, so that the decision can be replayed.
    """

    as_of: date | None = None
    known_on: date | None = None
    mode: Mode | None = None
    pack: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A decision with its record."""

    decision: Decision
    record: dict[str, Any]


def check(
    order: Mapping[str, Any], source: str, data: Data, terms: Terms | None = None
) -> Checked:
    """Return the decision on a parsed order.

    Args:
        order: the parsed document.
        source: what to call it in problems.
        data: law, catalog and lists.
        terms: under which law it is decided.

    Raises:
        InvalidDocument: all problems of the order.
    """
    order_from_record(order, source, knows_product)
    return _checked(order, source, data, terms or Terms())


def check_document(document: Document, data: Data, terms: Terms | None = None) -> Checked:
    """Return the decision on an order as it stands in a file.

    Raises:
        InvalidDocument: all problems, with their places in the file.
    """
    order_of(document, knows_product)
    assert document.record is not None
    return _checked(document.record, document.source, data, terms or Terms())


def _checked(given: Mapping[str, Any], source: str, data: Data, terms: Terms) -> Checked:
    # What is decided is the order as the record keeps it: a replay starts from the same.
    kept = as_recorded(given)
    order = order_from_record(kept, source, knows_product)
    decision = decide(order, data, terms.as_of, terms.known_on, terms.mode)
    return Checked(decision, decision_record(decision, kept, data, terms.pack))


# Exit codes of the command line; of a batch the first in this order leads.
COULD_NOT_RUN, ADVERSE, UNDETERMINED, FAVOURABLE = 2, 1, 3, 0
_LEADS = (COULD_NOT_RUN, ADVERSE, UNDETERMINED, FAVOURABLE)


def exit_code(record: Mapping[str, Any]) -> int:
    """Return the exit code of one decision: undetermined goes before on hold."""
    if record["disposition"] == "block":
        return ADVERSE
    if record["outcome"] == "undetermined":
        return UNDETERMINED
    return FAVOURABLE if record["disposition"] == "release" else ADVERSE


def worst(codes: "list[int]") -> int:
    """Return the exit code of a batch."""
    return min(codes, key=_LEADS.index, default=FAVOURABLE)
