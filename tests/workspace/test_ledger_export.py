"""Exports: an archive that anybody can check, and tables that a spreadsheet opens safely."""

import csv
import stat
import subprocess
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from shutil import copytree, which
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from tests.cli.shell import flat, run
from tests.workspace.ledgers import (
    ISSUER,
    KEYS,
    OTHER,
    Full,
    copied,
    ledger_run,
    made,
    public,
    recorded,
    signed,
    small,
)

from chipwarden.app import ledger_keys
from chipwarden.app.ledger import Ledger, open_ledger
from chipwarden.app.ledger_setup import LedgerNames
from chipwarden.app.tables import FORMULA_MARKS


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace whose log goes over the edge of a tile."""
    workspace = made(tmp_path_factory.mktemp("long") / "work")
    with open_ledger(workspace) as ledger:
        ledger.append(*(signed(ledger, "declaration").content for _ in range(298)))
    return workspace


def exported(workspace: Path, path: Path) -> Path:
    told = ledger_run(workspace, "export", "-o", str(path))
    assert (told.exit_code, told.stdout) == (0, f"{path}\n"), told.output
    return path


def unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    return folder


def fsck(folder: Path) -> tuple[int, str]:
    """Return what a check says of an archive that was unpacked; no workspace is named."""
    trust = folder / "trust.txt"
    told = run("ledger", "fsck", "--public", str(folder), "--trust", str(trust))
    return told.exit_code, flat(told.stdout)


# ---------------------------------------------------------------- the archive


def test_the_same_log_gives_the_same_archive(
    full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = exported(full.workspace, tmp_path / "first.zip").read_bytes()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    second = exported(copied(full.workspace, tmp_path), tmp_path / "second.zip").read_bytes()
    assert sha256(first).digest() == sha256(second).digest()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.zip", "second.zip", "work"]


def test_the_archive_holds_the_public_log_and_the_trust_file(
    long_log: Path, tmp_path: Path
) -> None:
    folder = unpacked(exported(long_log, tmp_path / "log.zip"), tmp_path / "log")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    # 300 entries: one full tile and 44 more (C2SP tlog-tiles).
    assert files == {
        "checkpoint", "trust.txt", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1",
        "tile/entries/000", "tile/entries/001.p/44",
    }  # fmt: skip
    for name in files - {"trust.txt"}:
        assert (folder / name).read_bytes() == (public(long_log) / name).read_bytes()
    trust = ledger_run(long_log, "trust").stdout
    assert (folder / "trust.txt").read_text("utf-8") == trust


def test_the_archive_passes_the_check(long_log: Path, tmp_path: Path) -> None:
    folder = unpacked(exported(long_log, tmp_path / "log.zip"), tmp_path / "log")
    code, said = fsck(folder)
    assert (code, said[:5]) == (0, "SOUND")
    assert "300 entries" in said


@pytest.mark.skipif(which("unzip") is None, reason="needs unzip")
def test_another_program_unpacks_it_for_all_to_read(long_log: Path, tmp_path: Path) -> None:
    archive = exported(long_log, tmp_path / "log.zip")
    subprocess.run(["unzip", "-q", str(archive), "-d", str(tmp_path / "log")], check=True)
    modes = {
        stat.S_IMODE(path.stat().st_mode) & 0o444
        for path in (tmp_path / "log").rglob("*")
        if path.is_file()
    }
    assert modes == {0o444}
    assert fsck(tmp_path / "log")[0] == 0


def flipped(name: str, at: int) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[at] ^= 1
        (folder / name).write_bytes(content)

    return change


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def shorter(folder: Path) -> None:
    """Leave the newest entries out, and say so."""
    content = (folder / "checkpoint").read_bytes().replace(b"\n300\n", b"\n256\n")
    (folder / "checkpoint").write_bytes(content)


TAMPERED: dict[str, tuple[Callable[[Path], None], str]] = {
    "an entry": (flipped("tile/entries/000", 5000), "tile/entries/000, entry"),
    "the last entry": (flipped("tile/entries/001.p/44", -1), "entry 299"),
    "a hash": (flipped("tile/0/000", 32 * 7), "tile/0/000, entry 7"),
    "a hash above": (flipped("tile/1/000.p/1", 0), "tile/1/000.p/1"),
    "the checkpoint": (flipped("checkpoint", -3), "checkpoint"),
    "a file away": (gone("tile/entries/001.p/44"), "tile/entries/001.p/44"),
    "a tile away": (gone("tile/0/000"), "tile/0/000"),
    "the checkpoint away": (gone("checkpoint"), "checkpoint"),
    "fewer entries": (shorter, "checkpoint"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_an_archive_that_was_tampered_with_does_not_pass(
    long_log: Path, tmp_path: Path, case: str
) -> None:
    folder = unpacked(exported(long_log, tmp_path / "log.zip"), tmp_path / "log")
    change, place = TAMPERED[case]
    change(folder)
    code, said = fsck(folder)
    assert (code, said[:7]) == (1, "DAMAGED")
    assert place in said


def test_a_log_that_grows_meanwhile_is_written_as_it_was(
    long_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes over the edge of a tile while it is written: partial files give way to full ones."""
    workspace = copied(long_log, tmp_path)

    with open_ledger(workspace) as ledger:
        entry = ledger.entry(5)
        real = ledger.signed

        def then_grow() -> Any:
            found = real()
            if found.checkpoint.size == 300:
                with open_ledger(workspace) as other:
                    other.append(*[entry] * 300)
            return found

        monkeypatch.setattr(Ledger, "signed", lambda self: then_grow())
        from chipwarden.app.ledger_export import export

        assert export(ledger, tmp_path / "log.zip") == 300
    assert not (public(workspace) / "tile/entries/001.p/44").exists()
    monkeypatch.undo()
    folder = unpacked(tmp_path / "log.zip", tmp_path / "log")
    assert fsck(folder)[0] == 0
    assert (folder / "tile/entries/001.p/44").read_bytes() == (
        public(long_log) / "tile/entries/001.p/44"
    ).read_bytes()


