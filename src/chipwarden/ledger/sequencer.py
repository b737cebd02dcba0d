"""The right edge of the tree: takes entries in, gives the files out that hold them.

    edge = Sequencer()
    edge.add([b"first", b"second"])   # full tiles, none yet
    edge.partials()                   # tile/0/000.p/2 and tile/entries/000.p/2
    edge.root()

It keeps the partial tiles alone, at most 255 hashes a level and 255 entries, however long
the log is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.hashing import EMPTY_ROOT, LEAF_PREFIX, NODE_PREFIX
from chipwarden.ledger.tiles import (
    TILE_WIDTH,
    bundle_entries,
    encode_entries,
    entries_path,
    tile_hashes,
    tile_path,
    tile_widths,
)


@dataclass(frozen=True, slots=True)
class Published:
    """A file of the log.

    Attributes:
        path: where, such as "tile/0/000".
        content: its bytes.
        supersedes: the folder of partial files that are not needed once this one is durable.
    """

    path: str
    content: bytes
    supersedes: str | None = None


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash over roots of subtrees, all of one size but the last.

    Args:
        hashes: at least one; the last may stand for a smaller subtree than the others.

    Source:
        RFC 6962, section 2.1: a list is split at the largest power of two below its length,
        so that an odd last subtree moves up unhashed.
    """
    level = list(hashes)
    while len(level) > 1:
        above = [
            sha256(NODE_PREFIX + level[at] + level[at + 1]).digest()
            for at in range(0, len(level) - 1, 2)
        ]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


class Sequencer:
    """The partial tiles at the right edge of a log."""

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[list[bytes]] = []
        self._entries: list[bytes] = []

    @classmethod
    def at(cls, size: int, read: Callable[[str], bytes | None]) -> "Sequencer":
        """Return the right edge of a tree of this size, from its files.

        Args:
            size: number of entries.
            read: gives a file's bytes, None where there is none.

        Raises:
            DamagedLog: a file that it needs is missing or has another length.
        """
        edge = cls()
        edge.size = size
        for level, full, width in tile_widths(size):
            hashes: list[bytes] = []
            if width:
                content = _partial(tile_path(level, full, width), tile_path(level, full), read)
                hashes = tile_hashes(content[: width * 32], width, tile_path(level, full, width))
            edge._levels.append(hashes)
        if width := size % TILE_WIDTH:
            full = size // TILE_WIDTH
            path = entries_path(full, width)
            entries = bundle_entries(_partial(path, entries_path(full), read), path)
            if len(entries) < width:
                raise DamagedLog(path, f"{len(entries)} entries", f"{width} entries")
            edge._entries = entries[:width]
        return edge

    def add(self, entries: Iterable[bytes]) -> list[Published]:
        """Take entries in; return the tiles and bundles that they fill, in order.

        An entry has at most 65,535 bytes; a longer one makes the edge useless.
        """
        if not self._levels:
            self._levels.append([])
        filled: list[Published] = []
        bundle, leaves = self._entries, self._levels[0]
        for entry in entries:
            bundle.append(entry)
            leaves.append(sha256(LEAF_PREFIX + entry).digest())
            self.size += 1
            if len(leaves) == TILE_WIDTH:
                filled += self._filled()
                bundle, leaves = self._entries, self._levels[0]
        return filled

    def _filled(self) -> Iterator[Published]:
        """Yield the full bundle, and the full tile of every level that is full."""
        index = self.size // TILE_WIDTH - 1
        path = entries_path(index)
        yield Published(path, encode_entries(self._entries), f"{path}.p")
        self._entries = []
        level = 0
        while len(self._levels[level]) == TILE_WIDTH:
            hashes = self._levels[level]
            path = tile_path(level, index)
            yield Published(path, b"".join(hashes), f"{path}.p")
            self._levels[level] = []
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(subtree_root(hashes))
            index = index // TILE_WIDTH

    def partials(self, since: int = 0, sizes: Iterable[int] = ()) -> Iterator[Published]:
        """Yield the partial files of the tree as it is now, and those of earlier trees.

        Args:
            since: size of a tree that is published already; its files are left out, for one that
                is on the disk must not give way to one that is not yet.
            sizes: of the earlier trees; their files are left out where a full tile holds them.

        Source:
            C2SP tlog-tiles v0.1.0: the partial tiles of each checkpoint are to be served until
            the full tile is there.
        """
        wanted = {part for size in (*sizes, self.size) for part in tile_widths(size)}
        edge = {(level, full) for level, full, _ in tile_widths(self.size)}
        for level, full, width in sorted(wanted - set(tile_widths(since))):
            if not width or (level, full) not in edge:
                continue
            if level == 0:
                yield Published(entries_path(full, width), encode_entries(self._entries[:width]))
            yield Published(tile_path(level, full, width), b"".join(self._levels[level][:width]))

    def root(self) -> bytes:
        """Return the Merkle tree hash of all entries."""
        edge: list[bytes] = []
        for hashes in self._levels:
            # What stands to the right at the level below is the last, smaller subtree.
            edge = [subtree_root(hashes + edge)] if hashes or edge else []
        return edge[0] if edge else EMPTY_ROOT


def _partial(path: str, full: str, read: Callable[[str], bytes | None]) -> bytes:
    """Return a partial file; the full one holds it too, where that is there already."""
    content = read(path)
    if content is None:
        content = read(full)
    if content is None:
        raise DamagedLog(path, "no such file", "the partial tile of the tree")
    return content
