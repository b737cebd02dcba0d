"""What a change of the law changes: orders and products under two laws.

    terms = Terms(as_of=date(2025, 1, 14)), Terms(as_of=date(2025, 5, 14))
    for line in diff_orders([Path("orders.csv")], load_data(), *terms):
        line.changed         # ("outcome", "requirements"), or () where nothing did

The two laws differ in the day to which they are applied, in the day of knowledge, or both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from chipwarden.app.check import Terms, check_document
from chipwarden.app.documents import Document, read_orders
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.order import Item, Mode
from chipwarden.decisions.products import DecidedItem, decide_item
from chipwarden.expressions.facts import Collection, Facts
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Value
from chipwarden.rules.lawbook import Law

_SAME_NAME = (
    "outcome", "settled", "review_policy", "review_policy_at_least", "exception", "disposition",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DiffLine:
    """An order or a product under two laws.

    Attributes:
        order_id: of the order, as far as it can be told; of a product its name.
        before: the answer under the first law, by the names of the decision record; `eccns` are
            those possible for each item, `requirements` the review policy by provision. None
            where there are problems.
        after: the same under the second law.
        changed: the names under which the two differ.
        source: where the order stands, "" for a product.
        problems: what is wrong with the order.
    """

    order_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changed: tuple[str, ...]
    source: str = ""
    problems: tuple[Problem, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON data."""
        return {
            "order_id": self.order_id or None,
            "source": self.source,
            "changed": list(self.changed),
            "before": self.before,
            "after": self.after,
            "problems": [str(problem) for problem in self.problems],
        }


def diff_orders(
    paths: Iterable[Path], data: Data, from_terms: Terms, to_terms: Terms
) -> Iterator[DiffLine]:
    """Yield every order of the files as it is decided under two laws.

    Args:
        paths: files as `read_orders` takes them.
        data: law, catalog and lists.
        from_terms: the first law; a day that it leaves open is the order's own.
        to_terms: the second law.
    """
    for path in paths:
        for document in read_orders(path):
            yield _diff_order(document, data, from_terms, to_terms)


def _diff_order(document: Document, data: Data, from_terms: Terms, to_terms: Terms) -> DiffLine:
    try:
        before = check_document(document, data, from_terms).record
        after = check_document(document, data, to_terms).record
    except InvalidDocument as wrong:
        given = document.record.get("id") if document.record is not None else None
        order_id = given if isinstance(given, str) else ""
        return DiffLine(order_id, None, None, (), document.source, wrong.problems)
    return _line(before["order_id"], _of_record(before), _of_record(after), document.source)


def diff_product(
    name: str,
    data: Data,
    from_date: date,
    to_date: date,
    from_known_on: date | None = None,
    to_known_on: date | None = None,
    mode: Mode = Mode.AS_ENFORCED,
) -> DiffLine:
    """Return a product under two laws: its classification and what may require a license.

    Args:
        name: id, name or alias of the catalog.
        data: law, catalog and lists.
        from_date: day of the first law.
        to_date: day of the second law.
        from_known_on: what was known for the first law; by default the day of the data.
        to_known_on: the same for the second law.
        mode: whether waivers of enforcement count.

    Raises:
        InvalidDocument: the catalog does not know the product; near names are offered.
    """
    days = ((from_date, from_known_on), (to_date, to_known_on))
    before, after = (
        _of_product(
            name, data, data.lawbook.law_on(day, known_on, as_written=mode is Mode.AS_WRITTEN)
        )
        for day, known_on in days
    )
    return _line(name, before, after)


def _line(
    order_id: str, before: Mapping[str, Any], after: Mapping[str, Any], source: str = ""
) -> DiffLine:
    changed = tuple(name for name in before if before[name] != after[name])
    return DiffLine(order_id, before, after, changed, source)


def _of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: record[name] for name in _SAME_NAME},
        "eccns": [
            [item["eccn"]] if item["eccn"] else item["possible_eccns"] for item in record["items"]
        ],
        "requirements": {r["provision"]: r["review_policy"] for r in record["requirements"]},
        "possible_requirements": [r["provision"] for r in record["possible_requirements"]],
    }


def _of_product(name: str, data: Data, law: Law) -> dict[str, Any]:
    """Return what is known of a product alone: of transfer and parties nothing is said."""

    def alone(item: Mapping[str, Value | None]) -> Facts:
        return Facts(item, {"parties": Collection((), False, ())})

    found = decide_item(Item(product=name), "product", alone, (None,), data.catalog, law)
    return {"eccns": [_eccns(found, law)], "possible_requirements": _possible(found)}


def _eccns(found: DecidedItem, law: Law) -> list[str]:
    parts = [(variant.kind, part) for variant in found.variants for part in variant.parts]
    settled = {part.eccn(kind, None, law) for kind, part in parts}
    if None not in settled:
        return sorted(eccn for eccn in settled if eccn)
    return sorted({one.candidate.clause.eccn for one in found.determinations})


def _possible(found: DecidedItem) -> list[str]:
    return list(
        dict.fromkeys(
            requirement.clause.id
            for determination in found.determinations
            for requirement in determination.requirements
            if requirement.applies is not Outcome.NO
        )
    )
