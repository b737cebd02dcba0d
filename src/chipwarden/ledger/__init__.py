"""The transparency log: Merkle tree, tiles, checkpoints, witnesses, signed statements."""
