"""Tiles and entry bundles: the files that a log publishes.

    tile_path(0, 1234067)        # "tile/0/x001/x234/067"
    tile_path(1, 0, width=17)    # "tile/1/000.p/17"
    entries_path(273, width=112) # "tile/entries/273.p/112"

Source:
    C2SP tlog-tiles v0.1.0. Pruning and other formats of entries are not built.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from chipwarden.ledger.errors import DamagedLog, LedgerError
from chipwarden.ledger.hashing import HASH_SIZE

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
LARGEST_ENTRY: Final = 0xFFFF

_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/"
    r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_LENGTH = struct.Struct(">H")


class EntryTooLong(LedgerError):
    """An entry does not fit into a bundle."""

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(
            f"entry: found {length:,} bytes; expected at most {LARGEST_ENTRY:,}. "
            "Log a digest of it, and keep the body beside the log."
        )


@dataclass(frozen=True, slots=True)
class TileName:
    """Which tile a path names; `level` is None for an entry bundle, `width` 256 for a full one."""

    level: int | None
    index: int
    width: int


def index_path(index: int) -> str:
    """Return a tile's number as path elements of three digits."""
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return text


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile of `width` hashes, 1 to 256."""
    return f"tile/{level}/{index_path(index)}{_suffix(width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a bundle of `width` entries, 1 to 256."""
    return f"tile/entries/{index_path(index)}{_suffix(width)}"


def _suffix(width: int) -> str:
    return f".p/{width}" if width < TILE_WIDTH else ""


def read_path(path: str) -> TileName | None:
    """Return which tile or bundle a path names, None where it names none."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    width = int(match["width"]) if match["width"] else TILE_WIDTH
    if match["width"] and width >= TILE_WIDTH:
        return None
    index = int(re.sub(r"[x/]", "", match["index"]))
    level = None if match["level"] == "entries" else int(match["level"])
    name = TileName(level, index, width)
    # One spelling only: no leading groups of zeros.
    given = path.partition(".p/")[0]
    whole = entries_path(index) if level is None else tile_path(level, index)
    return name if given == whole else None


def tile_widths(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (level, number of full tiles, width of the partial tile or 0) of a tree."""
    level = 0
    while size:
        yield level, size >> TILE_HEIGHT, size % TILE_WIDTH
        size >>= TILE_HEIGHT
        level += 1


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """Return entries as in a bundle, each with its length.

    Raises:
        EntryTooLong: one has more than 65,535 bytes.
    """
    parts: list[bytes] = []
    add, pack = parts.append, _LENGTH.pack
    for entry in entries:
        if len(entry) > LARGEST_ENTRY:
            raise EntryTooLong(len(entry))
        add(pack(len(entry)))
        add(entry)
    return b"".join(parts)


def bundle_entries(content: bytes, path: str) -> list[bytes]:
    """Return the entries of a bundle.

    Args:
        content: the file.
        path: what to call it in an error.

    Raises:
        DamagedLog: a length leads beyond the end.
    """
    entries: list[bytes] = []
    at, end = 0, len(content)
    while at < end:
        start = at + _LENGTH.size
        if start > end:
            raise DamagedLog(path, "one byte after the last entry", "a length of two bytes")
        at = start + _LENGTH.unpack_from(content, at)[0]
        if at > end:
            raise DamagedLog(
                path, f"{end - start} bytes for entry {len(entries)}", f"{at - start} bytes"
            )
        entries.append(content[start:at])
    return entries


def readable_entries(content: bytes) -> tuple[list[bytes], int]:
    """Return the entries of a bundle up to the first that is cut off, and how many bytes follow."""
    entries: list[bytes] = []
    at = 0
    while at + _LENGTH.size <= len(content):
        start = at + _LENGTH.size
        end = start + _LENGTH.unpack_from(content, at)[0]
        if end > len(content):
            break
        entries.append(content[start:end])
        at = end
    return entries, len(content) - at


def tile_hashes(content: bytes, width: int, path: str) -> list[bytes]:
    """Return the hashes of a tile.

    Raises:
        DamagedLog: it has another width.
    """
    if len(content) != width * HASH_SIZE:
        raise DamagedLog(path, f"{len(content)} bytes", f"{width * HASH_SIZE} bytes")
    return [content[at : at + HASH_SIZE] for at in range(0, len(content), HASH_SIZE)]
