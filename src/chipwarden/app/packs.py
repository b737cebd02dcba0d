"""Packs: the exact text of all data that a decision looked at, kept under its digest.

    pack = current_pack(None)
    keep(pack, workspace)                    # packs/<digest>.json, once
    check(order, source, load_data(), Terms(pack=pack.digest))

A pack is one JSON object, text by file name. A user's own provisions are in it, so that a
pack is as confidential as they are.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from chipwarden.app.data import load_data, load_texts
from chipwarden.decisions.inputs import Data
from chipwarden.model.canonical import canonical_bytes, digest
from chipwarden.model.data_texts import DataTexts, in_use
from chipwarden.model.errors import ChipwardenError
from chipwarden.store.whole_files import write_new

FOLDER = "packs"

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class DamagedPack(ChipwardenError):
    """A kept pack does not hold what its name says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path}: found content with another digest; expected the pack of that digest. "
            "Move the file away, and restore it from a copy."
        )


@dataclass(frozen=True, slots=True)
class Pack:
    """All data files that a decision looks at.

    Attributes:
        digest: "sha256:" and the hexadecimal digest of the canonical bytes.
        texts: the files, from which tables are read.
    """

    digest: str
    texts: DataTexts = field(repr=False, compare=False)

    @property
    def files(self) -> Mapping[str, str]:
        """The text of each file by name, such as "rules/us-ear/parameters.toml"."""
        return self.texts.files


def current_pack(rules: Path | None = None) -> Pack:
    """Return the pack of the data that `load_data` with the same folder reads.

    Args:
        rules: a user's own folder of provisions.

    Raises:
        InvalidDocument: the folder cannot be read.
    """
    return _pack_of(load_texts(rules))


@lru_cache(maxsize=8)
def _pack_of(texts: DataTexts) -> Pack:
    return Pack(digest(texts.files), texts)


def pack_path(name: str, workspace: Path) -> Path | None:
    """Return where the pack of this digest is kept, None where it is no digest."""
    match = _DIGEST.fullmatch(name)
    return workspace / FOLDER / f"{match[1]}.json" if match else None


def keep(pack: Pack, workspace: Path) -> Path:
    """Keep a pack in the workspace; one that is kept already stays as it is.

    Raises:
        DamagedPack: there is a file of its name with other content.
        OSError: it cannot be written.
    """
    path = pack_path(pack.digest, workspace)
    assert path is not None
    content = canonical_bytes(pack.files)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not path.exists():
            write_new(path, content)
            return path
    except FileExistsError:
        pass  # another process kept it in the meantime
    if path.read_bytes() != content:
        raise DamagedPack(path)
    return path


def kept_pack(name: str, workspace: Path) -> Pack | None:
    """Return the pack of this digest, None where the workspace has none.

    Raises:
        DamagedPack: the file does not hold what its name says.
        OSError: it cannot be read.
    """
    path = pack_path(name, workspace)
    if path is None or not path.is_file():
        return None
    try:
        files = json.loads(path.read_bytes())
        is_pack = isinstance(files, dict) and all(isinstance(t, str) for t in files.values())
        if not is_pack or digest(files) != name:
            raise DamagedPack(path)
    except (ValueError, RecursionError):
        raise DamagedPack(path) from None
    return Pack(name, DataTexts(files))


def data_of(pack: Pack) -> Data:
    """Return law, catalog, lists and words read from a pack.

    An order is decided with them inside `with in_use(pack.texts)`, for the forms of names, the
    countries and the words of orders are the pack's as well.

    Raises:
        InvalidDocument: the texts cannot be read.
    """
    with in_use(pack.texts):
        return load_data()
