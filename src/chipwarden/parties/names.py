"""The normal form of a name, so that spellings of one name are equal.

    >>> normal_name("The HUAWEI Technologies Co., Ltd.")
    'huawei technologies'
    >>> normal_name("Xi'an Cambricon")
    'xian cambricon'

The form is for exact comparison, not for likeness. It drops legal forms, so it
does not tell "Example Ltd." from "Example GmbH"; `full_name` keeps them.
Traditional and simplified Han characters are not folded into one another.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from chipwarden.model.data_texts import data_texts, once_per_texts

# Marks of other scripts carry meaning (Japanese が is not か); only these scripts lose theirs.
_SCRIPTS_WITHOUT_MARKS = ("LATIN", "CYRILLIC", "GREEK")
_APOSTROPHES = str.maketrans("", "", "'\u2018\u2019\u201b`\u00b4\u02b9\u02bc")
# "S.A." and "S. A." and "L.L.C"; not the letters of "R & D".
_INITIALS = re.compile(r"(?<!\w)[^\W\d_](?:\.\s?[^\W\d_](?!\w))+\.?")
# Letters by category, yet drawn as nothing.
_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0")


class NormalName(str):
    """A name in normal form; made by `normal_name` and `full_name` alone."""

    __slots__ = ()


# Compared as objects: rules are read once for each set of data, and are keys of caches.
@dataclass(frozen=True, slots=True, eq=False)
class NameRules:
    """Words and letters that the normal form folds or drops."""

    articles: frozenset[str]
    ends: frozenset[tuple[str, ...]]
    starts: frozenset[tuple[str, ...]]
    han_forms: tuple[str, ...]
    latin: Mapping[str, str]
    letters: Mapping[int, str]


@once_per_texts
def load_name_rules() -> NameRules:
    """Return the rules of `data/legal-forms.toml` and `data/look-alikes.toml`."""
    forms = tomllib.loads(data_texts().text("parties/legal-forms.toml"))
    alike = tomllib.loads(data_texts().text("parties/look-alikes.toml"))
    return NameRules(
        articles=frozenset(forms["articles"]),
        ends=frozenset(tuple(form.split()) for form in forms["ends"]),
        starts=frozenset(tuple(form.split()) for form in forms["starts"]),
        han_forms=tuple(sorted(forms["han_forms"], key=len, reverse=True)),
        latin=dict(alike["latin"]),
        letters={ord(letter): plain for letter, plain in alike["letters"].items()},
    )


def normal_name(text: str) -> NormalName:
    """Return the normal form of a name, without its legal form and leading article.

    A name that consists of nothing else keeps its fuller form ("Company Limited"); one
    without letters and digits is "".
    """
    return _normal_name(text, load_name_rules())


@lru_cache(maxsize=65536)
def _normal_name(text: str, rules: NameRules) -> NormalName:
    fuller = full_name(text)
    words = fuller.split()
    if len(words) > 1 and words[0] in rules.articles:
        words = words[1:]
    words = _without_legal_form(words, rules)
    if tuple(words) in rules.ends | rules.starts:
        return fuller
    return NormalName(" ".join(words))


def full_name(text: str) -> NormalName:
    """Return the normal form of a name with its legal form kept.

    In order: compatibility forms (NFKD); invisible characters dropped; Cyrillic and Greek
    look-alikes in Latin words; case; diacritics; initials joined, so that "S. A." is "sa";
    punctuation to spaces.
    """
    rules = load_name_rules()
    text = "".join(map(_visible, unicodedata.normalize("NFKD", text)))
    text = "".join(_in_latin_letters(word, rules.latin) for word in re.split(r"(\s+)", text))
    text = _without_marks(text.casefold()).translate(rules.letters)
    text = _INITIALS.sub(_joined, text.translate(_APOSTROPHES)).replace("&", " and ")
    text = "".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in text)
    return NormalName(" ".join(unicodedata.normalize("NFC", text).split()))


def _visible(sign: str) -> str:
    """Return the sign, a space for any white space, "" for what is not drawn."""
    if sign.isspace():
        return " "
    is_hidden = unicodedata.category(sign) in ("Cf", "Cc", "Cs", "Co", "Cn")
    # U+034F and U+FE00 to U+FE0F: marks that change nothing in a name.
    is_selector = sign == "\u034f" or "\ufe00" <= sign <= "\ufe0f"
    return "" if is_hidden or is_selector or sign in _BLANK_LETTERS else sign


def _in_latin_letters(word: str, latin: Mapping[str, str]) -> str:
    """Return the word with its look-alikes made Latin.

    A word with a Latin letter is folded where it can be. A word without one is folded only
    if it can be read as Latin throughout, in capitals and in small letters alike, so that
    case does not decide about a truly Cyrillic name.
    """
    if word.isascii():
        return word
    letters = [sign for sign in word if sign.isalpha()]
    if not any(unicodedata.name(sign, "").startswith("LATIN") for sign in letters):
        for sign in letters:
            small, capital = latin.get(sign.lower()), latin.get(sign.upper())
            if small is None or capital is None or small.upper() != capital:
                return word
    return "".join(latin.get(sign, sign) for sign in word)


def _without_marks(text: str) -> str:
    """Drop the diacritics of decomposed Latin, Cyrillic and Greek letters."""
    kept: list[str] = []
    base = ""
    for sign in text:
        if unicodedata.category(sign) == "Mn":
            if base and unicodedata.name(base, "").startswith(_SCRIPTS_WITHOUT_MARKS):
                continue
        else:
            base = sign
        kept.append(sign)
    return "".join(kept)


def _joined(initials: re.Match[str]) -> str:
    letters = "".join(filter(str.isalpha, initials.group()))
    return f"{letters} "


def _without_legal_form(words: list[str], rules: NameRules) -> list[str]:
    """Drop legal forms from both ends, again and again; at least one word stays."""
    longest = max(map(len, rules.ends | rules.starts))
    sizes = [size for size in range(longest, 0, -1) if size < len(words)]
    for size in sizes:
        if tuple(words[-size:]) in rules.ends:
            return _without_legal_form(words[:-size], rules)
    for size in sizes:
        if tuple(words[:size]) in rules.starts:
            return _without_legal_form(words[size:], rules)
    if not words:
        return words
    for form in rules.han_forms:
        if words[-1].endswith(form) and (len(words) > 1 or words[-1] != form):
            shorter = words[-1].removesuffix(form)
            return _without_legal_form(words[:-1] + [shorter] * bool(shorter), rules)
        if words[0].startswith(form) and (len(words) > 1 or words[0] != form):
            shorter = words[0].removeprefix(form)
            return _without_legal_form([shorter] * bool(shorter) + words[1:], rules)
    return words
