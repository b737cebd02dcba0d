"""Every vector of transparency-dev/merkle, good and bad, each bad one for its own reason.

What a reason ought to be is told twice over: by the name of the vector's file, which says what
was done to a good proof, and from the numbers in it by the recursive definitions of RFC 6962.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.rfc6962 import is_subtree, path_length, roots, subtree_proof_length

from chipwarden.ledger.errors import InvalidProof
from chipwarden.ledger.proofs import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

FOLDER = (
    Path(__file__).parents[2].parent
    / "shared/data/tlog/transparency-dev-merkle/testdata"
)  # fmt: skip
EMPTY = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
ANY_INDEX = {"index-outside", "too-short", "too-long", "other-root"}
ANY_SIZE = {"sizes", "empty-tree", "too-short", "too-long", "other-old-root", "other-new-root"}
ANY_BOUND = ANY_SIZE - {"empty-tree"}
EITHER_ROOT = {"other-old-root", "other-new-root"}

# What was done to a good proof, and for which reason it must be refused: more than one where
# it depends on the numbers of the vector. An empty set: it still holds.
INCLUSION: dict[str, set[str]] = {
    "happy-path": set(),
    "matching-root-and-leaf": set(),
    "empty-leaf": {"hash-size"},
    "empty-root": {"other-root"},
    "empty-root-and-leaf": {"hash-size"},
    "inserted-component": {"too-long"},
    "leafIdx-XOR": ANY_INDEX,
    "leafIdx-plus": ANY_INDEX,
    "leafIdx-sub": ANY_INDEX,
    "modified-proof": {"other-root"},
    "preceding-garbage": {"hash-size"},
    "preceding-root": {"too-long"},
    "random-root": {"other-root"},
    "removed-component": {"too-short"},
    "trailing-garbage": {"hash-size"},
    "trailing-root": {"too-long"},
    "treeSize-div": ANY_INDEX,
    "treeSize-mul": {"too-short"},
    "wrong-leaf": {"hash-size"},
    "additional/empty-root": {"index-outside", "hash-size"},
    "additional/random-leaf": {"index-outside", "other-root"},
    "additional/empty-root-and-random-leaf": {"index-outside", "other-root"},
}
SUBTREE_INCLUSION = INCLUSION | {
    "leafIdx-XOR": ANY_INDEX | {"not-a-subtree"},
    "treeSize-div": ANY_INDEX | {"not-a-subtree"},
    "treeSize-mul": {"too-short", "not-a-subtree"},
    "additional/empty-root": {"index-outside", "hash-size", "not-a-subtree"},
    "additional/random-leaf": {"index-outside", "other-root", "not-a-subtree"},
    "additional/empty-root-and-random-leaf": {"index-outside", "other-root", "not-a-subtree"},
    "invalid-subtree": {"not-a-subtree"},
    "invalid-large-subtree": {"not-a-subtree"},
    "errors/everything-zero": {"index-outside"},
    "errors/oob-left": {"index-outside"},
    "errors/oob-right": {"index-outside"},
    "errors/oob-right-2": {"index-outside"},
    "errors/start-equals-end": {"index-outside"},
    "errors/start-larger-than-end": {"not-a-subtree"},
}
CONSISTENCY: dict[str, set[str]] = {
    "happy-path": set(),
    "empty-proof": {"too-short"},
    "modified-proof": EITHER_ROOT,
    "preceding-garbage": {"hash-size"},
    "preceding-proof": {"too-long"},
    "preceding-root1": {"too-long"},
    "preceding-root2": {"too-long"},
    "size1-XOR": ANY_SIZE,
    "size1-plus": ANY_SIZE,
    "size1-sub": ANY_SIZE,
    "size2-div": ANY_SIZE,
    "size2-mul": {"too-short"},
    "swapped-roots": EITHER_ROOT,
    "trailing-garbage": {"hash-size"},
    "trailing-root1": {"too-long"},
    "trailing-root2": {"too-long"},
    "truncated-proof": {"too-short"},
    "wrong-root1": {"hash-size"},
    "wrong-root2": {"hash-size"},
    "additional/consistency-check-on-empty-tree-size1-is-zero-is-useless": {"empty-tree"},
    "additional/roots-do-not-match-and-sizes-are-zero": {"empty-tree"},
    "additional/roots-do-not-not-match-and-sizes-are-one": {"other-new-root"},
    "additional/size1-is-greater-than-size2": {"sizes"},
    "additional/size1-is-greater-than-size2-again": {"sizes"},
    "additional/size1-is-zero-and-does-not-equal-size2": {"empty-tree"},
    "additional/size1-is-zero-and-size2-is-not-zero": {"empty-tree"},
    "additional/sizes-are-equal-one-and-proof-is-empty": set(),
    "additional/sizes-are-equal-one-but-roots-are-not": {"other-new-root"},
    "additional/sizes-are-equal-zero-and-proof-is-empty": {"empty-tree"},
    "additional/sizes-are-equal-zero-but-roots-are-not": {"empty-tree"},
    # Its roots are texts, not hashes.
    "additional/sizes-do-not-watch-and-proof-is-empty": {"hash-size"},
    "additional/sizes-match-but-proof-is-not-empty-and-sizes-are-one": {"too-long"},
    "additional/sizes-match-but-proof-is-not-empty-and-sizes-are-zero": {"empty-tree"},
}
EMPTY_SUBTREE = "additional/subtree-is-empty"
# Of a subtree without entries nothing is asked but that its root is that of nothing.
SUBTREE_CONSISTENCY = CONSISTENCY | {
    "size1-XOR": ANY_BOUND,
    "size1-plus": ANY_BOUND,
    "size1-sub": ANY_BOUND,
    "size2-div": ANY_BOUND,
    "invalid-subtree": {"not-a-subtree"},
    "additional/invalid-subtree-start-1-end-15-size-15": {"not-a-subtree"},
    "additional/invalid-subtree-start-1-end-3-size-8": {"not-a-subtree"},
    "additional/invalid-subtree-start-2-end-5-size-8": {"not-a-subtree"},
    "additional/invalid-subtree-start-2-end-6-size-8": {"not-a-subtree"},
    "additional/consistency-check-on-empty-tree-size1-is-zero-is-useless": {"too-long"},
    "additional/roots-do-not-match-and-sizes-are-one": {"other-new-root"},
    "additional/size1-is-zero-and-does-not-equal-size2": {"other-old-root"},
    "additional/sizes-are-equal-zero-and-proof-is-empty": {"other-old-root"},
    "additional/sizes-are-equal-zero-but-roots-are-not": {"other-old-root"},
    "additional/sizes-do-not-match-and-proof-is-empty": {"hash-size"},
    "additional/sizes-match-but-proof-is-not-empty-and-sizes-are-zero": {"too-long"},
    f"{EMPTY_SUBTREE}-roots-match-but-not-valid": {"other-old-root"},
    f"{EMPTY_SUBTREE}-roots-valid-but-proof-is-not-empty": {"too-long"},
    f"{EMPTY_SUBTREE}-sizes-are-equal-one-roots-match-but-not-valid": {"other-old-root"},
    f"{EMPTY_SUBTREE}-sizes-are-equal-one-roots-valid-but-proof-is-not-empty": {"too-long"},
    f"{EMPTY_SUBTREE}-sizes-are-equal-one-subtree-root-valid-proof-is-empty": set(),
    f"{EMPTY_SUBTREE}-sizes-are-equal-one-subtree-root-valid-tree-root-random-proof-is-empty":
        set(),
    f"{EMPTY_SUBTREE}-sizes-are-equal-zero-roots-match-but-not-valid": {"other-old-root"},
    f"{EMPTY_SUBTREE}-sizes-are-equal-zero-roots-valid-but-proof-is-not-empty": {"too-long"},
    f"{EMPTY_SUBTREE}-sizes-are-equal-zero-subtree-root-valid-proof-is-empty": set(),
    f"{EMPTY_SUBTREE}-sizes-are-equal-zero-subtree-root-valid-tree-root-random-proof-is-empty":
        set(),
    f"{EMPTY_SUBTREE}-subtree-root-valid-proof-is-empty": set(),
    f"{EMPTY_SUBTREE}-subtree-root-valid-tree-root-random-proof-is-empty": set(),
}  # fmt: skip
for absent in (
    "additional/roots-do-not-match-and-sizes-are-zero",
    "additional/size1-is-zero-and-size2-is-not-zero",
):
    del SUBTREE_CONSISTENCY[absent]
FAMILIES = {
    "inclusion": INCLUSION,
    "consistency": CONSISTENCY,
    "subtreeinclusion": SUBTREE_INCLUSION,
    "subtreeconsistency": SUBTREE_CONSISTENCY,
}
COUNTS = {
    "inclusion": (6, 92),
    "consistency": (6, 92),
    "subtreeinclusion": (12, 192),
    "subtreeconsistency": (12, 106),
}


def vectors(kind: str) -> list[Path]:
    if not FOLDER.is_dir():
        pytest.skip("the vectors of transparency-dev/merkle are not beside the repository")
    return sorted((FOLDER / kind).rglob("*.json"))


def family(path: Path, table: dict[str, set[str]]) -> str:
    """Return what was done to the proof: the file's name less the place, 0 to 4, and numbers."""
    name = path.stem if path.stem.startswith("invalid") else path.stem.removesuffix("-subtree")
    name = re.sub(r"([@\[]\d+\]?)?-bit-@\d$|-@\d$", "", name)
    folders = path.relative_to(FOLDER).parts[1:-1]
    longer = f"{folders[0]}/{name}"
    return longer if longer in table else name


