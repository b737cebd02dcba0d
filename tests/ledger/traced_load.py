"""Lives through the load of `loads` in one process after the other; run by a test, which traces.

    python -m tests.ledger.traced_load

For each line with a folder that it is sent, it forks a process that stops itself until somebody
has attached to it and lets it go on. It says "stopped PID" and, when the process has ended,
its result in one line of JSON:

    acknowledged: the entry under each index, in hexadecimal
    checkpoints: those that the writer had, in order
    refused: how many batches were not acknowledged, after all tries
    error: what the process died of, null where it came to its end
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path

import pytest
from tests.ledger.loads import FIRST_LIFE, SECOND_LIFE, live, make_small
from tests.ledger.logs import NOW, ORIGIN, SIGNER
from tests.ledger.promises import Promises

from chipwarden.ledger.writer import LogWriter
from chipwarden.store.log_files import LogFiles


def result(folder: Path) -> dict[str, object]:
    """Live through the load; a log that says nothing else must say LogUnavailable."""
    promises = Promises()
    checkpoints: list[str] = []
    append = LogWriter.append

    def noted(log: LogWriter, entries: list[bytes]) -> int:
        first = append(log, entries)
        if log.checkpoint is not None:  # it is None where the first could not be published yet
            checkpoints.append(log.checkpoint.decode())
        return first

    LogWriter.append = noted  # type: ignore[assignment, method-assign]
    error, refused = None, 0
    try:
        storage = LogFiles(folder, patience_s=0)
        for life in (FIRST_LIFE, SECOND_LIFE):
            refused += live(storage, promises, life)
    except BaseException:
        error = traceback.format_exc()
    return {
        "acknowledged": {index: entry.hex() for index, entry in promises.acknowledged.items()},
        "checkpoints": checkpoints,
        "refused": refused,
        "error": error,
    }


def main() -> None:
    # What is imported late in a process would be counted there.
    import fcntl  # noqa: F401

    make_small(pytest.MonkeyPatch())
    SIGNER.sign_note(f"{ORIGIN}\n", NOW)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            found = result(Path(line.strip()))
            os.write(1, f"{json.dumps(found)}\n".encode())
            os._exit(0)
        os.waitpid(child, os.WUNTRACED)
        os.write(1, f"stopped {child}\n".encode())
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
