"""A tree of reasons as text: a mark, what was asked with the values looked at, the citation.

    yes  ECCN 3A090.a, with Note 2 (US-3A090.a-2023; BIS, 88 FR 73458)
    └─ yes  any of
       ├─ yes  item.tpp (36,000) >= tpp_a (4,800)

How clauses are worded is the business of `branches.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chipwarden.reports.branches import JOINS, Branch, branch_of
from chipwarden.reports.layout import Page, Span, Tone

_MARKS: Mapping[str, Span] = {
    "yes": ("yes", Tone.GOOD),
    "no": ("no ", Tone.DIM),
    "undetermined": (" ? ", Tone.OPEN),
}


@dataclass(frozen=True, slots=True)
class View:
    """How much of a tree is shown.

    Attributes:
        depth: levels below the root; None: all.
        only_undetermined: leave out what is settled.
        whole: show also the parts of a clause that did not decide what it came to.
    """

    depth: int | None = None
    only_undetermined: bool = False
    whole: bool = False


def add_tree(
    page: Page, reason: Mapping[str, Any], citations: Mapping[str, str], view: View | None = None
) -> None:
    """Add a tree of reasons to a page.

    Args:
        page: where to.
        reason: the root, as in a record.
        citations: publisher and number by key.
        view: how much is shown.
    """
    view = view or View()
    for rails, branch, hidden in _walk(branch_of(reason), "", "", view.depth, view):
        text: list[Span] = [(branch.label, Tone.STRONG if branch.provision else Tone.PLAIN)]
        source = citations.get(branch.reference, branch.reference)
        said = "; ".join(part for part in (branch.provision, source) if part)
        text += [(f" ({said})", Tone.DIM)] if said else []
        # Why a clause that does not hold is written as it is matters to few.
        shown = branch.note and (view.whole or branch.outcome != "no" or not branch.provision)
        text += [(f" · {branch.note}", Tone.DIM)] if shown else []
        if branch.missing:
            text.append((f" needs {', '.join(branch.missing)}", Tone.OPEN))
        if hidden:
            text.append((f" [{hidden} below]", Tone.DIM))
        page.branch(rails, _MARKS[branch.outcome], text)


def _walk(
    branch: Branch, first: str, rest: str, depth: int | None, view: View
) -> Iterator[tuple[tuple[str, str], Branch, int]]:
    children = _shown(branch, view)
    yield (first, rest), branch, len(children) if depth == 0 else 0
    if depth == 0:
        return
    below = None if depth is None else depth - 1
    for position, child in enumerate(children):
        rail, further = ("└─ ", "   ") if position == len(children) - 1 else ("├─ ", "│  ")
        yield from _walk(child, rest + rail, rest + further, below, view)


def _shown(branch: Branch, view: View) -> Sequence[Branch]:
    children = branch.children if view.whole else branch.deciding
    if view.only_undetermined:
        children = tuple(child for child in children if child.outcome == "undetermined")
    return children if view.whole else tuple(map(_plainer, children))


def _plainer(branch: Branch) -> Branch:
    """Return "any of" as the one part that decided it, where there is but one."""
    while branch.label in JOINS and len(branch.deciding) == 1 and not branch.note:
        branch = branch.deciding[0]
    return branch
