"""Conditions of clauses as terms of a sheet, under one possible paragraph.

What is known when the SQL is written is settled at once: the paragraph, facts
without a column, parameters. `some` and `every` are written out place by place
(docs/adr/0002); a country is looked up once a row for all groups that clauses
ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chipwarden.decisions.bulk_columns import EPOCH, Columns, Place, with_columns
from chipwarden.decisions.bulk_epochs import (
    Epochs,
    Memberships,
    conditions,
    is_used,
    values_of,
    walk,
)
from chipwarden.decisions.bulk_terms import FALSE, TRUE, UNDETERMINED, YES, Sheet, Truth
from chipwarden.expressions.evaluate import evaluate
from chipwarden.expressions.facts import Facts, ParameterValues
from chipwarden.expressions.nodes import (
    And,
    Between,
    Compare,
    Every,
    Fact,
    InGroup,
    IsUnknown,
    Node,
    Not,
    Operator,
    Or,
    Some,
)
from chipwarden.expressions.sql import to_duckdb
from chipwarden.model.values import FactValues
from chipwarden.rules.provisions import Provision

PARTIES = "parties"

# A few codes are compared faster than they are looked up; many, or changing ones, are not.
_FEW_CODES, _FEW_GROUPS = 3, 2


@dataclass
class Conditions:
    """Writes conditions as terms; remembers what they ask for.

    Attributes:
        memberships: the groups that are looked up.
        looked_up: the columns of countries whose groups are.
        asked: the facts that have columns.
    """

    sheet: Sheet
    epochs: Epochs
    columns: Columns
    memberships: Memberships = field(init=False)
    looked_up: dict[str, None] = field(default_factory=dict, init=False)
    asked: set[str] = field(default_factory=set, init=False)
    _groups: Mapping[str, set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.memberships = Memberships(self.epochs)
        self._groups = _groups_by_fact(self.epochs)

    def clause(self, provision: Provision, known: FactValues, *, ready: bool = False) -> Truth:
        """Return what a clause comes to: FALSE where it is not in force.

        Args:
            provision: the clause.
            known: facts that are settled when the SQL is written; None: unknown.
            ready: its `ready_when` in place of its `when`.
        """
        node = provision.ready_when if ready else provision.when
        assert node is not None
        in_force = self.epochs.in_force(provision)
        found = []
        for numbers in self.epochs.versions(values_of(node), in_force).values():
            parameters = self.epochs.laws[min(numbers)].parameters
            condition = self._truth(node, Place(known), parameters)
            within = self._within(numbers)
            found.append(self.sheet.all_of([within, condition]))
        return self.sheet.any_of(found)

    def fact(self, column: str) -> Truth:
        """Return a flag's column."""
        if not self.columns.has(column):
            return UNDETERMINED
        return self.sheet.truth_of(f'"{column}"', [f'"{column}"'])

    def in_use(self, slot: int) -> Truth:
        """Return whether a place for a party is taken."""
        if not self.columns.has(f"{PARTIES}.count"):
            return UNDETERMINED
        count = f'"{PARTIES}.count"'
        return self.sheet.truth_of(f"{count} >= {slot}", [count])

    def _within(self, numbers: frozenset[int]) -> Truth:
        """Return whether the row's epoch is one of these."""
        if numbers == self.epochs.every:
            return YES
        runs: list[list[int]] = []
        for number in sorted(numbers):
            if runs and runs[-1][1] == number - 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        within = self.sheet.any(
            self.sheet.leaf(f'"{EPOCH}" BETWEEN {first} AND {last}') for first, last in runs
        )
        return Truth(within, within)

    def _truth(self, node: Node, place: Place, parameters: ParameterValues) -> Truth:
        sheet = self.sheet
        match node:
            case And(operands):
                return sheet.all_of(self._truth(part, place, parameters) for part in operands)
            case Or(operands):
                return sheet.any_of(self._truth(part, place, parameters) for part in operands)
            case Not(operand):
                return sheet.negation(self._truth(operand, place, parameters))
            case Some(collection, body, scope):
                return self._quantifier(collection, body, scope, place, parameters, is_some=True)
            case Every(collection, body, scope):
                return self._quantifier(collection, body, scope, place, parameters, is_some=False)
            case Between(operand, low, high):
                return sheet.all_of(
                    self._truth(part, place, parameters)
                    for part in (
                        Compare(Operator.GE, operand, low), Compare(Operator.LE, operand, high)
                    )
                )  # fmt: skip
            case _:
                return self._leaf(node, place, parameters)

    def _leaf(self, node: Node, place: Place, parameters: ParameterValues) -> Truth:
        facts = [part.name for part in walk(node) if isinstance(part, Fact)]
        known = {
            name: place.known.get(name)
            for name in facts
            if name in place.known or not self.columns.has(place.column(name))
        }
        if len(known) == len(facts):
            return self.sheet.constant(evaluate(node, Facts(known), parameters))
        if any(value is None for value in known.values()) and not isinstance(node, IsUnknown):
            return UNDETERMINED
        self.asked.update(facts)
        if isinstance(node, InGroup) and self._is_looked_up(node.operand.name):
            return self._membership(place.column(node.operand.name), node.group.name)
        sql = to_duckdb(with_columns(node, place), parameters, slots=0)
        columns = [f'"{place.column(name)}"' for name in facts if name not in known]
        return self.sheet.truth_of(sql, columns)

    def _is_looked_up(self, fact: str) -> bool:
        """Return whether the country is looked up once for all groups, as fast and exact."""
        groups = self._groups.get(fact, set())
        if len(groups) > _FEW_GROUPS:
            return True
        versions = [
            {law.group(name) for law in self.epochs.laws} for name in groups
        ]
        return any(
            len(found) > 1 or group.uncertain or len(group.members) > _FEW_CODES
            for found in versions
            for group in found
        )

    def _membership(self, column: str, group: str) -> Truth:
        self.looked_up[column] = None
        bit = self.memberships.bit(group)
        return Truth(
            self.sheet.leaf(f'"certain.{column}" & {bit} <> 0'),
            self.sheet.leaf(f'"possible.{column}" & {bit} <> 0'),
        )

    def _quantifier(
        self,
        collection: str,
        body: Node,
        scope: str,
        place: Place,
        parameters: ParameterValues,
        *,
        is_some: bool,
    ) -> Truth:
        sheet = self.sheet
        assert collection == PARTIES
        parts = []
        for slot in range(1, self.columns.slots + 1):
            condition = self._truth(body, replace(place, scope=scope, slot=slot), parameters)
            taken = self.in_use(slot)
            parts.append(
                sheet.all_of([taken, condition])
                if is_some
                else sheet.any_of([sheet.negation(taken), condition])
            )
        joined = sheet.any_of if is_some else sheet.all_of
        return joined([*parts, self._end(is_some)])

    def _end(self, is_some: bool) -> Truth:
        """Return what is said of parties that may not be listed: nothing, if there are any."""
        count, complete = f"{PARTIES}.count", f"{PARTIES}.complete"
        if not (self.columns.has(count) and self.columns.has(complete)):
            return UNDETERMINED
        whole = self.sheet.leaf(f'("{complete}" AND "{count}" <= {self.columns.slots}) IS TRUE')
        return Truth(FALSE, self.sheet.no(whole)) if is_some else Truth(whole, TRUE)


def _groups_by_fact(epochs: Epochs) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for provision in epochs.all_provisions:
        if is_used(provision) and epochs.in_force(provision):
            for node in conditions(provision):
                for part in walk(node):
                    if isinstance(part, InGroup):
                        found.setdefault(part.operand.name, set()).add(part.group.name)
    return found
