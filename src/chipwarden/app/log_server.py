"""Serves what a log publishes over HTTP: files alone, so that any cache may stand before it.

    serve(log_app(storage), "127.0.0.1", 8470)

Any web server that serves the folder ledger/public does the same; this one knows the
headers. It answers GET and HEAD for the checkpoint, tiles and entry bundles.
"""

import gzip
import logging
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chipwarden.ledger.errors import LogUnavailable
from chipwarden.ledger.storage import CHECKPOINT, ReadStorage
from chipwarden.ledger.tiles import read_path

# A tile never changes; the checkpoint does with every append.
FOREVER: Final = "public, max-age=31536000, immutable"
BRIEFLY: Final = "public, max-age=1"
# Hashes do not compress, entries do.
_SMALLEST_ZIPPED: Final = 1024

_log = logging.getLogger(__name__)


def log_app(storage: ReadStorage) -> Starlette:
    """Return the application that serves a log.

    Source:
        C2SP tlog-tiles v0.1.0: paths, content types and caching.
    """

    async def answer(request: Request) -> Response:
        path = request.path_params["path"]
        name = read_path(path)
        if path != CHECKPOINT and name is None:
            return _missing("no such resource; there are checkpoint, tile/L/N, tile/entries/N")
        try:
            content = await run_in_threadpool(storage.read, path)
        except LogUnavailable as error:
            # Where the file lies is nobody else's business.
            _log.error("%s", error)
            headers = {"Retry-After": "5", "Cache-Control": "no-store"}
            return PlainTextResponse("This log cannot be read now.\n", 503, headers)
        if content is None:
            # The partial tile may be superseded by the full one, which the client knows to ask for.
            return _missing("not there, or not any longer")
        if path == CHECKPOINT:
            return _response(content, "text/plain; charset=utf-8", BRIEFLY)
        assert name is not None
        if name.level is None and _takes_gzip(request) and len(content) >= _SMALLEST_ZIPPED:
            zipped = await run_in_threadpool(gzip.compress, content, 6, mtime=0)
            return _response(
                zipped, "application/octet-stream", FOREVER, {"Content-Encoding": "gzip"}
            )
        return _response(content, "application/octet-stream", FOREVER)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "HEAD"])])


def _response(
    content: bytes, media_type: str, caching: str, more: dict[str, str] | None = None
) -> Response:
    headers = {
        "Cache-Control": caching,
        "Content-Type": media_type,
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
        **(more or {}),
    }
    return Response(content, headers=headers)


def _missing(why: str) -> Response:
    # It may be there a moment later, so nobody should keep this answer.
    return PlainTextResponse(f"{why}\n", 404, {"Cache-Control": "no-store"})


def _takes_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "")
    for part in accepted.split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def serve(app: Starlette, host: str, port: int) -> None:
    """Serve until the process is stopped."""
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)
