"""A log in object storage, against a local server that speaks S3.

The server is moto's ThreadedMotoServer (moto 5, on werkzeug), reached over HTTP through
obstore. It honours If-Match and If-None-Match: * on PutObject, which the first tests show
before anything is built on it. The same suite runs on obstore's MemoryStore and on a folder.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, PreconditionError
from obstore.store import MemoryStore, S3Store
from tests.store.log_places import FilesPlace, Line, ObjectsPlace, Place
from tests.store.s3_server import BUCKET, VERSIONED, new_prefix, s3_store
from tests.store.storage_suite import ONE, SUITE, THREE, TWO, batch, waiting

from chipwarden.ledger.batches import encode_batch
from chipwarden.ledger.errors import DamagedLog, LogConflict, LogUnavailable
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.store.log_head import HEAD, Head, read_head, staged_name
from chipwarden.store.log_objects import LogObjects
from chipwarden.store.objects import Objects, open_store


@pytest.fixture
def s3(endpoint: str) -> S3Store:
    return s3_store(endpoint)


def objects_at(request: pytest.FixtureRequest) -> ObjectsPlace:
    store: Any = MemoryStore()
    if request.param != "memory":
        bucket = BUCKET if request.param == "s3" else VERSIONED
        store = s3_store(request.getfixturevalue("endpoint"), bucket)
    return ObjectsPlace(store, new_prefix())


@pytest.fixture(params=["memory", "s3", "s3 with versions"])
def objects(request: pytest.FixtureRequest) -> ObjectsPlace:
    return objects_at(request)


@pytest.fixture(params=["files", "memory", "s3", "s3 with versions"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return FilesPlace(tmp_path / "log") if request.param == "files" else objects_at(request)


# ---------------------------------------------------------------- the server


def test_the_server_creates_an_object_once(s3: S3Store) -> None:
    """If-None-Match: * on a key that is there is answered 412, and what is there stays."""
    key = f"{new_prefix()}/head"
    s3.put(key, b"1", mode="create")
    with pytest.raises(AlreadyExistsError, match="412"):
        s3.put(key, b"2", mode="create")
    assert bytes(s3.get(key).bytes()) == b"1"


def test_the_server_refuses_a_stale_version(s3: S3Store) -> None:
    """If-Match with the ETag of an earlier content is answered 412, and what is there stays."""
    key = f"{new_prefix()}/head"
    first = s3.put(key, b"1", mode="create")
    second = s3.put(key, b"2", mode={"e_tag": first["e_tag"]})
    with pytest.raises(PreconditionError, match="412"):
        s3.put(key, b"3", mode={"e_tag": first["e_tag"]})
    with pytest.raises(PreconditionError):
        s3.put(f"{key}-none", b"3", mode={"e_tag": second["e_tag"]})
    assert bytes(s3.get(key).bytes()) == b"2"


@pytest.mark.parametrize("behaves", SUITE, ids=lambda check: check.__name__)
def test_every_storage(behaves: Callable[[Place], None], place: Place) -> None:
    behaves(place)


# ---------------------------------------------------------------- what is kept


def test_a_commit_is_a_staged_batch_and_a_head_that_names_it(objects: ObjectsPlace) -> None:
    storage = objects.open()
    inside = Objects(objects.store, objects.prefix)
    with storage.exclusive():
        storage.commit(ONE)
        storage.commit(TWO)
        (one, two) = inside.keys("staging")
        for name in (one, two):
            found = inside.get(name)
            assert found is not None
            assert name.endswith(f"-{sha256(found.content).hexdigest()}")
        assert (one.partition("-")[0], two.partition("-")[0]) == ("staging/0", "staging/2")
        found = inside.get(HEAD)
        assert found is not None
        head = json.loads(found.content)
        assert head["size"] == 3
        assert head["staging"] == [one, two]
        assert head["checkpoint"] == sha256(TWO.checkpoint).hexdigest()
        assert head["lease_until"] == objects.clock.time + 60
        storage.publish(CHECKPOINT, ONE.checkpoint)
        storage.settle(ONE.size)
        assert inside.keys("staging") == [two]
    found = inside.get(HEAD)
    assert found is not None
    assert json.loads(found.content)["lease_until"] == 0


def test_what_is_published_can_be_served_from_the_bucket(s3: S3Store) -> None:
    """C2SP tlog-tiles v0.1.0: a checkpoint is text and not cached for long, a tile is for good."""
    prefix = new_prefix()
    storage = ObjectsPlace(s3, prefix).open()
    with storage.exclusive():
        storage.publish("tile/0/000.p/1", b"tile")
        storage.publish(CHECKPOINT, b"text")
        storage.publish(CHECKPOINT, b"text again")
    assert s3.get(f"{prefix}/tile/0/000.p/1").attributes == {
        "Content-Type": "application/octet-stream",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    assert s3.get(f"{prefix}/checkpoint").attributes == {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-cache",
    }


def test_a_published_checkpoint_settles_what_is_before_it(objects: ObjectsPlace) -> None:
    """So that the head stays small, however rarely a writer settles."""
    storage = objects.open()
    with storage.exclusive():
        for index in range(20):
            each = batch(index, b"entry %d" % index)
            storage.commit(each)
            storage.publish(CHECKPOINT, each.checkpoint)
        assert waiting(storage) == [each]
        storage.settle(each.size)
        assert Objects(objects.store, objects.prefix).keys("staging") == []


def test_another_checkpoint_settles_nothing(objects: ObjectsPlace) -> None:
    storage = objects.open()
    with storage.exclusive():
        storage.commit(ONE)
        storage.publish(CHECKPOINT, b"another one")
        storage.commit(TWO)
        assert waiting(storage) == [ONE, TWO]


def test_two_logs_lie_beside_each_other(s3: S3Store) -> None:
    prefix = new_prefix()
    one, other = (ObjectsPlace(s3, f"{prefix}/{name}").open() for name in ("a", "ab"))
    with one.exclusive(), other.exclusive():
        one.commit(ONE)
        assert waiting(other) == []


def test_the_objects_of_the_log_itself_are_not_published(objects: ObjectsPlace) -> None:
    storage = objects.open()
    with storage.exclusive():
        for path in ("head", "staging/0-00", "staging", "tile//0", "./checkpoint"):
            with pytest.raises(ValueError, match="no path of a log"):
                storage.publish(path, b"")
            with pytest.raises(ValueError, match="no path of a log"):
                storage.read(path)


def test_nothing_is_written_by_one_who_does_not_hold_the_log(objects: ObjectsPlace) -> None:
    storage = objects.open()
    acts: tuple[Callable[[], None], ...] = (
        lambda: storage.commit(ONE),
        lambda: storage.publish("tile/0/000", b""),
        lambda: storage.publish(CHECKPOINT, b""),
        lambda: storage.withdraw("tile/0/000.p"),
        lambda: storage.settle(0),
    )
    for act in acts:
        with pytest.raises(LogConflict, match="Open the log again"):
            act()


def test_who_does_not_write_sees_what_is_pending(objects: ObjectsPlace) -> None:
    storage, reader = objects.open(), objects.open()
    assert waiting(reader) == []
    with storage.exclusive():
        storage.commit(ONE)
        storage.commit(TWO)
        found = reader.pending()
        assert next(found) == ONE
        storage.publish(CHECKPOINT, TWO.checkpoint)
        storage.settle(TWO.size)
        assert list(found) == []  # it was settled meanwhile, and is no damage


# ---------------------------------------------------------------- the lease


def test_the_lease_names_its_end_and_is_renewed_by_each_commit(objects: ObjectsPlace) -> None:
    storage, other = objects.open(), objects.open()
    with storage.exclusive():
        objects.clock.time += 59
        storage.commit(ONE)
        objects.clock.time += 59
        # 1,795,000,000 + 59 + 60 s, by `date -u -d @1795000119`
        with pytest.raises(LogConflict, match="until 2026-11-18 11:08:39 UTC"), other.exclusive():
            pass
        objects.clock.time += 1
        with other.exclusive():
            assert waiting(other) == [ONE]


def test_a_writer_waits_for_another_to_finish(
    objects: ObjectsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks once a second, so many times."""
    waits = list[float]()
    with ExitStack() as first:
        first.enter_context(objects.open().exclusive())

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 5:
                first.close()

        monkeypatch.setattr("chipwarden.store.log_objects.time.sleep", sleep)
        patient = LogObjects(objects.store, objects.prefix, clock=objects.clock, patience_s=3)
        with pytest.raises(LogConflict), patient.exclusive():
            pass
        assert waits == [1, 1, 1]
        with patient.exclusive():
            patient.commit(ONE)
        assert waits == [1, 1, 1, 1, 1]


