"""Appends entries to a tree of pymerkle in memory: COUNT on the command line, JSON out.

The entries are those of `benchmarks.ledger.entry`.
"""

# mypy: ignore-errors
# The peer is not in our environment.

import json
import random
import sys
import time

from pymerkle import InmemoryTree


def main(count: int, length: int) -> None:
    """Print the rate, and the root as it is after all entries."""
    filler = random.Random(1).randbytes(length - 8)
    tree = InmemoryTree(algorithm="sha256")
    start = time.perf_counter()
    for index in range(count):
        tree.append_entry(filler + index.to_bytes(8, "big"))
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    root = tree.get_state().hex()
    root_s = time.perf_counter() - start
    start = time.perf_counter()
    proof = tree.prove_inclusion(count // 3)
    proof_s = time.perf_counter() - start
    print(
        json.dumps(
            {"per_s": count / seconds, "root": root, "root_s": root_s, "proof_s": proof_s,
             "proof_length": len(proof.path)}
        )
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
