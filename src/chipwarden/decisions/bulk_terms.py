"""Terms of one SELECT: SQL expressions that are shared where they occur twice.

Clauses of law repeat each other: the same comparison, the same test of a party.
A sheet holds each distinct term once, settles what is constant, and writes
what is used more than once as a column of an inner SELECT, so that the
database computes it once a row.

A truth with its three values is kept as two terms that are never NULL: whether
it is certain, and whether it is possible. Databases join such columns many
times faster than columns with NULL, and a floor needs only the one, a ceiling
only the other.

    >>> sheet = Sheet()
    >>> us = sheet.truth_of('"us"', ['"us"'])
    >>> sheet.select({"a": sheet.all_of([us, YES]).certain}, "orders", ())
    'SELECT (("us") IS TRUE) AS "a" FROM orders'
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NewType

Term = NewType("Term", int)

# The first two terms of every sheet.
FALSE, TRUE = Term(0), Term(1)


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes: certain and possible; no: neither; undetermined: possible alone."""

    certain: Term
    possible: Term


YES, NO, UNDETERMINED = Truth(TRUE, TRUE), Truth(FALSE, FALSE), Truth(FALSE, TRUE)


@dataclass(frozen=True, slots=True)
class _Node:
    """A template with a place for each part; trivial ones are never shared."""

    template: str
    parts: tuple[Term, ...]
    trivial: bool


class Sheet:
    """All terms of one SELECT."""

    def __init__(self) -> None:
        self._nodes: list[_Node] = []
        self._found: dict[tuple[str, tuple[Term, ...]], Term] = {}
        assert (self.column("FALSE"), self.column("TRUE")) == (FALSE, TRUE)

    # ---------------------------------------------------------------- terms

    def column(self, sql: str) -> Term:
        """Return a column or a constant."""
        return self._term(_escaped(sql), (), trivial=True)

    def leaf(self, sql: str) -> Term:
        """Return a term over columns alone."""
        return self._term(f"({_escaped(sql)})", ())

    def of(self, template: str, *parts: Term) -> Term:
        """Return a term made from others; `{}` marks the place of each."""
        return self._term(template, parts)

    def both(self, terms: Iterable[Term]) -> Term:
        """Return AND of terms that are never NULL."""
        return self._junction(terms, " AND ", TRUE, FALSE)

    def any(self, terms: Iterable[Term]) -> Term:
        """Return OR of terms that are never NULL."""
        return self._junction(terms, " OR ", FALSE, TRUE)

    def no(self, term: Term) -> Term:
        """Return NOT of a term that is never NULL."""
        if term in (TRUE, FALSE):
            return FALSE if term == TRUE else TRUE
        node = self._nodes[term]
        return node.parts[0] if node.template == "(NOT {})" else self.of("(NOT {})", term)

    def number(self, weights: Iterable[tuple[Term, int]], kind: str) -> Term:
        """Return the sum of the weights whose terms are TRUE."""
        parts, words = [], []
        for term, weight in weights:
            if term != FALSE:
                words.append(f"CAST({{}} AS {kind})" + (f" * {weight}" if weight != 1 else ""))
                parts.append(term)
        return self.of(f"CAST({' + '.join(words) or '0'} AS {kind})", *parts)

    # ---------------------------------------------------------------- truths

    def truth_of(self, sql: str, columns: Iterable[str]) -> Truth:
        """Return what a condition comes to that is NULL where one of its columns is."""
        certain = self.leaf(f"({sql}) IS TRUE")
        unknown = [self.leaf(f"{column} IS NULL") for column in columns]
        return Truth(certain, self.any([certain, *unknown]))

    def constant(self, value: bool | None) -> Truth:
        """Return a truth that is the same in all rows."""
        return UNDETERMINED if value is None else YES if value else NO

    def all_of(self, truths: Iterable[Truth]) -> Truth:
        """Return AND."""
        several = list(truths)
        return Truth(
            self.both(truth.certain for truth in several),
            self.both(truth.possible for truth in several),
        )

    def any_of(self, truths: Iterable[Truth]) -> Truth:
        """Return OR."""
        several = list(truths)
        return Truth(
            self.any(truth.certain for truth in several),
            self.any(truth.possible for truth in several),
        )

    def negation(self, truth: Truth) -> Truth:
        """Return NOT."""
        return Truth(self.no(truth.possible), self.no(truth.certain))

    # ---------------------------------------------------------------- making

    def _junction(self, terms: Iterable[Term], word: str, empty: Term, decisive: Term) -> Term:
        parts = [term for term in dict.fromkeys(terms) if term != empty]
        if decisive in parts:
            return decisive
        if len(parts) < 2:
            return parts[0] if parts else empty
        return self.of("(" + word.join("{}" for _ in parts) + ")", *parts)

    def _term(self, template: str, parts: tuple[Term, ...], trivial: bool = False) -> Term:
        key = (template, parts)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = Term(len(self._nodes))
            self._nodes.append(_Node(template, parts, trivial))
        return found

    # ---------------------------------------------------------------- writing SQL

    def select(self, outputs: Mapping[str, Term], source: str, keep: Sequence[str]) -> str:
        """Return a SELECT of columns to keep and of the outputs over a source.

        Args:
            outputs: terms by name.
            source: what follows FROM.
            keep: columns of the source that are passed through, as written in SQL.
        """
        uses = self._uses(outputs.values())
        shared = {t for t, count in uses.items() if count > 1 and not self._nodes[t].trivial}
        # Parts are made before what they are part of, so that one pass in order is enough.
        depth: dict[Term, int] = {}
        for term in sorted(uses):
            parts = self._nodes[term].parts
            depth[term] = max((depth[part] + (part in shared) for part in parts), default=0)
        for level in range(max((depth[term] for term in shared), default=-1) + 1):
            columns = [
                f"{self._text(term, shared, inside=True)} AS t{term}"
                for term in sorted(shared)
                if depth[term] == level
            ]
            source = f"(SELECT *, {', '.join(columns)} FROM {source})"
        written = [f'{self._text(term, shared)} AS "{name}"' for name, term in outputs.items()]
        return f"SELECT {', '.join([*keep, *written])} FROM {source}"

    def _uses(self, roots: Iterable[Term]) -> Counter[Term]:
        """Return for each needed term how many other terms, or outputs, use it."""
        uses: Counter[Term] = Counter()
        waiting = list(roots)
        while waiting:
            term = waiting.pop()
            uses[term] += 1
            if uses[term] == 1:
                waiting.extend(self._nodes[term].parts)
        return uses

    def _text(self, term: Term, shared: set[Term], inside: bool = False) -> str:
        if term in shared and not inside:
            return f"t{term}"
        node = self._nodes[term]
        return node.template.format(*(self._text(part, shared) for part in node.parts))


def _escaped(sql: str) -> str:
    return sql.replace("{", "{{").replace("}", "}}")
