"""Files that appear whole or not at all, whatever ends the process.

The content goes into a hidden file beside its place, is brought to the disk, and
only then gets its name. A process that is killed leaves at most the hidden file.
"""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_new(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file that is not there yet; what is there is never touched.

    Args:
        path: where.
        content: all of it.
        mode: its permissions, before the process's mask takes some away.

    Raises:
        FileExistsError: there is one.
        OSError: it cannot be written.
    """
    unfinished = _written(path, [content], mode)
    try:
        _name_new(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_whole(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file in place of what is there.

    Args:
        path: where.
        parts: the content, taken piece by piece.

    Raises:
        OSError: it cannot be written; what was there is still there.
    """
    unfinished = _written(path, parts, 0o666)
    try:
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)


def _written(path: Path, parts: Iterable[bytes], mode: int) -> Path:
    """Return a hidden file beside the path that is whole and on the disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-", suffix=".part")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            for part in parts:
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        # A temporary file is private; the finished one is as open as any new file.
        mask = os.umask(0)
        os.umask(mask)
        unfinished.chmod(mode & ~mask)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return unfinished


def _name_new(unfinished: Path, path: Path) -> None:
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links. Two writers at once could both pass this check; what
        # they write under one name is the same, for the name is made of its digest.
        if path.exists():
            raise FileExistsError(str(path)) from None
        os.replace(unfinished, path)


def sync_folder(folder: Path) -> None:
    """Bring the new name to the disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
