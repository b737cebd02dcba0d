"""Reading numbers of an order: exact, finite, within the bounds of their types."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from chipwarden.decisions.reading_problems import LEAVE_OUT, Unreadable, described
from chipwarden.decisions.vocabulary import Limits

EXPECTED_NUMBERS = {
    "number": "a number, 0 or more",
    "positive": "a number above 0",
    "figure": "a number above 0",
    "figure_or_zero": "a number, 0 or more",
    "percent": "a percentage from 0 to 100",
    "count": "a whole number from 1 up",
    "small_count": "a whole number from 1 up",
}

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_NO_NUMBER = re.compile(r"[+-]?s?(?:nan|inf|infinity)", re.IGNORECASE)
_SEPARATED = re.compile(r"[+-]?[0-9]{1,3}(?:[,. '_][0-9]{3})+(?:[.,][0-9]+)?|[+-]?[0-9]+,[0-9]+")
_MANY_BITS = 200
_HUNDRED = Decimal(100)


def read_number(value: object, limits: Limits) -> Decimal:
    """Return a number of 0 or more."""
    return _at_least_zero(value, "number", limits)


def read_positive(value: object, limits: Limits) -> Decimal:
    """Return a number above 0."""
    return _above_zero(value, "positive", limits)


def read_figure(value: object, limits: Limits) -> Decimal:
    """Return a chip's figure, which is never 0."""
    return _below(_above_zero(value, "figure", limits), value, "figure", limits.figure_below)


def read_figure_or_zero(value: object, limits: Limits) -> Decimal:
    """Return a chip's figure that may be 0."""
    number = _at_least_zero(value, "figure_or_zero", limits)
    return _below(number, value, "figure_or_zero", limits.figure_below)


def read_percent(value: object, limits: Limits) -> Decimal:
    """Return a percentage."""
    number = _at_least_zero(value, "percent", limits)
    if number > _HUNDRED:
        raise Unreadable(described(value), EXPECTED_NUMBERS["percent"])
    return number


def read_count(value: object, limits: Limits) -> Decimal:
    """Return a whole number of units."""
    return Decimal(_whole(value, "count", limits, limits.count_below))


def read_small_count(value: object, limits: Limits) -> int:
    """Return a whole number of parts in a package or product."""
    return _whole(value, "small_count", limits, limits.small_count_below)


NUMBERS: Mapping[str, Callable[[object, Limits], Decimal | int]] = {
    "number": read_number,
    "positive": read_positive,
    "figure": read_figure,
    "figure_or_zero": read_figure_or_zero,
    "percent": read_percent,
    "count": read_count,
    "small_count": read_small_count,
}


def _whole(value: object, type_name: str, limits: Limits, below: int) -> int:
    number = _below(_above_zero(value, type_name, limits), value, type_name, below)
    if number != number.to_integral_value():
        raise Unreadable(described(value), EXPECTED_NUMBERS[type_name])
    return int(number)


def _below(number: Decimal, value: object, type_name: str, below: int) -> Decimal:
    if number >= below:
        found = f"{described(value)}, which is too large"
        raise Unreadable(found, f"{EXPECTED_NUMBERS[type_name]} and below {below:,}")
    return number


def _above_zero(value: object, type_name: str, limits: Limits) -> Decimal:
    number = _exact(value, type_name, limits)
    if number <= 0:
        remedy = LEAVE_OUT if number == 0 else ""
        raise Unreadable(described(value), EXPECTED_NUMBERS[type_name], remedy)
    return number


def _at_least_zero(value: object, type_name: str, limits: Limits) -> Decimal:
    number = _exact(value, type_name, limits)
    if number < 0:
        raise Unreadable(described(value), EXPECTED_NUMBERS[type_name])
    return number


def _exact(value: object, type_name: str, limits: Limits) -> Decimal:
    """Return an exact, finite number that fits into the columns of a bulk run."""
    expected = EXPECTED_NUMBERS[type_name]
    number = _parsed(value, expected, limits)
    if not number.is_finite():
        found = f"{described(value)}, which is not a finite number"
        raise Unreadable(found, expected, LEAVE_OUT)
    if number and number.adjusted() >= limits.number_digits:
        most = f"{expected}, with at most {limits.number_digits} digits before the point"
        raise Unreadable(f"{described(value)}, which is too large", most)
    if _places(number) > limits.places:
        most = f"{expected}, with at most {limits.places} decimal places"
        raise Unreadable(f"{described(value)}, which has too many digits", most, "Round it.")
    return number


def _parsed(value: object, expected: str, limits: Limits) -> Decimal:
    remedy = LEAVE_OUT
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        # A whole number of millions of digits takes minutes to convert.
        return Decimal(value if value.bit_length() <= _MANY_BITS else 2**_MANY_BITS)
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= limits.text and _NUMBER.fullmatch(text):
            return Decimal(text)
        if _NO_NUMBER.fullmatch(text):
            return Decimal("NaN")
        if _SEPARATED.fullmatch(text):
            remedy = "Write the digits without separators, with a point before the decimals."
        elif text.endswith("%") and _NUMBER.fullmatch(text[:-1].strip()):
            remedy = f'Write "{text[:-1].strip()}".'
    raise Unreadable(described(value), expected, remedy)


def _places(number: Decimal) -> int:
    """Return how many decimal places a finite number has, zeros at its end not counted."""
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0 or not number:
        return 0
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return max(0, -exponent - zeros)
