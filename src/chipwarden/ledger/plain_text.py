"""Strict readings of what notes, checkpoints and policies hold as text: base64 and sizes.

A value has one spelling only. What can be written in two ways could be changed without
breaking a signature that covers the value, or pass a comparison of texts.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error

# Sizes stay in what SQLite, Go and 63 hashes of a consistency proof can carry.
LARGEST_SIZE = 2**63 - 1

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def base64_text(content: bytes) -> str:
    """Return bytes in base64.

    Source:
        RFC 4648, section 4.
    """
    return b64encode(content).decode("ascii")


def base64_bytes(text: str) -> bytes | None:
    """Return the bytes of a base64 text, None unless it is their one spelling."""
    try:
        content = b64decode(text, validate=True)
    except (Error, ValueError):
        return None
    # Bits left over at the end, or padding left out, give a second spelling.
    return content if base64_text(content) == text else None


def size_number(text: str) -> int | None:
    """Return a decimal from 0 to 2**63 - 1 without leading zeroes, None for any other text."""
    if not _DECIMAL.fullmatch(text):
        return None
    number = int(text)
    return number if number <= LARGEST_SIZE else None
