"""Read the text of an expression into its tree.

    >>> from chipwarden.expressions.declarations import FactDeclaration, FactType
    >>> listed = FactDeclaration("item.listed", FactType.FLAG, "Is it listed?", "compliance")
    >>> read("NOT item.listed", Declarations({"item.listed": listed}, {}), {})
    Not(operand=Fact(name='item.listed'))

Our scanner admits the tokens; sqlglot, in its DuckDB dialect, says only how they
are grouped. It sees `n7` for the operand at token 7, so that it can neither
normalise a value nor lose its place. Each token must come back in the tree.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import Token as ParserToken
from sqlglot import TokenType, exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError

from chipwarden.expressions.copying import Copier
from chipwarden.expressions.declarations import Declarations, ParameterType
from chipwarden.expressions.errors import ExpressionProblem, InvalidExpression
from chipwarden.expressions.nodes import Node
from chipwarden.expressions.resolve import resolve
from chipwarden.expressions.scan import OPENINGS, OPERANDS, Refusal, Token, scan

_TYPES = {
    "AND": TokenType.AND,
    "OR": TokenType.OR,
    "NOT": TokenType.NOT,
    "IN": TokenType.IN,
    "BETWEEN": TokenType.BETWEEN,
    "=": TokenType.EQ,
    "<>": TokenType.NEQ,
    "<": TokenType.LT,
    "<=": TokenType.LTE,
    ">": TokenType.GT,
    ">=": TokenType.GTE,
    "(": TokenType.L_PAREN,
    ")": TokenType.R_PAREN,
    ",": TokenType.COMMA,
}


def read(
    text: str,
    declarations: Declarations,
    parameters: Mapping[str, ParameterType],
    *,
    allow_is_unknown: bool = False,
) -> Node:
    """Return the tree of the expression.

    Args:
        text: the expression.
        declarations: the facts and lists that it may name.
        parameters: the parameters that it may name, with their types.
        allow_is_unknown: whether `is_unknown(fact)` may be used: red flags only, because a
            new fact flips its answer.

    Raises:
        InvalidExpression: the text is not in the language, or it is not a condition.
    """
    # (1) Refuse what the language does not have. (2) Give names and values their meaning.
    tokens, refused = scan(text)
    resolved = resolve(tokens, declarations, parameters)
    problems = refused + resolved.problems
    if not tokens and not refused:
        problems.append((0, "the expression is empty"))
    if not allow_is_unknown:
        message = "is_unknown is for red flags only: a new fact would flip a settled answer"
        problems += [(token.offset, message) for token in tokens if token.kind == "is_unknown"]
    # (3) Group the tokens, unless some are lacking. (4) Copy the tree and check its types.
    tree = _group(text, tokens, problems) if tokens and not refused else None
    node = None
    if tree is not None:
        copier = Copier(tokens, resolved)
        node = copier.copy(tree)
        problems += copier.problems
    if problems or node is None:
        places = [ExpressionProblem.at(text, *problem) for problem in set(problems)]
        raise InvalidExpression(text, sorted(places))
    return node


def _group(text: str, tokens: Sequence[Token], problems: list[Refusal]) -> exp.Expr | None:
    """Return the parser's tree, or None and a problem where it stops."""
    try:
        trees = DuckDB().parser().parse(list(_parser_tokens(tokens)), text)
    except RecursionError:
        problems.append((0, "the expression nests too deeply to be read here"))
        return None
    except ParseError as error:
        position = error.errors[0].get("col") if error.errors else None
        token = tokens[position - 1] if isinstance(position, int) else tokens[-1]
        found = f"{token.text!r}" if token is not tokens[-1] else "the end of the text"
        problems.append((token.offset, f"the condition is incomplete or out of order near {found}"))
        return None
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        problems.append((0, "this is not one condition"))
    return tree


def _parser_tokens(tokens: Sequence[Token]) -> Iterator[ParserToken]:
    """Yield what the parser sees; the column carries the position, for its error messages."""
    for position, token in enumerate(tokens):
        place = (1, position + 1, token.offset, token.offset + len(token.text) - 1)
        name = ParserToken(TokenType.VAR, f"n{position}", *place)
        if token.kind in OPERANDS:
            yield name
        elif token.kind in OPENINGS - {"("}:
            yield name
            yield ParserToken(TokenType.L_PAREN, "(", *place)
            if token.kind == "quantifier":
                yield ParserToken(TokenType.VAR, f"n{position}_list", *place)
                yield ParserToken(TokenType.COMMA, ",", *place)
                yield ParserToken(TokenType.VAR, f"n{position}_member", *place)
                yield ParserToken(TokenType.ARROW, "->", *place)
        else:
            yield ParserToken(_TYPES[token.kind], token.text, *place)
