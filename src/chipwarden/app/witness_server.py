"""A witness over HTTP: `POST /add-checkpoint` and nothing else.

    make_witness(key_path, state_path, "witness.example/north", passphrase)      # once
    app = witness_app(*open_witness(key_path, state_path, name, log_keys, passphrase))

The answer leaves only when what it says is on the disk. TLS is for a proxy in front.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chipwarden.app import passphrases
from chipwarden.ledger.errors import InvalidPolicy, LedgerError, LogConflict
from chipwarden.ledger.keys import Algorithm
from chipwarden.ledger.note_keys import (
    CosignatureSigner,
    CosignatureVerifier,
    read_verifier_key,
    verifier_key,
)
from chipwarden.ledger.notes import NoteVerifier, check_name
from chipwarden.ledger.witness import MOST_REQUEST_BYTES, Answer, Witness
from chipwarden.store.key_files import generate_key, load_signing_key, write_signing_key
from chipwarden.store.witness_state import WitnessState

PATH: Final = "/add-checkpoint"
_BODY_TIMEOUT_S: Final = 30
# More requests at once than this are told to come back.
_MOST_AT_ONCE: Final = 64

_log = logging.getLogger(__name__)


def make_witness(
    key: Path, state: Path, name: str, passphrase: Callable[[], tuple[bytes, Path | None]]
) -> tuple[str, Path | None]:
    """Make the key and the empty state of a new witness.

    Args:
        key: file for the private key, locked with the passphrase.
        state: file for what it cosigns.
        name: of the witness, such as witness.example/north.
        passphrase: gives the passphrase, and the file it was put into where it was made.

    Returns:
        The public key as text, and that file.

    Raises:
        LogConflict: one of the files is there; nothing is ever made anew over it.
        InvalidNote: the name cannot be a key's.
        OSError: a file cannot be written.
    """
    check_name(name)
    if key.exists():
        raise LogConflict(
            f"{key}: found a file; expected nothing there yet. Nothing was changed. A witness "
            "whose state is lost needs a new key, and its logs must be told."
        )
    made = generate_key(Algorithm.ED25519)
    public = verifier_key(CosignatureSigner(name, _ed25519(made.native, key)).verifier)
    unlocking, place = passphrase()
    # The state first: a key without a state would look like a witness that lost it.
    WitnessState.create(state, public)
    write_signing_key(key, made, unlocking)
    return public, place


def passphrase_of(name: str) -> bytes:
    """Return the passphrase of a witness's key.

    Raises:
        NoPassphrase: there is none, and nobody to ask.
    """
    return passphrases.passphrase(_kept_as(name))


def passphrase_for_new(name: str) -> tuple[bytes, Path | None]:
    """Return a passphrase for a new witness, and the file it was put into where it was made."""
    if passphrases.kept_passphrase(_kept_as(name)).is_file():
        return passphrase_of(name), None
    return passphrases.new_passphrase(_kept_as(name))


def open_witness(
    key: Path, state: Path, name: str, log_keys: Iterable[str], passphrase: bytes
) -> tuple[Witness, WitnessState]:
    """Open a witness that was made before.

    Args:
        key: file of the private key.
        state: file of what it cosigned.
        name: of the witness.
        log_keys: public keys of the logs as text, each under the log's origin; a log may have
            several.
        passphrase: of the private key.

    Raises:
        DamagedLog: the state is missing, damaged or of another witness.
        LogUnavailable: the state cannot be opened now.
        InvalidPolicy: a log's key is malformed.
        ChipwardenError: the key is missing, damaged or locked with another passphrase.
    """
    logs: dict[str, tuple[NoteVerifier, ...]] = {}
    for text in log_keys:
        verifier = read_verifier_key(text)
        if isinstance(verifier, CosignatureVerifier):
            raise InvalidPolicy(f"The key {text} is a witness's; expected the key of a log.")
        logs[verifier.name] = (*logs.get(verifier.name, ()), verifier)
    signer = CosignatureSigner(name, _ed25519(load_signing_key(key, passphrase).native, key))
    return Witness(signer, logs), WitnessState.open(state, verifier_key(signer.verifier))


def witness_app(
    witness: Witness, state: WitnessState, clock: Callable[[], int] = lambda: int(time.time())
) -> Starlette:
    """Return the application of a witness.

    Args:
        witness: what decides.
        state: what remembers.
        clock: gives POSIX seconds.

    Source:
        C2SP tlog-witness v1.0.0.
    """

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(_BODY_TIMEOUT_S):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse("The request did not come in whole.\n", 408)
        if body is None:
            return PlainTextResponse(
                f"The request is too large; expected at most {MOST_REQUEST_BYTES:,} bytes.\n", 413
            )
        try:
            answer = await run_in_threadpool(_answer, witness, state, body, clock)
        except LedgerError as wrong:
            _log.error("%s", wrong)
            message = "This witness cannot keep its state now. Nothing was cosigned.\n"
            return PlainTextResponse(message, 503, {"Retry-After": "5"})
        sent = answer.response
        # Not through `media_type`, which adds a charset to every text.
        return Response(sent.body, sent.status, {"Content-Type": sent.content_type})

    app = Starlette(routes=[Route(PATH, add_checkpoint, methods=["POST"])])
    app.router.redirect_slashes = False
    return app


def evidence_text(state: WitnessState) -> str:
    """Return all evidence as text: when, of what kind, and both notes."""
    parts = []
    for noticed_at, one in state.evidence():
        day = datetime.fromtimestamp(noticed_at, UTC).isoformat()
        known, shown = (note.decode("utf-8", "replace") for note in (one.known, one.shown))
        parts.append(f"{day} {one.kind} of {one.origin}\n\ncosigned:\n{known}\nshown:\n{shown}\n")
    return "".join(parts)


def serve(app: Starlette, host: str, port: int) -> None:
    """Serve until the process is stopped."""
    import uvicorn

    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        limit_concurrency=_MOST_AT_ONCE,
    )


def _answer(witness: Witness, state: WitnessState, body: bytes, clock: Callable[[], int]) -> Answer:
    submission = witness.admit(body)
    if isinstance(submission, Answer):
        return submission
    origin = submission.checkpoint.origin
    answer = state.decide(origin, partial(witness.judge, submission), clock)
    if answer.evidence is not None:
        _log.warning("The log %s signed what does not continue what it signed before (%s).",
                     origin, answer.evidence.kind)  # fmt: skip
    return answer


async def _body(request: Request) -> bytes | None:
    """Return the body, None as soon as it is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_REQUEST_BYTES:
            return None
    return bytes(body)


def _kept_as(name: str) -> str:
    return "witness-" + re.sub("[^A-Za-z0-9.]+", "-", name)


def _ed25519(key: object, path: Path) -> Ed25519PrivateKey:
    if not isinstance(key, Ed25519PrivateKey):
        raise LogConflict(f"{path}: found a key of another kind; expected Ed25519.")
    return key
