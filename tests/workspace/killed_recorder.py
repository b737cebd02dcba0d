"""Runs `chipwarden check` in children that are killed at random moments; started by a test.

    python killed_recorder.py WORKSPACE FOLDER KILLS

Life N decides the orders of FOLDER/N.jsonl and tells them into FOLDER/N.told. The first and the
last come to their end. After each one a line is printed; the next begins when one is read.
"""

import os
import signal
import sys
import time
from pathlib import Path
from random import Random

from chipwarden.app.data import load_data
from chipwarden.app.packs import current_pack
from chipwarden.cli.main import main


def batch(path: Path, workspace: Path) -> int:
    """Start the command in a child and return its process id."""
    child = os.fork()
    if child == 0:
        out = os.open(path.with_suffix(".told"), os.O_WRONLY | os.O_CREAT)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(nowhere, 2)
        sys.argv[1:] = ["check", str(path), "--json", "--workspace", str(workspace)]
        try:
            main()
        finally:
            sys.stdout.flush()
            os._exit(0)
    return child


def run(workspace: Path, folder: Path, kills: int) -> None:
    """Live all lives."""
    # What every child would read for itself.
    load_data()
    current_pack()
    random = Random(7)
    wholly_s = 0.0
    for life in range(kills + 2):
        begun = time.monotonic()
        child = batch(folder / f"{life}.jsonl", workspace)
        if life not in (0, kills + 1):
            # Before that it has written nothing.
            time.sleep(random.uniform(0.3, 1.0) * wholly_s)
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        wholly_s = wholly_s or time.monotonic() - begun
        print(life, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
