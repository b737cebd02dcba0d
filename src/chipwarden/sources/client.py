"""The one way out to the network: HTTPS, no detours, bounded in time and size.

    with GuardedClient() as client:
        answer = client.post("https://witness.example.org/add-checkpoint", body)

It follows no redirect, takes no proxy and no credentials from the environment, and reads no more
than it was told. Plain HTTP reaches loopback addresses only, unless the caller allows it.
"""

import time
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self

import httpx

from chipwarden.sources.errors import RefusedAddress, SourceUnavailable

TIMEOUT_S: Final = 10.0
MOST_BYTES: Final = 1_000_000

_AGENT: Final = "chipwarden"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said.

    Attributes:
        status: 200 to 299, or 400 to 599; the others are errors here.
        content_type: as sent, "" where nothing was.
        body: whole, at most as large as the client takes.
    """

    status: int
    content_type: str
    body: bytes


class GuardedClient:
    """Calls addresses; hold it in a `with` statement to let go of its connections."""

    def __init__(
        self,
        timeout_s: float = TIMEOUT_S,
        most_bytes: int = MOST_BYTES,
        allow_plain: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Set the bounds.

        Args:
            timeout_s: longest silence of a server, and longest time for a whole body, seconds.
                One that drips headers is stopped by their size alone; who cannot wait for that
                calls from a thread.
            most_bytes: greatest body that is read.
            allow_plain: whether plain HTTP may leave this computer.
            transport: in place of the network, for tests.
        """
        self.timeout_s = timeout_s
        self.most_bytes = most_bytes
        self.allow_plain = allow_plain
        self._client = httpx.Client(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
            # Compressed, a small answer could unpack to any size.
            headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def get(self, url: str) -> Answer:
        """Return what a server says at an address.

        Raises:
            RefusedAddress: it is not called.
            SourceUnavailable: it gives no answer, or a redirect, or too large a body.
        """
        return self._call("GET", url, None, {})

    def post(self, url: str, body: bytes, content_type: str = "text/plain") -> Answer:
        """Send a body to an address and return what the server says.

        Raises:
            RefusedAddress: it is not called.
            SourceUnavailable: it gives no answer, or a redirect, or too large a body.
        """
        return self._call("POST", url, body, {"Content-Type": content_type})

    def _call(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        self._check(url)
        deadline = time.monotonic() + self.timeout_s
        try:
            with self._client.stream(method, url, content=body, headers=headers) as response:
                if response.is_redirect or response.status_code // 100 not in (2, 4, 5):
                    raise SourceUnavailable(
                        url, f"the server answered {response.status_code}, which is not followed"
                    )
                content = self._read(url, response, deadline)
        except httpx.TimeoutException as wrong:
            raise SourceUnavailable(url, f"no answer within {self.timeout_s:g} seconds") from wrong
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as wrong:
            raise SourceUnavailable(url, f"no answer ({wrong or type(wrong).__name__})") from wrong
        kind = response.headers.get("Content-Type", "")
        return Answer(response.status_code, kind, content)

    def _read(self, url: str, response: httpx.Response, deadline: float) -> bytes:
        """Return the body; a server that drips is cut off, and so is one that pours."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise SourceUnavailable(url, "the server packed its answer, though it was asked not to")
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > self.most_bytes:
                raise SourceUnavailable(url, f"the answer has over {self.most_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise SourceUnavailable(url, f"no whole answer within {self.timeout_s:g} seconds")
        return bytes(content)

    def _check(self, url: str) -> None:
        """Refuse an address before anything is looked up."""
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as wrong:
            raise RefusedAddress(url, f"a malformed address ({wrong})", "one with https") from None
        if not address.host or address.userinfo:
            found = "a name or password in it" if address.userinfo else "no host"
            raise RefusedAddress(address.host or url, found, "https://HOST/PATH")
        if address.scheme == "https":
            return
        if address.scheme != "http":
            raise RefusedAddress(url, f"the scheme {address.scheme!r}", "https")
        if not (self.allow_plain or _is_loopback(address.host)):
            raise RefusedAddress(url, "plain http", "https; plain http reaches this computer only")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
