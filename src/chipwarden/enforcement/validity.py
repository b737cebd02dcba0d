"""For how long a grant may hold: shortly, and never longer than what the decision rests on.

Days are taken in UTC. A grant holds from its beginning on and no longer at its end.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S
DEFAULT_VALIDITY_S: Final = 72 * HOUR_S
LONGEST_VALIDITY_S: Final = 30 * DAY_S


def end_of(
    record: Mapping[str, Any],
    not_before: int,
    validity_s: int | None,
    screening_days: int | None = None,
    more: Iterable[tuple[int, str]] = (),
) -> tuple[int, list[str]]:
    """Return when a grant ends, and every reason why it may not be so.

    Args:
        record: the record of the decision.
        not_before: when it begins, POSIX seconds.
        validity_s: how long it is to hold, seconds; None: 72 hours, or less where the
            decision bears less.
        screening_days: days for which a screening result counts, None where it does not matter.
        more: what else ends it: POSIX seconds and why.

    Returns:
        The end, POSIX seconds, after `not_before`; the reasons, () where it may be so.
    """
    reasons = []
    as_of = date.fromisoformat(record["as_of"])
    if not_before < start_of(as_of):
        reasons.append(
            f"The law was applied as of {as_of}, and the grant would begin at "
            f"{told(not_before)}. Let it begin later, or decide as of the day of release."
        )
    asked = DEFAULT_VALIDITY_S if validity_s is None else validity_s
    if not 1 <= asked <= LONGEST_VALIDITY_S:
        reasons.append(
            f"It would hold for {asked:,} seconds; a grant holds for at least one and at most "
            f"{LONGEST_VALIDITY_S:,} ({LONGEST_VALIDITY_S // DAY_S} days). Issue another when it "
            "ends."
        )
    end = not_before + max(asked, 1)
    for limit, why in sorted([*_limits(record, as_of, screening_days), *more]):
        if limit <= not_before:
            reasons.append(f"{why}; the grant would begin at {told(not_before)}. Decide again.")
        elif limit < end and validity_s is not None:
            reasons.append(f"{why}; the grant would end at {told(end)}. Ask for a shorter one.")
        end = min(end, max(limit, not_before + 1))
    return end, reasons


def _limits(
    record: Mapping[str, Any], as_of: date, screening_days: int | None
) -> Iterator[tuple[int, str]]:
    """Yield when each thing that the decision rests on ends, POSIX seconds, and what it is."""
    order = record["order"]
    yield (
        start_of(as_of) + LONGEST_VALIDITY_S,
        f"The law was applied as of {as_of}, and a grant reaches at most "
        f"{LONGEST_VALIDITY_S // DAY_S} days from there",
    )
    # Of several licenses the first to end counts: under which of them the goods go is not said.
    for held in order.get("authorizations", ()):
        last = _day(held.get("valid_until"))
        # What had ended on the day of the decision did not carry it.
        if last is not None and last >= as_of:
            name = f"{str(held['kind']).replace('_', ' ')} {held.get('number') or ''}".strip()
            yield _end_of_day(last), f"The {name} is valid until {last}"
    facts = order.get("facts", {})
    for name, fact in facts.items():
        last = _day(fact.get("expires")) if isinstance(fact, Mapping) else None
        if last is not None and last >= as_of:
            yield _end_of_day(last), f"The evidence for {name} counts until {last}"
    screened = _day(order.get("screening", {}).get("date"))
    # The flag for an old screening can be closed by a person, and is of no weight then.
    if screened and screening_days is not None and not _says_yes(facts, "flag_resolved_screening"):
        last = screened + timedelta(days=screening_days)
        yield _end_of_day(last), f"The screening of {screened} counts until {last}"


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _says_yes(facts: Mapping[str, Any], name: str) -> bool:
    fact = facts.get(name)
    return (fact.get("value") if isinstance(fact, Mapping) else fact) is True


def start_of(day: date) -> int:
    """Return when a day begins in UTC, POSIX seconds."""
    return calendar.timegm(day.timetuple())


def _end_of_day(day: date) -> int:
    return start_of(day) + DAY_S


def told(time: int) -> str:
    """Return a time as people read it, in UTC.

    >>> told(1_793_000_000)
    '2026-10-26 07:33:20 UTC'
    """
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
