"""The evaluator, the explainer and the SQL agree with each other and with plain DuckDB."""

import os
from collections import Counter
from dataclasses import fields
from itertools import islice
from random import Random

from chipwarden.expressions.evaluate import compile_node
from chipwarden.expressions.explain import explain
from chipwarden.expressions.nodes import Node
from chipwarden.expressions.read import read
from chipwarden.expressions.sql import to_duckdb
from chipwarden.expressions.text import to_text

from .engine import answers, load
from .generate import SLOTS, expressions, facts_of, parameter_values, row
from .vocabulary import DECLARATIONS, PARAMETERS

CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "10000"))
ROWS, EXPRESSIONS_A_QUERY = 200, 10


def test_explain_evaluate_and_sql_agree() -> None:
    """A case is one expression over one row; every case is compared four ways."""
    seen: Counter[bool | None] = Counter()
    kinds: Counter[str] = Counter()
    batch = 0
    while seen.total() < CASES:
        random = Random(f"differential {batch}")
        batch += 1
        rows = [row(random) for _ in range(ROWS)]
        facts = [facts_of(made) for made in rows]
        parameters = parameter_values(random)
        texts = expressions(random, parameters)
        with load(rows) as connection:
            for _ in range(5):
                pairs = list(islice(texts, EXPRESSIONS_A_QUERY))
                nodes = [read(pair.ours, DECLARATIONS, PARAMETERS) for pair in pairs]
                ours = [to_duckdb(node, parameters, slots=SLOTS) for node in nodes]
                table = answers(connection, [*ours, *(pair.sql for pair in pairs)])
                for column, node in enumerate(nodes):
                    assert read(to_text(node), DECLARATIONS, PARAMETERS) == node
                    check = compile_node(node)
                    kinds.update(_kinds(node))
                    for known, results in zip(facts, table, strict=True):
                        evaluated = check(known, parameters)
                        explained = explain(node, known, parameters).outcome.truth
                        bulk, plain = results[column], results[column + EXPRESSIONS_A_QUERY]
                        agreed = evaluated is explained is bulk is plain
                        assert agreed, (
                            f"evaluate {evaluated}, explain {explained}, our SQL {bulk}, "
                            f"plain SQL {plain}\n{pairs[column].ours}\n{known}\n{parameters}"
                        )
                        seen[evaluated] += 1
    # Agreement would mean little if hardly anything but one answer or one shape had occurred.
    assert min(seen[answer] for answer in (True, False, None)) > CASES / 10
    assert len(kinds) == 15
    print(f"{seen.total()} cases: {dict(seen)}")


def _kinds(node: Node) -> set[str]:
    parts = {type(node).__name__}
    for field in fields(node):
        value = getattr(node, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Node):
                parts |= _kinds(each)
    return parts
