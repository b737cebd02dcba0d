"""Check a log of ours with tlog-scales, and write one with it: see tests/ledger.

Usage: python check_tlog_scales.py FOLDER

FOLDER holds `log` (what we publish), `keys` (public keys, one a line) and `proofs.json` (ours).
The results go to standard output as JSON, and a log that tlog-scales wrote to FOLDER/theirs.
"""

# mypy: ignore-errors
# What it checks with is not in our environment.

import json
import sys
from base64 import b64decode
from pathlib import Path

from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import PlainEd25519Signer, Vkey, VkeySet
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import (
    Checkpoint,
    ConsistencyProof,
    ConsistencyProofInvalid,
    InclusionProof,
    InclusionProofInvalid,
)
from tlog_scales.writer import TilesWriter

ORIGIN = "log.example/theirs"
SEED = bytes(range(32))
COUNTS = (1, 299, 700, 66_000)


def main(folder: Path) -> None:
    """Print what was verified; any error ends the process."""
    keys = [Vkey.from_string(line) for line in (folder / "keys").read_text().splitlines()]
    reader = TilesReader(LocalBackend(folder / "log"))
    checkpoint = reader.get_checkpoint()
    valid = VkeySet(*keys).verify(checkpoint.signatures, checkpoint)
    assert reader.calculate_root_hash() == checkpoint.root_hash, "the root is another"
    proofs = json.loads((folder / "proofs.json").read_text())
    refused = 0
    for index, encoded in proofs["inclusion"]:
        hashes, leaf = list(map(b64decode, encoded)), leaf_hash(reader.get_entry(index))
        assert reader.get_inclusion_proof(index, checkpoint.size).node_hashes == hashes
        InclusionProof(index, checkpoint.size, hashes).check(leaf, checkpoint.root_hash)
        refused += is_refused(index, checkpoint, hashes)
    for old, encoded in proofs["consistency"]:
        hashes, root = list(map(b64decode, encoded)), reader.mth(0, old)
        assert reader.get_consistency_proof(old, checkpoint.size).node_hashes == hashes
        proof = ConsistencyProof(old, checkpoint.size, hashes)
        proof.check(root, checkpoint.root_hash)
        try:
            proof.check(leaf_hash(b"another"), checkpoint.root_hash)
        except ConsistencyProofInvalid:
            refused += 1
    write(folder / "theirs")
    print(
        json.dumps(
            {
                "signed_by": sorted(key.name for key, _ in valid),
                "size": checkpoint.size,
                "inclusion": len(proofs["inclusion"]),
                "consistency": len(proofs["consistency"]),
                "refused": refused,
            }
        )
    )


def is_refused(index: int, checkpoint: Checkpoint, hashes: list[bytes]) -> bool:
    """Whether a proof does not hold for another entry."""
    try:
        proof = InclusionProof(index, checkpoint.size, hashes)
        proof.check(leaf_hash(b"another"), checkpoint.root_hash)
    except InclusionProofInvalid:
        return True
    return False


def write(folder: Path) -> None:
    """Write a log with tlog-scales, batch by batch."""
    writer, number = TilesWriter.create(folder, ORIGIN), 0
    for count in COUNTS:
        for _ in range(count):
            writer.add_leaf(f"entry {number}".encode())
            number += 1
        writer.commit([PlainEd25519Signer(ORIGIN, SEED)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
