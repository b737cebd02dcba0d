"""The chapter on the roads: orders that were decided, each with its verdict and clause."""

from collections.abc import Mapping, Sequence
from typing import Any

from chipwarden.model.values import Confidence
from chipwarden.reports.figures import Origin, badge, figure, origin_of
from chipwarden.reports.html import Content, Markup, el
from chipwarden.reports.sentences import leading
from chipwarden.reports.story_facts import Leg, Road, StoryFacts
from chipwarden.reports.story_lanes import gate, lanes_figure
from chipwarden.reports.story_opening import case_note
from chipwarden.reports.words import KINDS, OUTCOMES, count, country, number, words

_SHOWN = 4


def roads_chapter(facts: StoryFacts) -> Markup:
    """Return the chapter: all roads at a glance, then each with its orders."""
    told = facts.words["roads"]
    return el(
        "section",
        el("h2", told["title"]),
        el("p", badge(Origin.GENERATED), "orders and quantities", class_="order-line"),
        el("p", told["lead"], class_="lead"),
        lanes_figure(facts.roads),
        [_road(road, facts) for road in facts.roads],
        class_="chapter",
        id="the-roads",
    )


def _road(road: Road, facts: StoryFacts) -> Markup:
    return el(
        "section",
        el("h3", road.title),
        _how(road),
        el("div", [leg_card(leg, facts) for leg in road.legs], class_="legs"),
        el(
            "div",
            el("h4", "What Chipwarden cannot see yet"),
            el("ul", [el("li", line) for line in road.cannot]),
            class_="cannot",
        ),
        _cases(road),
        class_="road",
        id=f"road-{road.key}",
    )


def _how(road: Road) -> Markup:
    if not road.counted:
        return el("p", road.how)
    # Days of release are reported, so what is counted from them is too.
    return el("p", road.how, " ", badge(Origin.REPORTED),
              attributes={"data-kind": Origin.REPORTED.value})  # fmt: skip


def _cases(road: Road) -> Markup | None:
    if not road.cases:
        return None
    return el(
        "details",
        el("summary", "What was reported elsewhere"),
        [case_note(told) for told in road.cases],
    )


# ------------------------------------------------------------------ one order


def leg_card(leg: Leg, facts: StoryFacts) -> Markup:
    """Return one order with its verdict, all of it escaped: names come from others."""
    record = leg.record
    return el(
        "article",
        el("p", badge(Origin.GENERATED), el("span", "order ", record["order_id"], class_="order"),
           class_="order-line"),
        el("h4", leg.caption),
        el("p", _way(record), class_="way"),
        _parties(record),
        _verdict(record),
        _clauses(leg, facts),
        _missing(record),
        _listed("Flags up", [flag["question"] for flag in record["red_flags"]], "flags"),
        _regimes(record),
        _listed("Warnings", record["warnings"], "warnings"),
        el("details", el("summary", "Rests on what is not verified"),
           el("ul", [el("li", line) for line in record["unverified"]])
           ) if record["unverified"] else None,
        class_=f"leg {record['disposition']}",
        attributes={"data-kind": Origin.GENERATED.value, "data-example": leg.example,
                    "data-outcome": record["outcome"], "data-disposition": record["disposition"]},
    )  # fmt: skip


def _way(record: Mapping[str, Any]) -> Content:
    order = record["order"]
    items = [
        [f"{number(item['quantity'])} × ", item["product"], f" ({item['eccn']})"
         if item["eccn"] else ""]
        for item in record["items"]
    ]  # fmt: skip
    stays = order["origin"] == order["destination"]
    return [
        el("time", record["as_of"]),
        " · ",
        KINDS.get(order["kind"], words(order["kind"])),
        " · ",
        [[", " if index else "", item] for index, item in enumerate(items)],
        el("br"),
        country(order["origin"]),
        f"{gate_arrow(order['kind'])}{country(order['destination'])}" if not stays else None,
    ]


def gate_arrow(kind: str) -> str:
    """Return the sign between two places; access goes the other way than goods."""
    return " ⇠ " if kind == "cloud_access" else " → "


