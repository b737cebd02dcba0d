"""The fewest facts that can settle an answer, against brute force over all answers."""

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from chipwarden.decisions.settling import settling, smallest, together
from chipwarden.expressions.explain import evaluate, explain
from chipwarden.expressions.facts import Facts
from chipwarden.expressions.nodes import And, Fact, Node, Not, Or
from chipwarden.model.outcome import Outcome

NAMES = tuple(f"transfer.f{number}" for number in range(4))


def brute_force(node: Node, wanted: bool) -> set[frozenset[str]]:
    """Return every smallest-by-inclusion set of facts with answers that lead to `wanted`."""
    found: set[frozenset[str]] = set()
    for size in range(len(NAMES) + 1):
        for names in combinations(NAMES, size):
            if any(known <= set(names) for known in found):
                continue
            for answers in product((True, False), repeat=size):
                facts = Facts(dict(zip(names, answers, strict=True)))
                if evaluate(node, facts, {}) is wanted:
                    found.add(frozenset(names))
                    break
    return found


def each_once(depth: int) -> st.SearchStrategy[Node]:
    """Trees in which no fact occurs twice: there the two methods must agree exactly."""

    def build(names: tuple[str, ...]) -> st.SearchStrategy[Node]:
        if len(names) == 1:
            leaf: st.SearchStrategy[Node] = st.just(Fact(names[0]))
            return leaf | leaf.map(Not)
        return st.integers(1, len(names) - 1).flatmap(
            lambda cut: st.tuples(st.booleans(), build(names[:cut]), build(names[cut:])).map(
                lambda parts: And(parts[1:]) if parts[0] else Or(parts[1:])
            )
        )

    return st.permutations(NAMES).flatmap(lambda names: build(tuple(names[:depth])))


@settings(max_examples=300)
@given(each_once(4), st.booleans())
def test_the_sets_are_those_that_brute_force_finds(node: Node, wanted: bool) -> None:
    """Each set can bring the answer about and no smaller one can."""
    reason = explain(node, Facts({}), {})
    outcome = Outcome.YES if wanted else Outcome.NO
    assert set(settling(reason, outcome)) == brute_force(node, wanted)


def test_what_is_settled_needs_nothing_and_cannot_be_turned() -> None:
    """A no needs no fact to be no, and no fact makes it a yes."""
    reason = explain(And((Fact(NAMES[0]), Fact(NAMES[1]))), Facts({NAMES[0]: False}), {})
    assert settling(reason, Outcome.NO) == (frozenset(),)
    assert settling(reason, Outcome.YES) == ()


def test_several_needs_share_facts() -> None:
    """Of all combinations the one with the fewest facts comes first."""
    a, b, c = frozenset("a"), frozenset("b"), frozenset("c")
    assert together([(a, b), (b, c)])[0] == b
    assert smallest([a | b, a]) == (a,)
