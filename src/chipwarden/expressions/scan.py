"""Cut the text of an expression into the few kinds of token that the language has.

Whatever else SQL knows is refused here with its place, before a parser could
normalise it away: comments, second statements, arithmetic, casts, other quotes,
calls, and words such as CASE or IS.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chipwarden.expressions.declarations import WORDS

LONGEST_TEXT = 20_000
# The parser needs about twenty frames a bracket; Python allows a thousand in all.
DEEPEST_NESTING = 20

Refusal = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: "fact", "parameter", "number", "text", "day", "flag" for operands; "quantifier"
            for the whole head `some(parties, p ->` and "is_unknown" for `is_unknown(`; else the
            word in capitals or the sign itself. What was refused is "refused".
        text: as written.
        offset: characters before it.
    """

    kind: str
    text: str
    offset: int


OPERANDS = frozenset({"fact", "parameter", "number", "text", "day", "flag"})
OPENINGS = frozenset({"(", "quantifier", "is_unknown"})

_NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])"
_STRING = r"'(?:[^']|'')*'"
_WORD = r"[A-Za-z_][A-Za-z0-9_]*"

# The order matters: the first alternative that matches wins.
_PATTERN = re.compile(
    rf"""
      (?P<space>[ \t\r\n]+)
    | (?P<comment>--[^\n]*|/\*.*?\*/|/\*.*)
    | (?P<quantifier>(?:some|every)\s*\(\s*{_WORD}\s*,\s*{_WORD}\s*->)
    | (?P<is_unknown>is_unknown\s*\()
    | (?P<day>DATE\s*{_STRING})
    | (?P<prefixed>(?!(?:IN|AND|OR|NOT|BETWEEN|DATE)')[A-Za-z_]\w*'(?:[^']|'')*'?)
    | (?P<fact>{_WORD}(?:\.{_WORD})+)
    | (?P<word>{_WORD})
    | (?P<parameter>:{_WORD}(?:\.\w+)*)
    | (?P<number>-?{_NUMBER})
    | (?P<malformed>-?\.?\d[\w.]*)
    | (?P<text>{_STRING})
    | (?P<unended>'.*)
    | (?P<quoted>(?:"[^"]*"?|`[^`]*`?)(?:\.\w+)*)
    | (?P<dollar>\$\w*)
    | (?P<sign><>|<=|>=|->|!=|==|::|:=|\|\||\*\*|&&|.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII | re.IGNORECASE,
)

_SIGNS = frozenset({"=", "<>", "<", "<=", ">", ">=", "(", ")", ","})

_REFUSED_SIGNS = {
    "!=": "`!=` is written <> in this language",
    "==": "`==` is written = in this language",
    "::": "casts are not part of the language; both sides of a comparison have one type already",
    ":=": "assignments are not part of the language",
    ";": "one expression only: remove the semicolon and what follows it",
    "->": "`->` stands only in some(parties, p -> …) and every(parties, p -> …)",
    "?": "a parameter is written :name",
    ":": "a parameter is written :name, without a space or a digit after the colon",
    ".": "a fact is written scope.name, without spaces around the dot",
    "!": "`!` is not part of the language; write NOT or <>",
}
_REFUSED_SIGNS |= dict.fromkeys(
    ("+", "-", "*", "/", "%", "^", "**"),
    "arithmetic is not part of the language; a figure that must be computed is a fact of its own",
)
_REFUSED_SIGNS |= dict.fromkeys("[]{}", "lists and structures are not part of the language")

_REFUSED_WORDS = {
    "IS": "IS is not part of the language: a new fact could flip a settled answer",
    "NULL": "NULL is not a value here: an unknown fact already makes the answer undetermined",
    "LIKE": "patterns are not part of the language; compare with = or IN",
    "CASE": "CASE is not part of the language; write AND, OR, NOT",
    "CAST": "casts are not part of the language; both sides of a comparison have one type already",
    "COALESCE": "COALESCE is not part of the language: unknown never counts as a value",
    "EXISTS": "EXISTS is not part of the language; write some(parties, p -> …)",
    "SELECT": "queries are not part of the language",
    "AS": "aliases are not part of the language",
    "DATE": "a date is written DATE 'YYYY-MM-DD'",
    "SOME": "write some(parties, p -> …), in lower case",
    "EVERY": "write every(parties, p -> …), in lower case",
    "IS_UNKNOWN": "write is_unknown(fact), in lower case",
}
_REFUSED_WORDS["ILIKE"] = _REFUSED_WORDS["SIMILAR"] = _REFUSED_WORDS["LIKE"]


def scan(text: str) -> tuple[list[Token], list[Refusal]]:
    """Return the tokens of the text and what in it is outside the language."""
    if len(text) > LONGEST_TEXT:
        return [], [(LONGEST_TEXT, f"an expression has at most {LONGEST_TEXT} characters")]
    tokens: list[Token] = []
    refusals: list[Refusal] = []
    for match in _PATTERN.finditer(text):
        kind, found, offset = str(match.lastgroup), match.group(), match.start()
        if kind == "space":
            continue
        if kind == "number" and found[0] == "-" and _ends_operand(tokens):
            kind, found = "sign", "-"
        if message := _refusal(kind, found, text[match.end() :]):
            refusals.append((offset, message))
            tokens.append(Token("refused", found, offset))
            continue
        tokens.append(Token(_kind(kind, found), found, offset))
    refusals.extend(_misplaced(tokens))
    return tokens, refusals


def _ends_operand(tokens: list[Token]) -> bool:
    return bool(tokens) and (tokens[-1].kind in OPERANDS or tokens[-1].kind == ")")


def _kind(kind: str, found: str) -> str:
    if kind == "word":
        word = found.upper()
        return "flag" if word in ("TRUE", "FALSE") else word
    return found if kind == "sign" else kind


def _refusal(kind: str, found: str, rest: str) -> str | None:
    """Return why this piece of text is outside the language, None if it is inside."""
    called = rest.lstrip().startswith("(")
    match kind:
        case "comment":
            return "comments are not part of the language; remarks belong beside the expression"
        case "prefixed":
            return f"{found[:12]} is not a plain text; text stands in single quotes"
        case "malformed":
            return f"{found} is not a number; write digits such as 4800 or 0.5"
        case "unended":
            return "this text has no closing quote"
        case "quoted":
            return "quoted names are not part of the language; text stands in single quotes"
        case "dollar":
            return "a parameter is written :name; text stands in single quotes"
        case "quantifier" | "is_unknown" if not found.split("(")[0].islower():
            return _REFUSED_WORDS[found.split("(")[0].strip().upper()]
        case "text" | "day" if "\0" in found:
            return "a text cannot hold the character NUL"
        case "fact" if called:
            return f"{found}( … ) is a call, and calls are not part of the language"
        case "parameter" if "." in found:
            return f"{found} is not the name of a parameter"
        case "word":
            word = found.upper()
            if word in _REFUSED_WORDS:
                return _REFUSED_WORDS[word]
            if word in WORDS:
                return None
            if called:
                return f"{found}( … ) is a call, and calls are not part of the language"
            return f"`{found}` is not part of the language; a fact is written scope.name"
        case "sign" if found not in _SIGNS:
            return _REFUSED_SIGNS.get(found, f"the character {found!r} is not part of the language")
    return None


def _misplaced(tokens: list[Token]) -> Iterator[Refusal]:
    """Yield what a parser would let pass: stray commas, operands in a row, deep nesting."""
    depth = negations = 0
    for number, token in enumerate(tokens):
        before = tokens[number - 1].kind if number else ""
        if token.kind in OPERANDS | OPENINGS and (before in OPERANDS or before == ")"):
            yield token.offset, f"an operator such as AND is missing before {token.text}"
        if token.kind in OPENINGS:
            depth += 1
        elif token.kind == ")":
            depth -= 1
            if before == ",":
                yield tokens[number - 1].offset, "nothing follows this comma"
        elif token.kind == "," and (before == "," or before in OPENINGS):
            yield token.offset, "nothing stands before this comma"
        negations = negations + 1 if token.kind == "NOT" else 0
        if depth + negations == DEEPEST_NESTING + 1:
            yield token.offset, f"brackets and NOT nest at most {DEEPEST_NESTING} deep"
