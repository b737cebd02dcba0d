"""Every command that a page tells the reader to type prints what the page says."""

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.docs.pages import PAGES, Block, Command, agrees, blocks, commands, name_of
from tests.docs.shell import Shell

RUN = [page for page in PAGES if any(block.is_console for block in blocks(page))]


@pytest.fixture(autouse=True)
def _quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "CHIPWARDEN_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_a_page_tells_the_truth(page: Path) -> None:
    shell = Shell()
    wrong: list[str] = []
    for block in blocks(page):
        if block.written is not None:
            how, name = block.written
            with Path(name).open("a" if how == "add" else "w", encoding="utf-8") as file:
                file.write(("\n" if how == "add" else "") + block.text)
        if block.is_console:
            with _clock(block):
                wrong += _wrong(commands(block), shell, page)
    assert not wrong, "\n".join(wrong)


def _clock(block: Block) -> AbstractContextManager[Any]:
    """Let the clock stand where a block says; what a release grant says depends on the time."""
    if block.time is None:
        return nullcontext()
    return mock.patch("time.time", return_value=block.time.timestamp())


def _wrong(of_block: Iterable[Command], shell: Shell, page: Path) -> list[str]:
    found = []
    for command in of_block:
        printed = shell.run(command.text)
        if not agrees(printed, command.printed):
            found.append(f"{name_of(page)}, line {command.line}: {command.text}\n{printed}")
    return found


def test_some_pages_are_run() -> None:
    assert {"README.md", "docs/tutorial/first-order.md"} <= {name_of(page) for page in RUN}


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("a\nb\n", ("a", "b"), True),
        ("a\nb\n", ("a",), False),
        ("a\nb\nc\n", ("a", "…"), True),
        ("a\nb\nc\n", ("…", "c"), True),
        ("a\nb\nc\n", ("…", "b"), False),
        ("order 123 · law 4\n", ("order … · law …",), True),
        ("order 123\n", ("order …4",), False),
        ("", (), True),
        ("a\n", (), False),
    ],
)
def test_what_is_left_out_is_all_that_may_differ(
    printed: str, expected: tuple[str, ...], same: bool
) -> None:
    assert agrees(printed, expected) is same


def test_a_wrong_page_is_seen(tmp_path: Path) -> None:
    assert os.listdir(tmp_path) == []
    shell = Shell()
    assert not agrees(shell.run("chipwarden --version"), ("chipwarden 9.9.9",))
    assert shell.run("echo $?") == "0\n"
