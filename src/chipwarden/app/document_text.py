"""From the bytes of a file to text that is safe to parse.

Parsers call themselves for every bracket, so brackets are counted before anything is parsed.
"""

import re

from chipwarden.model.errors import Problem

# Longer marks first: that of UTF-32 begins like that of UTF-16.
_OTHER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
ENCODING = "the encoding"
"""Place of a problem with the encoding of the whole file."""

_SAVE_AS = "Save the file as UTF-8."

# Strings are skipped, closed or not; the possessive + keeps this linear on any input.
_JSON_TOKENS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)
_TOML_TOKENS = re.compile(
    r'"""(?:[^"\\]++|\\.?|"(?!""))*+(?:""")?'
    r"|'''(?:[^']++|'(?!''))*+(?:''')?"
    r'|"(?:[^"\\\n]++|\\.?)*+"?'
    r"|'[^'\n]*+'?"
    r"|#[^\n]*+"
    r"|[\[\]{}.=,\n]",
    re.DOTALL,
)


def utf8_problem(data: bytes) -> Problem | None:
    """Return why the bytes are not UTF-8 text without NUL, None where they are."""
    for mark, name in _OTHER_MARKS:
        if data.startswith(mark):
            return Problem(ENCODING, f"text in {name}", "UTF-8", _SAVE_AS)
    at = data.find(b"\0")
    if at >= 0:
        found = "a NUL byte (the encoding may be UTF-16)"
        return Problem(_line_at(data, at), found, "UTF-8 text without NUL bytes", _SAVE_AS)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        found = f"the byte 0x{data[wrong.start]:02x}, which is not UTF-8 (another encoding?)"
        return Problem(_line_at(data, wrong.start), found, "text in UTF-8", _SAVE_AS)
    return None


def _line_at(data: bytes, at: int) -> str:
    before = data.count(b"\n", 0, at)
    return f"line {before + 1}"


def json_nesting_problem(text: str, deepest: int) -> Problem | None:
    """Return where brackets of JSON text are nested too deep, None where they are not."""
    if text.count("[") + text.count("{") <= deepest:
        return None
    depth = 0
    for token in _JSON_TOKENS.finditer(text):
        if token.group() in "[{":
            depth += 1
            if depth > deepest:
                return _too_deep(text, token.start(), deepest)
        elif token.group() in "]}":
            depth -= 1
    return None


def toml_nesting_problem(text: str, deepest: int) -> Problem | None:
    """Return where brackets or dotted names of TOML text are nested too deep, None if nowhere."""
    if text.count("[") + text.count("{") + text.count(".") <= deepest:
        return None
    depth = dots = 0
    for token in _TOML_TOKENS.finditer(text):
        match token.group():
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case ".":
                dots += 1
            case "," | "=" | "\n":
                dots = 0
        if max(depth, dots) > deepest:
            return _too_deep(text, token.start(), deepest)
    return None


def _too_deep(text: str, at: int, deepest: int) -> Problem:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return Problem(
        f"line {line}, column {column}",
        f"values nested more than {deepest} deep",
        f"at most {deepest} levels of nesting",
        "Check the brackets.",
    )
