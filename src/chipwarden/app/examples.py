"""The packaged example orders, rebuilt from published facts.

    for example in examples():
        check(example.order, example.path_text, load_data())
"""

import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

_FOLDER = "examples"
_ENDING = ".toml"


@dataclass(frozen=True, slots=True)
class Example:
    """One example order.

    Attributes:
        name: the file's name without its ending, such as "01-h200-us-to-china".
        path_text: where it stands in the package, for problems and for the reader.
        order: the parsed document.
        says: one sentence on what it shows, the first line of its comment.
        text: the file as written, with the facts that it rebuilds.
    """

    name: str
    path_text: str
    order: dict[str, Any] = field(hash=False)
    says: str
    text: str = field(repr=False)


@cache
def examples() -> tuple[Example, ...]:
    """Return all packaged examples in the order of their names; they are read once."""
    folder = files("chipwarden") / _FOLDER
    found = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(_ENDING)),
        key=lambda entry: entry.name,
    )
    return tuple(_example(entry.name, entry.read_text("utf-8")) for entry in found)


def example(name: str) -> Example:
    """Return the example of this name.

    Raises:
        KeyError: there is none.
    """
    for one in examples():
        if one.name == name:
            return one
    raise KeyError(name)


def _example(file_name: str, text: str) -> Example:
    return Example(
        name=file_name.removesuffix(_ENDING),
        path_text=f"chipwarden/{_FOLDER}/{file_name}",
        order=tomllib.loads(text, parse_float=Decimal),
        says=text.partition("\n")[0].lstrip("# ").rstrip(),
        text=text,
    )
