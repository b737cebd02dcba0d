"""No added fact changes a settled answer."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from random import Random

from chipwarden.expressions.evaluate import compile_node
from chipwarden.expressions.facts import Collection, Facts, Group, ParameterValues
from chipwarden.expressions.read import read
from chipwarden.model.values import Value

from .generate import (
    CODES,
    expressions,
    facts_of,
    parameter_values,
    row,
    value_of_type,
)
from .vocabulary import DECLARATIONS, PARAMETERS, TYPES

OUTSIDE = [name for name in TYPES if not name.startswith("party.")]
INSIDE = [name for name in TYPES if name.startswith("party.")]


def random_member(random: Random) -> dict[str, Value]:
    return {name: value_of_type(random, name) for name in INSIDE if random.random() < 0.7}


def better_known(random: Random, facts: Facts) -> Iterator[tuple[str, Facts]]:
    """Yield the facts with one thing more that is known."""
    for name in OUTSIDE:
        if facts.values.get(name) is None:
            more = {**facts.values, name: value_of_type(random, name)}
            yield "fact", Facts(more, facts.collections)
    known = facts.collections.get("parties", Collection((), complete=False))
    for position, member in enumerate(known.members):
        for name in INSIDE:
            if member.get(name) is None:
                filled = {**member, name: value_of_type(random, name)}
                members = (*known.members[:position], filled, *known.members[position + 1 :])
                yield "member fact", with_parties(facts, Collection(members, known.complete))
    if not known.complete:
        for count in (0, 1, 2):
            added = tuple(random_member(random) for _ in range(count))
            for complete in (False, True):
                more_members = Collection((*known.members, *added), complete)
                yield "member", with_parties(facts, more_members)


def with_parties(facts: Facts, parties: Collection) -> Facts:
    return Facts(facts.values, {**facts.collections, "parties": parties})


def better_known_groups(random: Random, parameters: ParameterValues) -> Iterator[ParameterValues]:
    """Yield the parameters with one uncertain code settled, either way."""
    for name, group in parameters.items():
        if isinstance(group, Group):
            for code in group.uncertain & set(CODES):
                fewer = group.uncertain - {code}
                yield {**parameters, name: Group(group.name, group.members | {code}, fewer)}
                yield {**parameters, name: Group(group.name, group.members, fewer)}


def test_a_settled_answer_stays() -> None:
    tried: Counter[str] = Counter()
    settled_by = 0
    for seed in range(12):
        random = Random(f"monotone {seed}")
        parameters = parameter_values(random)
        rows = [facts_of(row(random, unknown=0.5)) for _ in range(8)]
        for pair in islice(expressions(random, parameters), 25):
            check = compile_node(read(pair.ours, DECLARATIONS, PARAMETERS))
            for facts in rows:
                before = check(facts, parameters)
                for what, more in better_known(random, facts):
                    after = check(more, parameters)
                    assert before is None or after is before, (pair.ours, facts, more)
                    tried[what] += before is not None
                    settled_by += before is None and after is not None
                for surer in better_known_groups(random, parameters):
                    after = check(facts, surer)
                    assert before is None or after is before, (pair.ours, facts, surer)
                    tried["group"] += before is not None
                    settled_by += before is None and after is not None
    assert min(tried[what] for what in ("fact", "member fact", "member", "group")) > 500
    # The search would show nothing if what is added never mattered.
    assert settled_by > 500
