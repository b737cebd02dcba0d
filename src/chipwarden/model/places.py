"""Countries by their ISO 3166-1 alpha-2 codes.

    >>> country_name("MY")
    'Malaysia'
    >>> country_code("malaysia")
    'MY'
"""

import tomllib
from collections.abc import Mapping
from types import MappingProxyType

from chipwarden.model.data_texts import data_texts, once_per_texts


@once_per_texts
def country_names() -> Mapping[str, str]:
    """Return the English name of every country by its code; it is read once."""
    text = data_texts().text("model/countries.toml")
    return MappingProxyType(dict(tomllib.loads(text)["countries"]))


def is_country(code: str) -> bool:
    """Return whether this is a code, in capitals, of ISO 3166-1 alpha-2."""
    return code in country_names()


def country_name(code: str) -> str:
    """Return the English name of a country.

    Raises:
        KeyError: there is no such code.
    """
    return country_names()[code]


def country_code(name: str) -> str | None:
    """Return the code for a country's English name, None where there is none.

    Capitals, spaces at the ends and the spelling of "and" make no difference.
    """
    return _codes_by_name().get(_plain(name))


@once_per_texts
def _codes_by_name() -> Mapping[str, str]:
    return {_plain(name): code for code, name in country_names().items()}


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("&", " and ").split())
