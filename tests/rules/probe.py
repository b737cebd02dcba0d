"""Single clauses under facts of a test's own making."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.app.data import load_data
from chipwarden.decisions.determine import classify
from chipwarden.expressions.evaluate import evaluate
from chipwarden.expressions.facts import Collection, Facts
from chipwarden.expressions.nodes import Fact, Parameter
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Value

LAWBOOK = load_data().lawbook
Values = Mapping[str, Value | None]

# A circuit that nothing but its figures classifies, and a transfer in which nothing else counts.
PLAIN: dict[str, Value | None] = {
    "item.kind": "ic",
    "item.is_hbm": False,
    "item.datacenter_marketed": True,
    "transfer.kind": "export",
    "transfer.origin": "US",
    "transfer.destination": "CN",
    "transfer.sold_by_foundry": False,
}
# Facts that follow another: a figure that is known is also what is known at least.
FOLLOWS = {
    "item.tpp_at_least": "item.tpp",
    "item.tpp_with_tf32": "item.tpp",
    "item.io_gb_s_at_least": "item.io_gb_s",
}
UNLISTED: dict[str, Value | None] = {
    f"party.listed_{code}": False for code in ("el", "meu", "uvl", "dpl", "sdn")
}


def made(values: Values, *parties: Values) -> Facts:
    """Return the facts of an order whose parties are all named."""
    labels = tuple(f"party {number}" for number in range(len(parties)))
    following = {name: values.get(other) or Decimal(0) for name, other in FOLLOWS.items()}
    members = Collection(tuple(parties), True, labels)
    return Facts({**PLAIN, **following, **values}, {"parties": members})


def paragraphs(on: date, values: Values, *, as_written: bool = False) -> set[str]:
    """Return the paragraphs that an item may meet on a day; "none" for the last rung."""
    candidates, _ = classify(made(values), LAWBOOK.law_on(on, as_written=as_written))
    return {candidate.paragraph for candidate in candidates}


def holds(
    clause_id: str, on: date, values: Values, *parties: Values, as_written: bool = False
) -> Outcome:
    """Return what the condition of a clause comes to under the parameters of a day."""
    clause = LAWBOOK.provision(clause_id)
    assert clause is not None and clause.when is not None
    law = LAWBOOK.law_on(on, as_written=as_written)
    return Outcome.of(evaluate(clause.when, made(values, *parties), law.parameters))


def in_law(clause_id: str, on: date, known_on: date | None = None, *, as_written: bool) -> bool:
    """Return whether a clause is applied on a day."""
    law = LAWBOOK.law_on(on, known_on, as_written=as_written)
    return any(clause.id == clause_id for clause in law.provisions)


def names_in(node: Any) -> Iterator[Fact | Parameter]:
    """Yield the facts and parameters that an expression refers to."""
    if isinstance(node, Fact | Parameter):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from names_in(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from names_in(getattr(node, field.name))
