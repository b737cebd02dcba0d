"""Files are changed on purpose: what the log itself shows, and what only a witness can see."""

from itertools import pairwise
from pathlib import Path
from shutil import copytree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.copies import Copy, copy_of
from tests.ledger.logs import (
    NOW,
    ORIGIN,
    SIGNER,
    VERIFIER,
    all_entries,
    checked,
    entries,
    files,
    log_of,
    reader,
    writer,
)
from tests.ledger.rfc6962 import mth

from chipwarden.ledger.batches import encode_batch
from chipwarden.ledger.checkpoints import Checkpoint, open_checkpoint
from chipwarden.ledger.errors import DamagedLog, InvalidNote, InvalidSignature
from chipwarden.ledger.fsck import fsck
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.note_keys import Ed25519Signer
from chipwarden.ledger.notes import NoteSigner, note_bytes, sign
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.storage import CHECKPOINT, Batch
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


# ---------------------------------------------------------------- the journal

SIZES = (3, 250, 257, 300)


def died(tmp_path: Path, last_is_published: bool = True) -> Path:
    """Return a log whose writer died, with a journal of four batches; none of it is settled."""
    folder = tmp_path / "living"
    with writer(files(folder)) as log:
        for size in SIZES[:-1]:
            log.append(entries(size - log.size, log.size))
        if last_is_published:
            log.append(entries(SIZES[-1] - log.size, log.size))
        else:
            text = Checkpoint(ORIGIN, SIZES[-1], mth(entries(SIZES[-1]))).text()
            note = note_bytes(sign(text, [SIGNER], NOW))
            batch = Batch(SIZES[-2], tuple(entries(SIZES[-1] - SIZES[-2], SIZES[-2])), note)
            log.storage.commit(batch)
        copytree(folder / "log", tmp_path / "dead" / "log")
    return tmp_path / "dead"


def journal(folder: Path) -> Path:
    (path,) = (folder / "log" / "journal").iterdir()
    return path


def ends(folder: Path) -> list[int]:
    """Return where each record of the journal ends, by making them again."""
    found, at = [], 0
    for first, size in zip((0, *SIZES), SIZES, strict=False):
        text = Checkpoint(ORIGIN, size, mth(entries(size))).text()
        note = note_bytes(sign(text, [SIGNER], NOW))
        at += len(encode_batch(Batch(first, tuple(entries(size - first, first)), note)))
        found.append(at)
    assert at == journal(folder).stat().st_size
    return found


def test_a_log_whose_writer_died_goes_on(tmp_path: Path) -> None:
    for is_published in (True, False):
        folder = died(tmp_path / str(is_published), is_published)
        with writer(files(folder)) as log:
            assert log.append([b"next"]) == SIZES[-1]
        assert list(all_entries(files(folder))) == [*entries(SIZES[-1]), b"next"]
        assert checked(files(folder)).findings == ()


def test_a_changed_journal_is_refused_and_nothing_of_it_dropped(tmp_path: Path) -> None:
    """Each byte of what was published counts, the last batch's too: its checkpoint is there."""
    folder = died(tmp_path)
    path = journal(folder)
    content = path.read_bytes()
    stops = [0, *ends(folder)]
    # Every byte of every header, and some of what follows it.
    offsets = {
        offset
        for start, end in pairwise(stops)
        for offset in (*range(start, start + 64), *range(start + 64, end, 499), end - 1)
    }
    for offset in sorted(offsets):
        changed = bytearray(content)
        changed[offset] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(DamagedLog, match=r"journal/0{20}"), writer(files(folder)):
            pass
        # It is still as it was found, for whoever looks into it.
        assert path.read_bytes() == bytes(changed)
    path.write_bytes(content)
    with writer(files(folder)) as log:
        assert log.size == SIZES[-1]


