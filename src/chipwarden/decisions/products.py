"""The item side of a decision: which products a line may mean, and what each comes to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from chipwarden.catalog.chips import Catalog, Chip, System
from chipwarden.catalog.facts import ItemFacts, product_facts
from chipwarden.catalog.loader import chip_from_table
from chipwarden.catalog.names import held_in, resolve
from chipwarden.decisions.determination import Candidate, Determination, alternatively
from chipwarden.decisions.determine import determine
from chipwarden.decisions.item_facts import item_values
from chipwarden.decisions.order import Item
from chipwarden.decisions.outcomes import (
    Bounds,
    PolicyBounds,
    either,
    policy_either,
    policy_together,
    together,
)
from chipwarden.expressions.facts import Facts
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.model.values import Value
from chipwarden.rules.lawbook import Law

Product = Chip | System
WithItem = Callable[[Mapping[str, Value | None]], Facts]

# Items that are no circuits: their figures do not exist, and only model weights have a clause.
_INTANGIBLE = ("model_weights", "software", "technology")
_WATTS_PER_MW = Decimal(10) ** 6


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of chip in a product, under each paragraph that it may meet."""

    facts: Facts
    source: ItemFacts
    determinations: tuple[Determination, ...]
    classification: Reason

    @property
    def bounds(self) -> Bounds:
        """One of the paragraphs holds."""
        return either(d.bounds for d in self.determinations)

    @property
    def policies(self) -> PolicyBounds:
        """One of the paragraphs holds."""
        return policy_either(d.policies for d in self.determinations)

    @property
    def alternatives(self) -> tuple[Facts, ...]:
        """The facts under each paragraph."""
        return tuple(
            Facts({**self.facts.values, **d.candidate.facts}, self.facts.collections)
            for d in self.determinations
        )

    def eccn(self, kind: str | None, declared: str | None, law: Law) -> str | None:
        """Return the ECCN of what ships, None where it is not settled."""
        found = {_shipped(d.candidate, kind, declared, law) for d in self.determinations}
        return found.pop() if len(found) == 1 else None

    @property
    def ic_eccn(self) -> str | None:
        """The ECCN of the circuit, None where it is not settled."""
        found = {d.candidate.clause.eccn for d in self.determinations}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Variant:
    """One product that the line may mean, as the kinds of chip that it contains."""

    name: str
    kind: str | None
    parts: tuple[Part, ...]

    @property
    def bounds(self) -> Bounds:
        """All parts ship together."""
        return together(part.bounds for part in self.parts)

    @property
    def policies(self) -> PolicyBounds:
        """All parts ship together."""
        return policy_together(part.policies for part in self.parts)


