"""A workspace is made once, whole, and nothing in it is overwritten."""

import json
import os
import stat
import tomllib
from pathlib import Path

import pytest
from tests.workspace.orders import decided, to_germany

import chipwarden
from chipwarden.app import workspace as use
from chipwarden.app.packs import current_pack, keep
from chipwarden.app.workspace import (
    ExamplesMissing,
    WorkspaceExists,
    default_workspace,
    init,
    keep_decision,
    safe_name,
)
from chipwarden.model.canonical import canonical_bytes

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
    assert report.folder == folder
    assert [path.name for path in report.written] == ["decisions", "orders", "packs"]
    assert sorted(path.name for path in folder.iterdir()) == ["decisions", "orders", "packs"]
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
    assert len(list(folder.iterdir())) == 3
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
    copied = {path.name: path.read_bytes() for path in report.written if path.suffix == ".toml"}
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


def test_a_decision_is_kept_as_its_canonical_bytes(tmp_path: Path) -> None:
    record = decided(to_germany(id="PO-2026-0117"))
    path = keep_decision(record, tmp_path)
    assert path.read_bytes() == canonical_bytes(record)
    assert json.loads(path.read_text("utf-8")) == record
    assert path.parent == tmp_path / "decisions"
    assert path.name.startswith("PO-2026-0117-")
    assert keep_decision(record, tmp_path) == path
    other = keep_decision({**record, "warnings": ["other"]}, tmp_path)
    assert other != path
    assert sorted(path.parent.iterdir()) == sorted([path, other])


def test_two_records_under_one_short_digest_are_both_kept(tmp_path: Path) -> None:
    record = decided(to_germany())
    path = keep_decision(record, tmp_path)
    path.write_text("another record", "utf-8")
    second = keep_decision(record, tmp_path)
    assert second != path
    assert second.name.startswith(path.stem)
    assert path.read_text("utf-8") == "another record"
    assert second.read_bytes() == canonical_bytes(record)


@pytest.mark.parametrize(
    ("order_id", "name"),
    [
        ("PO-2026-0117", "PO-2026-0117"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d", "a-b-c-d"),
        ("注文", "order"),
        ("", "order"),
        ("..", "order"),
        ("-rf", "rf"),
        ("x" * 500, "x" * 80),
        ("a\nb\0c", "a-b-c"),
    ],
)
def test_an_id_is_no_path(order_id: str, name: str) -> None:
    assert safe_name(order_id) == name
    assert os.path.basename(safe_name(order_id)) == safe_name(order_id)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is brought to the disk before it gets its name."""
    record = decided(to_germany())

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        keep(current_pack(), tmp_path)
    with pytest.raises(OSError, match="No space left"):
        keep_decision(record, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
