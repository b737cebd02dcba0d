"""Witnesses to ask: some in this process, some behind a real port."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
from tests.ledger.histories import LOG, NOW, cosigner, witness

from chipwarden.ledger.note_keys import verifier_key
from chipwarden.ledger.witness import Answer
from chipwarden.sources.client import GuardedClient
from chipwarden.store.witness_state import WitnessState

START = ("-c", "from chipwarden.cli.main import main; main()", "ledger", "witness")
PASSPHRASE = "correct horse battery staple"


class Network:
    """Witnesses at https://NAME.example, each with its own state; a test can break them."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.states = {}
        self.broken: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.requests: list[tuple[str, bytes]] = []
        for name in names:
            key = verifier_key(cosigner(name).verifier)
            self.states[name] = WitnessState.create(folder / f"{name}.state", key)

    def client(self) -> GuardedClient:
        return GuardedClient(transport=httpx.MockTransport(self._answer))

    def urls(self) -> list[str]:
        return [f"https://{name}.example/" for name in self.states]

    def sizes(self) -> Mapping[str, int | None]:
        latest = {name: state.latest(LOG.name) for name, state in self.states.items()}
        return {name: known.size if known else None for name, known in latest.items()}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.removesuffix(".example")
        assert (request.method, request.url.path) == ("POST", "/add-checkpoint")
        body = request.read()
        self.requests.append((name, body))
        if name in self.broken:
            return self.broken[name](request)
        return self.honest(name, body)

    def honest(self, name: str, body: bytes) -> httpx.Response:
        mine = witness(cosigner(name))
        submission = mine.admit(body)
        answer = (
            submission
            if isinstance(submission, Answer)
            else self.states[name].decide(
                submission.checkpoint.origin, partial(mine.judge, submission), lambda: NOW
            )
        )
        sent = answer.response
        return httpx.Response(
            sent.status, headers={"Content-Type": sent.content_type}, content=sent.body
        )


class Process:
    """A witness behind a port of this computer, started as its command starts it."""

    def __init__(self, folder: Path, name: str = "witness.example/north") -> None:
        self.folder, self.name = folder, name
        self.port = 0

    def command(self, *more: str) -> list[str]:
        files = ["--state", str(self.folder / "w.state"), "--key", str(self.folder / "w.pem")]
        return [sys.executable, *START, *files, "--name", self.name, *more]

    def run(
        self, *more: str, passphrase: str = PASSPHRASE, home: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run it to its end; with a home, the passphrase is not in the environment."""
        known = environment(passphrase)
        if home is not None:
            del known["CHIPWARDEN_PASSPHRASE"]
            known["XDG_CONFIG_HOME"] = str(home)
        return subprocess.run(
            self.command(*more), env=known, capture_output=True, text=True,
            timeout=120, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Start it, wait until it listens, and kill it without warning at the end."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        key = verifier_key(LOG.verifier)
        with subprocess.Popen(
            self.command("--log", key, "--port", str(self.port)), env=environment(PASSPHRASE)
        ) as process:
            try:
                self._wait(process)
                yield process
            finally:
                process.send_signal(signal.SIGKILL)

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        for _ in range(1200):
            assert process.poll() is None, "the witness ended before it listened"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the witness does not listen")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def environment(passphrase: str) -> dict[str, str]:
    return {**os.environ, "CHIPWARDEN_PASSPHRASE": passphrase}
