"""Derives each level of a tree from the one below, and compares it with its tiles.

    TilesCheck(storage, find).check(checkpoint)

Where two files do not agree, the level above them tells which one was changed.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product, zip_longest
from typing import Protocol

from chipwarden.ledger.checkpoints import Checkpoint
from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.hashing import EMPTY_ROOT, leaf_hash
from chipwarden.ledger.sequencer import subtree_root
from chipwarden.ledger.storage import CHECKPOINT, ReadStorage
from chipwarden.ledger.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    entries_path,
    readable_entries,
    tile_hashes,
    tile_path,
)


class Find(Protocol):
    """Takes a finding in."""

    def __call__(self, path: str, found: str, expected: str, index: int | None = None) -> None:
        """Take in what is wrong with a file, and with which entry."""
        ...


class TilesCheck:
    """Checks the tiles and bundles of one tree.

    Args:
        storage: where its files are.
        find: told what is wrong.
        advance: told how many entries are checked.
    """

    def __init__(
        self, storage: ReadStorage, find: Find, advance: Callable[[int], None] | None = None
    ) -> None:
        self._storage = storage
        self._find = find
        self._advance = advance

    def check(self, checkpoint: Checkpoint) -> None:
        """Check everything below a root."""
        size = checkpoint.size
        below: list[bytes] | None = None
        edges: list[tuple[list[bytes], list[bytes]]] = []
        level = 0
        while size:
            above = self._read_level(level + 1, size >> TILE_HEIGHT) if size >> TILE_HEIGHT else []
            below, derived, kept = self._level(level, size, below, above)
            edges.append((derived, kept))
            size >>= TILE_HEIGHT
            level += 1
        self._edges(checkpoint, edges)

    def _read_level(self, level: int, size: int) -> list[bytes | None]:
        """Return the hashes of a level as the tiles hold them, None where they do not."""
        hashes: list[bytes | None] = []
        for index in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - index * TILE_WIDTH)
            hashes += self._tile(level, index, width, say=False) or [None] * width
        return hashes

    def _level(
        self, level: int, size: int, below: list[bytes] | None, above: Sequence[bytes | None]
    ) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Compare the tiles of a level; return the hashes of the next, and the right edge twice."""
        roots: list[bytes] = []
        derived: list[bytes] = []
        kept: list[bytes] = []
        for index in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - index * TILE_WIDTH)
            kept = self._tile(level, index, width) or []
            first = index * TILE_WIDTH
            derived = (
                self._leaves(index, width, kept) if below is None else below[first : first + width]
            ) or kept
            if below is None and self._advance is not None:
                self._advance(first + width)
            if width == TILE_WIDTH:
                roots.append(self._full(level, index, derived, kept, above[index]))
                derived, kept = [], []
        return roots, derived, kept

    def _full(
        self, level: int, index: int, derived: list[bytes], kept: list[bytes], above: bytes | None
    ) -> bytes:
        """Compare a full tile; return its root as the level above should have it."""
        if not derived:
            return above or b""
        root = subtree_root(derived)
        if kept and kept != derived:
            if above == subtree_root(kept):
                self._changed_below(level, index, TILE_WIDTH, derived, kept)
                return above
            # Also where the level above agrees with neither: what it says is compared next.
            self._changed_tile(level, index, TILE_WIDTH, derived, kept)
        return root

    def _edges(self, checkpoint: Checkpoint, edges: list[tuple[list[bytes], list[bytes]]]) -> None:
        """Compare the partial tiles and the root."""
        # Those that lead to the root are right, on each level either the derived or the kept.
        right = next((each for each in product(*edges) if _root(each) == checkpoint.root), None)
        is_whole = True
        for level, (derived, kept) in enumerate(edges):
            index, width = divmod(checkpoint.size >> (TILE_HEIGHT * level), TILE_WIDTH)
            is_whole &= len(derived) == width
            if kept and derived != kept:
                if right is not None and right[level] == derived:
                    self._changed_tile(level, index, width, derived, kept)
                else:
                    self._changed_below(level, index, width, derived, kept)
            if right is not None:
                self._narrower(level, index, right[level])
        if is_whole and right is None:
            given = _root([derived for derived, _ in edges])
            self._find(
                CHECKPOINT,
                f"root {checkpoint.root.hex()}",
                f"{given.hex()}, as the {checkpoint.size} entries give it",
            )

    def _narrower(self, level: int, index: int, hashes: list[bytes]) -> None:
        """Compare the partial tiles of smaller trees, which are served beside the newest."""
        for width in range(1, len(hashes)):
            path = tile_path(level, index, width)
            if (content := self._storage.read(path)) is not None:
                kept = self._hashes(content, path, width) or []
                self._changed_tile(level, index, width, hashes, kept)
            path = entries_path(index, width)
            if level == 0 and (content := self._storage.read(path)) is not None:
                leaves = self._bundle(content, path, index, width, hashes[:width])
                self._changed_below(level, index, width, leaves, hashes)

    def _changed_tile(
        self, level: int, index: int, width: int, derived: list[bytes], kept: list[bytes]
    ) -> None:
        for at in _differing(derived, kept):
            self._find(
                tile_path(level, index, width),
                f"hash {at} is {kept[at].hex()}",
                f"{derived[at].hex()}, as the entries and the levels above give it",
                index * TILE_WIDTH + at if level == 0 else None,
            )

    def _changed_below(
        self, level: int, index: int, width: int, derived: list[bytes], kept: list[bytes]
    ) -> None:
        for at in _differing(derived, kept):
            below = index * TILE_WIDTH + at
            path = entries_path(index, width) if level == 0 else tile_path(level - 1, below)
            self._find(
                path,
                f"entry {below} hashes to {derived[at].hex()}"
                if level == 0
                else f"its root is {derived[at].hex()}",
                f"{kept[at].hex()}, as {tile_path(level, index, width)} has it",
                below if level == 0 else None,
            )

    # ------------------------------------------------------------ one file

    def _leaves(self, index: int, width: int, kept: list[bytes]) -> list[bytes]:
        """Return the hashes of the entries of a bundle, [] where it is no such bundle."""
        path = entries_path(index, width)
        content = self._storage.read(path)
        if content is None and width < TILE_WIDTH:
            # The full one holds it too, and may have taken its place.
            path, width_there = entries_path(index), TILE_WIDTH
            content = self._storage.read(path)
        else:
            width_there = width
        if content is None:
            self._find(entries_path(index, width), "no such file", f"the bundle of {width} entries")
            return []
        return self._bundle(content, path, index, width_there, kept)[:width]

    def _bundle(
        self, content: bytes, path: str, index: int, width: int, kept: list[bytes]
    ) -> list[bytes]:
        entries, rest = readable_entries(content)
        leaves = [leaf_hash(entry) for entry in entries]
        if len(leaves) == width and not rest:
            return leaves
        # The first entry that is not what the tile names is the one whose length was changed.
        pairs = enumerate(zip_longest(leaves, kept[:width]))
        changed = next((at for at, (leaf, hash_) in pairs if leaf != hash_), None)
        more = f" and {rest} bytes that are none" if rest else ""
        self._find(
            path,
            f"{len(entries)} entries{more}",
            f"{width} entries",
            index * TILE_WIDTH + changed if kept and changed is not None else None,
        )
        return []

    def _tile(self, level: int, index: int, width: int, say: bool = True) -> list[bytes] | None:
        path = tile_path(level, index, width)
        content = self._storage.read(path)
        if content is not None:
            return self._hashes(content, path, width, say)
        content = self._storage.read(tile_path(level, index)) if width < TILE_WIDTH else None
        if content is not None:
            hashes = self._hashes(content, tile_path(level, index), TILE_WIDTH, say)
            return hashes[:width] if hashes else None
        if say:
            self._find(path, "no such file", f"the tile of {width} hashes")
        return None

    def _hashes(
        self, content: bytes, path: str, width: int, say: bool = True
    ) -> list[bytes] | None:
        try:
            return tile_hashes(content, width, path)
        except DamagedLog as error:
            if say:
                self._find(path, error.found, error.expected)
            return None


def _differing(left: list[bytes], right: list[bytes]) -> list[int]:
    pairs = enumerate(zip(left, right, strict=False))
    return [at for at, (one, other) in pairs if one != other]


def _root(edges: Iterable[list[bytes]]) -> bytes:
    """Return the root over the partial tiles, lowest level first."""
    edge: list[bytes] = []
    for hashes in edges:
        edge = [subtree_root(hashes + edge)] if hashes or edge else []
    return edge[0] if edge else EMPTY_ROOT
