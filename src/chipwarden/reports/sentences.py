"""What was decided and why, in a few sentences made from a decision's record."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chipwarden.reports.layout import Span, Tone
from chipwarden.reports.words import (
    DISPOSITIONS,
    KINDS,
    OUTCOMES,
    count,
    country,
    number,
    words,
)

Record = Mapping[str, Any]
Citations = Mapping[str, str]

# Mildest first; a requirement whose policy is not stated goes last.
_POLICIES = (
    "presumption_of_approval", "case_by_case", "presumption_of_denial", "policy_of_denial",
)  # fmt: skip
_FLAG = "Open flag: "
_PROHIBITED = "The transfer is prohibited."  # the answer itself, told in the first sentence


def cite(reference: str, citations: Citations) -> str:
    """Return publisher and number of a citation, its key where it is not known."""
    return citations.get(reference, reference)


def headline(record: Record) -> list[Span]:
    """Return disposition and outcome in words."""
    disposition, tone = DISPOSITIONS[record["disposition"]]
    return [(disposition, tone), (": ", Tone.DIM), (outcome_words(record), Tone.STRONG)]


def outcome_words(record: Record) -> str:
    """Return the outcome with its review policy or exception."""
    outcome = OUTCOMES[record["outcome"]]
    if record["exception"]:
        return f"{outcome} {record['exception']}"
    if record["review_policy"]:
        return f"{outcome}, {words(record['review_policy'])}"
    if record["review_policy_at_least"]:
        return f"{outcome}, review open: {words(record['review_policy_at_least'])} or stricter"
    return outcome


def transfer_words(record: Record) -> str:
    """Return what is to go where: "Export of 64 × NVIDIA B200, United States → Malaysia"."""
    order = record["order"]
    kind = KINDS.get(order.get("kind", ""), words(order.get("kind")).capitalize())
    items = record["items"]
    named = ", ".join(f"{number(i['quantity'])} × {i['product']}" if i["quantity"] is not None
                      else i["product"] for i in items[:3])  # fmt: skip
    more = f" and {count(len(items) - 3, 'further line')}" if len(items) > 3 else ""
    origin, destination = order.get("origin"), order.get("destination")
    way = country(destination)
    if origin != destination:
        way = f"{country(origin)} → {way}"
    return f"{kind} of {named}{more}, {way}"


def why(record: Record, citations: Citations) -> Iterator[str]:
    """Yield three to six sentences: the answer, what it rests on, what stands in the way."""
    yield from _ANSWERS[record["outcome"]](record, citations)
    said = record["disposition_reasons"]
    reasons = [text for text in said if not text.startswith(_FLAG) and text != _PROHIBITED]
    flags = len(record["red_flags"])
    if flags:
        reasons.append(f"{count(flags, 'red flag is', 'red flags are')} open.")
    opening = {"block": "It may not go.", "hold": "It is on hold.", "release": "It may go."}
    yield " ".join([opening[record["disposition"]], *reasons])


def leading(record: Record) -> Sequence[Record]:
    """Return the requirements that apply, the strictest first."""
    prohibited = record["outcome"] == "prohibited"

    def rank(requirement: Record) -> tuple[bool, int]:
        policy = requirement["review_policy"]
        unstated = len(_POLICIES) if prohibited else -1
        level = _POLICIES.index(policy) if policy in _POLICIES else unstated
        return requirement["lifted_by"] is None, level

    return sorted(record["requirements"], key=rank, reverse=True)


def _required(record: Record, citations: Citations) -> Iterator[str]:
    yield from _leads(record, citations, "A license is required")
    policy, least = record["review_policy"], record["review_policy_at_least"]
    if policy:
        article = "case by case" if policy == "case_by_case" else f"under a {words(policy)}"
        yield f"Applications are reviewed {article}."
    elif least:
        yield f"How applications are reviewed is not settled: {words(least)} or stricter."
    if not record["settled"]:
        yield "The open questions below can make the answer stricter, not milder."


def _prohibited(record: Record, citations: Citations) -> Iterator[str]:
    yield from _leads(record, citations, "The transfer is prohibited")


def _leads(record: Record, citations: Citations, answer: str) -> Iterator[str]:
    found = leading(record)
    if not found:
        yield f"{answer}."
        return
    first, others = found[0], len(found) - 1
    more = f", and {count(others, 'further provision')}" if others else ""
    title = first["title"].rstrip(".")
    yield f"{answer} under {first['provision']}{more}: {title} ({_cited(first, citations)})."


def _excepted(record: Record, citations: Citations) -> Iterator[str]:
    lifted = [r for r in record["requirements"] if r["lifted_by"]]
    named = ", ".join(r["provision"] for r in lifted)
    yield f"License Exception {record['exception']} lifts every requirement that applies: {named}."


def _undetermined(record: Record, citations: Citations) -> Iterator[str]:
    possible = record["possible_requirements"]
    standing = [r for r in record["requirements"] if not r["lifted_by"]]
    if standing:
        yield from _leads(record, citations, "Applicable, unless an exception lifts it,")
    elif possible:
        first, amount = possible[0], count(len(possible), "requirement is", "requirements are")
        yield (
            f"{amount} not ruled out; the first is {first['provision']}: "
            f"{first['title'].rstrip('.')} ({_cited(first, citations)})."
        )
    else:
        yield "What is known of the transfer does not lead to one answer."
    facts = len(record["missing"])
    if facts:
        yield f"{count(facts, 'answer')} below would help to settle it. Unknown never clears."


def _free(record: Record, citations: Citations) -> Iterator[str]:
    codes = dict.fromkeys(i["eccn"] or " or ".join(i["possible_eccns"]) for i in record["items"])
    where = country(record["order"].get("destination"))
    yield f"No provision that is covered requires a license for {', '.join(codes)} to {where}."
    yield from _lifted(record)


def _outside(record: Record, citations: Citations) -> Iterator[str]:
    yield "On the facts given the items are not subject to the EAR; no clause reaches beyond it."


def _lifted(record: Record) -> Iterator[str]:
    for requirement in record["requirements"]:
        if requirement["lifted_by"]:
            yield f"{requirement['provision']} applies and is lifted: {requirement['lifted_by']}."


def _cited(requirement: Record, citations: Citations) -> str:
    return cite(requirement["reference"], citations)


_ANSWERS = {
    "license_required": _required,
    "prohibited": _prohibited,
    "license_exception": _excepted,
    "undetermined": _undetermined,
    "no_license_required": _free,
    "not_subject_to_ear": _outside,
}
