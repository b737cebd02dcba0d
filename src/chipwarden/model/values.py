"""Values of facts, and the confidence of a source.

Numbers are exact: Decimal everywhere, no float. A value that is not known is
None and never 0, "" or False.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_05UP, Decimal, InvalidOperation, localcontext
from enum import StrEnum

Value = Decimal | str | bool | date
FactValues = Mapping[str, Value | None]

# Ratios are kept with nine places and rounded so that no comparison with a
# threshold of up to eight places can be turned by the rounding.
RATIO_QUANTUM = Decimal("0.000000001")
_DIGITS = 100


class Confidence(StrEnum):
    """How far a figure or a provision can be relied on, best first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    RECALLED = "recalled"
    UNVERIFIED = "unverified"

    @property
    def is_verified(self) -> bool:
        """Whether a decision may rest on it without saying so."""
        return self in (Confidence.HIGH, Confidence.MEDIUM)


def exact_ratio(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Return numerator / denominator with nine places, rounded by ROUND_05UP.

    Raises:
        ValueError: the denominator is zero or an operand is not finite.
    """
    if not numerator.is_finite() or not denominator.is_finite() or denominator == 0:
        raise ValueError(f"no ratio of {numerator} and {denominator}")
    with localcontext(prec=_DIGITS, rounding=ROUND_05UP):
        # The division rounds the same way, so that a long quotient cannot reach a threshold first.
        return (numerator / denominator).quantize(RATIO_QUANTUM, rounding=ROUND_05UP)


def decimal_of(text: str | int | Decimal) -> Decimal:
    """Return the exact decimal of a text or whole number.

    Raises:
        ValueError: it is not a number, or it is NaN or infinite.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal number") from None
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return number
