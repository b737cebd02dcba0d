"""One byte changed, one file gone or in another's place: the check finds it and says where."""

from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from tests.ledger.copies import Copy, copy_of, places
from tests.ledger.logs import entries

from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.tiles import encode_entries

SAMPLE = 1_500
# With partial tiles of smaller trees beside the newest, which are served as well.
COUNTS = (100, 250, 200, 5, 50)
FILES = (
    "checkpoint",
    "tile/0/000",
    "tile/0/001",
    "tile/0/002.p/38",
    "tile/0/002.p/43",
    "tile/0/002.p/93",
    "tile/1/000.p/1",
    "tile/1/000.p/2",
    "tile/entries/000",
    "tile/entries/001",
    "tile/entries/002.p/38",
    "tile/entries/002.p/43",
    "tile/entries/002.p/93",
)
LARGE = (65_536, 400, 64)


@cache
def log() -> Copy:
    with TemporaryDirectory() as folder:
        return copy_of(Path(folder), *COUNTS)


@cache
def large_log() -> Copy:
    with TemporaryDirectory() as folder:
        return copy_of(Path(folder), *LARGE)


def check(copy: Copy, path: str, at: int, index: int | None, mask: int) -> None:
    findings = copy.flipped(path, at, mask).findings()
    where = f"{path}, byte {at}, entry {index}, mask {mask:#x}"
    assert findings, f"{where}: not found"
    if path == CHECKPOINT:
        # Its size may lead beyond what is there.
        assert findings[0].path == CHECKPOINT, f"{where}: {findings[0]}"
        return
    assert {finding.path for finding in findings} == {path}, f"{where}: {findings[0]}"
    assert findings[0].index == index, f"{where}: {findings[0]}"
    assert path in str(findings[0])


def test_the_log_has_every_kind_of_file() -> None:
    assert log().findings() == ()
    assert sorted(log().files) == sorted(FILES)


def test_some_byte_is_changed() -> None:
    chance = Random(1)
    every = list(places(log()))
    some = chance.sample(every, SAMPLE)
    # Each file, first and last byte too.
    for path in log().files:
        own = [place for place in every if place[0] == path]
        some += [own[0], own[-1], *chance.sample(own, min(20, len(own)))]
    for path, at, index in some:
        check(log(), path, at, index, chance.randrange(1, 256))


@pytest.mark.long
def test_any_byte_is_changed() -> None:
    chance = Random(2)
    for path, at, index in places(log()):
        check(log(), path, at, index, chance.randrange(1, 256))


@pytest.mark.long
def test_some_byte_of_each_file_of_a_large_log_is_changed() -> None:
    chance = Random(3)
    assert large_log().findings() == ()
    by_file: dict[str, list[tuple[str, int, int | None]]] = {}
    for place in places(large_log()):
        by_file.setdefault(place[0], []).append(place)
    assert len(by_file) > 500
    for own in by_file.values():
        path, at, index = chance.choice(own)
        check(large_log(), path, at, index, chance.randrange(1, 256))


@pytest.mark.parametrize("path", FILES[1:])
def test_a_file_is_cut_off_or_goes_on(path: str) -> None:
    content = log().files[path]
    lengths = {0, 1, 31, 32, 33, len(content) // 2, len(content) - 33, len(content) - 1}
    if "entries" in path:
        # Also at the end of an entry.
        first = int(path[13:16]) * 256
        lengths |= {len(encode_entries(entries(count, first))) for count in (1, 5, 30)}
    changed = [content[:length] for length in lengths if 0 <= length < len(content)]
    changed += [content + more for more in (b"\0", b"\0\0", bytes(32), encode_entries([b"more"]))]
    for other in changed:
        findings = log().with_file(path, other).findings()
        assert {finding.path for finding in findings} == {path}, len(other)


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_missing(path: str) -> None:
    findings = log().with_file(path, None).findings()
    if path.endswith((".p/38", ".p/43", "1/000.p/1")):
        # Tiles of smaller trees; none of them has to be there for ever.
        assert findings == ()
    elif path == CHECKPOINT:
        assert "beyond the 0" in str(findings[0])
    else:
        assert [finding.path for finding in findings] == [path]
        assert findings[0].found == "no such file"


@pytest.mark.parametrize(("one", "other"), list(combinations(FILES[1:], 2)))
def test_two_files_are_in_each_others_place(one: str, other: str) -> None:
    changed = log().with_file(one, log().files[other]).with_file(other, log().files[one])
    assert {finding.path for finding in changed.findings()} == {one, other}


def test_every_finding_is_told_at_once() -> None:
    changed = log().flipped("tile/0/001", 64).flipped("tile/entries/000", 3)
    found = changed.flipped("tile/1/000.p/2", 40).flipped("tile/entries/002.p/93", -1).findings()
    assert [finding.path for finding in found] == [
        "tile/entries/000",
        "tile/0/001",
        "tile/entries/002.p/93",
        "tile/1/000.p/2",
    ]


def test_what_is_not_a_log_is_no_error() -> None:
    assert Copy({}).findings() == ()
    nonsense = Copy(dict.fromkeys(log().files, b"nonsense")).findings()
    assert nonsense[0].path == CHECKPOINT


def test_a_size_that_nobody_signed_is_not_believed() -> None:
    """A check that counts so far would not come to an end."""
    lines = log().files[CHECKPOINT].splitlines(keepends=True)
    huge = b"".join((lines[0], b"9" * 18 + b"\n", *lines[2:]))
    findings = log().with_file(CHECKPOINT, huge).findings()
    assert findings[0].path == CHECKPOINT
    assert len(findings) == 2


def test_it_tells_how_far_it_is(tmp_path: Path) -> None:
    from tests.ledger.logs import ORIGIN, VERIFIER, log_of

    from chipwarden.ledger.fsck import fsck

    told: list[int] = []
    fsck(log_of(tmp_path, 600), [VERIFIER], ORIGIN, advance=told.append)
    assert told == [256, 512, 600]
