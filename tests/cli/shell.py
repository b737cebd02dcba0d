"""The command line in tests: in this process, or as one of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer.main
from typer.testing import CliRunner, Result

from chipwarden.cli.main import app

# An order of one H20 from the addressee of the letter of April 2025, all parties screened.
H20 = """
schema = "chipwarden.order/1"
id = "H20-1"
kind = "export"
date = 2025-06-02
origin = "US"
destination = "CN"
parties_complete = true
[[items]]
product = "NVIDIA H20"
quantity = 8
value_usd = 96000
[[parties]]
role = "exporter"
name = "NVIDIA Corporation"
country = "US"
headquarters = "US"
ultimate_parent = { name = "NVIDIA Corporation", headquarters = "US" }
[[parties]]
role = "consignee"
name = "Example Cloud Co., Ltd."
country = "CN"
headquarters = "CN"
ultimate_parent = { name = "Example Cloud Co., Ltd.", headquarters = "CN" }
owners = [{ name = "Example Holding Co., Ltd.", percentage = "100", headquarters = "CN" }]
[[parties]]
role = "end_user"
name = "Example Cloud Co., Ltd."
country = "CN"
headquarters = "CN"
ultimate_parent = { name = "Example Cloud Co., Ltd.", headquarters = "CN" }
owners = [{ name = "Example Holding Co., Ltd.", percentage = "100", headquarters = "CN" }]
[screening]
date = 2025-04-01
lists = ["US-EL", "US-MEU", "US-UVL", "US-DPL", "US-SDN"]
outcome = "clear"
[end_use]
purposes = ["ai_inference"]
[facts]
military_end_use = false
military_end_user = false
military_intelligence_end_use = false
wmd_end_use = false
supercomputer_end_use = false
us_person_support = false
"""

# To a country of no group, but nothing is known of the parties' seats.
UNSETTLED = """
schema = "chipwarden.order/1"
id = "OPEN-1"
kind = "export"
date = 2026-06-15
origin = "US"
destination = "MY"
[[items]]
product = "NVIDIA B200"
quantity = 8
[[parties]]
role = "consignee"
name = "Example Trading Sdn. Bhd."
country = "MY"
"""

# A chip of which everything is unknown but that it may be controlled.
AREA_UNKNOWN = """
[chip]
name = "Example N-1"
designer_hq = "US"
process_node = "5 nm"
fp8_tflops = 250
datacenter_marketed = true
"""


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    """Return what the command line does in this process."""
    return CliRunner().invoke(app, arguments, input=given)


def process(
    *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Return what the command line does in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from chipwarden.cli.main import main; main()", *arguments],
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
    )


def flat(text: str) -> str:
    """Return a text on one line, wherever it was wrapped."""
    return " ".join(text.split())


def written(folder: Path, text: str, name: str = "order.toml") -> str:
    """Write an order and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def commands(group: Any = None, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return every command with its path, groups included."""
    root = group or typer.main.get_command(app)
    found = {path: root}
    for name, command in getattr(root, "commands", {}).items():
        found |= commands(command, (*path, name))
    return found
