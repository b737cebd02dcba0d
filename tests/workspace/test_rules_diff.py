"""What changes between two laws; the changes are those of the Federal Register."""

import json
from datetime import date
from pathlib import Path

import pytest
from tests.workspace.orders import to_germany

from chipwarden.app.check import Terms
from chipwarden.app.data import load_data
from chipwarden.app.rules_diff import diff_orders, diff_product
from chipwarden.decisions.order import Mode
from chipwarden.model.errors import InvalidDocument


def test_a_product_caught_by_the_rule_of_2023() -> None:
    """RTX 4090: 600 GB/s of the 2022 rule is not reached; TPP of 4,800 is (88 FR 73458)."""
    line = diff_product("NVIDIA RTX 4090", load_data(), date(2023, 11, 16), date(2023, 11, 17))
    assert line.before is not None
    assert line.after is not None
    assert line.after["eccns"] == [["3A090.a"]]
    assert line.before["eccns"] != [["3A090.a"]]
    assert line.changed == ("eccns", "possible_requirements")
    assert "US-742.6-a-6-iii" in line.after["possible_requirements"]
    assert "US-742.6-a-6-iii" not in line.before["possible_requirements"]


def test_a_product_of_which_nothing_changed() -> None:
    line = diff_product("NVIDIA B200", load_data(), date(2026, 3, 2), date(2026, 3, 3))
    assert line.changed == ()
    assert line.before == line.after


def test_a_product_under_two_days_of_knowledge() -> None:
    """On 2023-10-16 nobody knew the rule published on 2023-10-25."""
    day = date(2023, 11, 17)
    line = diff_product(
        "NVIDIA A800 PCIe 80GB", load_data(), day, day, date(2023, 10, 16), date(2023, 10, 26)
    )
    assert line.before is not None
    assert line.after is not None
    assert line.before["eccns"] != line.after["eccns"] == [["3A090.a"]]


def test_a_waiver_counts_in_the_mode_alone() -> None:
    """The Diffusion rule (90 FR 4544) was in force from 2025-01-13 and never enforced."""
    days = date(2025, 1, 12), date(2025, 1, 13)
    assert diff_product("NVIDIA B200", load_data(), *days).changed == ()
    line = diff_product("NVIDIA B200", load_data(), *days, mode=Mode.AS_WRITTEN)
    assert line.changed == ("possible_requirements",)


def test_an_unknown_product_is_refused_with_near_names() -> None:
    with pytest.raises(InvalidDocument, match="B200"):
        diff_product("NVIDIA B2000", load_data(), date(2026, 3, 2), date(2026, 3, 3))


def test_an_order_book_under_two_laws(tmp_path: Path) -> None:
    """A800 to China: a license from 2023-11-17 on (88 FR 73458). B200 to Germany: never."""
    a800 = to_germany(
        id="PO-1", destination="CN", items=[{"product": "NVIDIA A800 PCIe 80GB", "quantity": 8}]
    )
    free = to_germany(id="PO-2")
    path = tmp_path / "orders.jsonl"
    path.write_text("\n".join([json.dumps(a800), "{", json.dumps(free)]), "utf-8")
    first, bad, second = diff_orders(
        [path], load_data(), Terms(as_of=date(2023, 11, 16)), Terms(as_of=date(2023, 11, 17))
    )
    assert (first.order_id, second.order_id) == ("PO-1", "PO-2")
    assert first.before is not None
    assert first.after is not None
    assert first.before["outcome"] != first.after["outcome"] == "license_required"
    assert "US-742.6-a-6-iii" not in first.before["requirements"]
    assert {"outcome", "eccns", "requirements"} <= set(first.changed)
    assert "US-742.6-a-6-iii" in first.after["requirements"]
    assert "outcome" not in second.changed
    assert bad.problems
    assert (bad.before, bad.after, bad.changed) == (None, None, ())
    assert first.to_json()["source"] == f"{path}, line 1"
    assert json.loads(json.dumps(first.to_json())) == first.to_json()
