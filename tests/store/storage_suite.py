"""What every storage of a log must do: one suite, run through each of them.

A function takes a place that is empty, and a new process opens it each time.
"""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise

import pytest
from tests.ledger.logs import NOW, ORIGIN, SIGNER
from tests.store.log_places import Place

from chipwarden.ledger.checkpoints import Checkpoint
from chipwarden.ledger.errors import LogConflict
from chipwarden.ledger.notes import note_bytes, sign
from chipwarden.ledger.storage import CHECKPOINT, Batch, LogStorage


def batch(first: int, *entries: bytes) -> Batch:
    """Return a batch; its checkpoint is signed, over a root that no storage looks into."""
    text = Checkpoint(ORIGIN, first + len(entries), bytes(32)).text()
    return Batch(first, entries, note_bytes(sign(text, [SIGNER], NOW)))


ONE = batch(0, b"a", b"")
TWO = batch(2, b"c" * 65_535)
THREE = batch(3, bytes(range(256)), b"e", b"f")


def waiting(storage: LogStorage) -> list[Batch]:
    return list(storage.pending())


def unsettled(storage: LogStorage, size: int) -> list[Batch]:
    """Return the pending batches above a size.

    What was settled may come once more, for publishing it again changes nothing, as long
    as there is no gap.
    """
    found = waiting(storage)
    for before, after in pairwise(found):
        assert before.size == after.first
    return [each for each in found if each.size > size]


def a_new_log_is_empty(place: Place) -> None:
    storage = place.open()
    assert storage.read(CHECKPOINT) is None
    with storage.exclusive():
        assert waiting(storage) == []


