"""The records are a view: made in pieces or at once they are equal, and they stop nobody."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from tests.cli.shell import flat, run
from tests.workspace.ledgers import (
    CHINESE,
    KEYS,
    Full,
    body_of,
    book,
    copied,
    findings,
    ledger_run,
    lines,
    made,
    recorded,
    signed,
    small,
    started,
    tables,
    tree,
    written,
)

from chipwarden.app.erasure import erase
from chipwarden.app.ledger import Ledger, RolledBack, open_ledger
from chipwarden.app.ledger_keys import register
from chipwarden.ledger.statements import read_statement
from chipwarden.store import migrations, record_database, records
from chipwarden.store.bodies import Bodies
from chipwarden.store.record_database import NEWEST
from chipwarden.store.record_rows import BodyOf
from chipwarden.store.records import Position, Records
from chipwarden.store.tables import METADATA

SECRET = "Example Heimlich GmbH"


# ---------------------------------------------------------------- what the rows say


def test_the_rows_say_what_log_and_bodies_say(full: Full) -> None:
    with open_ledger(full.workspace) as ledger:
        found = tables(ledger)
        size = ledger.signed().checkpoint.size
        statements = [read_statement(ledger.entry(index)) for index in range(size)]
        kept = {
            index: json.loads(body_of(ledger, index) or b"")
            for index, one in enumerate(statements)
            if one.type == "decision" and index != full.entries["erased"]
        }
    assert [row["type"] for row in found["statements"]] == [
        "key", "key", "decision", "decision", "decision", "key", "declaration", "erasure",
        "key", "key-revoked", "key", "key-revoked", "decision",
    ]  # fmt: skip
    for row, statement in zip(found["statements"], statements, strict=True):
        for name in ("issuer", "subject", "issued_at", "kid", "body"):
            assert row[name] == getattr(statement, name), name
    decisions = {row["log_index"]: row for row in found["decisions"]}
    assert decisions.keys() == kept.keys()
    for index, record in kept.items():
        row, order = decisions[index], record["order"]
        for name in ("order_id", "as_of", "known_on", "mode", "outcome", "review_policy",
                     "exception", "disposition", "settled", "evaluator"):  # fmt: skip
            assert row[name] == record[name], name
        for name in ("kind", "origin", "destination"):
            assert row[name] == order[name], name
        assert row["pack"] == record["digests"]["pack"]
        items = [
            (row["product"], row["eccn"], row["quantity"])
            for row in found["decision_items"]
            if row["log_index"] == index
        ]
        assert items == [
            (one["product"], one["eccn"], str(one["quantity"])) for one in record["items"]
        ]
        parties = [row["name"] for row in found["decision_parties"] if row["log_index"] == index]
        assert parties == [one["name"] for one in order.get("parties", ())]
    assert [row["log_index"] for row in found["keys"]] == [
        full.entries[name] for name in ("key", "receipts key", "other's key", "rotated",
                                        "rotated receipts")
    ]  # fmt: skip
    assert [(row["reason"], row["suspect_from"]) for row in found["key_revocations"]] == [
        ("superseded", None), ("superseded", None),
    ]  # fmt: skip
    (erasure,) = found["erasures"]
    assert (erasure["log_index"], erasure["erased_index"], erasure["reason"]) == (
        full.entries["erasure"], full.entries["erased"], "end of retention",
    )  # fmt: skip


def test_large_numbers_are_kept_exactly(workspace: Path) -> None:
    recorded(workspace, small(items=[{"product": "NVIDIA L4", "quantity": 999_999_999_999}]))
    with open_ledger(workspace) as ledger:
        (row,) = ledger.records.rows("decision_items")
    assert row["quantity"] == "999999999999"


# ---------------------------------------------------------------- made in pieces or at once


def test_caught_up_step_by_step_they_are_those_of_a_rebuild(full: Full, tmp_path: Path) -> None:
    """Those of the workspace took its entries in as they came, the erased decision too."""
    with open_ledger(copied(full.workspace, tmp_path)) as ledger:
        caught_up = tables(ledger)
        assert {len(rows) > 0 for rows in caught_up.values()} == {True}
        ledger.rebuild()
        assert tables(ledger) == caught_up


@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("chunk", [1, 4])
def test_made_in_pieces_they_are_those_made_at_once(
    full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, chunk: int
) -> None:
    monkeypatch.setattr(records, "_CHUNK", chunk)
    with open_ledger(full.workspace) as ledger, Records.open(tmp_path / "pieces") as pieces:
        size = ledger.signed().checkpoint.size
        for end in [*range(step, size, step), size]:
            start = at.size if (at := pieces.position()) else 0
            entries = ledger.reader.entries(start, end, size)
            pieces.catch_up(entries, Position(end, ledger.reader.root(end)), content_of(ledger))
        assert {name: pieces.rows(name) for name in METADATA.tables} == tables(ledger)


def content_of(ledger: Ledger) -> BodyOf:
    """Return what gives the content of a statement's body."""
    return ledger.body


