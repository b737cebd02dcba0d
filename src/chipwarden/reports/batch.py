"""Many decisions as a table, a line an order, written as they come."""

from collections.abc import Mapping
from typing import Any

from chipwarden.reports.layout import Look, Page, Span, Tone
from chipwarden.reports.sentences import outcome_words
from chipwarden.reports.words import DISPOSITIONS, count, eccn

_FIRST = 9
_GAP = 2


class BatchText:
    """Makes rows of one width; the heading goes before the first."""

    def __init__(self, look: Look) -> None:
        self.look = look
        room = look.width - _FIRST - 3 * _GAP
        self._order = max(room * 26 // 100, 10)
        self._items = max(room * 28 // 100, 10)
        self._rest = max(room - self._order - self._items, 12)
        self._is_first = True

    def row(self, record: Mapping[str, Any] | None, name: str) -> str:
        """Return the row of one order, with the heading if it is the first.

        Args:
            record: of the decision; None where the order could not be read.
            name: what to call the order then.
        """
        page = Page(self.look)
        if self._is_first:
            self._is_first = False
            self._add(page, ("", Tone.DIM), "Order", "Items", "Outcome", Tone.DIM)
        if record is None:
            self._add(page, ("ERROR", Tone.BAD), name, "", "could not be read", Tone.PLAIN)
            return page.text()
        open_points = [count(len(record["missing"]), "question")] if record["missing"] else []
        if record["red_flags"]:
            open_points.append(count(len(record["red_flags"]), "red flag"))
        outcome = "; ".join([outcome_words(record), *open_points])
        order = record["order"]
        way = f"{order.get('origin', '?')}→{order.get('destination', '?')} {record['as_of']}"
        items = ", ".join(
            f"{item['product']} {eccn(item['eccn'], item['possible_eccns'])}"
            for item in record["items"]
        )
        name = f"{record['order_id']} {way}"
        self._add(
            page, DISPOSITIONS[record["disposition"]], name, items, outcome, Tone.PLAIN
        )
        return page.text()

    def _add(
        self, page: Page, first: Span, order: str, items: str, outcome: str, tone: Tone
    ) -> None:
        widths = (_FIRST, self._order, self._items, self._rest)
        row = [[first], [(order, tone)], [(items, tone)], [(outcome, tone)]]
        page.columns(row, widths)
