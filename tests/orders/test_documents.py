"""Orders from files of every kind, and what a bad line or cell leaves of the others."""

import csv
import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from chipwarden.app.document_columns import known_columns
from chipwarden.app.documents import Document, order_of, order_template, read_orders
from chipwarden.app.tables import OutCell, write_table
from chipwarden.decisions.order import Order
from chipwarden.model.errors import InvalidDocument, Problem

TOML = """
schema = "chipwarden.order/1"
id = "PO-1"
kind = "export"
date = 2026-03-02
origin = "US"
destination = "MY"
transit = ["SG", "HK"]
parties_complete = true
[[items]]
product = "NVIDIA B200"
kind = "module"
quantity = 64
value_usd = 2560000.10
us_content_percent = "25"
[[items]]
quantity = 2
chip = { name = "Example T1", int8_tops = 600, datacenter_marketed = false }
[[parties]]
role = "consignee"
name = "Example Compute, Ltd."
country = "MY"
ultimate_parent = { name = "Example Holding", headquarters = "CN" }
[[parties]]
role = "end_user"
name = "Example Models"
listed_on = ["US-EL", "US-MEU"]
[[authorizations]]
kind = "license"
number = "D1"
[screening]
date = 2026-03-01
lists = ["US-EL"]
outcome = "match"
[end_use]
purposes = ["ai_training"]
[facts]
open_weights = false
en_route_on = 2026-02-01
"""
HEADER = [
    "id", "kind", "date", "origin", "destination", "transit", "parties_complete", "product",
    "item.kind", "quantity", "value_usd", "us_content_percent", "chip.name", "chip.int8_tops",
    "chip.datacenter_marketed", "consignee.name", "consignee.country", "consignee.parent.name",
    "consignee.parent.headquarters", "end_user.name", "end_user.listed_on", "authorization.kind",
    "authorization.number", "screening.date", "screening.lists", "screening.outcome",
    "end_use.purposes", "facts.open_weights", "facts.en_route_on",
]  # fmt: skip
ROWS: list[list[OutCell]] = [
    [
        "PO-1", "export", date(2026, 3, 2), "US", "MY", "SG; HK", True, "NVIDIA B200", "module",
        64, Decimal("2560000.10"), "25", None, None, None, "Example Compute, Ltd.", "MY",
        "Example Holding", "CN", "Example Models", "US-EL;US-MEU", "license", "D1",
        date(2026, 3, 1), "US-EL", "match", "ai_training", False, date(2026, 2, 1),
    ],
    ["PO-1", *[None] * 8, 2, None, None, "Example T1", 600, False, *[None] * 14],
]  # fmt: skip
SHORT = ["id", "kind", "date", "origin", "destination", "product", "quantity"]
LINE = {
    "schema": "chipwarden.order/1", "id": "1", "kind": "use", "date": "2026-03-02",
    "origin": "DE", "destination": "DE", "items": [{"product": "H20", "quantity": 1}],
}  # fmt: skip


def knows(name: str) -> tuple[bool, tuple[str, ...]]:
    return name in ("NVIDIA B200", "H20"), ()


def one(path: Path) -> Order:
    (document,) = read_orders(path)
    return order_of(document, knows)


def problems_of(document: Document) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocument) as caught:
        order_of(document, knows)
    return caught.value.problems


def only_problem(path: Path) -> Problem:
    (document,) = read_orders(path)
    (problem,) = problems_of(document)
    return problem


def write_csv(path: Path, rows: list[list[str]], separator: str = ",") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def row(**cells: str) -> list[str]:
    values = {"id": "1", "kind": "use", "date": "2026-03-02", "origin": "DE"}
    values |= {"destination": "DE", "product": "H20", "quantity": "1"} | cells
    return [values[name] for name in SHORT]


@pytest.fixture
def expected(tmp_path: Path) -> Order:
    path = tmp_path / "expected.toml"
    path.write_text(TOML, encoding="utf-8")
    return one(path)


def test_the_expected_order_is_what_the_text_says(expected: Order) -> None:
    assert expected.items[0].value_usd == Decimal("2560000.10")
    assert [party.role for party in expected.parties] == ["consignee", "end_user"]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_round_trip_through_a_table(tmp_path: Path, expected: Order, ending: str) -> None:
    path = tmp_path / f"orders.{ending}"
    write_table(path, HEADER, ROWS)
    assert one(path) == expected