def _parties(record: Mapping[str, Any]) -> Markup:
    rows = []
    for party in record["order"].get("parties", ()):
        parent = party.get("ultimate_parent", {})
        own = parent.get("name") == party.get("name")
        stated = [
            f"in {country(party.get('country'))}" if party.get("country") else "place not stated",
            f"headquarters {country(party['headquarters'])}" if party.get("headquarters")
            else "headquarters not stated",
        ]  # fmt: skip
        if parent and not own:
            stated.append(f"parent {parent.get('name')}, {country(parent.get('headquarters'))}")
        elif not parent:
            stated.append("parent not stated")
        rows.append(
            el("tr", el("th", words(party["role"]), scope="row"),
               el("td", party.get("name") or "not named", el("span", ", ".join(stated),
                                                              class_="says")))
        )  # fmt: skip
    return el("details", el("summary", count(len(rows), "party", "parties"), " named"),
              el("table", el("tbody", rows), class_="plain"))  # fmt: skip


def _verdict(record: Mapping[str, Any]) -> Markup:
    policy = record["review_policy"]
    outcome = OUTCOMES[record["outcome"]]
    if record["exception"]:
        outcome = f"{outcome} {record['exception']}"
    return el(
        "p",
        gate(record["disposition"]),
        el("strong", record["disposition"], class_="disposition"),
        el("span", outcome, f", {words(policy)}" if policy else "", class_="outcome"),
        class_="verdict",
    )


def _clauses(leg: Leg, facts: StoryFacts) -> Markup:
    record = leg.record
    applied, possible = leading(record), record["possible_requirements"]
    open_answer = record["outcome"] == "undetermined"
    shown = [_requirement(found, facts) for found in applied]
    if open_answer:
        shown += [_requirement(found, facts, "possible") for found in possible[:_SHOWN]]
    none = not applied and not possible
    if none:
        shown += [
            _clause(c.title, c.id, c.reference, c.confidence.value, facts, "classified by")
            for c in leg.classified
        ]
    elif not open_answer and possible:
        shown.append(
            el(
                "details",
                el("summary", figure(count(len(possible), "requirement"), Origin.REAL),
                   " not ruled out"),
                [_requirement(found, facts) for found in possible],
            )
        )  # fmt: skip
    number_of = figure(count(len(leg.not_met), "requirement"), Origin.REAL)
    shown.append(
        el(
            "details",
            el("summary", number_of, " looked at, none applies" if none else " that do not apply"),
            el("ul", [el("li", c.title, " ", el("cite", c.id)) for c in leg.not_met]),
        )
    )
    return el("div", shown, class_="clauses")


def _requirement(found: Mapping[str, Any], facts: StoryFacts, state: str = "") -> Markup:
    return _clause(found["title"], found["provision"], found["reference"], found["confidence"],
                   facts, state)  # fmt: skip


def _clause(
    title: str, provision: str, reference: str, confidence: str, facts: StoryFacts, state: str = ""
) -> Markup:
    source = facts.citations.get(reference)
    said = source.number if source else reference
    origin = origin_of(Confidence(confidence))
    return el(
        "p",
        el("span", f"{state}: ", class_=f"state {state.partition(' ')[0]}") if state else None,
        title,
        " ",
        el("cite", f"{provision} · {said} · confidence {confidence}"),
        " ",
        badge(origin),
        class_="clause",
        attributes={"data-kind": origin.value},
    )


def _missing(record: Mapping[str, Any]) -> Markup | None:
    missing = record["missing"]
    if not missing:
        return None
    # With an answer that stands, what is open can only make it stricter.
    open_answer = record["outcome"] == "undetermined"
    return el(
        "div",
        el("h5", "Questions that settle it" if open_answer else "Could still make it stricter"),
        el("ul", [_question(fact) for fact in missing[:_SHOWN]]),
        el("details", el("summary", count(len(missing) - _SHOWN, "more question")),
           el("ul", [_question(fact) for fact in missing[_SHOWN:]]),
           ) if len(missing) > _SHOWN else None,
        class_="missing",
    )  # fmt: skip


def _question(fact: Mapping[str, Any]) -> Markup:
    return el("li", fact["question"], " ", el("cite", f"{fact['fact']}; asks the {fact['who']}"))


def _listed(title: str, lines: Sequence[str], class_: str) -> Markup | None:
    if not lines:
        return None
    return el("div", el("h5", title), el("ul", [el("li", line) for line in lines]), class_=class_)


def _regimes(record: Mapping[str, Any]) -> Markup | None:
    touched = [
        f"{verdict['name']}: {words(verdict['outcome'])}"
        for verdict in record["verdicts"]
        if verdict["outcome"] not in ("not_subject", "no_license_required")
    ]
    return _listed("Other regimes", touched, "regimes")