def test_a_lease_that_ran_out_unnoticed_costs_nothing(objects: ObjectsPlace) -> None:
    storage = objects.open()
    with storage.exclusive():
        objects.lapse()
        storage.commit(ONE)
        storage.publish(CHECKPOINT, ONE.checkpoint)
    with storage.exclusive():
        storage.commit(TWO)
        assert waiting(storage) == [TWO]


def test_one_storage_is_held_once(objects: ObjectsPlace) -> None:
    storage = objects.open()
    with storage.exclusive(), pytest.raises(LogConflict, match="already"), storage.exclusive():
        pass
    with storage.exclusive():
        storage.commit(ONE)


def test_a_batch_that_does_not_follow_is_refused(objects: ObjectsPlace) -> None:
    storage = objects.open()
    with storage.exclusive():
        storage.commit(ONE)
        for first in (0, 1, 3):
            with pytest.raises(LogConflict, match=f"found 2 entries; expected {first}"):
                storage.commit(batch(first, b"x"))
        storage.commit(TWO)
        assert waiting(storage) == [ONE, TWO]


def test_a_batch_may_be_staged_already(objects: ObjectsPlace) -> None:
    """It was put there by a try that came no further."""
    stale, fresh = objects.open(), objects.open()
    with stale.exclusive():
        objects.lapse()
        with fresh.exclusive():
            with pytest.raises(LogConflict):
                stale.commit(ONE)
            assert len(Objects(objects.store, objects.prefix).keys("staging")) == 1
            fresh.commit(ONE)
            assert waiting(fresh) == [ONE]