def test_json_and_json_lines_say_the_same(tmp_path: Path, expected: Order) -> None:
    toml = tmp_path / "expected.toml"
    (document,) = read_orders(toml)
    text = json.dumps(document.record, default=str)
    for name, content in {
        "one.json": text,
        "marked.json": "\ufeff" + text,
        "array.json": f"[{text}]",
        "lines.jsonl": f"\n{text}\n",
        "lines.ndjson": f"\ufeff{text}",
    }.items():
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        assert one(path) == expected, name


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_template_can_be_filled_in(tmp_path: Path, ending: str) -> None:
    header = order_template()
    assert set(header) <= set(known_columns())
    cells: dict[str, OutCell] = dict(zip(SHORT, row(), strict=True))
    path = tmp_path / f"orders.{ending}"
    write_table(path, header, [[cells.get(name) for name in header]])
    order = one(path)
    assert (order.kind, order.parties, order.screening) == ("use", (), None)


def test_a_bad_line_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    good = json.dumps(LINE).encode()
    twice = good.replace(b'"kind": "use"', b'"kind": "use", "kind": "export"')
    lines = [good, b"{", good.replace(b"H20", b"\xff"), b"[1]", twice, b"1 2", b"\0", good]
    path.write_bytes(b"\n".join(lines))
    documents = list(read_orders(path))
    assert [d.source.rpartition(", ")[2] for d in documents] == [f"line {n}" for n in range(1, 9)]
    assert order_of(documents[0], knows) == order_of(documents[7], knows)
    words = ["line 2, column 2", "0xff", "object", "kind", "line 6, column 3", "NUL"]
    for document, word in zip(documents[1:7], words, strict=True):
        assert any(word in str(problem) for problem in problems_of(document)), document
        assert document.error is not None


def test_a_line_too_long_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    good = json.dumps(LINE).encode()
    path.write_bytes(b"\n".join([good, b'"' + b"x" * 9_000_000 + b'"', good]))
    first, second, third = read_orders(path)
    assert order_of(first, knows) == order_of(third, knows)
    assert "too large" in problems_of(second)[0].found


def test_an_array_of_orders(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_text(f"[{json.dumps(LINE)},\n 3, {json.dumps(LINE)}\n {{}}]", encoding="utf-8")
    documents = list(read_orders(path))
    assert len(documents) == 4
    assert order_of(documents[2], knows).id == "1"
    assert "object" in problems_of(documents[1])[0].expected
    assert problems_of(documents[3])[0].place == "line 3, column 2"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[]", "the file"),
        ("[1", "line 1, column 3"),
        ("[1] 2", "line 1, column 5"),
        ("[,]", "line 1, column 2"),
        ('{"a": 1} {"a": 1}', "line 1, column 10"),
    ],
)
def test_mistakes_in_the_notation_of_json(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "orders.json"
    path.write_text(text, encoding="utf-8")
    *_, last = read_orders(path)
    assert problems_of(last)[0].place == place


def test_a_name_given_twice_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    text = json.dumps(LINE).replace('"quantity": 1', '"quantity": 1, "quantity": 0')
    path.write_text(text.replace('"id": "1"', '"id": "1", "origin": "XX"'), encoding="utf-8")
    (document,) = read_orders(path)
    places = {problem.place for problem in problems_of(document)}
    # What is wrong with the last of the values is told as well.
    assert places == {"origin", "items[0].quantity"}


def test_toml_tells_the_line(tmp_path: Path) -> None:
    path = tmp_path / "order.toml"
    path.write_text('id = "1"\nkind = export\n', encoding="utf-8")
    assert only_problem(path).place.startswith("line 2")


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 200 + "]" * 200,
        "a = " + "{a=" * 200 + "1" + "}" * 200,
        "[" + "a." * 200 + "a]",
    ],
)
def test_toml_nested_too_deep(tmp_path: Path, text: str) -> None:
    path = tmp_path / "order.toml"
    path.write_text(text, encoding="utf-8")
    assert "nested" in only_problem(path).found


@pytest.mark.parametrize(
    "text",
    [
        "statement = '" + "[" * 200 + "'",
        'statement = "' + '[\\"' * 200 + '"',
        "statement = '''" + "[\n'" * 200 + "'''",
        'statement = """' + '[\n"' * 200 + '"""',
        "# " + "{" * 200,
        "a = [" + "1.5, " * 200 + "]",
    ],
)
def test_brackets_in_texts_are_no_nesting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "order.toml"
    path.write_text(text, encoding="utf-8")
    (document,) = read_orders(path)
    assert document.record is not None, document.problems


