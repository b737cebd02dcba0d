"""What the ledger shows: readable at any width, the same as data, and harmless to a terminal."""

import base64
import json
import os
import subprocess
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Any

import cbor2
import pytest
from tests.cli.shell import flat, process
from tests.workspace.ledgers import (
    CHINESE,
    ISSUER,
    ORIGIN,
    OTHER,
    Full,
    body_of,
    command,
    copied,
    ledger_run,
    lines,
    recorded,
    records,
    signed,
    small,
)
from tests.workspace.orders import to_germany

from chipwarden.app.erasure import erase
from chipwarden.app.ledger import Ledger, open_ledger
from chipwarden.app.ledger_keys import register
from chipwarden.app.packs import current_pack
from chipwarden.app.proofs import prove
from chipwarden.app.recording import Recorder
from chipwarden.model.canonical import canonical_bytes

NARROW = 60
# Clears the screen, rings, writes a title, turns the direction, is a CSI of one character.
HOSTILE = "\x1b[2J\x07\x1b]0;owned\x07\u202eevil\x9b31m\u2028"


def width(line: str) -> int:
    """Return how many columns a line takes."""
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in line)


def steering(text: str) -> set[str]:
    """Return the marks of a text that steer a terminal."""
    return {
        mark
        for mark in text
        if mark != "\n" and unicodedata.category(mark) in ("Cc", "Cf", "Zl", "Zp")
    }


# ---------------------------------------------------------------- width and words


@pytest.mark.parametrize(
    "arguments",
    [["show"], ["show", "2"], ["show", "5"], ["show", "7"], ["keys", "list"], ["fsck"],
     ["cosign"]],
    ids=" ".join,
)  # fmt: skip
def test_sixty_columns_are_enough(
    full: Full, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(NARROW))
    told = ledger_run(full.workspace, *arguments)
    assert told.exit_code == 0
    # A path or an id is never broken, for it could not be copied then.
    too_wide = [
        line for line in told.stdout.splitlines() if width(line) > NARROW and " " in line.strip()
    ]
    whole = [line for line in too_wide if max(map(width, line.split())) < NARROW - 24]
    assert whole == []


