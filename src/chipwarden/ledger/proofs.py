"""Proofs of an RFC 6962 Merkle tree: does this belong to that root?

    verify_inclusion(5, 8, leaf_hash(entry), proof, root)         # entry 5 is in the tree of 8
    verify_consistency(6, 8, old_root, new_root, proof)           # the tree of 6 only grew

All functions climb the tree once, level by level, from a node they know to the root. A proof
that does not hold raises InvalidProof, whose `reason` is one of

    index-outside     the index is not below the size, or not in the subtree
    sizes             the sizes, or the bounds of the subtree, are in the wrong order
    not-a-subtree     no node of the tree covers exactly that range
    empty-tree        an empty tree is no evidence of anything
    hash-size         a hash is not 32 bytes long
    too-short         hashes are missing
    too-long          hashes are left over
    other-root        the proof leads to another root
    other-old-root    the proof leads to another root of the old tree, or of the subtree
    other-new-root    the proof leads to another root of the new tree
"""

from collections.abc import Sequence

from chipwarden.ledger.climb import check_end, check_widths, climb, too_short
from chipwarden.ledger.errors import InvalidProof
from chipwarden.ledger.hashing import EMPTY_ROOT


def root_from_inclusion_proof(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to.

    Args:
        index: of the entry, counted from 0, below `size`.
        size: number of entries of the tree, at least 1.
        leaf: leaf hash of the entry, 32 bytes.
        proof: hashes from the leaf's sibling up to the root's child.

    Raises:
        InvalidProof: it does not fit index and size.

    Source:
        RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise InvalidProof(
            f"The proof is about entry {index} of a log of {size} entries; expected an index "
            f"from 0 to the size less one.",
            "index-outside",
        )
    check_widths([leaf, *proof])
    return climb(index, index, size - 1, leaf, proof)[1]


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that an entry is in the tree; arguments as in `root_from_inclusion_proof`.

    Args:
        index: of the entry.
        size: number of entries of the tree.
        leaf: leaf hash of the entry.
        proof: the hashes.
        root: root of the tree, as a signed checkpoint says.

    Raises:
        InvalidProof: that is not shown.

    Source:
        RFC 9162, section 2.1.3.2.
    """
    found = root_from_inclusion_proof(index, size, leaf, proof)
    _same(found, root, f"the root of the log of {size} entries", "other-root")


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that a log only grew: the old tree's entries are the first of the new one.

    Between trees of one size the proof is empty and the roots are equal.

    Args:
        old_size: number of entries of the old tree, from 1 to `new_size`.
        new_size: number of entries of the new tree.
        old_root: root of the old tree.
        new_root: root of the new tree.
        proof: the hashes.

    Raises:
        InvalidProof: that is not shown. An old size of 0 is always refused: any log has grown
            from nothing, so that such a proof could be mistaken for one that says something.

    Source:
        RFC 9162, section 2.1.4.2.
    """
    _check_order(0, old_size, new_size)
    if old_size == 0:
        raise InvalidProof(
            "The proof starts from an empty log, which every log has grown from; expected an old "
            "size of at least 1. Ask for a proof from a checkpoint that you hold.",
            "empty-tree",
        )
    _verify_part(0, old_size, new_size, proof, old_root, new_root)


def verify_subtree_inclusion(
    index: int, start: int, end: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that an entry is in a subtree.

    Args:
        index: of the entry in the whole log, from `start` to `end` less one.
        start: index of the subtree's first entry.
        end: index after its last entry.
        leaf: leaf hash of the entry, 32 bytes.
        proof: hashes from the leaf's sibling up to a child of the subtree's root.
        root: root of the subtree.

    Raises:
        InvalidProof: that is not shown.

    Source:
        draft-ietf-plants-merkle-tree-certs, section 4.3.
    """
    _check_subtree(start, end)
    if not start <= index < end:
        raise InvalidProof(
            f"The proof is about entry {index}; expected one of the subtree from {start} to "
            f"before {end}.",
            "index-outside",
        )
    found = root_from_inclusion_proof(index - start, end - start, leaf, proof)
    _same(found, root, f"the root of the subtree from {start} to before {end}", "other-root")


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> None:
    """Check that a subtree holds the entries from `start` to before `end` of a tree.

    Args:
        start: index of the subtree's first entry.
        end: index after its last entry, at most `size`.
        size: number of entries of the tree.
        proof: the hashes; empty for an empty subtree.
        subtree_root: root of the subtree.
        root: root of the tree. Of an empty subtree nothing is said about it.

    Raises:
        InvalidProof: that is not shown.

    Source:
        draft-ietf-plants-merkle-tree-certs, section 4.4.
    """
    _check_order(start, end, size)
    _check_subtree(start, end)
    if start == end:
        check_widths(proof)
        check_end(proof)
        _same(subtree_root, EMPTY_ROOT, "the root of an empty subtree", "other-old-root")
        return
    _verify_part(start, end, size, proof, subtree_root, root)


def _verify_part(
    start: int, end: int, size: int, proof: Sequence[bytes], part_root: bytes, root: bytes
) -> None:
    """Check a part that is not empty against its tree; the bounds are known to be good."""
    if end - start == size:
        check_widths(proof)
        check_end(proof)
        _same(part_root, root, f"the root of the log of {size} entries", "other-new-root")
        return
    check_widths([part_root, root, *proof])
    first, last, rightmost = start, end - 1, size - 1
    # The largest node that ends where the part ends and lies within it.
    while first != last and (last & 1 or last == rightmost):
        first, last, rightmost = first >> 1, last >> 1, rightmost >> 1
    if first == last:
        node, rest = part_root, proof
    elif proof:
        node, rest = proof[0], proof[1:]
    else:
        raise too_short()
    found_part, found_root = climb(first, last, rightmost, node, rest)
    whose = f"entries {start} to before {end}"
    _same(found_part, part_root, f"the root over {whose}", "other-old-root")
    _same(found_root, root, f"the root of the log of {size} entries", "other-new-root")


def _check_order(start: int, end: int, size: int) -> None:
    if not 0 <= start <= end <= size:
        raise InvalidProof(
            f"The proof goes from {start} to {end} in a log of {size} entries; expected "
            "bounds in ascending order, none above the size.",
            "sizes",
        )


def _check_subtree(start: int, end: int) -> None:
    # A subtree of n entries starts at a multiple of the power of two that n is rounded up to.
    if not 0 <= start <= end or start % (1 << max(end - start - 1, 0).bit_length()):
        raise InvalidProof(
            f"No subtree goes from {start} to before {end}; expected a start that is a multiple "
            "of the power of two which the number of entries is rounded up to.",
            "not-a-subtree",
        )


def _same(found: bytes, expected: bytes, what: str, reason: str) -> None:
    if found != expected:
        raise InvalidProof(
            f"The proof leads to {found.hex()}; expected {what}, {expected.hex()}. "
            "Something that it stands on was changed.",
            reason,
        )
