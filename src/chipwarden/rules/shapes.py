"""The shape of every table of law data, so that a wrong one is told and not guessed at."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from chipwarden.model.errors import Problem
from chipwarden.model.values import Confidence
from chipwarden.rules.provisions import Instrument, ReviewPolicy, Step

Kind = str | tuple[str, ...]
Shape = Mapping[str, Kind]

_CONFIDENCES = tuple(word.value for word in Confidence)
_POLICIES = tuple(word.value for word in ReviewPolicy)
_STEPS = tuple(word.value for word in Step)
_INSTRUMENTS = tuple(word.value for word in Instrument)

TEXT, FLAG, WHOLE, DAY, TEXTS, VALUE, TABLES, TABLE = (
    "a text", "true or false", "a whole number", "a date such as 2026-01-15", "a list of texts",
    "a number, a text, a date, or true or false", "a list of tables", "a table",
)  # fmt: skip

_DATES: Shape = {
    "in_force": DAY, "until": DAY, "until_published": DAY, "compliance_due": DAY,
    "enforced_until": DAY, "enforced_until_published": DAY,
}  # fmt: skip

CITATION: Shape = {
    "title!": TEXT, "publisher!": TEXT, "number!": TEXT, "published!": DAY, "seen!": TEXT,
}  # fmt: skip
PARAMETER: Shape = {"description!": TEXT, "unit": TEXT, "note": TEXT, "values!": TABLES}
PARAMETER_VALUE: Shape = {
    "value!": VALUE, "in_force!": DAY, "published!": DAY, "reference!": TEXT,
    "confidence!": _CONFIDENCES, "note": TEXT,
}  # fmt: skip
GROUP: Shape = {
    "description!": TEXT, "reference!": TEXT, "confidence!": _CONFIDENCES, "from": DAY,
    "published": DAY, "members": TEXTS, "uncertain": TEXTS, "dated": TABLES, "union": TEXTS,
    "minus": TEXTS, "later": TABLE, "note": TEXT,
}  # fmt: skip
MEMBERSHIP: Shape = {
    "country!": TEXT, "from": DAY, "until": DAY, "published": DAY, "until_published": DAY,
    "confidence!": _CONFIDENCES, "membership": ("unknown",), "reference": TEXT, "note": TEXT,
}  # fmt: skip
LATER: Shape = {"union!": TEXTS, "from!": DAY, "published!": DAY}
FACT: Shape = {
    "type!": ("number", "text", "flag", "date", "country"), "question!": TEXT, "who!": TEXT,
    "unit": TEXT, "derived": FLAG, "from": TEXTS,
}  # fmt: skip
COMPANY: Shape = {
    "names!": TEXTS, "reference!": TEXT, "confidence!": _CONFIDENCES, "addressee": FLAG,
}  # fmt: skip
REGIME: Shape = {
    "code!": TEXT, "name!": TEXT, "subject_when!": TEXT, "fallback!": TEXT, "note": TEXT,
    "from": DAY,
}  # fmt: skip
PROVISION: Shape = {
    "id!": TEXT, "title!": TEXT, "published!": DAY, "reference!": TEXT, "confidence!": _CONFIDENCES,
    "step!": _STEPS, "instrument!": _INSTRUMENTS, "regime!": TEXT, "last_checked!": DAY, **_DATES,
    "when": TEXT, "ready_when": TEXT, "paragraph": TEXT, "outcome": TEXT, "review": _POLICIES,
    "policy": _POLICIES, "review_of_entry": FLAG, "review_of_owners": FLAG, "regardless": FLAG,
    "knowledge": FLAG, "rank": WHOLE, "eccn": TEXT, "eccn_of_system": TEXT, "residual": FLAG,
    "presumes_datacenter": FLAG, "exception": TEXT, "question": TEXT, "answer": TEXT,
    "resolved_by": TEXT, "counts_unknown": FLAG, "text": TEXT, "obligation": TEXT,
    "warning": TEXT, "note": TEXT, "facts": TEXTS, "kinds": TEXTS, "lifts": TEXTS, "of": TEXTS,
}  # fmt: skip


def problems_of(table: object, shape: Shape, place: str) -> Iterator[Problem]:
    """Yield what is wrong with a table: missing and unknown keys, values of another type.

    Args:
        table: as parsed.
        shape: keys with what they hold; a key that ends in "!" must be there.
        place: where the table stands.
    """
    if not isinstance(table, Mapping):
        yield Problem(place, f"{type(table).__name__}", TABLE)
        return
    known = {key.rstrip("!"): kind for key, kind in shape.items()}
    for key in shape:
        if key.endswith("!") and key[:-1] not in table:
            yield Problem(place, f"no `{key[:-1]}`", f"`{key[:-1]}`")
    for key, value in table.items():
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            remedy = f"Did you mean `{near[0]}`?" if near else ""
            yield Problem(place, f"the key {key!r}", f"one of: {', '.join(sorted(known))}", remedy)
        elif not _fits(value, known[key]):
            yield Problem(f"{place}.{key}", repr(value)[:80], _said(known[key]))


def _fits(value: Any, kind: Kind) -> bool:
    if isinstance(kind, tuple):
        return isinstance(value, str) and value in kind
    match kind:
        case "a text":
            return isinstance(value, str)
        case "true or false":
            return isinstance(value, bool)
        case "a whole number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "a date such as 2026-01-15":
            return isinstance(value, date) and not isinstance(value, datetime)
        case "a list of texts":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case "a list of tables":
            return isinstance(value, list) and all(isinstance(one, dict) for one in value)
        case "a table":
            return isinstance(value, dict)
        case _:
            return isinstance(value, (int, str, bool, date, Decimal))


def _said(kind: Kind) -> str:
    if isinstance(kind, tuple):
        return f"one of: {', '.join(kind)}"
    return kind
