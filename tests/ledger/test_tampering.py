"""Files are changed on purpose: what the log itself shows, and what only a witness can see."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.copies import Copy, copy_of
from tests.ledger.logs import (
    NOW,
    ORIGIN,
    SIGNER,
    VERIFIER,
    entries,
    files,
    log_of,
    reader,
    writer,
)
from tests.ledger.rfc6962 import mth

from chipwarden.ledger.checkpoints import Checkpoint, open_checkpoint
from chipwarden.ledger.errors import DamagedLog, InvalidNote, InvalidSignature
from chipwarden.ledger.fsck import fsck
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.note_keys import Ed25519Signer
from chipwarden.ledger.notes import NoteSigner, SignedNote, note_bytes, parse_note, sign
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.tiles import encode_entries
from chipwarden.ledger.writer import LogWriter

OTHER_KEY = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
CHANGED = 300


def rewritten(folder: Path, changed: int, signer: NoteSigner, count: int = 605) -> Copy:
    """Return the log built anew with one entry changed, all of it consistent."""
    with LogWriter(files(folder), ORIGIN, [signer], lambda: NOW) as log:
        given = entries(count)
        given[changed] = b"another entry"
        log.append(given)
    return Copy.of(folder)


def with_entry(copy: Copy, index: int, count: int, suffix: str) -> Copy:
    """Return a log in which an entry and its hash in the tile are changed, and nothing else."""
    tile = index // 256
    given = entries(count, tile * 256)
    given[index % 256] = b"another entry"
    leaves = b"".join(leaf_hash(entry) for entry in given)
    name = f"{tile:03d}{suffix}"
    changed = copy.with_file(f"tile/entries/{name}", encode_entries(given))
    return changed.with_file(f"tile/0/{name}", leaves)


def seen(copy: Copy) -> Checkpoint:
    return open_checkpoint(copy.files[CHECKPOINT], [VERIFIER], ORIGIN).checkpoint


# ---------------------------------------------------------------- what the log shows


def test_an_entry_and_its_hash_are_changed(tmp_path: Path) -> None:
    copy = with_entry(copy_of(tmp_path, 605), CHANGED, 256, "")
    (finding,) = copy.findings()
    assert finding.path == "tile/0/001"
    assert finding.expected.endswith("as tile/1/000.p/2 has it")


def test_an_entry_and_its_hash_at_the_end_are_changed(tmp_path: Path) -> None:
    """There is nothing above it but the signed root."""
    (finding,) = with_entry(copy_of(tmp_path, 605), 600, 93, ".p/93").findings()
    assert finding.path == CHECKPOINT
    given = entries(605)
    given[600] = b"another entry"
    assert finding.expected.startswith(mth(given).hex())


def test_all_is_changed_but_the_checkpoint(tmp_path: Path) -> None:
    copy = copy_of(tmp_path / "log", 605)
    forged = rewritten(tmp_path / "forged", CHANGED, SIGNER)
    forged = forged.with_file(CHECKPOINT, copy.files[CHECKPOINT])
    (finding,) = forged.findings()
    assert finding.path == CHECKPOINT
    assert finding.found == f"root {mth(entries(605)).hex()}"


def test_the_key_is_swapped(tmp_path: Path) -> None:
    copy = rewritten(tmp_path, CHANGED, OTHER_KEY)
    (finding,) = copy.findings()
    assert finding.path == CHECKPOINT
    assert "key" in finding.found
    with pytest.raises(InvalidSignature):
        LogReader(copy, [VERIFIER], ORIGIN).checkpoint()


def test_the_checkpoint_of_another_log_is_put_in_its_place(tmp_path: Path) -> None:
    """Signed by the same key, and so by its name alone another one."""
    copy = copy_of(tmp_path, 605)
    text = Checkpoint("log.example/other", 605, mth(entries(605))).text()
    other = copy.with_file(CHECKPOINT, note_bytes(sign(text, [SIGNER], NOW)))
    assert other.findings()[0].path == CHECKPOINT
    with pytest.raises(InvalidNote):
        LogReader(other, [VERIFIER], ORIGIN).checkpoint()


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/001", "tile/1/000.p/2"])
def test_a_reader_gives_nothing_away_that_does_not_lead_to_the_root(
    tmp_path: Path, path: str
) -> None:
    copy = copy_of(tmp_path, 605)
    at = 32 * (CHANGED - 256) if path != "tile/1/000.p/2" else 3
    log = LogReader(copy.flipped(path, at), [VERIFIER], ORIGIN)
    signed = log.checkpoint()
    assert signed is not None
    if path == "tile/entries/001":
        with pytest.raises(DamagedLog, match="tile/entries/001"):
            list(log.entries(256, 512, 605))
    else:
        with pytest.raises(DamagedLog, match=r"on the way from entry 300 to the root"):
            log.checked_inclusion_proof(CHANGED, signed)


# ---------------------------------------------------------------- what a witness shows


def test_the_operator_rewrites_history(tmp_path: Path) -> None:
    """All is consistent and signed by the log's own key: only an earlier checkpoint tells."""
    forged = rewritten(tmp_path / "forged", CHANGED, SIGNER)
    assert forged.findings() == ()
    for size in (1, 256, CHANGED, CHANGED + 1, 512, 600, 605):
        known = Checkpoint(ORIGIN, size, mth(entries(size)))
        findings = forged.findings(known)
        if size <= CHANGED:
            assert findings == ()  # that far it is the same
        else:
            (finding,) = findings
            assert finding.path == CHECKPOINT
            assert f"another history of the first {size} entries" in finding.found


