"""Recording: every decision that is told is in the log, once, and can be shown and replayed."""

import hmac
import json
import os
import time
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import pytest
from tests.cli.shell import flat, run
from tests.workspace.ledgers import (
    CHINESE,
    ISSUER,
    KEYS,
    ORIGIN,
    body_of,
    book,
    findings,
    recorded,
    records,
    signed,
    size,
    small,
    started,
    tree,
    written,
)
from tests.workspace.orders import to_germany
from tests.workspace.test_packs import CITATION, PROVISION

from chipwarden.app.ledger import open_ledger
from chipwarden.app.ledger_check import check_ledger
from chipwarden.app.recording import recorded_decision
from chipwarden.ledger.commitments import (
    check_opening,
    commitments,
    decision_values,
    opening_of,
)
from chipwarden.ledger.errors import DamagedLog, LogUnavailable
from chipwarden.model.canonical import canonical_bytes
from chipwarden.store.log_files import LogFiles
from chipwarden.store.passphrase_kdf import WrongPassphrase

CSV = "id,kind,date,origin,destination,product,quantity\n"


@pytest.mark.parametrize("order", [to_germany(), CHINESE], ids=["plain", "Chinese"])
def test_the_body_is_the_record_that_was_told(
    workspace: Path, tmp_path: Path, order: dict[str, Any]
) -> None:
    told = run("check", written(tmp_path, order), "--json", "--workspace", str(workspace))
    assert flat(told.stderr) == f"Recorded as entry {KEYS} of {ORIGIN}."
    with open_ledger(workspace) as ledger:
        statement = ledger.statement(KEYS)
        assert (statement.type, statement.issuer) == ("decision", ISSUER)
        assert statement.public == {}
        content = body_of(ledger, KEYS)
        assert content == told.stdout_bytes.rstrip(b"\n")
        assert json.loads(content)["order"]["parties"] == order["parties"]
        # Nothing of it stands in the log itself.
        entry = ledger.entry(KEYS)
        assert order["id"].encode() not in entry
        assert order["parties"][1]["name"].encode() not in entry


def test_every_field_is_committed_to_and_opens_alone(workspace: Path) -> None:
    """SHA-256 over CBOR of [schema, salt, name, value]; the salt is HMAC-SHA256(seed, name)."""
    index = recorded(workspace, CHINESE)
    with open_ledger(workspace) as ledger:
        statement = ledger.statement(index)
        body = ledger.opened_body(statement)
        assert body is not None
    record = json.loads(body.content)
    fields = {name: value for name, value in record.items() if name != "order"}
    fields |= {f"order.{name}": value for name, value in record["order"].items()}
    assert statement.commitments.keys() == fields.keys()
    assert {"outcome", "disposition", "items", "order.destination", "order.parties"} <= set(fields)
    for name, value in fields.items():
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        salt = hmac.digest(body.seed, name.encode(), "sha256")
        made_anew = cbor2.dumps(["chipwarden.commitment/1", salt, name, text.encode()])
        assert statement.commitments[name] == sha256(made_anew).digest(), name
        check_opening(opening_of(body.seed, name, text.encode()), statement)
    assert len(set(statement.commitments.values())) == len(fields)


def test_equal_decisions_look_different_in_the_log(workspace: Path) -> None:
    first = recorded(workspace, to_germany(), to_germany())
    with open_ledger(workspace) as ledger:
        one, other = (ledger.statement(first + offset) for offset in range(2))
        assert body_of(ledger, first) == body_of(ledger, first + 1)
    assert one.body != other.body
    assert not set(one.commitments.values()) & set(other.commitments.values())


def test_a_batch_is_recorded_in_its_order_without_what_cannot_be_read(
    workspace: Path, tmp_path: Path
) -> None:
    """Seventy rows go over the edges of what is recorded together; row 41 names no country."""
    places = ("DE", "CN", "MY", "SG")
    rows = [
        f"PO-{row},export,2021-03-02,US,{'QQ' if row == 41 else places[row % 4]},NVIDIA B200,8\n"
        for row in range(70)
    ]
    book_of_orders = tmp_path / "orders.csv"
    book_of_orders.write_text(CSV + "".join(rows), "utf-8")
    told = run("check", str(book_of_orders), "--json", "--workspace", str(workspace))
    assert told.exit_code == 2
    assert f"Recorded as entries {KEYS} to {KEYS + 68} of {ORIGIN}." in flat(told.stderr)
    good = [line for line in told.stdout_bytes.splitlines() if b'"problems"' not in line]
    assert len(told.stdout_bytes.splitlines()) == 70
    assert len(good) == 69
    with open_ledger(workspace) as ledger:
        assert [body_of(ledger, KEYS + place) for place in range(69)] == good
        rows_told = ledger.records.rows("decisions")
    expected = [f"PO-{row}" for row in range(70) if row != 41]
    assert [row["order_id"] for row in rows_told] == expected
    assert findings(workspace) == ()
    assert size(workspace) == KEYS + 69
    replayed = run("replay", str(KEYS + 41), "--workspace", str(workspace), "--json")
    assert (json.loads(replayed.stdout)["order_id"], replayed.exit_code) == ("PO-42", 0)