@dataclass(frozen=True, slots=True)
class DecidedItem:
    """One line of an order with every product that it may mean."""

    item: Item
    variants: tuple[Variant, ...]

    @property
    def bounds(self) -> Bounds:
        """One of the variants is meant."""
        return either(variant.bounds for variant in self.variants)

    @property
    def policies(self) -> PolicyBounds:
        """One of the variants is meant."""
        return policy_either(variant.policies for variant in self.variants)

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts of all variants."""
        return tuple(part for variant in self.variants for part in variant.parts)

    @property
    def determinations(self) -> tuple[Determination, ...]:
        """All determinations of all parts."""
        return tuple(d for part in self.parts for d in part.determinations)

    def applies(self, requirement: str) -> Outcome:
        """Return whether a requirement applies to the line, whatever it means."""
        return alternatively(
            disjunction(
                alternatively(d.applies(requirement) for d in part.determinations)
                for part in variant.parts
            )
            for variant in self.variants
        )

    def policies_of(self, requirement: str) -> PolicyBounds:
        """Return the review policies that a requirement may have for the line."""
        found = [
            policy_either(
                r.policies
                for d in part.determinations
                for r in d.requirements
                if r.clause.id == requirement and r.applies is not Outcome.NO
            )
            for part in self.parts
            if any(d.applies(requirement) is not Outcome.NO for d in part.determinations)
        ]
        return policy_together(found)

    def range_of(self, fact: str) -> tuple[Decimal, Decimal] | None:
        """Return the least and the greatest value of a figure, None where one is unknown."""
        values = [part.facts.values.get(fact) for part in self.parts]
        numbers = [value for value in values if isinstance(value, Decimal)]
        return (min(numbers), max(numbers)) if len(numbers) == len(values) else None

    def agreed(self, fact: str) -> Value | None:
        """Return the value of a fact on which all parts agree, else None."""
        values = {part.facts.values.get(fact) for part in self.parts}
        return values.pop() if len(values) == 1 else None


def decide_item(
    item: Item,
    place: str,
    with_item: WithItem,
    destinations: tuple[str | None, ...],
    catalog: Catalog,
    law: Law,
) -> DecidedItem:
    """Return what one line comes to, for each product that it may mean.

    Args:
        item: the line.
        place: where it stands in the order, for problems.
        with_item: joins facts of an item to those of the order.
        destinations: every country where the goods may end; each is judged, None is unknown.
        catalog: where products are looked up.
        law: what applies on the day.

    Raises:
        InvalidDocument: the product is not in the catalog, or its figures are wrong.
    """
    variants = []
    for product in products(item, place, catalog):
        parts = []
        for source in product_facts(product, catalog, kind_of(item)):
            values = item_values(item, source, law)
            for destination in destinations:
                facts = with_item({**values, "transfer.destination": destination})
                determinations, classification = determine(facts, law)
                parts.append(Part(facts, source, determinations, classification))
        kind = kind_of(item) or (product.kind if isinstance(product, System) else None)
        variants.append(Variant(product.name, kind, tuple(parts)))
    return DecidedItem(item, tuple(variants))


def kind_of(item: Item) -> str | None:
    """Return what kind of item the line says that it is."""
    return item.kind or (str(item.chip["kind"]) if item.chip and "kind" in item.chip else None)


def products(item: Item, place: str, catalog: Catalog) -> tuple[Product, ...]:
    """Return the products that a line may mean.

    Raises:
        InvalidDocument: it means none.
    """
    if kind_of(item) in _INTANGIBLE or (item.product is None and item.chip is None):
        return (Chip(id="", name=item.product or kind_of(item) or "the item"),)
    if item.chip is not None:
        table = {key: value for key, value in item.chip.items() if key != "kind"}
        own = kind_of(item)
        chip = chip_from_table({**table, "kind": "hbm" if own == "hbm" else "ic"}, f"{place}.chip")
        name = item.product or str(table.get("name", ""))
        known = held_in(catalog, name) if name else ()
        # Figures given under the name of a known product never replace the catalog's: both count.
        return (replace(chip, id=known[0].id), *known) if known else (chip,)
    assert item.product is not None
    found = resolve(catalog, item.product)
    if not found.variants:
        near = ", ".join(found.near)
        remedy = f"Near names: {near}." if near else "Give its figures under chip."
        found_here = repr(item.product)
        problem = Problem(f"{place}.product", found_here, "a product of the catalog", remedy)
        raise InvalidDocument("order", [problem])
    return found.variants


def _shipped(
    candidate: Candidate, kind: str | None, declared: str | None, law: Law
) -> str:
    controlled = not candidate.clause.residual
    z_entries = str(law.parameters.get("z_entries", "")).split()
    base = (declared or "").partition(".")[0]
    if controlled and candidate.clause.eccn_of_system and base in z_entries:
        return f"{base}.z"
    if kind in ("module", "board", "system") and candidate.clause.eccn_of_system:
        return candidate.clause.eccn_of_system
    return candidate.clause.eccn


def order_tpp(items: Iterable[Item], catalog: Catalog) -> Decimal | None:
    """Return the TPP of all units of an order together, None where any part is unknown."""

    def of_chip(source: ItemFacts) -> Decimal | None:
        tpp = source.facts.get("item.tpp")
        return tpp if isinstance(tpp, Decimal) else None

    return _order_total(items, catalog, of_chip)


def order_power_mw(items: Iterable[Item], catalog: Catalog) -> Decimal | None:
    """Return the rated power of all chips of an order, MW, without servers and cooling."""

    def of_chip(source: ItemFacts) -> Decimal | None:
        return source.chip.value("tdp_w")

    watts = _order_total(items, catalog, of_chip)
    return None if watts is None else watts / _WATTS_PER_MW


def _order_total(
    items: Iterable[Item], catalog: Catalog, of_chip: Callable[[ItemFacts], Decimal | None]
) -> Decimal | None:
    total = Decimal(0)
    for index, item in enumerate(items):
        found = {
            _line_total(item, product, catalog, of_chip)
            for product in products(item, f"items[{index}]", catalog)
        }
        one = found.pop() if len(found) == 1 else None
        if one is None:
            return None
        total += one
    return total


def _line_total(
    item: Item,
    product: Product,
    catalog: Catalog,
    of_chip: Callable[[ItemFacts], Decimal | None],
) -> Decimal | None:
    total = Decimal(0)
    for source in product_facts(product, catalog):
        amount = of_chip(source)
        if amount is None or item.quantity is None:
            return None
        total += amount * source.count * item.quantity
    return total


def settles(part: Part) -> bool:
    """Return whether all paragraphs that the part may meet lead to the same answer."""
    return len({(d.bounds, d.policies) for d in part.determinations}) == 1
