"""Reasons: one for each node, with the values looked at and the facts that are missing."""

from datetime import date
from decimal import Decimal

import pytest

from chipwarden.expressions.errors import InvalidParameter, UnboundParameter
from chipwarden.expressions.evaluate import evaluate
from chipwarden.expressions.explain import explain, missing_facts
from chipwarden.expressions.facts import Collection, Facts, Group
from chipwarden.expressions.nodes import Node, Number
from chipwarden.expressions.read import read
from chipwarden.expressions.sql import to_duckdb
from chipwarden.model.outcome import Outcome

from .vocabulary import DECLARATIONS, PARAMETERS

D5 = Group("Country Group D:5", frozenset({"CN"}), frozenset({"MY"}))
TWO_PARTIES = (
    {"party.country": "SG", "party.headquarters": "SG"},
    {"party.country": "SG", "party.headquarters": None},
)
HEADQUARTERS = "some(parties, p -> p.headquarters IN :d5)"


def node(text: str) -> Node:
    return read(text, DECLARATIONS, PARAMETERS, allow_is_unknown=True)


def test_a_comparison_shows_both_sides() -> None:
    reason = explain(
        node("item.tpp >= :tpp_a"),
        Facts({"item.tpp": Decimal("15824")}),
        {"tpp_a": Decimal(4800)},
    )
    assert reason.statement == "item.tpp >= :tpp_a"
    assert reason.outcome is Outcome.YES
    assert reason.values == (("item.tpp", Decimal(15824)), (":tpp_a", Decimal(4800)))
    assert reason.missing == ()


def test_an_unknown_fact_is_missing() -> None:
    facts = Facts({"item.tpp": Decimal(2400), "item.performance_density": None})
    text = "item.tpp >= :tpp_a OR (item.tpp >= 1600 AND item.performance_density >= :pd_a)"
    reason = explain(node(text), facts, {"tpp_a": Decimal(4800), "pd_a": Decimal("5.92")})
    assert reason.outcome is Outcome.UNDETERMINED
    assert [child.outcome for child in reason.children] == [Outcome.NO, Outcome.UNDETERMINED]
    assert missing_facts(reason) == ("item.performance_density",)


def test_what_cannot_matter_is_not_missing() -> None:
    facts = Facts({"item.tpp": Decimal(1)})
    text = "item.kind = 'gpu' OR (item.tpp > 2 AND transfer.date > :cut) OR NOT item.kind = 'x'"
    reason = explain(node(text), facts, {"cut": date(2025, 1, 13)})
    assert missing_facts(reason) == ("item.kind",)
    settled = explain(node("TRUE OR item.kind = 'gpu'"), facts, {})
    assert settled.outcome is Outcome.YES
    assert missing_facts(settled) == ()
    outside = explain(node("item.tpp BETWEEN 2 AND item.value_usd"), facts, {})
    assert outside.outcome is Outcome.NO
    assert missing_facts(outside) == ()


def test_a_member_is_named_by_its_place_or_its_label() -> None:
    facts = Facts({}, {"parties": Collection(TWO_PARTIES, complete=True)})
    reason = explain(node(HEADQUARTERS), facts, {"d5": D5})
    assert reason.outcome is Outcome.UNDETERMINED
    assert missing_facts(reason) == ("parties[2].headquarters",)
    assert [child.note for child in reason.children] == ["parties[1]", "parties[2]"]
    assert reason.children[0].values == (
        ("parties[1].headquarters", "SG"),
        (":d5", "Country Group D:5"),
    )
    labels = ("consignee", "end_user")
    labelled = Facts({}, {"parties": Collection(TWO_PARTIES, True, labels)})
    reason = explain(node(HEADQUARTERS), labelled, {"d5": D5})
    assert missing_facts(reason) == ("end_user.headquarters",)


def test_incompleteness_alone_is_missing() -> None:
    known = Collection(TWO_PARTIES[:1], complete=False)
    reason = explain(node(HEADQUARTERS), Facts({}, {"parties": known}), {"d5": D5})
    assert reason.outcome is Outcome.UNDETERMINED
    assert missing_facts(reason) == ("parties_complete",)
    assert reason.values == (("parties_complete", False),)
    every = explain(node("every(parties, p -> p.country = 'SG')"), Facts({}), {})
    assert every.outcome is Outcome.UNDETERMINED
    assert missing_facts(every) == ("parties_complete",)
    open_member = Collection(TWO_PARTIES, complete=False)
    reason = explain(node(HEADQUARTERS), Facts({}, {"parties": open_member}), {"d5": D5})
    assert missing_facts(reason) == ("parties[2].headquarters",)


def test_an_uncertain_member_of_a_group_is_explained() -> None:
    reason = explain(
        node("transfer.destination IN :d5"), Facts({"transfer.destination": "MY"}), {"d5": D5}
    )
    assert reason.outcome is Outcome.UNDETERMINED
    assert reason.missing == ()
    assert reason.note == "whether MY belongs to Country Group D:5 is not certain"


def test_missing_facts_stand_once_in_reading_order() -> None:
    text = "(transfer.date > :cut OR item.tpp > 1) AND (item.tpp > 2 OR item.kind = 'a')"
    reason = explain(node(text), Facts({}), {"cut": date(2025, 1, 13)})
    assert missing_facts(reason) == ("transfer.date", "item.tpp", "item.kind")
    same = explain(node("item.tpp = item.tpp"), Facts({}), {})
    assert same.missing == ("item.tpp",)


def test_a_flag_and_is_unknown_show_their_fact() -> None:
    reason = explain(
        node("item.datacenter_marketed AND is_unknown(item.tpp)"),
        Facts({"item.datacenter_marketed": True}),
        {},
    )
    assert reason.outcome is Outcome.YES
    assert [child.values for child in reason.children] == [
        (("item.datacenter_marketed", True),),
        (("item.tpp", None),),
    ]


def test_a_parameter_must_have_a_usable_value() -> None:
    number, group = node("item.tpp > :tpp_a"), node("transfer.destination IN :d5")
    facts = Facts({"item.tpp": Decimal(1), "transfer.destination": "CN"})
    for ask in (explain, evaluate):
        with pytest.raises(UnboundParameter, match=":tpp_a"):
            ask(number, facts, {})
        with pytest.raises(InvalidParameter, match="not a group"):
            ask(number, facts, {"tpp_a": D5})
        with pytest.raises(InvalidParameter, match="9 decimal places"):
            ask(number, facts, {"tpp_a": Decimal("0.0000000001")})
        with pytest.raises(UnboundParameter, match=":d5"):
            ask(group, facts, {})
        with pytest.raises(InvalidParameter, match="a group"):
            ask(group, facts, {"d5": "CN"})
    with pytest.raises(UnboundParameter, match=":tpp_a"):
        to_duckdb(number, {}, slots=0)
    with pytest.raises(InvalidParameter, match="not a group"):
        to_duckdb(number, {"tpp_a": D5}, slots=0)


def test_a_value_is_not_a_condition() -> None:
    for ask in (explain, evaluate):
        with pytest.raises(TypeError, match="not a condition"):
            ask(Number(Decimal(1)), Facts({}), {})
        with pytest.raises(TypeError, match="used as a flag"):
            ask(node("item.datacenter_marketed"), Facts({"item.datacenter_marketed": "yes"}), {})


def test_groups_and_labels_are_checked() -> None:
    with pytest.raises(ValueError, match="certain and uncertain"):
        Group("both", frozenset({"CN"}), frozenset({"CN"}))
    with pytest.raises(ValueError, match="one label for each member"):
        Collection(TWO_PARTIES, True, ("consignee",))
