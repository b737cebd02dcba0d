"""The witness's memory: one file that never goes back, is never made anew, and is shared."""

import sqlite3
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from tests.ledger.histories import FORK, NORTH, NOW, ORIGIN, SOUTH, TRUTH, History, witness

from chipwarden.ledger.errors import DamagedLog, LogConflict, LogUnavailable
from chipwarden.ledger.note_keys import verifier_key
from chipwarden.ledger.notes import note_bytes
from chipwarden.ledger.witness import Answer, Submission, WitnessedSize
from chipwarden.ledger.witness_client import read_size
from chipwarden.store import witness_state
from chipwarden.store.witness_state import WitnessState

KEY = verifier_key(NORTH.verifier)


def state_in(folder: Path) -> WitnessState:
    return WitnessState.create(folder / "witness.state", KEY)


def submission(old: int, new: int, history: History = TRUTH) -> Submission:
    found = witness().admit(history.request(old, new))
    assert isinstance(found, Submission)
    return found


def show(state: WitnessState, old: int, new: int, history: History = TRUTH) -> Answer:
    judge = partial(witness().judge, submission(old, new, history))
    return state.decide(ORIGIN, judge, lambda: NOW)


def test_it_keeps_what_was_cosigned(tmp_path: Path) -> None:
    state = state_in(tmp_path)
    assert state.latest(ORIGIN) is None
    assert show(state, 0, 5).response.status == 200
    expected = WitnessedSize(5, TRUTH.checkpoint(5).root, note_bytes(TRUTH.note(5)))
    assert state.latest(ORIGIN) == expected
    again = WitnessState.open(state.path, KEY)
    assert again.latest(ORIGIN) == expected and again.latest("log.example/two") is None
    assert [show(again, *sizes).response.status for sizes in ((5, 5), (0, 9), (5, 9))] == [
        200, 409, 200,
    ]  # fmt: skip
    assert state.latest(ORIGIN) == WitnessedSize(
        9, TRUTH.checkpoint(9).root, note_bytes(TRUTH.note(9))
    )
    assert state.path.stat().st_mode & 0o777 == 0o600


def test_evidence_is_kept_once(tmp_path: Path) -> None:
    state = state_in(tmp_path)
    show(state, 0, 9)
    for _ in range(3):
        assert show(state, 9, 9, FORK).response.status == 409
        assert show(state, 9, 12, FORK).response.status == 422
    found = state.evidence()
    assert [(at, one.kind) for at, one in found] == [(NOW, "fork"), (NOW, "unproved")]
    assert {one.known for _, one in found} == {note_bytes(TRUTH.note(9))}
    assert [one.shown for _, one in found] == [note_bytes(FORK.note(size)) for size in (9, 12)]
    assert show(state, 9, 12).response.status == 200
    assert WitnessState.open(state.path, KEY).evidence() == found


def test_evidence_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_state, "MOST_EVIDENCE", 3)
    state = state_in(tmp_path)
    show(state, 0, 9)
    for size in range(10, 20):
        assert show(state, 9, size, FORK).response.status == 422
    show(state, 9, 9, FORK)
    assert [one.kind for _, one in state.evidence()] == ["unproved"] * 3 + ["fork"]


def test_a_missing_state_is_not_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "witness.state"
    with pytest.raises(DamagedLog, match="found no file; expected the state"):
        WitnessState.open(path, KEY)
    assert not path.exists()
    state = state_in(tmp_path)
    path.unlink()
    for action in (lambda: state.latest(ORIGIN), lambda: show(state, 0, 5), state.evidence):
        with pytest.raises(LogUnavailable, match="Nothing was cosigned"):
            action()
    assert not path.exists()


def test_what_is_there_is_not_made_over(tmp_path: Path) -> None:
    state = state_in(tmp_path)
    show(state, 0, 5)
    with pytest.raises(LogConflict, match="expected nothing there"):
        state_in(tmp_path)
    assert state.latest(ORIGIN) is not None
    # A write-ahead log that a lost file left behind would be played into the new one.
    (tmp_path / "other-wal").touch()
    with pytest.raises(LogConflict, match="other-wal"):
        WitnessState.create(tmp_path / "other", KEY)


def another_database(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cosigned (origin, size, root, note)")
    connection.close()


def damaged_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)


