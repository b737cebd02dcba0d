"""Reading a decision record from its file: canonical JSON, or the same written for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from chipwarden.app.document_json import parse_object
from chipwarden.app.document_text import utf8_problem
from chipwarden.decisions.order import Mode
from chipwarden.decisions.record import json_data
from chipwarden.decisions.vocabulary import load_vocabulary
from chipwarden.model.canonical import canonical_bytes
from chipwarden.model.errors import InvalidDocument, Problem

# Reasons stand deeper in one another than the tables of an order, each an object in an array.
_NESTING = 400


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as its record tells it.

    Attributes:
        record: the record as JSON data.
        content: its canonical bytes.
        order: the order, numbers exact.
        pack: digest of the pack of the data looked at, None where the record names none.
    """

    record: Mapping[str, Any]
    content: bytes
    order: Mapping[str, Any]
    as_of: date
    known_on: date
    mode: Mode
    evaluator: str
    digests: Mapping[str, str]
    pack: str | None


def read_record(path: Path) -> StoredDecision:
    """Return the decision of a record's file.

    Raises:
        InvalidDocument: it cannot be read, or is no decision record; all problems.
    """
    return stored_decision(_read(path), str(path))


def stored_decision(content: bytes, source: str) -> StoredDecision:
    """Return the decision of a record.

    Args:
        content: the record, JSON.
        source: what to call it in problems.

    Raises:
        InvalidDocument: it is no decision record; all problems.
    """
    record = _parsed(content, source)
    problems: list[Problem] = []

    def take(place: str, expected: str, *kinds: type) -> Any:
        value: Any = record
        for name in place.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if not isinstance(value, kinds):
            found = "nothing" if value is None else repr(value)[:60]
            problems.append(Problem(place, found, expected))
            return None
        return value

    def day(place: str) -> date:
        text = take(place, "a day, as 2026-03-02", str)
        try:
            return date.fromisoformat(text or "0001-01-01")
        except ValueError:
            problems.append(Problem(place, repr(text)[:60], "a day, as 2026-03-02"))
            return date.min

    schema = load_vocabulary().decision_schema
    if record.get("schema") != schema:
        found = repr(record.get("schema", "nothing"))[:60]
        problems.append(Problem("schema", found, f'"{schema}"', "Name a decision record."))
        raise InvalidDocument(source, problems)
    mode = take("mode", " or ".join(Mode), str)
    if mode is not None and mode not in list(Mode):
        problems.append(Problem("mode", repr(mode)[:60], " or ".join(Mode)))
    digests = take("digests", "the digests of the data", Mapping) or {}
    for name in ("order", "law", "catalog", "lists"):
        take(f"digests.{name}", 'a digest, "sha256:…"', str)
    if digests.get("pack") is not None:
        take("digests.pack", 'a digest, "sha256:…"', str)
    as_of, known_on = day("as_of"), day("known_on")
    order = take("order", "the order", Mapping)
    evaluator = take("evaluator", "name and version of the evaluator", str)
    plain: dict[str, Any] = {}
    canonical = b""
    try:
        plain = json_data(record)
        canonical = canonical_bytes(plain)
    except (ValueError, TypeError, RecursionError) as error:
        problems.append(Problem("record", str(error)[:200], "JSON that has canonical bytes"))
    if problems:
        raise InvalidDocument(source, problems)
    return StoredDecision(
        record=plain,
        content=canonical,
        order=order,
        as_of=as_of,
        known_on=known_on,
        mode=Mode(mode),
        evaluator=evaluator,
        digests=digests,
        pack=digests.get("pack"),
    )


def _read(path: Path) -> bytes:
    source = str(path)
    most = load_vocabulary().limits.file_bytes
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        found = f"that it cannot be read ({error.strerror or error})"
        raise InvalidDocument(source, [Problem("the file", found, "a file")]) from None
    if len(data) > most:
        found = f"more than {most:,} bytes"
        raise InvalidDocument(source, [Problem("the file", found, "a decision record")])
    return data


def _parsed(data: bytes, source: str) -> Mapping[str, Any]:
    if (wrong := utf8_problem(data)) is not None:
        raise InvalidDocument(source, [wrong])
    try:
        record, problems = parse_object(data.decode("utf-8"), _NESTING)
    except RecursionError:
        record, problems = None, (Problem("the file", "too deep a nesting", "a decision record"),)
    if problems:
        raise InvalidDocument(source, problems)
    if not isinstance(record, Mapping):
        found = f"{type(record).__name__} in place of an object"
        raise InvalidDocument(source, [Problem("the file", found, "a decision record")])
    return record
