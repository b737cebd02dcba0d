"""Which product a name means.

    resolve(catalog, "NVIDIA H200 SXM")   one variant
    resolve(catalog, "NVIDIA A100")       several: the name does not tell which
    resolve(catalog, "H300")              none, with near matches

Capital letters, spaces, hyphens, vendors' names and words such as "GPU" make no
difference. Nothing else is guessed: a near match is offered and never taken.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from chipwarden.catalog.chips import Catalog, Chip, System
from chipwarden.catalog.vocabulary import NameWords

_GIGABYTES = re.compile(r"(?<=\d)\s*(?:gib|gb|g)\b")
_BETWEEN = re.compile(r"[\W_]+")
_NEAR = 5
_NEAR_SCORE = 0.75
_LONGEST_NAME = 200
_SHORTEST_MENDED = 3
_SHORTEST_HELD = 4


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a name came to.

    Attributes:
        name: the name as asked.
        variants: every product that the name fits; several where it does not tell them apart.
        near: names that resemble it, best first, where it fits none.
    """

    name: str
    variants: tuple[Chip | System, ...]
    near: tuple[str, ...] = ()


def exactly(catalog: Catalog, name: str) -> tuple[Chip | System, ...]:
    """Return the products that a name fits exactly."""
    product = catalog.product(name.strip())
    if product is not None:
        return (product,)
    found = _keys(catalog).get(normal_form(name, catalog.vocabulary.name_words), ())
    return tuple(p for key in found if (p := catalog.product(key)) is not None)


def held_in(catalog: Catalog, name: str) -> tuple[Chip | System, ...]:
    """Return the products whose name a longer name holds: "NVIDIA H100 SXM5 rev2" an H100 SXM5."""
    found = exactly(catalog, name)
    if found:
        return found
    keys = _keys(catalog)
    form = normal_form(name, catalog.vocabulary.name_words)
    held = [key for key in keys if len(key) >= _SHORTEST_HELD and key in form]
    longest = max(map(len, held), default=0)
    ids = dict.fromkeys(i for key in held if len(key) == longest for i in keys[key])
    return tuple(product for i in ids if (product := catalog.product(i)) is not None)


def resolve(catalog: Catalog, name: str) -> Resolution:
    """Return the products that a name fits exactly, or names near to it.

    Args:
        catalog: where to look.
        name: an id, a name or an alias of a product.
    """
    found = exactly(catalog, name)
    return Resolution(name, found) if found else Resolution(name, (), _near(catalog, name))


def normal_form(name: str, words: NameWords) -> str:
    """Return a name without what makes no difference.

    A name of nothing but such words keeps them.
    """
    # "®" and "™" go before the fold, which would turn the latter into "tm".
    text = re.sub("[®™©]", " ", name[:_LONGEST_NAME])
    text = unicodedata.normalize("NFKC", text).casefold()
    for written, meant in words.spellings.items():
        text = text.replace(written, f" {meant} ")
    text = _GIGABYTES.sub("gb", text)
    kept = _dropping(words).sub(" ", text)
    return _BETWEEN.sub("", kept) or _BETWEEN.sub("", text)


@lru_cache(maxsize=8)
def _pattern(dropped: frozenset[str]) -> re.Pattern[str]:
    # Longest first, so that "iluvatar corex" goes before "iluvatar". Between
    # letters of the Latin script a word ends; Han names stand without spaces.
    alternatives = sorted(dropped, key=len, reverse=True)
    parts = [
        rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])" if word.isascii() else re.escape(word)
        for word in alternatives
    ]
    return re.compile("|".join(parts) if parts else r"(?!)")


def _dropping(words: NameWords) -> re.Pattern[str]:
    return _pattern(words.dropped)


@lru_cache(maxsize=4)
def _keys(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """Return ids by normal form, for every id, name and alias."""
    words = catalog.vocabulary.name_words
    keys: dict[str, dict[str, None]] = {}
    for product in _products(catalog):
        for written in (product.id, product.name, *product.aliases):
            keys.setdefault(normal_form(written, words), {})[product.id] = None
    return {key: tuple(ids) for key, ids in keys.items()}


def _products(catalog: Catalog) -> Iterator[Chip | System]:
    yield from catalog.chips.values()
    yield from catalog.systems.values()


def _mended(asked: str, choices: Mapping[str, object]) -> Iterator[str]:
    """Yield names that are met once a letter O is read as a zero or a first word is dropped."""
    zeros = re.sub(r"(?<=[\do])o|o(?=\d)", "0", asked)
    for text in (zeros, zeros.replace("o", "0")):
        for start in range(len(text)):
            if text[start:] in choices and len(text) - start >= _SHORTEST_MENDED:
                yield text[start:]
                break


def _near(catalog: Catalog, name: str) -> tuple[str, ...]:
    # Only when a name fits nothing: the import costs more than all look-ups.
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    words = catalog.vocabulary.name_words
    choices: dict[str, tuple[str, str]] = {}
    for product in _products(catalog):
        for written in (product.name, *product.aliases):
            choices.setdefault(normal_form(written, words), (product.id, written))
    asked = normal_form(name, words)
    hits = process.extract(
        asked,
        list(choices),
        # It favours names that begin alike, as names of one family do.
        scorer=JaroWinkler.normalized_similarity,
        limit=None,
        score_cutoff=_NEAR_SCORE,
    )
    names: dict[str, str] = {}
    for key in _mended(asked, choices):
        product_id, written = choices[key]
        names.setdefault(product_id, written)
    for key, _, _ in hits:
        product_id, written = choices[key]
        names.setdefault(product_id, written)
    return tuple(names.values())[:_NEAR]
