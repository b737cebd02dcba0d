"""The data that decisions look at, loaded once."""

from functools import cache
from pathlib import Path

from chipwarden.catalog.loader import load_catalog
from chipwarden.catalog.names import resolve
from chipwarden.decisions.decide import Data
from chipwarden.decisions.not_covered import load_not_covered
from chipwarden.decisions.vocabulary import load_vocabulary
from chipwarden.parties.lists import load_starter_set
from chipwarden.rules.loader import load_lawbook, load_packaged


@cache
def load_data(rules: Path | None = None) -> Data:
    """Return the packaged data, with a user's own folder of provisions where one is given.

    Raises:
        InvalidDocument: the problems of all files of the law.
    """
    return Data(
        lawbook=load_packaged() if rules is None else load_lawbook(rules),
        catalog=load_catalog(),
        starter_set=load_starter_set(),
        vocabulary=load_vocabulary(),
        not_covered=load_not_covered(),
    )


def knows_product(name: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether the catalog knows a product, and names near to it where it does not."""
    found = resolve(load_catalog(), name)
    return bool(found.variants), found.near
