"""Whatever ends the process, a file is there whole or not at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_a_killed_process_leaves_nothing_or_a_whole_file(tmp_path: Path) -> None:
    """Kill -9 at every step of keeping, making a workspace and writing results."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.workspace.killed_writer", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    for writer in ("keep", "init", "init_in"):
        left = found[writer]
        # Killed before the name is given, and after it; undisturbed it comes to its end.
        assert set(left) == {"kills", "nothing", "whole", "end"}, writer
        assert left["kills"] == left["nothing"] + left["whole"] >= 8
        assert left["nothing"] and left["whole"] and left["end"] == 1
    for ending in (".jsonl", ".csv", ".xlsx"):
        left = found[f"write_results{ending}"]
        assert set(left) <= {"kills", "old", "whole", "end"}, ending
        assert left["kills"] == left["old"] + left.get("whole", 0) >= 6
        assert left["end"] == 1
    for place in ("middle.jsonl", "middle.csv", "middle.xlsx", "torn.jsonl", "torn.csv",
                  "torn.xlsx", "torn_keep"):  # fmt: skip
        assert found[place] == {"ended": 0, "nothing": 1}, place
