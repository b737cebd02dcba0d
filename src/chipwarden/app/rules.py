"""Look up the law: a provision with its dates and history, parameters, citations, changes."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from chipwarden.expressions.text import to_text
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.reasons import json_value
from chipwarden.rules.coverage import coverage as built
from chipwarden.rules.coverage import load_facts, to_json
from chipwarden.rules.lawbook import Law, Lawbook
from chipwarden.rules.provisions import Dates, LawParameter, ParameterValue, Provision

_PARAMETER = re.compile(r"(?<![\w']):([A-Za-z_]\w*)")
_NEAR = 5
_NEAR_SCORE = 60


def provisions(
    lawbook: Lawbook, law: Law | None = None, *, step: str = "", regime: str = ""
) -> list[dict[str, Any]]:
    """Return one short record for each provision.

    Args:
        lawbook: where to look.
        law: where given only what applies under it.
        step: only provisions of this step.
        regime: only provisions of this regime.
    """
    found = lawbook.provisions if law is None else law.provisions
    return [
        short(provision)
        for provision in found
        if step in ("", provision.step.value) and regime in ("", provision.regime)
    ]


def provision(lawbook: Lawbook, provision_id: str, law: Law) -> dict[str, Any]:
    """Return everything about one provision, with the values that its condition names.

    Args:
        lawbook: where to look.
        provision_id: its id.
        law: under which the values of its parameters are given.

    Raises:
        InvalidDocument: there is no such provision; near ids are offered.
    """
    found = _found(lawbook, provision_id)
    used = _used(found, lawbook)
    texts = {"text": found.text, "question": found.question, "obligation": found.obligation,
             "warning": found.warning, "note": found.note}  # fmt: skip
    return {
        **short(found),
        "applies": any(other.id == found.id for other in law.provisions),
        "as_of": law.as_of.isoformat(),
        "known_on": law.known_on.isoformat(),
        "mode": "as_written" if law.as_written else "as_enforced",
        "instrument": found.instrument.value,
        "paragraph": found.paragraph,
        "kinds": list(found.kinds),
        "condition": found.when_text,
        "ready_when": to_text(found.ready_when) if found.ready_when else "",
        "outcome": found.outcome,
        "eccn": found.eccn,
        "eccn_of_system": found.eccn_of_system,
        "exception": found.exception,
        "policy": found.policy.value if found.policy else None,
        "review": _review(found),
        "lifts": list(found.lifts),
        "lifted_by": [p.id for p in lawbook.provisions if found.id in p.lifts],
        "reviewed_under": [p.id for p in lawbook.provisions if found.id in p.of],
        "review_of": list(found.of),
        **{key: text for key, text in texts.items() if text},
        "parameters": [parameter(lawbook, name, law) for name in used],
        "groups": {name: _members(name, law) for name in _named(found) if name in lawbook.groups},
        "facts": list(found.facts),
        "citation": citation(lawbook, found.reference),
        "last_checked": found.last_checked.isoformat(),
        "file": found.origin,
        "related": [short(other) for other in _related(found, lawbook)],
    }


def history(lawbook: Lawbook, provision_id: str) -> dict[str, Any]:
    """Return what came before and after a provision, and its parameters over time.

    Raises:
        InvalidDocument: there is no such provision.
    """
    found = _found(lawbook, provision_id)
    line = sorted([found, *_related(found, lawbook)], key=_first_day)
    return {
        "provision": found.id,
        "title": found.title,
        "line": [short(other) for other in line],
        "parameters": [parameter(lawbook, name) for name in _used(found, lawbook)],
    }


def parameters(lawbook: Lawbook, law: Law | None = None) -> list[dict[str, Any]]:
    """Return every parameter with its values over time; under a law those in force too."""
    return [parameter(lawbook, name, law) for name in lawbook.parameters]


def parameter(lawbook: Lawbook, name: str, law: Law | None = None) -> dict[str, Any]:
    """Return a parameter with its values over time."""
    found: LawParameter = lawbook.parameters[name]
    record: dict[str, Any] = {
        "parameter": name,
        "description": found.description,
        "unit": found.unit,
        "note": found.note,
        "values": [_value(value) for value in found.values],
    }
    if law is not None:
        value = law.values.get(name)
        record["value"] = json_value(value.value) if value else None
    return record


def citations(lawbook: Lawbook) -> list[dict[str, Any]]:
    """Return every citation with the provisions that rest on it."""
    return [
        {**citation(lawbook, key), "provisions": [
            p.id for p in lawbook.provisions if p.reference == key
        ]}
        for key in lawbook.citations
    ]  # fmt: skip


def citation(lawbook: Lawbook, key: str) -> dict[str, Any]:
    """Return one citation."""
    found = lawbook.citations[key]
    return {
        "key": key,
        "title": found.title,
        "publisher": found.publisher,
        "number": found.number,
        "published": found.published.isoformat(),
        "seen": found.seen,
    }


def coverage(lawbook: Lawbook) -> list[dict[str, Any]]:
    """Return where each fact of the fact base stands in the packaged law."""
    return to_json(built(lawbook, load_facts()))


def _found(lawbook: Lawbook, provision_id: str) -> Provision:
    wanted = provision_id.casefold()
    for each in lawbook.provisions:
        if each.id.casefold() == wanted:
            return each
    from rapidfuzz import process

    ids = [each.id for each in lawbook.provisions]
    hits = process.extract(provision_id, ids, limit=_NEAR, score_cutoff=_NEAR_SCORE)
    near = ", ".join(hit[0] for hit in hits)
    remedy = f"Near ids: {near}." if near else "`chipwarden rules list` shows all ids."
    problem = Problem("provision", repr(provision_id), "the id of a provision", remedy)
    raise InvalidDocument("the law", [problem])


def short(found: Provision) -> dict[str, Any]:
    """Return what lists say of a provision: id, title, dates, source."""
    return {
        "provision": found.id,
        "title": found.title,
        "regime": found.regime,
        "step": found.step.value,
        **_dates(found.dates),
        "reference": found.reference,
        "confidence": found.confidence.value,
    }


def _dates(dates: Dates) -> dict[str, str | None]:
    return {
        name: day.isoformat() if (day := getattr(dates, name)) else None
        for name in ("in_force", "until", "published", "until_published", "compliance_due",
                     "enforced_until", "enforced_until_published")
    }  # fmt: skip


def _value(value: ParameterValue) -> dict[str, Any]:
    return {
        "value": json_value(value.value),
        "in_force": value.in_force.isoformat(),
        "published": value.published.isoformat(),
        "reference": value.reference,
        "confidence": value.confidence.value,
        "note": value.note,
    }


def _review(found: Provision) -> str | None:
    if found.review_of_entry:
        return "as the list entry says"
    return found.review.value if found.review else None


def _named(found: Provision) -> list[str]:
    return list(dict.fromkeys(_PARAMETER.findall(found.when_text)))


def _used(found: Provision, lawbook: Lawbook) -> list[str]:
    return [name for name in _named(found) if name in lawbook.parameters]


def _members(name: str, law: Law) -> Mapping[str, list[str]]:
    group = law.group(name)
    return {"members": sorted(group.members), "uncertain": sorted(group.uncertain)}


def _related(found: Provision, lawbook: Lawbook) -> Iterator[Provision]:
    """Yield other provisions of the same fact or paragraph, and those that it took turns with."""
    facts = set(found.facts)
    for other in lawbook.provisions:
        same_paragraph = bool(found.paragraph) and other.paragraph == found.paragraph
        took_turns = (other.step, other.regime) == (found.step, found.regime) and (
            _follows(found, other) or _follows(other, found)
        )
        if other.id != found.id and (same_paragraph or took_turns or facts & set(other.facts)):
            yield other


def _follows(later: Provision, earlier: Provision) -> bool:
    """Return whether one begins on the day after the other ends."""
    until = earlier.dates.until
    return until is not None and later.dates.in_force == until + timedelta(days=1)


def _first_day(found: Provision) -> date:
    return found.dates.in_force or found.dates.published
