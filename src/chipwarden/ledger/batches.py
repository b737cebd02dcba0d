"""A batch of entries as one record of bytes, in a journal or in a staging object.

    magic "CWB1" | length u64 | SHA-256 of the content | CRC-32 of these | content
    content: first u64 | count u32 | length of checkpoint u32 | checkpoint | entries, each
    u16 length and bytes

All numbers are big-endian. The entries stand as in an entry bundle of tlog-tiles. The header
has a sum of its own, so that a record that was cut off is told from one that was changed.
"""

import struct
import zlib
from hashlib import sha256
from typing import Final

from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.storage import Batch
from chipwarden.ledger.tiles import bundle_entries, encode_entries

MAGIC: Final = b"CWB1"
_HEADER = struct.Struct(">4sQ32s")
_SUM = struct.Struct(">I")
_START = struct.Struct(">QII")
HEADER_SIZE: Final = _HEADER.size + _SUM.size


def encode_batch(batch: Batch) -> bytes:
    """Return the record of a batch."""
    start = _START.pack(batch.first, len(batch.entries), len(batch.checkpoint))
    content = b"".join((start, batch.checkpoint, encode_entries(batch.entries)))
    header = _HEADER.pack(MAGIC, len(content), sha256(content).digest())
    return b"".join((header, _SUM.pack(zlib.crc32(header)), content))


def record_length(header: bytes) -> int | None:
    """Return how long the record with this header is, None where it is no header."""
    if len(header) < HEADER_SIZE:
        return None
    magic, length, _ = _HEADER.unpack_from(header)
    (checksum,) = _SUM.unpack_from(header, _HEADER.size)
    is_header = magic == MAGIC and checksum == zlib.crc32(memoryview(header)[: _HEADER.size])
    return HEADER_SIZE + int(length) if is_header else None


def is_whole(record: bytes) -> bool:
    """Return whether a record is as it was written."""
    if record_length(record) != len(record):
        return False
    _, _, digest = _HEADER.unpack_from(record)
    return bool(sha256(memoryview(record)[HEADER_SIZE:]).digest() == digest)


def decode_batch(record: bytes, path: str = "batch") -> Batch:
    """Return the batch of a record.

    Args:
        record: the whole record.
        path: what to call it in an error.

    Raises:
        DamagedLog: it is not as it was written.
    """
    if not is_whole(record):
        raise DamagedLog(path, "a batch with another digest", "the batch as it was committed")
    first, count, length = _START.unpack_from(record, HEADER_SIZE)
    at = HEADER_SIZE + _START.size
    checkpoint = record[at : at + length]
    entries = bundle_entries(record[at + length :], path)
    if len(entries) != count:
        raise DamagedLog(path, f"{len(entries)} entries", f"{count}, as its header says")
    return Batch(first, tuple(entries), checkpoint)
