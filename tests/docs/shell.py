"""The few commands of a shell that the documentation uses, in a folder, without a process.

`chipwarden …` with patterns such as orders/*.toml and `> file`, `echo $?`, `mkdir NAME`, `ls DIR`,
`cp FILE FILE`, and a program of docs/ as `python3 -I NAME …`, in a process of its own. A word
that ends in `…` is one that was printed before, such as an identifier.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.shell import run
from tests.docs.pages import ROOT


class Shell:
    """Runs commands in the current folder; keeps the last exit code and all that was printed."""

    def __init__(self) -> None:
        self.code = 0
        self.printed = ""

    def run(self, text: str) -> str:
        """Run a command and return what a terminal would show of it."""
        printed = self._run([self._whole(word) for word in shlex.split(text)], text)
        self.printed += printed
        return printed

    def _whole(self, word: str) -> str:
        """Return the word that was printed last of those that begin so, where it ends in `…`."""
        if not word.endswith("…"):
            return word
        found: list[str] = re.findall(rf"(?<!\S){re.escape(word[:-1])}[\w:.-]*", self.printed)
        return found[-1]

    def _run(self, words: list[str], text: str) -> str:
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
            case "cp":
                shutil.copyfile(*arguments)
                return ""
            case "python3" if arguments[0] == "-I":
                return self._program(*arguments[1:])
            case "ls":
                return "".join(f"{path.name}\n" for path in sorted(Path(arguments[0]).iterdir()))
        raise AssertionError(f"the tests of the documentation cannot run: {text}")

    def _program(self, name: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-I", str(ROOT / "docs" / name), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        self.code = done.returncode
        return done.stdout

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
