"""Bring a random row towards a clause: set the facts that the clause asks for as it wants them.

A clause with a dozen conditions is hardly ever met by chance. What was set
before may be set otherwise for a later condition; that leaves near misses,
which are welcome.
"""

from datetime import date, timedelta
from decimal import Context, Decimal
from random import Random

from chipwarden.expressions.facts import Group
from chipwarden.expressions.nodes import (
    And,
    Compare,
    Every,
    Fact,
    InGroup,
    Node,
    Not,
    OneOf,
    Operator,
    Or,
    Parameter,
    Some,
)
from chipwarden.model.values import Value
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import Provision, Step

STEP = Decimal("0.000000001")
EXACT = Context(prec=60)
OUTSIDE = ("NZ", "BR", "TH", "CA", "CH")
_UNEQUAL = {Operator.NE, Operator.LT, Operator.GT}
_BELOW = {Operator.LT, Operator.LE}


class Towards:
    """Changes the values of one row, by column."""

    def __init__(
        self, random: Random, values: dict[str, Value | None], law: Law, slots: int
    ) -> None:
        self.random, self.values, self.law, self.slots = random, values, law, slots

    def clause(self, provision: Provision) -> None:
        """Set the facts as a clause wants them, and as those want them that it works on."""
        if works_on := (*provision.lifts, *provision.of):
            chosen = self.random.choice(works_on)
            for other in self.law.provisions:
                if other.id == chosen and other.when is not None:
                    self.meet(other.when, True)
        for node in (provision.when, provision.ready_when):
            if node is not None:
                self.meet(node, True)

    def meet(self, node: Node, wanted: bool, slot: int = 0) -> None:
        """Set the facts so that the condition comes to what is wanted."""
        match node:
            case Not(operand):
                self.meet(operand, not wanted, slot)
            case And(operands) | Or(operands):
                if isinstance(node, And) is not wanted:
                    operands = (self.random.choice(operands),)
                for operand in operands:
                    self.meet(operand, wanted, slot)
            case Some(_, body, _) | Every(_, body, _):
                places = range(1, self.slots + 1)
                one = isinstance(node, Some) is wanted
                for place in [self.random.choice(places)] if one else places:
                    self.meet(body, wanted, place)
            case Fact(name):
                self.put(name, wanted, slot)
            case InGroup(Fact(name), group):
                self.put(name, self.country(group.name, wanted), slot)
            case OneOf(Fact(name), values):
                known = [value.value for value in values]
                self.put(name, self.random.choice(known) if wanted else "other", slot)
            case Compare(operator, Fact(name), Parameter(parameter)):
                value = self.law.parameters[parameter]
                assert not isinstance(value, Group)
                self.put(name, beside(operator, value, wanted), slot)
            case Compare(operator, Fact(name), literal) if hasattr(literal, "value"):
                self.put(name, beside(operator, literal.value, wanted), slot)
            case _:
                pass

    def country(self, group: str, wanted: bool) -> str:
        """Return a country in the group, or out of it."""
        found = self.law.group(group)
        codes = sorted(found.members) if wanted else [c for c in OUTSIDE if not found.has(c)]
        return self.random.choice(codes or list(OUTSIDE))

    def put(self, fact: str, value: Value, slot: int) -> None:
        """Set one fact; a paragraph is set by what the ladder asks for it."""
        if fact == "item.paragraph":
            for rung in self.law.by_step[Step.CLASSIFICATION]:
                if rung.eccn == value and not rung.presumes_datacenter and rung.when is not None:
                    self.meet(rung.when, True)
            return
        column = fact.replace("party.", f"party{slot}.") if slot else fact
        if column in self.values:
            self.values[column] = value


def beside(operator: Operator, value: Value, wanted: bool) -> Value:
    """Return the nearest value that compares as wanted."""
    if isinstance(value, bool):
        return value is (wanted is (operator is Operator.EQ))
    if isinstance(value, str):
        return value if wanted is (operator is Operator.EQ) else "other"
    # Either bound itself will do, or the value next to it on the side that is wanted.
    if wanted is (operator not in _UNEQUAL):
        return value
    below = (operator in _BELOW) is wanted
    if isinstance(value, Decimal):
        return max(EXACT.add(value, -STEP if below else STEP), Decimal(0))
    assert isinstance(value, date)
    return value + timedelta(days=-1 if below else 1)
