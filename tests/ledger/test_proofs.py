"""Proofs against the recursive definitions of RFC 6962, for all small trees and some large ones."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.rfc6962 import is_subtree, mth, path, proof, subtree_proof

from chipwarden.ledger.errors import InvalidProof
from chipwarden.ledger.hashing import EMPTY_ROOT, leaf_hash
from chipwarden.ledger.proofs import (
    root_from_inclusion_proof,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

CASES = max(int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "0")) // 200, 100)
LARGEST = 33
ENTRIES = [f"entry {index}".encode() for index in range(700)]
ROOTS = [mth(ENTRIES[:size]) for size in range(LARGEST + 1)]
OTHER = b"\x11" * 32


def test_every_entry_of_every_small_tree() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            hashes = path(index, ENTRIES[:size])
            leaf = leaf_hash(ENTRIES[index])
            assert root_from_inclusion_proof(index, size, leaf, hashes) == ROOTS[size]
            verify_inclusion(index, size, leaf, hashes, ROOTS[size])
            with pytest.raises(InvalidProof):
                verify_inclusion(index, size, leaf_hash(b"another"), hashes, ROOTS[size])


def test_every_pair_of_small_trees() -> None:
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            hashes = proof(old, ENTRIES[:new])
            verify_consistency(old, new, ROOTS[old], ROOTS[new], hashes)
            with pytest.raises(InvalidProof) as wrong:
                verify_consistency(old, new, OTHER, ROOTS[new], hashes)
            assert wrong.value.reason in ("other-old-root", "other-new-root")
            with pytest.raises(InvalidProof) as wrong:
                verify_consistency(old, new, ROOTS[old], OTHER, hashes)
            assert wrong.value.reason == "other-new-root"


def test_every_subtree_of_every_small_tree() -> None:
    bounds = [
        (start, end)
        for end in range(LARGEST + 1)
        for start in range(end)
        if is_subtree(start, end)
    ]  # fmt: skip
    for start, end in bounds:
        part = mth(ENTRIES[start:end])
        for index in range(start, end):
            hashes = path(index - start, ENTRIES[start:end])
            leaf = leaf_hash(ENTRIES[index])
            verify_subtree_inclusion(index, start, end, leaf, hashes, part)
        for size in range(end, LARGEST + 1):
            hashes = subtree_proof(start, end, ENTRIES[:size])
            verify_subtree_consistency(start, end, size, hashes, part, ROOTS[size])
            with pytest.raises(InvalidProof):
                verify_subtree_consistency(start, end, size, hashes, part, OTHER)
            with pytest.raises(InvalidProof):
                verify_subtree_consistency(start, end, size, hashes, OTHER, ROOTS[size])


def test_a_range_that_is_no_subtree_is_refused() -> None:
    for end in range(LARGEST + 1):
        for start in range(end):
            if not is_subtree(start, end):
                with pytest.raises(InvalidProof) as wrong:
                    verify_subtree_consistency(start, end, LARGEST, [], OTHER, OTHER)
                assert wrong.value.reason == "not-a-subtree"


@pytest.mark.parametrize("new_size", [0, 1, 5])
def test_nothing_follows_from_an_empty_log(new_size: int) -> None:
    root = mth(ENTRIES[:new_size])
    with pytest.raises(InvalidProof) as wrong:
        verify_consistency(0, new_size, EMPTY_ROOT, root, [])
    assert wrong.value.reason == "empty-tree"


@settings(max_examples=CASES)
@given(st.data())
def test_a_proof_of_a_larger_tree_holds_and_no_altered_one(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, len(ENTRIES)), "size")
    old = data.draw(st.integers(1, size - 1), "old size")
    root, old_root = mth(ENTRIES[:size]), mth(ENTRIES[:old])
    inclusion, leaf = path(old, ENTRIES[:size]), leaf_hash(ENTRIES[old])
    consistency = proof(old, ENTRIES[:size])
    verify_inclusion(old, size, leaf, inclusion, root)
    verify_consistency(old, size, old_root, root, consistency)

    for hashes in (inclusion, consistency):
        place = data.draw(st.integers(0, len(hashes) - 1), "place")
        match data.draw(st.sampled_from(["change", "drop", "repeat", "swap", "cut"]), "how"):
            case "change":
                hashes[place] = bytes(byte ^ 1 for byte in hashes[place])
            case "drop":
                del hashes[place]
            case "repeat":
                hashes.insert(place, hashes[place])
            case "swap":
                hashes[place] = OTHER
            case _:
                hashes[place] = hashes[place][:-1]
    with pytest.raises(InvalidProof):
        verify_inclusion(old, size, leaf, inclusion, root)
    with pytest.raises(InvalidProof):
        verify_consistency(old, size, old_root, root, consistency)


@given(st.data())
def test_nothing_but_invalid_proof_is_raised(data: st.DataObject) -> None:
    number = st.integers(-2, 2**64 + 2) | st.integers(0, 20)
    hashes = data.draw(st.lists(st.binary(min_size=32, max_size=32) | st.binary(max_size=40)))
    a, b, c = (data.draw(number) for _ in range(3))
    checks: list[Callable[[], None]] = [
        lambda: verify_inclusion(a, b, OTHER, hashes, OTHER),
        lambda: verify_consistency(a, b, OTHER, OTHER, hashes),
        lambda: verify_subtree_inclusion(a, b, c, OTHER, hashes, OTHER),
        lambda: verify_subtree_consistency(a, b, c, hashes, OTHER, OTHER),
    ]
    for check in checks:
        try:
            check()
        except InvalidProof as wrong:
            assert wrong.reason and str(wrong)
