"""Evaluate an expression without reasons, fast.

A tree becomes one Python closure, made once and kept. It answers as `explain`
does and as the SQL does.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias, assert_never

from chipwarden.expressions.facts import (
    UNKNOWN_COLLECTION,
    Collection,
    Facts,
    ParameterValues,
    group_of,
    value_of,
)
from chipwarden.expressions.kleene import COMPARISONS, between, in_group, truth_of
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
    Operand,
    Or,
    Parameter,
    Some,
    Text,
    in_scope,
)
from chipwarden.model.values import FactValues, Value

Check: TypeAlias = Callable[[Facts, ParameterValues], bool | None]

# (facts outside lists, facts of the member at hand, lists, parameters)
_Test: TypeAlias = Callable[
    [FactValues, FactValues, Mapping[str, Collection], ParameterValues], bool | None
]
_Get: TypeAlias = Callable[[FactValues, FactValues, ParameterValues], Value | None]

_NO_MEMBER: FactValues = {}


def evaluate(node: Node, facts: Facts, parameters: ParameterValues) -> bool | None:
    """Return TRUE, FALSE or, where it is undetermined, None.

    Raises:
        UnboundParameter: a parameter that decides has no value.
        InvalidParameter: a parameter's value is not of the kind that it is used as.
    """
    return compile_node(node)(facts, parameters)


@lru_cache(maxsize=4096)
def compile_node(node: Node) -> Check:
    """Return the function that evaluates this node; keep it to spare the look-up."""
    test = _test(node, "")

    def check(facts: Facts, parameters: ParameterValues) -> bool | None:
        return test(facts.values, _NO_MEMBER, facts.collections, parameters)

    return check


def _test(node: Node, scope: str) -> _Test:
    match node:
        case Compare() | Between() | OneOf() | InGroup():
            return _leaf(node, scope)
        case Flag(value):
            return lambda values, member, lists, parameters: value
        case Fact() | Parameter():
            get, name = _get(node, scope), node.name
            return lambda values, member, lists, parameters: truth_of(
                name, get(values, member, parameters)
            )
        case IsUnknown(operand):
            get = _get(operand, scope)
            return lambda values, member, lists, parameters: get(values, member, parameters) is None
        case Not(operand):
            return _not(_test(operand, scope))
        case And(operands):
            return _junction(tuple(_test(operand, scope) for operand in operands), False)
        case Or(operands):
            return _junction(tuple(_test(operand, scope) for operand in operands), True)
        case Some(collection, body, inner):
            return _over(collection, _test(body, inner), True)
        case Every(collection, body, inner):
            return _over(collection, _test(body, inner), False)
        case Number() | Text() | Day():
            raise TypeError(f"{node} is a value, not a condition")
        case _:
            assert_never(node)


def _leaf(node: Compare | Between | OneOf | InGroup, scope: str) -> _Test:
    match node:
        case Compare(operator, left, right):
            holds = COMPARISONS[operator]
            get_left, get_right = _get(left, scope), _get(right, scope)

            def compared(
                values: FactValues,
                member: FactValues,
                lists: Mapping[str, Collection],
                parameters: ParameterValues,
            ) -> bool | None:
                one = get_left(values, member, parameters)
                if one is None:
                    return None
                other = get_right(values, member, parameters)
                return None if other is None else holds(one, other)

            return compared
        case Between(operand, low, high):
            get, get_low, get_high = (_get(part, scope) for part in (operand, low, high))
            return lambda values, member, lists, parameters: between(
                get(values, member, parameters),
                get_low(values, member, parameters),
                get_high(values, member, parameters),
            )
        case OneOf(operand, literals):
            get = _get(operand, scope)
            known = frozenset(literal.value for literal in literals)

            def one_of(
                values: FactValues,
                member: FactValues,
                lists: Mapping[str, Collection],
                parameters: ParameterValues,
            ) -> bool | None:
                value = get(values, member, parameters)
                return None if value is None else value in known

            return one_of
        case InGroup(operand, group):
            get, name = _get(operand, scope), group.name
            return lambda values, member, lists, parameters: in_group(
                get(values, member, parameters), group_of(parameters, name)
            )
        case _:
            assert_never(node)


def _get(operand: Operand, scope: str) -> _Get:
    match operand:
        case Fact(name) if in_scope(name, scope):
            return lambda values, member, parameters: member.get(name)
        case Fact(name):
            return lambda values, member, parameters: values.get(name)
        case Parameter(name):
            return lambda values, member, parameters: value_of(parameters, name)
        case Number() | Text() | Flag() | Day():
            value = operand.value
            return lambda values, member, parameters: value
        case _:
            assert_never(operand)


def _not(test: _Test) -> _Test:
    def negated(
        values: FactValues,
        member: FactValues,
        lists: Mapping[str, Collection],
        parameters: ParameterValues,
    ) -> bool | None:
        truth = test(values, member, lists, parameters)
        return None if truth is None else not truth

    return negated


def _junction(tests: tuple[_Test, ...], decisive: bool) -> _Test:
    """Return OR, which one TRUE decides, or AND, which one FALSE decides."""

    def joined(
        values: FactValues,
        member: FactValues,
        lists: Mapping[str, Collection],
        parameters: ParameterValues,
    ) -> bool | None:
        answer: bool | None = not decisive
        for test in tests:
            truth = test(values, member, lists, parameters)
            if truth is decisive:
                return decisive
            if truth is None:
                answer = None
        return answer

    return joined


def _over(collection: str, test: _Test, decisive: bool) -> _Test:
    """Return `some`, which one TRUE decides, or `every`, which one FALSE decides."""

    def quantified(
        values: FactValues,
        member: FactValues,
        lists: Mapping[str, Collection],
        parameters: ParameterValues,
    ) -> bool | None:
        known = lists.get(collection, UNKNOWN_COLLECTION)
        answer = (not decisive) if known.complete else None
        for each in known.members:
            truth = test(values, each, lists, parameters)
            if truth is decisive:
                return decisive
            if truth is None:
                answer = None
        return answer

    return quantified