def test_results_are_written_beside_the_record(workspace: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    orders = written(tmp_path, *book(3))
    run("check", orders, "--out", str(out), "--workspace", str(workspace))
    with open_ledger(workspace) as ledger:
        bodies = [body_of(ledger, KEYS + place) for place in range(3)]
    assert out.read_bytes().splitlines() == bodies


def test_an_entry_replays_with_the_pack_that_was_kept(workspace: Path, tmp_path: Path) -> None:
    """Also where the user's own provisions, named when it was decided, are not named again."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "provision.toml").write_text(PROVISION, "utf-8")
    (own / "citation.toml").write_text(CITATION, "utf-8")
    place = ["--workspace", str(workspace)]
    orders = written(tmp_path, to_germany())
    run("check", orders, *place)
    run("check", orders, "--rules", str(own), *place)
    run("check", orders, *place)
    packs = {path.stem: sha256(path.read_bytes()).hexdigest() for path in
             (workspace / "packs").iterdir()}  # fmt: skip
    assert len(packs) == 2
    assert all(name == digest for name, digest in packs.items())
    for index in range(KEYS, KEYS + 3):
        replayed = run("replay", str(index), *place)
        assert (replayed.exit_code, replayed.stdout.split(":")[0]) == (0, "SAME"), index
    with open_ledger(workspace) as ledger:
        provisions = [
            [one["provision"] for one in json.loads(body_of(ledger, index) or b"")["requirements"]]
            for index in range(KEYS, KEYS + 3)
        ]
    assert provisions == [[], ["OWN-1"], []]


def test_an_entry_that_is_no_decision_is_not_replayed(workspace: Path) -> None:
    refused = run("replay", "0", "--workspace", str(workspace))
    assert refused.exit_code == 2
    assert "entry 0: found a statement of type 'key'; expected a decision" in flat(refused.stderr)
    beyond = run("replay", "77", "--workspace", str(workspace))
    assert beyond.exit_code == 2
    assert "entry 77: the log has entries 0 to 1" in flat(beyond.stderr)


def test_a_body_that_is_another_record_is_not_replayed(workspace: Path) -> None:
    """Whoever holds the keys and writes a body that the log does not commit to is found out."""
    record, other = records(small(), small(id="PO-2"))
    seed = bytes(range(32))
    with open_ledger(workspace) as ledger:
        body = ledger.bodies.write(canonical_bytes(other), seed)
        made_up = commitments(seed, decision_values(record))
        statement = signed(ledger, "decision", commitments=made_up, body=body)
        index = ledger.append(statement.content)
        with pytest.raises(DamagedLog, match="another record"):
            recorded_decision(ledger, index)
    (finding,) = findings(workspace)
    assert (finding.index, finding.found) == (index, "other values")
    assert finding.path.startswith("bodies/")


# ---------------------------------------------------------------- what is not recorded


def test_without_the_record_nothing_is_touched(workspace: Path, tmp_path: Path) -> None:
    before = tree(workspace)
    told = run(
        "check", written(tmp_path, to_germany()), "--no-record", "--workspace", str(workspace)
    )
    assert (told.exit_code, told.stderr) == (0, "")
    assert tree(workspace) == before


def test_nothing_readable_records_nothing(workspace: Path, tmp_path: Path) -> None:
    told = run("check", written(tmp_path, {"id": "x"}), "--workspace", str(workspace))
    assert told.exit_code == 2
    assert "Recorded" not in told.stderr
    assert size(workspace) == KEYS


def test_the_workspace_of_the_environment_records(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIPWARDEN_WORKSPACE", str(workspace))
    assert "Recorded" in run("check", written(tmp_path, to_germany())).stderr
    assert size(workspace) == KEYS + 1


def test_without_a_passphrase_nothing_is_half_recorded(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(workspace)
    monkeypatch.delenv("CHIPWARDEN_PASSPHRASE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    told = run("check", written(tmp_path, to_germany()), "--workspace", str(workspace))
    assert (told.exit_code, told.stdout) == (2, "")
    for name in ("CHIPWARDEN_PASSPHRASE", "CHIPWARDEN_PASSPHRASE_FILE", "nobody"):
        assert name in told.stderr
    assert tree(workspace) == before
    # The decision itself needs no key.
    again = run(
        "check", written(tmp_path, to_germany()), "--no-record", "--workspace", str(workspace)
    )
    assert again.exit_code == 0


def test_a_wrong_passphrase_is_told_and_nothing_is_half_recorded(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(workspace)
    monkeypatch.setenv("CHIPWARDEN_PASSPHRASE", "another one")
    told = run("check", written(tmp_path, to_germany()), "--workspace", str(workspace))
    assert (told.exit_code, told.stdout) == (2, "")
    assert "does not open" in flat(told.stderr)
    assert tree(workspace) == before
    with open_ledger(workspace) as ledger, pytest.raises(WrongPassphrase):
        ledger.signing_key  # noqa: B018


def test_a_file_with_the_passphrase_is_enough(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "passphrase"
    place.write_text(os.environ["CHIPWARDEN_PASSPHRASE"] + "\n", "utf-8")
    monkeypatch.delenv("CHIPWARDEN_PASSPHRASE")
    monkeypatch.setenv("CHIPWARDEN_PASSPHRASE_FILE", str(place))
    assert recorded(workspace, to_germany()) == KEYS


def test_a_made_passphrase_is_kept_outside_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHIPWARDEN_PASSPHRASE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    told = run("init", str(tmp_path / "work"))
    (place,) = (tmp_path / "home" / "chipwarden" / "passphrases").iterdir()
    assert str(place) in told.stderr.replace("\n", "")
    assert place.stat().st_mode & 0o777 == 0o600
    secret = place.read_bytes().strip()
    assert len(secret) >= 32
    files = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert not any(secret in path.read_bytes() for path in files)
    assert recorded(tmp_path / "work", to_germany()) == KEYS


def test_a_body_that_was_written_and_never_logged_is_harmless(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log cannot be written: the command says so, tells nothing, and can be repeated."""

    def fail(*_: object) -> None:
        raise LogUnavailable("ledger: the disk is full. Make room, and try again.")

    orders = written(tmp_path, *book(3))
    with monkeypatch.context() as patched:
        patched.setattr(LogFiles, "commit", fail)
        told = run("check", orders, "--workspace", str(workspace))
    assert (told.exit_code, told.stdout) == (2, "")
    assert "the disk is full" in told.stderr
    with open_ledger(workspace) as ledger:
        left = set(ledger.bodies.digests())
        assert len(left) == 3
        assert check_ledger(ledger).findings == ()
    run("check", orders, "--workspace", str(workspace))
    with open_ledger(workspace) as ledger:
        assert ledger.signed().checkpoint.size == KEYS + 3
        logged = {ledger.statement(KEYS + place).body for place in range(3)}
        assert set(ledger.bodies.digests()) == left | logged
        assert not left & logged


# ---------------------------------------------------------------- several at once


def test_two_processes_record_at_once(workspace: Path, tmp_path: Path) -> None:
    """Neither loses or repeats a decision, and each tells the entries that are its own."""
    orders = {name: written(tmp_path, *book(40, name), name=f"{name}.jsonl") for name in "AB"}
    place = ("--json", "--workspace", str(workspace))
    with started("check", orders["A"], *place) as one, started("check", orders["B"], *place) as two:
        told = {"A": one.communicate(), "B": two.communicate()}
    assert (one.returncode, two.returncode) == (3, 3)
    with open_ledger(workspace) as ledger:
        kept = {index: body_of(ledger, index) for index in range(KEYS, KEYS + 80)}
        assert ledger.signed().checkpoint.size == KEYS + 80
    for name, (out, errors) in told.items():
        mine = [index for index, body in kept.items() if json.loads(body or b"")["order_id"]
                .startswith(f"{name}-")]  # fmt: skip
        assert [kept[index] for index in mine] == out.splitlines()
        said = flat(errors.decode()).removesuffix(f" of {ORIGIN}.")
        assert indexes(said.removeprefix("Recorded as ")) == mine
    assert findings(workspace) == ()


def indexes(text: str) -> list[int]:
    """Return the entries that a text such as "entries 2 to 33, 66 to 97" names."""
    found: list[int] = []
    for part in text.removeprefix("entries ").removeprefix("entry ").split(", "):
        first, _, last = part.partition(" to ")
        found += range(int(first), int(last or first) + 1)
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_a_process_waits_for_the_log(workspace: Path, tmp_path: Path) -> None:
    orders = written(tmp_path, to_germany())
    with ExitStack() as held:
        ledger = held.enter_context(open_ledger(workspace))
        held.enter_context(ledger.exclusive())
        with started("check", orders, "--json", "--workspace", workspace) as process:
            while not has_open(process.pid, workspace / "ledger" / "lock"):
                assert process.poll() is None
                time.sleep(0.01)
            assert ledger.append(ledger.entry(0)) == KEYS
            assert process.poll() is None
            held.close()
            out, errors = process.communicate()
    assert (process.returncode, flat(errors.decode())) == (
        0, f"Recorded as entry {KEYS + 1} of {ORIGIN}.",
    )  # fmt: skip
    with open_ledger(workspace) as ledger:
        assert body_of(ledger, KEYS + 1) == out.rstrip(b"\n")


def has_open(process: int, path: Path) -> bool:
    """Return whether a process has a file open."""
    found = set()
    for handle in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(handle.readlink())
    return path in found
