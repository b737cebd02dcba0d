"""`chipwarden explain`: the tree of reasons as text."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import H20, UNSETTLED, run, written

from chipwarden.reports.branches import branch_of, with_values


def test_the_tree_shows_marks_values_and_citations(order: str) -> None:
    result = run("explain", order)
    assert result.exit_code == 1
    text = " ".join(result.stdout.replace("│", " ").split())
    assert "yes Letters of April 2025 to NVIDIA" in text
    assert "(US-letter-2025-04; NVIDIA, Form 8-K" in text
    assert "item.memory_bandwidth_gb_s (4,000) >= letter_2025_memory (4,000)" in text
    assert "no Embargo: Cuba (US-746.2; BIS, 15 CFR part 746)" in text


def test_a_decision_is_explained_like_its_order(tmp_path: Path, order: str) -> None:
    decision = written(tmp_path, run("check", order, "--json").stdout, "decision.json")
    assert run("explain", decision).stdout == run("explain", order).stdout


def test_a_decision_keeps_its_own_law(tmp_path: Path, order: str) -> None:
    decision = written(tmp_path, run("check", order, "--json").stdout, "decision.json")
    result = run("explain", decision, "--as-of", "2024-01-01")
    assert result.exit_code == 2
    assert "a decision has its own law" in result.stderr


def test_depth_cuts_and_says_so(order: str) -> None:
    deep, flat = run("explain", order), run("explain", order, "--depth", "1")
    assert len(flat.stdout) < len(deep.stdout)
    assert "below]" in flat.stdout and "below]" not in deep.stdout


def test_only_undetermined_leaves_out_what_is_settled(tmp_path: Path) -> None:
    path = written(tmp_path, UNSETTLED)
    text = run("explain", path, "--only-undetermined").stdout
    marks = [line.lstrip("│├└─ ").partition(" ")[0] for line in text.splitlines()]
    assert "yes" not in marks and "no" not in marks
    assert "Embargo: Cuba" not in text


def test_the_whole_tree_has_every_clause_that_was_looked_at(order: str) -> None:
    record = json.loads(run("check", order, "--json").stdout)
    shown = "".join(run("explain", order, "--full").stdout.split())
    for line in "│├└─":
        shown = shown.replace(line, "")
    for node in nodes(record["reasons"]):
        if node.get("provision"):
            assert f"({node['provision']};" in shown


def test_several_orders_are_explained_one_after_the_other(tmp_path: Path) -> None:
    line = json.dumps(json.loads(run("check", written(tmp_path, H20), "--json").stdout)["order"])
    path = written(tmp_path, f"{line}\n{line}\n{{}}\n", "orders.jsonl")
    result = run("explain", path, "--depth", "0")
    assert result.exit_code == 2
    assert result.stdout.count("Order H20-1") == 2
    assert "line 3" in result.stderr


def test_json_is_the_tree(order: str) -> None:
    record = json.loads(run("check", order, "--json").stdout)
    assert json.loads(run("explain", order, "--json").stdout) == record["reasons"]


def nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a node and all below it."""
    return [node, *(each for child in node.get("children", ()) for each in nodes(child))]


def leaf(statement: str, outcome: str = "yes", **more: Any) -> dict[str, Any]:
    """Return a node without children."""
    return {"statement": statement, "outcome": outcome, **more}


@pytest.mark.parametrize(
    ("statement", "values", "words"),
    [
        ("item.tpp >= :tpp_a", {"item.tpp": 15832, ":tpp_a": 4800},
         "item.tpp (15,832) >= tpp_a (4,800)"),
        ("item.tpp >= :tpp_a", {"item.tpp": None, ":tpp_a": 4800},
         "item.tpp (unknown) >= tpp_a (4,800)"),
        ("item.io_gb_s >= :io", {"item.io_gb_s": 1, ":io": 2}, "item.io_gb_s (1) >= io (2)"),
        ("transfer.destination IN :us", {"transfer.destination": "CN", ":us": "us"},
         "transfer.destination (CN) IN us"),
        ("party.listed_el", {"end_user.listed_el": None}, "end_user.listed_el (unknown)"),
        ("party.country = 'x.listed_el'", {"consignee.country": "MY"},
         "consignee.country (MY) = 'x.listed_el'"),
        ("FP8: 2 × 8 bits = 16", {"bits": 8, "product": 16}, "FP8: 2 × 8 bits = 16"),
        ("item.performance_density >= :d", {"item.performance_density": 5.919999999, ":d": 5.92},
         "item.performance_density (5.919999999) >= d (5.92)"),
    ],
)  # fmt: skip
def test_a_condition_shows_what_it_looked_at(
    statement: str, values: dict[str, Any], words: str
) -> None:
    assert with_values(statement, values) == words


def test_joins_are_named_and_show_what_decided_them() -> None:
    branch = branch_of({
        "statement": "a AND (b OR c)", "outcome": "no",
        "children": [
            leaf("a"),
            {"statement": "b OR c", "outcome": "no",
             "children": [leaf("b", "no"), leaf("c", "no")]},
        ],
    })  # fmt: skip
    assert branch.label == "all of"
    assert [child.label for child in branch.children] == ["a", "any of"]
    assert [child.label for child in branch.deciding] == ["any of"]
    assert [child.label for child in branch.deciding[0].deciding] == ["b", "c"]


def test_not_takes_what_it_turns_with_it() -> None:
    inner = {"statement": "a AND b", "outcome": "no", "children": [leaf("a", "no"), leaf("b")]}
    branch = branch_of({"statement": "NOT (a AND b)", "outcome": "yes", "children": [inner]})
    assert (branch.label, branch.outcome) == ("not all of", "yes")
    assert [child.label for child in branch.deciding] == ["a"]
    flat = branch_of({"statement": "NOT a", "outcome": "no", "children": [leaf("a")]})
    assert (flat.label, flat.outcome, flat.children) == ("not a", "no", ())