def test_a_batch_that_lost_is_swept_up_when_its_place_is_taken(objects: ObjectsPlace) -> None:
    stale, fresh = objects.open(), objects.open()
    staged = Objects(objects.store, objects.prefix)
    with stale.exclusive():
        objects.lapse()
        with fresh.exclusive(), pytest.raises(LogConflict):
            stale.commit(ONE)
    with fresh.exclusive():
        assert len(staged.keys("staging")) == 1  # it could still be on its way
        fresh.commit(batch(0, b"another"))
        assert len(staged.keys("staging")) == 2
    with fresh.exclusive():
        assert len(staged.keys("staging")) == 1
        assert waiting(fresh) == [batch(0, b"another")]


def test_an_older_checkpoint_never_takes_the_place_of_a_newer_one(objects: ObjectsPlace) -> None:
    """Who slept between its commit and its publishing is not heard any more."""
    stale, fresh = objects.open(), objects.open()
    with stale.exclusive():
        stale.commit(ONE)
        objects.lapse()
        with fresh.exclusive():
            fresh.publish(CHECKPOINT, ONE.checkpoint)
            fresh.commit(TWO)
            fresh.publish(CHECKPOINT, TWO.checkpoint)
            with pytest.raises(LogConflict):
                stale.publish(CHECKPOINT, ONE.checkpoint)
        assert fresh.read(CHECKPOINT) == TWO.checkpoint


def test_a_checkpoint_sent_just_before_the_log_changes_hands_is_refused(
    objects: ObjectsPlace,
) -> None:
    """It arrives after the new writer's: the condition that it was sent under holds no more."""
    line = Line(objects.store)
    stale, fresh = objects.open(line), objects.open()
    with stale.exclusive():
        stale.commit(ONE)
        stale.publish(CHECKPOINT, ONE.checkpoint)
        stale.commit(TWO)
        line.faults[line.calls] = 1_000_000
        with pytest.raises(LogUnavailable):
            stale.publish(CHECKPOINT, TWO.checkpoint)
        objects.lapse()
        with fresh.exclusive():
            fresh.publish(CHECKPOINT, TWO.checkpoint)
            fresh.commit(THREE)
            fresh.publish(CHECKPOINT, THREE.checkpoint)
            line.deliver()
            assert fresh.read(CHECKPOINT) == THREE.checkpoint


