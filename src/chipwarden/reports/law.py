"""The law as text: provisions, their history, parameters, citations, changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from chipwarden.reports.layout import Look, Page, Rich, Span, Tone
from chipwarden.reports.words import country, law_line, number, words

Record = Mapping[str, Any]
Citations = Mapping[str, str]


def provisions_text(records: Sequence[Record], look: Look) -> str:
    """Return a list of provisions."""
    page = Page(look)
    rows = [
        [[(r["provision"], Tone.STRONG)], words(r["step"]), _from(r), r["until"] or "", r["title"]]
        for r in records
    ]
    page.table(("Provision", "Step", "From", "To", "Title"), rows, flexible=4, indent=0)
    return page.text()


def provision_text(record: Record, look: Look) -> str:
    """Return one provision with condition, values, citation and history."""
    page = Page(look)
    page.line([(record["title"], Tone.STRONG)])
    page.line([(record["provision"], Tone.PLAIN), (f"  {record['paragraph']}", Tone.DIM)])
    applies = "It applies." if record["applies"] else "It does not apply."
    page.line([(f"{law_line(record)}: ", Tone.DIM),
               (applies, Tone.GOOD if record["applies"] else Tone.OPEN)])  # fmt: skip
    page.blank()
    cited = record["citation"]
    facts: list[tuple[str, Rich]] = [
        ("Regime", record["regime"]),
        ("Kind", f"{record['instrument']}, {words(record['step'])}"),
        ("Effect", _effect(record)),
        ("Dates", dates_words(record)),
        ("Published", record["published"]),
        ("Citation", f"{cited['publisher']}, {cited['title']}, {cited['number']}"),
        ("Seen", cited["seen"]),
        ("Confidence", f"{record['confidence']}, last checked {record['last_checked']}"),
        ("Lifts", ", ".join(record["lifts"])),
        ("Lifted by", ", ".join(record["lifted_by"])),
        ("Reviewed under", ", ".join(record["reviewed_under"])),
        ("Review of", ", ".join(record["review_of"])),
        ("Builds", ", ".join(record["facts"])),
        ("File", record["file"]),
    ]
    page.table(("", ""), [[[(k, Tone.DIM)], v] for k, v in facts if v], flexible=1)
    for title in ("text", "question", "obligation", "warning", "note"):
        if record.get(title):
            page.heading(title.capitalize())
            page.line(record[title], 2)
    if record["condition"]:
        page.heading("Condition")
        page.line(record["condition"], 2, 2)
        if record["ready_when"]:
            page.line(f"Ready when {record['ready_when']}", 2, 2)
    _values(page, record["parameters"])
    _groups(page, record["groups"])
    _line(page, "Related: the same fact or paragraph, or in place of each other", record["related"])
    return page.text()


def history_text(record: Record, look: Look, citations: Citations) -> str:
    """Return what came before and after a provision, and its values over time."""
    page = Page(look)
    page.line([(record["title"], Tone.STRONG)])
    page.line(record["provision"])
    _line(page, "The same fact or paragraph, or in place of each other, by date", record["line"])
    if record["parameters"]:
        page.heading("Values over time")
        _over_time(page, record["parameters"], citations)
    return page.text()


def parameters_text(records: Sequence[Record], look: Look, citations: Citations) -> str:
    """Return parameters with their values over time."""
    page = Page(look)
    _over_time(page, records, citations)
    return page.text()


def citations_text(records: Sequence[Record], look: Look) -> str:
    """Return citations."""
    page = Page(look)
    for record in records:
        named = f"{record['publisher']}, {record['title']}, {record['number']}"
        page.line([(f"{record['key']}: ", Tone.STRONG), (named, Tone.PLAIN)], hang=4)
        said = f"published {record['published']}; seen {record['seen']}"
        page.line([(f"{said}; {len(record['provisions'])} provisions", Tone.DIM)], 4)
    return page.text()


def coverage_text(records: Sequence[Record], look: Look) -> str:
    """Return where each fact of the fact base stands: provisions, then its parts."""
    page = Page(look)
    for record in records:
        page.line([(f"{record['fact']}: ", Tone.STRONG), (", ".join(record["provisions"]),
                   Tone.PLAIN)], hang=4)  # fmt: skip
        for key, targets in record["parameters"].items():
            said = "; ".join(f"{target['kind']} {target['name']}" for target in targets)
            page.line([(f"{key}: {said}", Tone.DIM)], 4, 2)
    return page.text()


def changes_text(records: Sequence[Record], look: Look, citations: Citations) -> str:
    """Return what differs between two laws."""
    page = Page(look)
    kinds = {kind: [r for r in records if r["change"] == kind]
             for kind in ("begins", "ends", "value", "group")}  # fmt: skip
    if not records:
        page.line("The law is the same on both days.")
    _line(page, "Begins", kinds["begins"])
    _line(page, "Ends", kinds["ends"])
    if kinds["value"]:
        page.heading("Values")
        for record in kinds["value"]:
            source = citations.get(record["reference"], record["reference"])
            page.bullet([
                (record["description"], Tone.PLAIN),
                (f": {_known(record['before'])} → {_known(record['after'])} {record['unit']}",
                 Tone.STRONG),
                (f" ({source})" if source else "", Tone.DIM),
            ])  # fmt: skip
    if kinds["group"]:
        page.heading("Country groups")
        for record in kinds["group"]:
            said: list[Span] = [(record["description"], Tone.PLAIN)]
            for word, key in (("joined by", "joined"), ("left by", "left")):
                if record[key]:
                    named = ", ".join(map(country, record[key]))
                    said.append((f"; {word} {named}", Tone.STRONG))
            page.bullet(said)
    return page.text()


def dates_words(record: Record) -> str:
    """Return when a provision holds, in words."""
    parts = [f"from {record['in_force']}" if record["in_force"] else "before the covered time"]
    if record["compliance_due"]:
        parts.append(f"to be complied with from {record['compliance_due']}")
    if record["enforced_until"]:
        parts.append(f"not enforced after {record['enforced_until']}")
    if record["until"]:
        known = record["until_published"]
        parts.append(f"to {record['until']}" + (f" (known {known})" if known else ""))
    return ", ".join(parts)


def _from(record: Record) -> str:
    return record["in_force"] or ""


def _effect(record: Record) -> str:
    parts = [words(record["outcome"])] if record["outcome"] else []
    parts += [f"ECCN {record['eccn']}"] if record["eccn"] else []
    parts += [f"of a system {record['eccn_of_system']}"] if record["eccn_of_system"] else []
    parts += [f"License Exception {record['exception']}"] if record["exception"] else []
    parts += [f"review: {words(record['policy'])}"] if record["policy"] else []
    parts += [f"review: {words(record['review'])}"] if record["review"] else []
    parts += [f"for {', '.join(map(words, record['kinds']))}"] if record["kinds"] else []
    return ", ".join(parts)


def _values(page: Page, parameters: Sequence[Record]) -> None:
    if not parameters:
        return
    page.heading("Values on that day")
    rows = [
        [[(f":{p['parameter']}", Tone.STRONG)], _known(p["value"]), p["unit"], p["description"]]
        for p in parameters
    ]
    page.table(("", "", "", ""), rows, right=(1,), flexible=3)


def _groups(page: Page, groups: Mapping[str, Record]) -> None:
    if not groups:
        return
    page.heading("Country groups on that day")
    for name, group in groups.items():
        codes = " ".join(group["members"]) or "nobody"
        open_ones = f"; not certain: {' '.join(group['uncertain'])}" if group["uncertain"] else ""
        page.line([(f":{name} ", Tone.STRONG), (codes + open_ones, Tone.PLAIN)], 2, 2)


def _line(page: Page, title: str, records: Sequence[Record]) -> None:
    if not records:
        return
    page.heading(title)
    for record in records:
        page.bullet([
            (record["title"], Tone.PLAIN),
            (f" ({record['provision']}; {dates_words(record)})", Tone.DIM),
        ])  # fmt: skip


def _over_time(page: Page, parameters: Sequence[Record], citations: Citations) -> None:
    for record in parameters:
        page.line([(f"{record['parameter']}: ", Tone.STRONG),
                   (record["description"], Tone.PLAIN)], hang=2)  # fmt: skip
        rows = [
            [f"from {v['in_force']}", _known(v["value"]), record["unit"],
             [(f"{citations.get(v['reference'], v['reference'])}; {v['confidence']}", Tone.DIM)]]
            for v in record["values"]
        ]  # fmt: skip
        page.table(("", "", "", ""), rows, right=(1,), flexible=3, indent=4)


def _known(value: object) -> str:
    return "none" if value is None else number(value, whole=True)
