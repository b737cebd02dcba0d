"""Facts of one line of an order: the chip's figures with what the order adds."""


from chipwarden.catalog.chips import Chip
from chipwarden.catalog.facts import ItemFacts
from chipwarden.decisions.order import Item
from chipwarden.model.values import Value
from chipwarden.rules.lawbook import Law


def item_values(item: Item, product: ItemFacts, law: Law) -> dict[str, Value | None]:
    """Return the facts of one kind of chip in one line of an order."""
    chip = product.chip
    direct_product = (
        True
        if item.us_technology or item.us_equipment
        else (False if item.us_technology is False and item.us_equipment is False else None)
    )
    declared = item.eccn_declared.eccn if item.eccn_declared else None
    residual = str(law.parameters.get("residual_entries", "")).split()
    return {
        **product.facts,
        "item.kind": item.kind or product.facts.get("item.kind"),
        "item.origin_country": item.origin_country,
        "item.us_content_percent": item.us_content_percent,
        "item.us_direct_product": direct_product,
        "item.eccn_declared": declared,
        "item.declared_elsewhere": declared is not None and not _is_residual(declared, residual),
        "item.declared_residual": declared is not None and _is_residual(declared, residual),
        "item.is_hbm": _is_hbm(chip),
    }


def _is_residual(declared: str, residual: list[str]) -> bool:
    entry, _, paragraph = declared.upper().partition(".")
    # A .z paragraph says that the item meets 3A090 or 4A090, whatever its entry.
    return entry in residual and paragraph != "Z"


def _is_hbm(chip: Chip) -> bool | None:
    """Return whether the item is memory as a commodity; memory that computes is a contradiction."""
    if chip.kind != "hbm" or chip.copackaged_with_logic:
        return False
    return None if any(name.endswith(("_tops", "_tflops")) for name in chip.figures) else True