def test_a_changed_journal_is_refused_without_a_checkpoint_to_compare_with(
    tmp_path: Path,
) -> None:
    """After a power cut there may be none; what comes after a batch says that it was whole."""
    folder = died(tmp_path)
    (folder / "log" / "public" / CHECKPOINT).write_bytes(b"")
    path = journal(folder)
    content = path.read_bytes()
    start, end, *_ = ends(folder)
    for offset in (*range(start, start + 64), (start + end) // 2, end - 1):
        changed = bytearray(content)
        changed[offset] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(DamagedLog, match=r"journal/0{20}: .*changed"), writer(files(folder)):
            pass
    path.write_bytes(content)
    with writer(files(folder)) as log:
        assert log.size == SIZES[-1]


def test_a_journal_cut_off_in_what_was_published_is_refused(tmp_path: Path) -> None:
    folder = died(tmp_path)
    path = journal(folder)
    content = path.read_bytes()
    for offset in (0, 1, 47, 48, 500, len(content) // 2, len(content) - 1, *ends(folder)[:-1]):
        path.write_bytes(content[:offset])
        with pytest.raises(DamagedLog, match=r"journal/0{20}"), writer(files(folder)):
            pass


def test_an_end_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    """A batch that was never acknowledged: the log goes on without it."""
    folder = died(tmp_path, last_is_published=False)
    path = journal(folder)
    content = path.read_bytes()
    start = ends(folder)[-2]
    for offset in {*range(start, start + 60), *range(start, len(content), 97), len(content) - 1}:
        case = tmp_path / str(offset)
        copytree(folder, case)
        journal(case).write_bytes(content[:offset])
        with writer(files(case)) as log:
            assert log.append([b"next"]) == SIZES[-2]
        assert list(all_entries(files(case))) == [*entries(SIZES[-2]), b"next"]
        assert checked(files(case)).findings == ()


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_an_end_of_which_only_the_length_was_written_is_dropped(
    tmp_path: Path, filler: bytes
) -> None:
    """After a power cut a file may be as long as it was to be, with other bytes in it."""
    folder = died(tmp_path, last_is_published=False)
    path = journal(folder)
    content = path.read_bytes()
    start = ends(folder)[-2]
    for whole in (0, 20, 60, 300):
        case = tmp_path / str(whole)
        copytree(folder, case)
        journal(case).write_bytes(content[: start + whole].ljust(len(content), filler))
        with writer(files(case)) as log:
            assert log.append([b"next"]) == SIZES[-2]
        assert checked(files(case)).findings == ()


def test_an_entry_that_looks_like_a_batch_does_no_harm(tmp_path: Path) -> None:
    """Whoever may submit entries could make one, and wait for the power to go."""
    lookalike = encode_batch(Batch(4, (b"never logged",), b"a checkpoint"))
    folder = tmp_path / "living"
    with writer(files(folder)) as log:
        log.append(entries(3))
        log.storage.commit(Batch(3, (lookalike, b"x" * 1000), b"never mind"))
        copytree(folder / "log", tmp_path / "dead" / "log")
        log.storage.settle(4)
    path = journal(tmp_path / "dead")
    path.write_bytes(path.read_bytes()[:-1])
    with writer(files(tmp_path / "dead")) as log:
        assert log.append([b"next"]) == 3


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_journal_file_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: int
) -> None:
    monkeypatch.setattr("chipwarden.store.log_journal.SEGMENT", 1)
    folder = tmp_path / "living"
    with writer(files(folder)) as log:
        for _ in range(3):
            log.append(entries(10, log.size))
        copytree(folder / "log", tmp_path / "dead" / "log")
    paths = sorted((tmp_path / "dead" / "log" / "journal").iterdir())
    assert [path.name for path in paths] == [f"{number:020d}" for number in (0, 10, 20)]
    paths[gone].unlink()
    if gone == 0:
        # As if it had been settled; what it had is published, and is checked as it is read.
        with writer(files(tmp_path / "dead")) as log:
            assert log.size == 30
        assert checked(files(tmp_path / "dead")).findings == ()
        return
    with pytest.raises(DamagedLog, match="journal/"), writer(files(tmp_path / "dead")):
        pass


def test_an_old_journal_is_put_back(tmp_path: Path) -> None:
    """It was settled long ago; going on from its end would give indexes twice."""
    folder = tmp_path / "log"
    with writer(files(tmp_path)) as log:
        log.append(entries(10))
        copytree(folder / "journal", tmp_path / "old")
        log.append(entries(10, 10))
    log_path = folder / "journal"
    for path in (tmp_path / "old").iterdir():
        (log_path / path.name).write_bytes(path.read_bytes())
    with (
        pytest.raises(DamagedLog, match=r"entries before 10.*those before 20"),
        writer(files(tmp_path)),
    ):
        pass


def test_a_batch_is_forged_in_the_journal(tmp_path: Path) -> None:
    """With a digest that is right, but under the checkpoint that was signed for another one."""
    folder = died(tmp_path)
    path = journal(folder)
    content = path.read_bytes()
    text = Checkpoint(ORIGIN, SIZES[-1], mth(entries(SIZES[-1]))).text()
    note = note_bytes(sign(text, [SIGNER], NOW))
    forged = entries(SIZES[-1] - SIZES[-2], SIZES[-2])
    forged[5] = b"another entry"
    record = encode_batch(Batch(SIZES[-2], tuple(forged), note))
    path.write_bytes(content[: ends(folder)[-2]] + record)
    before = Copy.of(folder)
    with pytest.raises(DamagedLog, match="committed batch"), writer(files(folder)):
        pass
    # Nothing of it was published.
    assert Copy.of(folder).files == before.files


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
