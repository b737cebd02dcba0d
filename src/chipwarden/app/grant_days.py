"""The days for which an order is released: it is decided anew for each day of a grant.

    limits = release_limits(stored, data, start, end)
    limits      # () where it is released throughout, else when it ends, and why

What was cleared once may not be cleared on the day of release: law changes on days that are
known before, evidence ends, and a decision may have been made under rules of one's own. So
what counts is what the data at hand say for each day.
"""

from datetime import UTC, date, datetime, timedelta

from chipwarden.app.check import Terms, check
from chipwarden.app.record_file import StoredDecision
from chipwarden.decisions.inputs import Data
from chipwarden.enforcement.validity import start_of

Limit = tuple[int, str]


def release_limits(stored: StoredDecision, data: Data, start: int, end: int) -> tuple[Limit, ...]:
    """Return when the order is released no longer, and why.

    Args:
        stored: the decision; its order is decided anew.
        data: law, catalog and lists of today.
        start: first moment of the grant, POSIX seconds.
        end: moment after its last one.

    Returns:
        At most one: the beginning of the first day for which it is not released.
    """
    known = set(stored.record["obligations"])
    day, last = _day(start), _day(end - 1)
    while day <= last:
        record = check(stored.order, "order", data, Terms(as_of=day)).record
        if record["disposition"] != "release":
            outcome = str(record["outcome"]).replace("_", " ")
            why = f"Decided anew for {day} the answer is {record['disposition']}, {outcome}"
            return ((start_of(day), why),)
        if new := [duty for duty in record["obligations"] if duty not in known]:
            why = f"Decided anew for {day} there is another obligation: {new[0].rstrip('.')}"
            return ((start_of(day), why),)
        day += timedelta(days=1)
    return ()


def _day(moment: int) -> date:
    return datetime.fromtimestamp(moment, UTC).date()
