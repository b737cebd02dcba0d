"""The chapter on the proof: the log, one proof of it, and what came of changing them."""

from collections.abc import Sequence

from chipwarden.reports.figures import Origin, badge
from chipwarden.reports.html import Content, Markup, el
from chipwarden.reports.story_bytes import bytes_figure, quoted
from chipwarden.reports.story_facts import StoryFacts
from chipwarden.reports.story_hash_tree import tree_figure
from chipwarden.reports.story_proof_facts import Attempt, ProofChapter, Saying
from chipwarden.reports.words import count, number


def proof_chapter(facts: StoryFacts) -> Markup:
    """Return the chapter: the tree, the file, its bytes, the attacks, the limits."""
    told = facts.words["proof"]
    return el(
        "section",
        el("h2", told["title"]),
        el("p", badge(Origin.GENERATED), "log, keys and attacks", class_="order-line"),
        el("p", told["lead"], class_="lead"),
        el("p", told["says"]),
        tree_figure(facts),
        el("section", el("h3", told["signatures"]["title"]),
           el("ul", [el("li", line) for line in told["signatures"]["lines"]]), class_="prose"),
        _file(facts),
        bytes_figure(facts),
        _attacks(facts),
        _limits(facts),
        class_="chapter",
        id="the-proof",
    )  # fmt: skip


def _file(facts: StoryFacts) -> Markup:
    told, chapter = facts.words["proof"]["file"], facts.proof
    rows = [
        el("tr", el("th", part.name, scope="row"),
           el("td", [el("code", line) for line in part.lines], data_head="what stands there"),
           el("td", number(len(part.refused_by)), class_="number", data_head="bytes"))
        for part in chapter.file
    ]  # fmt: skip
    return el(
        "section",
        el("h3", told["title"]),
        el("p", told["says"]),
        _held(chapter),
        el(
            "div",
            el(
                "table",
                el("caption", badge(Origin.GENERATED), "The file, without empty lines and the "
                   "middle of long ones"),
                el("thead", el("tr", [el("th", name, scope="col")
                                      for name in ("part", "what stands there", "bytes")])),
                el("tbody", rows),
                class_="file stacks",
            ),
            class_="drawing", role="region", tabindex="0", aria_label="The proof file",
            attributes={"data-kind": Origin.GENERATED.value},
        ),
        class_="prose",
        id="one-proof",
    )  # fmt: skip


def _held(chapter: ProofChapter) -> Markup:
    held = chapter.held
    opened = ", ".join(f"{name} is “{value}”" for name, value in held.opened.items())
    signed = ", ".join(f"{name} at {moment}" for name, moment in held.cosigned.items())
    return el(
        "p",
        badge(Origin.GENERATED),
        "Unchanged, the file holds: ",
        el("strong", f"{held.issuer} said that {opened}"),
        f", as entry {held.index} of a log of {count(held.size, 'entry', 'entries')}; cosigned by "
        f"{signed}.",
        class_="case",
        attributes={"data-kind": Origin.GENERATED.value},
    )


# ------------------------------------------------------------ what was tried


def _attacks(facts: StoryFacts) -> Markup:
    told, chapter = facts.words["proof"]["attacks"], facts.proof
    noticed = sum(attempt.noticed for attempt in chapter.attacks)
    head = ("what was tried", "who notices, and what they say", "who cannot see it alone")
    return el(
        "section",
        el("h3", told["title"]),
        el("p", told["says"]),
        el("p", badge(Origin.GENERATED), el("strong", f"{count(len(chapter.attacks), 'attack')}: "
           f"{number(noticed)} noticed.", class_="sum"), " ", _control(chapter.untouched)),
        _table(chapter.attacks, head, "Not noticed by anybody: the log does not hold what this "
               "page says of it."),
        class_="prose",
        id="the-attacks",
        attributes={"data-kind": Origin.GENERATED.value},
    )  # fmt: skip


def _control(untouched: Attempt) -> Content:
    """Return what the same people said of the log as it is."""
    asked = f"{untouched.title} was shown to all of them first: "
    faults = [f"{saying.who}: {saying.says}" for saying in untouched.sayings if saying.says]
    if faults:
        return [asked, el("strong", "; ".join(faults), class_="alarm")]
    return f"{asked}nobody found anything wrong."


def _limits(facts: StoryFacts) -> Markup:
    told = facts.words["proof"]["limits"]
    head = ("who works together", "who refuses, and what they say", "who accepts it")
    return el(
        "section",
        el("h3", told["title"]),
        el("p", told["says"]),
        el("p", badge(Origin.GENERATED), "attempts", class_="order-line"),
        _table(facts.proof.hands, head, None),
        class_="prose",
        id="the-limits",
        attributes={"data-kind": Origin.GENERATED.value},
    )


def _table(attempts: Sequence[Attempt], head: Sequence[str], alarm: str | None) -> Markup:
    """Return attempts with what came of them; `alarm` is said where one went unnoticed."""
    return el(
        "table",
        el("thead", el("tr", [el("th", name, scope="col") for name in head])),
        el("tbody", [_row(attempt, head, alarm) for attempt in attempts]),
        class_="attempts stacks",
    )


def _row(attempt: Attempt, head: Sequence[str], alarm: str | None) -> Markup:
    noticing = [saying for saying in attempt.sayings if saying.says is not None]
    blind = [saying.who for saying in attempt.sayings if saying.says is None]
    told: Content = [_said(saying) for saying in noticing] or "nobody"
    if not noticing and alarm is not None:
        told = el("strong", alarm, class_="alarm")
    return el(
        "tr",
        el("th", attempt.title, el("span", attempt.how, class_="says"), scope="row"),
        el("td", told, data_head=head[1]),
        el("td", el("ul", [el("li", who) for who in blind]) if blind else "–", data_head=head[2]),
        data_attempt=attempt.key,
    )  # fmt: skip


def _said(saying: Saying) -> Markup:
    return el("p", el("span", saying.who, class_="who"), " ", quoted(saying.says or ""))
