"""The journal of a log in a folder: batches that are committed and not yet settled.

    journal/
      00000000000000000000   records of batches, one after the other
      00000000000000027000   named by the index of its first entry

A commit is one record appended to the newest file and one flush. A file is dropped as a whole,
oldest first, once all its batches are settled.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final

from chipwarden.ledger.batches import (
    HEADER_SIZE,
    MAGIC,
    decode_batch,
    encode_batch,
    is_whole,
    record_length,
)
from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.storage import Batch
from chipwarden.store.file_calls import (
    PART,
    ROOM,
    close_quietly,
    failing,
    sync_folder,
    write_all,
    write_whole,
)

# A new file begins after so many bytes, so that an old one can be dropped.
SEGMENT: Final = 16 << 20


class Journal:
    """The journal of the one writer; `drop` may run beside `commit`.

    Args:
        folder: where its files are; it is there.
        system: the calls to the system.
    """

    def __init__(self, folder: Path, system: Any) -> None:
        self.folder = folder
        self._os = system
        self._segment: _Segment | None = None
        self._ends: dict[str, int] = {}  # size of the tree at the end of each file
        self._guard = Lock()

    def pending(self, published: int) -> Iterator[Batch]:
        """Yield the batches in order; each file is written anew before its batches come.

        Args:
            published: size of the newest tree that was published, 0 if that is not known.

        Raises:
            DamagedLog: a batch that was committed is not whole, or is missing.
            LogUnavailable: a file cannot be read or written.
        """
        self.close()
        with self._guard:
            self._ends.clear()
        paths = self._files()
        reached = [*(int(path.name) for path in paths[1:]), published]
        for path, at_least in zip(paths, reached, strict=False):
            batches = self._renewed(path, at_least)
            if batches:
                with self._guard:
                    self._ends[path.name] = batches[-1].size
            yield from batches

    def _files(self) -> list[Path]:
        with failing(self.folder, "Check who may read it"):
            names = self._os.listdir(self.folder)
        for name in names:
            if name.endswith(PART):
                with suppress(OSError):  # it is written anew
                    self._os.unlink(self.folder / name)
        return [self.folder / name for name in sorted(names) if name.isdecimal()]

    def _renewed(self, path: Path, at_least: int) -> list[Batch]:
        """Return the batches of a file, after it was written anew without a cut-off end.

        A file without a batch is removed. After a flush that failed the pages may be in memory
        alone and be called clean: only what is written again is sure to reach the disk.

        Raises:
            DamagedLog: its batches do not reach as far as was committed.
        """
        place = f"{self.folder.name}/{path.name}"
        with failing(path, "Check the disk, and the room on it"):
            content = path.read_bytes()
        records = whole_records(content, place)
        batches = [decode_batch(record, place) for record in records]
        end = batches[-1].size if batches else int(path.name)
        if end < at_least:
            # What comes after a batch came after its flush, so this is no end cut off.
            raise DamagedLog(
                place,
                f"batches of the entries before {end}",
                f"of those before {at_least}, which the checkpoint or the next file has",
            )
        with failing(path, "Check the disk, and the room on it"):
            if records:
                part = path.with_name(path.name + PART)
                write_whole(self._os, part, b"".join(records), is_synced=True)
                self._os.replace(part, path)
            else:
                self._os.unlink(path)
            sync_folder(self._os, self.folder)
        return batches

    def commit(self, batch: Batch) -> None:
        """Append a batch and flush it; after an error `pending` has to be read."""
        segment = self._segment
        if segment is None or segment.length >= SEGMENT:
            self.close()
            segment = self._new_segment(batch.first)
        with failing(segment.path, ROOM):
            segment.append(encode_batch(batch))
        with self._guard:
            self._ends[segment.path.name] = batch.size

    def _new_segment(self, first: int) -> "_Segment":
        path = self.folder / f"{first:020d}"
        with failing(path, ROOM):
            handle = self._os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
            )
            self._segment = _Segment(path, handle, self._os)
            sync_folder(self._os, self.folder)
        return self._segment

    def close(self) -> None:
        """Close the file that is written to; the next commit begins another."""
        segment, self._segment = self._segment, None
        if segment is not None:
            # Every record in it was flushed; one that was not is written anew by `pending`.
            close_quietly(self._os, segment.handle)

    def drop(self, size: int) -> None:
        """Remove the files that end at `size` or below, but for the one that is written to.

        Raises:
            LogUnavailable: one could not be removed; it and the newer ones are still there.
        """
        # Asked anew for each: commits go on meanwhile, and the newest file grows.
        while (name := self._oldest(size)) is not None:
            path = self.folder / name
            with failing(path, "Nothing is lost; it is read again"):
                with suppress(FileNotFoundError):
                    self._os.unlink(path)
                # An older file must not come back after a power cut without the newer ones.
                sync_folder(self._os, self.folder)
            with self._guard:
                del self._ends[name]

    def _oldest(self, size: int) -> str | None:
        """Return the oldest file, None where it goes beyond a size or is written to."""
        with self._guard:
            segment = self._segment
            written_to = segment.path.name if segment is not None else None
            name, end = next(iter(self._ends.items()), (None, 0))
            return name if end <= size and name != written_to else None


class _Segment:
    """The file that is written to."""

    def __init__(self, path: Path, handle: int, system: Any) -> None:
        self.path, self.handle = path, handle
        self.length = 0
        self._os = system

    def append(self, record: bytes) -> None:
        """Append a record and flush it; after an error the file is not used again."""
        write_all(self._os, self.handle, record)
        self._os.fdatasync(self.handle)
        self.length += len(record)


def whole_records(content: bytes, place: str) -> list[bytes]:
    """Return the whole records of a file.

    A record that is not whole is the end that was cut off, and was never acknowledged. If
    anything comes after it, it was whole once.

    Raises:
        DamagedLog: it was changed.
    """
    records = []
    at = 0
    while at < len(content):
        length = record_length(content[at : at + HEADER_SIZE])
        if length is None:
            _refuse_later(content, at, place)
            break
        record = content[at : at + length]
        if not is_whole(record):
            if at + length < len(content):
                raise _changed(place, at, at + length)
            break
        records.append(record)
        at += length
    return records


def _refuse_later(content: bytes, at: int, place: str) -> None:
    """Refuse a whole record after a header that is none."""
    later = content.find(MAGIC, at)
    while later >= 0:
        length = record_length(content[later : later + HEADER_SIZE])
        if length is not None and is_whole(content[later : later + length]):
            raise _changed(place, at, later)
        later = content.find(MAGIC, later + 1)


def _changed(place: str, start: int, end: int) -> DamagedLog:
    return DamagedLog(place, f"bytes {start} to {end} changed", "a batch that was committed")
