"""Parsing TOML exactly: decimals stay decimals."""

import re
import tomllib
from typing import Any

from chipwarden.app.document_json import number_of
from chipwarden.model.errors import Problem

_AT_LINE = re.compile(r"(.*) \(at line ([0-9]+), column ([0-9]+)\)", re.DOTALL)


def parse_toml(text: str) -> tuple[dict[str, Any] | None, Problem | None]:
    """Return the document of a TOML text, or what is wrong with its notation.

    The nesting of the text has been checked before.
    """
    try:
        return tomllib.loads(text, parse_float=number_of), None
    except ValueError as wrong:  # TOMLDecodeError, or a whole number of thousands of digits
        message = str(wrong)
    at = _AT_LINE.fullmatch(message)
    if at is not None:
        place, message = f"line {at[2]}, column {at[3]}", at[1]
    elif "end of document" in message:
        last = text.rstrip().count("\n") + 1
        place = f"line {last}"
    else:
        place = "the file"
    return None, Problem(place, f"text that is not TOML ({message})", "an order in TOML")
