"""The index of duplicates: the same bytes get the same index, also after it was dropped."""

from pathlib import Path

import pytest
from tests.ledger.logs import all_entries, entries, files, reader, writer

from chipwarden.ledger.appender import Appender
from chipwarden.ledger.errors import LogUnavailable
from chipwarden.store.duplicates import DuplicateIndex


def appended(folder: Path, given: list[bytes]) -> list[int]:
    with (
        writer(files(folder)) as log,
        DuplicateIndex(folder / "duplicates.sqlite") as seen,
    ):
        seen.catch_up(reader(log.storage).entries(seen.size, log.size, log.size))
        with Appender(log, seen) as appender:
            return [future.result() for future in [appender.submit(entry) for entry in given]]


def test_the_same_bytes_get_the_same_index(tmp_path: Path) -> None:
    given = [b"a", b"b", b"a", b"c", b"b", b"a"]
    assert appended(tmp_path, given) == [0, 1, 0, 2, 1, 0]
    assert appended(tmp_path, [b"c", b"d", b"a"]) == [2, 3, 0]
    assert all_entries(files(tmp_path)) == [b"a", b"b", b"c", b"d"]


def test_a_dropped_index_is_made_again_from_the_log(tmp_path: Path) -> None:
    many = [b"%d" % index for index in range(700)]
    assert appended(tmp_path, many) == list(range(700))
    for path in tmp_path.glob("duplicates*"):
        path.unlink()
    assert appended(tmp_path, [*reversed(many), b"new"]) == [*reversed(range(700)), 700]


def test_entries_that_another_writer_appended_are_known(tmp_path: Path) -> None:
    assert appended(tmp_path, [b"a"]) == [0]
    with writer(files(tmp_path)) as log:
        assert log.append([b"b", b"b"]) == 1
    assert appended(tmp_path, [b"b", b"c"]) == [1, 3]


def test_without_it_the_log_takes_equal_bytes_again(tmp_path: Path) -> None:
    with writer(files(tmp_path)) as log, Appender(log) as appender:
        given = entries(1) * 3
        assert [appender.submit(entry).result() for entry in given] == [0, 1, 2]


def test_a_gap_is_caught_up(tmp_path: Path) -> None:
    with DuplicateIndex(tmp_path / "duplicates.sqlite") as seen:
        seen.remember({b"a" * 32: 0, b"b" * 32: 1})
        seen.remember({b"d" * 32: 3})
        assert seen.size == 2
        assert seen.indexes({b"d" * 32: -1, b"x" * 32: -1}) == {b"d" * 32: 3}
        seen.remember({b"c" * 32: 2})
        assert seen.size == 3


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "duplicates.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(LogUnavailable, match=r"duplicates\.sqlite.*remove it"):
        DuplicateIndex(path)
    assert path.read_bytes().startswith(b"no database")
