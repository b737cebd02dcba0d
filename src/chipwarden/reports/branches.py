"""The nodes of a record's tree of reasons in the words of a reader.

A clause and its condition become one, NOT joins what it turns, and AND and OR are called
"all of" and "any of". What the conditions say stays: names of facts with the values found.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chipwarden.reports.words import number

Record = Mapping[str, Any]

_SCOPED = re.compile(r"(?<![\w:.])([A-Za-z_]\w*)\.(\w+)")
_PARAMETER = re.compile(r"(?<![\w']):(?=[A-Za-z_])")
_TURNED = {"yes": "no", "no": "yes", "undetermined": "undetermined"}
_NOT = "NOT "
# Of "not all of" and "none of" the parts have the turned outcome and are kept apart.
JOINS = ("all of", "any of")


@dataclass(frozen=True, slots=True)
class Branch:
    """One node as it is shown.

    Attributes:
        label: what was asked, with the values looked at.
        outcome: yes, no or undetermined.
        deciding: those of the children from which the outcome follows.
    """

    label: str
    outcome: str
    provision: str = ""
    reference: str = ""
    note: str = ""
    missing: tuple[str, ...] = ()
    children: tuple["Branch", ...] = ()
    deciding: tuple["Branch", ...] = ()


def branch_of(node: Record) -> Branch:
    """Return a node of a record as it is shown, with all below it."""
    statement, inner = str(node["statement"]), node.get("children", ())
    if node.get("provision"):
        return _clause(node, inner)
    if statement.startswith(_NOT) and len(inner) == 1 and _is_turned(statement, inner[0]):
        return _negation(node, inner[0])
    children = tuple(map(branch_of, inner))
    join = _join(statement, inner)
    if join:
        children = tuple(part for child in children for part in _parts(child, join))
        return _branch(node, join, children, _alike(children, node["outcome"]))
    quantifier = _quantifier(statement)
    if quantifier:
        return _branch(node, quantifier, children, _alike(children, node["outcome"]))
    label = with_values(statement, node.get("values", {}))
    return _branch(node, label, children, children)


def _parts(child: Branch, join: str) -> tuple[Branch, ...]:
    """Return the parts of "all of" within "all of", which need no level of their own."""
    return child.children if child.label == join and not child.note else (child,)


def _branch(
    node: Record, label: str, children: tuple[Branch, ...], deciding: tuple[Branch, ...]
) -> Branch:
    note = str(node.get("note", ""))
    return Branch(
        label=label,
        outcome=node["outcome"],
        provision=node.get("provision", ""),
        reference=node.get("reference", ""),
        note="" if f"{note}." in label else note,
        missing=tuple(name for name in node.get("missing", ()) if f"{name} (unknown)" not in label),
        children=children,
        deciding=deciding,
    )


def _clause(node: Record, inner: Sequence[Record]) -> Branch:
    """Return a clause with the parts of its condition, then what else hangs on it."""
    children: list[Branch] = []
    deciding: list[Branch] = []
    for position, child in enumerate(inner):
        branch = branch_of(child)
        if position == 0 and not child.get("provision") and branch.label == "all of":
            children += branch.children
            deciding += branch.deciding
        else:
            children.append(branch)
            deciding.append(branch)
    return _branch(node, str(node["statement"]), tuple(children), tuple(deciding))


def _is_turned(statement: str, inner: Record) -> bool:
    rest, condition = statement.removeprefix(_NOT), str(inner["statement"])
    return rest in (condition, f"({condition})")


def _negation(node: Record, inner: Record) -> Branch:
    """Return NOT and what it turns as one node."""
    turned = branch_of(inner)
    label = {"all of": "not all of", "any of": "none of"}.get(turned.label, f"not {turned.label}")
    return replace(turned, label=label, outcome=_TURNED[turned.outcome],
                   note=node.get("note", "") or turned.note)  # fmt: skip


def _alike(children: tuple[Branch, ...], outcome: str) -> tuple[Branch, ...]:
    return tuple(child for child in children if child.outcome == outcome) or children


def _quantifier(statement: str) -> str:
    """Return "some party of parties: …" for a condition on members of a list, else ""."""
    for word in ("some", "every"):
        if statement.startswith(f"{word}("):
            collection, _, rest = statement.partition("(")[2].partition(",")
            member, _, body = rest.partition("->")
            condition = _PARAMETER.sub("", body.strip()[:-1])
            return f"{word} {member.strip()} of {collection}: {condition}"
    return ""


def _join(statement: str, children: Sequence[Record]) -> str:
    """Return "all of" or "any of" where the statement is its children's, joined; else ""."""
    if len(children) < 2:
        return ""
    for word, label in ((" AND ", "all of"), (" OR ", "any of")):
        rest = statement
        for position, child in enumerate(children):
            rest = rest.removeprefix(word) if position else rest
            part = str(child["statement"])
            form = next((f for f in (f"({part})", part) if rest.startswith(f)), None)
            if form is None:
                break
            rest = rest[len(form) :]
        else:
            if not rest:
                return label
    return ""


def with_values(statement: str, values: Mapping[str, Any]) -> str:
    """Return a condition with the value found behind each name, in brackets."""
    text = "always" if statement == "TRUE" else statement
    for name, value in values.items():
        shown = number(value, whole=True)
        if name.startswith(":"):
            # A group is called by its own name; a value is said.
            given = name[1:] if shown == name[1:] else f"{name[1:]} ({shown})"
            text = re.sub(rf"{re.escape(name)}\b", given, text)
        elif "." in name:
            text = _of_fact(text, name, shown)
    return text


def _of_fact(text: str, name: str, shown: str) -> str:
    if re.search(rf"(?<![\w:.]){re.escape(name)}\b", text):
        return re.sub(rf"(?<![\w:.]){re.escape(name)}\b", f"{name} ({shown})", text)
    # Of a member of a list: the clause names the scope, the value names the member.
    field = name.rpartition(".")[2]

    def replaced(match: re.Match[str]) -> str:
        return f"{name} ({shown})" if match[2] == field else match[0]

    return _SCOPED.sub(replaced, text)
