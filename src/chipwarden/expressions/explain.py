"""Explain an expression: the tree of reasons behind its answer.

Every node of the expression becomes a Reason; nothing is skipped because another
part already settled the answer, so that a reader sees the whole clause. As in
`evaluate`, a tree becomes one closure that is kept, with its texts made once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, TypeAlias, assert_never

from chipwarden.expressions.evaluate import compile_node, evaluate
from chipwarden.expressions.facts import (
    UNKNOWN_COLLECTION,
    Collection,
    Facts,
    Group,
    ParameterValues,
    group_of,
    value_of,
)
from chipwarden.expressions.kleene import between, compare, in_group, one_of, truth_of
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
from chipwarden.expressions.text import to_text
from chipwarden.model.outcome import Outcome, conjunction, disjunction, negation
from chipwarden.model.reasons import Reason
from chipwarden.model.values import FactValues, Value

__all__ = ["compile_node", "evaluate", "explain", "missing_facts"]


def explain(node: Node, facts: Facts, parameters: ParameterValues) -> Reason:
    """Return the reasons for what the expression comes to.

    `values` names the facts and parameters looked at. `missing` stands on the innermost
    nodes that an unknown fact leaves undetermined; `missing_facts` gathers them. Facts of a
    member are named by its label, such as "parties[1].headquarters". Where all members
    are settled and only the list may lack some, "parties_complete" is missing.

    Raises:
        UnboundParameter: a parameter has no value.
        InvalidParameter: a parameter's value is not of the kind that it is used as.
    """
    return _explainer(node)(_View(facts.values, facts.collections, parameters, {}, ""))


def missing_facts(reason: Reason) -> tuple[str, ...]:
    """Return the facts missing along the undetermined nodes, each once, in reading order."""
    names: dict[str, None] = {}
    open_nodes = [reason]
    while open_nodes:
        node = open_nodes.pop()
        if node.outcome is Outcome.UNDETERMINED:
            names.update(dict.fromkeys(node.missing))
            open_nodes.extend(reversed(node.children))
    return tuple(names)


@dataclass(slots=True)
class _View:
    """The facts as one node sees them: within a quantifier also those of one member."""

    values: FactValues
    collections: Mapping[str, Collection]
    parameters: ParameterValues
    member: FactValues
    label: str


_Explain: TypeAlias = Callable[[_View], Reason]


@lru_cache(maxsize=4096)
def _explainer(node: Node) -> _Explain:
    return _compile(node, "")


def _compile(node: Node, scope: str) -> _Explain:
    match node:
        case And(operands):
            parts = tuple(_compile(operand, scope) for operand in operands)
            return partial(_join, to_text(node), False, parts)
        case Or(operands):
            parts = tuple(_compile(operand, scope) for operand in operands)
            return partial(_join, to_text(node), True, parts)
        case Not(operand):
            return partial(_negate, to_text(node), _compile(operand, scope))
        case Some() | Every():
            return partial(_quantify, to_text(node), node, _compile(node.body, node.scope))
        case Compare(operator, left, right):
            return _leaf(node, scope, (left, right), partial(compare, operator))
        case Between(operand, low, high):
            return _leaf(node, scope, (operand, low, high), between)
        case OneOf(operand, literals):
            known = frozenset(literal.value for literal in literals)
            return _leaf(node, scope, (operand,), lambda value: one_of(value, known))
        case InGroup(operand, group):
            return _leaf(node, scope, (operand, group), in_group)
        case IsUnknown(operand):
            return _leaf(node, scope, (operand,), lambda value: value is None)
        case Flag(value):
            return _leaf(node, scope, (), lambda: value)
        case Fact(name) | Parameter(name):
            return _leaf(node, scope, (node,), partial(truth_of, name))
        case Number() | Text() | Day():
            raise TypeError(f"{node} is a value, not a condition")
        case _:
            assert_never(node)


def _join(text: str, decisive: bool, parts: tuple[_Explain, ...], view: _View) -> Reason:
    children = tuple(part(view) for part in parts)
    join = disjunction if decisive else conjunction
    joined = "any" if decisive else "all"
    return Reason(text, join(c.outcome for c in children), children=children, joined=joined)


def _negate(text: str, part: _Explain, view: _View) -> Reason:
    child = part(view)
    return Reason(text, negation(child.outcome), children=(child,), joined="not")


def _quantify(text: str, node: Some | Every, body: _Explain, view: _View) -> Reason:
    known = view.collections.get(node.collection, UNKNOWN_COLLECTION)
    children = []
    for position, member in enumerate(known.members):
        label = known.label(node.collection, position)
        reason = body(_View(view.values, view.collections, view.parameters, member, label))
        note = f"{label}: {reason.note}" if reason.note else label
        children.append(replace(reason, note=note))
    outcomes = [child.outcome for child in children]
    may_lack = [] if known.complete else [Outcome.UNDETERMINED]
    join = disjunction if isinstance(node, Some) else conjunction
    outcome = join(outcomes + may_lack)
    completeness = f"{node.collection}_complete"
    # Alone: all members are settled, and only a member not listed could change the answer.
    alone = outcome is Outcome.UNDETERMINED and outcome not in outcomes
    return Reason(
        text,
        outcome,
        values=((completeness, known.complete),),
        missing=(completeness,) if alone else (),
        children=tuple(children),
        joined="any" if isinstance(node, Some) else "all",
    )


def _leaf(
    node: Node, scope: str, operands: tuple[Operand, ...], decide: Callable[..., bool | None]
) -> _Explain:
    """Return what explains a condition on operands; `decide` is given their values in order."""
    is_group = isinstance(node, InGroup)
    bind = group_of if is_group else value_of
    text, gets = to_text(node), [_get(operand, scope, bind) for operand in operands]
    # Position, name and whether the name begins with the member's label; each operand once.
    named = {
        operand: (position, to_text(operand), in_scope(to_text(operand), scope))
        for position, operand in enumerate(operands)
        if isinstance(operand, Fact | Parameter)
    }

    def explain_leaf(view: _View) -> Reason:
        found = [get(view) for get in gets]
        outcome = Outcome.of(decide(*found))
        values: list[tuple[str, Value | None]] = []
        missing: list[str] = []
        note = ""
        for position, name, is_inner in named.values():
            value = found[position]
            if is_inner:
                name = view.label + name[len(scope) :]
            if value is None and outcome is Outcome.UNDETERMINED:
                missing.append(name)
            values.append((name, value.name if isinstance(value, Group) else value))
        if is_group and outcome is Outcome.UNDETERMINED and not missing:
            note = f"whether {found[0]} belongs to {found[1].name} is not certain"
        return Reason(text, outcome, values=tuple(values), missing=tuple(missing), note=note)

    return explain_leaf


def _get(
    operand: Operand, scope: str, bind: Callable[[ParameterValues, str], Value | Group]
) -> Callable[[_View], Any]:
    match operand:
        case Fact(name) if in_scope(name, scope):
            return lambda view: view.member.get(name)
        case Fact(name):
            return lambda view: view.values.get(name)
        case Parameter(name):
            return lambda view: bind(view.parameters, name)
        case _:
            value = operand.value
            return lambda view: value
