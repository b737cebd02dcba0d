"""Where the law comes from: the texts of the data in use, and a user's own folder.

A user's own folder of provisions (`--rules DIR`) has the same form and is
merged: its clauses are cited like ours and never leave the workspace. It may
add, and never replaces what is packaged.
"""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from chipwarden.model.data_texts import OWN_RULES, DataTexts, data_texts, once_per_texts
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.reading import read_lawbook

# Data about the law, on which no decision rests.
_NOT_LAW = ("rules/coverage.toml",)


@once_per_texts
def load_packaged() -> Lawbook:
    """Return the law of the data in use, by default what ships with Chipwarden; read once."""
    return lawbook_of(data_texts())


def load_lawbook(extra: Path | None = None) -> Lawbook:
    """Return the law of the data in use, merged with a user's own folder of provisions.

    Args:
        extra: folder with TOML files in the form of ours.

    Raises:
        InvalidDocument: the problems of all files.
    """
    return lawbook_of(data_texts() if extra is None else with_own_rules(data_texts(), extra))


def lawbook_of(texts: DataTexts) -> Lawbook:
    """Return the law of these texts, a user's own provisions among them included.

    Raises:
        InvalidDocument: the problems of all files.
    """
    names = (*texts.names("rules"), *texts.names(OWN_RULES))
    names = tuple(name for name in names if name not in _NOT_LAW)
    files = {PurePosixPath(name): _parse(texts.text(name), texts.place(name)) for name in names}
    return read_lawbook(files)


def with_own_rules(texts: DataTexts, folder: Path) -> DataTexts:
    """Return the texts together with those of a user's own folder of provisions.

    Raises:
        InvalidDocument: the folder is not there, holds no TOML file, or one cannot be read.
    """
    own, places, problems = {}, {}, []
    for path in sorted(folder.rglob("*.toml")):
        name = f"{OWN_RULES}/{path.relative_to(folder).as_posix()}"
        places[name] = str(path)
        try:
            own[name] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            problems.append(Problem(str(path), f"byte {error.start} is not UTF-8", "UTF-8"))
        except OSError as error:
            problems.append(Problem(str(path), error.strerror or "no file", "a readable file"))
    if not places:
        found = "no file that ends in .toml" if folder.is_dir() else "no such folder"
        problems.append(Problem("the folder", found, "a folder of provisions in TOML files"))
    if problems:
        raise InvalidDocument(str(folder), problems)
    return DataTexts({**texts.files, **own}, places)


def _parse(text: str, place: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ArithmeticError) as error:
        found = str(error) or "something that cannot be read"
        raise InvalidDocument(place, [Problem("file", found, "valid TOML")]) from None
