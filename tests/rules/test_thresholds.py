"""Every numeric line of the fact base: at the value, just below, just above.

The lines are read from ../shared/data/rules-facts.yaml, not from our
parameters. For each a probe says whether the condition that the fact states
is met; the expected side follows from the operator: min and max include the
value, gt and lt do not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.rules.fact_base import facts, numbers
from tests.rules.generate import made, read
from tests.rules.probe import UNLISTED, holds, paragraphs

from chipwarden.app.data import load_data
from chipwarden.decisions.decide import decide
from chipwarden.model.outcome import Outcome
from chipwarden.model.values import Value

STEP = Decimal("0.000001")
ONE = Decimal(1)
Probe = Callable[[Decimal], bool]

RULE_2022 = date(2022, 10, 21)
RULE_2023 = date(2023, 11, 17)
HBM = date(2024, 12, 31)
FOUNDRY = date(2026, 3, 2)
TARIFF = date(2026, 1, 15)
DIFFUSION = date(2025, 1, 13)


@dataclass(frozen=True)
class Line:
    """One line of the law.

    Attributes:
        operator: min, max, gt or lt, as the fact says.
        met: whether the condition is met at a value.
        step: what "just" below or above is; 1 for counts.
    """

    operator: str
    met: Probe
    step: Decimal = STEP

    def expected(self, value: Decimal, line: Decimal) -> bool:
        """Return whether the condition is to be met."""
        return {
            "min": value >= line,
            "gt": value > line,
            "max": value <= line,
            "lt": value < line,
        }[self.operator]


def is_(paragraph: str, on: date, fact: str, *, as_written: bool = False, **fixed: Any) -> Probe:
    """Return a probe: the item meets this paragraph and no other."""
    values = {f"item.{name}": value for name, value in fixed.items()}

    def met(value: Decimal) -> bool:
        found = paragraphs(on, {**values, fact: value}, as_written=as_written)
        assert len(found) == 1, f"{fact} = {value}: {found}"
        return found == {paragraph}

    return met


def says(clause: str, on: date, fact: str, *, as_written: bool = False, **fixed: Any) -> Probe:
    """Return a probe: the clause holds. Names of facts are written with __ for the dot."""
    values = {name.replace("__", "."): value for name, value in fixed.items()}

    def met(value: Decimal) -> bool:
        parties = [{**UNLISTED, "party.headquarters": "US", "party.parent_headquarters": "US"}]
        found = holds(clause, on, {**values, fact: value}, *parties, as_written=as_written)
        assert found is not Outcome.UNDETERMINED, f"{clause}: {fact} = {value}"
        return found is Outcome.YES

    return met


def b_2023(fact: str, **fixed: Any) -> Probe:
    return is_("3A090.b", RULE_2023, fact, **fixed)


def not_presumed(on: date, *, has_hbm: bool) -> Probe:
    """Return a probe: the attested count of a foundry-packaged circuit overcomes Note 1."""

    def met(count: Decimal) -> bool:
        values: dict[str, Value | None] = {
            "item.tpp": Decimal(800),
            "item.performance_density": Decimal(2),
            "item.advanced_node": True,
            "item.has_hbm": has_hbm,
            "item.transistors_bn": count / 10**9,
            "transfer.sold_by_foundry": True,
            "transfer.designer_status": "none",
            "transfer.designer_attests": False,
            "transfer.packager": "fabricator",
            "transfer.packaging_country": "TW",
            "transfer.packager_attests": True,
        }
        found = paragraphs(on, values)
        assert len(found) == 1
        return found == {"none"}

    return met


def case_by_case(fact: str) -> Probe:
    """Return a probe: the carve-out of January 2026, all its other conditions met."""
    met = {
        f"transfer__{name}": True
        for name in (
            "us_commercially_available", "sufficient_us_supply", "no_foundry_diversion",
            "no_prohibited_end_use", "third_party_us_testing", "kyc_of_ultimate_consignee",
            "no_unauthorised_remote_access", "remote_users_disclosed", "us_units_stated",
        )
    }  # fmt: skip
    fixed: dict[str, Any] = {
        **met,
        "item__paragraph": "3A090.a",
        "item__tpp": Decimal(15000),
        "item__memory_bandwidth_gb_s": Decimal(4800),
        "transfer__volume_share_of_us_shipments": Decimal("0.1"),
    }
    return says("US-742.6-b-10-2026", TARIFF, fact, **fixed)


def duty(fact: str, tpp: int, dram: int) -> Probe:
    fixed: dict[str, Any] = {
        "item__tpp": Decimal(tpp),
        "item__memory_bandwidth_gb_s": Decimal(dram),
        "transfer__destination": "US",
    }
    return says("US-232-duty", TARIFF, fact, **fixed)


def within_veu(on: date) -> Probe:
    return says(
        "US-748-NVEU", on, "transfer.veu_tpp_after_this", as_written=True,
        transfer__claims_veu=True, transfer__destination="MY",
    )  # fmt: skip


def owned(share: Decimal) -> bool:
    """Return whether a firm is caught by the affiliates rule at this share of a listed owner."""
    owners: list[dict[str, Any]] = [
        {"name": "Example Listed Holding", "percentage": str(share), "listed_on": ["US-EL"]},
        {"name": "Example Other Holding", "percentage": str(100 - share)},
    ]
    decision = decide(read(made(date="2025-10-15", destination="KE", owners=owners)), load_data())
    return any("us-affiliates" in r.clause.facts and r.applies is Outcome.YES
               for r in decision.requirements)  # fmt: skip


SITE = "US-772.1-supercomputer-figures"
TPP, DENSITY = "item.tpp", "item.performance_density"
DRAM, LINK = "item.memory_bandwidth_gb_s", "item.interconnect_gb_s"
STACK = "item.memory_bandwidth_density_gb_s_mm2"
ENVELOPE = "transfer.site_envelope_ft3"
LOW, SMALL = Decimal("0.1"), Decimal(1)
QUARTERS = {
    f"{year}Q{quarter}": date(year, 3 * quarter - 2, 1)
    for year in (2025, 2026)
    for quarter in (1, 2, 3, 4)
}


def bill(fact: str, **fixed: Any) -> Probe:
    low: dict[str, Any] = {
        "item__tpp": SMALL, "item__performance_density": LOW,
        "item__memory_bandwidth_gb_s": SMALL, "item__interconnect_gb_s": SMALL,
    }  # fmt: skip
    return says("US-bill-SAFE-chips", date(2025, 12, 4), fact, **{**low, **fixed})


LINES: dict[tuple[str, str], Line] = {
    ("us-3a090-2022", "interconnect_gb_s_min"): Line(
        "min", is_("3A090", RULE_2022, "item.io_gb_s", tpp=Decimal(5000))
    ),
    ("us-3a090-2022", "bit_tops_min"): Line(
        "min", is_("3A090", RULE_2022, TPP, io_gb_s=Decimal(600))
    ),
    ("us-3a090a-2023", "any_of/0/tpp_min"): Line(
        "min", is_("3A090.a", RULE_2023, TPP, performance_density=LOW)
    ),
    ("us-3a090a-2023", "any_of/1/all_of/0/tpp_min"): Line(
        "min", is_("3A090.a", RULE_2023, TPP, performance_density=Decimal("5.92"))
    ),
    ("us-3a090a-2023", "any_of/1/all_of/1/pd_min"): Line(
        "min", is_("3A090.a", RULE_2023, DENSITY, tpp=Decimal(1600))
    ),
    ("us-3a090b-2023", "any_of/0/all_of/0/tpp_min"): Line(
        "min", b_2023(TPP, performance_density=Decimal("1.6"))
    ),
    ("us-3a090b-2023", "any_of/0/all_of/1/tpp_lt"): Line(
        "lt", b_2023(TPP, performance_density=Decimal("1.6"))
    ),
    ("us-3a090b-2023", "any_of/0/all_of/2/pd_min"): Line("min", b_2023(DENSITY, tpp=Decimal(2400))),
    ("us-3a090b-2023", "any_of/0/all_of/3/pd_lt"): Line("lt", b_2023(DENSITY, tpp=Decimal(2400))),
    ("us-3a090b-2023", "any_of/1/all_of/0/tpp_min"): Line(
        "min", b_2023(TPP, performance_density=Decimal("3.2"))
    ),
    ("us-3a090b-2023", "any_of/1/all_of/1/pd_min"): Line("min", b_2023(DENSITY, tpp=Decimal(1600))),
    ("us-3a090b-2023", "any_of/1/all_of/2/pd_lt"): Line("lt", b_2023(DENSITY, tpp=Decimal(1600))),
    ("us-3a090-note2", "excluded_if/all_of/1/tpp_lt"): Line(
        "lt",
        is_("none", RULE_2023, TPP, performance_density=Decimal(10), datacenter_marketed=False),
    ),
    ("us-3a090c-hbm", "memory_bandwidth_density_gt_gb_s_mm2"): Line(
        "gt", is_("3A090.c", HBM, STACK, is_hbm=True, copackaged_with_logic=False)
    ),
    ("us-lic-hbm", "memory_bandwidth_density_lt_gb_s_mm2"): Line(
        "lt",
        says(
            "US-740.25-HBM", HBM, STACK, transfer__hbm_site_qualifies=True,
            item__paragraph="3A090.c",
        ),
    ),
    ("us-foundry-presumption", "overcome_by/1/transistors_lt"): Line(
        "lt", not_presumed(FOUNDRY, has_hbm=True), ONE
    ),
    ("us-foundry-presumption", "overcome_by/1/or/transistors_lt_by_completion_year/2027"): Line(
        "lt", not_presumed(date(2027, 1, 1), has_hbm=False), ONE
    ),
    ("us-foundry-presumption", "overcome_by/1/or/transistors_lt_by_completion_year/2029+"): Line(
        "lt", not_presumed(date(2029, 1, 1), has_hbm=False), ONE
    ),
    ("us-232-tariff", "bands/0/tpp_gt"): Line("gt", duty(TPP, 0, 4800)),
    ("us-232-tariff", "bands/0/tpp_lt"): Line("lt", duty(TPP, 0, 4800)),
    ("us-232-tariff", "bands/0/dram_gb_s_gt"): Line("gt", duty(DRAM, 15831, 0)),
    ("us-232-tariff", "bands/0/dram_gb_s_lt"): Line("lt", duty(DRAM, 15831, 0)),
    ("us-232-tariff", "bands/1/tpp_gt"): Line("gt", duty(TPP, 0, 6000)),
    ("us-232-tariff", "bands/1/tpp_lt"): Line("lt", duty(TPP, 0, 6000)),
    ("us-232-tariff", "bands/1/dram_gb_s_gt"): Line("gt", duty(DRAM, 20919, 0)),
    ("us-232-tariff", "bands/1/dram_gb_s_lt"): Line("lt", duty(DRAM, 20919, 0)),
    ("us-h200-case-by-case", "tpp_lt"): Line("lt", case_by_case(TPP)),
    ("us-h200-case-by-case", "total_dram_bandwidth_lt_gb_s"): Line("lt", case_by_case(DRAM)),
    ("us-h200-case-by-case", "volume_cap/max_ratio_to_us_end_use_shipments"): Line(
        "max", case_by_case("transfer.volume_share_of_us_shipments")
    ),
    ("us-diffusion-caps", "lpp_tpp_per_ultimate_consignee_per_year"): Line(
        "max",
        says(
            "US-740.29-LPP", DIFFUSION, "transfer.lpp_tpp_after_this", as_written=True,
            transfer__claims_lpp=True, transfer__destination="MY",
        ),
    ),
    **{
        ("us-diffusion-caps", f"nveu_cumulative_tpp_by_quarter/{quarter}"): Line(
            "max", within_veu(max(first, DIFFUSION))
        )
        for quarter, first in QUARTERS.items()
    },
    ("us-4e091", "training_ops_gt"): Line(
        "gt",
        lambda count: paragraphs(
            DIFFUSION,
            {
                "item.kind": "model_weights",
                "transfer.model_training_operations": count,
                "transfer.open_weights": False,
            },
            as_written=True,
        ).pop()
        == "4E091",
        ONE,
    ),
    ("us-affiliates", "ownership_pct_min"): Line("min", owned),
    ("us-supercomputer", "fp64_pflops_min"): Line(
        "min",
        says(
            SITE, RULE_2022, "transfer.site_fp64_pflops", transfer__site_fp32_pflops=SMALL,
            transfer__site_envelope_ft3=Decimal(1000),
        ),
    ),
    ("us-supercomputer", "or_fp32_pflops_min"): Line(
        "min",
        says(
            SITE, RULE_2022, "transfer.site_fp32_pflops", transfer__site_fp64_pflops=SMALL,
            transfer__site_envelope_ft3=Decimal(1000),
        ),
    ),
    ("us-supercomputer", "envelope_ft3_max"): Line(
        "max", says(SITE, RULE_2022, ENVELOPE, transfer__site_fp64_pflops=Decimal(100))
    ),
    # "More controlled US content than this".
    ("us-de-minimis", "general_pct"): Line(
        "gt", says("US-734.4-de-minimis", RULE_2022, "item.us_content_percent")
    ),
    ("us-de-minimis", "E1_E2_pct"): Line(
        "gt",
        says(
            "US-734.4-de-minimis-E1-E2", RULE_2022, "item.us_content_percent",
            transfer__destination="IR",
        ),
    ),
    ("us-safe-chips", "any_of/0/tpp_min"): Line("min", bill(TPP)),
    ("us-safe-chips", "any_of/1/all_of/0/tpp_min"): Line(
        "min", bill(TPP, item__performance_density=Decimal("1.6"))
    ),
    ("us-safe-chips", "any_of/1/all_of/1/pd_min"): Line(
        "min", bill(DENSITY, item__tpp=Decimal(2400))
    ),
    ("us-safe-chips", "any_of/2/all_of/0/tpp_min"): Line(
        "min", bill(TPP, item__performance_density=Decimal("3.2"))
    ),
    ("us-safe-chips", "any_of/2/all_of/1/pd_min"): Line(
        "min", bill(DENSITY, item__tpp=Decimal(1600))
    ),
    ("us-safe-chips", "any_of/3/dram_gb_s_min"): Line("min", bill(DRAM)),
    ("us-safe-chips", "any_of/4/interconnect_gb_s_min"): Line("min", bill(LINK)),
}  # fmt: skip

# Numbers of the fact base that draw no line through a transfer, each with the reason.
NO_LINES = {
    ("us-tpp-definition", "mac_counts_as"): "part of a formula; see the catalog's tests",
    **dict.fromkeys(
        [
            ("us-tpp-definition", f"examples/{number}/{key}")
            for number, keys in enumerate((("tops", "bits", "tpp"), ("tflops", "bits", "tpp")))
            for key in keys
        ],
        "a worked example; tested below",
    ),
    ("us-h20-licences", "revenue_share_pct_reported"): "reported, no condition of a license",
    ("us-232-tariff", "rate_pct"): "rate of the duty, named in its warning",
    ("us-h200-practice", "revenue_to_2026-04-26"): "observation",
    ("us-nac", "notify_days_before"): "named in the obligation",
    ("us-diffusion-caps", "country_allocation_tpp_2025_2027"): "counted over all exporters",
    ("us-diffusion-caps", "with_government_arrangement_factor"): "counted over all exporters",
    ("us-diffusion-caps", "h100_equivalent_tpp"): "conversion",
    ("us-diffusion-caps", "uveu/share_in_tier1_min"): "shares of a fleet, not of an order",
    ("us-diffusion-caps", "uveu/share_per_tier2_country_max"): "shares of a fleet",
    ("us-diffusion-caps", "uveu/us_hq_share_in_us_min"): "shares of a fleet",
    ("us-red-flags-supp3", "count"): "tested below",
    ("us-red-flags-0513", "count_reported"): "tested below",
    ("us-iaas-nprm", "report_days"): "proposal",
    ("us-model-cluster-nprm", "model_training_ops_gt"): "proposal",
    ("us-model-cluster-nprm", "cluster/network_gbit_s_gt"): "proposal",
    ("us-model-cluster-nprm", "cluster/peak_ops_s_gt"): "proposal",
    ("us-chip-security-act", "location_verification_days_after_enactment"): "bill",
    ("us-ai-overwatch", "congress_review_days"): "bill",
    ("us-safe-chips", "any_of/5/dram_plus_interconnect_gb_s_min"): (
        "a bill; the rule language has no sums"
    ),
    ("us-safe-chips", "freeze_months"): "bill",
    ("us-2026-draft-tiers", "tiers_gb300_equivalents/0/up_to"): "reported draft",
    ("us-2026-draft-tiers", "tiers_gb300_equivalents/1/up_to"): "reported draft",
    ("us-2026-draft-tiers", "tiers_gb300_equivalents/2/over"): "reported draft",
    ("tw-shtc-2025", "added"): "number of entries",
    ("my-permit-2025", "advance_notice_days"): "named in the obligation",
    ("us-part-762", "years"): "named in the obligation",
    ("us-part-762", "ofac_years"): "named in the obligation",
}


def test_every_number_of_the_fact_base_is_a_line_or_says_why_not() -> None:
    if not facts():
        pytest.skip("the fact base is not beside the repository")
    assert set(numbers()) == set(LINES) | set(NO_LINES)
    assert not set(LINES) & set(NO_LINES)


@pytest.mark.parametrize("key", [key for key in numbers() if key in LINES], ids="/".join)
def test_line(key: tuple[str, str]) -> None:
    """At the value, just below and just above it the condition is as the operator says."""
    line, value = LINES[key], numbers()[key]
    suffix = [part for part in key[1].rpartition("/")[2].split("_") if part in
              ("min", "max", "gt", "lt")]  # fmt: skip
    assert suffix in ([], [line.operator]) or "lt_by" in key[1]
    for tried in (value - line.step, value, value + line.step):
        assert line.met(tried) is line.expected(tried, value), f"{key} at {tried}"


# Lines that the facts give in words.
IN_WORDS = {
    "us-red-flags-supp3: flag 19, over 50 billion transistors": (
        Decimal(50),
        Line(
            "gt",
            lambda value: holds(
                "US-732-S3-flag-19",
                RULE_2023,
                {"item.has_hbm": True, "item.transistors_bn": value},
                {"party.role": "end_user", "party.headquarters": "CN"},
            )
            is Outcome.YES,
        ),
    ),
    "us-nac: not for data centres and TPP >= 4800": (
        Decimal(4800),
        Line(
            "min",
            says(
                "US-740.8-NAC", date(2024, 4, 4), TPP, item__paragraph="3A090.a",
                item__presumed_datacenter=False, item__datacenter_marketed=False,
            ),
        ),
    ),
    "us-letter-2023-10: data-centre products with TPP of 4800 or more": (
        Decimal(4800),
        Line(
            "min",
            says("US-letter-2023-10", date(2023, 10, 23), TPP, transfer__exporter_company="nvidia"),
        ),
    ),
    "us-foundry-presumption: 35 billion in 2028 (reading)": (
        Decimal(35 * 10**9),
        Line("lt", not_presumed(date(2028, 6, 1), has_hbm=False), ONE),
    ),
    "us-foundry-presumption: 30 billion with HBM in 2029": (
        Decimal(30 * 10**9),
        Line("lt", not_presumed(date(2029, 6, 1), has_hbm=True), ONE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_WORDS)
def test_line_in_words(name: str) -> None:
    value, line = IN_WORDS[name]
    for tried in (value - line.step, value, value + line.step):
        assert line.met(tried) is line.expected(tried, value), f"{name} at {tried}"


def test_as_many_red_flags_as_the_facts_count() -> None:
    if not facts():
        pytest.skip("the fact base is not beside the repository")
    clauses = [clause.id for clause in load_data().lawbook.provisions]
    supplement = [name for name in clauses if name.startswith("US-732-S3-flag-")]
    guidance = [name for name in clauses if name.startswith("US-2025-05-13-flag-")]
    assert len(supplement) == facts()["us-red-flags-supp3"]["parameters"]["count"]
    assert len(guidance) == facts()["us-red-flags-0513"]["parameters"]["count_reported"]
