"""Errors at the edge: one report, the right exit code, nothing on standard output."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from tests.cli.shell import process, run, written

from chipwarden.model.errors import ChipwardenError


def test_a_missing_file_is_reported() -> None:
    result = run("check", "nowhere.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nowhere.toml: 1 problem" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "order.toml", "--as-of", "03/02/2026"],
        ["check", "order.toml", "--rules", "nowhere"],
        ["check", "order.toml", "--colour"],
        ["chek", "order.toml"],
        ["explain", "order.toml", "--depth", "-1"],
        ["catalog", "compare"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error" in result.stderr and "Traceback" not in result.stderr


def test_a_wrong_date_says_what_was_expected() -> None:
    result = run("check", "order.toml", "--as-of", "03/02/2026")
    assert "found '03/02/2026'; expected a date such as 2026-03-02" in result.stderr


def test_other_errors_of_ours_are_one_line(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    def fails(*_: object) -> NoReturn:
        raise ChipwardenError("The list is stale.")

    monkeypatch.setattr("chipwarden.app.data.load_data", fails)
    result = run("check", order)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "chipwarden: The list is stale.\n"


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("chipwarden.app.data.load_data", interrupted)
    assert run("check", order).exit_code == 130


def test_a_reader_that_leaves_is_no_error(order: str) -> None:
    source, sink = os.pipe()
    os.close(source)
    with os.fdopen(sink, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", "from chipwarden.cli.main import main; main()",
             "catalog", "list"],
            stdout=closed, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_terminal_without_unicode_gets_ascii(order: str) -> None:
    done = process("explain", order, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert done.stdout.isascii() and b"8 x NVIDIA H20" in done.stdout


def test_what_is_piped_has_no_colour(order: str) -> None:
    assert b"\x1b" not in process("check", order, environment={"TERM": "xterm-256color"}).stdout


def test_nothing_in_an_order_steers_the_terminal(tmp_path: Path, order: str) -> None:
    text = Path(order).read_text("utf-8")
    evil = written(tmp_path, text.replace("Example Cloud", "Exa\\u202Emple \\u001B[31m"), "e.toml")
    result = run("check", evil, "--full")
    assert result.exit_code in (1, 2, 3)
    assert not {"\x1b", "\u202e"} & set(result.stdout + result.stderr)


def test_init_makes_a_workspace_once(tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    result = run("init", str(folder), "--demo")
    assert (result.exit_code, result.stdout) == (0, f"{folder}\n")
    assert len(list((folder / "orders").glob("*.toml"))) >= 25
    assert "example orders" in result.stderr
    again = run("init", str(folder))
    assert (again.exit_code, again.stdout) == (2, "")


def test_the_workspace_may_come_from_the_environment(tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    done = process("init", environment={"CHIPWARDEN_WORKSPACE": str(folder)})
    assert (done.returncode, done.stdout.decode().strip()) == (0, str(folder))
    assert folder.is_dir()


def test_a_replay_is_the_same_or_says_what_differs(tmp_path: Path, order: str) -> None:
    text = run("check", order, "--json").stdout
    decision = written(tmp_path, text, "decision.json")
    same = run("replay", decision)
    assert same.exit_code == 0
    assert same.stdout.startswith("SAME: the decision was made again, byte for byte.")
    record = json.loads(text)
    record["outcome"] = "no_license_required"
    changed = written(tmp_path, json.dumps(record), "changed.json")
    different = run("replay", changed)
    assert different.exit_code == 1
    assert "/outcome" in different.stdout
    assert '"license_required"' in different.stdout
    as_json = json.loads(run("replay", changed, "--json").stdout)
    assert as_json["differences"] == [
        {"path": "/outcome", "old": "no_license_required", "new": "license_required"}
    ]


def test_a_replay_says_what_it_lacks(tmp_path: Path, order: str) -> None:
    record = json.loads(run("check", order, "--json").stdout)
    record["digests"]["law"] = "sha256:" + "0" * 64
    decision = written(tmp_path, json.dumps(record), "decision.json")
    result = run("replay", decision, "--workspace", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert result.stdout.startswith("NOT REPLAYED")
    assert "law" in result.stdout


def test_what_is_no_decision_is_refused(order: str) -> None:
    result = run("replay", order)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "problem" in result.stderr


def test_the_story_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def write(path: Path, data: object) -> Path:
        asked.append(path)
        return path

    monkeypatch.setattr("chipwarden.app.story.write_story", write)
    out = tmp_path / "story.html"
    result = run("story", "--output", str(out))
    assert (result.exit_code, result.stdout, asked) == (0, f"{out}\n", [out])
