"""The fact base that stands beside the repository; tests of it skip where it is absent."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.cases.test_cases import ExactLoader

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@cache
def facts() -> Mapping[str, Mapping[str, Any]]:
    """Return the facts of the law by id; empty where the file is absent."""
    return {record["id"]: record for record in _read("rules-facts.yaml") or ()}


@cache
def country_groups() -> Mapping[str, Any]:
    """Return the country groups with their dates; empty where the file is absent."""
    return _read("country-groups.yaml") or {}


def _read(name: str) -> Any:
    path = DATA / name
    return yaml.load(path.read_text("utf-8"), ExactLoader) if path.is_file() else None


def day(value: object) -> date | None:
    """Return a date of the fact base, which has them as text."""
    return None if value is None else date.fromisoformat(str(value))


def numbers() -> dict[tuple[str, str], Decimal]:
    """Return every number among the parameters, by id and path; check values left out."""
    return {
        (key, path): value
        for key, record in facts().items()
        if key != "test-vectors"
        for path, value in _numbers(record["parameters"] or {}, "")
    }


def _numbers(value: Any, path: str) -> Iterator[tuple[str, Decimal]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(part, f"{path}/{key}".lstrip("/"))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _numbers(part, f"{path}/{index}".lstrip("/"))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield path, Decimal(value)
