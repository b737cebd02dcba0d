"""The tree over the log of the story: entries on the left, the root on the right."""

from collections.abc import Iterator

from chipwarden.reports.figures import Origin, badge
from chipwarden.reports.html import Markup, el
from chipwarden.reports.story_facts import StoryFacts
from chipwarden.reports.story_lanes import drawn_gate, gate
from chipwarden.reports.story_proof_facts import Leaf, Node, ProofChapter
from chipwarden.reports.svg import dot, n, path, rect, svg, words

_WIDE, _TOP, _ROW = 940.0, 12.0, 27.0
_ROAD, _LABEL, _LEAF, _STEP = 60.0, 150.0, 420.0, 104.0
_BOX, _TALL, _SEAL = 46.0, 18.0, 92.0
# Four digits tell the hashes of one drawing apart.
_DIGITS = 4
_LONGER = 16

# Edges: those beside the way last, so that they lie on the others.
_ORDER = ("", "proof", "path")


def tree_figure(facts: StoryFacts) -> Markup:
    """Return the drawing and the same as tables."""
    told, chapter = facts.words["proof"]["tree"], facts.proof
    return el(
        "figure",
        el("h3", told["title"]),
        el("p", told["says"]),
        el("div", _drawing(chapter), class_="drawing", role="region", tabindex="0",
           aria_label=f"{told['title']}, drawing"),
        el(
            "figcaption",
            "Log ", badge(Origin.GENERATED),
            f" Entries are counted from 0; of each hash the first {_DIGITS} digits are shown. ",
            [el("span", el("i", class_=f"swatch hash {role}", aria_hidden="true"), said,
                class_="key")
             for role, said in (("path", "way from the entry to the root"),
                                ("proof", "hash that the proof holds"))],
        ),
        el("details", el("summary", "The same as a table"), _entries(chapter), _nodes(chapter)),
        class_="tree",
        id="the-tree",
        attributes={"data-kind": Origin.GENERATED.value},
    )  # fmt: skip


# ------------------------------------------------------------ drawing


def _drawing(chapter: ProofChapter) -> Markup:
    held, root = chapter.held, chapter.nodes[0]
    shown = chapter.leaves[held.index]
    said = (
        f"{held.size} entries, hashed two by two up to the root {root.hash[:_LONGER]}. The way of "
        f"entry {held.index}, {_name(shown)}, is marked, and so are the "
        f"{sum(node.role == 'proof' for node in chapter.nodes)} hashes beside it. The root is "
        f"signed by the log and cosigned by {' and '.join(held.cosigned)}."
    )
    return svg(
        _WIDE,
        _TOP + _ROW * len(chapter.leaves) + 6,
        "The tree over the log",
        said,
        [_entry(leaf, leaf.index == held.index) for leaf in chapter.leaves],
        [_edge(node, _above(node, chapter)) for role in _ORDER
         for node in chapter.nodes[1:] if node.role == role],
        [_box(node) for node in chapter.nodes],
        _seals(root, ("the log", *held.cosigned)),
    )  # fmt: skip


def _entry(leaf: Leaf, is_shown: bool) -> Markup:
    at = _TOP + _ROW * (leaf.index + 0.5)
    tone = "chip focus" if is_shown else "entry"
    return el(
        "g",
        el("title", f"Entry {leaf.index}: {_name(leaf)}"),
        words(18, at + 4, str(leaf.index), "tick", "end"),
        drawn_gate(leaf.disposition, 38, at) if leaf.disposition else dot(38, at, 3.5, "station"),
        words(_ROAD, at + 4, leaf.road, "lane-said"),
        words(_LABEL if leaf.road else _ROAD, at + 4, leaf.label, tone),
    )


def _name(leaf: Leaf) -> str:
    answer = f", {leaf.disposition}" if leaf.disposition else ""
    return f"{leaf.road}: {leaf.label}{answer}" if leaf.road else leaf.label


def _above(node: Node, chapter: ProofChapter) -> Node:
    """Return the smallest node that holds another one."""
    holding = [one for one in chapter.nodes
               if one.start <= node.start and node.end <= one.end and one != node]  # fmt: skip
    return min(holding, key=lambda one: one.end - one.start)


def _place(node: Node) -> tuple[float, float]:
    return _LEAF + _STEP * node.height, _TOP + _ROW * (node.start + node.end) / 2


def _edge(node: Node, above: Node) -> Markup:
    (x1, y1), (x2, y2) = _place(node), _place(above)
    turn = x2 - _STEP / 2
    return path(f"M{n(x1)} {n(y1)}H{n(turn)}V{n(y2)}H{n(x2)}", f"edge {node.role}".strip())


def _box(node: Node) -> Markup:
    x, y = _place(node)
    inside = "entry" if node.end - node.start == 1 else "entries"
    covers = f"{node.start}" if inside == "entry" else f"{node.start} to {node.end - 1}"
    return el(
        "g",
        rect(x - _BOX / 2, y - _TALL / 2, _BOX, _TALL, f"hash {node.role}".strip(),
             f"{inside} {covers}: {node.hash}", rx=3),
        words(x, y + 4, node.hash[:_DIGITS], f"digits {node.role}".strip(), "middle"),
    )  # fmt: skip


def _seals(root: Node, names: tuple[str, ...]) -> Iterator[Markup]:
    """Return who signed the root, below it."""
    x, y = _place(root)
    last = y + 24 + (len(names) - 1) * 25
    yield words(x, y - 18, "root", "aside", "middle")
    yield path(f"M{n(x)} {n(y + _TALL / 2)}V{n(last)}", "edge path")
    for number, name in enumerate(names):
        top = y + 24 + number * 25
        yield rect(x - _SEAL / 2, top, _SEAL, 20, "seal", rx=10)
        yield words(x, top + 14, f"✓ {name}", "digits path", "middle")


# ------------------------------------------------------------ tables


def _entries(chapter: ProofChapter) -> Markup:
    rows = [
        el("tr", el("th", str(leaf.index), scope="row"),
           el("td", gate(leaf.disposition) if leaf.disposition else None, " ", _name(leaf)),
           el("td", el("code", leaf.hash[:_LONGER], "…")),
           el("td", "the proof is about it" if leaf.index == chapter.held.index else "–"))
        for leaf in chapter.leaves
    ]  # fmt: skip
    return _table("Entries", ("index", "entry", "hash", "shown"), rows)


def _nodes(chapter: ProofChapter) -> Markup:
    roles = {"path": "on the way to the root", "proof": "in the proof", "": "–"}
    rows = [
        el("tr", el("th", f"{node.start} to {node.end - 1}", scope="row"),
           el("td", el("code", node.hash[:_LONGER], "…")), el("td", roles[node.role]))
        for node in chapter.nodes if node.height or node.role == "proof"
    ]  # fmt: skip
    return _table("Hashes, the root first", ("over entries", "hash", "role"), rows)


def _table(caption: str, head: tuple[str, ...], rows: list[Markup]) -> Markup:
    return el(
        "table",
        el("caption", caption),
        el("thead", el("tr", [el("th", name, scope="col") for name in head])),
        el("tbody", rows),
    )