# ---------------------------------------------------------------- writes without an answer


@contextmanager
def failed_commit(objects: ObjectsPlace, line: Line, fault: str | int) -> Iterator[LogObjects]:
    """Give a storage whose commit of TWO got no answer, neither did the question after it."""
    storage = objects.open(line)
    with storage.exclusive():
        storage.commit(ONE)
        line.faults |= {line.calls + 1: fault, line.calls + 2: "before"}
        with pytest.raises(LogUnavailable):
            storage.commit(TWO)
        yield storage


def test_a_commit_that_took_effect_unheard_is_pending(objects: ObjectsPlace) -> None:
    with failed_commit(objects, Line(objects.store), "after") as storage:
        assert waiting(storage) == [ONE, TWO]
        storage.commit(THREE)
        assert waiting(storage) == [ONE, TWO, THREE]


def test_a_commit_that_took_no_effect_can_be_made_again(objects: ObjectsPlace) -> None:
    with failed_commit(objects, Line(objects.store), "before") as storage:
        storage.commit(TWO)
        assert waiting(storage) == [ONE, TWO]


def test_once_pending_has_answered_a_late_commit_comes_no_more(objects: ObjectsPlace) -> None:
    """So that what is told to whoever waits for its entries stays true."""
    line = Line(objects.store)
    with failed_commit(objects, line, 1_000_000) as storage:
        assert waiting(storage) == [ONE]
        line.deliver()
        assert waiting(objects.open()) == [ONE]
        other = batch(2, b"another")
        storage.commit(other)
        assert waiting(storage) == [ONE, other]


def test_a_commit_may_come_late_and_before_it_is_asked_for(objects: ObjectsPlace) -> None:
    line = Line(objects.store)
    with failed_commit(objects, line, 1_000_000) as storage:
        line.deliver()
        assert waiting(storage) == [ONE, TWO]


def test_a_late_commit_is_refused_once_another_writer_has_the_log(objects: ObjectsPlace) -> None:
    line, fresh = Line(objects.store), objects.open()
    with failed_commit(objects, line, 1_000_000) as storage:
        objects.lapse()
        with fresh.exclusive():
            assert waiting(fresh) == [ONE]
            line.deliver()
            assert waiting(fresh) == [ONE]
            fresh.commit(batch(2, b"another"))
            with pytest.raises(LogConflict):
                storage.commit(TWO)


def test_a_lease_that_cannot_be_given_back_is_told(objects: ObjectsPlace) -> None:
    line = Line(objects.store)
    storage = objects.open(line)
    with pytest.raises(LogUnavailable, match="the line is cut"), storage.exclusive():
        storage.commit(ONE)
        line.is_cut = True
    line.is_cut = False
    # The same process may come again at once, another one when the lease has run out.
    with pytest.raises(LogConflict), objects.open().exclusive():
        pass
    with storage.exclusive():
        assert waiting(storage) == [ONE]


def test_an_error_is_not_hidden_by_a_lease_that_cannot_be_given_back(
    objects: ObjectsPlace,
) -> None:
    line = Line(objects.store)
    storage = objects.open(line)
    with pytest.raises(ZeroDivisionError) as caught, storage.exclusive():
        line.is_cut = True
        raise ZeroDivisionError
    assert "the line is cut" in caught.value.__notes__[0]


# ---------------------------------------------------------------- damage


def damaged(objects: ObjectsPlace, key: str, content: bytes | None, match: str) -> None:
    inside = Objects(objects.store, objects.prefix)
    if content is None:
        inside.delete([key])
    else:
        inside.put(key, content)
    storage = objects.open()
    with pytest.raises(DamagedLog, match=match), storage.exclusive():
        waiting(storage)


def committed(objects: ObjectsPlace) -> list[str]:
    """Commit two batches, and return the names under which they are staged."""
    storage = objects.open()
    with storage.exclusive():
        storage.commit(ONE)
        storage.commit(TWO)
    return Objects(objects.store, objects.prefix).keys("staging")


