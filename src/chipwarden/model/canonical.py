"""Canonical bytes and digests of JSON data (RFC 8785, the JSON Canonicalization Scheme)."""

import hashlib
from typing import Any

import rfc8785


def canonical_bytes(record: Any) -> bytes:
    """Return the one byte sequence of this JSON data.

    Raises:
        ValueError: it holds something that JSON cannot (NaN, a whole number beyond 2**53).
    """
    return rfc8785.dumps(record)


def digest(record: Any) -> str:
    """Return "sha256:" and the hexadecimal digest of the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical_bytes(record)).hexdigest()
