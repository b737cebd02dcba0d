"""Batches: every order gets its line, bad ones too; results are whole, safe and readable."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from tests.workspace.orders import to_germany

from chipwarden.app.batch import (
    HEADER,
    BatchLine,
    InvalidResultsPath,
    check_all,
    row_of,
    write_results,
)
from chipwarden.app.check import Terms, check
from chipwarden.app.data import load_data
from chipwarden.app.tables import FORMULA_MARKS
from chipwarden.model.canonical import canonical_bytes
from chipwarden.model.errors import Problem

TO_CHINA = to_germany(id="PO-CN", destination="CN")
BAD = [
    ("not JSON", "{"),
    ("unknown product", json.dumps(to_germany(id="PO-X", items=[{"product": "NVIDIA B2000"}]))),
    ("a number for an id", json.dumps(to_germany(id=7))),
]
CSV = "id,kind,date,origin,destination,product,quantity\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Return a file of two good orders and three bad ones, mixed."""
    good = [json.dumps(to_germany()), json.dumps(TO_CHINA)]
    texts = [BAD[0][1], good[0], BAD[1][1], good[1], BAD[2][1]]
    path = tmp_path / "orders.jsonl"
    path.write_text("\n".join(texts) + "\n", "utf-8")
    return path


def cells(path: Path) -> list[list[Any]]:
    """Return the rows of a table, as a reader of another maker sees them."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.reader(stream))
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    return [list(row) for row in sheet.to_python()]


def test_bad_lines_do_not_stop_the_others(book: Path) -> None:
    seen: list[int] = []
    lines = list(check_all([book], load_data(), Terms(), seen.append))
    assert seen == [1, 2, 3, 4, 5]
    assert [line.source for line in lines] == [f"{book}, line {n}" for n in range(1, 6)]
    assert [line.order_id for line in lines] == ["", "PO-1", "PO-X", "PO-CN", ""]
    assert [line.record is None for line in lines] == [True, False, True, False, True]
    assert [bool(line.problems) for line in lines] == [True, False, True, False, True]
    told = [str(problem) for problem in lines[2].problems]
    assert any("NVIDIA B2000" in text for text in told)
    assert any("quantity" in text for text in told), "all problems of an order, not the first"


def test_a_line_holds_the_decision_on_its_order(book: Path) -> None:
    terms = Terms(as_of=date(2023, 1, 15), pack="sha256:" + "0" * 64)
    lines = list(check_all([book], load_data(), terms))
    assert lines[1].record == check(to_germany(), "other", load_data(), terms).record
    assert lines[3].record == check(TO_CHINA, "other", load_data(), terms).record


def test_orders_are_decided_as_they_are_asked_for(book: Path) -> None:
    """The first decision does not wait for the last."""
    seen: list[int] = []
    lines = check_all([book], load_data(), Terms(), seen.append)
    next(lines)
    next(lines)
    assert seen == [1]


def test_a_file_that_is_not_there_is_a_line(tmp_path: Path, book: Path) -> None:
    paths = [tmp_path / "nowhere.csv", tmp_path / "orders.pdf", book]
    lines = list(check_all(paths, load_data(), Terms()))
    assert len(lines) == 7
    assert "cannot be read" in str(lines[0].problems[0])
    assert ".pdf" in str(lines[1].problems[0])


def test_json_lines_hold_a_record_each(tmp_path: Path, book: Path) -> None:
    path = tmp_path / "results.jsonl"
    write_results(path, check_all([book], load_data(), Terms()))
    texts = path.read_bytes().splitlines()
    assert len(texts) == 5
    expected = check(to_germany(), "order", load_data()).record
    assert texts[1] == canonical_bytes(expected)
    bad = json.loads(texts[2])
    assert (bad["order_id"], bad["source"]) == ("PO-X", f"{book}, line 3")
    assert set(bad["problems"][0]) == {"place", "found", "expected", "remedy"}


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".XLSX"])
def test_a_table_has_a_row_an_order(tmp_path: Path, book: Path, ending: str) -> None:
    path = tmp_path / f"results{ending}"
    lines = list(check_all([book], load_data(), Terms()))
    write_results(path, lines)
    header, *rows = cells(path)
    assert header == [
        "order_id", "source", "as_of", "origin", "destination", "items", "disposition",
        "outcome", "review_policy", "exception", "eccns", "requirements", "missing", "red_flags",
        "warnings", "problems",
    ]  # fmt: skip
    assert len(rows) == 5
    table = [dict(zip(header, row, strict=True)) for row in rows]
    for row, line in zip(table, lines, strict=True):
        assert row["source"] == line.source
        assert row["problems"] == "; ".join(map(str, line.problems))
        assert row["order_id"] == line.order_id
        if line.record is None:
            assert row["outcome"] == row["disposition"] == ""
            continue
        assert row["disposition"] == line.record["disposition"]
        assert row["outcome"] == line.record["outcome"]
        for requirement in line.record["requirements"]:
            assert requirement["provision"] in row["requirements"]
        for missing in line.record["missing"]:
            assert missing["fact"] in row["missing"]
    # B200: 3A090.a since 2023-11-17; to Germany free, to China with a license (88 FR 73458).
    assert table[1]["outcome"] == "no_license_required"
    assert table[3]["outcome"] == "license_required"
    assert table[1]["eccns"] == table[3]["eccns"] == "3A090.a"


def test_orders_of_a_table_come_back_with_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        CSV + "A,export,2026-03-02,US,DE,NVIDIA B200,8\nB,export,2026-03-02,US,QQ,NVIDIA B200,x\n",
        "utf-8",
    )
    good, bad = check_all([path], load_data(), Terms())
    assert (good.source, good.order_id) == (f"{path}, row 2", "A")
    assert good.record is not None
    assert bad.order_id == "B"
    assert {problem.place for problem in bad.problems} == {
        'row 3, column "destination"', 'row 3, column "quantity"',
    }  # fmt: skip


@pytest.mark.parametrize("mark", FORMULA_MARKS)
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_no_cell_is_a_formula(tmp_path: Path, mark: str, ending: str) -> None:
    """Also where the text comes from a name in the order or from a file's name."""
    evil = f"{mark}cmd|'/c calc'!A1"
    # Quotes and brackets of a place do not protect: the problem's own text starts the cell.
    line = BatchLine(evil, None, (Problem(evil, "x", "y"),), evil)
    path = tmp_path / f"results{ending}"
    write_results(path, [line])
    _, row = cells(path)
    filled = [cell for cell in row if cell]
    assert len(filled) == 3
    assert all(str(cell).startswith("'") for cell in filled)


