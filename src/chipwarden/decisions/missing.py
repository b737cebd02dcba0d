"""Which facts are missing, in the words of the order, and who can answer each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chipwarden.decisions.order import Order
from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason
from chipwarden.rules.lawbook import Lawbook


@dataclass(frozen=True, slots=True)
class MissingFact:
    """One fact that would help to settle the answer.

    Attributes:
        fact: where it belongs in the order, such as "end_user.headquarters".
        question: how to ask for it.
        who: who can answer.
        provisions: ids of the clauses that ask for it.
    """

    fact: str
    question: str
    who: str
    provisions: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "fact": self.fact,
            "question": self.question,
            "who": self.who,
            "provisions": list(self.provisions),
        }


class MissingFacts:
    """Collects the missing facts of a decision, each once."""

    def __init__(self, order: Order, lawbook: Lawbook) -> None:
        self._order = order
        self._lawbook = lawbook
        self._named = {party.role for party in order.parties}
        self._found: dict[str, tuple[str, str, dict[str, None]]] = {}

    def add(self, reasons: Iterable[Reason], item: int | None = None) -> None:
        """Add what is missing along the undetermined nodes of these reasons.

        Args:
            reasons: trees; nodes that are settled are not followed.
            item: position of the item that they speak of.
        """
        for reason in reasons:
            self._walk(reason, reason.provision, item)

    def add_fact(self, fact: str, question: str, who: str, provision: str) -> None:
        """Add one fact by name."""
        self._found.setdefault(fact, (question, who, {}))[2][provision] = None

    def facts(self) -> tuple[MissingFact, ...]:
        """Return all facts in the order in which they were found."""
        return tuple(
            MissingFact(fact, question, who, tuple(name for name in provisions if name))
            for fact, (question, who, provisions) in self._found.items()
        )

    def _walk(self, reason: Reason, provision: str, item: int | None) -> None:
        if reason.outcome is not Outcome.UNDETERMINED:
            return
        provision = reason.provision or provision
        for name in reason.missing:
            for fact, question, who in self._asked(name, item):
                self.add_fact(fact, question, who, provision)
        for child in reason.children:
            self._walk(child, provision, item)

    def _asked(self, name: str, item: int | None) -> Iterable[tuple[str, str, str]]:
        """Yield what to ask instead of a fact, in the words of the order."""
        if name == "parties_complete":
            yield name, "Are all parties to the transaction named?", "exporter"
            return
        scope, _, rest = name.rpartition(".")
        place = "" if item is None else f"items[{item}]"
        declared = name if scope in ("item", "transfer") else f"party.{rest}"
        declaration = self._lawbook.declarations.facts.get(declared)
        question = declaration.question if declaration else f"What is {name}?"
        who = declaration.who if declaration else "exporter"
        if scope not in ("item", "transfer"):
            if scope.partition("[")[0] not in self._named:
                yield scope, f"Who is the {scope.replace('_', ' ')}?", "exporter"
                return
            question = f"{scope}: {question}"
        if rest.startswith("listed_") and not self._screened():
            question = "What did a dated screening of all parties against the lists say?"
            yield "screening.listed_on", question, "compliance officer"
            return
        for asked in self._lawbook.asked_instead.get(declared, (declared,)):
            asked_scope, _, field = asked.partition(".")
            words: Mapping[str, str] = {
                "item": f"{place}.{field}",
                "party": f"{scope}.{field}",
                "transfer": field if field == "destination_region" else f"facts.{field}",
            }
            yield words.get(asked_scope, asked), question, who

    def _screened(self) -> bool:
        return self._order.screening is not None
