"""`chipwarden grant`: what it prints, and its exit codes."""

import json
import tomllib
from pathlib import Path

import pytest
from tests.cli.shell import flat, run
from tests.enforcement.warehouse import EXAMPLE, HOLDER, NOON, PRODUCT

from chipwarden.app.ledger import Ledger

TO = ("--holder", HOLDER, "--country", "DE")
ASKED = (*TO, "--product", PRODUCT, "--quantity")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a workspace whose entry 2 is a decision that releases."""
    for name in ("COLUMNS", "CHIPWARDEN_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHIPWARDEN_PASSPHRASE", "example passphrase")
    monkeypatch.setattr(Ledger, "now", lambda self: NOON)
    monkeypatch.chdir(tmp_path)
    assert run("init").exit_code == 0
    assert run("check", str(EXAMPLE / "order.toml")).exit_code == 0
    return tmp_path


def test_a_token_goes_to_standard_output(folder: Path) -> None:
    result = run("grant", "issue", "2", *TO)
    assert result.exit_code == 0
    assert result.stdout.count(".") == 2  # a JWT, and nothing else
    assert "GRANTED: 64 × NVIDIA B200" in result.stderr
    (folder / "grant.jwt").write_text(result.stdout, "utf-8")
    assert run("grant", "verify", "grant.jwt", *ASKED, "64").exit_code == 0


def test_the_same_as_json(folder: Path) -> None:
    issued = json.loads(run("grant", "issue", "2", *TO, "--hours", "24", "--json").stdout)
    assert (issued["holder"], issued["index"]) == (HOLDER, 3)
    assert issued["not_after"] - issued["not_before"] == 24 * 3600
    assert "seed" not in issued
    (folder / "grant.jwt").write_text(issued["jwt"], "utf-8")
    verdict = json.loads(run("grant", "verify", "grant.jwt", *ASKED, "65", "--json").stdout)
    assert verdict["granted"] is False
    assert [each["step"] for each in verdict["refusals"]] == ["quantity"]
    used = json.loads(
        run("grant", "use", "grant.jwt", *ASKED, "40", "--use-id", "S-1", "--json").stdout
    )
    assert (used["granted"], used["entry"], used["repeated"]) == (True, 4, False)
    (row,) = json.loads(run("grant", "list", "--json").stdout)["grants"]
    assert row["lines"] == [{"line": 1, "granted": 64, "used": 40, "left": 24}]
    assert row["grant"] == issued["id"]


def test_a_second_time_the_answer_is_no_unless_it_is_to_be_finished(folder: Path) -> None:
    run("grant", "issue", "2", *TO, "-o", "grant.cwt")
    use = ("grant", "use", "grant.cwt", *ASKED, "40", "--use-id", "S-1")
    first = run(*use)
    assert (first.exit_code, first.stdout.splitlines()[-1]) == (0, "Counted in entry 4 of the log.")
    second = run(*use)
    assert second.exit_code == 1
    assert "S-1 is counted already, in entry 4 of the log" in flat(second.stdout)
    third = run(*use, "--again")
    assert third.exit_code == 0
    assert third.stdout.startswith("COUNTED BEFORE: in entry 4")
    # A use that was never counted is not waved through by --again.
    other = run("grant", "use", "grant.cwt", *ASKED, "25", "--use-id", "S-2", "--again")
    assert other.exit_code == 1
    assert "overdrawn" in other.stdout


def test_reasons_why_there_is_no_grant(folder: Path) -> None:
    result = run("grant", "issue", "2", "--holder", "Nobody", "--country", "CN")
    assert (result.exit_code, result.stdout) == (1, "")
    told = flat(result.stderr)
    for said in ("'Nobody' is no party", "not for CN"):
        assert said in told
    assert json.loads(run("grant", "list", "--json").stdout)["grants"] == []


def test_an_entry_that_is_no_decision_could_not_run(folder: Path) -> None:
    result = run("grant", "issue", "0", *TO)
    assert result.exit_code == 2
    assert "expected a decision" in flat(result.stderr)


def test_units_are_named_by_serial(folder: Path) -> None:
    Path("serials.txt").write_text("A-1\nA-2\n\nA-3\n", "utf-8")
    issued = run("grant", "issue", "2", *TO, "--quantity", "1=3", "--serials", "1=serials.txt",
                 "-o", "grant.jwt")  # fmt: skip
    assert issued.exit_code == 0
    assert run("grant", "verify", "grant.jwt", *ASKED, "1", "--serial", "A-3").exit_code == 0
    refused = run("grant", "verify", "grant.jwt", *ASKED, "1", "--serial", "A-4")
    assert refused.exit_code == 1
    assert "serial A-4: not granted" in flat(refused.stdout)


def test_a_file_of_serials_is_text(folder: Path) -> None:
    issue = ("grant", "issue", "2", *TO, "--quantity", "1=2", "--serials", "1=serials.txt",
             "-o", "grant.jwt", "--json")  # fmt: skip
    for content in ("A-1\nA-2\n".encode("utf-16"), b"A-1\nB\xe4-2\n"):
        Path("serials.txt").write_bytes(content)
        result = run(*issue)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "not UTF-8" in flat(result.stderr)
    Path("serials.txt").write_bytes(b"\xef\xbb\xbfA-1\r\nA-2\r\n")  # with a byte order mark
    assert json.loads(run(*issue).stdout)["items"][0]["serials"] == ["A-1", "A-2"]


def test_what_cannot_be_written_is_not_granted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "taken.cwt").mkdir()
    for output in ("nowhere/grant.cwt", "taken.cwt", "chipwarden-data/ledger.toml/grant.cwt"):
        result = run("grant", "issue", "2", *TO, "-o", output)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Nothing was granted" in flat(result.stderr)
    with monkeypatch.context() as closed:
        # The superuser may write everywhere, and tests may run as one.
        closed.setattr("os.access", lambda path, mode: False)
        result = run("grant", "issue", "2", *TO, "-o", "grant.cwt")
    assert result.exit_code == 2
    assert "cannot be written" in flat(result.stderr)
    assert json.loads(run("grant", "list", "--json").stdout)["grants"] == []
    assert run("grant", "issue", "2", *TO, "-o", "grant.cwt", "--hours", "0.5").exit_code == 0


def test_what_is_refused_now_is_not_finished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("grant", "issue", "2", *TO, "-o", "grant.cwt")
    use = ("grant", "use", "grant.cwt", *ASKED, "40", "--use-id", "S-1", "--again")
    assert run(*use).exit_code == 0
    with monkeypatch.context() as later:
        later.setattr(Ledger, "now", lambda self: NOON + 72 * 3600)
        late = run(*use)
    assert late.exit_code == 1
    assert "expired: " in flat(late.stdout)
    (row,) = json.loads(run("grant", "list", "--json").stdout)["grants"]
    run("grant", "revoke", row["grant"], "--reason", "recalled")
    result = run(*use, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["granted"], told["repeated"], told["entry"]) == (False, False, None)
    assert [each["step"] for each in told["refusals"]] == ["revoked", "use"]


def test_a_gate_without_the_ledger(folder: Path) -> None:
    run("grant", "issue", "2", *TO, "-o", "grant.cwt")
    run("ledger", "trust", "-o", "trust.txt")
    offline = ("grant", "verify", "grant.cwt", *ASKED, "64", "--trust", "trust.txt",
               "--at", "2026-11-16T13:00:00+01:00", "--workspace", "nowhere")  # fmt: skip
    good = run(*offline)
    assert good.exit_code == 0
    assert "How much of it is used already is not known" in flat(good.stdout)
    late = run(*offline[:-3], "2026-11-19T12:00:00Z")
    assert late.exit_code == 1
    assert "expired: it holds until 2026-11-19 12:00:00 UTC" in flat(late.stdout)
    (row,) = json.loads(run("grant", "list", "--json").stdout)["grants"]
    assert run("grant", "revoke", row["grant"], "--reason", "recalled").exit_code == 0
    assert run("grant", "revocations", "-o", "list.cose").stdout == "list.cose\n"
    told = run(*offline, "--revocations", "list.cose")
    assert told.exit_code == 1
    assert "revoked: in entry 4 of the log: recalled" in flat(told.stdout)
    Path("list.cose").write_bytes(b"x")
    assert run(*offline, "--revocations", "list.cose").exit_code == 1


def test_a_token_that_cannot_be_read_is_refused(folder: Path) -> None:
    Path("grant.jwt").write_text("no token", "utf-8")
    for command in (("verify",), ("use", "--use-id", "S-1")):
        result = run("grant", command[0], "grant.jwt", *ASKED, "1", *command[1:])
        assert (result.exit_code, result.stdout) == (1, "")
        assert "expected the three of a JWT" in flat(result.stderr)


def test_a_revocation_says_why_and_once(folder: Path) -> None:
    run("grant", "issue", "2", *TO, "-o", "grant.cwt")
    (row,) = json.loads(run("grant", "list", "--json").stdout)["grants"]
    revoke = ("grant", "revoke", row["grant"], "--reason")
    assert run(*revoke, "two\nlines").exit_code == 2
    result = run(*revoke, "order cut", "--return-rest", "--json")
    assert json.loads(result.stdout)["returned"] == [[1, 64]]
    again = run(*revoke, "order cut")
    assert again.exit_code == 1
    assert "Entry 4 revoked it already." in flat(again.stderr)
    assert run("grant", "revoke", "4711", "--reason", "x").exit_code == 1
    listed = run("grant", "list").stdout
    assert "revoked in entry 4: order cut" in flat(listed)


@pytest.mark.parametrize(
    "wrong",
    [
        ("issue", "2", *TO, "--quantity", "64"),
        ("issue", "2", *TO, "--quantity", "1=many"),
        ("issue", "-1", *TO),
        *(
            ("issue", "2", *TO, f"--hours={hours}")
            for hours in ("0", "-1", "720.01", "1e400", "inf", "-inf", "nan")
        ),
        ("issue", "2", *TO, "--quantity", "1=2", "--quantity", "1=3"),
        ("verify", "grant.cwt", *TO, "--product", PRODUCT, "--quantity", "0"),
        ("verify", "grant.cwt", *ASKED, "1", "--quantity", "2"),
        ("verify", "grant.cwt", *ASKED, "1", "--product", PRODUCT, "--quantity", "1"),
        ("verify", "grant.cwt", *ASKED, "1", "--product", "x", "--quantity", "1", "--serial", "A"),
        ("verify", "grant.cwt", *ASKED, "1", "--at", "2026-11-16"),
        ("verify", "grant.cwt", *ASKED, "1", "--revocations", "grant.cwt"),
        ("verify", "missing.cwt", *ASKED, "1"),
        ("use", "grant.cwt", *ASKED, "1"),
        ("revoke", "urn:x"),
        ("revocations",),
    ],
)
def test_what_cannot_be_meant_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("grant.cwt").write_bytes(b"x")
    result = run("grant", *wrong)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_without_a_ledger_there_is_nothing_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (("issue", "2", *TO), ("list",), ("revocations", "-o", "x")):
        result = run("grant", *command)
        assert result.exit_code == 2
        assert "found no ledger" in flat(result.stderr)


def test_the_example_is_screened_on_the_day_of_its_order() -> None:
    order = tomllib.loads((EXAMPLE / "order.toml").read_text("utf-8"))
    assert order["date"] == order["screening"]["date"]
