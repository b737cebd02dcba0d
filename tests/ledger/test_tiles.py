"""Paths and bundles of tlog-tiles; examples are those of the specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.tiles import (
    EntryTooLong,
    TileName,
    bundle_entries,
    encode_entries,
    entries_path,
    read_path,
    tile_path,
    tile_widths,
)


def test_a_number_is_groups_of_three_digits() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(5, 0) == "tile/5/000"
    assert entries_path(1000, 12) == "tile/entries/x001/000.p/12"


def test_a_tree_of_70_000_has_the_tiles_of_the_specification() -> None:
    assert list(tile_widths(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]


def test_a_tree_of_256_has_a_full_tile_and_one_of_width_one_above() -> None:
    assert list(tile_widths(256)) == [(0, 1, 0), (1, 0, 1)]


@given(st.none() | st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_reading_a_path_undoes_writing_it(level: int | None, index: int, width: int) -> None:
    path = entries_path(index, width) if level is None else tile_path(level, index, width)
    assert read_path(path) == TileName(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "tile/64/000",
        "tile/00/000",
        "tile/0/x000/067",
        "tile/0/1",
        "tile/0/0000",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "tile/-1/000",
        "tile/0/../0/000",
        "/tile/0/000",
        "tile/0/٠٠٠",
        "checkpoint",
        "tile/entries/x1/000",
    ],
)
def test_what_is_no_path_is_none(path: str) -> None:
    assert read_path(path) is None


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_reading_a_bundle_undoes_writing_it(entries: list[bytes]) -> None:
    assert bundle_entries(encode_entries(entries), "bundle") == entries


def test_a_bundle_is_lengths_of_two_bytes_and_entries() -> None:
    assert encode_entries([b"abc", b""]) == b"\x00\x03abc\x00\x00"


@pytest.mark.parametrize("content", [b"\x00", b"\x00\x02a", b"\x00\x01a\x00"])
def test_a_bundle_that_is_cut_off_is_damaged(content: bytes) -> None:
    with pytest.raises(DamagedLog, match="bundle"):
        bundle_entries(content, "bundle")


def test_an_entry_of_65_535_bytes_fits_and_one_more_does_not() -> None:
    assert len(encode_entries([bytes(65_535)])) == 65_537
    with pytest.raises(EntryTooLong, match="65,536"):
        encode_entries([bytes(65_536)])