def hashes(vector: dict[str, Any]) -> list[bytes]:
    """Return the proof; some vectors write null for an empty one."""
    return [b64decode(one) for one in vector["proof"] or []]


def verify(kind: str, vector: dict[str, Any]) -> None:
    numbers = {key: value for key, value in vector.items() if isinstance(value, int)}
    values = {key: b64decode(vector[key]) for key in vector if re.match("root|leafHash", key)}
    proof = hashes(vector)
    match kind:
        case "inclusion":
            verify_inclusion(
                numbers["leafIdx"], numbers["treeSize"], values["leafHash"], proof, values["root"]
            )
        case "consistency":
            verify_consistency(
                numbers["size1"], numbers["size2"], values["root1"], values["root2"], proof
            )
        case "subtreeinclusion":
            verify_subtree_inclusion(
                numbers["leafIdx"], numbers["start"], numbers["end"],
                values["leafHash"], proof, values["root"],
            )  # fmt: skip
        case _:
            verify_subtree_consistency(
                numbers["start"], numbers["end"], numbers["size"],
                proof, values["root1"], values["root2"],
            )  # fmt: skip


def reason_by_definition(kind: str, vector: dict[str, Any]) -> str:
    """Return why a vector must be refused, "" if it holds, without our code."""
    if kind.endswith("inclusion"):
        return inclusion_reason(kind, vector)
    return consistency_reason(kind, vector)


