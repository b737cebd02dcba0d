"""Exports: the public log as an archive for auditors, the statements as a table.

    export(ledger, Path("log.zip"))
    export(ledger, Path("entries.xlsx"))

The archive holds the log as the files that it publishes (C2SP tlog-tiles), and the trust file.
"""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from chipwarden.app.ledger import Ledger
from chipwarden.app.ledger_view import entry_rows
from chipwarden.app.proofs import trust
from chipwarden.app.tables import ENDINGS, write_table
from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.hashing import HASH_SIZE
from chipwarden.ledger.notes import note_bytes
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.tiles import (
    TILE_WIDTH,
    bundle_entries,
    encode_entries,
    entries_path,
    tile_path,
    tile_widths,
)
from chipwarden.model.errors import ChipwardenError
from chipwarden.reports.ledger import day_and_time

ARCHIVE: Final = ".zip"
TRUST_FILE: Final = "trust.txt"
COLUMNS: Final = ("entry", "signed", "type", "issuer", "subject", "summary")
# The same log gives the same archive.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_ENTRIES: Final = "tile/entries/"
_UNIX: Final = 3
_READABLE: Final = 0o100644


class UnknownEnding(ChipwardenError):
    """A file's name does not say what to write."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path}: found the ending {path.suffix!r}; expected {ARCHIVE} for the log with all "
            f"its files, or {', '.join(ENDINGS)} for a table of its entries."
        )


def export(ledger: Ledger, path: Path, advance: Callable[[int], None] | None = None) -> int:
    """Write what the ending of the file's name asks for; return the number of entries.

    Raises:
        UnknownEnding: it asks for nothing that we write.
        DamagedLog: a file of the log is missing.
        OSError: it cannot be written; what was there is still there.
    """
    if path.suffix.casefold() == ARCHIVE:
        return _archive(ledger, path, advance)
    if path.suffix.casefold() not in ENDINGS:
        raise UnknownEnding(path)
    return _table(ledger, path)


def _archive(ledger: Ledger, path: Path, advance: Callable[[int], None] | None) -> int:
    signed = ledger.signed()
    part = path.with_name(f".{path.name}.part")
    try:
        # Stored as it is: hashes do not compress, and each deflates in its own way.
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:

            def add(name: str, content: bytes | str) -> None:
                entry = zipfile.ZipInfo(name, _NO_TIME)
                entry.create_system, entry.external_attr = _UNIX, _READABLE << 16
                archive.writestr(entry, content)

            add(CHECKPOINT, note_bytes(signed.note))
            add(TRUST_FILE, trust(ledger))
            for number, name in enumerate(_paths(signed.checkpoint.size), 1):
                add(name, _content(ledger, name))
                if advance is not None:
                    advance(number)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return signed.checkpoint.size


def _paths(size: int) -> Iterator[str]:
    """Yield the paths of all tiles and bundles of a tree."""
    for level, full, width in tile_widths(size):
        for index in range(full):
            yield tile_path(level, index)
        if width:
            yield tile_path(level, full, width)
    full, width = divmod(size, TILE_WIDTH)
    for index in range(full):
        yield entries_path(index)
    if width:
        yield entries_path(full, width)


def _content(ledger: Ledger, name: str) -> bytes:
    content = ledger.storage.read(name)
    if content is not None:
        return content
    full, _, width = name.partition(".p/")
    whole = ledger.storage.read(full) if width else None
    if whole is None:
        raise DamagedLog(name, "no such file", "a file of the log; `ledger fsck` tells more")
    # The log has grown meanwhile: the full file holds the partial one.
    if full.startswith(_ENTRIES):
        return encode_entries(bundle_entries(whole, full)[: int(width)])
    return whole[: int(width) * HASH_SIZE]


def _table(ledger: Ledger, path: Path) -> int:
    count = 0

    def rows() -> Iterator[list[str | int]]:
        nonlocal count
        for row in entry_rows(ledger):
            count += 1
            yield [
                row["index"], day_and_time(row["issued_at"]), row["type"], row["issuer"],
                row["subject"], row["summary"],
            ]  # fmt: skip

    write_table(path, COLUMNS, rows())
    return count
