"""The starter set: listed parties that matter to AI chips, shipped with the package.

It can find a listed party and can never clear one: `StarterSet.complete` is
False, whatever the date.

    >>> load_starter_set().complete
    False
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.model.canonical import digest
from chipwarden.model.data_texts import data_texts, once_per_texts
from chipwarden.model.values import Confidence
from chipwarden.parties.names import NormalName, normal_name
from chipwarden.parties.schema import ListCode, ListDescription, ListedParty

STARTER_FILES = (
    "us-entity-list.toml",
    "us-meu.toml",
    "us-1260h.toml",
    "us-nscmic.toml",
    "us-sdn.toml",
)


@dataclass(frozen=True, slots=True)
class StarterSet:
    """Entries of several lists, none of the lists complete.

    Attributes:
        entries: all entries.
        digest: digest of the data that they were read from.
        snapshots: day of the copy of each list.
        complete: always False; nobody can be cleared against a starter set.
    """

    entries: tuple[ListedParty, ...]
    digest: str
    snapshots: Mapping[ListCode, date]
    complete: bool = False
    _index: Mapping[NormalName, tuple[tuple[ListedParty, str], ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of(
        cls, entries: Iterable[ListedParty], digest: str, snapshots: Mapping[ListCode, date]
    ) -> "StarterSet":
        """Return a set with the normal forms of all names computed once."""
        listed = tuple(entries)
        index: dict[NormalName, list[tuple[ListedParty, str]]] = {}
        for entry in listed:
            seen: set[NormalName] = set()
            for name in (entry.name, *entry.aliases):
                form = normal_name(name)
                if form and form not in seen:
                    seen.add(form)
                    index.setdefault(form, []).append((entry, name))
        frozen = {form: tuple(found) for form, found in index.items()}
        return cls(listed, digest, snapshots, False, frozen)

    def named(self, form: NormalName) -> tuple[tuple[ListedParty, str], ...]:
        """Return the entries with this normal form, each with its name as listed."""
        return self._index.get(form, ())


@once_per_texts
def load_starter_set() -> StarterSet:
    """Return the starter set of the data in use; it is read once."""
    documents = [_read(name) for name in STARTER_FILES]
    entries = [
        _entry(record, ListCode(document["list"]), document["snapshot"])
        for document in documents
        for record in document["parties"]
    ]
    snapshots = {ListCode(document["list"]): document["snapshot"] for document in documents}
    return StarterSet.of(entries, digest(_as_json(documents)), snapshots)


@once_per_texts
def load_list_descriptions() -> tuple[ListDescription, ...]:
    """Return the lists that an order can name, in the order of the vocabulary."""
    return tuple(
        ListDescription(
            code=ListCode(record["code"]),
            title=record["title"],
            effect=record["effect"],
            information_only=record["information_only"],
        )
        for record in _read("list-codes.toml")["lists"]
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(data_texts().text(f"parties/{name}"), parse_float=Decimal)


def _entry(record: Mapping[str, Any], list_code: ListCode, snapshot: date) -> ListedParty:
    fields = dict(record)
    for name in ("aliases", "citations", "also_in", "footnotes", "programmes"):
        fields[name] = tuple(fields.get(name, ()))
    for name in ("confidence", "review_policy_confidence"):
        if name in fields:
            fields[name] = Confidence(fields[name])
    return ListedParty(list_code=list_code, snapshot=snapshot, **fields)


def _as_json(value: Any) -> Any:
    """Return TOML data as JSON data: dates as ISO text, decimals as text."""
    if isinstance(value, Mapping):
        return {name: _as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