def emptied(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM witness")
    connection.commit()
    connection.close()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "rubbish": lambda path: path.write_bytes(b"rubbish" * 5000),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "one page damaged": damaged_page,
    "head overwritten": lambda path: path.write_bytes(bytes(100) + path.read_bytes()[100:]),
    "another database": another_database,
    "no witness in it": emptied,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_it_does_not_start_on_a_damaged_state(tmp_path: Path, name: str) -> None:
    state = state_in(tmp_path)
    show(state, 0, 5)
    DAMAGES[name](state.path)
    content = state.path.read_bytes()
    with pytest.raises(DamagedLog, match=r"witness\.state"):
        WitnessState.open(state.path, KEY)
    assert state.path.read_bytes() == content


def test_it_does_not_serve_another_witness(tmp_path: Path) -> None:
    state = state_in(tmp_path)
    with pytest.raises(DamagedLog, match=r"witness\.example/south"):
        WitnessState.open(state.path, verifier_key(SOUTH.verifier))


@pytest.mark.parametrize("size", [0, 4, 5])
def test_the_file_itself_refuses_to_go_back(tmp_path: Path, size: int) -> None:
    """Although the one who asks for it be our own code."""
    state = state_in(tmp_path)
    show(state, 0, 5)
    before = state.latest(ORIGIN)
    back = WitnessedSize(size, b"\x11" * 32, b"note")
    right = show(state, 5, 5).response
    with pytest.raises(LogConflict, match="go back"):
        state.decide(ORIGIN, lambda known, time: Answer(right, back), lambda: NOW)
    assert state.latest(ORIGIN) == before
    connection = sqlite3.connect(state.path)
    with pytest.raises(sqlite3.IntegrityError, match="forget"):
        connection.execute("DELETE FROM cosigned")
    connection.close()


def test_nothing_is_kept_of_what_breaks_off(tmp_path: Path) -> None:
    state = state_in(tmp_path)
    show(state, 0, 5)

    def broken(known: WitnessedSize | None, time: int) -> Answer:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        state.decide(ORIGIN, broken, lambda: NOW)
    assert show(state, 5, 6).response.status == 200


def test_no_answer_when_the_state_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = state_in(tmp_path)
    show(state, 0, 5)
    monkeypatch.setattr(witness_state, "_PATIENCE_S", 0.05)
    other = sqlite3.connect(state.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="locked"):
        show(state, 5, 6)
    other.execute("ROLLBACK")
    other.close()

    class FullDisk(sqlite3.Connection):
        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            if sql == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *values)  # type: ignore[arg-type]

    connect = partial(sqlite3.connect, factory=FullDisk)
    with monkeypatch.context() as full:
        full.setattr(sqlite3, "connect", connect)
        with pytest.raises(LogUnavailable, match="full"):
            show(state, 5, 6)
    known = state.latest(ORIGIN)
    assert known is not None and known.size == 5
    assert show(state, 5, 6).response.status == 200


def test_two_at_once_do_not_lead_it_back(tmp_path: Path) -> None:
    """The race of tlog-witness: A and B go on from the same size, and B's is larger."""
    state = state_in(tmp_path)
    show(state, 0, 5)
    judging, may_go_on = Event(), Event()
    answers: dict[str, Answer] = {}

    def slow(known: WitnessedSize | None, time: int) -> Answer:
        judging.set()
        assert may_go_on.wait(30)
        return witness().judge(submission(5, 6), known, time)

    def first() -> None:
        answers["A"] = state.decide(ORIGIN, slow, lambda: NOW)

    def second() -> None:
        answers["B"] = show(state, 5, 9)

    threads = [Thread(target=first), Thread(target=second)]
    threads[0].start()
    assert judging.wait(30)
    threads[1].start()
    threads[1].join(0.3)
    assert "B" not in answers
    may_go_on.set()
    for thread in threads:
        thread.join(30)
    assert answers["A"].response.status == 200
    assert (answers["B"].response.status, answers["B"].response.body) == (409, b"6\n")
    known = state.latest(ORIGIN)
    assert known is not None and known.size == 6


def test_many_at_once_never_lead_it_back(tmp_path: Path) -> None:
    state = state_in(tmp_path)
    clock = iter(range(1, 100_000))
    cosigned: list[tuple[int, int]] = []
    refused: list[int] = []
    start = Barrier(8)

    def climb(step: int) -> None:
        mine = WitnessState.open(state.path, KEY)
        start.wait()
        size = 0
        while size < len(TRUTH.entries):
            new = min(size + step, len(TRUTH.entries))
            judge = partial(witness().judge, submission(size, new))
            answer = mine.decide(ORIGIN, judge, lambda: next(clock))
            if answer.response.status == 200:
                # The time is taken when it is this request's turn: it tells the order.
                lines = answer.response.body.split(b" ")[2]
                cosigned.append((timestamp(lines), new))
                size = new
            else:
                assert answer.response.status == 409
                refused.append(size)
                size = read_size(answer.response.body)

    threads = [Thread(target=climb, args=(step,)) for step in (1, 1, 2, 2, 3, 3, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    sizes = [size for _, size in sorted(cosigned)]
    assert sizes == sorted(sizes) and sizes[-1] == len(TRUTH.entries)
    assert refused, "they never met"
    assert state.evidence() == ()


def timestamp(encoded: bytes) -> int:
    return int.from_bytes(b64decode(encoded)[4:12], "big")
