"""Reading an order from a parsed record: the order, or all its problems at once.

    >>> record = {"schema": "chipwarden.order/1", "id": "PO-1", "kind": "use", "origin": "DE",
    ...           "destination": "DE", "date": "2026-03-02",
    ...           "items": [{"product": "NVIDIA H20", "quantity": 8}]}
    >>> order_from_record(record, "example", lambda name: (True, ())).items[0].quantity
    Decimal('8')
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from chipwarden.decisions.consistency import KnowsProduct, check_consistency, check_products
from chipwarden.decisions.order import (
    Authorization,
    DeclaredEccn,
    EndUse,
    Item,
    Mode,
    Order,
    Screening,
    Statement,
)
from chipwarden.decisions.reading_problems import ProblemList
from chipwarden.decisions.reading_tables import TableReader
from chipwarden.decisions.vocabulary import load_vocabulary
from chipwarden.model.errors import InvalidDocument
from chipwarden.parties.schema import Identifiers, Owner, Party


def order_from_record(record: Mapping[str, Any], source: str, knows_product: KnowsProduct) -> Order:
    """Return the order of a parsed TOML or JSON document or of a row of a table.

    Dates are dates or ISO text; numbers are whole numbers, decimals or their text, never binary
    floats. None counts as not given.

    Args:
        record: the parsed document.
        source: what to call it in problems.
        knows_product: tells whether the catalog knows a product, and names near it.

    Raises:
        InvalidDocument: with every problem that was found, each with its place.
    """
    vocabulary = load_vocabulary()
    problems = ProblemList(vocabulary.limits.problems)
    values = TableReader(vocabulary, problems).table(record, "order", "")
    if isinstance(record, Mapping):
        check_products(values, knows_product, vocabulary, problems)
        check_consistency(values, record, vocabulary, problems)
    if problems.told:
        raise InvalidDocument(source, problems.all())
    return _order(values)


def _order(values: Mapping[str, Any]) -> Order:
    mode, screening = values.get("mode"), values.get("screening")
    facts = {name: Statement(**fact) for name, fact in values.get("facts", {}).items()}
    return Order(
        id=values["id"],
        kind=values["kind"],
        date=values["date"],
        origin=values["origin"],
        destination=values["destination"],
        items=tuple(_item(item) for item in values["items"]),
        parties=tuple(_party(party) for party in values.get("parties", ())),
        parties_complete=values.get("parties_complete", False),
        mode=None if mode is None else Mode(mode),
        dates=MappingProxyType(values.get("dates", {})),
        destination_region=values.get("destination_region"),
        transit=values.get("transit", ()),
        authorizations=tuple(Authorization(**held) for held in values.get("authorizations", ())),
        screening=None if screening is None else Screening(**screening),
        end_use=EndUse(**values.get("end_use", {})),
        facts=MappingProxyType(facts),
    )


def _item(values: Mapping[str, Any]) -> Item:
    fields = {name: value for name, value in values.items() if name not in ("fdp", "chip")}
    if "eccn_declared" in fields:
        fields["eccn_declared"] = DeclaredEccn(**fields["eccn_declared"])
    chip = values.get("chip")
    return Item(
        chip=None if chip is None else MappingProxyType(chip), **fields, **values.get("fdp", {})
    )


def _party(values: Mapping[str, Any]) -> Party:
    fields = dict(values)
    for name, value in fields.pop("ultimate_parent", {}).items():
        fields[f"parent_{name}"] = value
    if "identifiers" in fields:
        fields["identifiers"] = Identifiers(**fields["identifiers"])
    if "owners" in fields:
        fields["owners"] = _owners(fields["owners"])
    return Party(**fields)


def _owners(owners: tuple[Mapping[str, Any], ...]) -> tuple[Owner, ...]:
    return tuple(
        Owner(**{**owner, "owners": _owners(owner["owners"])} if "owners" in owner else owner)
        for owner in owners
    )
