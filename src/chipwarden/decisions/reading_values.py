"""Reading one value of an order by the name of its type: text, words, countries, dates, flags."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from chipwarden.decisions.reading_numbers import EXPECTED_NUMBERS, NUMBERS
from chipwarden.decisions.reading_problems import LEAVE_OUT, Unreadable, described, nearest
from chipwarden.decisions.vocabulary import Limits, OrderVocabulary
from chipwarden.model.places import country_code, country_name, country_names, is_country

EXPECTED: Mapping[str, str] = {
    "text": "a text",
    "prose": "a text",
    "country": "a country code of two capital letters (ISO 3166-1 alpha-2)",
    "date": "a date such as 2026-03-02",
    "founding_date": "a date such as 1998-03-02",
    "flag": "true or false",
    "sha256": "64 hexadecimal digits",
    "facts": "a table of facts",
    **EXPECTED_NUMBERS,
}

# Also what turns the direction of writing, for a name must read as it is.
_CONTROL = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
)
_NOT_IN_PROSE = re.compile(f"[{_CONTROL}]")
_NOT_IN_TEXT = re.compile(rf"[{_CONTROL}\t\n\r]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHA256 = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_SHORTEST_NAME = 4  # of a country; what is shorter is a code


def read_value(value: object, type_name: str, vocabulary: OrderVocabulary) -> Any:
    """Return the value of a type that is neither a table nor a list.

    Raises:
        Unreadable: it is not of this type.
    """
    if type_name in vocabulary.words:
        return _word(value, type_name, vocabulary)
    if type_name == "country":
        return _country(value, vocabulary)
    read_number = NUMBERS.get(type_name)
    if read_number is not None:
        return read_number(value, vocabulary.limits)
    return _SIMPLE[type_name](value, vocabulary.limits)


def expected_of(type_name: str, vocabulary: OrderVocabulary) -> str:
    """Return what a value of a type looks like."""
    words = vocabulary.words.get(type_name)
    if words is None:
        return EXPECTED.get(type_name, "a table")
    return "one of: " + ", ".join(words) if len(words) > 1 else f'"{words[0]}"'


def _line(value: object, limits: Limits) -> str:
    return _text(value, limits.text, _NOT_IN_TEXT)


def _prose(value: object, limits: Limits) -> str:
    return _text(value, limits.prose, _NOT_IN_PROSE)


def _text(value: object, longest: int, refused: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        remedy = "Put it in quotes." if isinstance(value, int | Decimal | date) else ""
        raise Unreadable(described(value), "a text", remedy)
    control = refused.search(value)
    if control is not None:
        found = f"the control character U+{ord(control.group()):04X} in {described(value)}"
        raise Unreadable(found, "a text without control characters", "Remove it.")
    text = value.strip()
    if not text:
        raise Unreadable("an empty text", "a text", LEAVE_OUT)
    if len(text) > longest:
        found = f"a text too long: {len(text):,} characters"
        raise Unreadable(found, f"at most {longest:,} characters", "Shorten it.")
    return text


def _word(value: object, type_name: str, vocabulary: OrderVocabulary) -> str:
    words = vocabulary.words[type_name]
    if isinstance(value, str) and value in words:
        return value
    near = nearest(value, words) if isinstance(value, str) else None
    if near is None and type_name == "list_code" and isinstance(value, str):
        titles = {title: code for code, title in vocabulary.list_titles.items()}
        title = nearest(value, titles)
        near = titles[title] if title else None
    remedy = f'Write "{near}".' if near else ""
    raise Unreadable(described(value), expected_of(type_name, vocabulary), remedy)


def _country(value: object, vocabulary: OrderVocabulary) -> str:
    if isinstance(value, str) and is_country(value):
        return value
    remedy = ""
    if isinstance(value, str):
        text = value.strip()
        code = vocabulary.country_words.get(text.casefold()) or country_code(text)
        if code is None and is_country(text.upper()):
            code = text.upper()
        if code is not None:
            remedy = f'Write "{code}" for {country_name(code)}.'
        elif len(text) >= _SHORTEST_NAME:
            name = nearest(text, country_names().values())
            remedy = f'Did you mean "{country_code(name)}" ({name})?' if name else ""
        elif not text:
            remedy = LEAVE_OUT
    raise Unreadable(described(value), EXPECTED["country"], remedy)


def _day(value: object, limits: Limits) -> date:
    return _date(value, limits.earliest, limits.latest)


def _founding_day(value: object, limits: Limits) -> date:
    return _date(value, limits.earliest_founding, limits.latest)


def _date(value: object, earliest: date, latest: date) -> date:
    expected = EXPECTED["date"]
    if isinstance(value, datetime):
        raise Unreadable(described(value), expected, "Leave out the time of day.")
    day: object = value
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            raise Unreadable(described(value), expected, "There is no such day.") from None
    if not isinstance(day, date):
        raise Unreadable(described(value), expected, "Write year, month and day, as 2026-03-02.")
    if not earliest <= day <= latest:
        raise Unreadable(described(value), f"a date from {earliest} to {latest}")
    return day


def _flag(value: object, limits: Limits) -> bool:
    if isinstance(value, bool):
        return value
    remedy = LEAVE_OUT
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        remedy = f"Write {value.strip().casefold()} without quotes."
    raise Unreadable(described(value), EXPECTED["flag"], remedy)


def _sha256(value: object, limits: Limits) -> str:
    text = value.strip().casefold() if isinstance(value, str) else ""
    if not _SHA256.fullmatch(text):
        raise Unreadable(described(value), EXPECTED["sha256"])
    return text.removeprefix("sha256:")


_SIMPLE: Mapping[str, Callable[[object, Limits], Any]] = {
    "text": _line,
    "prose": _prose,
    "date": _day,
    "founding_date": _founding_day,
    "flag": _flag,
    "sha256": _sha256,
}
