"""The reasons of a decision as text: its headline, the tree, the open questions."""

from collections.abc import Mapping
from typing import Any

from chipwarden.reports.layout import Look, Page, Tone
from chipwarden.reports.sentences import headline, transfer_words
from chipwarden.reports.text import add_questions
from chipwarden.reports.tree import View, add_tree
from chipwarden.reports.words import law_line


def explanation_text(
    record: Mapping[str, Any], look: Look, citations: Mapping[str, str], view: View
) -> str:
    """Return the tree of a decision's reasons.

    Args:
        record: of `chipwarden.decision/1`.
        look: width and colour.
        citations: publisher and number by key; where a key is absent, the record's own words.
        view: how much of the tree is shown.
    """
    page = Page(look)
    page.line(headline(record))
    page.line([("Order ", Tone.DIM), (record["order_id"], Tone.STRONG)])
    page.line(transfer_words(record))
    page.line([(law_line(record), Tone.DIM)])
    page.blank()
    add_tree(page, record["reasons"], {**record["citations"], **citations}, view)
    add_questions(page, record["missing"], "Questions that are open")
    page.blank()
    return page.text()
