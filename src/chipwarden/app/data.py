"""The data that decisions look at, loaded once."""

from pathlib import Path

from chipwarden.catalog.loader import load_catalog
from chipwarden.catalog.names import resolve
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.not_covered import load_not_covered
from chipwarden.decisions.vocabulary import load_vocabulary
from chipwarden.model.data_texts import DataTexts, data_texts, once_per_texts
from chipwarden.parties.lists import load_starter_set
from chipwarden.rules.loader import lawbook_of, load_packaged, with_own_rules


def load_data(rules: Path | None = None) -> Data:
    """Return the data in use, with a user's own folder of provisions where one is given.

    Raises:
        InvalidDocument: the problems of all files of the law.
    """
    return _loaded(rules)[1]


def load_texts(rules: Path | None = None) -> DataTexts:
    """Return the texts from which `load_data` with the same folder reads.

    Raises:
        InvalidDocument: the problems of all files of the law.
    """
    return _loaded(rules)[0]


@once_per_texts
def _loaded(rules: Path | None) -> tuple[DataTexts, Data]:
    """Return texts and data together, for a folder can change between two readings."""
    texts = data_texts() if rules is None else with_own_rules(data_texts(), rules)
    data = Data(
        lawbook=load_packaged() if rules is None else lawbook_of(texts),
        catalog=load_catalog(),
        starter_set=load_starter_set(),
        vocabulary=load_vocabulary(),
        not_covered=load_not_covered(),
    )
    return texts, data


def knows_product(name: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether the catalog knows a product, and names near to it where it does not."""
    found = resolve(load_catalog(), name)
    return bool(found.variants), found.near