def test_a_staged_batch_that_is_missing_is_found(objects: ObjectsPlace) -> None:
    name = committed(objects)[1]
    damaged(objects, name, None, f"{name}: found no such object")


def test_a_staged_batch_that_was_changed_is_found(objects: ObjectsPlace) -> None:
    one, two = committed(objects)
    other = Objects(objects.store, objects.prefix).get(two)
    assert other is not None
    damaged(objects, one, other.content, f"{one}: found other bytes")


@pytest.mark.parametrize(
    ("size", "named", "digest", "match"),
    [
        (4, 2, None, "found entries 2 to 2; expected 2 to 3"),
        (3, 1, None, "found entries 0 to 1; expected 0 to 2"),
        (2, 1, None, "found another checkpoint"),
        (3, 2, "0" * 64, "found another checkpoint"),
    ],
)
def test_a_head_that_was_changed_is_found(
    objects: ObjectsPlace, size: int, named: int, digest: str | None, match: str
) -> None:
    names = tuple(committed(objects)[:named])
    found = Objects(objects.store, objects.prefix).get(HEAD)
    assert found is not None
    head = read_head(found.content)
    changed = replace(head, size=size, staging=names, checkpoint=digest or head.checkpoint)
    damaged(objects, HEAD, changed.content(), match)


def test_a_checkpoint_that_went_back_is_found(objects: ObjectsPlace) -> None:
    """Also where it is an old one of the log's own, rightly signed."""
    storage = objects.open()
    with storage.exclusive():
        for each in (ONE, TWO):
            storage.commit(each)
            storage.publish(CHECKPOINT, each.checkpoint)
    damaged(objects, CHECKPOINT, ONE.checkpoint, "checkpoint: found one of 2 entries; .* 3 entries")
    damaged(objects, CHECKPOINT, b"no note", "checkpoint: found .* expected the checkpoint of 3")
    damaged(objects, CHECKPOINT, None, "checkpoint: found no such object")
    Objects(objects.store, objects.prefix).put(CHECKPOINT, TWO.checkpoint)
    with storage.exclusive():
        assert waiting(storage) == []
        storage.commit(THREE)
        assert waiting(storage) == [THREE]
    damaged(objects, CHECKPOINT, ONE.checkpoint, "checkpoint: found one of 2 entries; .* 3 entries")


def test_a_staged_name_with_other_bytes_is_found(objects: ObjectsPlace) -> None:
    storage = objects.open()
    name = staged_name(0, encode_batch(ONE))
    Objects(objects.store, objects.prefix).put(name, encode_batch(TWO))
    with storage.exclusive():
        with pytest.raises(DamagedLog, match=f"{name}: found other bytes"):
            storage.commit(ONE)
        assert waiting(storage) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        Head(1).content() + b"\n",
        Head(1).content().replace(b"log-head/1", b"log-head/2"),
        Head(1).content().replace(b'"size":0', b'"size":"0"'),
        Head(1).content().replace(b'"serial":1', b'"serial":"1"'),
        Head(1).content().replace(b'"serial":1', b'"serial":1.5'),
        Head(1).content().replace(b'"size":0', b'"size":0,"sizes":0'),
        Head(1).content().replace(b'"writer":""', b'"writer":null'),
        Head(1, -1).content(),
        Head(1, lease_until=-1).content(),
        Head(1, lease_until=253_402_300_800).content(),
        Head(1, 3, "", ("staging/x-00",)).content(),
        Head(1, 3, "", (f"staging/3-{'0' * 64}",)).content(),
        Head(1, 3, "", (f"staging/1-{'0' * 64}", f"staging/0-{'0' * 64}")).content(),
        Head(1, 3, "", (f"staging/00-{'0' * 64}",)).content(),
    ],
    ids=map(str, range(20)),
)
def test_something_else_is_no_head(content: bytes) -> None:
    with pytest.raises(DamagedLog, match=r"head: found .*expected a chipwarden.log-head/1"):
        read_head(content)


