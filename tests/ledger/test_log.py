"""Writing and reading: the tree is that of RFC 6962, however it was written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger import rfc6962
from tests.ledger.logs import (
    NOW,
    ORIGIN,
    SIGNER,
    all_entries,
    checked,
    entries,
    files,
    log_of,
    reader,
    writer,
)

from chipwarden.ledger.errors import DamagedLog, LogConflict
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.proofs import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from chipwarden.ledger.reader import NoSubtree, NoSuchEntry
from chipwarden.ledger.sequencer import Sequencer
from chipwarden.ledger.tiles import EntryTooLong
from chipwarden.ledger.writer import LogWriter


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6))
def test_the_root_is_that_of_the_recursive_definition(counts: list[int]) -> None:
    edge, all_of_them = Sequencer(), list[bytes]()
    for count in counts:
        more = entries(count, edge.size)
        edge.add(more)
        all_of_them += more
        assert edge.root() == rfc6962.mth(all_of_them)
        assert edge.size == len(all_of_them)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 600, 65_536, 65_793])
def test_every_proof_of_a_log_is_that_of_the_recursive_definition(
    size: int, tmp_path: Path
) -> None:
    storage = log_of(tmp_path, size)
    log = reader(storage)
    given = entries(size)
    signed = log.checkpoint()
    assert signed is not None
    assert signed.checkpoint.root == log.root(size)
    some = sorted({0, 1, size // 3, size // 2, 255, 256, size - 2, size - 1} & set(range(size)))
    if size <= 600:
        assert signed.checkpoint.root == rfc6962.mth(given)
        for index in some:
            assert log.inclusion_proof(index, size) == rfc6962.path(index, given)
            assert log.consistency_proof(index + 1, size) == rfc6962.proof(index + 1, given)
    for index in some:
        proof = log.checked_inclusion_proof(index, signed)
        verify_inclusion(index, size, leaf_hash(given[index]), proof, signed.checkpoint.root)
        proof = log.consistency_proof(index + 1, size)
        old_root = log.root(index + 1)
        verify_consistency(index + 1, size, old_root, signed.checkpoint.root, proof)
        assert log.entry(index, size) == given[index]


@pytest.mark.parametrize("size", [1, 2, 7, 13, 64, 100, 300])
def test_subtree_proofs_are_those_of_the_recursive_definition(size: int, tmp_path: Path) -> None:
    log, given = reader(log_of(tmp_path, size)), entries(size)
    for start in range(0, size, max(size // 9, 1)):
        for end in range(start + 1, size + 1, max(size // 7, 1)):
            if not rfc6962.is_subtree(start, end):
                with pytest.raises(NoSubtree):
                    log.subtree_consistency_proof(start, end, size)
                continue
            part, root = given[start:end], rfc6962.mth(given[start:end])
            proof = log.subtree_consistency_proof(start, end, size)
            assert proof == rfc6962.subtree_proof(start, end, given)
            verify_subtree_consistency(start, end, size, proof, root, rfc6962.mth(given))
            for index in {start, (start + end) // 2, end - 1} & set(range(start, end)):
                proof = log.subtree_inclusion_proof(index, start, end, size)
                assert proof == rfc6962.path(index - start, part)
                verify_subtree_inclusion(index, start, end, leaf_hash(given[index]), proof, root)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=5), st.booleans())
def test_batches_and_stops_between_them_leave_no_trace(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], stops: bool
) -> None:
    one = log_of(tmp_path_factory.mktemp("one"), sum(counts))
    if stops:
        other = files(tmp_path_factory.mktemp("other"))
        for count in counts:
            with writer(other) as log:
                log.append(entries(count, log.size))
    else:
        other = log_of(tmp_path_factory.mktemp("other"), *counts)
    assert one.read("checkpoint") == other.read("checkpoint")
    assert all_entries(one) == all_entries(other) == entries(sum(counts))
    assert checked(other).findings == ()


def test_an_append_tells_the_index_of_its_first_entry(tmp_path: Path) -> None:
    with writer(files(tmp_path)) as log:
        assert [log.append(entries(count)) for count in (3, 1, 300, 2)] == [0, 3, 4, 304]
        assert log.size == 306


def test_a_log_without_entries_has_no_checkpoint(tmp_path: Path) -> None:
    storage = files(tmp_path)
    with writer(storage) as log:
        assert log.size == 0 and log.checkpoint is None
    assert reader(storage).checkpoint() is None
    assert checked(storage).findings == ()


def test_an_entry_that_is_too_long_is_refused_and_nothing_is_appended(tmp_path: Path) -> None:
    storage = files(tmp_path)
    with writer(storage) as log:
        with pytest.raises(EntryTooLong):
            log.append([b"fits", bytes(65_536)])
        assert log.append([bytes(65_535)]) == 0
    assert all_entries(storage) == [bytes(65_535)]


def test_two_writers_at_once_are_refused(tmp_path: Path) -> None:
    with (
        writer(files(tmp_path)),
        pytest.raises(LogConflict, match="another process"),
        writer(files(tmp_path, patience_s=0.05)),
    ):
        pass


def test_the_reader_refuses_what_the_tree_does_not_have(tmp_path: Path) -> None:
    log = reader(log_of(tmp_path, 10))
    for ask in (
        lambda: log.entry(10, 10),
        lambda: log.entry(-1, 10),
        lambda: log.inclusion_proof(10, 10),
        lambda: log.consistency_proof(11, 10),
        lambda: list(log.entries(3, 11, 10)),
    ):
        with pytest.raises(NoSuchEntry):
            ask()


def test_partial_tiles_go_when_the_full_one_is_settled(tmp_path: Path) -> None:
    storage = log_of(tmp_path, 100, 100, 100)
    public = tmp_path / "log" / "public" / "tile"
    assert not (public / "0" / "000.p").exists()
    assert sorted(path.name for path in (public / "0" / "001.p").iterdir()) == ["44"]
    assert list((tmp_path / "log" / "journal").iterdir()) == []
    # Who still has the checkpoint of 100 entries gets its proofs from the full tile.
    assert reader(storage).inclusion_proof(7, 100) == rfc6962.path(7, entries(100))


def test_a_writer_does_not_go_on_from_tiles_that_do_not_lead_to_the_root(tmp_path: Path) -> None:
    storage = log_of(tmp_path, 20)
    path = tmp_path / "log" / "public" / "tile" / "0" / "000.p" / "20"
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedLog, match="as the tiles give it"), writer(storage):
        pass


def test_a_writer_does_not_go_on_without_the_checkpoint(tmp_path: Path) -> None:
    storage = log_of(tmp_path, 20)
    (tmp_path / "log" / "public" / "checkpoint").unlink()
    with pytest.raises(DamagedLog, match="checkpoint"), writer(storage):
        pass


def test_a_writer_does_not_go_on_in_another_log(tmp_path: Path) -> None:
    storage = log_of(tmp_path, 20)
    with (
        pytest.raises(DamagedLog, match=ORIGIN),
        LogWriter(storage, "log.example/other", [SIGNER], lambda: NOW),
    ):
        pass
