"""An order as the compliance officer gives it (`chipwarden.order/1`).

Unknown is None. A list that was not given is None; a list given as empty is ().
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Day
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from chipwarden.model.values import Value
from chipwarden.parties.schema import ListCode, Party


class Mode(StrEnum):
    """Whether waivers of enforcement count."""

    AS_ENFORCED = "as_enforced"
    AS_WRITTEN = "as_written"


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact with the evidence for it; a bare value has no document.

    Attributes:
        value: what is stated.
        document: what proves it, None for a bare value.
        signed_by: organisation that signed it.
        date: day of the document.
        expires: last day on which it counts.
        sha256: digest of the document.
    """

    value: Value
    document: str | None = None
    signed_by: str | None = None
    date: Day | None = None
    expires: Day | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class DeclaredEccn:
    """An ECCN that somebody declares for the item."""

    eccn: str
    by: str | None = None
    basis: str | None = None
    reference: str | None = None
    date: Day | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order.

    Attributes:
        product: catalog id, name or alias; None where `chip` gives figures.
        chip: figures of a chip of one's own, by the field names of the vocabulary.
        kind: ic, module, board, system, hbm, model_weights, software or technology.
        quantity: units, at least 1.
        value_usd: value of the line, all units, US dollars.
        us_technology, us_equipment: whether it is their direct product.
    """

    product: str | None = None
    chip: Mapping[str, Any] | None = None
    kind: str | None = None
    quantity: Decimal | None = None
    value_usd: Decimal | None = None
    eccn_declared: DeclaredEccn | None = None
    origin_country: str | None = None
    us_content_percent: Decimal | None = None
    foundry_country: str | None = None
    us_technology: bool | None = None
    us_equipment: bool | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """A license, notified exception, notification or host permit that is held."""

    kind: str
    number: str | None = None
    regime: str | None = None
    exception: str | None = None
    items: tuple[str, ...] | None = None
    parties: tuple[str, ...] | None = None
    destination: str | None = None
    quantity: Decimal | None = None
    value_usd: Decimal | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Screening:
    """A dated result of another screening system, as evidence.

    Attributes:
        outcome: "clear" or "match", for all parties of the order and the lists named.
    """

    outcome: str
    date: Day
    lists: tuple[ListCode, ...]
    system: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class EndUse:
    """What the items are for, as stated. `purposes` None: not said."""

    purposes: tuple[str, ...] | None = None
    statement: str | None = None
    site: str | None = None
    compute_flop: Decimal | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A whole order.

    Attributes:
        date: the day to which the law is applied (export).
        dates: order_date, on_dock_date, notification_date, release_date where given.
        destination_region: a place below country level.
        parties_complete: whether every party to the transaction is named.
        facts: statements by the fact names of the vocabulary.
    """

    id: str
    kind: str
    date: Day
    origin: str
    destination: str
    items: tuple[Item, ...]
    parties: tuple[Party, ...] = ()
    parties_complete: bool = False
    mode: Mode | None = None
    dates: Mapping[str, Day] = field(default_factory=lambda: MappingProxyType({}))
    destination_region: str | None = None
    transit: tuple[str, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    screening: Screening | None = None
    end_use: EndUse = EndUse()
    facts: Mapping[str, Statement] = field(default_factory=lambda: MappingProxyType({}))