def test_a_log_whose_head_was_lost_gives_no_index_away_again(objects: ObjectsPlace) -> None:
    storage = objects.open()
    with storage.exclusive():
        storage.commit(ONE)
        storage.publish(CHECKPOINT, ONE.checkpoint)
    damaged(objects, HEAD, None, "head: found no such object")
    damaged(objects, HEAD, None, "head: found no such object")


# ---------------------------------------------------------------- the service


class Careless:
    """A service that takes no notice of conditions."""

    def __init__(self, ignored: str) -> None:
        self._store = MemoryStore()
        self._ignored = ignored

    def put(self, path: str, file: bytes, *, mode: Any, **options: Any) -> Any:
        if ("create" if mode == "create" else "version") == self._ignored:
            mode = "overwrite"
        return self._store.put(path, file, mode=mode, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("ignored", "condition"), [("create", "If-None-Match"), ("version", "If-Match")]
)
def test_a_service_that_ignores_conditions_is_refused(ignored: str, condition: str) -> None:
    store: Any = Careless(ignored)
    storage = ObjectsPlace(store, "log").open()
    match = f"against the condition {condition}\\."
    with pytest.raises(LogUnavailable, match=match), storage.exclusive():
        pass


def test_a_missing_bucket_is_no_empty_log(endpoint: str) -> None:
    storage = ObjectsPlace(s3_store(endpoint, "no-such-bucket"), "log").open()
    with pytest.raises(LogUnavailable, match=r"NoSuchBucket(?s:.*)Create the bucket"):
        storage.read(CHECKPOINT)
    with pytest.raises(LogUnavailable, match="Create the bucket"), storage.exclusive():
        pass


def test_a_service_that_is_not_there_is_told_with_a_remedy() -> None:
    storage = ObjectsPlace(s3_store("http://127.0.0.1:1"), "log").open()
    with pytest.raises(LogUnavailable, match="Check the network") as caught:
        storage.read(CHECKPOINT)
    assert "Debug source" not in str(caught.value)
    with pytest.raises(LogUnavailable, match="What was acknowledged is kept"), storage.exclusive():
        pass


def test_missing_rights_are_told_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(MemoryStore())
    storage = ObjectsPlace(MemoryStore(), "log").open(line)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionDeniedError("403 Forbidden\n\nDebug source:\nsecret")

    monkeypatch.setattr(line, "put", refuse)
    match = r"log/head: 403 Forbidden\. Check the credentials"
    with pytest.raises(LogUnavailable, match=match), storage.exclusive():
        pass


def test_a_bucket_that_removes_nothing_keeps_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that are settled stay there, and harm nothing."""
    line = Line(MemoryStore())
    storage = ObjectsPlace(MemoryStore(), "log").open(line)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionDeniedError("403 Forbidden")

    monkeypatch.setattr(line, "delete", refuse)
    for each in (ONE, TWO, THREE):
        with storage.exclusive():
            assert waiting(storage) == []
            storage.commit(each)
            storage.publish(CHECKPOINT, each.checkpoint)
            storage.settle(each.size)
    assert len(Objects(line, "log").keys("staging")) == 3


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    store: Any = None
    with pytest.raises(LogUnavailable, match=r"pip install 'chipwarden\[s3\]'"):
        LogObjects(store, clock=lambda: 0)
    with pytest.raises(LogUnavailable, match=r"pip install 'chipwarden\[s3\]'"):
        open_store("s3://bucket/log")


def test_a_log_is_opened_by_its_address(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest comes from the environment, under the names that S3 clients share."""
    for name, value in (
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
    ):
        monkeypatch.setenv(name, value)
    prefix = new_prefix()
    storage = LogObjects(open_store(f"s3://{BUCKET}/{prefix}/deep"), clock=lambda: 0)
    with storage.exclusive():
        storage.commit(ONE)
        storage.publish("tile/0/000.p/2", b"x")
        storage.withdraw("tile/0/000.p")
        assert waiting(storage) == [ONE]
    assert Objects(s3_store(endpoint), prefix).keys("deep")[0] == "deep/head"


@pytest.mark.parametrize("url", ["https://bucket/log", "bucket", "file:///tmp", "s3://"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(LogUnavailable, match=url):
        open_store(url)
