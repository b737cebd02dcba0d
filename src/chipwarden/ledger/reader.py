"""Reads a log from its published files: entries, roots and proofs.

    log = LogReader(storage, verifiers, "example.com/log")
    signed = log.checkpoint()
    proof = log.inclusion_proof(41, signed.checkpoint.size)

Hashes are taken from tiles as they are; a proof that is made from them is checked against
the signed root before it is given away.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final

from chipwarden.ledger.checkpoints import SignedCheckpoint, open_checkpoint
from chipwarden.ledger.errors import DamagedLog, InvalidProof, LedgerError
from chipwarden.ledger.hashing import EMPTY_ROOT, leaf_hash, node_hash
from chipwarden.ledger.notes import NoteVerifier
from chipwarden.ledger.proofs import verify_consistency, verify_inclusion
from chipwarden.ledger.sequencer import subtree_root
from chipwarden.ledger.storage import CHECKPOINT, ReadStorage
from chipwarden.ledger.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    bundle_entries,
    entries_path,
    tile_hashes,
    tile_path,
)

# A proof in a log of ten million entries needs three tiles; neighbours share them.
_TILES_KEPT: Final = 64


class NoSuchEntry(LedgerError):
    """The log has no entry of this index."""

    def __init__(self, index: int, size: int) -> None:
        self.index, self.size = index, size
        has = f"entries 0 to {size - 1:,}" if size else "no entries"
        super().__init__(f"entry {index:,}: the log has {has}")


class NoSubtree(LedgerError):
    """A range of entries is not one subtree of any tree."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        super().__init__(
            f"entries {start:,} to before {end:,}: found no subtree; expected a first entry that "
            "is a multiple of the least power of two that holds the range"
        )


