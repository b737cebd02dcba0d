"""Logs for tests: real files in a folder, real keys, a clock that stands still."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chipwarden.ledger.fsck import FsckReport, fsck
from chipwarden.ledger.note_keys import Ed25519Signer, Ed25519Verifier
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.storage import LogStorage
from chipwarden.ledger.writer import LogWriter
from chipwarden.store.log_files import LogFiles

ORIGIN = "log.example/chips"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Ed25519Signer(ORIGIN, KEY)
VERIFIER = Ed25519Verifier(ORIGIN, KEY.public_key())
NOW = 1_790_000_000

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "tlog"


def shared(name: str) -> Path:
    """Return a file or folder of third-party inputs; skip the test where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the repository")
    return path


def files(folder: Path, **more: Any) -> LogFiles:
    return LogFiles(folder / "log", **more)


def writer(storage: LogStorage) -> LogWriter:
    return LogWriter(storage, ORIGIN, [SIGNER], lambda: NOW)


def reader(storage: LogStorage) -> LogReader:
    return LogReader(storage, [VERIFIER], ORIGIN)


def entries(count: int, start: int = 0) -> list[bytes]:
    """Return entries that differ, of lengths that differ; the first is empty."""
    return [b"entry %d " % index * (index % 5) for index in range(start, start + count)]


def log_of(folder: Path, *counts: int) -> LogFiles:
    """Return a log to which so many entries were appended, batch by batch."""
    storage = files(folder)
    with writer(storage) as log:
        for count in counts:
            log.append(entries(count, log.size))
    return storage


def checked(storage: LogStorage) -> FsckReport:
    return fsck(storage, [VERIFIER], ORIGIN)


def all_entries(storage: LogStorage) -> Sequence[bytes]:
    log = reader(storage)
    signed = log.checkpoint()
    if signed is None:
        return []
    size = signed.checkpoint.size
    return [entry for _, entry in log.entries(0, size, size)]
