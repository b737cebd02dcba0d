"""The guarded client against servers that behave and servers that do not."""

import gzip
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chipwarden.model.errors import ChipwardenError
from chipwarden.sources.client import Answer, GuardedClient
from chipwarden.sources.errors import RefusedAddress, SourceUnavailable

Respond = Callable[[BaseHTTPRequestHandler], None]
PATIENCE_S = 20.0


@contextmanager
def serving(respond: Respond, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve on this computer; every request goes to `respond`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            respond(self)

        def do_POST(self) -> None:
            self.sent = self.rfile.read(int(self.headers["Content-Length"]))
            respond(self)

        def log_message(self, *values: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *values: object) -> None:
            pass  # clients that leave are what is tested

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def say(
    request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
) -> None:
    request.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


@pytest.mark.parametrize("status", [200, 400, 404, 409, 422, 500, 503])
def test_an_answer_comes_whole_whatever_its_status(status: int) -> None:
    kind = {"Content-Type": "text/x.tlog.size"}
    with (
        serving(lambda request: say(request, status, b"5\n", kind)) as port,
        GuardedClient() as client,
    ):
        expected = Answer(status, "text/x.tlog.size", b"5\n")
        assert client.get(f"http://127.0.0.1:{port}/") == expected
        assert client.post(f"http://localhost:{port}/a?b", b"body") == expected


def test_what_is_sent_arrives_and_little_is_told() -> None:
    seen: dict[str, str] = {}

    def note(request: BaseHTTPRequestHandler) -> None:
        seen.update(request.headers.items())
        say(request, 200, request.path.encode() + b" " + getattr(request, "sent", b""))

    with serving(note) as port, GuardedClient() as client:
        assert client.post(f"http://127.0.0.1:{port}/x?y", b"\x00\xff").body == b"/x?y \x00\xff"
    assert {name.lower() for name in seen} <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "content-type",
        "content-length",
    }  # fmt: skip
    assert seen["User-Agent"] == "chipwarden" and seen["Accept-Encoding"] == "identity"


REFUSED = {
    "plain http": "http://witness.example/",
    "plain http to a near address": "http://192.168.1.1/",
    "plain http to all addresses": "http://0.0.0.0/",
    "a name that begins like loopback": "http://127.0.0.1.example/",
    "a name that ends like loopback": "http://localhost.example/",
    "a short spelling": "http://127.1/",
    "loopback as a password": "http://127.0.0.1@example.org/",
    "backslash": "http://127.0.0.1\\@example.org/",
    "name and password": "https://user:secret@witness.example/",
    "file": "file:///etc/passwd",
    "ftp": "ftp://witness.example/",
    "no scheme": "//witness.example/",
    "no host": "https:///path",
    "nothing": "",
    "rubbish": "https://[::1",
    "a line break": "https://witness.example/\r\nX: y",
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_address_is_refused_before_anything_is_sent(name: str) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with GuardedClient(transport=httpx.MockTransport(never)) as client:
        for call in (client.get, lambda url: client.post(url, b"")):
            with pytest.raises(RefusedAddress, match="Nothing was sent") as wrong:
                call(REFUSED[name])
            assert "secret" not in str(wrong.value)


def test_plain_http_goes_to_loopback_and_where_the_caller_allows_it() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    with GuardedClient(transport=transport) as client:
        for url in ("http://127.0.0.1/", "http://127.9.9.9/", "http://[::1]:80/",
                    "HTTP://LOCALHOST/", "https://witness.example/"):  # fmt: skip
            assert client.get(url).status == 200
    with GuardedClient(transport=transport, allow_plain=True) as client:
        assert client.get("http://witness.example/").status == 200
        with pytest.raises(RefusedAddress):
            client.get("ftp://witness.example/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_no_redirect_is_followed(status: int) -> None:
    asked = []

    def away(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        say(request, status, b"", {"Location": "/elsewhere"})

    with (
        serving(away) as port,
        GuardedClient() as client,
        pytest.raises(SourceUnavailable, match=f"{status}, which is not followed"),
    ):
        client.get(f"http://127.0.0.1:{port}/first")
    assert asked == ["/first"]


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with (
        serving(lambda request: say(request, 200, b"direct")) as port,
        GuardedClient() as client,
    ):
        assert client.get(f"http://127.0.0.1:{port}/").body == b"direct"


def test_a_netrc_file_lends_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))

    def told(request: BaseHTTPRequestHandler) -> None:
        say(request, 200, str(request.headers["Authorization"]).encode())

    with serving(told) as port, GuardedClient() as client:
        assert client.get(f"http://127.0.0.1:{port}/").body == b"None"


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    while True:
        request.wfile.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")


def test_no_more_is_read_than_the_caller_takes() -> None:
    with GuardedClient(most_bytes=1000) as client:
        with serving(lambda request: say(request, 200, b"x" * 1000)) as port:
            assert len(client.get(f"http://127.0.0.1:{port}/").body) == 1000
        for respond in (lambda request: say(request, 200, b"x" * 1001), endless):
            with (
                serving(respond) as port,
                pytest.raises(SourceUnavailable, match="over 1,000 bytes"),
            ):
                client.get(f"http://127.0.0.1:{port}/")


def test_a_packed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(10_000_000))
    headers = {"Content-Encoding": "gzip"}
    with (
        serving(lambda request: say(request, 200, packed, headers)) as port,
        GuardedClient(most_bytes=100_000) as client,
        pytest.raises(SourceUnavailable, match="packed"),
    ):
        client.get(f"http://127.0.0.1:{port}/")


def test_a_silent_and_a_dripping_server_are_given_up() -> None:
    end = Event()

    def silent(request: BaseHTTPRequestHandler) -> None:
        end.wait(PATIENCE_S)

    def dripping(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        while not end.wait(0.02):
            request.wfile.write(b"x")

    try:
        for respond in (silent, dripping):
            with (
                serving(respond) as port,
                GuardedClient(timeout_s=0.2) as client,
                pytest.raises(SourceUnavailable, match=r"answer within 0\.2 seconds"),
            ):
                client.get(f"http://127.0.0.1:{port}/")
    finally:
        end.set()


def test_a_server_that_is_not_there_or_leaves_is_unavailable() -> None:
    def leave(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "10")
        request.end_headers()
        request.wfile.write(b"half")
        request.close_connection = True

    def babble(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"what?\r\n\r\n")
        request.close_connection = True

    with GuardedClient() as client:
        for respond in (leave, babble):
            with serving(respond) as port, pytest.raises(SourceUnavailable, match="no answer"):
                client.get(f"http://127.0.0.1:{port}/")
        with pytest.raises(SourceUnavailable, match="no answer") as wrong:
            client.get(f"http://127.0.0.1:{port}/")
    assert isinstance(wrong.value, ChipwardenError)
    assert wrong.value.url == f"http://127.0.0.1:{port}/" and wrong.value.why


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    place = tmp_path / "server.pem"
    place.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    with (
        serving(lambda request: say(request, 200, b""), context) as port,
        GuardedClient() as client,
        pytest.raises(SourceUnavailable, match=r"(?i)certificate"),
    ):
        client.get(f"https://localhost:{port}/")