def test_brackets_in_json_texts_are_no_nesting(tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(LINE | {"id": '["\\' * 100}), encoding="utf-8")
    assert one(path).id == '["\\' * 100


def test_an_unclosed_text_of_quotes_is_read_in_one_go(tmp_path: Path) -> None:
    for name in ("order.json", "order.toml"):
        path = tmp_path / name
        path.write_text('a = {"a": "' + "[" * 200 + '\\"' * 1_000_000, encoding="utf-8")
        assert only_problem(path).place.startswith("line 1")


def test_sizes(tmp_path: Path) -> None:
    path = tmp_path / "order.toml"
    path.write_text("#" + "x" * 4_000_001, encoding="utf-8")
    assert "too large" in only_problem(path).found
    path = tmp_path / "orders.jsonl"
    with path.open("wb") as stream:
        stream.truncate(50_000_001)
    assert "50,000,001 bytes" in only_problem(path).found


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "cannot be read" in only_problem(tmp_path / "absent.toml").found
    (tmp_path / "folder.toml").mkdir()
    assert "not a file" in only_problem(tmp_path / "folder.toml").found
    (tmp_path / "order.xls").touch()
    assert ".xlsx" in only_problem(tmp_path / "order.xls").expected


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"quantity": "-1"}, "quantity", "-1"),
        ({"quantity": "1,5"}, "quantity", "separators"),
        ({"quantity": "=1+1"}, "quantity", "=1+1"),
        ({"quantity": "-1+1"}, "quantity", "formula"),
        ({"product": "-H20"}, "product", "formula"),
        ({"product": " @H20"}, "product", "formula"),
        ({"product": "＝H20"}, "product", "formula"),
        ({"date": "46083"}, "date", "46083"),
        ({"origin": ""}, "origin", "required"),
        ({"id": ""}, "id", "required"),
    ],
)
def test_a_bad_cell_leaves_the_other_rows(
    tmp_path: Path, cells: dict[str, str], column: str, words: str
) -> None:
    rows = [SHORT, row(id="a"), row(**{"id": "b"} | cells), [], row(id="c")]
    path = write_csv(tmp_path / "orders.csv", rows)
    first, second, third = read_orders(path)
    assert order_of(first, knows).id == "a"
    assert third.source.endswith("row 5") and order_of(third, knows).id == "c"
    told = [p for p in problems_of(second) if p.place == f'row 3, column "{column}"']
    assert any(words in str(problem) for problem in told)


def test_rows_of_one_id_are_items_of_one_order(tmp_path: Path) -> None:
    rows = [SHORT, row(id="a"), row(id="b"), ["a", "", "", "", "", "NVIDIA B200", "3"]]
    first, second = read_orders(write_csv(tmp_path / "orders.csv", rows))
    assert first.source.endswith("rows 2, 4")
    assert [item.product for item in order_of(first, knows).items] == ["H20", "NVIDIA B200"]
    assert len(order_of(second, knows).items) == 1


def test_rows_of_one_id_that_differ(tmp_path: Path) -> None:
    rows = [SHORT, row(), row(date="2026-03-03", quantity="x")]
    (document,) = read_orders(write_csv(tmp_path / "orders.csv", rows))
    places = {problem.place for problem in problems_of(document)}
    assert places == {'row 3, column "date"', 'row 3, column "quantity"'}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(tmp_path: Path, separator: str) -> None:
    path = write_csv(tmp_path / "orders.csv", [SHORT, row()], separator)
    assert one(path).origin == "DE"


def test_yes_and_no_in_a_column_of_flags(tmp_path: Path) -> None:
    header = [*SHORT, "facts.open_weights", "parties_complete"]
    rows = [header, [*row(), "No", "TRUE"], [*row(id="2"), "maybe", ""]]
    first, second = read_orders(write_csv(tmp_path / "orders.csv", rows))
    order = order_of(first, knows)
    assert (order.facts["open_weights"].value, order.parties_complete) == (False, True)
    assert problems_of(second)[0].place == 'row 3, column "facts.open_weights"'


def test_places_of_parties_and_lists(tmp_path: Path) -> None:
    header = [*SHORT, "user.parent.headquarters", "user.listed_on", "broker.country"]
    rows = [header, [*row(), "China", "US-EL; US-XX", "UK"]]
    (document,) = read_orders(write_csv(tmp_path / "orders.csv", rows))
    assert {problem.place for problem in problems_of(document)} == {
        'row 2, column "user.parent.headquarters"',
        'row 2, column "user.listed_on"',
        'row 2, column "broker.country"',
    }


