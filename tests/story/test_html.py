"""Nothing that comes from others can become part of the page's own markup."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.story.made import facts
from tests.story.pages import read

from chipwarden.app.check import check
from chipwarden.app.data import load_data
from chipwarden.app.examples import example
from chipwarden.reports.html import Markup, el, text
from chipwarden.reports.story_facts import Leg
from chipwarden.reports.story_roads import leg_card

ATTACK = "<script>alert('64')</script><img src=x onerror=alert(1)>\"&"


def test_text_is_escaped_and_markup_is_not() -> None:
    made = el("p", "64 < 65 & ", el("b", "units"), class_='a "b"')
    assert made == '<p class="a &quot;b&quot;">64 &lt; 65 &amp; <b>units</b></p>'


def test_nothing_is_left_out_and_nothing_added_for_none() -> None:
    assert el("p", None, ["a", None, ["b"]], id=None, hidden=True, open=False) == "<p hidden>ab</p>"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_comes_back_as_it_went_in(said: str) -> None:
    root = read(el("p", said, title=said))
    paragraph = root.all("p")[0]
    assert paragraph.text() == said
    assert paragraph.attributes["title"] == said
    assert isinstance(text(said), Markup)


@pytest.mark.parametrize("name", ["href", "src"])
@pytest.mark.parametrize("value", ["https://example.org", "javascript:alert(1)", "//x", "data:,"])
def test_a_link_off_the_page_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="off the page"):
        el("a", "x", attributes={name: value})


def attacked() -> dict[str, Any]:
    """Return an order of which every free text is an attack."""
    order = copy.deepcopy(example("64-road-intermediary-papers").order)
    order["id"] = ATTACK
    order["end_use"]["statement"] = ATTACK
    for party in order["parties"]:
        party["name"] = ATTACK
        party["business"] = ATTACK
        party["ultimate_parent"] = {"name": f"{ATTACK} parent", "headquarters": "MY"}
    del order["items"][0]["product"]
    order["items"][0]["chip"] = {"name": ATTACK, "int8_tops": 4500, "datacenter_marketed": True}
    return order


def test_an_order_with_a_script_in_every_name_comes_out_harmless() -> None:
    record = check(attacked(), "attack", load_data()).record
    leg = Leg("64-road-intermediary-papers", ATTACK, ATTACK, (), (), record)
    html = leg_card(leg, facts())
    root = read(html)
    assert not root.all("script") and not root.all("img")
    assert ATTACK in root.text()
    for element in root.walk():
        assert not [name for name in element.attributes if name.startswith("on")]
