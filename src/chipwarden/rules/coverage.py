"""Where each fact of the fact base stands in the law: a page, and a check of its links.

The map from facts to clauses, parameters and groups is data
(`data/coverage.toml`); the law is not read from it.

    python -m chipwarden.rules.coverage > docs/reference/coverage.md
"""

import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chipwarden.model.data_texts import data_texts, once_per_texts
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.loader import load_packaged
from chipwarden.rules.provisions import Provision

SCHEMA = "chipwarden.coverage/1"
_FILE = "rules/coverage.toml"
# How a sub-parameter can stand in words, where no clause or value is built from it.
_IN_WORDS = ("computed", "guidance", "not a rule")

FactMap = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Target:
    """What a sub-parameter became.

    Attributes:
        kind: provision, parameter, group, fact, company or regime; or one of the words for what
            no data is built from: computed, guidance, not a rule.
        name: id or name; of a word, where or why.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class FactCoverage:
    """One fact of the fact base.

    Attributes:
        fact: its id.
        provisions: that name it.
        parameters: what each of its sub-parameters became.
    """

    fact: str
    provisions: tuple[Provision, ...]
    parameters: Mapping[str, tuple[Target, ...]]


@once_per_texts
def load_facts() -> FactMap:
    """Return the map of the packaged data: fact → sub-parameter → targets."""
    record = tomllib.loads(data_texts().text(_FILE))
    facts: FactMap = record["facts"]
    return facts


def coverage(lawbook: Lawbook, facts: FactMap) -> tuple[FactCoverage, ...]:
    """Return where each fact stands in the law.

    Args:
        lawbook: the law.
        facts: fact → sub-parameter → targets such as "parameter: tpp_a".

    Raises:
        InvalidDocument: targets that do not exist, facts without a provision, and provisions that
            name a fact which is not in the map.
    """
    known = _names(lawbook)
    problems: list[Problem] = []
    found = []
    for fact, parameters in facts.items():
        provisions = tuple(clause for clause in lawbook.provisions if fact in clause.facts)
        if not provisions:
            problems.append(Problem(fact, "no provision", "one that names it under `facts`"))
        targets = {key: tuple(map(_target, texts)) for key, texts in parameters.items()}
        found.append(FactCoverage(fact, provisions, targets))
        for key, several in targets.items():
            place = f"{fact}.{key}"
            if not several:
                problems.append(Problem(place, "nothing", "what it became, or why it is no rule"))
            problems += [
                Problem(place, f"{one.kind}: {one.name}", "something that exists")
                for one in several
                if not one.name or (one.kind not in _IN_WORDS and one.name not in known(one.kind))
            ]
    problems += [
        Problem(clause.id, f"the fact {name!r}", "a fact of the map")
        for clause in lawbook.provisions
        for name in clause.facts
        if name not in facts
    ]
    if problems:
        raise InvalidDocument("the coverage of the law", problems)
    return tuple(found)


def _target(text: str) -> Target:
    kind, _, name = text.partition(":")
    return Target(kind.strip(), name.strip())


def _names(lawbook: Lawbook) -> Callable[[str], Iterable[str]]:
    names: Mapping[str, Iterable[str]] = {
        "provision": {clause.id for clause in lawbook.provisions},
        "parameter": set(lawbook.parameters),
        "group": set(lawbook.groups),
        "fact": set(lawbook.declarations.facts),
        "company": set(lawbook.companies),
        "regime": {regime.code for regime in lawbook.regimes},
    }
    return lambda kind: names.get(kind, ())


def to_json(covered: Iterable[FactCoverage]) -> list[dict[str, Any]]:
    """Return the coverage as JSON data."""
    return [
        {
            "fact": one.fact,
            "provisions": [clause.id for clause in one.provisions],
            "parameters": {
                key: [{"kind": target.kind, "name": target.name} for target in targets]
                for key, targets in one.parameters.items()
            },
        }
        for one in covered
    ]


# ---------------------------------------------------------------- the page

_INTRODUCTION = """\
# What of the law is built

<!-- Written by `python -m chipwarden.rules.coverage`; do not edit. -->

The law was built from a base of {facts} dated facts with {parameters} sub-parameters. This page
says of each where it stands: in a provision, a parameter, a country group, a fact that an order
states, a named company or another regime; in Python where it is arithmetic (*computed*); as
guidance that an officer reads; or why it is *not a rule*. Every clause that can decide is needed:
a test deletes each in turn, and a case must fail (`tests/rules/test_every_clause_counts.py`).

`chipwarden rules show ID` prints a provision with its text, dates and source.
"""


def coverage_page(covered: Sequence[FactCoverage], lawbook: Lawbook) -> str:
    """Return the coverage as a page in Markdown.

    Args:
        covered: what `coverage` found.
        lawbook: the law, for the day to which it was brought up.
    """
    count = sum(len(one.parameters) for one in covered)
    lines = [
        _INTRODUCTION.format(facts=len(covered), parameters=count),
        f"State of the data: {lawbook.known_to}.",
    ]
    for one in covered:
        lines += [
            "",
            f"## {one.fact}",
            "",
            *_provision_lines(one.provisions),
            "",
            "| sub-parameter | where it stands |",
            "|---|---|",
            *(
                f"| {_cell(f'`{key}`')} | {_cell('; '.join(map(_words, targets)))} |"
                for key, targets in one.parameters.items()
            ),
        ]
    return "\n".join(lines) + "\n"


# A fact with more provisions than this, such as the red flags, shows the first and the last.
_MOST_SHOWN = 8


def _provision_lines(provisions: Sequence[Provision]) -> list[str]:
    lines = [f"- `{clause.id}` ({clause.step}): {clause.title}" for clause in provisions]
    if len(lines) <= _MOST_SHOWN:
        return lines
    return [lines[0], f"- … {len(lines) - 2} more …", lines[-1]]


def _words(target: Target) -> str:
    if target.kind in _IN_WORDS:
        because = "because " if target.kind == "not a rule" else ""
        return f"*{target.kind}*, {because}{target.name}"
    return f"{target.kind} `{target.name}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the page to standard output."""
    lawbook = load_packaged()
    sys.stdout.write(coverage_page(coverage(lawbook, load_facts()), lawbook))


if __name__ == "__main__":
    main()
