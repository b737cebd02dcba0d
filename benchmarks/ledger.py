"""The log takes and proves entries: acknowledged after the flush, checked, verified.

Each append is one `submit` of the appender, and is counted when its index comes back, which
is after the flush of its batch. Beside it: plain SHA-256 over the same bytes, and pymerkle in
memory, whose root must be equal.
"""

import json
import random
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.figures import Figure
from benchmarks.peers import PEERS, python_of
from chipwarden.ledger.appender import Appender
from chipwarden.ledger.commitments import commitments, opening_of
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import possession, sign_key
from chipwarden.ledger.keys import SigningKey
from chipwarden.ledger.note_keys import (
    CosignatureSigner,
    Ed25519Signer,
    Ed25519Verifier,
    verifier_key,
)
from chipwarden.ledger.notes import NoteSignature, add_signatures, note_bytes
from chipwarden.ledger.proof_files import read_proof, verify_proof, write_proof
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.receipts import attach_receipts, issue_receipt
from chipwarden.ledger.registrar import Registrar
from chipwarden.ledger.statements import read_statement, sign_statement, verify_statement
from chipwarden.ledger.trust import read_trust, trust_text
from chipwarden.ledger.writer import LogWriter
from chipwarden.store.log_files import LogFiles

ORIGIN = "log.example/benchmark"
ISSUER = "https://issuer.example"
LENGTH = 600
FILLER = random.Random(1).randbytes(LENGTH - 8)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESSES = [
    CosignatureSigner(
        f"witness{at}.example", Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32)
    )
    for at in (8, 9)
]
PEER = "pymerkle"
PEER_SCRIPT = Path(__file__).parent / "peers_scripts" / "append_pymerkle.py"
TOGETHER = 256


def entry(index: int) -> bytes:
    """Return an entry of 600 bytes."""
    return FILLER + index.to_bytes(8, "big")


def clock() -> int:
    """Return the time, POSIX seconds."""
    return int(time.time())


def run(quick: bool) -> Iterator[Figure]:
    """Yield the figures."""
    count = 200_000 if quick else 10_000_000
    with folder() as place:
        storage = LogFiles(place)
        rate, waits, memory_mb = append(storage, count)
        log = reader(storage)
        signed = log.checkpoint()
        assert signed is not None and signed.checkpoint.size == count
        compared = 100_000
        peer = pymerkle(compared)
        assert log.root(compared).hex() == peer["root"], "pymerkle has another root"
        bound = plain_hashing(count if quick else 1_000_000)
        what = f"{count:,} entries of {LENGTH} bytes"
        yield Figure(
            figure="ledger.append_per_s", value=rate, unit="1/s",
            peer="plain SHA-256 of the same bytes, one core", peer_value=bound,
            conditions=f"{what}, bytes already signed, one `submit` each, acknowledged after the "
            "flush of the batch, checkpoints signed; to the last acknowledgement",
        )  # fmt: skip
        yield Figure(
            figure="ledger.append_ratio_to_pymerkle", value=rate, unit="1/s",
            peer=f"{PEERS[PEER].requirements[0]} in memory", peer_value=float(peer["per_s"]),
            conditions=f"{what} on disk; the peer {compared:,} of them in memory, without flush; "
            "equal roots",
        )  # fmt: skip
        waits.sort()
        yield Figure(
            figure="ledger.ack_p99_s", value=waits[int(len(waits) * 0.99)], unit="s",
            conditions=f"{what}, from `submit` to the acknowledgement, every 7th measured, under "
            f"full load; median {waits[len(waits) // 2]:.3f} s, greatest {waits[-1]:.3f} s",
        )  # fmt: skip
        yield Figure(
            figure="ledger.append_memory_mb", value=memory_mb, unit="MB",
            conditions=f"{what}, greatest resident size of the whole process",
        )  # fmt: skip
        yield Figure(
            figure="ledger.inclusion_proof_ms", value=proof_ms(storage, count), unit="ms",
            peer=f"{PEER}, {compared:,} entries", peer_value=float(peer["proof_s"]) * 1000,
            conditions=f"log of {count:,} entries, random entries, tiles read from files each "
            "time (in the system's cache), checked against the signed root; median of 300",
        )  # fmt: skip
    yield from register(20_000 if quick else 100_000)
    yield verify(300 if quick else 3_000)