def inclusion_reason(kind: str, vector: dict[str, Any]) -> str:
    start, end = (vector["start"], vector["end"]) if "start" in vector else (0, vector["treeSize"])
    if kind.startswith("subtree") and not is_subtree(start, end):
        return "not-a-subtree"
    if not start <= vector["leafIdx"] < end:
        return "index-outside"
    proof, leaf = hashes(vector), b64decode(vector["leafHash"])
    if any(len(one) != 32 for one in [leaf, *proof]):
        return "hash-size"
    index, size = vector["leafIdx"] - start, end - start
    expected = path_length(index, size)
    if len(proof) != expected:
        return "too-short" if len(proof) < expected else "too-long"
    _, root = roots(index, index + 1, size, proof, leaf)
    return "" if root == b64decode(vector["root"]) else "other-root"


def consistency_reason(kind: str, vector: dict[str, Any]) -> str:
    if kind.startswith("subtree"):
        start, end, size = vector["start"], vector["end"], vector["size"]
    else:
        start, end, size = 0, vector["size1"], vector["size2"]
    old, new, proof = b64decode(vector["root1"]), b64decode(vector["root2"]), hashes(vector)
    if not start <= end <= size:
        return "sizes"
    if kind == "consistency" and end == 0:
        return "empty-tree"
    if not is_subtree(start, end):
        return "not-a-subtree"
    if start == end or end - start == size:
        if proof:
            return "too-long"
        if start == end:
            return "" if old == EMPTY else "other-old-root"
        return "" if old == new else "other-new-root"
    if any(len(one) != 32 for one in [old, new, *proof]):
        return "hash-size"
    expected = subtree_proof_length(start, end, size)
    if len(proof) != expected:
        return "too-short" if len(proof) < expected else "too-long"
    found_old, found_new = roots(start, end, size, proof, old)
    if found_old != old:
        return "other-old-root"
    return "" if found_new == new else "other-new-root"


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_vector_holds_or_is_refused_for_its_own_reason(kind: str) -> None:
    table, seen, held = FAMILIES[kind], set(), 0
    for path in vectors(kind):
        vector, name = json.loads(path.read_text("utf-8")), family(path, table)
        seen.add(name)
        try:
            verify(kind, vector)
            reason = ""
        except InvalidProof as wrong:
            reason = wrong.reason
        assert reason == reason_by_definition(kind, vector), path
        assert reason in (table[name] or {""}), path
        assert bool(reason) is vector["wantErr"], path
        held += not reason
    total = len(vectors(kind))
    assert (held, total - held) == COUNTS[kind]
    assert seen == set(table)


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_good_proof_is_refused_with_any_one_bit_changed(kind: str) -> None:
    proved: Callable[[dict[str, Any]], bool] = lambda vector: bool(hashes(vector))  # noqa: E731
    good = [json.loads(path.read_text("utf-8")) for path in vectors(kind) if "happy" in path.name]
    assert any(map(proved, good))
    for vector in filter(proved, good):
        for place in range(len(hashes(vector)) * 256):
            changed = hashes(vector)
            one = bytearray(changed[place // 256])
            one[place % 256 // 8] ^= 1 << place % 8
            changed[place // 256] = bytes(one)
            with pytest.raises(InvalidProof) as wrong:
                verify(kind, vector | {"proof": [encoded(one) for one in changed]})
            assert wrong.value.reason in {"other-root", *EITHER_ROOT}


def encoded(content: bytes) -> str:
    return b64encode(content).decode()