class LogReader:
    """Reads one log; roots and proofs of trees below the newest checkpoint that it opened.

    Args:
        storage: where its files are.
        verifiers: the log's own keys; a checkpoint that none of them signed is refused.
        origin: the log's name.
    """

    def __init__(
        self, storage: ReadStorage, verifiers: Sequence[NoteVerifier], origin: str
    ) -> None:
        self._storage = storage
        self._verifiers = tuple(verifiers)
        self._origin = origin
        self._tiles: OrderedDict[str, list[bytes]] = OrderedDict()
        # Only trees that were signed have partial tiles; smaller ones are read from these.
        self._published = 0

    def checkpoint(self) -> SignedCheckpoint | None:
        """Return the newest checkpoint, None where the log has no entry yet.

        Raises:
            InvalidNote: it is malformed, or of another log.
            InvalidSignature: no key of the log signed it.
        """
        content = self._storage.read(CHECKPOINT)
        if content is None:
            return None
        signed = open_checkpoint(content, self._verifiers, self._origin)
        self._published = max(self._published, signed.checkpoint.size)
        return signed

    def entry(self, index: int, size: int) -> bytes:
        """Return an entry of the tree of this size, its hash compared with the tile.

        Raises:
            NoSuchEntry: the tree does not reach so far.
            DamagedLog: it is missing, or is not what the tile says.
        """
        if not 0 <= index < size:
            raise NoSuchEntry(index, size)
        path, entries = self._bundle(index // TILE_WIDTH, size)
        entry = entries[index % TILE_WIDTH]
        if leaf_hash(entry) != self._node(0, index, size):
            raise DamagedLog(path, f"another entry {index}", "the one that the tile names")
        return entry

    def entries(self, start: int, end: int, size: int) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of entries from `start` to before `end`, hashes compared.

        Raises:
            NoSuchEntry: the tree does not reach so far.
            DamagedLog: one is missing, or is not what the tile says.
        """
        if not 0 <= start <= end <= size:
            raise NoSuchEntry(end - 1, size)
        for bundle in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            path, found = self._bundle(bundle, size)
            first = bundle * TILE_WIDTH
            for index in range(max(start, first), min(end, first + len(found))):
                entry = found[index - first]
                if leaf_hash(entry) != self._node(0, index, size):
                    raise DamagedLog(path, f"another entry {index}", "the one that the tile names")
                yield index, entry

    def root(self, size: int) -> bytes:
        """Return the root of the tree of this size, computed from the tiles."""
        return self._range(0, size, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the proof that an entry is in the tree of this size, from the leaf upwards.

        Raises:
            NoSuchEntry: the tree does not reach so far.
            DamagedLog: a tile that it needs is missing.

        Source:
            RFC 6962, section 2.1.1.
        """
        return self.subtree_inclusion_proof(index, 0, size, size)

    def subtree_inclusion_proof(
        self, index: int, start: int, end: int, size: int
    ) -> list[bytes]:
        """Return the proof that an entry is in a subtree, from the leaf upwards.

        Args:
            index: of the entry, from `start` to before `end`.
            start: first entry of the subtree.
            end: first entry after it.
            size: of the tree that both are in.

        Raises:
            NoSuchEntry: the tree does not reach so far, or the entry is not in the subtree.
            NoSubtree: no tree has such a subtree.
            DamagedLog: a tile that it needs is missing.

        Source:
            draft-ietf-plants-merkle-tree-certs, section 4.3.
        """
        if not 0 <= start <= index < end <= size:
            raise NoSuchEntry(index, size)
        _check_subtree(start, end)
        proof: list[bytes] = []
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._range(middle, end, size))
                end = middle
            else:
                proof.append(self._range(start, middle, size))
                start = middle
        proof.reverse()
        return proof

    def checked_inclusion_proof(self, index: int, signed: SignedCheckpoint) -> list[bytes]:
        """Return the proof that an entry is in a signed tree, after it was verified.

        Raises:
            NoSuchEntry: the tree does not reach so far.
            DamagedLog: the tiles do not lead to the signed root.
        """
        size, root = signed.checkpoint.size, signed.checkpoint.root
        proof = self.inclusion_proof(index, size)
        try:
            verify_inclusion(index, size, self._node(0, index, size), proof, root)
        except InvalidProof as error:
            raise _not_the_root(index, error) from error
        return proof

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of the new size extends the one of the old size.

        Args:
            old: 0 gives an empty proof, which proves nothing.
            new: at least `old`.

        Source:
            RFC 6962, section 2.1.2.
        """
        if not 0 <= old <= new:
            raise NoSuchEntry(old, new)
        return self.subtree_consistency_proof(0, old, new) if old else []

    def subtree_consistency_proof(self, start: int, end: int, size: int) -> list[bytes]:
        """Return the proof that a tree has a subtree; from entry 0 it is a consistency proof.

        Args:
            start: first entry of the subtree.
            end: first entry after it.
            size: of the tree.

        Raises:
            NoSuchEntry: the tree does not reach so far.
            NoSubtree: no tree has such a subtree.
            DamagedLog: a tile that it needs is missing.

        Source:
            draft-ietf-plants-merkle-tree-certs, section 4.4; RFC 6962, section 2.1.2.
        """
        if not 0 <= start < end <= size:
            raise NoSuchEntry(end - 1, size)
        _check_subtree(start, end)
        proof: list[bytes] = []
        left, right, is_whole = 0, size, True
        while (start, end) != (left, right):
            middle = left + _split(right - left)
            if end <= middle:
                proof.append(self._range(middle, right, size))
                right = middle
                continue
            proof.append(self._range(left, middle, size))
            if start < middle:
                # It goes on beyond the middle, so its left part is this whole subtree.
                start, is_whole = middle, False
            left = middle
        if not is_whole:
            proof.append(self._range(left, right, size))
        proof.reverse()
        return proof

    def checked_consistency_proof(
        self, old: int, old_root: bytes, signed: SignedCheckpoint
    ) -> list[bytes]:
        """Return the proof that a signed tree extends an older one, after it was verified.

        Raises:
            DamagedLog: it does not extend it.
        """
        size, root = signed.checkpoint.size, signed.checkpoint.root
        proof = self.consistency_proof(old, size)
        if old:
            try:
                verify_consistency(old, size, old_root, root, proof)
            except InvalidProof as error:
                raise DamagedLog(
                    CHECKPOINT,
                    f"a tree of {size} entries that does not extend the one of {old} "
                    f"({error.reason})",
                    "a log that only grows",
                ) from error
        return proof

    # ------------------------------------------------------------ hashes

    def _range(self, start: int, end: int, size: int) -> bytes:
        """Return the root over entries `start` to before `end`, which the tree has as a node."""
        width = end - start
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._node(level, start >> level, size)
        middle = start + _split(width)
        return node_hash(self._range(start, middle, size), self._range(middle, end, size))

    def _node(self, level: int, index: int, size: int) -> bytes:
        """Return the root of the whole subtree of 2**level entries with this number."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        tile, at = divmod(first, TILE_WIDTH)
        hashes = self._tile(tile_level, tile, size)
        found = hashes[at : at + (1 << height)]
        if len(found) < 1 << height:
            raise DamagedLog(tile_path(tile_level, tile), f"{len(hashes)} hashes", "a wider tile")
        return subtree_root(found)

    def _tile(self, level: int, index: int, size: int) -> list[bytes]:
        size = max(size, self._published)
        width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
        path = tile_path(level, index, width)
        hashes = self._tiles.get(path)
        if hashes is None:
            content = self._file(path, tile_path(level, index))
            hashes = tile_hashes(content[: width * 32], width, path)
            self._tiles[path] = hashes
            if len(self._tiles) > _TILES_KEPT:
                self._tiles.popitem(last=False)
        else:
            self._tiles.move_to_end(path)
        return hashes

    def _bundle(self, index: int, size: int) -> tuple[str, list[bytes]]:
        size = max(size, self._published)
        width = min(TILE_WIDTH, size - index * TILE_WIDTH)
        path = entries_path(index, width)
        entries = bundle_entries(self._file(path, entries_path(index)), path)
        if len(entries) < width:
            raise DamagedLog(path, f"{len(entries)} entries", f"{width} entries")
        return path, entries[:width]

    def _file(self, path: str, full: str) -> bytes:
        """Return a partial file, or the full one, which holds it too and may have replaced it."""
        content = self._storage.read(path)
        if content is None and path != full:
            content = self._storage.read(full)
        if content is None:
            raise DamagedLog(path, "no such file", "the tile of the signed tree")
        return content


def _split(width: int) -> int:
    """Return the largest power of two below a width of at least two."""
    return 1 << (width - 1).bit_length() - 1


def _check_subtree(start: int, end: int) -> None:
    if start % (1 << (end - start - 1).bit_length()):
        raise NoSubtree(start, end)


def _not_the_root(index: int, error: InvalidProof) -> DamagedLog:
    return DamagedLog(
        f"tiles on the way from entry {index} to the root",
        f"hashes that lead to another root ({error.reason})",
        "the root of the signed checkpoint; `ledger fsck` tells which file",
    )
