"""The witness as a process: real HTTP, real files, and killed without warning."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from tests.ledger.histories import FORK, LOG, NORTH, NOW, TRUTH, History, private_key, witness
from tests.ledger.witness_servers import PASSPHRASE, Process

from chipwarden.app import witness_server
from chipwarden.app.witness_server import witness_app
from chipwarden.app.witnessing import collect_cosignatures
from chipwarden.ledger.note_keys import (
    CosignatureVerifier,
    Ed25519Signer,
    read_verifier_key,
    verifier_key,
)
from chipwarden.ledger.policies import read_policy
from chipwarden.ledger.witness import MOST_REQUEST_BYTES, SIZE_TYPE
from chipwarden.ledger.witness_client import read_cosignatures, read_size
from chipwarden.sources.client import Answer, GuardedClient
from chipwarden.sources.errors import SourceUnavailable
from chipwarden.store.witness_state import WitnessState

KILLS = 3
MANY_KILLS = 40
# More than can be cosigned before the last kill.
LONG = History([f"entry {number}".encode() for number in range(3000)])


class Caller:
    """Calls the application without a network."""

    def __init__(self, folder: Path) -> None:
        self.state = WitnessState.create(folder / "w.state", verifier_key(NORTH.verifier))
        self.app = witness_app(witness(), self.state, lambda: NOW)

    def call(
        self, method: str, path: str, content: "bytes | AsyncIterator[bytes]" = b""
    ) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://w") as client:
                return await client.request(method, path, content=content)

        return asyncio.run(answer())

    def post(self, content: "bytes | AsyncIterator[bytes]") -> httpx.Response:
        return self.call("POST", "/add-checkpoint", content)


@pytest.fixture
def app(tmp_path: Path) -> Caller:
    return Caller(tmp_path)


def test_each_status_goes_out_as_it_is(app: Caller) -> None:
    stranger = History(TRUTH.entries, Ed25519Signer("log.example/two", private_key(3)))
    swapped = History(TRUTH.entries, Ed25519Signer(LOG.name, private_key(3)))
    requests = [
        (b"rubbish", 400), (TRUTH.request(6, 5), 400), (stranger.request(0, 5), 404),
        (swapped.request(0, 5), 403), (TRUTH.request(0, 5), 200), (TRUTH.request(0, 9), 409),
        (FORK.request(5, 9, proof=[]), 422), (TRUTH.request(5, 9), 200),
        (FORK.request(9, 9), 409), (TRUTH.request(9, 9), 200),
    ]  # fmt: skip
    for body, status in requests:
        answer = app.post(body)
        assert answer.status_code == status
        if status == 200:
            size = int(body.split(b"\n\n")[1].split(b"\n")[1])
            assert read_cosignatures(answer.content, TRUTH.note(size), NORTH.verifier)
    conflict = app.post(TRUTH.request(0, 9))
    assert conflict.headers["Content-Type"] == SIZE_TYPE
    assert conflict.content == b"9\n"


def test_there_is_nothing_else(app: Caller) -> None:
    for path in ("/", "/add-checkpoint/", "/checkpoint", "/add-checkpoint/x", "/docs"):
        assert app.call("POST", path).status_code == 404
        assert app.call("GET", path).status_code == 404
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
        assert app.call(method, "/add-checkpoint").status_code == 405


def test_a_body_that_is_too_large_is_not_read_to_its_end(app: Caller) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 10_000
            yield b"x" * 10_000

    assert app.post(b"x" * (MOST_REQUEST_BYTES + 1)).status_code == 413
    assert app.post(b"x" * MOST_REQUEST_BYTES).status_code == 400
    assert app.post(endless()).status_code == 413
    assert read <= MOST_REQUEST_BYTES + 20_000


def test_a_client_that_never_ends_is_not_waited_for(
    app: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_server, "_BODY_TIMEOUT_S", 0.1)

    async def slow() -> AsyncIterator[bytes]:
        yield b"old 0\n"
        await asyncio.sleep(600)

    assert app.post(slow()).status_code == 408
    assert app.post(TRUTH.request(0, 5)).status_code == 200


def test_nothing_is_cosigned_without_the_state(app: Caller, tmp_path: Path) -> None:
    app.state.path.unlink()
    answer = app.post(TRUTH.request(0, 5))
    assert answer.status_code == 503 and "—" not in answer.text
    assert str(tmp_path) not in answer.text
    assert not app.state.path.exists()


def made(folder: Path) -> tuple[Process, CosignatureVerifier]:
    """Make a witness with its command, and return it with its public key."""
    process = Process(folder)
    done = process.run("--init")
    assert done.returncode == 0, done.stderr
    key = read_verifier_key(done.stdout.removesuffix("\n"))
    assert isinstance(key, CosignatureVerifier) and key.name == process.name
    return process, key


def post(client: GuardedClient, process: Process, old: int, new: int) -> Answer:
    return client.post(f"{process.url}/add-checkpoint", TRUTH.request(old, new))


def test_a_killed_witness_still_knows_what_it_cosigned(tmp_path: Path) -> None:
    process, key = made(tmp_path)
    with GuardedClient() as client:
        for size in (5, 12):
            with process.serving():
                if size == 12:
                    # It was killed after 5.
                    assert post(client, process, 0, 5).body == b"5\n"
                answer = post(client, process, 0 if size == 5 else 5, size)
                assert answer.status == 200
                (signature,) = read_cosignatures(answer.body, TRUTH.note(size), key)
                assert key.timestamp(signature.signature) > NOW - 10**9
        with process.serving():
            assert (post(client, process, 5, 7).status, post(client, process, 12, 12).status) == (
                409, 200,
            )  # fmt: skip
            fork = client.post(f"{process.url}/add-checkpoint", FORK.request(12, 12))
            assert fork.status == 409
    told = process.run("--evidence")
    assert told.returncode == 1 and f"fork of {LOG.name}" in told.stdout
    for history in (TRUTH, FORK):
        assert history.note(12).signatures[0].line() in told.stdout


def killed_under_load(folder: Path, kills: int) -> None:
    """Kill it while it is being asked, again and again; what it acknowledged it must know."""
    process, key = made(folder)
    acknowledged = 0
    for number in range(kills):
        with process.serving() as running, GuardedClient() as client:
            asked = Event()

            def climb(
                client: GuardedClient = client, asked: Event = asked, enough: int = 1 + number % 5
            ) -> None:
                nonlocal acknowledged
                size = answered = 0
                while True:
                    answered += 1
                    if answered > enough:
                        asked.set()  # and go on asking, until it is dead
                    request = LONG.request(size, size + 1)
                    try:
                        answer = client.post(f"{process.url}/add-checkpoint", request)
                    except SourceUnavailable:
                        return
                    if answer.status == 200:
                        size += 1
                        acknowledged = max(acknowledged, size)
                    else:
                        assert answer.status == 409
                        size = read_size(answer.body)
                        # Ahead by the one request whose answer was cut off, and never behind.
                        assert acknowledged <= size <= acknowledged + 1
                        acknowledged = size

            thread = Thread(target=climb)
            thread.start()
            assert asked.wait(120)
            running.kill()
            thread.join(60)
            assert not thread.is_alive()
    state = WitnessState.open(folder / "w.state", verifier_key(key))
    known = state.latest(LOG.name)
    assert known is not None and known.size in (acknowledged, acknowledged + 1)
    assert acknowledged >= kills
    assert state.evidence() == ()


def test_a_witness_killed_under_load_never_goes_back(tmp_path: Path) -> None:
    killed_under_load(tmp_path, KILLS)


@pytest.mark.long
def test_a_witness_killed_many_times_never_goes_back(tmp_path: Path) -> None:
    killed_under_load(tmp_path, MANY_KILLS)


def test_a_real_log_asks_a_real_witness(tmp_path: Path) -> None:
    process, key = made(tmp_path)
    with process.serving(), GuardedClient() as client:
        policy = read_policy(
            f"log {verifier_key(LOG.verifier)}\n"
            f"witness north {verifier_key(key)} {process.url}\nquorum north\n"
        )
        sizes: dict[str, int] = {}
        for size in (3, 9, 40):
            found = collect_cosignatures(TRUTH.note(size), policy, TRUTH.proof, client, sizes)
            assert found.is_met, found.reports
            sizes = dict(found.sizes)
        assert not collect_cosignatures(FORK.note(40), policy, FORK.proof, client, sizes).is_met


def test_a_client_that_says_half_and_leaves_does_no_harm(tmp_path: Path) -> None:
    process, _ = made(tmp_path)
    with process.serving(), GuardedClient() as client:
        for text in (b"", b"POST /add", b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Length: 100\r\n\r\nold 0\n"):  # fmt: skip
            with socket.create_connection(("127.0.0.1", process.port)) as half:
                half.sendall(text)
        assert post(client, process, 0, 5).status == 200


def test_it_is_made_once_and_starts_on_nothing_else(tmp_path: Path) -> None:
    process, _ = made(tmp_path)
    key, state = tmp_path / "w.pem", tmp_path / "w.state"
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE KEY" in key.read_bytes()
    contents = key.read_bytes(), state.read_bytes()
    assert "expected nothing there yet" in refused(process, "--init")
    assert (key.read_bytes(), state.read_bytes()) == contents

    log = verifier_key(LOG.verifier)
    assert "passphrase" in refused(process, "--log", log, passphrase="wrong")
    assert "found no --log" in refused(process)
    assert "expected the key of a log" in refused(process, "--log", verifier_key(NORTH.verifier))
    other = Process(tmp_path, "witness.example/other")
    assert "found the state of witness.example/north" in refused(other, "--log", log)

    os.rename(state, tmp_path / "lost")
    assert "found no file" in refused(process, "--log", log)
    assert not state.exists()
    # Nor is a lost state made anew for a key that has signed.
    assert "needs a new key" in refused(process, "--init")
    assert not state.exists()


def test_without_a_passphrase_one_is_made_and_kept_apart(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "witness"
    home.mkdir()
    folder.mkdir()
    process = Process(folder)
    done = process.run("--init", home=home)
    (kept,) = (path for path in home.rglob("*") if path.is_file())
    assert done.returncode == 0 and kept.stat().st_mode & 0o777 == 0o600
    assert "Keep it apart" in done.stderr and kept.read_text("utf-8").strip() not in done.stderr
    assert process.run("--evidence", home=home).returncode == 0
    kept.unlink()
    locked = process.run("--evidence", home=home)
    assert locked.returncode == 2 and "found no passphrase" in locked.stderr


def refused(process: Process, *more: str, passphrase: str = PASSPHRASE) -> str:
    """Run the command, which must not run, and return what it says on one line."""
    done = process.run(*more, passphrase=passphrase)
    assert done.returncode == 2 and done.stdout == ""
    return " ".join(done.stderr.split())
