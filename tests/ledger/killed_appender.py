"""Appends to a log until it is killed; run by a test, which does that.

    python killed_appender.py FOLDER

For each line "LIFE SETTLE_AFTER SEGMENT" that it is sent, it forks a process that opens the log
and appends from two threads without end. It tells on one pipe, a line each:

    born LIFE PID           the process is about to open the log
    told LIFE INDEX DIGEST  an entry with this SHA-256 was acknowledged
    dead PID                the process has ended

It is a fork so that the next one starts at once; what it imported is all that they share.
"""

import os
import signal
import sys
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chipwarden.ledger import writer as writer_module
from chipwarden.ledger.appender import Appender
from chipwarden.ledger.note_keys import Ed25519Signer
from chipwarden.ledger.writer import LogWriter
from chipwarden.store import log_journal
from chipwarden.store.log_files import LogFiles

ORIGIN = "log.example/chips"
SIGNER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
NOW = 1_790_000_000
PATIENCE_S = 60
MOST_AT_ONCE = 64


def tell(line: str) -> None:
    """Write a line whole: a pipe takes so few bytes at once or not at all."""
    os.write(1, f"{line}\n".encode())


def append(appender: Appender, life: str, thread: int) -> None:
    """Append one entry after the other, some of them at once."""
    chance = Random(f"{life}.{thread}")
    waiting: deque[tuple[str, Future[int]]] = deque()
    number = 0
    while True:
        for _ in range(chance.randrange(1, MOST_AT_ONCE)):
            number += 1
            entry = f"{life}.{thread}.{number} ".encode() + bytes(chance.randrange(1200))
            waiting.append((sha256(entry).hexdigest(), appender.submit(entry)))
        while len(waiting) > chance.randrange(MOST_AT_ONCE):
            digest, future = waiting.popleft()
            tell(f"told {life} {future.result()} {digest}")


def live(folder: Path, life: str, settle_after: int, segment: int) -> None:
    """Open the log and append to it until the process is killed."""
    writer_module.SETTLE_AFTER = settle_after  # type: ignore[misc]
    log_journal.SEGMENT = segment  # type: ignore[misc]
    tell(f"born {life} {os.getpid()}")
    storage = LogFiles(folder, patience_s=PATIENCE_S)
    with LogWriter(storage, ORIGIN, [SIGNER], lambda: NOW) as log, Appender(log) as appender:
        threads = [threading.Thread(target=append, args=(appender, life, at)) for at in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def bury(*_: object) -> None:
    """Tell of the children that have ended."""
    with suppress(ChildProcessError):
        while child := os.waitpid(-1, os.WNOHANG)[0]:
            tell(f"dead {child}")


def main(folder: Path) -> None:
    """Fork for each line."""
    signal.signal(signal.SIGCHLD, bury)
    while line := os.read(0, 200).decode():
        life, settle_after, segment = line.split()
        if os.fork() == 0:
            try:
                live(folder, life, int(settle_after), int(segment))
            finally:
                os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
