"""Packs keep every text that a decision looked at; corrections since change no replay."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from tests.workspace.orders import decided, kept, to_germany, written

import chipwarden
from chipwarden.app.check import Terms, check
from chipwarden.app.data import load_data
from chipwarden.app.packs import DamagedPack, Pack, current_pack, data_of, keep, kept_pack
from chipwarden.app.replay import replay
from chipwarden.model.canonical import canonical_bytes, digest
from chipwarden.model.data_texts import PACKAGES, DataTexts, in_use, packaged
from chipwarden.model.errors import InvalidDocument
from chipwarden.parties.names import normal_name

H20_TO_CHINA = to_germany(destination="CN", items=[{"product": "NVIDIA H20", "quantity": 8}])
LISTED = to_germany(
    parties=[{"role": "end_user", "name": "Sophgo", "country": "CN"}], screening=None
)
LISTED_WITH_FORM = {
    **LISTED, "parties": [{"role": "end_user", "name": "Sophgo Oy", "country": "CN"}],
}  # fmt: skip
# The file that is corrected, what stands there, what is put in its place, and an order whose
# decision it changes.
CORRECTIONS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "a threshold": ("rules/us-ear/parameters.toml", "value = 4800", "value = 2000", H20_TO_CHINA),
    "a date": (
        "rules/us-ear/requirements.toml", "in_force = 2023-11-17", "in_force = 2026-06-01",
        to_germany(destination="CN"),
    ),
    "a product": (
        "catalog/chips/nvidia-hopper.toml", 'name = "H20 96GB (HGX)"', 'name = "H20 96GB (OAM)"',
        H20_TO_CHINA,
    ),
    "a listed party": ("parties/us-entity-list.toml", "Sophgo", "Sophgone", LISTED),
    "a legal form": ("parties/legal-forms.toml", '"oy"', '"oyj oy"', LISTED_WITH_FORM),
    "a word of orders": (
        "decisions/vocabulary.toml", 'export = ["consignee", "end_user"]',
        'export = ["consignee", "end_user", "payer"]', to_germany(),
    ),
    "what is not covered": (
        "decisions/not-covered.toml", "deemed_export = ", "deemed_export = \"§ \" # ",
        to_germany(kind="deemed_export"),
    ),
    "a country": ("model/countries.toml", 'DE = "Germany"', 'D1 = "Germany"', to_germany()),
}  # fmt: skip


def corrected(name: str, old: str, new: str) -> DataTexts:
    """Return the packaged texts with one of them changed."""
    texts = dict(packaged().files)
    assert old in texts[name], f"{name} does not hold {old!r}"
    return DataTexts({**texts, name: texts[name].replace(old, new)})


def answer(order: dict[str, Any]) -> dict[str, Any] | str:
    """Return the decision without its digests, or the problems of the order."""
    try:
        record = decided(order)
    except InvalidDocument as wrong:
        return str(wrong)
    return {key: value for key, value in record.items() if key != "digests"}


@pytest.mark.parametrize("case", CORRECTIONS)
def test_a_decision_replays_after_a_correction(tmp_path: Path, case: str) -> None:
    """Every kind of data is taken from the pack, those for reading orders and names as well."""
    name, old, new, order = CORRECTIONS[case]
    order = {key: value for key, value in order.items() if value is not None}
    keep(current_pack(), tmp_path)
    before = answer(order)
    path = kept(decided(order), tmp_path)
    with in_use(corrected(name, old, new)):
        assert current_pack().digest != digest(dict(packaged().files))
        assert answer(order) != before, "the correction changes nothing: the test shows nothing"
        found = replay(path, tmp_path)
        without = replay(path, None)
    assert (found.same, found.differences, found.lacks) == (True, (), ())
    assert (without.same, without.record) == (False, None)
    assert json.loads(path.read_text("utf-8"))["digests"]["pack"] in without.lacks[0]
    assert answer(order) == before


def test_a_decision_after_the_correction_replays_too(tmp_path: Path) -> None:
    """Both packs are kept; each decision finds its own."""
    name, old, new, order = CORRECTIONS["a threshold"]
    keep(current_pack(), tmp_path)
    first = kept(decided(order), tmp_path)
    with in_use(corrected(name, old, new)):
        keep(current_pack(), tmp_path)
        second = kept(decided(order), tmp_path)
    assert len(list((tmp_path / "packs").iterdir())) == 2
    assert replay(first, tmp_path).same
    assert replay(second, tmp_path).same
    eccns = {json.loads(p.read_text("utf-8"))["items"][0]["eccn"] for p in (first, second)}
    assert len(eccns) == 2


PROVISION = """
schema = "chipwarden.provisions/1"
last_checked = 2026-02-01
[[provision]]
id = "OWN-1"
title = "No B200 to Germany without the head of compliance"
regime = "US"
instrument = "letter"
step = "requirement"
outcome = "license_required"
kinds = ["export"]
published = 2026-02-01
in_force = 2026-02-01
reference = "OWN-NOTE"
confidence = "high"
review = "case_by_case"
when = "transfer.destination = 'DE'"
"""
CITATION = """
schema = "chipwarden.citations/1"
[OWN-NOTE]
title = "House note 1"
publisher = "Example Systems"
number = "1"
published = 2026-02-01
seen = "original"
"""


def test_own_provisions_are_in_the_pack(tmp_path: Path) -> None:
    """The decision replays after the user's own folder is gone."""
    folder, workspace = tmp_path / "own", tmp_path / "workspace"
    folder.mkdir()
    (folder / "provision.toml").write_text(PROVISION, "utf-8")
    (folder / "citation.toml").write_text(CITATION, "utf-8")
    pack = current_pack(folder)
    terms = Terms(pack=pack.digest)
    record = check(to_germany(), "order", load_data(folder), terms).record
    assert [one["provision"] for one in record["requirements"]] == ["OWN-1"]
    path = kept(record, workspace)
    assert replay(path, None, folder).same
    assert pack.files["own-rules/provision.toml"] == PROVISION
    keep(pack, workspace)
    for file in folder.iterdir():
        file.unlink()
    assert replay(path, workspace).same
    assert not replay(path, None).same


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "no file that ends in .toml"),
        ({"a.toml": b"\xff\xfe"}, "not UTF-8"),
        ({"a.toml": b"schema ="}, "a.toml"),
    ],
)
def test_a_folder_that_holds_no_provisions_is_refused(
    tmp_path: Path, files: dict[str, bytes], told: str
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with pytest.raises(InvalidDocument) as caught:
        load_data(folder)
    assert told in str(caught.value)
    assert str(folder) in str(caught.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="no such folder"):
        current_pack(tmp_path / "nowhere")


def test_the_law_digest_tells_files_of_one_name_apart() -> None:
    """Two folders have a country-groups.toml; a change to either is a change of the law."""
    names = [name for name in packaged().names("rules") if name.endswith("/country-groups.toml")]
    assert len(names) == 2
    digests = {load_data().lawbook.digest}
    for name in names:
        with in_use(corrected(name, "last_checked = 2026-11-21", "last_checked = 2026-11-20")):
            digests.add(load_data().lawbook.digest)
    assert len(digests) == 3


def test_a_kept_pack_gives_the_same_data(tmp_path: Path) -> None:
    now = current_pack()
    path = keep(now, tmp_path)
    assert path.name == now.digest.removeprefix("sha256:") + ".json"
    assert path.read_bytes() == canonical_bytes(now.files)
    kept = kept_pack(now.digest, tmp_path)
    assert kept is not None
    assert kept == now
    data, expected = data_of(kept), load_data()
    assert data is not expected
    assert data.lawbook.provisions == expected.lawbook.provisions
    assert data.catalog.chips == expected.catalog.chips
    assert data.starter_set.entries == expected.starter_set.entries
    assert data.vocabulary == expected.vocabulary
    assert data.not_covered == expected.not_covered


def test_tables_in_use_end_with_the_block() -> None:
    """Also where a name's form was computed before, inside and after."""
    texts = corrected("parties/legal-forms.toml", '"oy"', '"oyj oy"')
    assert normal_name("Muster Oy") == "muster"
    with in_use(texts):
        assert normal_name("Muster Oy") == "muster oy"
    assert normal_name("Muster Oy") == "muster"


def test_a_kept_pack_is_never_overwritten(tmp_path: Path) -> None:
    path = keep(current_pack(), tmp_path)
    before = path.stat()
    assert keep(current_pack(), tmp_path) == path
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b'{"rules/a.toml": 1}', b"\xff"])
def test_a_damaged_pack_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    record = decided(to_germany())
    path = keep(current_pack(), tmp_path)
    path.write_bytes(content)
    with pytest.raises(DamagedPack, match=path.name):
        keep(current_pack(), tmp_path)
    with pytest.raises(DamagedPack):
        kept_pack(current_pack().digest, tmp_path)
    with in_use(corrected("rules/us-ear/parameters.toml", "value = 4800", "value = 2000")):
        found = replay(written(record, tmp_path / "decision.json"), tmp_path)
    assert found.record is None
    assert "another digest" in found.lacks[0]
    assert path.read_bytes() == content


def test_a_pack_is_its_files() -> None:
    """The digest hangs on names and texts and on nothing else."""
    files = {"rules/b.toml": "b\r\n", "rules/a.toml": "a\n"}
    turned = dict(reversed(files.items()))
    expected = digest(files)
    assert digest(DataTexts(files).files) == digest(DataTexts(turned).files) == expected
    assert Pack(expected, DataTexts(files)) == Pack(expected, DataTexts(turned))


@pytest.mark.parametrize("name", [*PACKAGES, "expressions"])
def test_no_table_is_read_past_the_texts_in_use(name: str) -> None:
    """A table read or cached in another way would be the current one in a replay."""
    found = [
        f"{path.name}: {module}.{alias.name}"
        for path in (Path(chipwarden.__file__).parent / name).rglob("*.py")
        if path.name != "data_texts.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (module := node.module)
        for alias in node.names
        if module.startswith("importlib") or (module, alias.name) == ("functools", "cache")
    ]
    assert found == []
