"""What each condition on operands comes to: TRUE, FALSE or NULL as in SQL.

Here None is SQL's NULL, an unknown operand or an undetermined answer.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any, Final

from chipwarden.expressions.facts import Group
from chipwarden.expressions.nodes import Operator
from chipwarden.model.values import Value

COMPARISONS: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


def compare(comparison: Operator, left: Value | None, right: Value | None) -> bool | None:
    """Return `left comparison right`."""
    if left is None or right is None:
        return None
    return COMPARISONS[comparison](left, right)


def between(value: Value | None, low: Value | None, high: Value | None) -> bool | None:
    """Return `value >= low AND value <= high`: no when either part is no."""
    above = compare(Operator.GE, value, low)
    if above is False:
        return False
    below = compare(Operator.LE, value, high)
    if below is False:
        return False
    return None if above is None or below is None else True


def one_of(value: Value | None, values: Iterable[Value]) -> bool | None:
    """Return `value IN (values)`; the values themselves are known."""
    return None if value is None else value in values


def in_group(code: Value | None, group: Group) -> bool | None:
    """Return whether the code belongs to the group."""
    return None if code is None else group.has(str(code))


def truth_of(name: str, value: Value | None) -> bool | None:
    """Return the value of a flag.

    Raises:
        TypeError: the value is not TRUE, FALSE or unknown.
    """
    if value is None or isinstance(value, bool):
        return value
    raise TypeError(f"{name} is used as a flag but its value is {value!r}")