def test_all_that_is_wrong_with_a_header(tmp_path: Path) -> None:
    header = ["id", "kind", "date", "destinaton", "product", "quantity", "quantity", "", "x"]
    (document,) = read_orders(write_csv(tmp_path / "orders.csv", [header, row()]))
    text = "\n".join(str(problem) for problem in problems_of(document))
    for words in ('Write "destination"', "twice", "without a name", 'column "x"', '"origin"'):
        assert words in text


@pytest.mark.parametrize("text", ['id,kind\n"a', 'id,kind\n"a"b,c\n'])
def test_quotes_that_are_wrong(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text.replace("id,kind", ",".join(SHORT)), encoding="utf-8")
    *_, last = read_orders(path)
    assert "not CSV" in problems_of(last)[0].found


def workbook(path: Path, sheets: dict[str, list[list[Any]]], **options: Any) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, **options}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, tuple):
                        page.write_formula(number, column, *cell)
                    elif isinstance(cell, date):
                        page.write_datetime(number, column, cell, day)
                    else:
                        page.write(number, column, cell)
    return path


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    cells: list[Any] = [1001, "use", datetime(2026, 3, 2), "DE", "DE", "H20", 3.0, 0.1]
    header = [*SHORT, "value_usd"]
    order = one(workbook(tmp_path / "orders.xlsx", {"any": [header, cells]}))
    assert (order.id, order.date) == ("1001", date(2026, 3, 2))
    item = order.items[0]
    assert (item.quantity, item.value_usd) == (Decimal(3), Decimal("0.1"))


def test_formulas_of_a_workbook(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        SHORT,
        [*row(id="a")[:6], ("=1+1", None, 2)],
        [*row(id="b")[:6], ("=1/0", None, "#DIV/0!")],
        row(id="c"),
        [("=A2", None, ""), *row()[1:]],
    ]
    documents = list(read_orders(workbook(tmp_path / "orders.xlsx", {"any": rows})))
    assert len(documents) == 4
    assert order_of(documents[2], knows).id == "c"
    for number, place in ((0, 'row 2, column "quantity"'), (1, 'row 3, column "quantity"')):
        (problem,) = problems_of(documents[number])
        assert problem.place == place and "the formula" in problem.found
    assert problems_of(documents[3])[0].place == 'row 5, column "id"'


def test_a_cell_in_percent_format_is_not_taken_for_a_percentage(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[*SHORT, "us_content_percent"], [*row(), 0.25]]
    problem = only_problem(workbook(tmp_path / "orders.xlsx", {"any": rows}))
    assert problem.place == 'row 2, column "us_content_percent"'
    assert "25" in problem.found


def test_a_time_of_day_is_not_dropped(tmp_path: Path) -> None:
    cells: list[Any] = row()
    cells[2] = datetime(2026, 3, 2, 23, 30)
    problem = only_problem(workbook(tmp_path / "orders.xlsx", {"any": [SHORT, cells]}))
    assert "time of day" in problem.remedy


def test_which_sheet_is_read(tmp_path: Path) -> None:
    orders: list[list[Any]] = [list(SHORT), list(row())]
    sheets: dict[str, list[list[Any]]] = {"notes": [["x"]], "Orders": orders}
    assert one(workbook(tmp_path / "named.xlsx", sheets)).id == "1"
    sheets = {"notes": [["x"]], "more": orders}
    assert "2 sheets" in only_problem(workbook(tmp_path / "unnamed.xlsx", sheets)).found


def test_a_cell_in_the_last_corner_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write(0, 0, "id")
        page.write(1_048_575, 16_383, "x")
    assert "1,048,576 rows" in only_problem(path).found


def test_a_workbook_without_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    assert "not an Excel workbook" in only_problem(path).found


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="4294967295"><c t="inlineStr"/></row>',
        b'<row r="1"><c r="A99999999999"/></row>',
        b"<row r='1'><c r='XFD1048576'/></row>",
        b'<row><c r="a1"/></row>',
        b'<row><c r="A1"></row>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><row/>',
    ],
)
def test_a_sheet_made_to_break_its_reader(tmp_path: Path, rows: bytes) -> None:
    good, bad = workbook(tmp_path / "good.xlsx", {"any": [SHORT, row()]}), tmp_path / "bad.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            sheet = b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
            is_sheet = name == "xl/worksheets/sheet1.xml"
            target.writestr(name, sheet if is_sheet else source.read(name))
    assert one(good).id == "1"
    assert only_problem(bad).place == "the file"
