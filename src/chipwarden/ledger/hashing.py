"""Hashes of an RFC 6962 Merkle tree.

    leaf_hash(b"")    # SHA-256 of one zero byte
    node_hash(left, right)
"""

from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32
# MTH of the empty list.
EMPTY_ROOT: Final = sha256(b"").digest()

# The prefixes keep a node from being read as an entry (second preimages).
LEAF_PREFIX: Final = b"\x00"
NODE_PREFIX: Final = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry, 32 bytes.

    Source:
        RFC 6962, section 2.1.
    """
    return sha256(LEAF_PREFIX + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children, 32 bytes each.

    Source:
        RFC 6962, section 2.1.
    """
    return sha256(NODE_PREFIX + left + right).digest()
