"""The tree of reasons from which an answer is computed.

A Reason says what was asked, what it came to, under which provision and
citation, which values were looked at and which facts were missing. The verdict
of a decision is derived from such a tree, never written beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Value


@dataclass(frozen=True, slots=True)
class Reason:
    """One node of the tree.

    Attributes:
        statement: what was asked, in words or as the clause's own text.
        outcome: yes, no or undetermined.
        provision: id of the provision, "" inside one.
        reference: key of the citation, "" where the parent's holds.
        values: the operands looked at, name and value (None: unknown).
        missing: names of the unknown facts that make this node undetermined.
        children: the reasons from which this one was computed.
        note: a remark for the reader.
        joined: how the outcome follows from the children: "all", "any" or "not"; "" for a
            leaf or for parts that each have to be settled. It is not part of the JSON form.
    """

    statement: str
    outcome: Outcome
    provision: str = ""
    reference: str = ""
    values: tuple[tuple[str, Value | None], ...] = ()
    missing: tuple[str, ...] = ()
    children: tuple["Reason", ...] = ()
    note: str = ""
    joined: str = ""

    def walk(self) -> Iterator["Reason"]:
        """Yield this node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def to_json(self) -> dict[str, Any]:
        """Return the node as JSON data; empty parts are left out."""
        record: dict[str, Any] = {"statement": self.statement, "outcome": self.outcome.value}
        if self.provision:
            record["provision"] = self.provision
        if self.reference:
            record["reference"] = self.reference
        if self.values:
            record["values"] = {name: json_value(value) for name, value in self.values}
        if self.missing:
            record["missing"] = list(self.missing)
        if self.note:
            record["note"] = self.note
        if self.children:
            record["children"] = [child.to_json() for child in self.children]
        return record


def json_value(value: Value | None) -> str | int | float | bool | None:
    """Return a value as JSON holds it without loss.

    A decimal becomes a JSON number where a double holds all its digits, else text.
    """
    if isinstance(value, Decimal):
        if value == value.to_integral_value() and abs(value) < 2**53:
            return int(value)
        double = float(value)
        return double if Decimal(repr(double)) == value else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
