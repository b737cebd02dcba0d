"""Parsing JSON exactly: decimals stay decimals, a name that is given twice is refused."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from chipwarden.app.document_text import json_nesting_problem
from chipwarden.model.errors import Problem

# Python converts a whole number of thousands of digits slowly or not at all.
_MANY_DIGITS = 60
_SPACE = " \t\n\r"


class _Repeated(dict[str, Any]):
    """An object in which a name stands more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.names = tuple(name for name, count in counts.items() if count > 1)


def number_of(text: str) -> Decimal:
    """Return the exact number of a literal; what no decimal can hold is infinite."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MANY_DIGITS else number_of(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    return record if len(record) == len(pairs) else _Repeated(pairs)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=number_of, parse_int=_whole, parse_constant=number_of
)


def parse_object(text: str, deepest: int, line: int = 1) -> tuple[Any, tuple[Problem, ...]]:
    """Return the one value of a JSON text, and what is wrong with the text.

    Args:
        text: the document.
        deepest: how deep its brackets may be nested.
        line: number of its first line in the file, for the places of problems.
    """
    problem = json_nesting_problem(text, deepest)
    if problem is not None:
        return None, (problem,)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as wrong:
        return None, (_syntax(wrong, line),)
    return value, repeated_names(value)


def parse_array(text: str, deepest: int) -> Iterator[tuple[Any, int, tuple[Problem, ...]]]:
    """Yield each element of a JSON array: value, its length in characters, what is wrong.

    After a mistake in the notation nothing more can be read, so that is the last thing yielded.
    """
    problem = json_nesting_problem(text, deepest)
    if problem is not None:
        yield None, 0, (problem,)
        return
    at = _next(text, _next(text, 0) + 1)
    if text[at : at + 1] == "]":
        at = _next(text, at + 1)
        if at < len(text):
            yield None, 0, (_syntax(json.JSONDecodeError("Extra data", text, at), 1),)
        return
    while True:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as wrong:
            yield None, 0, (_syntax(wrong, 1),)
            return
        yield value, end - at, repeated_names(value)
        at = _next(text, end)
        mark = text[at : at + 1]
        if mark == ",":
            at = _next(text, at + 1)
            continue
        rest = _next(text, at + 1)
        if mark != "]" or rest < len(text):
            missing = json.JSONDecodeError("Expecting ',' or ']'", text, at)
            extra = json.JSONDecodeError("Extra data", text, rest)
            yield None, 0, (_syntax(extra if mark == "]" else missing, 1),)
        return


def repeated_names(value: object) -> tuple[Problem, ...]:
    """Return a problem for each name that stands more than once in an object."""
    problems = []
    pending: list[tuple[str, object]] = [("", value)]
    while pending:
        place, part = pending.pop()
        if isinstance(part, Mapping):
            prefix = f"{place}." if place else ""
            if isinstance(part, _Repeated):
                problems += [_repeated(f"{prefix}{name}") for name in part.names]
            pending += [(f"{prefix}{name}", below) for name, below in part.items()]
        elif isinstance(part, list):
            pending += [(f"{place}[{index}]", below) for index, below in enumerate(part)]
    return tuple(problems)


def _repeated(place: str) -> Problem:
    found = "the name more than once (a duplicate key)"
    return Problem(place, found, "each name once", "Keep the right one.")


def _next(text: str, at: int) -> int:
    """Return the place of the next character that is not white space."""
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _syntax(wrong: json.JSONDecodeError, line: int) -> Problem:
    return Problem(
        f"line {wrong.lineno + line - 1}, column {wrong.colno}",
        f"text that is not JSON ({wrong.msg})",
        "JSON, one object an order",
        "In a file with one object a line, end the file's name with .jsonl."
        if wrong.msg == "Extra data"
        else "",
    )
