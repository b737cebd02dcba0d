"""The few commands of a shell that the documentation uses, in a folder, without a process.

`chipwarden …` with patterns such as orders/*.toml and `> file`, `echo $?`, `mkdir NAME`, `ls DIR`.
"""

import glob
import shlex
from pathlib import Path

from tests.cli.shell import run


class Shell:
    """Runs commands in the current folder and keeps the last exit code."""

    def __init__(self) -> None:
        self.code = 0

    def run(self, text: str) -> str:
        """Run a command and return what a terminal would show of it."""
        words = shlex.split(text)
        target = None
        if ">" in words:
            at = words.index(">")
            target = Path(words[at + 1])
            words = words[:at]
        name, *arguments = words
        match name:
            case "chipwarden":
                return self._chipwarden(_expanded(arguments), target)
            case "echo" if arguments == ["$?"]:
                return f"{self.code}\n"
            case "mkdir":
                Path(arguments[0]).mkdir()
                return ""
            case "ls":
                return "".join(f"{path.name}\n" for path in sorted(Path(arguments[0]).iterdir()))
        raise AssertionError(f"the tests of the documentation cannot run: {text}")

    def _chipwarden(self, arguments: list[str], target: Path | None) -> str:
        result = run(*arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.code = result.exit_code
        if target is None:
            return result.output
        target.write_text(result.stdout, "utf-8")
        return result.stderr


def _expanded(words: list[str]) -> list[str]:
    return [each for word in words for each in (sorted(glob.glob(word)) or [word])]