def append(storage: LogFiles, count: int) -> tuple[float, list[float], float]:
    """Return entries a second, waits in seconds, and the greatest resident size in MB."""
    waits: list[float] = []

    def noting(submitted: float) -> Callable[["Future[int]"], None]:
        return lambda _: waits.append(time.perf_counter() - submitted)

    with writer(storage) as log, Appender(log) as appender:
        start = time.perf_counter()
        future: Future[int] | None = None
        for index in range(count):
            submitted = time.perf_counter()
            future = appender.submit(entry(index))
            if index % 7 == 0:
                future.add_done_callback(noting(submitted))
        assert future is not None and future.result() == count - 1
        seconds = time.perf_counter() - start
    return count / seconds, waits, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def register(count: int) -> Iterator[Figure]:
    """Yield how fast statements are taken, their issuers' signatures checked."""
    key = SigningKey.of(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    first = sign_key(ISSUER, key, 0, ISSUER, key.public, possession(ISSUER, "statement", key))
    history = KeyHistory()
    history.add(0, first)
    bound = {f"field{at}": bytes([at]) * 32 for at in range(7)}
    statements = [
        sign_statement(
            "decision", ISSUER, f"urn:example:decision:{index}", 1_790_000_000, key,
            commitments=bound, body=sha256(index.to_bytes(8, "big")).digest(),
        ).content
        for index in range(count)
    ]  # fmt: skip
    parsed = [read_statement(content) for content in statements]
    start = time.perf_counter()
    for statement in parsed:
        verify_statement(statement, key.public)
    bare = count / (time.perf_counter() - start)
    for together, how in ((1, "one by one"), (TOGETHER, f"{TOGETHER} at a time")):
        with folder() as place, writer(LogFiles(place)) as log, Appender(log) as appender:
            appender.submit(first.content).result()
            registrar = Registrar(appender, history, 1)
            start = time.perf_counter()
            for at in range(0, count, together):
                if together == 1:
                    future: Future[Any] = registrar.register(statements[at])
                else:
                    future = registrar.register_all(statements[at : at + together])
            future.result()
            rate = count / (time.perf_counter() - start)
        yield Figure(
            figure="ledger.register_per_s" if together > 1 else "ledger.register_single_per_s",
            value=rate, unit="1/s", peer="bare Ed25519 checks of the same statements, one thread",
            peer_value=bare,
            conditions=f"{count:,} statements of {len(statements[-1])} bytes, one thread, {how}: "
            "read, the issuer's key found, the signature checked, appended by the log's thread, "
            "acknowledged after the flush",
        )  # fmt: skip


def verify(times: int) -> Figure:
    """Return how long a proof file takes to check: checkpoint, receipt, statement, one opening."""
    issuing, receipts = (
        SigningKey.of(Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32)) for at in (1, 2)
    )
    first, second = (
        sign_key(ISSUER, issuing, 0, ISSUER, key.public, possession(ISSUER, use, key), use)
        for key, use in ((issuing, "statement"), (receipts, "log"))
    )
    history = KeyHistory()
    history.add(0, first)
    history.add(1, second)
    seed, values = bytes(32), {"outcome": b'"license_required"'}
    said = sign_statement(
        "decision", ISSUER, "urn:example:decision", 1_790_000_000, issuing,
        commitments=commitments(seed, values),
    )  # fmt: skip
    count = 100_000
    with folder() as place:
        storage = LogFiles(place)
        with writer(storage) as log:
            log.append([first.content, second.content, said.content])
            while log.size < count:
                log.append([entry(index) for index in range(min(5_000, count - log.size))])
        log_reader = reader(storage)
        signed = log_reader.checkpoint()
        assert signed is not None
        path = log_reader.checked_inclusion_proof(2, signed)
    note = add_signatures(
        signed.note,
        [
            NoteSignature(one.name, one.key_id, one.sign_note(signed.note.text, 1_790_000_000))
            for one in WITNESSES
        ],
    )
    receipt = issue_receipt(2, count, path, signed.checkpoint.root, receipts, ORIGIN)
    content = write_proof(
        attach_receipts(said.content, [receipt]), note_bytes(note),
        [opening_of(seed, "outcome", values["outcome"])],
    )  # fmt: skip
    policy = f"log {verifier_key(Ed25519Verifier(ORIGIN, KEY.public_key()))}\n" + "".join(
        f"witness w{at} {verifier_key(one.verifier)}\n" for at, one in enumerate(WITNESSES)
    )
    trust = read_trust(trust_text(policy + "group both all w0 w1\nquorum both\n", history))
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        verify_proof(read_proof(content), trust)
        taken.append((time.perf_counter() - start) * 1000)
    return Figure(
        figure="ledger.verify_ms", value=sorted(taken)[times // 2], unit="ms",
        conditions=f"proof file of {len(content):,} bytes from a log of {count:,} entries: log, "
        "two witnesses, receipt, statement and one opened value; five Ed25519 checks; median",
    )  # fmt: skip


def proof_ms(storage: LogFiles, count: int) -> float:
    """Return the median time of a checked inclusion proof, with a reader that holds no tiles."""
    chance = random.Random(7)
    times = []
    for _ in range(300):
        index = chance.randrange(count)
        log = reader(storage)
        start = time.perf_counter()
        signed = log.checkpoint()
        assert signed is not None
        log.checked_inclusion_proof(index, signed)
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[len(times) // 2]


def plain_hashing(count: int) -> float:
    """Return entries a second of SHA-256 alone."""
    start = time.perf_counter()
    for index in range(count):
        sha256(entry(index)).digest()
    return count / (time.perf_counter() - start)


def pymerkle(count: int) -> dict[str, float | str]:
    """Return what the peer measured on the first entries, and its root."""
    done = subprocess.run(
        [str(python_of(PEER)), str(PEER_SCRIPT), str(count), str(LENGTH)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float | str] = json.loads(done.stdout)
    return found


def writer(storage: LogFiles) -> LogWriter:
    """Return a writer of the log."""
    return LogWriter(storage, ORIGIN, [Ed25519Signer(ORIGIN, KEY)], clock)


def reader(storage: LogFiles) -> LogReader:
    """Return a reader of the log that has read nothing yet."""
    return LogReader(storage, [Ed25519Verifier(ORIGIN, KEY.public_key())], ORIGIN)


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder on the disk of the working tree, and remove it."""
    place = Path(tempfile.mkdtemp(dir=Path(__file__).resolve().parent.parent, prefix=".bench-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
