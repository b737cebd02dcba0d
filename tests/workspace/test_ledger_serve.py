"""Serving the log: a real process on a real port, read and checked from outside."""

import asyncio
import gzip
import http.client
import logging
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.workspace.ledgers import (
    ORIGIN,
    copied,
    ledger_run,
    made,
    public,
    recorded,
    signed,
    small,
    started,
)

from chipwarden.app.ledger import open_ledger
from chipwarden.app.log_server import log_app
from chipwarden.ledger.errors import LogUnavailable
from chipwarden.ledger.fsck import fsck
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.statements import read_statement
from chipwarden.ledger.trust import read_trust

SIZE = 300
FOREVER = "public, max-age=31536000, immutable"


@dataclass
class Served:
    """A log that a process serves."""

    workspace: Path
    port: int

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body; the path goes out as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def file(self, path: str) -> bytes:
        return (public(self.workspace) / path).read_bytes()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a log that goes over the edge of a tile."""
    workspace = made(tmp_path_factory.mktemp("served") / "work")
    recorded(workspace, small())
    with open_ledger(workspace) as ledger:
        for count in (100, 150, SIZE - 253):
            entries = [signed(ledger, "declaration", public={"n": n}) for n in range(count)]
            ledger.append(*(entry.content for entry in entries))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with started("ledger", "serve", "--port", str(port), "--workspace", workspace) as process:
        while True:
            assert process.poll() is None, "it ended before it listened"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield Served(workspace, port)


# ---------------------------------------------------------------- what is served


def test_the_checkpoint_is_not_kept_for_long(served: Served) -> None:
    status, headers, body = served.ask("/checkpoint")
    assert (status, body) == (200, served.file("checkpoint"))
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["cache-control"] == "public, max-age=1"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_a_tile_is_kept_for_ever_and_not_compressed(served: Served, path: str) -> None:
    status, headers, body = served.ask(f"/{path}", headers={"Accept-Encoding": "gzip, br"})
    assert (status, body) == (200, served.file(path))
    assert headers["content-type"] == "application/octet-stream"
    assert headers["cache-control"] == FOREVER
    assert "content-encoding" not in headers


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/entries/001.p/44"])
@pytest.mark.parametrize("asked", ["gzip", "br;q=1.0, gzip;q=0.8", "*", "GZIP"])
def test_entries_are_compressed_where_that_is_asked_for(
    served: Served, path: str, asked: str
) -> None:
    status, headers, body = served.ask(f"/{path}", headers={"Accept-Encoding": asked})
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == served.file(path)
    assert len(body) < len(served.file(path))
    assert headers["cache-control"] == FOREVER
    assert "Accept-Encoding" in headers["vary"]


@pytest.mark.parametrize("asked", [None, "", "identity", "br", "gzip;q=0", "gzip; q=0.0, br"])
def test_entries_are_not_compressed_otherwise(served: Served, asked: str | None) -> None:
    headers = {} if asked is None else {"Accept-Encoding": asked}
    status, answered, body = served.ask("/tile/entries/000", headers=headers)
    assert (status, body) == (200, served.file("tile/entries/000"))
    assert "content-encoding" not in answered
    # A cache that has one of the two must not give it to everybody.
    assert "Accept-Encoding" in answered["vary"]


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/entries/000"])
def test_head_gives_the_same_headers_without_a_body(served: Served, path: str) -> None:
    _, expected, body = served.ask(f"/{path}")
    status, headers, nothing = served.ask(f"/{path}", method="HEAD")
    assert (status, nothing) == (200, b"")
    changing = {"date"}
    assert {k: v for k, v in headers.items() if k not in changing} == {
        k: v for k, v in expected.items() if k not in changing
    }
    assert headers["content-length"] == str(len(body))


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "nothing"])
def test_no_answer_says_too_much(served: Served, path: str) -> None:
    _, headers, _ = served.ask(f"/{path}")
    assert "server" not in headers
    if path != "nothing":
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["access-control-allow-origin"] == "*"


# ---------------------------------------------------------------- what is not


NOT_THERE = [
    "/", "/tile", "/tile/", "/tile/0", "/tile/0/", "/tile/0/999", "/tile/0/002", "/tile/1/000",
    "/tile/0/0", "/tile/0/00", "/tile/0/x000/000", "/tile/0/000.p", "/tile/0/000.p/0",
    "/tile/0/000.p/256", "/tile/0/001.p/300", "/tile/0/001.p/45", "/tile/64/000", "/tile/-1/000",
    "/tile/entries", "/tile/entries/002", "/tile/entries/001", "/checkpoint/", "//checkpoint",
    "/Checkpoint", "/CHECKPOINT", "/checkpoint.txt", "/favicon.ico", "/index.html",
    # Superseded by the full tile, and taken away.
    "/tile/0/000.p/103", "/tile/entries/000.p/103",
]  # fmt: skip


@pytest.mark.parametrize("path", NOT_THERE)
def test_what_is_not_there_may_be_there_soon(served: Served, path: str) -> None:
    status, headers, body = served.ask(path)
    assert status == 404
    assert headers["cache-control"] == "no-store"
    assert len(body) < 200


SECRETS = [
    "keys/statements.pem", "keys/kdf.json", "policy.txt", "ledger.toml", "records.sqlite",
    "ledger/lock", "ledger/journal", "bodies", "packs", "ledger/public/checkpoint",
]  # fmt: skip
WAYS = [
    "/{}", "/../{}", "/../../{}", "/../../../{}", "/tile/../../../{}", "/tile/0/../../../../{}",
    "/%2e%2e/%2e%2e/{}", "/%2e%2e%2f%2e%2e%2f{}", "/..%2f..%2f{}", "/..%5c..%5c{}",
    "/%252e%252e/%252e%252e/{}", "/.%2e/.%2e/{}", "/%c0%ae%c0%ae/%c0%ae%c0%ae/{}",
    "/....//....//{}", "/..;/..;/{}", "//../..//{}", "/checkpoint/../../../{}",
    "/tile/entries/000.p/../../../../../../{}", "/checkpoint%00/../../{}", "/./../../{}",
]  # fmt: skip


def test_nobody_leaves_the_public_folder(served: Served) -> None:
    """Neither by dots, nor by what decodes to dots, nor by a path from the root."""
    hidden = [
        (served.workspace / name).read_bytes()
        for name in SECRETS
        if (served.workspace / name).is_file() and (served.workspace / name).stat().st_size
    ]
    assert len(hidden) == 5
    asked = 0
    for name in SECRETS:
        for way in (*WAYS, f"/{served.workspace}/{{}}", f"//{served.workspace}/{{}}"):
            status, _, body = served.ask(way.format(name))
            assert status in (400, 404), way
            assert body not in hidden
            assert b"PRIVATE" not in body
            asked += 1
    assert asked == 220
    with open_ledger(served.workspace) as ledger:
        digest = (ledger.statement(2).body or b"").hex()
    for path in (f"/bodies/{digest[:2]}/{digest[2:]}", f"/../../bodies/{digest[:2]}/{digest[2:]}"):
        assert served.ask(path)[0] == 404


@pytest.mark.parametrize("target", ["http://example.invalid/checkpoint", "*", "", "checkpoint"])
def test_odd_requests_harm_nobody(served: Served, target: str) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        raw.recv(65536)
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as raw:
        raw.sendall(b"\xff\xfe\x00 nonsense\r\n\r\n")
        assert raw.recv(65536)[:12] in (b"HTTP/1.1 400", b"")
    assert served.ask("/checkpoint")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(served: Served, method: str) -> None:
    before = served.file("checkpoint")
    assert served.ask("/checkpoint", method=method, headers={"Content-Length": "0"})[0] == 405
    assert served.file("checkpoint") == before


# ---------------------------------------------------------------- from outside


class Http:
    """Reads a log as anybody on the network does."""

    def __init__(self, port: int) -> None:
        self._prefix = f"http://127.0.0.1:{port}/"
        self.requests = 0

    def read(self, path: str) -> bytes | None:
        self.requests += 1
        try:
            with urllib.request.urlopen(self._prefix + path, timeout=60) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                assert error.code == 404
            return None


def test_the_whole_log_is_verified_from_outside(served: Served, tmp_path: Path) -> None:
    """With the trust file alone: every tile, the root, every entry, a proof, and the end."""
    ledger_run(served.workspace, "trust", "-o", str(tmp_path / "trust.txt"))
    trust = read_trust((tmp_path / "trust.txt").read_text("utf-8"))
    storage = Http(served.port)
    report = fsck(storage, trust.policy.logs, trust.origin)
    assert report.findings == ()
    assert report.checkpoint is not None
    assert report.checkpoint.size == SIZE
    reader = LogReader(Http(served.port), trust.policy.logs, trust.origin)
    signed_one = reader.checkpoint()
    assert signed_one is not None
    assert len(reader.checked_inclusion_proof(299, signed_one)) == 5
    entries = dict(reader.entries(0, SIZE, SIZE))
    with open_ledger(served.workspace) as ledger:
        assert entries[2] == ledger.entry(2)
    assert read_statement(entries[2]).type == "decision"
    early = reader.root(100)
    assert reader.checked_consistency_proof(100, early, signed_one)


def test_what_is_recorded_meanwhile_is_served(served: Served, tmp_path: Path) -> None:
    """In a log of its own, for the others count on the size of theirs."""
    workspace = copied(served.workspace, tmp_path)
    with open_ledger(workspace) as ledger:
        app = log_app(ledger.storage)
    before = called(app, "/checkpoint").content
    recorded(workspace, small())
    after = called(app, "/checkpoint").content
    assert before.split(b"\n")[1] == b"300"
    assert after.split(b"\n")[:2] == [ORIGIN.encode(), b"301"]
    assert called(app, "/tile/0/001.p/45").status_code == 200


def called(app: object, path: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://log") as client:
            return await client.get(path)

    return asyncio.run(answer())


def test_a_log_that_cannot_be_read_now_says_no_more_than_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where the file lies is told to the operator, not to everybody."""

    class Broken:
        def read(self, path: str) -> bytes | None:
            raise LogUnavailable(f"/srv/secret/place/{path}: Input/output error. Try again.")

    with caplog.at_level(logging.ERROR):
        answer = called(log_app(Broken()), "/tile/0/000")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["cache-control"] == "no-store"
    assert "/srv" not in answer.text
    assert "/srv/secret/place" in caplog.text
