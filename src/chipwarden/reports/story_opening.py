"""The opening: what this is, how to read it, what it rests on, what nobody could check."""

from collections import Counter

from chipwarden.reports.figures import Origin, badge, figure
from chipwarden.reports.html import Content, Markup, el
from chipwarden.reports.story_facts import Case, StoryFacts, Unverified
from chipwarden.reports.words import number


def opening(facts: StoryFacts) -> Markup:
    """Return the head of the page."""
    words = facts.words
    lead = words["lead"].replace("{allegation_date}", facts.lead_case.announced)
    return el(
        "header",
        el("p", "Chipwarden · a story that grows with the project", class_="kicker"),
        el("h1", words["title"], " ", el("span", words["subtitle"], class_="sub")),
        el("p", lead, class_="lead"),
        case_note(facts.lead_case),
        _contents(facts),
        el(
            "section",
            el("h2", "How to read this page"),
            el("ul", [el("li", line) for line in words["how_to_read"]]),
            _legend(facts),
        ),
        _rests_on(facts),
        class_="opening",
    )


def case_note(told: Case) -> Markup:
    """Return what was reported elsewhere, with how far it was proved."""
    return el(
        "p",
        badge(Origin.REPORTED),
        el("strong", told.title),
        f" ({told.announced}). ",
        el("span", told.status, class_="status"),
        f" {told.says} ",
        el("cite", f"{told.sources}; confidence {told.confidence.value}"),
        class_="case",
        attributes={"data-kind": Origin.REPORTED.value},
    )


def _contents(facts: StoryFacts) -> Markup:
    entries = [("the-chip", facts.words["chip"]["title"])]
    entries += [("the-roads", facts.words["roads"]["title"])]
    entries += [(f"road-{road.key}", road.title) for road in facts.roads]
    entries += [("the-proof", facts.words["proof"]["title"])]
    return el(
        "nav",
        el("ul", [el("li", el("a", title, href=f"#{key}"),
                     class_="sub" if key.startswith("road-") else None)
                  for key, title in entries]),
        aria_label="Chapters",
    )  # fmt: skip


def _legend(facts: StoryFacts) -> Markup:
    meanings = facts.words["legend"]
    return el(
        "dl",
        [[el("dt", badge(origin)), el("dd", meanings[origin.value])] for origin in Origin],
        class_="legend",
    )


def _rests_on(facts: StoryFacts) -> Markup:
    rows: list[Content] = [
        _row("Law", "covered from ", el("time", facts.covered_from.isoformat()), ", brought up to ",
             el("time", facts.known_to.isoformat())),
        _row("Data", _counts(facts)),
        _row("Evaluator", facts.evaluator),
        *(_row(f"Digest of the {name}", el("code", digest)) for name, digest in
          facts.digests.items()),
    ]  # fmt: skip
    return el(
        "section",
        el("h2", "What it rests on"),
        el("table", el("tbody", rows), class_="plain"),
        _unverified(facts.unverified),
        el("details", el("summary", "Sources of the law, and how each was seen"), _sources(facts)),
        class_="rests",
    )


def _row(name: str, *content: Content) -> Markup:
    return el("tr", el("th", name, scope="row"), el("td", content))


def _counts(facts: StoryFacts) -> Content:
    shown: list[Content] = []
    for name, count in facts.counts.items():
        shown += [", " if shown else "", figure(f"{number(count)} {name}", Origin.REAL)]
    return shown


def _unverified(found: tuple[Unverified, ...]) -> Markup:
    counts = Counter(entry.confidence.value for entry in found)
    told = ", ".join(f"{count} {level}" for level, count in sorted(counts.items()))
    return el(
        "details",
        el(
            "summary",
            "What is not verified: ",
            figure(f"{number(len(found))} provisions and values", Origin.REAL),
            f" ({told})",
            attributes={"data-kind": Origin.REAL.value},
        ),
        el("p", "They are applied all the same, and a decision that rests on one says so."),
        el(
            "div",
            badge(Origin.REPORTED),
            el("ul", [el("li", entry.what, " ",
                         el("cite", f"{entry.where}, {entry.confidence.value}"))
                      for entry in found]),
            attributes={"data-kind": Origin.REPORTED.value},
        ),
    )  # fmt: skip


def _sources(facts: StoryFacts) -> Markup:
    cited = [source for source in facts.citations.values() if source.number]
    return el(
        "table",
        el("thead", el("tr", [el("th", name, scope="col")
                              for name in ("source", "title", "published", "seen")])),
        el("tbody", [el("tr", el("td", f"{s.publisher}, {s.number}"), el("td", s.title),
                        el("td", s.published.isoformat()), el("td", s.seen))
                     for s in sorted(cited, key=lambda s: s.published)]),
    )  # fmt: skip
