"""A value worked out from figures, with the arithmetic as its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from chipwarden.model.reasons import Reason
from chipwarden.model.values import Confidence, exact_ratio

# Enough for the quotient of any two figures: at most 18 digits each, nine after the point.
_DIGITS = 60


@dataclass(frozen=True, slots=True)
class Derivation:
    """A value worked out from figures, and how.

    Attributes:
        value: the value by the preferred figures, None where it is unknown.
        reason: the arithmetic; its outcome is yes where the value is known.
        missing: names of the figures that would settle it.
        low: the lowest value that the figures on record allow; None where none is known.
        high: the highest value that they allow; None where there is no upper limit.
        confidence: the lowest confidence of the figures used, None where none was.
        by: what the value follows from, such as the precision that leads.
    """

    value: Decimal | None
    reason: Reason
    missing: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    confidence: Confidence | None = None
    by: str = ""

    @property
    def is_contested(self) -> bool:
        """Whether figures on record lead to different values."""
        return self.low != self.high


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Return the exact ratio with nine places; the denominator is not 0."""
    with localcontext() as context:
        context.prec = _DIGITS
        return exact_ratio(numerator, denominator)


def plain(number: Decimal) -> str:
    """Return a number without an exponent and without zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def lowest(confidences: Iterable[Confidence]) -> Confidence | None:
    """Return the lowest of the confidences, None of none."""
    order = list(Confidence)
    return max(confidences, key=order.index, default=None)


def span(low: Decimal | None, high: Decimal | None) -> str:
    """Return a range in words; a side that is None is open."""
    if low is None:
        return f"at most {plain(high)}" if high is not None else "any"
    return f"{plain(low)} to {plain(high)}" if high is not None else f"at least {plain(low)}"
