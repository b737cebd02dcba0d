"""A log in a folder of the file system.

    folder/
      lock                one writer holds it; the system frees it when the writer dies
      journal/            batches that are committed and not yet settled
        00000000000000000000
      public/             what anybody may read: any web server can serve it
        checkpoint
        tile/0/000.p/5
        tile/entries/000.p/5

A commit is one record appended to the newest journal file and one flush. The public files
are written beside it without a flush each; `settle` flushes them, many commits later, and
drops the journal that they were made from.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any, Final

from chipwarden.ledger.checkpoints import read_checkpoint
from chipwarden.ledger.errors import DamagedLog, LedgerError, LogConflict, LogUnavailable
from chipwarden.ledger.notes import parse_note
from chipwarden.ledger.storage import CHECKPOINT, Batch
from chipwarden.ledger.tiles import TILE_WIDTH, entries_path
from chipwarden.store.file_calls import (
    PART,
    ROOM,
    close_quietly,
    failing,
    said,
    sync_folder,
    write_whole,
)
from chipwarden.store.log_journal import Journal

PUBLIC, JOURNAL, LOCK = "public", "journal", "lock"

_PATIENCE_S: Final = 10.0
_POLL_S: Final = 0.01
_OPEN_FILES: Final = 256


class PublicFiles:
    """Reads the public files of a log in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str) -> bytes | None:
        """Return a public file, None where there is none."""
        place = self.folder / _inside(path)
        try:
            return place.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise LogUnavailable(f"{place}: {said(error)}. Try again.") from error


