"""Help: every command has it, with an example, and it imports nothing heavy."""

import subprocess
import sys
from typing import Any

import pytest
from tests.cli.shell import commands, run

from chipwarden import __version__

HEAVY = (
    "duckdb", "sqlglot", "rich", "xlsxwriter", "python_calamine", "rapidfuzz",
    "rfc8785", "chipwarden.app.check", "chipwarden.rules.loader",
)  # fmt: skip
# What a check of one order in TOML has no use for.
UNUSED = ("duckdb", "xlsxwriter", "python_calamine", "rapidfuzz", "rich", "chipwarden.app.story")


def imported(arguments: list[str], names: tuple[str, ...]) -> set[str]:
    """Return which of the modules a run of the command line imports."""
    code = (
        "import sys\n"
        "from chipwarden.cli.main import main\n"
        f"sys.argv = ['chipwarden', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*(name for name in {names!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("path", commands(), ids=lambda path: " ".join(path) or "chipwarden")
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "Example:\n" in result.stdout
    assert f"    chipwarden {' '.join(path)}".rstrip() in result.stdout


@pytest.mark.parametrize("path", commands(), ids=lambda path: " ".join(path) or "chipwarden")
def test_every_option_has_help(path: tuple[str, ...]) -> None:
    parameters: list[Any] = commands()[path].params
    options = [each for each in parameters if each.param_type_name == "option"]
    assert [each.name for each in options if not each.help] == []
    assert any(each.name == "help" for each in options) or path or len(options) >= 1


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "--help"],
                                       ["rules", "diff", "--help"]])  # fmt: skip
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported(arguments, HEAVY) == set()


def test_the_first_help_imports_no_validation_library_either() -> None:
    # Typer itself imports it for the parameters of a command, and for that alone.
    assert imported(["--help"], ("pydantic",)) == set()


def test_a_check_imports_what_it_needs(order: str) -> None:
    assert imported(["check", order, "--json"], UNUSED) == set()


def test_version() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"chipwarden {__version__}\n")


def test_without_a_command_there_is_help() -> None:
    result = run()
    assert result.exit_code == 2
    assert "Commands:" in result.stdout + result.stderr