@pytest.mark.parametrize("columns", [40, 60, 79, 80, 88, 112])
def test_a_key_can_be_copied_from_the_list(
    full: Full, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    told = ledger_run(full.workspace, "keys", "list")
    kids = [
        key["kid"] for key in lines(ledger_run(full.workspace, "keys", "list", "--json").stdout)
    ]
    assert len(kids) == 5
    assert all(kid[:16] in told.stdout for kid in kids)
    assert flat(told.stdout).count("superseded") == 2


def test_a_list_says_what_each_entry_is(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "112")
    shown = ledger_run(full.workspace, "show").stdout
    assert shown.startswith(f"Log {ORIGIN}\n13 entries, root ")
    rows = {int(line.split()[0]): flat(line) for line in shown.splitlines()[4:] if line.strip()}
    assert rows.keys() == set(range(13))
    assert rows[full.entries["decision"]].endswith(
        "decision order 注文-3/β: hold, no license required"
    )
    assert rows[full.entries["erased"]].endswith("decision erased")
    assert rows[full.entries["other's key"]].endswith(f"issuer {OTHER}")
    assert rows[full.entries["erasure"]].endswith("erasure reason end of retention")
    assert rows[full.entries["other's statement"]].endswith("declaration urn:example:shipment:7")


def test_the_newest_entries_of_a_type(full: Full) -> None:
    told = ledger_run(full.workspace, "show", "--type", "decision", "--last", "2", "--json")
    assert [row["index"] for row in lines(told.stdout)] == [
        full.entries["erased"], full.entries["newest"],
    ]  # fmt: skip
    two = ledger_run(full.workspace, "show", "--type", "erasure", "--type", "declaration", "--json")
    assert [row["type"] for row in lines(two.stdout)] == ["declaration", "erasure"]
    nothing = ledger_run(full.workspace, "show", "--type", "nothing")
    assert nothing.exit_code == 0
    assert "Log " in nothing.stdout and "Signed" not in nothing.stdout  # no table of nothing


def test_an_entry_is_shown_in_full(full: Full) -> None:
    index = full.entries["decision"]
    shown = flat(ledger_run(full.workspace, "show", str(index)).stdout)
    for text in (f"Entry {index}: decision", f"issuer {ISSUER}", "signature counts",
                 "Commits to", "disposition hold", "order_id 注文-3/β"):  # fmt: skip
        assert text in shown, text
    erased = flat(ledger_run(full.workspace, "show", str(full.entries["erased"])).stdout)
    assert "Commits to (the body is not at hand)" in erased
    assert "disposition hold" not in erased


def test_times_are_in_utc(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1790000000 is 2026-09-21 14:13:20 UTC (POSIX time; as date -u says)."""
    monkeypatch.setattr(Ledger, "now", lambda self: 1_790_000_000)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    index = recorded(workspace, small())
    for arguments in (["show"], ["show", str(index)]):
        assert "2026-09-21 14:13:20 UTC" in flat(ledger_run(workspace, *arguments).stdout)


# ---------------------------------------------------------------- as data


def test_as_data_an_entry_is_what_log_and_body_hold(full: Full) -> None:
    index = full.entries["decision"]
    told = ledger_run(full.workspace, "show", str(index), "--json")
    found = json.loads(told.stdout)
    with open_ledger(full.workspace) as ledger:
        statement = ledger.statement(index)
        record = json.loads(body_of(ledger, index) or b"")
        assert found["length"] == len(ledger.entry(index))
    order = record.pop("order")
    assert found["values"] == record | {f"order.{name}": value for name, value in order.items()}
    assert found["commitments"] == {k: v.hex() for k, v in statement.commitments.items()}
    assert found["body"] == (statement.body or b"").hex()
    assert (found["type"], found["signature"], found["public"]) == ("decision", "counts", {})
    erased = json.loads(
        ledger_run(full.workspace, "show", str(full.entries["erased"]), "--json").stdout
    )
    assert erased["values"] is None
    assert len(erased["commitments"]) > 20


@pytest.mark.parametrize("arguments", [["show"], ["show", "2"], ["keys", "list"], ["fsck"]])
def test_as_data_every_line_is_canonical(full: Full, arguments: list[str]) -> None:
    told = ledger_run(full.workspace, *arguments, "--json")
    for line in told.stdout_bytes.splitlines():
        assert canonical_bytes(json.loads(line)) == line


def test_bytes_are_hexadecimal(full: Full) -> None:
    found = json.loads(ledger_run(full.workspace, "show", "0", "--json").stdout)
    with open_ledger(full.workspace) as ledger:
        public = ledger.statement(0).public
    assert found["public"] == {
        name: value.hex() if isinstance(value, bytes) else value for name, value in public.items()
    }


# ---------------------------------------------------------------- terminals


def test_another_encoding_shows_escapes(full: Full) -> None:
    told = process(
        "ledger", "show", str(full.entries["decision"]), "--workspace", str(full.workspace),
        environment={"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert b"\\u6ce8\\u6587" in told.stdout
    assert told.stdout.isascii()


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of POSIX")
@pytest.mark.parametrize(("variables", "colored"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_a_terminal_that_wants_it(
    full: Full, variables: dict[str, str], colored: bool
) -> None:
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command("ledger", "show", "2", "--workspace", full.workspace),
        stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", **variables},
    ) as done:  # fmt: skip
        os.close(theirs)
        seen = b""
        # A terminal that nobody holds open any more ends with an error on Linux.
        with suppress(OSError):
            while part := os.read(ours, 65536):
                seen += part
        os.close(ours)
    assert done.returncode == 0
    assert b"Entry 2" in seen
    assert (b"\x1b[" in seen) is colored


@pytest.fixture
def hostile(full: Full, tmp_path: Path) -> Path:
    """Return a workspace in which everybody who can write something wrote what steers."""
    folder = copied(full.workspace, tmp_path)
    # No order may hold such marks; a record that was made otherwise may.
    (record,) = records(to_germany())
    order = {**record["order"], "parties": [{"role": "consignee", "name": HOSTILE}]}
    hostile = {**record, "order": order, "order_id": HOSTILE, "warnings": [HOSTILE]}
    with open_ledger(folder) as ledger:
        assert Recorder(ledger, current_pack()).record([hostile]) == 13
    with open_ledger(full.other) as theirs, open_ledger(folder) as ledger:
        said: dict[str, Any] = {HOSTILE: HOSTILE, "list": [HOSTILE, {HOSTILE: HOSTILE}]}
        commitments = {HOSTILE: bytes(32)}
        register(
            ledger,
            [signed(theirs, "declaration", public=said, commitments=commitments).content],
        )
        erase(ledger, full.entries["decision"] + 1, HOSTILE)
        ledger.append(HOSTILE.encode())
    return folder


def test_hostile_text_steers_no_terminal(hostile: Path, tmp_path: Path) -> None:
    seen = ""
    for arguments in (
        ["show"], ["show", "13"], ["show", "14"], ["show", "15"], ["show", "16"], ["fsck"],
        ["keys", "list"], ["keys", "revoke", HOSTILE, "--reason", "lost"],
        ["prove", "13", "--open", HOSTILE, "-o", str(tmp_path / "x")],
        ["erase", "99", "--reason", HOSTILE],
    ):  # fmt: skip
        told = ledger_run(hostile, *arguments)
        assert told.exception is None or isinstance(told.exception, SystemExit), arguments
        assert steering(told.stdout) == set(), arguments
        assert steering(told.stderr) == set(), arguments
        seen += told.stdout
    assert "evil" in seen


def test_a_hostile_proof_steers_no_terminal(hostile: Path, tmp_path: Path) -> None:
    with open_ledger(hostile) as ledger:
        good = prove(ledger, 13, ["order.parties", "order_id"])
        theirs = prove(ledger, 14)
    opening = base64.b64encode(cbor2.dumps([bytes(32), HOSTILE, HOSTILE.encode()]))
    wrong = theirs.replace(b"\n\n", b"\nopen " + opening + b"\n\n", 1)
    schema = HOSTILE.encode().replace(b"\n", b"") + good
    line = good.replace(b"\nopen ", b"\n" + HOSTILE.encode() + b" ", 1)
    origin = good.replace(ORIGIN.encode(), HOSTILE.encode())
    for content, code in ((good, 0), (theirs, 0), (wrong, 1), (schema, 1), (line, 1), (origin, 1)):
        path = tmp_path / "x.proof"
        path.write_bytes(content)
        told = ledger_run(hostile, "verify", str(path))
        assert told.exit_code == code, told.output
        assert steering(told.stdout) == set()
        assert steering(told.stderr) == set()


def test_a_hostile_policy_steers_no_terminal(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    policy = (folder / "policy.txt").read_text("utf-8")
    (folder / "policy.txt").write_text(f"{policy}witness {HOSTILE} x y\n", "utf-8")
    told = ledger_run(folder, "show")
    assert told.exit_code == 2
    assert steering(told.stderr) == set()


def test_chinese_names_are_told_as_they_are_written(full: Full) -> None:
    told = ledger_run(full.workspace, "show", str(full.entries["decision"]), "--json")
    assert CHINESE["parties"][1]["name"] in told.stdout
    assert CHINESE["id"] in told.stdout
