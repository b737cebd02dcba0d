"""The texts of the data files on which decisions rest.

They are the files that ship with the package, unless others are in use: an old
decision is replayed with the texts that it was made with. Every table is read
through this module, once for each set of texts.

    >>> "[countries]" in data_texts().text("model/countries.toml")
    True
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

PACKAGES = ("catalog", "decisions", "model", "parties", "rules")
# Where the texts of a user's own folder of provisions stand among the others.
OWN_RULES = "own-rules"

_ROOT = Path(__file__).resolve().parent.parent

P = ParamSpec("P")
T = TypeVar("T")


class DataTexts:
    """A set of data files.

    Attributes:
        files: text by name, such as "rules/us-ear/parameters.toml"; ascending by name.
        tables: what was read from them so far.
    """

    def __init__(
        self, files: Mapping[str, str], places: Mapping[str, str] | None = None
    ) -> None:
        self.files: Mapping[str, str] = dict(sorted(files.items()))
        self.tables: dict[Any, Any] = {}
        self._places = places or {}

    def text(self, name: str) -> str:
        """Return the text of a file.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        try:
            return self.files[name]
        except KeyError:
            raise FileNotFoundError(f"the data file {name} is not there") from None

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names of all files below a folder, ascending."""
        return tuple(name for name in self.files if name.startswith(f"{folder}/"))

    def place(self, name: str) -> str:
        """Return what to call a file in a report: a user's own by its path."""
        return self._places.get(name, name)


@cache
def packaged() -> DataTexts:
    """Return the texts that ship with the package; they are read once."""
    return DataTexts(
        {
            f"{package}/{path.relative_to(folder).as_posix()}": path.read_bytes().decode("utf-8")
            for package in PACKAGES
            for folder in (_ROOT / package / "data",)
            for path in folder.rglob("*.toml")
        }
    )


_in_use: ContextVar[DataTexts | None] = ContextVar("data texts in use", default=None)


def data_texts() -> DataTexts:
    """Return the texts in use."""
    return _in_use.get() or packaged()


@contextmanager
def in_use(texts: DataTexts) -> Iterator[None]:
    """Read all tables from these texts, in this thread, until the block ends."""
    before = _in_use.set(texts)
    try:
        yield
    finally:
        _in_use.reset(before)


def once_per_texts(load: Callable[P, T]) -> Callable[P, T]:
    """Return the loader so that it reads once for each set of texts in use."""

    @wraps(load)
    def loaded(*args: P.args, **kwargs: P.kwargs) -> T:
        tables = data_texts().tables
        key = (load, args, tuple(kwargs.items()))
        if key not in tables:
            tables[key] = load(*args, **kwargs)
        found: T = tables[key]
        return found

    return loaded