def test_a_stop_in_between_goes_on_where_it_was(
    full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int) -> None:
        if done == 6:
            raise Stopped

    monkeypatch.setattr(records, "_CHUNK", 2)
    with open_ledger(full.workspace) as ledger:
        expected = tables(ledger)
    folder = copied(full.workspace, tmp_path)
    with open_ledger(folder) as ledger, pytest.raises(Stopped):
        ledger.rebuild(stop)
    with open_ledger(folder) as ledger:
        at = ledger.position()
        assert at is not None
        assert at.size == 6
        assert tables(ledger) == expected


def test_two_at_once_take_every_entry_in_once(full: Full, tmp_path: Path) -> None:
    """One has read where the records stand; before it writes another one has caught up."""
    with open_ledger(full.workspace) as ledger:
        expected = tables(ledger)
    folder = copied(full.workspace, tmp_path)
    (folder / "records.sqlite").unlink()

    with open_ledger(folder) as slow, open_ledger(folder) as quick:
        size = slow.signed().checkpoint.size
        end = Position(size, slow.reader.root(size))

        def entries() -> Iterator[tuple[int, bytes]]:
            for index, content in slow.reader.entries(0, size, size):
                if index == 3:
                    assert tables(quick) == expected
                yield index, content

        with Records.open(folder / "records.sqlite") as behind:
            behind.catch_up(entries(), end, content_of(slow))
        assert tables(slow) == tables(quick) == expected


