"""A warehouse in a folder: the example's files, a workspace, and a clock that stands."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import Command, blocks, commands

EXAMPLE = Path(__file__).parents[2] / "examples" / "warehouse"
README = EXAMPLE / "README.md"
# 2026-11-16 12:00:00 UTC, the day of the example's order; computed with `date -u -d`.
NOON = 1_794_830_400
HOLDER = "Example Rechenzentrum GmbH"
PRODUCT = "NVIDIA B200"

_SHIM = f"""#!{sys.executable}
import os
from chipwarden.app.ledger import Ledger
Ledger.now = lambda self: int(os.environ["TEST_NOW"])
from chipwarden.cli.main import main
main()
"""


class Warehouse:
    """Runs commands in a folder, as a person would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "warehouse"
        shutil.copytree(EXAMPLE, self.folder)
        programs = folder / "programs"
        programs.mkdir()
        shim = programs / "chipwarden"
        shim.write_text(_SHIM, "utf-8")
        shim.chmod(0o755)
        self.now = NOON
        self.environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONIOENCODING": "utf-8",
            "CHIPWARDEN_PASSPHRASE": "example passphrase",
            # A process for each command: none should have to compile what another did.
            "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled"),
        }
        for name in ("COLUMNS", "CHIPWARDEN_WORKSPACE", "PYTHONDONTWRITEBYTECODE"):
            self.environment.pop(name, None)

    def start(self, text: str) -> subprocess.Popen[str]:
        """Start a command; `python` is the one that runs the tests."""
        name, *arguments = shlex.split(text)
        program = sys.executable if name == "python" else name
        return subprocess.Popen(
            [program, *arguments], cwd=self.folder, text=True, encoding="utf-8",
            env={**self.environment, "TEST_NOW": str(self.now)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, text: str) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error of a command."""
        process = self.start(text)
        out, errors = process.communicate()
        return process.returncode, out, errors

    def prepare(self, *issue: str) -> str:
        """Make the workspace and the grant in grant.cwt and grant.jwt; return its id."""
        assert self.run("chipwarden init")[0] == 0
        assert self.run("chipwarden check order.toml")[0] == 0
        return self.issue("grant.cwt", *issue)

    def issue(self, name: str, *more: str) -> str:
        code, out, errors = self.run(
            f"chipwarden grant issue 2 --holder '{HOLDER}' --country DE -o {name} {' '.join(more)}"
        )
        assert (code, errors) == (0, "")
        return next(word for word in out.split() if word.startswith("urn:chipwarden:grant:"))

    def label(self, shipment: str, quantity: int, **changes: str) -> str:
        """Return the command that prints a label."""
        asked = {"holder": HOLDER, "country": "DE", "product": PRODUCT, **changes}
        token = asked.pop("token", "grant.cwt")
        options = " ".join(f"--{name} {shlex.quote(value)}" for name, value in asked.items())
        return (
            f"python print_label.py {token} --shipment {shipment} --quantity {quantity} {options}"
        )


def readme_commands() -> list[Command]:
    """Return the commands of the example's README, each with what it prints."""
    return [c for block in blocks(README) if block.is_console for c in commands(block)]
