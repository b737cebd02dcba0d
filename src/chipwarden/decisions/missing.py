"""Which facts are missing, in the words of the order, and who can answer each.

Of several ways to settle an answer the one with the fewest facts is asked for.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chipwarden.decisions.order import Order
from chipwarden.decisions.settling import Sets, smallest, together
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


@dataclass(frozen=True, slots=True)
class Need:
    """One open question of a decision.

    Attributes:
        reasons: the trees in which the facts are missing.
        options: sets of facts, each of which can settle it.
        item: position of the item that it is about.
    """

    reasons: tuple[Reason, ...]
    options: Sets
    item: int | None = None


class MissingFacts:
    """Chooses the fewest facts that serve all needs of a decision."""

    def __init__(
        self, order: Order, lawbook: Lawbook, is_known: Callable[[int, str], bool]
    ) -> None:
        """Begin with no needs.

        Args:
            order: whose words are used.
            lawbook: declares the facts.
            is_known: tells of the item at a position whether a figure is known.
        """
        self._order = order
        self._is_known = is_known
        self._lawbook = lawbook
        self._named = {party.role for party in order.parties}
        self._asked: dict[str, tuple[str, str, dict[str, None]]] = {}
        self._needs: list[Sets] = []

    def need(self, need: Need) -> None:
        """Add a need; one that no fact can serve is left out."""
        for reason in need.reasons:
            self._note_clauses(reason, reason.provision, need.item)
        options = smallest(
            # Sorted: the order in which facts come up must not hang on how sets are hashed.
            frozenset(fact for name in sorted(option) for fact in self._words(name, need.item))
            for option in need.options
        )
        if options:
            self._needs.append(options)

    def need_fact(self, fact: str, question: str, who: str) -> None:
        """Add one fact that is needed whatever else is answered."""
        self._asked.setdefault(fact, (question, who, {}))
        self._needs.append((frozenset({fact}),))

    def facts(self) -> tuple[MissingFact, ...]:
        """Return the fewest facts that serve all needs, in the order in which they came up."""
        chosen = together(self._needs) if self._needs else ()
        wanted = chosen[0] if chosen else frozenset()
        return tuple(
            MissingFact(fact, question, who, tuple(name for name in clauses if name))
            for fact, (question, who, clauses) in self._asked.items()
            if fact in wanted
        )

    def _note_clauses(self, reason: Reason, provision: str, item: int | None) -> None:
        if reason.outcome is not Outcome.UNDETERMINED:
            return
        provision = reason.provision or provision
        names: Sequence[str] = reason.missing
        if ("parties_complete", False) in reason.values:
            names = (*names, "parties_complete")
        for name in names:
            for fact in self._words(name, item):
                self._asked[fact][2][provision] = None
        for child in reason.children:
            self._note_clauses(child, provision, item)

    def _words(self, name: str, item: int | None) -> Iterable[str]:
        """Return what to ask for instead of a fact, in the words of the order."""
        found = list(self._questions(name, item))
        for fact, question, who in found:
            self._asked.setdefault(fact, (question, who, {}))
        return [fact for fact, _, _ in found]

    def _questions(self, name: str, item: int | None) -> Iterable[tuple[str, str, str]]:
        if name == "parties_complete":
            yield name, "Are all parties to the transaction named?", "exporter"
            return
        scope, _, rest = name.rpartition(".")
        of_party = scope not in ("item", "transfer", "authorizations")
        declared = f"party.{rest}" if of_party else name
        declaration = self._lawbook.declarations.facts.get(declared)
        question = declaration.question if declaration else f"What is {name}?"
        who = declaration.who if declaration else "exporter"
        if of_party:
            if scope.partition("[")[0] not in self._named:
                yield scope, f"Who is the {scope.replace('_', ' ')}?", "exporter"
                return
            question = f"{scope}: {question}"
        if rest.startswith("listed_") and self._order.screening is None:
            question = "What did a dated screening of all parties against the lists say?"
            yield "screening.lists", question, "compliance officer"
            return
        place = "" if item is None else f"items[{item}]."
        instead = self._lawbook.asked_instead.get(declared, (declared,))
        if item is not None:
            # What is known already is not asked for, unless nothing else is left to ask.
            open_ones = [a for a in instead if not self._is_known(item, a.partition(".")[2])]
            instead = tuple(open_ones) or instead
        for asked in instead:
            asked_scope, _, field = asked.partition(".")
            if asked_scope == "item":
                yield f"{place}{field}", question, who
            elif asked_scope == "party":
                yield f"{scope}.{field}", question, who
            elif asked_scope == "transfer":
                prefix = "" if field == "destination_region" else "facts."
                yield f"{prefix}{field}", question, who
            else:
                yield asked, question, who
