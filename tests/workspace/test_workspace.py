"""A workspace is made once, whole, and nothing in it is overwritten."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

import chipwarden
from chipwarden.app import workspace as use
from chipwarden.app.ledger_setup import LedgerNames
from chipwarden.app.packs import current_pack, keep
from chipwarden.app.workspace import (
    ExamplesMissing,
    WorkspaceExists,
    default_workspace,
    init,
)
from chipwarden.ledger.errors import InvalidNote

PARTS = ["keys", "ledger", "ledger.toml", "orders", "packs", "policy.txt", "seen"]
EXAMPLES = Path(chipwarden.__file__).parent / "examples"


def test_the_option_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHIPWARDEN_WORKSPACE", raising=False)
    assert default_workspace(None) == Path("chipwarden-data")
    monkeypatch.setenv("CHIPWARDEN_WORKSPACE", "/srv/records")
    assert default_workspace(None) == Path("/srv/records")
    assert default_workspace(Path("here")) == Path("here")
    monkeypatch.setenv("CHIPWARDEN_WORKSPACE", "")
    assert default_workspace(None) == Path("chipwarden-data")


def test_a_workspace_has_its_folders(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "work"
    report = init(folder)
    assert (report.folder, report.orders) == (folder, ())
    assert sorted(path.name for path in folder.iterdir()) == PARTS
    assert list(folder.parent.iterdir()) == [folder]
    probe = tmp_path / "probe"
    probe.mkdir()
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(probe.stat().st_mode)


def test_an_empty_folder_becomes_a_workspace_and_stays_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    before = folder.stat().st_ino
    init(folder)
    assert folder.stat().st_ino == before
    assert sorted(path.name for path in folder.iterdir()) == PARTS
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("is_file", [False, True])
def test_what_is_there_is_not_touched(tmp_path: Path, is_file: bool) -> None:
    folder = tmp_path / "work"
    if is_file:
        folder.write_text("mine", "utf-8")
    else:
        folder.mkdir()
        (folder / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(WorkspaceExists, match="work: found"):
        init(folder)
    assert (folder if is_file else folder / "mine.txt").read_text("utf-8") == "mine"
    assert len(list(tmp_path.rglob("*"))) == (1 if is_file else 2)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not in this tree")
def test_the_demo_holds_the_packaged_orders(tmp_path: Path) -> None:
    report = init(tmp_path / "work", demo=True)
    copied = {path.name: path.read_bytes() for path in report.orders}
    assert copied == {path.name: path.read_bytes() for path in EXAMPLES.glob("*.toml")}
    assert all(tomllib.loads(text.decode())["id"] for text in copied.values())
    assert len(copied) >= 25


@pytest.mark.parametrize("has_folder", [False, True])
def test_without_examples_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_folder: bool
) -> None:
    package = tmp_path / "package"
    (package / "examples").mkdir(parents=True) if has_folder else package.mkdir()
    monkeypatch.setattr(use, "files", lambda name: package)
    with pytest.raises(ExamplesMissing, match="without --demo"):
        init(tmp_path / "work", demo=True)
    assert not (tmp_path / "work").exists()


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match="no space left"):
        init(tmp_path / "work", demo=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", ["a name", "the last step"])
def test_a_failure_leaves_no_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """Also outside the workspace nothing stays of one that was not made."""

    def fail(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.delenv("CHIPWARDEN_PASSPHRASE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    names = LedgerNames(origin="a log" if failure == "a name" else None)
    if failure == "the last step":
        monkeypatch.setattr(os, "rename", fail)
    with pytest.raises((InvalidNote, OSError)):
        init(tmp_path / "work", names=names)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not (tmp_path / "work").exists()


def test_nobody_else_may_look_at_the_keys(tmp_path: Path) -> None:
    folder = init(tmp_path / "work").folder
    assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "keys").iterdir()} == {0o600}
    private = [path.read_bytes() for path in (folder / "keys").glob("*.pem")]
    assert len(private) == 4
    assert all(b"BEGIN ENCRYPTED PRIVATE KEY" in content for content in private)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is brought to the disk before it gets its name."""

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        keep(current_pack(), tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
