"""Kill -9 while decisions are recorded: what was told is in the log, and the log is sound."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.workspace.ledgers import KEYS, body_of, book, copied, made, tables, written

from chipwarden.app.ledger import Ledger, open_ledger
from chipwarden.app.ledger_check import check_ledger

ROOT = Path(__file__).resolve().parents[2]
KILLS, MANY_KILLS = 10, 60
# More than are recorded together, so that a life has two commits.
ORDERS, TOGETHER = 48, 32

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


def test_a_killed_batch_leaves_a_sound_log(tmp_path: Path) -> None:
    check_lives(made(tmp_path / "work"), tmp_path, KILLS)


@pytest.mark.long
def test_many_killed_batches_leave_a_sound_log(tmp_path: Path) -> None:
    cut = check_lives(made(tmp_path / "work"), tmp_path, MANY_KILLS)
    assert cut > 1, "no kill came between the first entry and the last word"


def check_lives(workspace: Path, folder: Path, kills: int) -> int:
    """Look at the log after each of many batches, all but the first and the last killed.

    Returns:
        How many lives ended after the first of their entries, and before all was told.
    """
    books = [book(ORDERS, f"life-{life}") for life in range(kills + 2)]
    for life, orders in enumerate(books):
        written(folder, *orders, name=f"{life}.jsonl")
    start, cut = KEYS, 0
    with lives(workspace, folder, kills) as process:
        for life, orders in enumerate(books):
            assert process.stdout and process.stdin
            assert process.stdout.readline() == f"{life}\n"
            told = (folder / f"{life}.told").read_bytes()
            # A line without its end was cut off.
            whole = told[: told.rfind(b"\n") + 1].splitlines()
            with open_ledger(workspace) as ledger:
                assert check_ledger(ledger, bodies=False).findings == (), life
                count = told_and_logged(ledger, start, [order["id"] for order in orders], whole)
            start, cut = start + count, cut + (count > 0 and len(whole) < ORDERS)
            if life in (0, kills + 1):
                assert (count, len(whole)) == (ORDERS, ORDERS)
            process.stdin.write("\n")
            process.stdin.flush()
    with open_ledger(workspace) as ledger:
        assert check_ledger(ledger).findings == ()
        # Bodies that were written and never logged stay, and are nobody's business.
        rows = ledger.records.rows("statements")
        assert {row["body"] for row in rows[KEYS:]} <= set(ledger.bodies.digests())
        assert len(rows) == start
        caught_up = tables(ledger)
    with open_ledger(copied(workspace, folder / "anew")) as ledger:
        ledger.rebuild()
        assert tables(ledger) == caught_up
    return cut


@contextmanager
def lives(workspace: Path, folder: Path, kills: int) -> Iterator["subprocess.Popen[str]"]:
    """Start what starts the batches and kills them."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.workspace.killed_recorder", str(workspace),
         str(folder), str(kills)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def told_and_logged(ledger: Ledger, start: int, ids: Sequence[str], told: Sequence[bytes]) -> int:
    """Return how many decisions a life has logged, each once; compare them with what it told."""
    size = ledger.signed().checkpoint.size
    bodies = [body_of(ledger, index) for index in range(start, size)]
    assert [json.loads(body or b"")["order_id"] for body in bodies] == ids[: len(bodies)]
    assert len(bodies) in (0, TOGETHER, ORDERS)
    assert bodies[: len(told)] == list(told)
    return len(bodies)
