"""`chipwarden check`: answers, exit codes, and what goes where."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import H20, UNSETTLED, flat, process, run, written

from chipwarden.app.check import Terms, check
from chipwarden.app.data import load_data
from chipwarden.app.document_toml import parse_toml
from chipwarden.decisions.order import Mode
from chipwarden.model.canonical import canonical_bytes


def record(terms: Terms | None = None) -> dict[str, Any]:
    """Return the record of the order as the use case gives it."""
    order, _ = parse_toml(H20)
    assert order is not None
    return check(order, "order.toml", load_data(), terms).record


def answer(*arguments: str) -> dict[str, Any]:
    """Return the one record that a command prints."""
    found: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    return found


def test_json_is_the_record_of_the_use_case(order: str) -> None:
    result = run("check", order, "--json")
    assert result.stdout_bytes == canonical_bytes(record()) + b"\n"
    assert result.stderr == ""


def test_the_terms_are_passed_on(order: str) -> None:
    result = run("check", order, "--json", "--as-of", "2025-04-01", "--known-on", "2025-05-01",
                 "--as-written")  # fmt: skip
    terms = Terms(date(2025, 4, 1), date(2025, 5, 1), Mode.AS_WRITTEN)
    assert result.stdout_bytes == canonical_bytes(record(terms)) + b"\n"


@pytest.mark.parametrize(
    ("as_of", "known_on", "outcome"),
    [
        ("2025-04-08", "2026-11-21", "no_license_required"),  # the day before the letter
        ("2025-04-09", "2026-11-21", "license_required"),  # the day of the letter
        ("2025-04-14", "2025-04-14", "no_license_required"),  # not known until 2025-04-15
        ("2025-04-14", "2025-04-15", "license_required"),
    ],
)
def test_h20_before_and_after_the_letter(
    order: str, as_of: str, known_on: str, outcome: str
) -> None:
    found = answer("check", order, "--as-of", as_of, "--known-on", known_on)
    assert found["outcome"] == outcome


def test_the_text_names_answer_provision_and_citation(order: str) -> None:
    result = run("check", order)
    assert result.exit_code == 1
    assert result.stdout.startswith("BLOCK: License required")
    for words in ("US-letter-2025-04", "NVIDIA, Form 8-K", "8 × NVIDIA H20", "3A991.p",
                  "United States → China", "Law as of 2025-06-02"):  # fmt: skip
        assert words in flat(result.stdout)
    assert result.stderr == ""


def test_full_shows_the_whole_tree(order: str) -> None:
    short, full = run("check", order).stdout, run("check", order, "--full").stdout
    assert "Reasons\n" in full and "Reasons\n" not in short
    assert record()["digests"]["law"] in full.replace("\n", " ")
    assert "US-746.2" in full


def test_favourable_is_0_and_undetermined_is_3(tmp_path: Path) -> None:
    released = written(
        tmp_path,
        H20.replace('destination = "CN"', 'destination = "DE"').replace('"CN"', '"DE"')
        .replace("NVIDIA Corporation", "Example Chips Inc."),
    )  # fmt: skip
    found = answer("check", released)
    assert (found["outcome"], found["disposition"]) == ("no_license_required", "release")
    assert run("check", released).exit_code == 0
    open_order = written(tmp_path, UNSETTLED, "open.toml")
    assert answer("check", open_order)["outcome"] == "undetermined"
    result = run("check", open_order)
    assert result.exit_code == 3
    assert "Questions that would settle it" in result.stdout
    assert "Ask the " in result.stdout


def test_a_wrong_order_is_reported_once_with_every_problem(tmp_path: Path) -> None:
    wrong = written(
        tmp_path, H20.replace("quantity = 8", "quantity = -8").replace('"export"', '"exprot"')
    )
    result = run("check", wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "2 problems" in result.stderr
    assert "items[0].quantity: found -8" in result.stderr
    assert 'kind: found "exprot"' in result.stderr


def test_a_wrong_order_is_an_object_of_json_too(tmp_path: Path) -> None:
    wrong = written(tmp_path, H20.replace("NVIDIA H20", "NVIDIA H300"))
    result = run("check", wrong, "--json")
    assert result.exit_code == 2
    said = json.loads(result.stdout)
    assert said["source"] == wrong
    assert [problem["place"] for problem in said["problems"]] == ["items[0].product"]
    assert "H200" in said["problems"][0]["remedy"]
    assert "items[0].product" in result.stderr


def test_a_batch_is_a_line_an_order(tmp_path: Path, order: str) -> None:
    wrong = written(tmp_path, "id = 1", "wrong.toml")
    result = run("check", order, wrong, order)
    lines = result.stdout.splitlines()
    assert result.exit_code == 2
    assert [line.split()[0] for line in lines if line.split()[0] in ("BLOCK", "ERROR")] == [
        "BLOCK", "ERROR", "BLOCK",
    ]  # fmt: skip
    assert "3 orders: 2 adverse or on hold, 1 could not be read." in result.stderr
    assert "wrong.toml:" in result.stderr


def test_a_batch_in_json_is_json_lines(tmp_path: Path, order: str) -> None:
    wrong = written(tmp_path, "id = 1", "wrong.toml")
    result = run("check", order, wrong, "--json")
    first, second = map(json.loads, result.stdout.splitlines())
    assert first["order_id"] == "H20-1"
    assert second["source"] == wrong and second["problems"]


@pytest.mark.parametrize(
    ("codes", "worst"),
    [((0, 3), 3), ((3, 1), 1), ((1, 2), 2), ((0, 0), 0), ((3, 1, 0, 2), 2)],
)
def test_of_a_batch_the_worst_counts(tmp_path: Path, codes: tuple[int, ...], worst: int) -> None:
    texts = {
        0: H20.replace('"CN"', '"DE"').replace("NVIDIA Corporation", "Example Chips Inc."),
        1: H20,
        2: "id = 1",
        3: UNSETTLED,
    }
    paths = [written(tmp_path, texts[code], f"{n}.toml") for n, code in enumerate(codes)]
    assert [run("check", path).exit_code for path in paths] == list(codes)
    assert run("check", *paths).exit_code == worst


@pytest.mark.parametrize(
    "given",
    [
        H20.encode(),
        b"\xef\xbb\xbf" + H20.encode(),
        json.dumps(record()["order"]).encode(),
        json.dumps(record()["order"], indent=2).encode(),
        json.dumps([record()["order"]]).encode(),
        b"  [\n" + json.dumps(record()["order"]).encode() + b"]",
    ],
    ids=["toml", "toml with a mark", "json", "json indented", "json array", "json spaced array"],
)
def test_standard_input_tells_its_notation(given: bytes) -> None:
    result = run("check", "-", "--json", given=given)
    assert json.loads(result.stdout)["order_id"] == "H20-1"


def test_standard_input_may_hold_json_lines() -> None:
    line = json.dumps(record()["order"])
    result = run("check", "-", "--json", given=f"{line}\n{line}\n")
    assert [json.loads(each)["order_id"] for each in result.stdout.splitlines()] == ["H20-1"] * 2


def test_toml_that_begins_with_a_list_of_tables_is_read_as_toml() -> None:
    result = run("check", "-", given="[[items]]\nproduct = 'NVIDIA H20'\nquantity = 8\n")
    assert result.exit_code == 2
    assert "destination: found nothing" in result.stderr
    assert "JSON" not in result.stderr


def test_standard_input_goes_by_its_name() -> None:
    result = run("check", "-", "--json", given="id = 1")
    assert json.loads(result.stdout)["source"] == "standard input"
    assert "standard input: " in result.stderr and "/" not in result.stderr.split(":")[0]


@pytest.mark.parametrize("name", ["results.csv", "results.jsonl", "results.xlsx"])
def test_results_are_written(tmp_path: Path, order: str, name: str) -> None:
    out = tmp_path / name
    result = run("check", order, order, "--out", str(out))
    assert result.exit_code == 1
    assert out.stat().st_size > 0
    if name.endswith(".jsonl"):
        assert out.read_bytes() == (canonical_bytes(record()) + b"\n") * 2
    if name.endswith(".csv"):
        assert out.read_text("utf-8-sig").count("H20-1") == 2


def test_results_of_another_kind_are_refused(tmp_path: Path, order: str) -> None:
    out = tmp_path / "results.pdf"
    result = run("check", order, "--out", str(out))
    assert result.exit_code == 2
    assert 'found the ending ".pdf"' in result.stderr
    assert not out.exists()


def test_in_a_workspace_a_decision_is_recorded_and_can_be_replayed(
    tmp_path: Path, order: str
) -> None:
    workspace = ["--workspace", str(tmp_path / "ws")]
    assert run("init", str(tmp_path / "ws")).exit_code == 0
    result = run("check", order, *workspace)
    assert result.exit_code == 1
    assert "Recorded as entry 2 of" in result.stderr
    replayed = run("replay", "2", *workspace)
    assert (replayed.exit_code, replayed.stdout.split(":")[0]) == (0, "SAME")
    assert "Recorded" not in run("check", order, *workspace, "--no-record").stderr
    assert run("ledger", "show", "3", *workspace).exit_code == 2


def test_without_a_workspace_nothing_is_recorded(tmp_path: Path, order: str) -> None:
    assert "Recorded" not in run("check", order).stderr
    wanted = run("check", order, "--record", "--workspace", str(tmp_path / "none"))
    assert wanted.exit_code == 2
    assert "chipwarden init" in wanted.stderr
    assert not (tmp_path / "none").exists()


def test_own_rules_are_merged(tmp_path: Path, order: str) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    written(
        rules,
        """
schema = "chipwarden.provisions/1"
last_checked = 2025-01-01
[[provision]]
id = "HOUSE-no-h20"
title = "Letter to us: no H20 to China"
regime = "US"
step = "requirement"
instrument = "letter"
outcome = "prohibited"
kinds = ["export"]
published = 2024-01-01
reference = "15-CFR-744"
confidence = "high"
when = "transfer.destination IN :china_and_macau"
""",
        "house.toml",
    )
    result = run("check", order, "--rules", str(rules))
    assert result.stdout.startswith("BLOCK: Prohibited")
    assert "HOUSE-no-h20" in result.stdout


def test_a_folder_of_rules_that_is_wrong_is_reported_in_json_too(
    tmp_path: Path, order: str
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    written(rules, "not toml", "house.toml")
    result = run("check", order, "--rules", str(rules), "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["problems"]
    assert "house.toml" in result.stderr


def test_a_process_of_its_own(order: str) -> None:
    done = process("check", order, "--json")
    assert done.returncode == 1
    assert done.stdout == canonical_bytes(record()) + b"\n"
    assert done.stderr == b""