def test_processes_that_look_at_once_see_the_same(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    (folder / "records.sqlite").unlink()
    recorded(folder, *book(30))
    look = ("ledger", "show", "--last", "100", "--json", "--workspace", folder)
    with started(*look) as one, started(*look) as two, started(*look) as three:
        told = [process.communicate() for process in (one, two, three)]
    assert [errors.decode() for _, errors in told] == ["", "", ""]
    assert len({out for out, _ in told}) == 1
    assert len(lines(told[0][0])) == 13 + 30


def test_dropped_they_are_made_again(full: Full, tmp_path: Path) -> None:
    with open_ledger(full.workspace) as ledger:
        expected = tables(ledger)
    folder = copied(full.workspace, tmp_path)
    for path in folder.glob("records.sqlite*"):
        path.unlink()
    with open_ledger(folder) as ledger:
        assert ledger.position() is None
        assert tables(ledger) == expected
    rebuilt = ledger_run(folder, "rebuild")
    assert rebuilt.exit_code == 0
    assert flat(rebuilt.stderr) == f"13 entries in {folder / 'records.sqlite'}."


# ---------------------------------------------------------------- tables and migrations


def test_the_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    with Records.open(tmp_path / "records.sqlite"):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'records.sqlite'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == NEWEST
    engine.dispose()
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [NEWEST]


def test_a_kill_while_the_tables_are_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    class Killed(BaseException):
        pass

    made_tables: list[str] = []

    def create(name: str, *parts: Any) -> None:
        if len(made_tables) == 4:
            raise Killed
        made_tables.append(name)
        real(name, *parts)

    real = op.create_table
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(op, "create_table", create)
        Records.open(tmp_path / "records.sqlite")
    assert len(made_tables) == 4
    with Records.open(tmp_path / "records.sqlite") as found:
        assert found.rows("statements") == []


# ---------------------------------------------------------------- records that cannot be used


def text(path: Path) -> None:
    path.write_text("These are my notes.\n" * 400, "utf-8")


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_off_late(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 4096)


def other_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
        connection.commit()


def other_migrations(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('ae1027a6acf')")
        connection.commit()


def newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def lost_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE keys")
        # So that there is something to take in.
        connection.execute("DELETE FROM position")
        connection.commit()


UNUSABLE: dict[str, Callable[[Path], None]] = {
    "a text": text,
    "half a file": cut_off,
    "a file without its last page": cut_off_late,
    "tables of another program": other_program,
    "migrations of another program": other_migrations,
    "a newer version": newer_version,
    "a table that was dropped": lost_table,
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_records_are_told_and_made_again(full: Full, tmp_path: Path, case: str) -> None:
    folder = copied(full.workspace, tmp_path)
    path = folder / "records.sqlite"
    for part in ("-wal", "-shm"):
        assert not path.with_name(path.name + part).exists()
    UNUSABLE[case](path)
    before = path.read_bytes()
    told = ledger_run(folder, "show")
    assert told.exit_code == 2, told.output
    assert str(path) in told.stderr.replace("\n", "")
    assert "chipwarden ledger rebuild" in flat(told.stderr)
    assert path.read_bytes() == before, "somebody else's file was changed"
    # Recording does not need them.
    assert recorded(folder, small()) == 13
    assert ledger_run(folder, "rebuild").exit_code == 0
    assert ledger_run(folder, "show").exit_code == 0


def test_a_folder_in_their_place_is_told(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    (folder / "records.sqlite").unlink()
    (folder / "records.sqlite").mkdir()
    for command in ("show", "rebuild"):
        told = ledger_run(folder, command)
        assert told.exit_code == 2
        assert "records.sqlite" in told.stderr


def test_records_that_another_process_holds_are_waited_for(
    full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not for ever; and nothing is said against them."""
    monkeypatch.setattr(record_database, "_PATIENCE_S", 0)
    folder = copied(full.workspace, tmp_path)
    recorded(folder, small())
    with closing(sqlite3.connect(folder / "records.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = ledger_run(folder, "show")
        assert told.exit_code == 2
        assert "another process has been using the records for 0 seconds" in flat(told.stderr)
        assert "rebuild" not in told.stderr
        other.execute("ROLLBACK")
    assert ledger_run(folder, "show").exit_code == 0


@pytest.mark.parametrize("code", ["SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR_WRITE"])
def test_a_disk_that_refuses_is_not_held_against_the_records(tmp_path: Path, code: str) -> None:
    refused = sqlite3.OperationalError("database or disk is full")
    refused.sqlite_errorcode = getattr(sqlite3, code)
    with (
        pytest.raises(record_database.RecordsUnavailable, match="Check the room on the disk"),
        record_database.told(tmp_path / "records.sqlite"),
    ):
        raise OperationalError("INSERT", None, refused)


def test_a_file_without_content_is_as_none(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    (folder / "records.sqlite").write_bytes(b"")
    with open_ledger(folder) as ledger, open_ledger(full.workspace) as whole:
        assert tables(ledger) == tables(whole)


# ---------------------------------------------------------------- another log, a shorter log


@pytest.mark.parametrize("count", [2, 11, 20])
def test_records_of_another_log_are_refused(full: Full, tmp_path: Path, count: int) -> None:
    """Those of a longer log, of one as long, and of a shorter one."""
    mine = made(tmp_path / "work")
    recorded(mine, *book(count))
    shutil.copy(full.workspace / "records.sqlite", mine / "records.sqlite")
    # Also the command that makes them anew: they may show what somebody wants forgotten.
    for command in ("show", "rebuild"):
        told = ledger_run(mine, command)
        assert told.exit_code == 2
        assert f"13 entries that the log of {KEYS + count} does not extend" in flat(told.stderr)
    (mine / "records.sqlite").unlink()
    assert ledger_run(mine, "show").exit_code == 0


def test_a_log_that_was_shortened_is_found(full: Full, tmp_path: Path) -> None:
    """A copy of the log from before is put back; its checkpoint is properly signed."""
    folder = copied(full.workspace, tmp_path)
    early = shutil.copytree(folder / "ledger", tmp_path / "early")
    recorded(folder, *book(2))
    assert ledger_run(folder, "show").exit_code == 0
    shutil.rmtree(folder / "ledger")
    shutil.copytree(early, folder / "ledger")
    before = tree(folder)
    for command in (["show"], ["rebuild"], ["keys", "rotate"], ["erase", "2", "--reason", "x"]):
        told = ledger_run(folder, *command)
        assert told.exit_code == 2
        assert "15 entries that the log of 13 does not extend" in flat(told.stderr)
    told = run("check", written(tmp_path, small()), "--workspace", str(folder))
    assert (told.exit_code, told.stdout) == (2, "")
    assert tree(folder / "ledger") == tree(early)
    assert tree(folder).keys() - before.keys() == {
        name for name in tree(folder) if name.startswith("bodies/") and name not in before
    }
    (finding,) = findings(folder)
    assert (finding.path, finding.found) == ("checkpoint", "13 entries")


def test_a_log_that_was_shortened_is_found_by_any_one_trace(full: Full, tmp_path: Path) -> None:
    """The records, or the checkpoint that was seen: whoever forgets one of them is found out."""
    early = shutil.copytree(full.workspace / "ledger", tmp_path / "early")
    for trace in ("records.sqlite", "seen"):
        folder = copied(full.workspace, tmp_path / trace)
        recorded(folder, *book(2))
        assert ledger_run(folder, "show").exit_code == 0
        shutil.rmtree(folder / "ledger")
        shutil.copytree(early, folder / "ledger")
        (folder / ("seen" if trace == "records.sqlite" else "records.sqlite")).unlink()
        (finding,) = findings(folder)
        assert (finding.path, finding.found) == ("checkpoint", "13 entries")
        # Nor is it hidden by going on until the log is as long again.
        if trace == "records.sqlite":
            recorded(folder, *book(2, "other"))
            with open_ledger(folder) as ledger, pytest.raises(RolledBack):
                ledger.records  # noqa: B018
            (finding,) = findings(folder)
            assert "another history of the first 15 entries" in finding.found


# ---------------------------------------------------------------- what others say


POISON: dict[str, tuple[str, dict[str, Any]]] = {
    "a decision without its body": ("decision", {"body": b"\x05" * 32}),
    "a decision without anything": ("decision", {}),
    "an erasure of nothing": ("erasure", {}),
    "an erasure of a text": ("erasure", {"public": {"index": "2", "reason": "x"}}),
    "an erasure without a reason": ("erasure", {"public": {"index": 2}}),
    "a key without parts": ("key", {"public": {"issuer": "https://exporter.example"}}),
    "a key of numbers": (
        "key", {"public": {"issuer": 1, "kid": 2, "key": 3, "use": 4, "proof": 5}},
    ),
    "a revocation without parts": ("key-revoked", {}),
    "a revocation of numbers": (
        "key-revoked", {"public": {"kid": 1, "reason": 2, "suspect_from": "3"}},
    ),
    "a number too large for a table": (
        "erasure", {"public": {"index": (1 << 64) - 1, "body": b"\x05" * 32, "reason": "x"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", POISON)
def test_a_statement_that_makes_no_sense_stops_nobody(workspace: Path, case: str) -> None:
    """It is in the log for ever; everything else must go on."""
    kind, parts = POISON[case]
    recorded(workspace, small())
    with open_ledger(workspace) as ledger:
        index = ledger.append(signed(ledger, kind, **parts).content)
        rows = tables(ledger)
        assert [row["type"] for row in rows["statements"]][KEYS:] == ["decision", kind]
        assert [row["log_index"] for row in rows["decisions"]] == [KEYS]
        assert recorded(workspace, small(id="PO-2")) == index + 1
        assert len(ledger.records.rows("decisions")) == 2
    for command in (["show"], ["show", str(index)], ["keys", "list"], ["prove", str(KEYS), "-o",
                    str(workspace / "x")], ["rebuild"]):  # fmt: skip
        told = ledger_run(workspace, *command)
        assert told.exit_code == 0, (command, told.output)


def test_an_entry_that_is_no_statement_stops_nobody(workspace: Path) -> None:
    with open_ledger(workspace) as ledger:
        index = ledger.append(b"hello", b"")
        assert [row["type"] for row in ledger.records.rows("statements")][index:] == [
            "unreadable", "unreadable",
        ]  # fmt: skip
    for command in (["show"], ["show", "--json"], ["keys", "list"], ["rebuild"]):
        told = ledger_run(workspace, *command)
        assert told.exit_code == 0, told.output
    told = ledger_run(workspace, "show", str(index))
    assert told.exit_code == 2
    assert "statement: found" in flat(told.stderr)


@pytest.mark.parametrize("parts", [["index", "body", "reason"], ["index", "reason"]])
def test_another_company_erases_nothing_of_ours(
    full: Full, tmp_path: Path, parts: list[str]
) -> None:
    folder = copied(full.workspace, tmp_path)
    mine = full.entries["decision"]
    with open_ledger(folder) as ledger:
        said = {"index": mine, "body": ledger.statement(mine).body, "reason": "theirs"}
    with open_ledger(full.other) as theirs:
        erasure = signed(theirs, "erasure", public={name: said[name] for name in parts}).content
    with open_ledger(folder) as ledger:
        before = tables(ledger)
        register(ledger, [erasure])
        for name in ("decisions", "decision_items", "decision_parties", "erasures"):
            assert ledger.records.rows(name) == before[name]
        ledger.rebuild()
        for name in ("decisions", "decision_items", "decision_parties", "erasures"):
            assert ledger.records.rows(name) == before[name]
    assert findings(folder) == ()
    # It is not taken for our own word either.
    assert ledger_run(folder, "erase", str(mine), "--reason", "ours").exit_code == 0
    with open_ledger(folder) as ledger:
        assert mine not in [row["log_index"] for row in ledger.records.rows("decisions")]
    assert findings(folder) == ()


@pytest.mark.parametrize("is_rebuilt", [False, True])
def test_a_body_that_another_issuer_names_is_not_opened(
    full: Full, tmp_path: Path, is_rebuilt: bool
) -> None:
    """Its digest stands in our log for everybody to see, and is no reason to show what it is of."""
    folder = copied(full.workspace, tmp_path)
    mine = full.entries["decision"]
    with open_ledger(folder) as ledger:
        body = ledger.statement(mine).body
        assert body is not None and body_of(ledger, mine) is not None
    with open_ledger(full.other) as theirs:
        claimed = signed(theirs, "decision", body=body).content
    with open_ledger(folder) as ledger:
        index = register(ledger, [claimed])
        assert body_of(ledger, index) is None
        if is_rebuilt:
            ledger.rebuild()
        decided = [row["log_index"] for row in ledger.records.rows("decisions")]
        assert mine in decided and index not in decided


def test_a_rebuild_without_the_passphrase_drops_nothing(
    full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(full.workspace, tmp_path)
    before = tree(folder)
    with monkeypatch.context() as patched:
        patched.delenv("CHIPWARDEN_PASSPHRASE")
        patched.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
        told = ledger_run(folder, "rebuild")
        assert told.exit_code == 2
        assert "CHIPWARDEN_PASSPHRASE" in told.stderr
    assert tree(folder) == before


# ---------------------------------------------------------------- erasing


def test_an_erased_decision_is_nowhere_any_more(workspace: Path, tmp_path: Path) -> None:
    """Neither in the body nor in the records, nor in what the database left behind."""
    order = {**CHINESE, "id": SECRET}
    index = recorded(workspace, small(), order, small())
    assert ledger_run(workspace, "show").exit_code == 0
    assert where(workspace, SECRET) == ["records.sqlite"]
    erased = ledger_run(workspace, "erase", str(index + 1), "--reason", "end of retention")
    assert erased.exit_code == 0
    assert where(workspace, SECRET) == []
    assert where(workspace, "示例云计算有限公司") == []
    # A second time nothing more is said.
    again = ledger_run(workspace, "erase", str(index + 1), "--reason", "once more")
    assert (again.exit_code, flat(again.stderr)) == (0, flat(erased.stderr))
    shown = ledger_run(workspace, "show")
    assert shown.exit_code == 0
    assert "erased" in shown.stdout
    assert where(workspace, SECRET) == []
    with open_ledger(workspace) as ledger:
        assert [row["log_index"] for row in ledger.records.rows("decisions")] == [index, index + 2]
        caught_up = tables(ledger)
        ledger.rebuild()
        assert tables(ledger) == caught_up


def test_what_somebody_still_reads_is_told_to_be_there(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader keeps the old pages in the file beside the tables; the next erasure finishes."""
    monkeypatch.setattr(record_database, "_PATIENCE_S", 0)
    index = recorded(workspace, {**CHINESE, "id": SECRET})
    assert ledger_run(workspace, "show").exit_code == 0
    with closing(sqlite3.connect(workspace / "records.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM decisions").fetchone() == (1,)
        told = ledger_run(workspace, "erase", str(index), "--reason", "end of retention")
        assert told.exit_code == 2
        assert "another process has been using the records" in flat(told.stderr)
        assert where(workspace, SECRET) != []
        other.execute("ROLLBACK")
    assert ledger_run(workspace, "erase", str(index), "--reason", "again").exit_code == 0
    assert where(workspace, SECRET) == []
    with open_ledger(workspace) as ledger:
        assert ledger.signed().checkpoint.size == index + 2


def test_an_erased_decision_is_not_replayed_and_is_still_proved(full: Full, tmp_path: Path) -> None:
    index = str(full.entries["erased"])
    told = run("replay", index, "--workspace", str(full.workspace))
    assert told.exit_code == 2
    assert "a decision whose body is gone" in flat(told.stderr)
    proof = tmp_path / "x.proof"
    assert ledger_run(full.workspace, "prove", index, "-o", str(proof)).exit_code == 0
    assert ledger_run(full.workspace, "verify", str(proof)).exit_code == 0


def test_an_erasure_that_was_cut_off_is_finished_by_the_next(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was said, and the body was still there: a check tells so."""
    index = recorded(workspace, small())

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with open_ledger(workspace) as ledger, monkeypatch.context() as patched:
        patched.setattr(Bodies, "destroy", die)
        with pytest.raises(Killed):
            erase(ledger, index, "end of retention")
    (finding,) = findings(workspace)
    assert (finding.index, finding.found) == (index, "a body that was to be erased")
    told = ledger_run(workspace, "erase", str(index), "--reason", "again")
    assert f"entry {index + 1} says so" in flat(told.stderr)
    with open_ledger(workspace) as ledger:
        assert ledger.signed().checkpoint.size == index + 2
        assert list(ledger.bodies.digests()) == []
        assert [row["reason"] for row in ledger.records.rows("erasures")] == ["end of retention"]
    assert findings(workspace) == ()


def test_what_is_not_ours_or_has_no_body_is_not_erased(full: Full, tmp_path: Path) -> None:
    folder = copied(full.workspace, tmp_path)
    for name, told in (("key", "without a body"), ("other's statement", "not kept here")):
        refused = ledger_run(folder, "erase", str(full.entries[name]), "--reason", "x")
        assert refused.exit_code == 2
        assert told in flat(refused.stderr)
    with open_ledger(folder) as ledger:
        assert ledger.signed().checkpoint.size == 13


def test_a_damaged_body_can_be_erased(full: Full, tmp_path: Path) -> None:
    """Also where the records have to be made anew, and could not read it."""
    folder = copied(full.workspace, tmp_path)
    index = full.entries["decision"]
    with open_ledger(folder) as ledger:
        body = ledger.statement(index).body
        assert body is not None
    (folder / "bodies" / body.hex()[:2] / body.hex()[2:]).write_bytes(b"CWS1 nonsense")
    (folder / "records.sqlite").unlink()
    shown = ledger_run(folder, "show", "--type", "decision")
    assert shown.exit_code == 0
    assert shown.stdout.count("its body is not at hand") == 1
    assert ledger_run(folder, "erase", str(index), "--reason", "damaged").exit_code == 0
    assert findings(folder) == ()


def where(workspace: Path, text: str) -> list[str]:
    """Return the files of a workspace that hold a text as it is."""
    return [
        str(path.relative_to(workspace))
        for path in sorted(workspace.rglob("*"))
        if path.is_file() and text.encode() in path.read_bytes()
    ]
