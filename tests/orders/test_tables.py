"""Tables as a spreadsheet opens them: nothing runs, nothing is half there."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import python_calamine

from chipwarden.app.tables import InvalidTablePath, OutCell, TableTooLarge, neutral, write_table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"])
def test_formulas_are_neutralised(tmp_path: Path, text: str) -> None:
    assert neutral(text) == f"'{text}"
    csv, xlsx = tmp_path / "a.csv", tmp_path / "a.xlsx"
    write_table(csv, ["name"], [[text]])
    assert f"'{text}" in csv.read_bytes().decode("utf-8")
    write_table(xlsx, ["name"], [[text]])
    (_, (cell,)) = sheet(xlsx)
    assert str(cell).strip() == f"'{text}".strip()


@pytest.mark.parametrize("text", ["", "a=b", "Example (M) Sdn. Bhd.", "示例", "'=1"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert neutral(text) == text


def sheet(path: Path) -> list[list[object]]:
    with python_calamine.load_workbook(path) as book:
        rows = book.get_sheet_by_index(0).to_python()
    return [list(row) for row in rows]


ROW: list[OutCell] = [
    None, True, -3, Decimal("0.10"), date(2026, 3, 2), date(1868, 1, 1), "A, \"B\"",
    Decimal("12345678901234567890.5"),
]  # fmt: skip
HEADER = ["none", "flag", "count", "share", "day", "founded", "text", "long"]


def test_csv_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_table(path, HEADER, [ROW])
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfnone,")
    second = data.decode("utf-8-sig").splitlines()[1]
    assert second == ',true,-3,0.10,2026-03-02,1868-01-01,"A, ""B""",12345678901234567890.5'


def test_workbook_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_table(path, HEADER, [ROW])
    first, second = sheet(path)
    assert first == HEADER
    assert second == [
        "", True, -3, 0.1, date(2026, 3, 2), "1868-01-01", 'A, "B"', "12345678901234567890.5",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [0, 199, 200, 201, 500])
def test_no_row_is_lost(tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.xlsx"
    write_table(path, ["number"], ([number] for number in range(count)))
    assert sheet(path)[1:] == [[number] for number in range(count)]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_was_there_stays_when_it_fails(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_text("before", encoding="utf-8")

    def rows() -> Iterator[list[OutCell]]:
        yield ["x"]
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        write_table(path, ["name"], rows())
    assert path.read_text(encoding="utf-8") == "before"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("before", encoding="utf-8")
    write_table(path, ["name"], [["x"]])
    assert path.read_text(encoding="utf-8-sig") == "name\nx\n"


def test_what_does_not_fit_a_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableTooLarge, match="row 2, column 1"):
        write_table(tmp_path / "a.xlsx", ["name"], [["x" * 32_768]])
    assert not list(tmp_path.iterdir())


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTablePath, match=r"\.ods"):
        write_table(tmp_path / "a.ods", [], [])
