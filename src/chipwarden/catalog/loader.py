"""Loading the catalog, and reading a user's own chip.

    catalog = load_catalog()
    chip = catalog.chips["nv-h200-sxm"]
    own = chip_from_table({"name": "N-1", "fp8_tflops": 500, "die_area_mm2": 400})

These functions read files; everything else in this package takes values.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from chipwarden.catalog.chips import Catalog, Chip, System
from chipwarden.catalog.reader import chip_of, read_chip, read_system
from chipwarden.catalog.tables import TableReader
from chipwarden.catalog.vocabulary import Vocabulary
from chipwarden.catalog.vocabulary_reader import FILES, read_vocabulary
from chipwarden.model.data_texts import data_texts, once_per_texts
from chipwarden.model.errors import InvalidDocument, Problem

Read = Callable[[str], bytes]

DATA = Path(__file__).parent / "data"
GIVEN = "given"

# What a user's own chip may say beside figures; figures stand in the same table.
_OWN_WORDS = (
    "id",
    "name",
    "vendor",
    "designer_hq",
    "architecture",
    "process_node",
    "die_count",
    "ics_per_product",
    "memory_type",
    "interconnect_name",
    "host_interface",
    "datacenter_marketed",
    "kind",
    "kind_of_processor",
    "copackaged_with_logic",
    "form_factor",
    "note",
    "confidence",
)


def load_catalog(folder: Path | None = None) -> Catalog:
    """Return the catalog of a folder.

    Args:
        folder: the folder with `catalog.toml` and `chips/*.toml`; by default
            that of the data in use, which is read once.

    Raises:
        InvalidDocument: something in the folder is wrong; it names everything that is.
    """
    if folder is None:
        return _catalog_in_use()
    families = [path.name for path in (folder / "chips").glob("*.toml")]
    return _catalog_of(lambda name: (folder / name).read_bytes(), families, str(folder))


@once_per_texts
def load_vocabulary() -> Vocabulary:
    """Return the vocabulary of the data in use; it is read once."""
    problems: list[Problem] = []
    documents = {name: _parsed(_in_use, name, problems)[1] for name in FILES}
    words = read_vocabulary(documents, problems)
    if problems:
        raise InvalidDocument("the catalog", problems)
    return words


def chip_from_table(table: Mapping[str, Any], place: str = "chip") -> Chip:
    """Return a user's own chip.

    Args:
        table: names and values of an order's `[items.chip]`. A figure may be a
            number or `{ value, confidence, note }`; it has source "given" and
            counts as unverified unless the table says better.
        place: where the table is, for the report.

    Raises:
        InvalidDocument: something in the table is wrong; it names everything that is.
    """
    words = load_vocabulary()
    problems: list[Problem] = []
    reader = TableReader(table, place, problems)
    reader.refuse_other_names((*_OWN_WORDS, *words.figures))
    said = {name: value for name, value in reader.table.items() if name in _OWN_WORDS}
    said.setdefault("id", "own")
    said.setdefault("name", "the chip as given")
    if isinstance(said.get("process_node"), int | Decimal) and not isinstance(
        said["process_node"], bool
    ):
        said["process_node"] = f"{said['process_node']} nm"
    figures = {
        name: _bare_evidence(value) for name, value in reader.table.items() if name in words.figures
    }
    chip = chip_of(
        TableReader(said, place, problems),
        TableReader(figures, place, problems),
        "",
        words,
        (GIVEN,),
    )
    if problems:
        raise InvalidDocument(place, problems)
    given = [precision for precision in words.precisions if chip.figures.get(precision.rate)]
    if given and not any(precision.tells_the_peak for precision in given):
        why = "No rate of 8 or 16 bits is given; it may lead to more."
        chip = replace(chip, tpp_at_least=why)
    return chip


def load_chip(path: Path) -> Chip:
    """Return the user's own chip of a TOML file, in a table `[chip]` or at the top.

    Raises:
        InvalidDocument: the file cannot be read or something in it is wrong.
    """
    problems: list[Problem] = []
    document = _parsed(lambda _: path.read_bytes(), path.name, problems)[1]
    if problems:
        raise InvalidDocument(path.name, problems)
    table = document.get("chip", document)
    return chip_from_table(table, f"{path.name}: chip")


def _bare_evidence(value: Any) -> Any:
    """Return a figure without the words by which an order supports a fact."""
    if not isinstance(value, Mapping):
        return value
    support = ("document", "signed_by", "date", "expires", "sha256")
    return {name: part for name, part in value.items() if name not in support}


def _in_use(name: str) -> bytes:
    return data_texts().text(f"catalog/{name}").encode()


@once_per_texts
def _catalog_in_use() -> Catalog:
    chips = data_texts().names("catalog/chips")
    return _catalog_of(_in_use, [name.rpartition("/")[2] for name in chips], "the catalog")


def _catalog_of(read: Read, families: Iterable[str], source: str) -> Catalog:
    problems: list[Problem] = []
    checksum = sha256()
    documents: dict[str, Mapping[str, Any]] = {}
    families = sorted(families)
    for name in (*FILES, "systems.toml", *(f"chips/{family}" for family in families)):
        content, documents[name] = _parsed(read, name, problems)
        checksum.update(f"{name}\n{len(content)}\n".encode() + content)
    if not families:
        problems.append(Problem("chips", "no file", "files of chips, such as chips/own.toml"))
    words = read_vocabulary(documents, problems)
    chips: dict[str, Chip] = {}
    for family in families:
        document = TableReader(documents[f"chips/{family}"], f"chips/{family}", problems)
        document.refuse_other_names(("family", "chip"))
        title = document.text("family", required=True)
        for table in document.tables("chip"):
            chip = read_chip(table, title, words)
            if chip.id and chip.id in chips:
                table.report("id", repr(chip.id), "an id that no other chip has")
            chips[chip.id] = chip
    _check_variants(chips, problems)
    systems: dict[str, System] = {}
    for table in TableReader(documents["systems.toml"], "systems.toml", problems).tables("system"):
        system = read_system(table, chips, words)
        if system.id and (system.id in systems or system.id in chips):
            table.report("id", repr(system.id), "an id that no other product has")
        systems[system.id] = system
    if problems:
        raise InvalidDocument(source, problems)
    return Catalog(chips, systems, words, words.as_of, f"sha256:{checksum.hexdigest()}")


def _check_variants(chips: Mapping[str, Chip], problems: list[Problem]) -> None:
    """Note a problem for each variant of a chip that is not there."""
    for chip in chips.values():
        if chip.variant_of and chip.variant_of not in chips:
            problems.append(
                Problem(f"{chip.id}.variant_of", repr(chip.variant_of), "the id of a chip")
            )
        if chip.changed and not chip.variant_of:
            problems.append(Problem(f"{chip.id}.changed", "changes", "the chip's variant_of"))


def _parsed(read: Read, name: str, problems: list[Problem]) -> tuple[bytes, Mapping[str, Any]]:
    """Return a file's bytes and what they parse to, empty where they cannot be read."""
    try:
        content = read(name)
    except OSError as error:
        problems.append(Problem(name, error.strerror or "no file", "a readable TOML file"))
        return b"", {}
    try:
        return content, tomllib.loads(content.decode("utf-8"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        problems.append(Problem(name, f"byte {error.start} is not UTF-8", "text in UTF-8"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problems.append(Problem(name, str(error) or "nesting too deep", "valid TOML"))
    except ArithmeticError:
        problems.append(Problem(name, "a number that cannot be read", "valid TOML"))
    return content, {}
