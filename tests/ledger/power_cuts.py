"""A disk that forgets at a power cut what was not flushed, as far as POSIX lets it forget.

    disk = ForgetfulDisk(folder)
    storage = LogFiles(folder, system=disk)
    disk.after_power_cut(Random(1), other)     # what a disk may hold after the power is back

What was written to a file is sure to be there after the file was flushed, and a name after
the folder that it stands in was. All else may be there or not, each piece by itself; where
a name was given to several files one after another, any of them may have it. After a flush
that failed the system takes the pages for clean: the next flush says nothing about them.

Source:
    POSIX.1-2024, fsync; "Can Applications Recover from fsync Failures?" (Rebello et al.,
    USENIX ATC 2020) for what Linux does after a failure.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.ledger.faults import Fault, FaultySystem


@dataclass
class _Piece:
    """What one call wrote; the file only grows.

    Attributes:
        is_sure: it was flushed.
        is_lost: a flush failed after it, and no other one will try it again.
    """

    content: bytes
    is_sure: bool = False
    is_lost: bool = False


@dataclass
class _File:
    pieces: list[_Piece] = field(default_factory=list)


@dataclass
class _Folder:
    """Names, each with all that it may stand for after a power cut; the last is what it is now."""

    names: "dict[str, list[_File | _Folder | None]]" = field(default_factory=dict)

    def now(self, name: str) -> "_File | _Folder | None":
        return self.names.get(name, [None])[-1]

    def set(self, name: str, node: "_File | _Folder | None") -> None:
        self.names.setdefault(name, [None]).append(node)


def _loaded(path: Path) -> _Folder:
    folder = _Folder()
    for each in path.iterdir():
        is_file = each.is_file()
        node = _File([_Piece(each.read_bytes(), is_sure=True)]) if is_file else _loaded(each)
        folder.names[each.name] = [node]
    return folder


class ForgetfulDisk(FaultySystem):
    """The system over such a disk; it knows what happens below one folder, which is there.

    Args:
        root: the folder; it is there, and all that is in it is on the disk.
        faults: which calls fail.
    """

    def __init__(self, root: Path, *faults: Fault) -> None:
        super().__init__(*faults)
        self._root = root
        self._top = _loaded(root)
        self._open: dict[int, _File | _Folder] = {}

    # ------------------------------------------------------------ what the log does

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        handle = super().open(path, flags, mode)
        node = self._find(path)
        if node is None:
            node = _File()
            self._parent(path).set(path.name, node)
        elif flags & os.O_TRUNC and isinstance(node, _File):
            node.pieces.clear()
        self._open[handle] = node
        return handle

    def written(self, handle: int, content: Any) -> int:
        count = super().written(handle, content)
        node = self._open[handle]
        assert isinstance(node, _File)
        node.pieces.append(_Piece(bytes(content[:count])))
        return count

    def fsync(self, handle: int) -> None:
        self._flush(handle, super().fsync)

    def fdatasync(self, handle: int) -> None:
        self._flush(handle, super().fdatasync)

    def _flush(self, handle: int, call: Any) -> None:
        node = self._open[handle]
        try:
            call(handle)
        except OSError:
            if isinstance(node, _File):
                for piece in node.pieces:
                    piece.is_lost = not piece.is_sure
            raise

    def flushed(self, handle: int) -> None:
        node = self._open[handle]
        if isinstance(node, _Folder):
            for name in list(node.names):
                node.names[name] = [node.now(name)]
            return
        for piece in node.pieces:
            piece.is_sure |= not piece.is_lost

    def replace(self, source: Path, target: Path) -> None:
        try:
            super().replace(source, target)
        finally:
            self._notice(source, target)

    def _notice(self, source: Path, target: Path) -> None:
        """Follow a renaming that took place, whatever its answer was."""
        node = self._find(source)
        if node is not None and not source.exists():
            self._parent(target).set(target.name, node)
            self._parent(source).set(source.name, None)

    def unlink(self, path: Path) -> None:
        try:
            super().unlink(path)
        finally:
            self._gone(path)

    def rmdir(self, path: Path) -> None:
        try:
            super().rmdir(path)
        finally:
            self._gone(path)

    def _gone(self, path: Path) -> None:
        if self._find(path) is not None and not path.exists():
            self._parent(path).set(path.name, None)

    def mkdir(self, path: Path) -> None:
        try:
            super().mkdir(path)
        finally:
            if self._find(path) is None and path.exists():
                self._parent(path).set(path.name, _Folder())

    def _closed(self, handle: int) -> None:
        self._open.pop(handle)
        super()._closed(handle)

    def _find(self, path: Path) -> "_File | _Folder | None":
        node: _File | _Folder | None = self._top
        for part in path.relative_to(self._root).parts:
            if not isinstance(node, _Folder):
                return None
            node = node.now(part)
        return node

    def _parent(self, path: Path) -> _Folder:
        node = self._find(path.parent)
        assert isinstance(node, _Folder), path
        return node

    # ------------------------------------------------------------ after the cut

    def after_power_cut(self, chance: Random, target: Path) -> None:
        """Write what the disk may hold after a power cut at this moment into a new folder."""
        self._write(self._top, target, chance, chance.choice([0.0, 0.3, 0.7, 1.0]))

    def _write(self, folder: _Folder, target: Path, chance: Random, kept: float) -> None:
        """Write a folder; `kept` is how likely what is not sure is there."""
        target.mkdir()
        for name, nodes in folder.names.items():
            node = nodes[-1] if chance.random() < kept else chance.choice(nodes)
            if kept == 0.0:
                node = nodes[0]
            if isinstance(node, _Folder):
                self._write(node, target / name, chance, kept)
            elif node is not None:
                (target / name).write_bytes(_content(node, chance, kept))


def _content(file: _File, chance: Random, kept: float) -> bytes:
    """Return a file's bytes; a piece that is not there is missing, cut short, or zero."""
    parts = []
    for piece in file.pieces:
        if piece.is_sure or chance.random() < kept:
            parts.append(piece.content)
            continue
        there = piece.content[: chance.randrange(len(piece.content) + 1)]
        parts.append(chance.choice([b"", there, there.ljust(len(piece.content), b"\0")]))
        if len(parts[-1]) < len(piece.content):
            break  # the file ends here
    return b"".join(parts)
