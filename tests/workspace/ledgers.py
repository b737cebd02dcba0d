"""Ledgers of workspaces for tests: made once, and copied where a test changes them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.cli.shell import run
from tests.workspace.orders import to_germany
from typer.testing import Result

from chipwarden.app import ledger_keys
from chipwarden.app.erasure import erase
from chipwarden.app.ledger import Ledger, open_ledger
from chipwarden.app.ledger_check import check_ledger
from chipwarden.app.ledger_setup import LedgerNames
from chipwarden.app.packs import current_pack
from chipwarden.app.recording import Recorder
from chipwarden.app.workspace import init
from chipwarden.ledger.fsck import Finding
from chipwarden.ledger.statements import Statement, read_statement, sign_statement

ORIGIN, ISSUER = "log.example/chips", "https://exporter.example"
OTHER = "https://forwarder.example"
NAMES = LedgerNames(ORIGIN, ISSUER)
# As a person may write it: another script, a slash, an amount as text.
CHINESE = to_germany(
    id="注文-3/β", destination="CN", items=[{"product": "NVIDIA H20", "quantity": "64"}]
)
CHINESE["parties"][1]["name"] = "示例云计算有限公司"
# Two entries of every new ledger: the keys of statements and receipts.
KEYS = 2


def made(folder: Path, names: LedgerNames = NAMES) -> Path:
    """Make a workspace and return its folder."""
    init(folder, names=names)
    return folder


@dataclass(frozen=True)
class Full:
    """A ledger with every kind of entry.

    Attributes:
        workspace: its folder.
        other: that of the company whose key and statement it took.
        entries: for each kind of entry its index.
    """

    workspace: Path
    other: Path
    entries: Mapping[str, int]


def full_ledger(workspace: Path, other: Path) -> Full:
    """Fill a new ledger with every kind of entry."""
    entries = {"key": 0, "receipts key": 1}
    entries["decision"] = recorded(workspace, CHINESE, small(id="PO-2"), small(id="PO-3"))
    entries["erased"] = entries["decision"] + 2
    with open_ledger(other) as theirs:
        asked = ledger_keys.request(theirs)
        declared = signed(theirs, "declaration", public={"units": 64}, body=b"\x07" * 32).content
    with open_ledger(workspace) as ledger:
        entries["other's key"] = ledger_keys.add(ledger, asked)
        entries["other's statement"] = ledger_keys.register(ledger, [declared])
        entries["erasure"] = erase(ledger, entries["erased"], "end of retention")
        entries["rotated"] = ledger_keys.rotate(ledger, "statements").registered
        entries["rotated receipts"] = ledger_keys.rotate(ledger, "receipts").registered
    entries["newest"] = recorded(workspace, small(id="PO-4"))
    return Full(workspace, other, entries)


def copied(workspace: Path, folder: Path) -> Path:
    """Return a copy of a workspace, to be changed; its keys open with the same passphrase."""
    return Path(shutil.copytree(workspace, folder / workspace.name))


def records(*orders: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records of decisions on orders, as `check` gives them in a workspace."""
    from chipwarden.app.check import Terms, check
    from chipwarden.app.data import load_data

    terms = Terms(pack=current_pack().digest)
    return [check(order, "order", load_data(), terms).record for order in orders]


def recorded(workspace: Path, *orders: dict[str, Any]) -> int:
    """Record decisions on orders; return the index of the first."""
    with open_ledger(workspace) as ledger:
        return Recorder(ledger, current_pack()).record(records(*orders))


def written(folder: Path, *orders: dict[str, Any], name: str = "orders.jsonl") -> str:
    """Write orders into a file, one a line, and return its path."""
    path = folder / name
    path.write_text("".join(f"{json.dumps(order)}\n" for order in orders), "utf-8")
    return str(path)


def small(**changes: Any) -> dict[str, Any]:
    """Return an order of the time before the rules on chips: its record is short."""
    return {
        "schema": "chipwarden.order/1", "id": "PO-1", "kind": "export", "date": "2021-03-02",
        "origin": "US", "destination": "DE", "items": [{"product": "NVIDIA B200", "quantity": 8}],
        **changes,
    }  # fmt: skip


def book(count: int, prefix: str = "PO") -> list[dict[str, Any]]:
    """Return so many small orders with ids of their own."""
    places = ("DE", "CN", "MY", "SG")
    return [
        small(id=f"{prefix}-{number}", destination=places[number % 4]) for number in range(count)
    ]


def ledger_run(workspace: Path, *arguments: str) -> Result:
    """Return what `chipwarden ledger` does in a workspace, in this process."""
    return run("ledger", *arguments, "--workspace", str(workspace))


def size(workspace: Path) -> int:
    """Return the number of entries of a log."""
    with open_ledger(workspace) as ledger:
        return ledger.signed().checkpoint.size


def body_of(ledger: Ledger, index: int) -> bytes | None:
    """Return the content of an entry's body."""
    return ledger.body(read_statement(ledger.entry(index)))


def findings(workspace: Path, *earlier: bytes) -> tuple[Finding, ...]:
    """Return what a check of all of a ledger finds."""
    with open_ledger(workspace) as ledger:
        return check_ledger(ledger, earlier).findings


def signed(ledger: Ledger, type: str, **parts: Any) -> Statement:
    """Return a statement that the issuer of a workspace signs, of any type and content."""
    subject = parts.pop("subject", "urn:example:shipment:7")
    return sign_statement(type, ledger.issuer, subject, ledger.now(), ledger.signing_key, **parts)


def tables(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the records by table, those of the position too."""
    from chipwarden.store.tables import METADATA

    return {name: ledger.records.rows(name) for name in METADATA.tables}


def tree(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder by its path."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def public(workspace: Path) -> Path:
    """Return the folder of the log's public files."""
    return workspace / "ledger" / "public"


def command(*arguments: str | Path) -> list[str]:
    """Return what starts the command line as a process."""
    script = "from chipwarden.cli.main import main; main()"
    return [sys.executable, "-c", script, *map(str, arguments)]


@contextmanager
def started(
    *arguments: str | Path, environment: dict[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the command line as a process; it is killed at the end, if it still runs."""
    with subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(text: str | bytes) -> Sequence[Any]:
    """Return the JSON objects of a text, one a line."""
    return [json.loads(line) for line in text.splitlines()]
