"""Copy the parser's tree into our nodes and check that it is in the language.

The parser was given `n7` for the operand at token 7, so every leaf leads back to
its token. A shape that is not listed here is refused, and a token that the tree
has lost is refused as well.
"""

import re
from collections.abc import Sequence

from sqlglot import exp

from chipwarden.expressions.nodes import (
    And,
    Between,
    Compare,
    Day,
    Every,
    Fact,
    Flag,
    InGroup,
    IsUnknown,
    Node,
    Not,
    Number,
    OneOf,
    Operator,
    Or,
    Parameter,
    Some,
    Text,
)
from chipwarden.expressions.resolve import OperandType, Resolved, Typed
from chipwarden.expressions.scan import OPENINGS, OPERANDS, Refusal, Token
from chipwarden.expressions.text import to_text

_OPERATORS: dict[type[exp.Expr], Operator] = {
    exp.EQ: Operator.EQ,
    exp.NEQ: Operator.NE,
    exp.LT: Operator.LT,
    exp.LTE: Operator.LE,
    exp.GT: Operator.GT,
    exp.GTE: Operator.GE,
}
_LEAF = re.compile(r"n(\d+)(_list|_member)?")


class Copier:
    """Copies one tree; `problems` grows as it goes."""

    def __init__(self, tokens: Sequence[Token], resolved: Resolved) -> None:
        """Take the tokens that the parser was given, and what they stand for."""
        self._tokens = tokens
        self._resolved = resolved
        self._seen: set[int] = set()
        self.problems: list[Refusal] = []

    def copy(self, tree: exp.Expr) -> Node | None:
        """Return the tree as our node, or None where a problem was found."""
        node = self._condition(tree)
        if node is not None:
            for position, token in enumerate(self._tokens):
                is_leaf = token.kind in OPERANDS or token.kind in OPENINGS - {"("}
                if is_leaf and position not in self._seen:
                    self.problems.append((token.offset, f"{token.text} has no place here"))
        return node

    def _condition(self, tree: exp.Expr) -> Node | None:
        while isinstance(tree, exp.Paren):
            tree = tree.this
        if isinstance(tree, exp.And | exp.Or):
            return self._junction(tree)
        if isinstance(tree, exp.Not):
            inner = self._condition(tree.this)
            return None if inner is None else Not(inner)
        if (operator := _OPERATORS.get(type(tree))) is not None:
            return self._comparison(tree, operator)
        if isinstance(tree, exp.Between):
            return self._between(tree)
        if isinstance(tree, exp.In):
            return self._membership(tree)
        if isinstance(tree, exp.Anonymous):
            return self._call(tree)
        if isinstance(tree, exp.Column):
            return self._flag(tree)
        return self._refuse(tree, "this is not a condition of the language")

    def _junction(self, tree: exp.And | exp.Or) -> Node | None:
        # A AND B AND C leans to the left; it is walked in a loop because it may be long.
        kind = type(tree)
        branches: list[exp.Expr] = []
        at: exp.Expr = tree
        while isinstance(at, kind):
            branches.append(at.expression)
            at = at.this
        branches.append(at)
        parts = [self._condition(branch) for branch in reversed(branches)]
        known = tuple(part for part in parts if part is not None)
        if len(known) < len(parts):
            return None
        return And(known) if isinstance(tree, exp.And) else Or(known)

    def _flag(self, tree: exp.Expr) -> Node | None:
        typed = self._operand(tree)
        if typed is None:
            return None
        if typed.type is not OperandType.FLAG:
            return self._refuse(tree, f"{_named(typed)}, not a condition; compare it")
        return typed.node

    def _comparison(self, tree: exp.Expr, operator: Operator) -> Node | None:
        left, right = self._operand(tree.this), self._operand(tree.expression)
        if left is None or right is None:
            return None
        if not self._agree(tree, (left, right)):
            return None
        if left.type is OperandType.FLAG and operator not in (Operator.EQ, Operator.NE):
            return self._refuse(tree, f"flags have no order: {operator} cannot compare them")
        return Compare(operator, left.node, right.node)

    def _between(self, tree: exp.Between) -> Node | None:
        operands = [self._operand(tree.args[key]) for key in ("this", "low", "high")]
        known = tuple(operand for operand in operands if operand is not None)
        if len(known) < len(operands) or not self._agree(tree, known):
            return None
        if known[0].type is OperandType.FLAG:
            return self._refuse(tree, "flags have no order: BETWEEN cannot compare them")
        return Between(*(operand.node for operand in known))

    def _membership(self, tree: exp.In) -> Node | None:
        subject = self._operand(tree.this)
        group = tree.args.get("field")
        if group is not None:
            return self._group(tree, subject, self._operand(group))
        values = [self._operand(value) for value in tree.expressions]
        known = tuple(value for value in values if value is not None)
        if subject is None or len(known) < len(values):
            return None
        if not isinstance(subject.node, Fact | Parameter):
            return self._refuse(tree, "the left side of IN must be a fact or a parameter")
        literals = tuple(
            value.node for value in known if isinstance(value.node, Number | Text | Flag | Day)
        )
        if not literals or len(literals) < len(known):
            return self._refuse(tree, "IN needs values in brackets, as in ('a', 'b'), or a :group")
        if subject.type is OperandType.FLAG:
            return self._refuse(tree, "a flag is TRUE or FALSE: compare it with = instead of IN")
        return OneOf(subject.node, literals) if self._agree(tree, (subject, *known)) else None

    def _group(self, tree: exp.In, subject: Typed | None, group: Typed | None) -> Node | None:
        if subject is None or group is None:
            return None
        if group.type is not OperandType.GROUP or not isinstance(group.node, Parameter):
            return self._refuse(tree, f"IN needs values in brackets or a group; {_named(group)}")
        if subject.type is not OperandType.COUNTRY or not isinstance(subject.node, Fact):
            message = f"only a country can be looked up in a group; {_named(subject)}"
            return self._refuse(tree, message)
        return InGroup(subject.node, group.node)

    def _call(self, tree: exp.Anonymous) -> Node | None:
        match = _LEAF.fullmatch(str(tree.this))
        assert match is not None, "the scanner lets no other call pass"
        position = int(match.group(1))
        self._seen.add(position)
        head = self._resolved.quantifiers.get(position)
        if head is None:
            fact = self._operand(tree.expressions[0]) if len(tree.expressions) == 1 else None
            if fact is not None and isinstance(fact.node, Fact):
                return IsUnknown(fact.node)
            return self._refuse(tree, "is_unknown takes one fact, as in is_unknown(item.tpp)")
        function = tree.expressions[-1] if len(tree.expressions) == 2 else None
        if not isinstance(function, exp.Lambda):
            return self._refuse(tree, f"{head.word} takes a list and one condition on its members")
        body = self._condition(function.this)
        if body is None or not head.scope:
            return None
        kind = Some if head.word == "some" else Every
        return kind(head.collection, body, head.scope)

    def _operand(self, tree: exp.Expr) -> Typed | None:
        """Return the operand of a leaf; anything else in its place is refused."""
        match = _LEAF.fullmatch(tree.name) if isinstance(tree, exp.Column) else None
        if match is None:
            if type(tree) in _OPERATORS:
                message = "comparisons cannot be chained; join two of them by AND"
            else:
                message = "a fact, a parameter or a value was expected here, without brackets"
            self._refuse(tree, message)
            return None
        position = int(match.group(1))
        self._seen.add(position)
        return self._resolved.operands.get(position)

    def _agree(self, tree: exp.Expr, operands: Sequence[Typed]) -> bool:
        """Return whether all have one type that can be compared; report it where not."""
        first = operands[0]
        for other in operands:
            if OperandType.GROUP in (first.type, other.type):
                self._refuse(tree, "a group can only stand after IN")
                return False
            if other.type.compared_as is not first.type.compared_as:
                message = f"both sides must have one type: {_named(first)}, {_named(other)}"
                self._refuse(tree, message)
                return False
        return True

    def _refuse(self, tree: exp.Expr, message: str) -> Node | None:
        """Note the problem at the first token of this part, and return no node."""
        names = [leaf.name for leaf in tree.find_all(exp.Identifier)]
        names += [str(call.this) for call in tree.find_all(exp.Anonymous)]
        positions = [int(match.group(1)) for match in map(_LEAF.fullmatch, names) if match]
        first = min(positions, default=0)
        self.problems.append((self._tokens[first].offset, message))
        return None


def _named(typed: Typed) -> str:
    return f"{to_text(typed.node)} is a {typed.type}"
