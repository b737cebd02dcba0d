"""Logs that others wrote: Tessera's and Sunlight's samples read as they are."""

from tests.ledger.logs import shared

from chipwarden.ledger.checkpoints import read_checkpoint
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.notes import parse_note
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.sequencer import Sequencer
from chipwarden.ledger.tiles import tile_hashes


class Folder:
    """A log in a folder, for reading."""

    def __init__(self, name: str) -> None:
        self.path = shared(name)

    def read(self, path: str) -> bytes | None:
        found = self.path / path
        return found.read_bytes() if found.is_file() else None


def test_tessera_every_checkpoint_is_the_root_of_its_entries() -> None:
    log = Folder("tessera/log")
    reader = LogReader(log, [], "example.com/log/testdata")
    names = sorted(path.name for path in log.path.glob("checkpoint*"))
    assert len(names) == 17
    for name in names:
        signed = read_checkpoint(parse_note(log.read(name) or b"").text)
        size = signed.size
        assert reader.root(size) == signed.root
        found = [entry for _, entry in reader.entries(0, size, size)]
        edge = Sequencer()
        edge.add(found)
        assert (edge.size, edge.root()) == (size, signed.root)


def test_sunlight_every_leaf_hashes_to_its_tile() -> None:
    """The entries of static-ct-api stand in data tiles; only their framing is its own."""
    log = Folder("sunlight/ct-log/navigli2025h2")
    count = 0
    for name in ("000", "001", "002", "003", "003.p/10"):
        tile = log.read(f"tile/0/{name}")
        data = log.read(f"tile/data/{name}")
        assert tile is not None and data is not None
        hashes = tile_hashes(tile, 10 if ".p" in name else 256, name)
        leaves = list(_leaves(data))
        assert [leaf_hash(leaf) for leaf in leaves] == hashes
        count += len(leaves)
    assert count == 1034


def test_sunlight_our_sequencer_writes_its_tiles() -> None:
    log = Folder("sunlight/ct-log/navigli2025h2")
    edge = Sequencer()
    for name in ("000", "001", "002", "003"):
        files = {
            file.path: file.content
            for file in edge.add(_leaves(log.read(f"tile/data/{name}") or b""))
        }
        assert files[f"tile/0/{name}"] == log.read(f"tile/0/{name}")
    narrow = Sequencer()
    narrow.add(_leaves(log.read("tile/data/003.p/10") or b""))
    assert next(file.content for file in narrow.partials() if file.path == "tile/0/000.p/10") == (
        log.read("tile/0/003.p/10")
    )


def _leaves(data: bytes) -> "list[bytes]":
    """Return the MerkleTreeLeaf of each TileLeaf (c2sp.org/static-ct-api, log entries)."""
    leaves = []
    at = 0
    while at < len(data):
        start = at
        kind = int.from_bytes(data[at + 8 : at + 10], "big")
        at += 10
        if kind == 1:
            at += 32  # issuer key hash
        length = int.from_bytes(data[at : at + 3], "big")
        at += 3 + length
        extensions = int.from_bytes(data[at : at + 2], "big")
        at += 2 + extensions
        leaves.append(b"\x00\x00" + data[start:at])
        if kind == 1:
            at += 3 + int.from_bytes(data[at : at + 3], "big")  # pre-certificate
        at += 2 + int.from_bytes(data[at : at + 2], "big")  # chain of fingerprints
    return leaves
