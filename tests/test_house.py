"""The house keeps its arrows: who imports whom is what the table says.

The table is docs/reference/packages.md. The imports are read from the source
with ast, so that one inside a function or under TYPE_CHECKING counts too.
"""

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "chipwarden"
TABLE = ROOT / "docs" / "reference" / "packages.md"

PURE = (
    "model",
    "expressions",
    "catalog",
    "parties",
    "ledger",
    "rules",
    "decisions",
    "enforcement",
    "reports",
)
IMPURE_MODULES = (
    "asyncio",
    "http.client",
    "os",
    "random",
    "secrets",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "time",
    "urllib.request",
)
CLOCKS = frozenset({"now", "today", "utcnow"})


def allowed_imports() -> dict[str, frozenset[str]]:
    """Return the table: for each package, in order, those that it may import."""
    table: dict[str, frozenset[str]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 3 or cells[0] == "package" or set(cells[0]) <= {"-"}:
            continue
        package, _, names = cells
        assert package not in table, f"{package} has two rows"
        table[package] = frozenset(name.strip() for name in names.split(",") if name.strip())
    return table


def packages(source: Path) -> list[str]:
    """Return the names of the packages below `source` that hold any Python."""
    return sorted(folder.name for folder in source.iterdir() if any(folder.rglob("*.py")))


def imported_modules(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """Yield line and absolute dotted name of all that a module imports.

    `from a import b` yields both a and a.b, for b may be a module.

    Args:
        tree: the module's syntax tree.
        package: dotted name of the package that it is in, to resolve relative imports.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield node.lineno, alias.name
            case ast.ImportFrom(module=module, names=names, level=level):
                # One dot is the package itself, each further one its parent.
                start = package.split(".")[: -(level - 1) or None] if level else []
                base = ".".join([*start, module] if module else start)
                yield node.lineno, base
                for alias in names:
                    yield node.lineno, f"{base}.{alias.name}"
            case ast.Call(
                func=ast.Name(id=called) | ast.Attribute(attr=called),
                args=[ast.Constant(value=str(module)), *_],
            ) if called in ("import_module", "__import__"):
                yield node.lineno, module


def modules_of(source: Path, name: str) -> Iterator[tuple[Path, str, ast.Module]]:
    """Yield path, dotted package and syntax tree of each module of the package `name`."""
    for path in sorted((source / name).rglob("*.py")):
        dotted = ".".join(("chipwarden", *path.relative_to(source).parent.parts))
        yield path, dotted, ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports_of_ours(source: Path, name: str) -> set[tuple[str, str]]:
    """Return (place, imported package) for each import of another of our packages."""
    found = set()
    for path, dotted, tree in modules_of(source, name):
        for line, module in imported_modules(tree, dotted):
            parts = module.split(".")
            if parts[0] != "chipwarden" or len(parts) == 1 or parts[1] == name:
                continue
            if (source / parts[1]).is_dir():
                found.add((f"{path.relative_to(source)}:{line}", parts[1]))
    return found


def impurities(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield what a module imports or calls that reads clock, environment or network."""
    for line, module in imported_modules(tree, package):
        if any(f"{module}.".startswith(f"{impure}.") for impure in IMPURE_MODULES):
            yield f"line {line}: imports {module}"
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS:
                yield f"line {node.lineno}: calls {name}()"


def test_every_package_has_its_row() -> None:
    assert set(packages(PACKAGE)) <= set(allowed_imports())


def test_imports_point_upwards_in_the_table() -> None:
    above: set[str] = set()
    for package, allowed in allowed_imports().items():
        assert allowed <= above, f"{package} may import {allowed - above}, not above it"
        above.add(package)


@pytest.mark.parametrize("name", packages(PACKAGE))
def test_a_package_imports_what_its_row_allows(name: str) -> None:
    allowed = allowed_imports().get(name, frozenset())
    wrong = [
        f"{place} imports {to}" for place, to in imports_of_ours(PACKAGE, name) if to not in allowed
    ]
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("name", packages(PACKAGE))
def test_init_files_import_nothing_of_ours(name: str) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {module}"
        for path, dotted, tree in modules_of(PACKAGE, name)
        if path.name == "__init__.py"
        for line, module in imported_modules(tree, dotted)
        if module.split(".")[0] == "chipwarden"
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", [name for name in packages(PACKAGE) if name in PURE])
def test_the_core_is_pure(name: str) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}, {impurity}"
        for path, dotted, tree in modules_of(PACKAGE, name)
        for impurity in impurities(tree, dotted)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_import_linter_contract_says_what_the_table_says() -> None:
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter", encoding="utf-8")
    table = allowed_imports()
    forbidden: dict[str, set[str]] = {name: set() for name in table}
    for section in contract.sections():
        if section.startswith("importlinter:contract:"):
            name = section.rpartition(":")[2]
            assert contract[section]["type"] == "forbidden"
            assert contract[section]["source_modules"] == f"chipwarden.{name}.**"
            lines = contract[section]["forbidden_modules"].split()
            forbidden[name] = {line.split(".")[1] for line in lines}
            assert set(lines) == {f"chipwarden.{other}.**" for other in forbidden[name]}
    expected = {name: set(table) - {name} - allowed for name, allowed in table.items()}
    assert forbidden == expected


@pytest.mark.parametrize(
    "statement",
    [
        "import chipwarden.app",
        "import chipwarden.app.use as use",
        "from chipwarden import app",
        "from chipwarden.app import use",
        "from .. import app",
        "from ..app.use import check",
        "def late():\n    from chipwarden.app import use",
        "if TYPE_CHECKING:\n    from chipwarden.app import use",
        "import importlib\nimportlib.import_module('chipwarden.app.use')",
    ],
)
def test_no_form_of_import_escapes(tmp_path: Path, statement: str) -> None:
    for name in ("model", "app"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "model" / "values.py").write_text(statement, encoding="utf-8")
    assert {package for _, package in imports_of_ours(tmp_path, "model")} == {"app"}


@pytest.mark.parametrize(
    ("statement", "is_pure"),
    [
        ("import os", False),
        ("import urllib.request", False),
        ("from urllib import request", False),
        ("from urllib.parse import quote", True),
        ("from time import time", False),
        ("from datetime import date\nday = date.today()", False),
        ("from datetime import UTC, datetime\nday = datetime.now(UTC)", False),
        ("from datetime import date\nday = date(2023, 10, 17)", True),
        ("from pathlib import Path", True),
    ],
)
def test_a_clock_and_the_outside_are_seen(statement: str, is_pure: bool) -> None:
    assert (not list(impurities(ast.parse(statement), "chipwarden.model"))) is is_pure
