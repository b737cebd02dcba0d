"""The tree of RFC 6962 straight from its recursive definitions: slow, and easy to check by eye."""

from collections.abc import Sequence
from hashlib import sha256


def split(n: int) -> int:
    """Return k, the largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries: Sequence[bytes]) -> bytes:
    """Return MTH(D[n]), section 2.1."""
    n = len(entries)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(n)
    return node(mth(entries[:k]), mth(entries[k:]))


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]), section 2.1.1."""
    n = len(entries)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """Return PROOF(m, D[n]), section 2.1.2."""
    return subtree_proof(0, m, entries)


def subtree_proof(
    start: int, end: int, entries: Sequence[bytes], is_known: bool = True
) -> list[bytes]:
    """Return SUBTREE_SUBPROOF of draft-ietf-plants-merkle-tree-certs, section 4.4.

    From start 0 it is SUBPROOF(m, D[n], b) of RFC 6962.
    """
    n = len(entries)
    if (start, end) == (0, n):
        return [] if is_known else [mth(entries)]
    k = split(n)
    if end <= k:
        return [*subtree_proof(start, end, entries[:k], is_known), mth(entries[k:])]
    if k <= start:
        return [*subtree_proof(start - k, end - k, entries[k:], is_known), mth(entries[:k])]
    assert start == 0, "not a subtree"
    return [*subtree_proof(0, end - k, entries[k:], False), mth(entries[:k])]


def path_length(m: int, n: int) -> int:
    """Return how many hashes PATH(m, D[n]) has."""
    if n == 1:
        return 0
    k = split(n)
    return 1 + (path_length(m, k) if m < k else path_length(m - k, n - k))


def subtree_proof_length(start: int, end: int, n: int, is_known: bool = True) -> int:
    """Return how many hashes `subtree_proof` has for n entries."""
    if (start, end) == (0, n):
        return 0 if is_known else 1
    k = split(n)
    if end <= k:
        return 1 + subtree_proof_length(start, end, k, is_known)
    if k <= start:
        return 1 + subtree_proof_length(start - k, end - k, n - k, is_known)
    return 1 + subtree_proof_length(0, end - k, n - k, False)


def roots(
    start: int, end: int, n: int, hashes: list[bytes], known: bytes | None
) -> tuple[bytes, bytes]:
    """Return the roots of subtree and tree that a proof of the right length leads to.

    It undoes `subtree_proof`, and so takes the hashes away from the end of the list.
    """
    if (start, end) == (0, n):
        one = known if known is not None else hashes.pop()
        return one, one
    k, last = split(n), hashes.pop()
    if end <= k:
        part, whole = roots(start, end, k, hashes, known)
        return part, node(whole, last)
    if k <= start:
        part, whole = roots(start - k, end - k, n - k, hashes, known)
        return part, node(last, whole)
    part, whole = roots(0, end - k, n - k, hashes, None)
    return node(last, part), node(last, whole)


def is_subtree(start: int, end: int) -> bool:
    """Whether the draft, section 4.1, calls [start, end) a subtree; it may be empty."""
    ceiling = 1
    while ceiling < end - start:
        ceiling *= 2
    return 0 <= start <= end and start % ceiling == 0