def test_an_order_id_that_is_a_formula_stays_text(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://example.invalid")'
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(to_germany(id=evil)), "utf-8")
    target = tmp_path / "results.xlsx"
    write_results(target, check_all([path], load_data(), Terms()))
    assert cells(target)[1][0] == f"'{evil}"


def test_a_long_cell_is_shortened_and_says_so(tmp_path: Path) -> None:
    """A cell of Excel holds 32,767 characters."""
    problems = tuple(Problem(f"items[{n}]", "x" * 100, "y") for n in range(1000))
    path = tmp_path / "results.xlsx"
    write_results(path, [BatchLine("orders.csv", None, problems, "PO-1")])
    text = cells(path)[1][-1]
    assert 10_000 < len(text) <= 32_767
    assert "shortened" in text[-60:]


def test_the_possible_eccns_of_an_open_item_are_told() -> None:
    chip = {"name": "Example X", "int8_tops": 300}
    record = check(to_germany(items=[{"chip": chip, "quantity": 1}]), "order", load_data()).record
    assert record["items"][0]["eccn"] is None
    cell = row_of(BatchLine("order", record, (), "PO-1"))[HEADER.index("eccns")]
    assert isinstance(cell, str)
    assert cell.endswith("(not settled)")
    assert all(eccn in cell for eccn in record["items"][0]["possible_eccns"])


@pytest.mark.parametrize("ending", [".pdf", "", ".xls"])
def test_another_ending_is_refused_before_anything_is_decided(tmp_path: Path, ending: str) -> None:
    taken: list[int] = []

    def lines() -> Iterator[BatchLine]:
        taken.append(1)
        yield BatchLine("orders.csv", None)

    with pytest.raises(InvalidResultsPath, match=r"\.xlsx"):
        write_results(tmp_path / f"results{ending}", lines())
    assert taken == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError, RuntimeError])
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".xlsx"])
@pytest.mark.parametrize("has_old", [False, True])
def test_a_batch_that_fails_leaves_what_was_there(
    tmp_path: Path, ending: str, failure: type[BaseException], has_old: bool
) -> None:
    def lines() -> Iterator[BatchLine]:
        for number in islice(count(), 500):
            yield BatchLine("orders.csv", None, (Problem("date", "x" * 500, "y"),), f"PO-{number}")
        raise failure

    path = tmp_path / f"results{ending}"
    if has_old:
        path.write_text("old", "utf-8")
    with pytest.raises(failure):
        write_results(path, lines())
    assert [file.name for file in tmp_path.iterdir()] == ([path.name] if has_old else [])
    if has_old:
        assert path.read_text("utf-8") == "old"
