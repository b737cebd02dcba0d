"""The reference pages name everything that there is."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import commands
from tests.docs.pages import ROOT, prose
from tests.workspace.orders import decided, to_germany

DOCS = ROOT / "docs"
DATA = ROOT / "src" / "chipwarden"
COMMANDS = {path: command for path, command in commands().items() if path}


@cache
def page(name: str) -> str:
    return prose(DOCS / name)


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its level or above."""
    found = re.search(rf"^(#+) {heading}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.M | re.S)
    assert found is not None, heading
    return found[2]


def vocabulary() -> dict[str, Any]:
    text = (DATA / "decisions" / "data" / "vocabulary.toml").read_text("utf-8")
    return tomllib.loads(text)


# ---------------------------------------------------------------- command line


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_is_told(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    if hasattr(command, "commands"):
        assert all((*path, name) in COMMANDS for name in command.commands)
        return
    text = section(page("reference/command-line.md"), rf"chipwarden {' '.join(path)}\b[^\n]*")
    options = [
        name
        for each in command.params
        if each.param_type_name == "option" and each.name != "help"
        for name in (*each.opts, *each.secondary_opts)
    ]
    assert [name for name in options if not re.search(rf"`{name}\b", text)] == []


def test_no_option_is_told_that_does_not_exist() -> None:
    options = [one for each in commands().values() for one in each.params]
    known = {name for one in options for name in (*one.opts, *one.secondary_opts)}
    known.add("--help")  # of the group of commands itself
    told = set(re.findall(r"`(--[a-z-]+)", page("reference/command-line.md")))
    assert told - known == set()
    assert len(told) > 15


# ---------------------------------------------------------------- orders


def rows(text: str) -> dict[str, str]:
    """Return the second cell of each row of a table by the name in its first."""
    found = re.findall(r"^\| \**`([^`|]+)`\**[^|]*\| ([^|]*) \|", text, re.M)
    return dict(found)


HEADINGS = {
    "order": "The order", "dates": "`dates`", "item": r"`\[\[items\]\]`",
    "eccn_declared": "`items.eccn_declared`", "fdp": "`items.fdp`", "chip": "`items.chip`",
    "party": r"`\[\[parties\]\]`", "ultimate_parent": "`parties.ultimate_parent`",
    "owner": "`parties.owners`, and their own owners", "identifiers": "`parties.identifiers`",
    "authorization": r"`\[\[authorizations\]\]`", "end_use": r"`\[end_use\]`",
    "screening": r"`\[screening\]`", "evidence": "Evidence for a fact",
}  # fmt: skip


@pytest.mark.parametrize("table", vocabulary()["fields"])
def test_every_field_of_an_order_is_told_with_its_type(table: str) -> None:
    words = vocabulary()
    text = section(page("reference/orders.md"), HEADINGS[table])
    assert rows(text) == words["fields"][table]
    bold = set(re.findall(r"\*\*`([a-z_]+)`\*\*", text))
    assert bold == set(words["required"].get(table, ()))


def test_every_fact_is_told_with_its_type() -> None:
    words = vocabulary()
    told = rows(section(page("reference/orders.md"), "Facts"))
    ranges = {f"{name}_1" for name in words["numbered_flags"]}
    assert {name: type_name for name, type_name in told.items() if name not in ranges} == (
        words["facts"]
    )
    for name, count in words["numbered_flags"].items():
        assert f"`{name}_1` to `{name}_{count}`" in page("reference/orders.md")


def test_every_word_of_an_order_is_told() -> None:
    words = vocabulary()["words"]
    lists = (DATA / "parties" / "data" / "list-codes.toml").read_text("utf-8")
    codes = [entry["code"] for entry in tomllib.loads(lists)["lists"]]
    answers = ("outcome", "review_policy", "disposition", "other_regime_outcome")
    lines = section(page("reference/orders.md"), "Words").splitlines()
    for name, several in {**words, "list_code": codes}.items():
        if name in answers:
            text = page("reference/decisions.md")
        else:
            text = next(one for one in lines if one.startswith(f"| {name} |"))
        assert [each for each in several if f"`{each}`" not in text] == []


def test_every_required_role_is_told() -> None:
    text = section(page("reference/orders.md"), "Roles that must be named")
    for kind, roles in vocabulary()["required_roles"].items():
        assert f"| {kind} | {', '.join(f'`{role}`' for role in roles)} |" in text


# ---------------------------------------------------------------- decisions


def keys(value: Any, skipped: tuple[str, ...] = ("order", "citations", "values")) -> set[str]:
    """Return the names of all keys in a record, without those that an order gives."""
    if isinstance(value, dict):
        inner = [keys(part) for name, part in value.items() if name not in skipped]
        return set(value).union(*inner)
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_every_key_of_a_record_is_told() -> None:
    orders = [
        to_germany(),
        to_germany(destination="CN", items=[{"product": "NVIDIA H20", "quantity": 8}], facts={}),
        {k: v for k, v in to_germany(parties=[]).items() if k != "screening"},
    ]
    records = [decided(order) for order in orders]
    text = page("reference/decisions.md")
    found = set().union(*map(keys, records))
    assert {name for name in found if f"`{name}`" not in text} == set()
    assert list(rows(section(text, "Keys"))) != []
    assert set(rows(section(text, "Keys"))) == set(records[0])


def test_every_column_of_results_is_told() -> None:
    from chipwarden.app.batch import HEADER

    text = section(page("reference/decisions.md"), "Table of results")
    assert [name for name in HEADER if f"`{name}`" not in text] == []


# ---------------------------------------------------------------- law


def test_every_key_of_a_provision_is_told() -> None:
    from chipwarden.rules.provisions import Instrument, Step
    from chipwarden.rules.shapes import PROVISION

    text = page("reference/law-data.md")
    keys = (key.rstrip("!") for key in PROVISION)
    words = [*keys, *(one.value for one in Step), *(one.value for one in Instrument)]
    assert [name for name in sorted(words) if f"`{name}`" not in text] == []


def test_every_red_flag_is_told_with_its_question() -> None:
    path: Path = DATA / "rules" / "data" / "us-ear" / "red-flags.toml"
    told = {
        name: (fact, question)
        for name, fact, question in re.findall(
            r"^\| `([^`]+)` \| ([^|]+) \| (.+) \|$", page("how-to/close-a-red-flag.md"), re.M
        )
    }
    flags = tomllib.loads(path.read_text("utf-8"))["provision"]
    assert set(told) == {flag["id"] for flag in flags}
    for flag in flags:
        fact, question = told[flag["id"]]
        assert question == flag["question"]
        assert "answer" not in flag or fact == f"`{flag['answer']}`"
        assert ("must be answered" in fact) == bool(flag.get("counts_unknown"))