def test_a_fork_of_the_same_size(tmp_path: Path) -> None:
    forged = rewritten(tmp_path, 604, SIGNER)
    assert forged.findings() == ()
    (finding,) = forged.findings(Checkpoint(ORIGIN, 605, mth(entries(605))))
    assert "another history" in finding.found


@pytest.mark.parametrize("old", [1, 100, 255, 256, 257, 511, 512, 600])
def test_an_older_checkpoint_is_put_back(tmp_path: Path, old: int) -> None:
    """The newer entries are still there, so that the log itself tells."""
    copy = copy_of(tmp_path / "new", old, 605 - old)
    before = copy_of(tmp_path / "old", old)
    rolled = copy.with_file(CHECKPOINT, before.files[CHECKPOINT])
    findings = rolled.findings()
    assert any(
        finding.path.startswith("tile/entries/") and f"beyond the {old}" in finding.found
        for finding in findings
    )
    (finding,) = rolled.findings(seen(copy))[len(findings) :]
    assert finding.path == CHECKPOINT and "at least the 605" in finding.expected
    # And its own writer does not go on from there.
    (tmp_path / "new" / "log" / "public" / CHECKPOINT).write_bytes(before.files[CHECKPOINT])
    with pytest.raises(DamagedLog, match=r"checkpoint: .*beyond"), writer(files(tmp_path / "new")):
        pass


def test_the_whole_log_is_put_back(tmp_path: Path) -> None:
    old = copy_of(tmp_path, 300)
    with writer(files(tmp_path)) as log:
        log.append(entries(305, 300))
    assert old.findings() == ()
    (finding,) = old.findings(seen(Copy.of(tmp_path)))
    assert (finding.path, finding.found) == (CHECKPOINT, "300 entries")


def test_the_end_is_cut_off(tmp_path: Path) -> None:
    copy = copy_of(tmp_path, 605)
    for path in ("tile/entries/002.p/93", "tile/0/002.p/93", "tile/entries/001", "tile/0/001"):
        copy = copy.with_file(path, None)
        assert copy.findings()[0].found == "no such file"
    assert copy.findings()[0].path == "tile/entries/002.p/93"


def test_the_checkpoint_is_taken_away(tmp_path: Path) -> None:
    for count in (1, 255, 256, 605):
        copy = copy_of(tmp_path / str(count), count).with_file(CHECKPOINT, None)
        (finding,) = copy.findings()
        assert "beyond the 0 of the checkpoint" in finding.found
        (tmp_path / str(count) / "log" / "public" / CHECKPOINT).unlink()
        with pytest.raises(DamagedLog, match="checkpoint"), writer(files(tmp_path / str(count))):
            pass


@pytest.mark.parametrize("case", ["old signature", "another key", "another log"])
def test_nothing_is_signed_over_a_forged_log(tmp_path: Path, case: str) -> None:
    """All tiles and the root are built anew, so that everything fits but the signature."""
    log_of(tmp_path / "mine", 300)
    public = tmp_path / "mine" / "log" / "public"
    own = parse_note((public / CHECKPOINT).read_bytes())
    forged = rewritten(tmp_path / "forged", 299, OTHER_KEY, 300)
    given = entries(300)
    given[299] = b"another entry"
    text = Checkpoint(ORIGIN, 300, mth(given)).text()
    assert parse_note(forged.files[CHECKPOINT]).text == text
    if case == "old signature":
        forged = forged.with_file(CHECKPOINT, note_bytes(SignedNote(text, own.signatures)))
    elif case == "another log":
        other = Checkpoint("log.example/other", 300, mth(given)).text()
        forged = forged.with_file(CHECKPOINT, note_bytes(sign(other, [SIGNER], NOW)))
    for path, content in forged.files.items():
        (public / path).write_bytes(content)
    assert Copy.of(tmp_path / "mine").files == forged.files
    storage = files(tmp_path / "mine")
    with (
        pytest.raises(DamagedLog, match=r"checkpoint: .*as the log signed it"),
        writer(storage) as log,
    ):
        log.append([b"next"])
    # Nothing was appended, and the log's key signed nothing of it.
    assert Copy.of(tmp_path / "mine").files == forged.files
    with storage.exclusive():
        assert list(storage.pending()) == []


def test_nothing_is_signed_over_a_damage(tmp_path: Path) -> None:
    """A writer that finds a changed entry at the right edge does not sign it again."""
    log_of(tmp_path, 300)
    path = tmp_path / "log" / "public" / "tile" / "entries" / "001.p" / "44"
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    storage = files(tmp_path)
    with writer(storage) as log:
        log.append(entries(300, 300))
    findings = fsck(storage, [VERIFIER], ORIGIN).findings
    assert [finding.index for finding in findings] == [256], "it is found still"
    assert reader(storage).root(300) == mth(entries(300))
