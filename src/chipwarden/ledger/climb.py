"""The way from a node of an RFC 6962 tree up to its root, for a part of the tree and the whole.

    part, whole = climb(first, last, rightmost, node, siblings)

An entry, an older tree and a subtree are all parts; their proofs differ only in where they start.
"""

from collections.abc import Iterable, Iterator

from chipwarden.ledger.errors import InvalidProof
from chipwarden.ledger.hashing import HASH_SIZE, node_hash


def climb(
    first: int, last: int, rightmost: int, node: bytes, siblings: Iterable[bytes]
) -> tuple[bytes, bytes]:
    """Return the roots of a part and of its tree.

    Args:
        first: position of the part's first node at the level where the climb starts.
        last: position of its last node there, which is the node that is known.
        rightmost: position of the tree's last node there.
        node: hash of the node that is known.
        siblings: what it is hashed with on the way up.

    Raises:
        InvalidProof: there are too few siblings, or too many.
    """
    part = whole = node
    ahead = iter(siblings)
    while rightmost:
        if last & 1:
            left = _next(ahead)
            whole = node_hash(left, whole)
            # Once one node covers the part, what stands left of it belongs to others.
            if first < last:
                part = node_hash(left, part)
        elif last < rightmost:
            whole = node_hash(whole, _next(ahead))
        # Else the node has no sibling at this level and rises as it is.
        first, last, rightmost = first >> 1, last >> 1, rightmost >> 1
    check_end(ahead)
    return part, whole


def _next(ahead: Iterator[bytes]) -> bytes:
    sibling = next(ahead, None)
    if sibling is None:
        raise too_short()
    return sibling


def check_end(ahead: Iterable[bytes]) -> None:
    """Check that no hash is left over.

    Raises:
        InvalidProof: one is.
    """
    left_over = sum(1 for _ in ahead)
    if left_over:
        raise InvalidProof(
            f"The proof has {left_over} more hashes than these sizes ask for.", "too-long"
        )


def too_short() -> InvalidProof:
    """Return the error of a proof that ends too early."""
    return InvalidProof("The proof has fewer hashes than these sizes ask for.", "too-short")


def check_widths(hashes: Iterable[bytes]) -> None:
    """Check that hashes are 32 bytes long.

    Raises:
        InvalidProof: one is not.
    """
    for one in hashes:
        if len(one) != HASH_SIZE:
            raise InvalidProof(
                f"A hash of the proof has {len(one)} bytes; expected {HASH_SIZE}.", "hash-size"
            )
