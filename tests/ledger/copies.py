"""Copies of a log in memory, to be changed: the files as anybody reads them."""

from collections.abc import Iterator
from pathlib import Path

from tests.ledger.logs import ORIGIN, VERIFIER, log_of

from chipwarden.ledger.checkpoints import Checkpoint
from chipwarden.ledger.fsck import Finding, fsck
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.tiles import TILE_WIDTH


class Copy:
    """The public files of a log."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @classmethod
    def of(cls, folder: Path) -> "Copy":
        public = folder / "log" / "public"
        found = (path for path in public.rglob("*") if path.is_file())
        return cls({str(path.relative_to(public)): path.read_bytes() for path in sorted(found)})

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def with_file(self, path: str, content: bytes | None) -> "Copy":
        """Return a copy with another content of a file, or without it."""
        changed = {key: value for key, value in self.files.items() if key != path}
        return Copy(changed if content is None else {**changed, path: content})

    def flipped(self, path: str, at: int, mask: int = 1) -> "Copy":
        """Return a copy with some bits of one byte changed."""
        content = bytearray(self.files[path])
        content[at] ^= mask
        return self.with_file(path, bytes(content))

    def findings(self, *earlier: Checkpoint) -> tuple[Finding, ...]:
        return fsck(self, [VERIFIER], ORIGIN, earlier).findings


def copy_of(folder: Path, *counts: int) -> Copy:
    """Return a log to which so many entries were appended, batch by batch."""
    log_of(folder, *counts)
    return Copy.of(folder)


def places(copy: Copy) -> Iterator[tuple[str, int, int | None]]:
    """Yield each byte of a log: file, offset, and the index of its entry where it has one.

    A byte of a bundle is its entry's, with the length before it; one of a hash of the lowest
    level is that of the entry of the hash.
    """
    for path, content in copy.files.items():
        if path == CHECKPOINT:
            indexes: list[int | None] = [None] * len(content)
        else:
            kind, _, rest = path.removeprefix("tile/").partition("/")
            first = int(rest.partition(".p/")[0].replace("x", "").replace("/", "")) * TILE_WIDTH
            if kind == "entries":
                indexes = [*_entry_of_each_byte(content, first)]
            else:
                is_leaf = kind == "0"
                indexes = [first + at // 32 if is_leaf else None for at in range(len(content))]
        assert len(indexes) == len(content)
        yield from ((path, at, index) for at, index in enumerate(indexes))


def _entry_of_each_byte(bundle: bytes, index: int) -> Iterator[int]:
    at = 0
    while at < len(bundle):
        length = 2 + int.from_bytes(bundle[at : at + 2], "big")
        yield from [index] * length
        at, index = at + length, index + 1