def test_a_missing_file_leaves_the_archive_that_was_there(full: Full, tmp_path: Path) -> None:
    workspace = copied(full.workspace, tmp_path)
    (public(workspace) / "tile/0/000.p/13").unlink()
    archive = tmp_path / "log.zip"
    archive.write_bytes(b"old")
    told = ledger_run(workspace, "export", "-o", str(archive))
    assert told.exit_code == 2
    assert "tile/0/000.p/13: found no such file" in flat(told.stderr)
    assert archive.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.zip", "work"]


@pytest.mark.parametrize("name", ["log", "log.tar", "log.json", "log.ZIP.txt"])
def test_another_ending_is_refused(full: Full, tmp_path: Path, name: str) -> None:
    told = ledger_run(full.workspace, "export", "-o", str(tmp_path / name))
    assert told.exit_code == 2
    assert "expected .zip" in flat(told.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(full: Full, tmp_path: Path) -> None:
    for name in ("log.zip", "entries.csv"):
        told = ledger_run(full.workspace, "export", "-o", str(tmp_path / "none" / name))
        assert told.exit_code == 2
        assert "No such file" in told.stderr


# ---------------------------------------------------------------- the tables


def cells(path: Path) -> list[list[Any]]:
    """Return the rows of a table, as a reader of another maker sees them."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.reader(stream))
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    return [list(row) for row in sheet.to_python()]


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".XLSX"])
def test_a_table_has_a_row_an_entry(full: Full, tmp_path: Path, ending: str) -> None:
    header, *rows = cells(exported(full.workspace, tmp_path / f"entries{ending}"))
    assert header == ["entry", "signed", "type", "issuer", "subject", "summary"]
    assert [int(row[0]) for row in rows] == list(range(13))
    with open_ledger(full.workspace) as ledger:
        for index, row in enumerate(rows):
            statement = ledger.statement(index)
            assert row[2:5] == [statement.type, statement.issuer, statement.subject]
            assert row[1].endswith(" UTC")
    assert rows[full.entries["decision"]][5].startswith("order 注文-3/β: hold")
    assert rows[full.entries["erased"]][5] == "erased"


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_no_cell_is_a_formula(tmp_path: Path, ending: str) -> None:
    """Neither by our own names nor by what another company says, nor by an order's id."""
    formula = '=HYPERLINK("http://example.invalid","x")'
    workspace = made(tmp_path / "work", LedgerNames("log.example/x", "=1+1"))
    other = made(tmp_path / "other", LedgerNames("log.example/y", "@SUM(1+1)*cmd|'/c'!A0"))
    recorded(workspace, small(id=formula))
    with open_ledger(other) as theirs, open_ledger(workspace) as ledger:
        ledger_keys.add(ledger, ledger_keys.request(theirs))
        said = [
            signed(theirs, "declaration", subject=subject, public={formula: formula}).content
            for subject in ("=cmd|'/c'!A1", "+1", "-1", "@x")
        ]
        first = ledger_keys.register(ledger, said)
    rows = cells(exported(workspace, tmp_path / f"entries{ending}"))[1:]
    assert [row[4] for row in rows[first:]] == ["'=cmd|'/c'!A1", "'+1", "'-1", "'@x"]
    assert rows[0][3] == "'=1+1"
    assert rows[first][3] == "'@SUM(1+1)*cmd|'/c'!A0"
    assert formula in rows[KEYS][5]
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    assert not [text for text in texts if text.startswith(FORMULA_MARKS)]


def test_an_entry_that_is_no_statement_is_a_row(workspace: Path, tmp_path: Path) -> None:
    with open_ledger(workspace) as ledger:
        index = ledger.append(b"hello")
    rows = cells(exported(workspace, tmp_path / "entries.csv"))[1:]
    assert rows[index][:5] == [str(index), "", "unreadable", "", ""]
    assert ISSUER not in rows[index]
    assert OTHER not in rows[index]


def test_the_table_of_a_copy_is_the_same(full: Full, tmp_path: Path) -> None:
    one = exported(full.workspace, tmp_path / "one.csv").read_bytes()
    copy = Path(copytree(full.workspace, tmp_path / "copy"))
    (copy / "records.sqlite").unlink()
    assert exported(copy, tmp_path / "two.csv").read_bytes() == one
