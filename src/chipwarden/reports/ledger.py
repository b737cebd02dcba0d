"""What the ledger says, as text: lists, one entry, checks and proofs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chipwarden.reports.layout import Look, Page, Tone
from chipwarden.reports.words import count

_LONGEST = 100
# Below so many columns a table of keys has no room.
_NARROW = 80


def day_and_time(seconds: int | None) -> str:
    """Return POSIX seconds as people read them, in UTC; "" where nothing is known."""
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def entries_text(entries: Sequence[Mapping[str, Any]], log: Mapping[str, Any], look: Look) -> str:
    """Return a table of entries, newest last.

    Args:
        entries: index, issued_at, type and summary of each.
        log: origin and size, and the root in hexadecimal.
        look: width and colour.
    """
    page = Page(look)
    page.line([("Log ", Tone.DIM), (str(log["origin"]), Tone.STRONG)])
    page.line(f"{count(log['size'], 'entry', 'entries')}, root {log['root']}", 0, 2)
    if entries:
        page.blank()
        page.table(
            ("Entry", "Signed", "Type", "What"),
            [
                (str(entry["index"]), day_and_time(entry["issued_at"]), entry["type"],
                 entry["summary"])
                for entry in entries
            ],
            right=(0,), flexible=3,
        )  # fmt: skip
    return page.text()


def entry_text(entry: Mapping[str, Any], look: Look) -> str:
    """Return all of one entry.

    Args:
        entry: as `app.ledger_view` gives it.
        look: width and colour.
    """
    page = Page(look)
    page.line([(f"Entry {entry['index']}", Tone.STRONG), (f": {entry['type']}", Tone.PLAIN)])
    for name, value in (
        ("issuer", entry["issuer"]),
        ("subject", entry["subject"]),
        ("signed", day_and_time(entry["issued_at"])),
        ("key", entry["kid"]),
        ("leaf hash", entry["leaf_hash"]),
        ("body", entry["body"] or "none"),
    ):
        page.line([(f"{name}  ", Tone.DIM), (str(value), Tone.PLAIN)], 2, 4)
    good = entry["signature"] == "counts"
    page.line(
        [("signature  ", Tone.DIM), (entry["signature"], Tone.GOOD if good else Tone.BAD)], 2, 4
    )
    _fields(page, "Says", {name: _said(value) for name, value in entry["public"].items()})
    if entry["values"] is not None:
        _fields(page, "Commits to", {n: _said(v) for n, v in entry["values"].items()})
    elif entry["commitments"]:
        _fields(page, "Commits to (the body is not at hand)", entry["commitments"])
    return page.text()


def _fields(page: Page, title: str, fields: Mapping[str, str]) -> None:
    if not fields:
        return
    page.heading(title)
    for name, value in fields.items():
        page.line([(f"{name}  ", Tone.DIM), (value, Tone.PLAIN)], 2, 4)


def _said(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def check_text(report: Mapping[str, Any], look: Look) -> str:
    """Return what a check of a log came to.

    Args:
        report: origin, size, root, findings and notes (path, index, found, expected).
        look: width and colour.
    """
    page = Page(look)
    findings = report["findings"]
    size = count(report["size"], "entry", "entries")
    if findings:
        page.line([("DAMAGED", Tone.BAD), (f": {count(len(findings), 'finding')} in {size}.",
                                           Tone.PLAIN)])  # fmt: skip
    else:
        page.line([("SOUND", Tone.GOOD), (f": {size} lead to the signed root.", Tone.PLAIN)])
    page.line([("Log ", Tone.DIM), (str(report["origin"]), Tone.STRONG)])
    if report["root"]:
        page.line([("root ", Tone.DIM), (report["root"], Tone.PLAIN)])
    for finding in findings:
        _finding(page, finding)
    if report["notes"]:
        page.heading("To know")
    for note in report["notes"]:
        _finding(page, note)
    return page.text()


def _finding(page: Page, finding: Mapping[str, Any]) -> None:
    place = finding["path"]
    if finding["index"] is not None:
        place += f", entry {finding['index']}"
    page.bullet([
        (place, Tone.STRONG),
        (f": found {finding['found']}; expected {finding['expected']}", Tone.PLAIN),
    ])  # fmt: skip


def proof_text(found: Mapping[str, Any], look: Look) -> str:
    """Return what a proof proves, or the first part of it that fails.

    Args:
        found: as `app.ledger_view.proof_json` gives it.
        look: width and colour.
    """
    page = Page(look)
    if not found["holds"]:
        page.line([("FAILS", Tone.BAD), (f" in its {found['part']}", Tone.STRONG)])
        page.line(found["why"], 2, 2)
        return page.text()
    page.line(
        [("HOLDS", Tone.GOOD), (f": entry {found['index']} of {found['origin']}", Tone.PLAIN)]
    )
    page.bullet(
        f"{found['issuer']} signed a statement of type {found['type']} about {found['subject']} "
        f"on {day_and_time(found['issued_at'])}, by its own clock."
    )
    page.bullet(
        f"The log holds it among {count(found['size'], 'entry', 'entries')}, root {found['root']}."
    )
    witnesses = found["witnesses"]
    if witnesses:
        for name, at in witnesses.items():
            page.bullet(f"Witness {name} saw this log grow only, on {day_and_time(at)}.")
    else:
        page.bullet("No witness is asked for: the log's operator alone vouches for its history.")
    _fields(page, "Says", {n: _said(v) for n, v in found["public"].items()})
    _fields(page, "Shown", {n: _said(v) for n, v in found["opened"].items()})
    return page.text()


def keys_text(keys: Sequence[Mapping[str, Any]], look: Look) -> str:
    """Return the keys with the entries for which each counts, as a table where there is room."""
    page = Page(look)
    if look.width < _NARROW:
        for key in keys:
            page.line([(key["kid"][:16], Tone.STRONG),
                       (f" {key['use']}, {key['algorithm']}", Tone.PLAIN)])  # fmt: skip
            page.line(key["issuer"], 2, 2)
            page.line(f"counts for entries {_span(key['since'], key['until'])}", 2, 2)
            if key["ended"]:
                page.line(key["ended"], 2, 2)
        return page.text()
    page.table(
        ("Key", "Issuer", "Use", "Algorithm", "Counts for entries", "Ended"),
        [
            (key["kid"][:16], key["issuer"], key["use"], key["algorithm"],
             _span(key["since"], key["until"]), key["ended"])
            for key in keys
        ],
        # A key is copied from here, so that its column is never narrowed.
        right=(0,), flexible=5, indent=0,
    )  # fmt: skip
    return page.text()


def _span(since: int, until: int | None) -> str:
    if until is None:
        return f"{since} on"
    return f"{since} to {until - 1}" if until > since else "none"


def cosigned_text(found: Mapping[str, Any], look: Look) -> str:
    """Return which witnesses cosigned a checkpoint, and why others did not."""
    page = Page(look)
    size = count(found["size"], "entry", "entries")
    if not found["witnesses"]:
        page.line([("NO WITNESS", Tone.OPEN), (f" saw the checkpoint of {size}.", Tone.PLAIN)])
    elif found["is_met"]:
        page.line([("COSIGNED", Tone.GOOD), (f": the checkpoint of {size}.", Tone.PLAIN)])
    else:
        page.line([("NOT ENOUGH", Tone.BAD), (f" cosigned the checkpoint of {size}.", Tone.PLAIN)])
    for witness in found["witnesses"]:
        said = "cosigned" if witness["cosigned"] else witness["why"]
        page.bullet([(witness["witness"], Tone.STRONG), (f": {said}", Tone.PLAIN)])
    if not found["witnesses"]:
        page.bullet("The policy names no witness. Add some to policy.txt in the workspace.")
    return page.text()
