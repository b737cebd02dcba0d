"""The words that orders and decisions use, read once from `data/vocabulary.toml`.

    >>> load_vocabulary().required_roles["use"]
    ('user',)
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from chipwarden.model.data_texts import data_texts, once_per_texts
from chipwarden.parties.lists import load_list_descriptions


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an order is read, so that no document can exhaust the reader.

    Attributes:
        text, prose: characters of one line, of several lines.
        list: entries of one list.
        owners_deep: how many owners one above the other.
        problems: how many problems of one document are told apart.
        earliest, latest: the days between which dates lie, inclusive.
        earliest_founding: the same for the founding of a party.
        count_below, small_count_below, figure_below: exclusive upper bounds.
        number_digits: digits before the point of any number.
        places: digits behind the point.
        order_bytes, file_bytes: size of one order and of one file.
        nesting: brackets one in the other.
        unpacked_bytes, sheet_cells: size of a workbook once unpacked.
    """

    text: int
    prose: int
    list: int
    owners_deep: int
    problems: int
    earliest: date
    latest: date
    earliest_founding: date
    count_below: int
    small_count_below: int
    figure_below: int
    number_digits: int
    places: int
    order_bytes: int
    file_bytes: int
    nesting: int
    unpacked_bytes: int
    sheet_cells: int


@dataclass(frozen=True, slots=True)
class OrderVocabulary:
    """All words of the order and decision formats.

    Attributes:
        order_schema, decision_schema: names of the formats.
        words: lists of words by the name of the list, such as `role` or `list_code`.
        fields: for each table of an order its fields with their types.
        required: for each table the fields that it must have.
        facts: each fact with its type.
        list_titles: title of each list code.
        covered_kinds: the kinds of transfer that are decided.
        kinds_within_one_country: kinds whose origin and destination are the same.
        kinds_without_catalog: kinds of item whose product need not be in the catalog.
        required_roles: for each covered kind the roles that it needs.
        purpose_facts: the fact to which a purpose says yes.
        country_words: spellings of countries (small letters) with the code that was meant.
        table_columns: the columns that a new table of orders starts with.
    """

    order_schema: str
    decision_schema: str
    words: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, Mapping[str, str]]
    required: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, str]
    list_titles: Mapping[str, str]
    covered_kinds: tuple[str, ...]
    kinds_within_one_country: tuple[str, ...]
    kinds_without_catalog: tuple[str, ...]
    required_roles: Mapping[str, tuple[str, ...]]
    purpose_facts: Mapping[str, str]
    country_words: Mapping[str, str]
    table_columns: tuple[str, ...]
    limits: Limits

    def tables_with(self, field: str) -> tuple[str, ...]:
        """Return the names of the tables that have a field of this name."""
        return tuple(name for name, fields in self.fields.items() if field in fields)


@once_per_texts
def load_vocabulary() -> OrderVocabulary:
    """Return the vocabulary; it is read once."""
    document = tomllib.loads(data_texts().text("decisions/vocabulary.toml"))
    titles = {str(one.code): one.title for one in load_list_descriptions()}
    numbered = {
        f"{name}_{number}": "flag"
        for name, count in document["numbered_flags"].items()
        for number in range(1, count + 1)
    }
    kinds = document["kinds"]
    return OrderVocabulary(
        order_schema=document["order_schema"],
        decision_schema=document["decision_schema"],
        words=_tuples({**document["words"], "list_code": tuple(titles)}),
        fields=MappingProxyType(
            {name: MappingProxyType(fields) for name, fields in document["fields"].items()}
        ),
        required=_tuples(document["required"]),
        facts=MappingProxyType({**document["facts"], **numbered}),
        list_titles=MappingProxyType(titles),
        covered_kinds=tuple(kinds["covered"]),
        kinds_within_one_country=tuple(kinds["within_one_country"]),
        kinds_without_catalog=tuple(kinds["without_catalog"]),
        required_roles=_tuples(document["required_roles"]),
        purpose_facts=MappingProxyType(document["purpose_facts"]),
        country_words=MappingProxyType(document["country_words"]),
        table_columns=tuple(document["table"]["columns"]),
        limits=Limits(**document["limits"]),
    )


def _tuples(lists: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({name: tuple(words) for name, words in lists.items()})