def what_was_committed_is_pending(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        storage.commit(ONE)
        storage.commit(TWO)
    with storage.exclusive():
        assert waiting(storage) == [ONE, TWO]
    again = place.open()
    with again.exclusive():
        assert waiting(again) == [ONE, TWO]
        again.commit(THREE)
        assert waiting(again) == [ONE, TWO, THREE]


def a_commit_outlives_its_writer(place: Place) -> None:
    storage = place.open()
    with ExitStack() as died:
        died.enter_context(storage.exclusive())
        storage.commit(ONE)
        place.crash()
        again = place.open()
        with again.exclusive():
            assert waiting(again) == [ONE]
        died.pop_all()


def what_was_settled_is_pending_no_more(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        storage.commit(ONE)
        storage.commit(TWO)
        storage.publish("tile/entries/000.p/3", b"bundle")
        storage.publish(CHECKPOINT, TWO.checkpoint)
        storage.settle(TWO.size)
    again = place.open()
    with again.exclusive():
        assert waiting(again) == []
        again.settle(TWO.size)
        again.commit(THREE)
    last = place.open()
    with last.exclusive():
        assert unsettled(last, TWO.size) == [THREE]


def settling_keeps_what_is_above(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        storage.commit(ONE)
        storage.commit(TWO)
        storage.commit(THREE)
        storage.publish(CHECKPOINT, ONE.checkpoint)
        storage.settle(ONE.size)
    again = place.open()
    with again.exclusive():
        assert unsettled(again, ONE.size) == [TWO, THREE]


def a_size_within_a_batch_does_not_settle_it(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        storage.commit(ONE)
        storage.settle(ONE.size - 1)
    again = place.open()
    with again.exclusive():
        assert unsettled(again, 0) == [ONE]


def what_was_published_can_be_read(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        storage.publish("tile/0/000.p/5", b"five")
        storage.publish("tile/0/000.p/6", b"six")
        storage.publish("tile/0/x001/x234/067", b"")
        storage.publish(CHECKPOINT, b"first")
        storage.publish(CHECKPOINT, b"second")
        assert storage.read(CHECKPOINT) == b"second"
    for reader in (storage, place.open()):
        assert reader.read("tile/0/000.p/5") == b"five"
        assert reader.read("tile/0/000.p/6") == b"six"
        assert reader.read("tile/0/x001/x234/067") == b""
        assert reader.read(CHECKPOINT) == b"second"
        assert reader.read("tile/0/000.p") is None
        assert reader.read("tile/0/000.p/5/1") is None
        assert reader.read("tile/0/001") is None


def withdrawing_takes_one_folder_and_no_more(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        for path in ("tile/0/000.p/5", "tile/0/000.p/255", "tile/0/000", "tile/0/001.p/5"):
            storage.publish(path, path.encode())
        storage.withdraw("tile/0/000.p")
        storage.withdraw("tile/0/000.p")
        storage.withdraw("tile/7/000.p")
        assert storage.read("tile/0/000.p/5") is None
        assert storage.read("tile/0/000.p/255") is None
        assert storage.read("tile/0/000") == b"tile/0/000"
        assert storage.read("tile/0/001.p/5") == b"tile/0/001.p/5"
        storage.publish("tile/0/000.p/5", b"again")
        assert storage.read("tile/0/000.p/5") == b"again"


def no_path_leads_out(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        for path in ("", "/etc/passwd", "../other", "tile/../../other"):
            with pytest.raises(ValueError, match="no path of a log"):
                storage.publish(path, b"")
            with pytest.raises(ValueError, match="no path of a log"):
                storage.read(path)
            with pytest.raises(ValueError, match="no path of a log"):
                storage.withdraw(path)


def two_writers_do_not_write_at_once(place: Place) -> None:
    one, other = place.open(), place.open()
    with one.exclusive():
        one.commit(ONE)
        with pytest.raises(LogConflict), other.exclusive():
            pass
        one.commit(TWO)
    with other.exclusive():
        assert waiting(other) == [ONE, TWO]
        with pytest.raises(LogConflict), one.exclusive():
            pass
        other.commit(THREE)
    with one.exclusive():
        assert waiting(one) == [ONE, TWO, THREE]


def a_writer_that_failed_lets_go(place: Place) -> None:
    storage = place.open()
    with pytest.raises(ZeroDivisionError), storage.exclusive():
        storage.commit(ONE)
        raise ZeroDivisionError
    other = place.open()
    with other.exclusive():
        assert waiting(other) == [ONE]


def a_crash_between_commit_and_publish_is_made_good(place: Place) -> None:
    storage = place.open()
    with ExitStack() as died:
        died.enter_context(storage.exclusive())
        storage.commit(ONE)
        storage.publish(CHECKPOINT, ONE.checkpoint)
        storage.settle(ONE.size)
        storage.commit(TWO)
        storage.publish("tile/entries/000.p/3", b"bundle")
        place.crash()
        again = place.open()
        with again.exclusive():
            assert unsettled(again, ONE.size) == [TWO]
            again.publish("tile/entries/000.p/3", b"bundle")
            again.publish(CHECKPOINT, TWO.checkpoint)
            again.settle(TWO.size)
        last = place.open()
        with last.exclusive():
            assert waiting(last) == []
            assert last.read(CHECKPOINT) == TWO.checkpoint
        died.pop_all()


def a_crash_between_publish_and_settle_is_made_good(place: Place) -> None:
    """The batch comes again, unless all of it is published for good already."""
    storage = place.open()
    with ExitStack() as died:
        died.enter_context(storage.exclusive())
        storage.commit(ONE)
        storage.publish("tile/entries/000.p/2", b"bundle")
        storage.publish(CHECKPOINT, ONE.checkpoint)
        storage.commit(TWO)
        place.crash()
        again = place.open()
        with again.exclusive():
            found = unsettled(again, 0)
            assert found == [ONE, TWO] or (
                found == [TWO]
                and again.read("tile/entries/000.p/2") == b"bundle"
                and again.read(CHECKPOINT) == ONE.checkpoint
            )
            again.publish("tile/entries/000.p/2", b"bundle")
            again.publish("tile/entries/000.p/3", b"bundle")
            again.publish(CHECKPOINT, TWO.checkpoint)
            again.settle(TWO.size)
            again.withdraw("tile/entries/000.p")
        last = place.open()
        with last.exclusive():
            assert waiting(last) == []
            assert last.read("tile/entries/000.p/2") is None
        died.pop_all()


def a_batch_can_be_settled_while_the_next_is_read(place: Place) -> None:
    storage = place.open()
    with storage.exclusive():
        for each in (ONE, TWO, THREE):
            storage.commit(each)
    again = place.open()
    found = []
    with again.exclusive():
        for each in again.pending():
            found.append(each)
            again.publish(CHECKPOINT, each.checkpoint)
            again.settle(each.size)
    assert found == [ONE, TWO, THREE]
    last = place.open()
    with last.exclusive():
        assert waiting(last) == []


def a_stale_writer_is_fenced(place: Place) -> None:
    """Who is replaced while it slept can commit, publish and settle nothing any more."""
    stale, fresh = place.open(), place.open()
    with stale.exclusive():
        stale.commit(ONE)
        stale.publish(CHECKPOINT, ONE.checkpoint)
        stale.commit(TWO)
        place.lapse()
        if not place.has_lease:
            with pytest.raises(LogConflict), fresh.exclusive():
                pass
            return
        with fresh.exclusive():
            assert unsettled(fresh, ONE.size) == [TWO]
            # It was committed, so nothing is wrong if it is heard until now.
            stale.publish(CHECKPOINT, TWO.checkpoint)
            fresh.publish(CHECKPOINT, TWO.checkpoint)
            fresh.commit(THREE)
            fresh.publish(CHECKPOINT, THREE.checkpoint)
            with pytest.raises(LogConflict):
                stale.publish(CHECKPOINT, TWO.checkpoint)
            with pytest.raises(LogConflict):
                stale.commit(batch(3, b"mine"))
            with pytest.raises(LogConflict):
                stale.settle(THREE.size)
            with pytest.raises(LogConflict):
                stale.withdraw("tile/0/000.p")
            with pytest.raises(LogConflict):
                stale.publish("tile/0/000", b"mine")
            with pytest.raises(LogConflict):
                waiting(stale)
            assert fresh.read(CHECKPOINT) == THREE.checkpoint
    with fresh.exclusive():
        assert unsettled(fresh, TWO.size) in ([THREE], [])


SUITE: tuple[Callable[[Place], None], ...] = (
    a_new_log_is_empty,
    what_was_committed_is_pending,
    a_commit_outlives_its_writer,
    what_was_settled_is_pending_no_more,
    settling_keeps_what_is_above,
    a_size_within_a_batch_does_not_settle_it,
    what_was_published_can_be_read,
    withdrawing_takes_one_folder_and_no_more,
    no_path_leads_out,
    two_writers_do_not_write_at_once,
    a_writer_that_failed_lets_go,
    a_crash_between_commit_and_publish_is_made_good,
    a_crash_between_publish_and_settle_is_made_good,
    a_batch_can_be_settled_while_the_next_is_read,
    a_stale_writer_is_fenced,
)
