"""A local server that speaks S3: moto's ThreadedMotoServer (moto 5, on werkzeug).

Its state is in this process, and each test takes a prefix of its own.
"""

import logging
from collections.abc import Iterator
from itertools import count
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer
from obstore.store import S3Store

BUCKET, VERSIONED = "logs", "logs-with-versions"
_numbers = count()


def serve() -> Iterator[str]:
    """Yield the address of a server with one plain bucket and one that keeps every version."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    for path, body in ((BUCKET, b""), (VERSIONED, b""), (f"{VERSIONED}?versioning", versioning)):
        headers = {"Content-Type": "application/xml"}
        with urlopen(Request(f"{url}/{path}", body, headers, method="PUT")) as answer:
            assert answer.status == 200
    yield url
    server.stop()


def s3_store(endpoint: str, bucket: str = BUCKET) -> S3Store:
    """Return a store that tells of every failure at once."""
    return S3Store(
        bucket,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="id",
        secret_access_key="key",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


def new_prefix() -> str:
    """Return a prefix that no other test has."""
    return f"log{next(_numbers)}"
