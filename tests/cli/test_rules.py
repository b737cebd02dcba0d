"""`chipwarden rules`: provisions with their dates and history, and what changes."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import H20, flat, run, written


def records(*arguments: str) -> list[dict[str, Any]]:
    """Return the objects that a command prints, one a line."""
    return [json.loads(line) for line in run("rules", *arguments, "--json").stdout.splitlines()]


def test_the_list_narrows_to_a_day() -> None:
    day_before = {r["provision"] for r in records("list", "--as-of", "2023-11-16")}
    first_day = {r["provision"] for r in records("list", "--as-of", "2023-11-17")}
    assert "US-3A090-2022" in day_before - first_day
    assert {"US-3A090.a-2023", "US-742.6-a-6-iii"} <= first_day - day_before
    everything = {r["provision"] for r in records("list")}
    assert day_before | first_day <= everything


def test_the_diffusion_rule_is_there_as_written_alone() -> None:
    def listed(*more: str) -> set[str]:
        return {r["provision"] for r in records("list", "--as-of", "2025-06-01", *more)}

    assert "US-742.6-diffusion" in listed("--as-written") - listed()


def test_a_provision_is_shown_with_condition_values_and_citation() -> None:
    (found,) = records("show", "US-3A090.a-2023", "--as-of", "2024-01-02")
    values = {p["parameter"]: p["value"] for p in found["parameters"]}
    # 88 FR 73458: 4,800 alone, or 1,600 together with 5.92.
    assert values["tpp_a"] == 4800
    assert (values["tpp_a_with_density"], values["density_a"]) == (1600, 5.92)
    assert found["citation"]["number"].startswith("88 FR 73458")
    assert (found["in_force"], found["published"]) == ("2023-11-17", "2023-10-25")
    assert found["applies"] is True
    (before,) = records("show", "US-3A090.a-2023", "--as-of", "2023-11-16")
    assert before["applies"] is False
    text = flat(run("rules", "show", "us-3a090.A-2023").stdout)
    assert "item.tpp >= :tpp_a" in text and "4,800" in text and "88 FR 73458" in text


def test_the_history_reaches_the_clause_before() -> None:
    (found,) = records("history", "US-3A090.a-2023")
    line = [each["provision"] for each in found["line"]]
    assert line.index("US-3A090-2022") < line.index("US-3A090.a-2023")
    text = run("rules", "history", "US-3A090.a-2023").stdout
    assert "to 2023-11-16" in text and "Values over time" in text


def test_parameters_have_their_values_over_time() -> None:
    found = {r["parameter"]: r for r in records("parameters")}
    days = [value["in_force"] for value in found["foundry_transistors_no_hbm"]["values"]]
    assert days == sorted(days) and len(days) > 1
    on_a_day = {r["parameter"] for r in records("parameters", "--as-of", "2022-11-01")}
    assert "io_2022" in on_a_day and "tpp_a" not in on_a_day


def test_citations_say_how_they_were_seen() -> None:
    found = records("citations")
    assert all(each["publisher"] and each["number"] and each["seen"] for each in found)
    assert "88 FR 73458" in flat(run("rules", "citations").stdout)


def test_coverage_names_existing_provisions() -> None:
    known = {r["provision"] for r in records("list")}
    found = records("coverage")
    assert {"us-3a090a-2023", "us-hq-test"} <= {each["fact"] for each in found}
    assert all(set(each["provisions"]) <= known for each in found)


def test_an_unknown_provision_offers_near_ids() -> None:
    result = run("rules", "show", "US-3A090-2023")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "US-3A090.a-2023" in result.stderr


def test_what_changed_between_two_days() -> None:
    found = records("diff", "--from", "2026-01-14", "--to", "2026-01-15")
    begins = {r["provision"] for r in found if r["change"] == "begins"}
    values = {r["parameter"]: (r["before"], r["after"]) for r in found if r["change"] == "value"}
    assert "US-742.6-b-10-2026" in begins  # 91 FR 1684
    assert values["review_2026_tpp"] == (None, 21000)
    same = run("rules", "diff", "--from", "2026-03-02", "--to", "2026-03-02")
    assert same.stdout == "The law is the same on both days.\n"


def test_what_changed_for_a_product() -> None:
    (found,) = records("diff", "--from", "2023-11-16", "--to", "2023-11-17", "--product", "A800")
    assert found["before"]["eccns"] == [["3A991.p"]]
    assert found["after"]["eccns"] == [["3A090.a"]]
    text = run("rules", "diff", "--from", "2023-11-16", "--to", "2023-11-17", "--product", "A800")
    assert "eccns: 3A991.p → 3A090.a" in text.stdout


def test_what_changed_for_an_order(order: str) -> None:
    days = ("--from", "2025-04-08", "--to", "2025-04-09")
    (found,) = records("diff", *days, "--order", order)
    assert found["before"]["outcome"] == "no_license_required"
    assert found["after"]["outcome"] == "license_required"
    assert "requirements: none → US-letter-2025-04" in run(
        "rules", "diff", *days, "--order", order
    ).stdout  # fmt: skip


def test_an_order_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    wrong = written(tmp_path, H20.replace("quantity = 8", "quantity = 0"))
    result = run("rules", "diff", "--from", "2025-04-08", "--to", "2025-04-09", "--order", wrong)
    assert result.exit_code == 2
    assert "items[0].quantity" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--from", "2025-04-08"], ["--from", "x", "--to", "2025-04-09"],
     ["--from", "2025-04-08", "--to", "2025-04-09", "--order", "a", "--product", "b"]],
)  # fmt: skip
def test_a_difference_needs_two_days_and_one_subject(arguments: list[str]) -> None:
    result = run("rules", "diff", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
