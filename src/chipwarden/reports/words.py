"""Words for the values of records, as a compliance officer reads them."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from chipwarden.model.places import country_name, is_country
from chipwarden.reports.layout import Tone

OUTCOMES = {
    "not_subject_to_ear": "Not subject to the EAR",
    "no_license_required": "No license required",
    "license_exception": "License exception",
    "license_required": "License required",
    "prohibited": "Prohibited",
    "undetermined": "Undetermined",
}
DISPOSITIONS = {
    "release": ("RELEASE", Tone.GOOD),
    "hold": ("HOLD", Tone.OPEN),
    "block": ("BLOCK", Tone.BAD),
}
KINDS = {
    "export": "Export",
    "reexport": "Reexport",
    "transfer_in_country": "Transfer in country",
    "use": "Use",
    "cloud_access": "Cloud access",
}
_PLACES = Decimal("0.0001")


def words(key: str | None) -> str:
    """Return a word of the vocabulary as it is spoken."""
    return (key or "").replace("_", " ")


def number(value: object, *, whole: bool = False) -> str:
    """Return a number with its thousands apart.

    A fraction is cut after four places and never rounded, so that it does not seem to
    reach a threshold; an ellipsis says that more follows.

    Args:
        value: a number, or a text or value of another kind, which is returned as it reads.
        whole: whether all places are wanted.
    """
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, int | Decimal):
        return str(value)
    exact = Decimal(value)
    cut = exact if whole else exact.quantize(_PLACES, ROUND_DOWN)
    text = f"{cut:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if cut == exact else f"{text}…"


def country(code: str | None) -> str:
    """Return a country by its name."""
    if code is None:
        return "not stated"
    return country_name(code) if is_country(code) else code


def count(amount: int, noun: str, plural: str = "") -> str:
    """Return an amount with its noun: "1 order", "3 orders"."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def law_line(record: Mapping[str, Any]) -> str:
    """Return under which law a record was made."""
    mode = words(record.get("mode"))
    return f"Law as of {record['as_of']}, as known on {record['known_on']}, {mode}"


def eccn(value: str | None, possible: list[str]) -> str:
    """Return an ECCN, or those that are possible."""
    return value or f"{' or '.join(possible)} (open)"
