"""A disk that is full, or may not be written: a clear word, nothing lost, and the log goes on."""

import errno
import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.ledger.faults import Fault, FaultySystem
from tests.ledger.logs import all_entries, entries, files, reader, writer
from tests.ledger.promises import Promises

from chipwarden.ledger.errors import LogUnavailable

SMALL_DISK = "size=512k"


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a small disk in memory, or skip the test where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here, which needs root: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def assert_clear(error: object, folder: Path, reason: str) -> None:
    """A message says where it was, what the system said, and what to do."""
    said = str(error)
    assert said.startswith(str(folder)), said
    assert reason in said
    assert re.search(r"\. [A-Z].* (disk|folder|space|room)", said), said
    assert "Errno" not in said and "Traceback" not in said


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    promises = Promises()
    with mounted(tmp_path / "disk", SMALL_DISK) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(100_000))
        storage = files(disk)
        with writer(storage) as log:
            number = 0
            while promises.append(log, [b"%d " % number * 500]):
                number += 1
            assert number > 5
            for said in promises.refused:
                assert_clear(said, disk, "no space left on device")
            # It may be asked again and again, and says the same.
            assert not promises.append(log, [b"x" * 60_000])
            # The same writer goes on once there is room.
            ballast.unlink()
            assert promises.append(log, [b"there is room"])
        assert promises.check(files(disk))[-1] == b"there is room"


def test_a_disk_that_is_full_when_the_log_is_opened(tmp_path: Path) -> None:
    promises = Promises()
    with mounted(tmp_path / "disk", SMALL_DISK) as disk:
        with writer(files(disk)) as log:
            assert promises.append(log, entries(300))
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as full, pytest.raises(OSError, match="No space"):
            while True:
                full.write(bytes(4096))
        with pytest.raises(LogUnavailable) as caught, writer(files(disk)) as log:
            log.append([b"x" * 50_000])
        assert_clear(caught.value, disk, "no space left on device")
        # Reading needs no room.
        assert list(all_entries(files(disk)))[:300] == entries(300)
        ballast.unlink()
        with writer(files(disk)) as log:
            assert promises.append(log, [b"there is room"])
        promises.check(files(disk))


def test_a_log_can_be_begun_once_there_is_room(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=64k,nr_inodes=3") as disk:
        storage = files(disk)
        with pytest.raises(LogUnavailable) as caught, writer(storage):
            pass
        assert_clear(caught.value, disk, "no space left on device")
        remount(disk, "size=512k,nr_inodes=1000")
        with writer(storage) as log:
            assert log.append([b"first"]) == 0
        assert list(all_entries(storage)) == [b"first"]


def test_a_disk_that_may_only_be_read(tmp_path: Path) -> None:
    promises = Promises()
    with mounted(tmp_path / "disk", SMALL_DISK) as disk:
        with writer(files(disk)) as log:
            assert promises.append(log, entries(300))
        remount(disk, "ro")
        storage = files(disk)
        for _ in range(2):
            with pytest.raises(LogUnavailable) as caught, writer(storage):
                pass
            assert_clear(caught.value, disk, "read-only file system")
        # It can be read, and proved from.
        log_reader = reader(storage)
        signed = log_reader.checkpoint()
        assert signed is not None
        assert log_reader.checked_inclusion_proof(7, signed)
        remount(disk, "rw")
        with writer(storage) as log:
            assert promises.append(log, [b"it may be written"])
        promises.check(storage)


def test_a_new_log_on_a_disk_that_may_only_be_read(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", f"{SMALL_DISK},ro") as disk:
        with pytest.raises(LogUnavailable) as caught, writer(files(disk)):
            pass
        assert_clear(caught.value, disk, "read-only file system")
        assert reader(files(disk)).checkpoint() is None


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """Without root: the system takes half of a batch, and then refuses the rest."""
    promises = Promises()
    storage = files(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signalled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with writer(storage) as log:
            assert promises.append(log, entries(20))
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
            assert not promises.append(log, [b"x" * 60_000])
            assert_clear(promises.refused[-1], tmp_path, "file too large")
            assert promises.append(log, [b"a small one"])
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert promises.append(log, [b"x" * 60_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, signalled)
    assert promises.check(storage) == [*entries(20), b"a small one", b"x" * 60_000]


def test_a_folder_that_may_not_be_written() -> None:
    """Root may write everywhere, and so gives up its rights for a moment."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with writer(files(folder)) as log:
            log.append(entries(3))
        if os.geteuid() != 0:
            (folder / "log" / "lock").chmod(0o444)
            assert_denied(folder)
            return
        os.seteuid(65_534)
        try:
            assert_denied(folder)
        finally:
            os.seteuid(0)


def assert_denied(folder: Path) -> None:
    with pytest.raises(LogUnavailable) as caught, writer(files(folder)):
        pass
    assert_clear(caught.value, folder, "permission denied")


def test_the_word_is_the_same_where_no_disk_can_be_mounted(tmp_path: Path) -> None:
    """The layer of faults stands in for the disk."""
    system = FaultySystem()
    storage = files(tmp_path, system=system)
    with writer(storage) as log:
        assert log.append([b"before"]) == 0
        system.faults = (Fault(len(system.calls), errno.ENOSPC, lasts=10**6),)
        with pytest.raises(LogUnavailable) as caught:
            log.append([b"x"])
        assert_clear(caught.value, tmp_path, "no space left on device")
        system.faults = ()
        assert log.append([b"after"]) == 1
