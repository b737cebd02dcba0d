"""A decision replays byte for byte, or the replay says what differs or what it lacks."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.workspace.orders import decided, kept, orders, sample, to_germany, written

import chipwarden
from chipwarden.app.check import Terms, check
from chipwarden.app.data import load_data
from chipwarden.app.packs import current_pack, keep
from chipwarden.app.replay import replay
from chipwarden.model.canonical import canonical_bytes
from chipwarden.model.errors import InvalidDocument

PACKAGE = Path(chipwarden.__file__).parent
EXAMPLE = to_germany()


@pytest.mark.parametrize(
    ("order", "terms"), [pytest.param(o, t, id=name) for name, o, t in sample(19)]
)
def test_a_case_replays_byte_for_byte(tmp_path: Path, order: dict[str, Any], terms: Terms) -> None:
    record = decided(order, terms)
    for name, pretty in (("kept.json", False), ("pretty.json", True)):
        found = replay(written(record, tmp_path / name, pretty=pretty), None)
        assert (found.same, found.differences, found.lacks) == (True, (), ())
        assert found.record is not None
        assert canonical_bytes(found.record) == canonical_bytes(record)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders())
def test_a_random_order_replays_byte_for_byte(tmp_path: Path, order: dict[str, Any]) -> None:
    record = decided(order)
    found = replay(written(record, tmp_path / "decision.json", pretty=True), None)
    assert found.differences == ()
    assert found.same


def test_another_process_replays_byte_for_byte(tmp_path: Path) -> None:
    """Nothing hangs on the order in which a process hashes its texts."""
    paths = [kept(decided(order, terms), tmp_path) for _, order, terms in sample(37)]
    keep(current_pack(), tmp_path)
    script = (
        "import sys; from pathlib import Path; from chipwarden.app.replay import replay\n"
        "workspace, *names = map(Path, sys.argv[1:])\n"
        "print(*[name for name in names if not replay(name, workspace).same])"
    )
    for seed in ("1", "77"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path), *map(str, paths)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == ""
    assert len(paths) > 20


def test_the_pack_is_named(tmp_path: Path) -> None:
    """The digest is that of the data files as they lie in the package."""
    files = {
        f"{folder.parent.name}/{path.relative_to(folder).as_posix()}": path.read_text("utf-8")
        for name in ("catalog", "decisions", "model", "parties", "rules")
        for folder in (PACKAGE / name / "data",)
        for path in folder.rglob("*.toml")
    }
    text = json.dumps(files, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    expected = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert decided(EXAMPLE)["digests"]["pack"] == expected
    assert check(EXAMPLE, "order", load_data()).record["digests"]["pack"] is None


def test_a_record_without_a_pack_needs_the_same_data(tmp_path: Path) -> None:
    record = check(EXAMPLE, "order", load_data()).record
    assert replay(written(record, tmp_path / "same.json"), None).same
    record["digests"]["lists"] = "sha256:" + "0" * 64
    found = replay(written(record, tmp_path / "other.json"), None)
    assert (found.same, found.record) == (False, None)
    assert found.lacks == ("The record names no data pack, and the data has changed since: lists.",)


def test_another_installation_with_corrected_data_replays(tmp_path: Path) -> None:
    """A copy of the package with another threshold: the kept pack decides, or is missed."""
    workspace = tmp_path / "workspace"
    order = to_germany(destination="CN", items=[{"product": "NVIDIA H20", "quantity": 8}])
    path = kept(decided(order), workspace)
    keep(current_pack(), workspace)
    copied = tmp_path / "installed" / "chipwarden"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    parameters = copied / "rules" / "data" / "us-ear" / "parameters.toml"
    text = parameters.read_text("utf-8")
    assert "value = 4800" in text
    parameters.write_text(text.replace("value = 4800", "value = 2000"), "utf-8")
    script = (
        "import sys, json, chipwarden; from pathlib import Path\n"
        "from chipwarden.app.replay import replay; from chipwarden.app.check import check\n"
        "from chipwarden.app.data import load_data\n"
        "path = Path(sys.argv[1]); order = json.loads(path.read_text('utf-8'))['order']\n"
        "kept = replay(path, Path(sys.argv[2])); without = replay(path, None)\n"
        "now = check(order, 'order', load_data()).record\n"
        "print(json.dumps([chipwarden.__file__, kept.same, without.same, without.lacks,"
        " now['items'][0]['eccn'], kept.record['items'][0]['eccn']]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(workspace)],
        env={**os.environ, "PYTHONPATH": str(copied.parent)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    where, same, same_without, lacks, now, then = json.loads(done.stdout)
    assert Path(where).parent == copied
    assert same is True
    assert same_without is False
    assert len(lacks) == 1
    assert current_pack().digest in lacks[0]
    assert "law" in lacks[0]
    # H20: 2,368 TPP; 88 FR 73458 has 4,800 for 3A090.a, so that only the false line catches it.
    assert (now, then) == ("3A090.a", decided(order)["items"][0]["eccn"])
    assert now != then


TAMPERED = {
    "the outcome": (("outcome",), "not_subject_to_ear", "/outcome"),
    "the disposition": (("disposition",), "block", "/disposition"),
    "a reason": (("reasons", "statement"), "Outcome: other", "/reasons/statement"),
    "a reason's child": (
        ("reasons", "children", 0, "outcome"), "no", "/reasons/children/0/outcome",
    ),
    "the quantity": (("order", "items", 0, "quantity"), 9, "/digests/order"),
    "the digest of the order": (("digests", "order"), "sha256:" + "0" * 64, "/digests/order"),
    "the digest of the law": (("digests", "law"), "sha256:" + "0" * 64, "/digests/law"),
    "a key too many": (("a/b~c",), 1, "/a~1b~0c"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED)
def test_a_changed_record_is_seen(tmp_path: Path, case: str) -> None:
    (*places, last), value, pointer = TAMPERED[case]
    record = decided(EXAMPLE)
    part: Any = record
    for place in places:
        part = part[place]
    assert (part.get(last) if isinstance(part, dict) else part[last]) != value
    part[last] = value
    found = replay(written(record, tmp_path / "decision.json"), None)
    assert not found.same
    assert pointer in [difference.path for difference in found.differences]
    assert found.lacks == ()


def test_a_removed_part_is_seen(tmp_path: Path) -> None:
    record = decided(EXAMPLE)
    removed = record["obligations"].pop()
    found = replay(written(record, tmp_path / "decision.json"), None)
    (difference,) = found.differences
    count = len(record["obligations"])
    assert difference.to_json() == {
        "path": f"/obligations/{count}", "old": "(absent)", "new": removed,
    }  # fmt: skip


def test_at_most_fifty_differences_are_told(tmp_path: Path) -> None:
    record = decided(EXAMPLE)
    record["warnings"] += [f"added {number}" for number in range(80)]
    found = replay(written(record, tmp_path / "decision.json"), None)
    assert (len(found.differences), found.more) == (50, 30)


def test_another_evaluator_is_told(tmp_path: Path) -> None:
    record = decided(EXAMPLE)
    record["evaluator"] = "chipwarden 0.0.0"
    found = replay(written(record, tmp_path / "decision.json"), None)
    assert not found.same
    assert [difference.path for difference in found.differences] == ["/evaluator"]
    now = f"chipwarden {chipwarden.__version__}"
    assert found.lacks == (f"The evaluator was chipwarden 0.0.0; this is {now}.",)


@pytest.mark.parametrize("name", ["sha256:../../../etc/passwd", "sha256:", "md5:1", "nothing"])
def test_a_pack_is_looked_for_under_a_digest_alone(tmp_path: Path, name: str) -> None:
    record = decided(EXAMPLE)
    record["digests"]["pack"] = name
    found = replay(written(record, tmp_path / "decision.json"), tmp_path)
    assert found.record is None
    assert name in found.lacks[0]


def changed(old: str, new: str) -> Callable[[str], bytes]:
    """Return what changes a text in a record."""

    def change(record: str) -> bytes:
        assert old in record
        return record.replace(old, new).encode()

    return change


# What is made of a record, and what is told of it.
BROKEN: dict[str, tuple[Callable[[str], bytes], str]] = {
    "nothing": (lambda record: b"", "JSON"),
    "no JSON": (lambda record: b"outcome: release", "JSON"),
    "a list": (lambda record: b"[]", "decision record"),
    "an order": (lambda record: json.dumps(EXAMPLE).encode(), "chipwarden.decision/1"),
    "no text": (lambda record: b"\xff\xfe\x00{", "UTF"),
    "half a file": (lambda record: record[:-40].encode(), "JSON"),
    "NaN": (changed('"quantity":8', '"quantity":NaN'), "record"),
    "a name twice": (
        lambda record: b'{"schema":"chipwarden.decision/1",' + record[1:].encode(),
        "more than once",
    ),
    "a day that is none": (changed('"as_of":"2026-03-02"', '"as_of":"2026-02-30"'), "as_of"),
    "another mode": (changed('"mode":"as_enforced"', '"mode":"as_wished"'), "mode"),
    "deep nesting": (lambda record: b'{"a":' * 5000 + b"1" + b"}" * 5000, "nest"),
    "an order that is none": (changed('"kind":"export"', '"kind":7'), "kind"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_record_is_refused(tmp_path: Path, case: str) -> None:
    made, told = BROKEN[case]
    path = tmp_path / "decision.json"
    path.write_bytes(made(canonical_bytes(decided(EXAMPLE)).decode()))
    with pytest.raises(InvalidDocument) as caught:
        replay(path, None)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match=r"nowhere\.json"):
        replay(tmp_path / "nowhere.json", None)
