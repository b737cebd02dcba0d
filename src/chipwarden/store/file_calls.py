"""What the parts of a log in a folder share: calls to the system, and how their errors read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from chipwarden.ledger.errors import LogUnavailable

ROOM: Final = "Nothing was lost. Make room on the disk or let it be written, and try again"
PART: Final = ".part"


@contextmanager
def failing(path: Path, remedy: str) -> Iterator[None]:
    """Say of an OSError where it was and what to do.

    Raises:
        LogUnavailable: in place of the OSError.
    """
    try:
        yield
    except OSError as error:
        raise LogUnavailable(f"{path}: {said(error)}. {remedy}.") from error


def said(error: OSError) -> str:
    """Return an error as the system words it."""
    return (error.strerror or str(error)).lower()


def write_all(system: Any, handle: int, content: bytes) -> None:
    """Write all of it, however little one call takes."""
    rest = memoryview(content)
    while rest:
        rest = rest[system.write(handle, rest) :]


def write_whole(system: Any, path: Path, content: bytes, is_synced: bool) -> None:
    """Write a file anew, and flush it where `is_synced` says so; its name is not flushed."""
    handle = system.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        write_all(system, handle, content)
        if is_synced:
            system.fsync(handle)
    finally:
        # Not quietly: some file systems say only here that there was no room.
        system.close(handle)


def sync_folder(system: Any, folder: Path) -> None:
    """Flush the names in a folder."""
    handle = system.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        system.fsync(handle)
    finally:
        close_quietly(system, handle)


def close_quietly(system: Any, handle: int) -> None:
    """Close a file of which nothing is waiting to be written.

    The handle is gone in any case, and what was flushed is on the disk.
    """
    with suppress(OSError):
        system.close(handle)