class LogFiles:
    """Keeps a log in a folder.

    Args:
        folder: made when the log is first written to.
        patience_s: how long to wait for another writer to finish.
        system: the calls to the system; a test puts failing ones here.
    """

    def __init__(self, folder: Path, patience_s: float = _PATIENCE_S, system: Any = os) -> None:
        self.folder = folder
        self._patience_s = patience_s
        self._os = system
        self._public = folder / PUBLIC
        self._journal = Journal(folder / JOURNAL, system)
        self._settled = 0
        self._is_careful = False
        self._dirty: set[str] = set()
        self._folders: set[Path] = set()
        self._dirty_folders: set[Path] = set()
        self._guard = Lock()

    def read(self, path: str) -> bytes | None:
        """Return a public file, None where there is none."""
        return PublicFiles(self._public).read(path)

    # ------------------------------------------------------------ the one writer

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the log; waits for another writer, but not for ever."""
        path = self.folder / LOCK
        with failing(path, "Check that the folder may be written, and the room on the disk"):
            for folder in (self._public, self._journal.folder):
                self._make_folder(folder)
            handle = self._os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._wait(handle)
            # No commit is durable in a folder whose own name is not.
            self._flush_folders()
            try:
                yield
            finally:
                self._journal.close()
                self._journal.drop(self._settled)
        finally:
            close_quietly(self._os, handle)

    def _wait(self, handle: int) -> None:
        import fcntl

        end = time.monotonic() + self._patience_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    raise LogUnavailable(
                        f"{self.folder / LOCK}: {said(error)}. The file system must have locks."
                    ) from error
            if time.monotonic() >= end:
                raise LogConflict(
                    f"{self.folder}: another process has been writing to this log for "
                    f"{self._patience_s:g} seconds. Wait until it is done, and try again."
                )
            time.sleep(_POLL_S)

    def pending(self) -> Iterator[Batch]:
        """Yield what was committed and not settled; brings it to the disk first."""
        published = self._published()
        is_empty = True
        for batch in self._journal.pending(published):
            # What is published again may stand in for what the next recovery begins with.
            is_empty, self._is_careful = False, True
            yield batch
        if is_empty and published:
            self._refuse_rollback(published)

    def _published(self) -> int:
        """Return the size of the tree that is published, 0 where no checkpoint can be read."""
        content = self.read(CHECKPOINT)
        try:
            return read_checkpoint(parse_note(content).text).size if content else 0
        except LedgerError:
            return 0  # cut off by a power cut, or changed; whoever needs it refuses it

    def _refuse_rollback(self, size: int) -> None:
        """Refuse to go on from a checkpoint if a newer tree was settled before.

        Raises:
            DamagedLog: there are entries beyond the checkpoint.
        """
        index, width = divmod(size, TILE_WIDTH)
        full = self._public / entries_path(index)
        partial = full.with_name(f"{full.name}.p")
        with failing(partial, "Check who may read it"):
            try:
                widths = [int(name) for name in self._os.listdir(partial) if name.isdecimal()]
            except FileNotFoundError:
                widths = []
            if full.exists():
                widths.append(TILE_WIDTH)
        if max(widths, default=0) > width:
            raise DamagedLog(
                CHECKPOINT,
                f"{size} entries, and others published beyond them",
                "the newest checkpoint; this one may have been put back in its place",
            )

    def commit(self, batch: Batch) -> None:
        """Append a batch to the journal and flush it."""
        self._journal.commit(batch)

    def publish(self, path: str, content: bytes) -> None:
        """Write a public file whole; the flush waits for `settle`, except after `pending`."""
        target = self._public / _inside(path)
        part = target.with_name(f".{target.name}{PART}")
        with failing(target, ROOM):
            self._make_folder(target.parent)
            write_whole(self._os, part, content, is_synced=self._is_careful)
            self._os.replace(part, target)
        with self._guard:
            self._dirty.add(path)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it; their names are flushed later."""
        if folder in self._folders:
            return
        is_there = folder.is_dir()
        if is_there and not folder.is_relative_to(self.folder):
            return
        if folder != self.folder or not is_there:
            self._make_folder(folder.parent)
        if not is_there:
            with suppress(FileExistsError):
                self._os.mkdir(folder)
        # Also where it was there: who made it may have died before its name was flushed.
        with self._guard:
            self._dirty_folders.add(folder.parent)
        self._folders.add(folder)

    def withdraw(self, folder: str) -> None:
        """Remove the public files below a folder, and the folder."""
        path = self._public / _inside(folder)
        with failing(path, "It is not needed any longer; it can be removed by hand"):
            try:
                names = self._os.listdir(path)
            except FileNotFoundError:
                return
            for name in names:
                self._os.unlink(path / name)
            self._os.rmdir(path)
        self._folders.discard(path)

    def settle(self, size: int) -> None:
        """Flush the public files; drop the journal files that end at `size` or below.

        After an error the files have to be published anew before the next time: their pages
        may be in memory alone and be called clean.
        """
        with self._guard:
            dirty, self._dirty = self._dirty, set()
            self._dirty_folders |= {(self._public / path).parent for path in dirty}
        try:
            with failing(self._public, ROOM):
                self._flush(dirty)
            self._flush_folders()
        except LogUnavailable:
            with self._guard:
                self._dirty |= dirty
            raise
        self._settled, self._is_careful = max(self._settled, size), False
        self._journal.drop(size)

    def _flush(self, paths: set[str]) -> None:
        """Flush files; they are all sent to the disk first, so that the flushes share the wait."""
        handles = []
        try:
            for path in sorted(paths):
                try:
                    handle = self._os.open(self._public / path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    continue  # a partial tile that was withdrawn
                handles.append(handle)
                if hasattr(os, "posix_fadvise"):
                    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                if len(handles) == _OPEN_FILES:
                    self._sync_all(handles)
            self._sync_all(handles)
        finally:
            for handle in handles:
                close_quietly(self._os, handle)

    def _sync_all(self, handles: list[int]) -> None:
        while handles:
            self._os.fsync(handles[-1])
            close_quietly(self._os, handles.pop())

    def _flush_folders(self) -> None:
        with self._guard:
            folders, self._dirty_folders = self._dirty_folders, set()
        try:
            for folder in sorted(folders):
                with failing(folder, ROOM):
                    self._flush_folder(folder)
        except LogUnavailable:
            with self._guard:
                self._dirty_folders |= folders
            raise

    def _flush_folder(self, folder: Path) -> None:
        try:
            sync_folder(self._os, folder)
        except FileNotFoundError:
            return  # partial tiles that were withdrawn
        except PermissionError:
            # The folder above the log may be closed to it; nothing is written there.
            if folder.is_relative_to(self.folder):
                raise


def _inside(path: str) -> str:
    """Return a path that stays below the public folder."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise ValueError(f"{path!r} is no path of a log")
    return path
