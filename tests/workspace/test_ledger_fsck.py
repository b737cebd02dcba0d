"""A check finds whatever was changed in a workspace, and names the file and the entry."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.shell import flat, run
from tests.workspace.ledgers import (
    ISSUER,
    KEYS,
    ORIGIN,
    OTHER,
    Full,
    book,
    copied,
    findings,
    ledger_run,
    made,
    public,
    recorded,
    records,
    signed,
    small,
    tree,
)
from tests.workspace.test_ledger_proofs import failing, made_proof

from chipwarden.app.ledger import open_ledger
from chipwarden.app.ledger_check import check_ledger
from chipwarden.ledger.decision_statements import decision_statement
from chipwarden.ledger.errors import LogUnavailable
from chipwarden.ledger.key_statements import STATEMENT, possession, sign_key, sign_revocation
from chipwarden.ledger.keys import Algorithm
from chipwarden.ledger.statements import read_statement, sign_statement
from chipwarden.model.canonical import canonical_bytes
from chipwarden.store.key_files import generate_key
from chipwarden.store.log_files import LogFiles

BUNDLE, TILE = "tile/entries/000.p/13", "tile/0/000.p/13"


def body_path(workspace: Path, index: int) -> Path:
    """Return the file of the body of an entry."""
    with open_ledger(workspace) as ledger:
        body = read_statement(ledger.entry(index)).body
    assert body is not None
    return workspace / "bodies" / body.hex()[:2] / body.hex()[2:]


def flip(path: Path, at: int) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def check(workspace: Path, *arguments: str) -> tuple[int, list[tuple[str, int | None]]]:
    """Return the exit code of a check, and file and entry of all that it finds."""
    told = ledger_run(workspace, "fsck", "--json", *arguments)
    found = json.loads(told.stdout)["findings"] if told.stdout else []
    return told.exit_code, [(one["path"], one["index"]) for one in found]


def test_a_sound_ledger_is_sound_and_stays_as_it_is(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    before = tree(folder)
    told = ledger_run(folder, "fsck")
    assert told.exit_code == 0
    assert told.stdout.startswith("SOUND: 13 entries lead to the signed root.\n")
    assert ORIGIN in told.stdout
    assert check(folder) == (0, [])
    assert tree(folder) == before


# ---------------------------------------------------------------- bodies


def body_changed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    path = body_path(workspace, full.entries["decision"])
    flip(path, -1)
    return [(str(path.relative_to(workspace)), full.entries["decision"])]


def body_of_another_kind(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    path = body_path(workspace, full.entries["newest"])
    path.write_bytes(b"not sealed at all")
    return [(str(path.relative_to(workspace)), full.entries["newest"])]


def body_emptied(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    path = body_path(workspace, full.entries["newest"])
    path.write_bytes(b"")
    return [(str(path.relative_to(workspace)), full.entries["newest"])]


def bodies_swapped(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    indexes = full.entries["decision"], full.entries["newest"]
    one, other = (body_path(workspace, index) for index in indexes)
    contents = one.read_bytes(), other.read_bytes()
    other.write_bytes(contents[0])
    one.write_bytes(contents[1])
    return [
        (str(path.relative_to(workspace)), index)
        for path, index in zip((one, other), indexes, strict=True)
    ]


def body_removed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    path = body_path(workspace, full.entries["decision"])
    path.unlink()
    return [(str(path.relative_to(workspace)), full.entries["decision"])]


def body_brought_back(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    """From a copy of the body that was made before it was erased."""
    index = recorded(workspace, small(id="PO-9"))
    path = body_path(workspace, index)
    content = path.read_bytes()
    ledger_run(workspace, "erase", str(index), "--reason", "end of retention")
    assert not path.exists()
    assert findings(workspace) == ()
    path.write_bytes(content)
    return [(str(path.relative_to(workspace)), index)]


def all_bodies_removed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    indexes = [full.entries["decision"], full.entries["decision"] + 1, full.entries["newest"]]
    found = [(str(body_path(workspace, index).relative_to(workspace)), index) for index in indexes]
    shutil.rmtree(workspace / "bodies")
    return [*found]


# ---------------------------------------------------------------- what issuers may not say


def key_by_another(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    """The other company registers a key for us."""
    new = generate_key(Algorithm.ED25519)
    with open_ledger(workspace) as ledger, open_ledger(full.other) as theirs:
        made_up = sign_key(
            OTHER, theirs.signing_key, ledger.now(), ISSUER, new.public,
            possession(ISSUER, STATEMENT, new),
        )  # fmt: skip
        return [("tile/entries/000.p/14", ledger.append(made_up.content))]


def end_by_another(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    """The other company ends our key."""
    with open_ledger(workspace) as ledger, open_ledger(full.other) as theirs:
        said = sign_revocation(
            OTHER, theirs.signing_key, ledger.now(), ledger.signing_key.kid, "compromised", 0
        )
        return [("tile/entries/000.p/14", ledger.append(said.content))]


def no_statement(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    with open_ledger(workspace) as ledger:
        return [("tile/entries/000.p/14", ledger.append(b"hello"))]


def unsigned(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    with open_ledger(workspace) as ledger:
        content = signed(ledger, "declaration").content
        altered = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        return [("tile/entries/000.p/14", ledger.append(altered))]


# ---------------------------------------------------------------- the log itself


def entry_changed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    with open_ledger(workspace) as ledger:
        entry = ledger.entry(full.entries["newest"])
    path = public(workspace) / BUNDLE
    flip(path, path.read_bytes().index(entry) + 100)
    return [(BUNDLE, full.entries["newest"])]


def tile_changed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    flip(public(workspace) / TILE, 32 * 5 + 7)
    return [(TILE, 5)]


def tile_removed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    (public(workspace) / TILE).unlink()
    return [(TILE, None)]


def bundle_removed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    (public(workspace) / BUNDLE).unlink()
    return [(BUNDLE, None)]


def checkpoint_removed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    (public(workspace) / "checkpoint").unlink()
    return [("tile/entries/000.p/2", None), ("checkpoint", None)]


def checkpoint_changed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    path = public(workspace) / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n13\n", b"\n12\n"))
    return [("checkpoint", None), (BUNDLE, None)]


def checkpoint_of_another(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    shutil.copy(public(full.other) / "checkpoint", public(workspace) / "checkpoint")
    return [("checkpoint", None), ("tile/entries/000.p/5", None)]


def log_removed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    shutil.rmtree(workspace / "ledger")
    return [("checkpoint", None)]


def log_and_records_removed(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    (workspace / "records.sqlite").unlink()
    return log_removed(workspace, full)


def log_of_another(workspace: Path, full: Full) -> list[tuple[str, int | None]]:
    shutil.rmtree(workspace / "ledger")
    shutil.copytree(full.other / "ledger", workspace / "ledger")
    return [("checkpoint", None)]


TAMPERED: dict[str, Callable[[Path, Full], list[tuple[str, int | None]]]] = {
    change.__name__.replace("_", " "): change
    for change in (
        body_changed,
        body_of_another_kind,
        body_emptied,
        bodies_swapped,
        body_removed,
        body_brought_back,
        all_bodies_removed,
        key_by_another,
        end_by_another,
        no_statement,
        unsigned,
        entry_changed,
        tile_changed,
        tile_removed,
        bundle_removed,
        checkpoint_removed,
        checkpoint_changed,
        checkpoint_of_another,
        log_removed,
        log_and_records_removed,
        log_of_another,
    )
}


@pytest.mark.parametrize("case", TAMPERED)
def test_what_was_tampered_with_is_named(full: Full, tmp_path: Path, case: str) -> None:
    folder = copied(full.workspace, tmp_path)
    expected = TAMPERED[case](folder, full)
    code, found = check(folder)
    assert code == 1
    # What is wrong with a checkpoint may be found in more than one way.
    assert list(dict.fromkeys(found)) == expected
    told = ledger_run(folder, "fsck")
    assert told.exit_code == 1
    assert told.stdout.startswith("DAMAGED: ")
    for path, index in expected:
        assert path in told.stdout.replace("\n", "").replace(" ", "") or path in flat(told.stdout)
        assert index is None or f"entry {index}:" in flat(told.stdout)


def test_a_statement_by_a_key_that_ended_is_named(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    with open_ledger(folder) as ledger:
        old = ledger.signing_key
        assert ledger_run(folder, "keys", "rotate").exit_code == 0
        late = sign_statement("declaration", ISSUER, "urn:x:1", ledger.now(), old)
        index = ledger.append(late.content)
    assert check(folder) == (1, [("tile/entries/000.p/16", index)])


# ---------------------------------------------------------------- what a stop left


def test_what_was_committed_and_not_published_is_published(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that recorded died before the public files were written."""

    def fail(*_: object) -> None:
        raise LogUnavailable("tile: the disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(LogFiles, "publish", fail)
        patched.setattr(LogFiles, "settle", fail)
        assert recorded(workspace, small()) == KEYS
        assert not (public(workspace) / "tile/entries/000.p/3").exists()
    told = ledger_run(workspace, "fsck")
    assert told.exit_code == 0
    assert told.stdout.startswith("SOUND: 3 entries")


def test_a_changed_journal_is_named(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds is published already: that it was cut off is no excuse."""

    def fail(*_: object) -> None:
        raise LogUnavailable("ledger: the disk is full.")

    with monkeypatch.context() as patched, pytest.raises(LogUnavailable):
        patched.setattr(LogFiles, "settle", fail)
        recorded(workspace, small())
    (journal,) = (workspace / "ledger" / "journal").iterdir()
    flip(journal, 200)
    assert check(workspace) == (1, [(f"journal/{journal.name}", None)])


# ---------------------------------------------------------------- checkpoints from before


def rewritten(workspace: Path, index: int) -> None:
    """Rewrite history as only the operator can: another decision at an index, all keys at hand.

    What came after it is logged again; what the workspace remembers is made to forget.
    """
    (other,) = records(small(id="PO-FALSE"))
    with open_ledger(workspace) as ledger:
        size = ledger.signed().checkpoint.size
        entries = [ledger.entry(each) for each in range(size)]
        body_path(workspace, index).unlink()
        seed = bytes(range(32))
        ledger.bodies.write(canonical_bytes(other), seed)
        key = ledger.signing_key
        entries[index] = decision_statement(other, seed, ISSUER, ledger.now(), key).content
    shutil.rmtree(workspace / "ledger")
    for name in ("seen", "records.sqlite"):
        (workspace / name).unlink(missing_ok=True)
    with open_ledger(workspace) as ledger:
        ledger.append(*entries)
    assert ledger_run(workspace, "show").exit_code == 0


def test_history_that_the_operator_rewrote_is_found_by_an_earlier_checkpoint(
    workspace: Path, tmp_path: Path
) -> None:
    """With all keys everything fits together; only who kept a checkpoint sees it."""
    folder = workspace
    first = recorded(folder, *book(5))
    seen = tmp_path / "checkpoint-of-march"
    shutil.copy(public(folder) / "checkpoint", seen)
    old_proof, old_trust = made_proof(folder, first + 3)
    rewritten(folder, first + 2)
    assert check(folder) == (0, [])
    assert failing(*made_proof(folder, first + 2)) == ""
    code, found = check(folder, "--checkpoint", str(seen))
    assert (code, found) == (1, [("checkpoint", None)])
    told = ledger_run(folder, "fsck", "--checkpoint", str(seen))
    assert "another history of the first 7 entries" in flat(told.stdout)
    # Also where the log went on: size and root of the old one are not its beginning.
    recorded(folder, *book(3))
    assert check(folder, "--checkpoint", str(seen))[0] == 1
    # A proof of before shows the other history as well.
    assert failing(old_proof, old_trust) == ""


def test_an_earlier_checkpoint_of_the_same_history_is_fine(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    kept = []
    for number in range(3):
        kept.append(tmp_path / f"checkpoint-{number}")
        shutil.copy(public(folder) / "checkpoint", kept[-1])
        if number:
            recorded(folder, *book(number * 100))
    arguments = [part for path in kept for part in ("--checkpoint", str(path))]
    assert check(folder, *arguments) == (0, [])
    # The log of before is shorter than what was seen of it later.
    assert check(full.workspace, "--checkpoint", str(kept[2])) == (1, [("checkpoint", None)])


@pytest.mark.parametrize("case", ["another log", "another key", "no checkpoint", "nothing"])
def test_a_checkpoint_that_is_not_of_this_log_is_no_answer(
    full: Full, tmp_path: Path, case: str
) -> None:
    path = tmp_path / "seen"
    if case == "another log":
        shutil.copy(public(full.other) / "checkpoint", path)
    elif case == "another key":
        shutil.copy(public(made(tmp_path / "same-name")) / "checkpoint", path)
    else:
        path.write_bytes(b"" if case == "nothing" else b"# Notes\n")
    told = ledger_run(full.workspace, "fsck", "--checkpoint", str(path))
    assert told.exit_code == 2
    assert told.stdout == ""
    assert told.stderr.startswith("chipwarden: ")


# ---------------------------------------------------------------- what it needs


def test_bodies_need_the_passphrase_and_the_log_does_not(
    full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHIPWARDEN_PASSPHRASE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    told = ledger_run(full.workspace, "fsck")
    assert told.exit_code == 2
    assert "CHIPWARDEN_PASSPHRASE" in told.stderr
    assert told.stdout == ""
    told = ledger_run(full.workspace, "fsck", "--no-bodies")
    assert (told.exit_code, told.stdout[:5]) == (0, "SOUND")
    folder = copied(full.workspace, tmp_path)
    body_path(folder, full.entries["decision"]).unlink()
    assert ledger_run(folder, "fsck", "--no-bodies").exit_code == 1


def test_public_files_need_a_trust_file(full: Full) -> None:
    for arguments in (["--public", str(public(full.workspace))], ["--trust", str(__file__)]):
        told = ledger_run(full.workspace, "fsck", *arguments)
        assert told.exit_code == 2
        assert "--public and --trust go together" in flat(told.stderr)


def test_public_files_are_checked_from_outside(full: Full, tmp_path: Path) -> None:
    trust = tmp_path / "trust.txt"
    ledger_run(full.workspace, "trust", "-o", str(trust))
    log = shutil.copytree(public(full.workspace), tmp_path / "log")
    told = run("ledger", "fsck", "--public", str(log), "--trust", str(trust))
    assert (told.exit_code, told.stdout[:5]) == (0, "SOUND")
    flip(log / TILE, 3)
    told = run("ledger", "fsck", "--public", str(log), "--trust", str(trust))
    assert (told.exit_code, told.stdout[:7]) == (1, "DAMAGED")
    assert f"{TILE}, entry 0" in flat(told.stdout)
    nothing = tmp_path / "empty"
    nothing.mkdir()
    told = run("ledger", "fsck", "--public", str(nothing), "--trust", str(trust))
    assert (told.exit_code, told.stdout[:7]) == (1, "DAMAGED")
    theirs = tmp_path / "theirs.txt"
    ledger_run(full.other, "trust", "-o", str(theirs))
    told = run("ledger", "fsck", "--public", str(public(full.workspace)), "--trust", str(theirs))
    assert (told.exit_code, told.stdout[:7]) == (1, "DAMAGED")


def test_the_progress_is_told(full: Full) -> None:
    seen: list[int] = []
    with open_ledger(full.workspace) as ledger:
        assert check_ledger(ledger, advance=seen.append).findings == ()
    assert seen[-1] == 13


def test_a_workspace_without_a_ledger_says_so(tmp_path: Path) -> None:
    told = ledger_run(tmp_path, "fsck")
    assert told.exit_code == 2
    assert "found no ledger" in flat(told.stderr)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (b"", "origin"),
        (b"\xff", "TOML"),
        (b"id = 1\n", "id"),
        (b'id = "a"\norigin = "b"\nissuer = "c"\nstorage = "ledger"\nmore = "d"\n', "more"),
    ],
)
def test_settings_that_cannot_be_read_are_told(
    full: Full, tmp_path: Path, settings: bytes, told: str
) -> None:
    folder = copied(full.workspace, tmp_path)
    (folder / "ledger.toml").write_bytes(settings)
    result = ledger_run(folder, "fsck")
    assert result.exit_code == 2
    assert "ledger.toml" in result.stderr
    assert told in result.stderr


def test_another_name_in_the_settings_is_no_way_round(full: Full, tmp_path: Path) -> None:
    """Names stand in the signatures: a change makes another ledger."""
    folder = copied(full.workspace, tmp_path)
    path = folder / "ledger.toml"
    settings = path.read_text("utf-8")
    path.write_text(settings.replace(ORIGIN, "log.example/other"), "utf-8")
    told = ledger_run(folder, "fsck")
    assert told.exit_code == 2
    assert "expected log.example/other+" in flat(told.stderr)
    path.write_text(settings.replace(ISSUER, "https://thief.example"), "utf-8")
    index = recorded(folder, small())
    path.write_text(settings, "utf-8")
    assert check(folder) == (1, [("tile/entries/000.p/14", index)])


def test_a_policy_with_another_log_key_is_found(full: Full, tmp_path: Path) -> None:
    """Who changes the policy and signs the log anew with a key of his own is not believed."""
    folder = copied(full.workspace, tmp_path)
    theirs = made(tmp_path / "same-name")
    (folder / "policy.txt").write_bytes((theirs / "policy.txt").read_bytes())
    shutil.rmtree(folder / "ledger")
    shutil.copytree(theirs / "ledger", folder / "ledger")
    for name in ("seen", "records.sqlite"):
        (folder / name).unlink()
    told = ledger_run(folder, "fsck")
    assert told.exit_code == 2
    assert "policy.txt: found other log keys" in flat(told.stderr)
