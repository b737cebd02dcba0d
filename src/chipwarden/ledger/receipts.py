"""Receipts: the log's signature under the proof that it holds a statement.

    receipt = issue_receipt(index, size, proof, root, log_key, "https://log.example")
    transparent = attach_receipts(statement.content, [receipt])
    verify_receipt(receipts_of(transparent)[0], entry_of(transparent), log_key.public)

A statement with its receipts is called transparent; without them it is the entry of the log.

Source:
    RFC 9942, sections 4.3 and 5.2 (COSE receipts, RFC9162_SHA256); RFC 9943, section 7
    (transparent statements). Receipts of consistency are not built. Beyond them the log signs
    the tree's size: with the root alone, the entry 6 of 7 could be shown as the entry 3 of 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from chipwarden.ledger.cbor import Tagged, decode, encode
from chipwarden.ledger.cose import CLAIMS, KID, LARGEST, TAG, Sign1, read_sign1, sign1
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.hashing import HASH_SIZE, leaf_hash
from chipwarden.ledger.keys import PublicKey, SigningKey
from chipwarden.ledger.proofs import root_from_inclusion_proof
from chipwarden.ledger.statement_headers import ISSUER, SUBJECT

# Labels of headers.
RECEIPTS: Final = 394
STRUCTURE: Final = 395
PROOFS: Final = 396

RFC9162_SHA256: Final = 1
INCLUSION: Final = -1
# What a receipt is about, so that no other signature of the log's key passes for one.
RECEIPT_SUBJECT: Final = "chipwarden.receipt/1"
TREE_SIZE: Final = "chipwarden.tree-size"
_OTHER_STRUCTURES: Final = {2: "that of a CCF ledger"}
_MOST_RECEIPTS: Final = 16
_PARTS: Final = [bytes, dict, bytes, bytes]


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """What a receipt proved.

    Attributes:
        index: of the entry, counted from 0.
        size: number of entries of the tree.
        root: its root, 32 bytes; the log signed it.
        issuer: who the log says it is.
    """

    index: int
    size: int
    root: bytes
    issuer: str


def issue_receipt(
    index: int, size: int, proof: Sequence[bytes], root: bytes, key: SigningKey, issuer: str
) -> bytes:
    """Return a receipt.

    Args:
        index: of the entry, counted from 0.
        size: number of entries of the tree.
        proof: hashes from the leaf's sibling up to the root's child.
        root: root of the tree, 32 bytes.
        key: of the log.
        issuer: name of the log.
    """
    protected = {
        KID: key.kid,
        CLAIMS: {ISSUER: issuer, SUBJECT: RECEIPT_SUBJECT, TREE_SIZE: size},
        STRUCTURE: RFC9162_SHA256,
    }
    proofs = {INCLUSION: [encode((size, index, tuple(proof)))]}
    return sign1(root, protected, key, unprotected={PROOFS: proofs}, detached=True)


def verify_receipt(receipt: bytes, entry: bytes, key: PublicKey) -> ReceiptProof:
    """Check that the log holds an entry, and return where.

    Args:
        receipt: of the log.
        entry: the statement without its receipts, as `entry_of` returns it.
        key: that signs the log's receipts.

    Raises:
        InvalidStatement: it is no receipt, or one of another kind.
        InvalidProof: the proof in it does not fit its index and size.
        InvalidSignature: it is of another key, or for another entry, or was changed.
    """
    message = read_sign1(receipt)
    if receipt[0] != 0xC0 | TAG:
        raise InvalidStatement("receipt: found no tag; expected 18, as a receipt must have")
    claims = _claims(message)
    # Of our kind there is one encoding, so that nothing of a proof can be changed.
    for part in (receipt, message.protected_bytes):
        decode(part, "receipt", deterministic=True)
    named = message.protected.get(KID)
    if named != key.thumbprint:
        found = named.hex()[:16] + "…" if isinstance(named, bytes) else "none"
        raise InvalidSignature(
            f"receipt: found the key {found} named as the one that signed; expected "
            f"{key.thumbprint.hex()[:16]}…, which signs the log's receipts"
        )
    size, index, path = _inclusion_proof(message)
    if size != claims[TREE_SIZE]:
        raise InvalidStatement(
            f"receipt: found a proof for a tree of {size} entries; expected one of "
            f"{claims[TREE_SIZE]}, as the log signed"
        )
    root = root_from_inclusion_proof(index, size, leaf_hash(entry), path)
    # The root is not in the receipt: a signature that fits is one over this very entry.
    message.verify(key, payload=root, understood=(STRUCTURE,))
    return ReceiptProof(index, size, root, claims[ISSUER])


def _claims(message: Sign1) -> dict[Any, Any]:
    """Return the claims of a receipt of our kind."""
    structure = message.protected.get(STRUCTURE)
    if structure != RFC9162_SHA256 or type(structure) is not int:
        kind = _OTHER_STRUCTURES.get(structure, "") if type(structure) is int else ""
        raise InvalidStatement(
            f"receipt: found the data structure {structure!r:.40}{kind and f', {kind}'}; expected "
            f"{RFC9162_SHA256}, RFC9162_SHA256. It may be a good receipt of another kind of log"
        )
    claims = message.protected.get(CLAIMS)
    if (
        not isinstance(claims, dict)
        or not isinstance(claims.get(ISSUER), str)
        or claims.get(SUBJECT) != RECEIPT_SUBJECT
        or type(claims.get(TREE_SIZE)) is not int
    ):
        raise InvalidStatement(
            f"receipt: found the claims {claims!r:.120}; expected an issuer (1), the subject "
            f'"{RECEIPT_SUBJECT}" (2) and a {TREE_SIZE}'
        )
    return claims


def _inclusion_proof(message: Sign1) -> tuple[int, int, list[bytes]]:
    """Return size, index and path."""
    proofs = message.unprotected.get(PROOFS)
    if message.unprotected.keys() != {PROOFS} or not isinstance(proofs, dict):
        raise InvalidStatement("receipt: expected its proofs (396) alone in the unsigned header")
    inclusion = proofs.get(INCLUSION)
    if proofs.keys() != {INCLUSION} or not isinstance(inclusion, list) or len(inclusion) != 1:
        raise InvalidStatement("receipt: expected one inclusion proof (-1) and nothing else")
    if not isinstance(inclusion[0], bytes):
        raise InvalidStatement("receipt: found a proof that is not in bytes")
    proof = decode(inclusion[0], "receipt, proof", deterministic=True)
    if not isinstance(proof, list) or [type(part) for part in proof] != [int, int, list]:
        raise InvalidStatement("receipt, proof: expected tree size, index and path")
    size, index, path = proof
    if not all(isinstance(node, bytes) and len(node) == HASH_SIZE for node in path):
        raise InvalidStatement(f"receipt, proof: expected hashes of {HASH_SIZE} bytes as its path")
    return size, index, path


def attach_receipts(content: bytes, receipts: Sequence[bytes]) -> bytes:
    """Return a transparent statement: an entry, or one with receipts, with these receipts.

    Raises:
        InvalidStatement: it is no statement, or there are no receipts, or more than 16.
    """
    if not 1 <= len(receipts) <= _MOST_RECEIPTS:
        raise InvalidStatement(f"receipts: found {len(receipts)}; expected 1 to {_MOST_RECEIPTS}")
    header, _, payload, signature = _split(content)
    return encode(Tagged(TAG, [header, {RECEIPTS: list(receipts)}, payload, signature]))


def entry_of(transparent: bytes) -> bytes:
    """Return the entry of the log that a transparent statement is made from.

    Raises:
        InvalidStatement: it is no statement in its one encoding.
    """
    header, _, payload, signature = _split(transparent)
    return encode(Tagged(TAG, [header, {}, payload, signature]))


def receipts_of(transparent: bytes) -> tuple[bytes, ...]:
    """Return the receipts of a transparent statement, as they stand; none of an entry.

    Raises:
        InvalidStatement: it is no statement in its one encoding.
    """
    return tuple(_split(transparent)[1].get(RECEIPTS, ()))


def _split(content: bytes) -> list[Any]:
    if len(content) > LARGEST:
        raise InvalidStatement(
            f"statement: found {len(content):,} bytes; expected at most {LARGEST:,}"
        )
    outermost = decode(content, "statement", deterministic=True)
    parts = outermost.value if isinstance(outermost, Tagged) and outermost.tag == TAG else None
    if not isinstance(parts, list) or [type(part) for part in parts] != _PARTS:
        raise InvalidStatement("statement: expected a COSE_Sign1, tag 18, with its payload")
    receipts = parts[1].get(RECEIPTS, [b""])
    if (
        parts[1].keys() - {RECEIPTS}
        or not isinstance(receipts, list)
        or not 1 <= len(receipts) <= _MOST_RECEIPTS
        or not all(isinstance(receipt, bytes) for receipt in receipts)
    ):
        raise InvalidStatement(
            f"statement, unsigned header: expected receipts (394), 1 to {_MOST_RECEIPTS} in bytes, "
            "and nothing else"
        )
    return parts
