"""The smallest sets of missing facts that can settle an open question one way.

To turn "A and B" into a no, one no is enough; into a yes, both are needed. So
the questions that matter for a release are far fewer than all unknown facts:
whether a listed party's item is on a supplement matters only once it is
listed.
"""

from collections.abc import Iterable
from itertools import islice, product

from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason

Sets = tuple[frozenset[str], ...]

NOTHING: Sets = (frozenset(),)
IMPOSSIBLE: Sets = ()
_COMPLETE = "parties_complete"
# Alternatives that are followed; the smallest are kept.
_MOST = 12
_MOST_PRODUCTS = 4096


def settling(reason: Reason, wanted: Outcome) -> Sets:
    """Return the smallest sets of facts whose answers can make the node come to `wanted`.

    Args:
        reason: a tree of reasons.
        wanted: yes or no.

    Returns:
        Alternatives, smallest first; the empty set where nothing is missing, none at all where
        no fact can bring it about.
    """
    if reason.outcome is not Outcome.UNDETERMINED:
        return NOTHING if reason.outcome is wanted else IMPOSSIBLE
    if reason.joined == "not":
        return settling(reason.children[0], _other(wanted))
    needs = [settling(child, wanted) for child in reason.children]
    incomplete = (_COMPLETE, False) in reason.values
    if (reason.joined == "any") is (wanted is Outcome.YES) and reason.joined:
        # One part is enough.
        return smallest(option for options in needs for option in options)
    if incomplete:
        needs.append((frozenset({_COMPLETE}),))
    elif reason.missing:
        needs.append((frozenset(reason.missing),))
    return together(needs) if needs else IMPOSSIBLE


def together(needs: Iterable[Sets]) -> Sets:
    """Return the smallest sets that serve all needs at once."""
    found: Sets = NOTHING
    for options in sorted(needs, key=len):
        pairs = islice(product(found, options), _MOST_PRODUCTS)
        found = smallest(one | other for one, other in pairs)
        if not found:
            return IMPOSSIBLE
    return found


def smallest(options: Iterable[frozenset[str]]) -> Sets:
    """Return the smallest of the alternatives, none of which contains another."""
    kept: list[frozenset[str]] = []
    for option in sorted(dict.fromkeys(options), key=lambda o: (len(o), sorted(o))):
        if not any(other <= option for other in kept):
            kept.append(option)
    return tuple(kept[:_MOST])


def _other(outcome: Outcome) -> Outcome:
    return Outcome.NO if outcome is Outcome.YES else Outcome.YES
