"""The journal of a log whose writer died: a cut-off end is dropped, a change is refused."""

from itertools import pairwise
from pathlib import Path
from shutil import copytree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.copies import Copy
from tests.ledger.logs import (
    NOW,
    ORIGIN,
    SIGNER,
    all_entries,
    checked,
    entries,
    files,
    writer,
)
from tests.ledger.rfc6962 import mth

from chipwarden.ledger.batches import encode_batch
from chipwarden.ledger.checkpoints import Checkpoint
from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.note_keys import Ed25519Signer
from chipwarden.ledger.notes import SignedNote, note_bytes, parse_note, sign
from chipwarden.ledger.storage import CHECKPOINT, Batch

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


@pytest.mark.parametrize("case", ["old signature", "another key", "no signature"])
def test_a_batch_that_the_log_did_not_sign_is_forged_in_the_journal(
    tmp_path: Path, case: str
) -> None:
    """Its digest, size and root are right; whoever can write files has all but the key."""
    folder = died(tmp_path, last_is_published=False)
    path = journal(folder)
    content, start = path.read_bytes(), ends(folder)[-2]
    forged = entries(SIZES[-1] - SIZES[-2], SIZES[-2])
    forged[5] = b"another entry"
    text = Checkpoint(ORIGIN, SIZES[-1], mth([*entries(SIZES[-2]), *forged])).text()
    if case == "old signature":
        own = parse_note((folder / "log" / "public" / CHECKPOINT).read_bytes())
        note = note_bytes(SignedNote(text, own.signatures))
    elif case == "another key":
        other = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
        note = note_bytes(sign(text, [Ed25519Signer(ORIGIN, other)], NOW))
    else:
        note = f"{text}\n".encode()
    record = encode_batch(Batch(SIZES[-2], tuple(forged), note))
    path.write_bytes(content[:start] + record)
    before = Copy.of(folder)
    with (
        pytest.raises(DamagedLog, match=r"committed batch: .*as the log signed it"),
        writer(files(folder)) as log,
    ):
        log.append([b"next"])
    # Nothing of it was published, and it stands as it was found.
    assert Copy.of(folder).files == before.files
    assert path.read_bytes() == content[:start] + record
    # Signed by the log's own key the same batch is taken: nothing else was wrong with it.
    note = note_bytes(sign(text, [SIGNER], NOW))
    path.write_bytes(content[:start] + encode_batch(Batch(SIZES[-2], tuple(forged), note)))
    with writer(files(folder)) as log:
        assert log.size == SIZES[-1]
