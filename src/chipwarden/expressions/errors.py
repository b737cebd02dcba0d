"""Errors of the expression language.

The tree of classes:

    ChipwardenError
    ├── InvalidExpression     a text that is not in the language: all its problems at once
    ├── UnboundParameter      a parameter without a value where one is needed
    └── InvalidParameter      a parameter's value that cannot be used there
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chipwarden.model.errors import ChipwardenError


@dataclass(frozen=True, slots=True, order=True)
class ExpressionProblem:
    """One thing wrong with the text of an expression.

    Attributes:
        offset: characters before it, from 0.
        line: its line, from 1.
        column: its column in that line, from 1.
        message: what was found and what was expected.
    """

    offset: int
    line: int
    column: int
    message: str

    @classmethod
    def at(cls, text: str, offset: int, message: str) -> "ExpressionProblem":
        """Return the problem with line and column counted in `text`."""
        line = text.count("\n", 0, offset) + 1
        column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        return cls(offset, line, column, message)

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class InvalidExpression(ChipwardenError):
    """A text is not in the language; `problems` holds every one that was found, in order."""

    def __init__(self, text: str, problems: Sequence[ExpressionProblem]) -> None:
        self.text = text
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"the expression cannot be used:\n{lines}")


class UnboundParameter(ChipwardenError):
    """An expression names a parameter to which no value was given."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the parameter :{name} has no value; give it one for the date asked")


class InvalidParameter(ChipwardenError):
    """A parameter has a value that the expression cannot use."""

    def __init__(self, name: str, expected: str) -> None:
        self.name = name
        self.expected = expected
        super().__init__(f"the parameter :{name} has an unusable value; expected {expected}")
