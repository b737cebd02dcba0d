"""The result of a replay as text."""

import json
from collections.abc import Mapping
from typing import Any

from chipwarden.reports.layout import Look, Page, Tone
from chipwarden.reports.words import count

_LONGEST = 200


def replay_text(record: Mapping[str, Any], look: Look) -> str:
    """Return what a replay came to, with every difference.

    Args:
        record: order_id, same, differences, more and lacks.
        look: width and colour.
    """
    page = Page(look)
    differences = record["differences"]
    if record["same"]:
        page.line([("SAME", Tone.GOOD), (": the decision was made again, byte for byte.",
                                         Tone.PLAIN)])  # fmt: skip
    elif differences:
        total = count(len(differences) + record["more"], "place")
        page.line([("DIFFERENT", Tone.BAD), (f": the replay differs in {total}.", Tone.PLAIN)])
    else:
        page.line([("NOT REPLAYED", Tone.OPEN), (": what it takes is not at hand.", Tone.PLAIN)])
    page.line([("Order ", Tone.DIM), (str(record["order_id"]), Tone.STRONG)])
    for lack in record["lacks"]:
        page.bullet(lack)
    for difference in differences:
        page.bullet([(difference["path"] or "/", Tone.STRONG)])
        page.line([("recorded  ", Tone.DIM), (_said(difference["old"]), Tone.PLAIN)], 4, 10)
        page.line([("replayed  ", Tone.DIM), (_said(difference["new"]), Tone.PLAIN)], 4, 10)
    if record["more"]:
        page.line([(f"  and {record['more']:,} more", Tone.DIM)])
    return page.text()


def _said(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
