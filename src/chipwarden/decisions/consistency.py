"""What an order says twice and differently.

A contradiction is a problem of the document, not something to decide on: whoever gave the order
says which of the two holds.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from chipwarden.decisions.reading_problems import ProblemList, described, shown_number
from chipwarden.decisions.vocabulary import OrderVocabulary

KnowsProduct = Callable[[str], tuple[bool, tuple[str, ...]]]
"""Whether the catalog knows a product of this id, name or alias, and names near it."""

_ALL = Decimal(100)
_NOTHING = Decimal(0)
_SHOWN_NAMES = 5
_WORDS_DROPPED = 3


def check_products(
    values: Mapping[str, Any],
    knows_product: KnowsProduct,
    vocabulary: OrderVocabulary,
    problems: ProblemList,
) -> None:
    """Note a problem for each item whose product nobody knows, or that names nothing."""
    answers: dict[str, tuple[bool, tuple[str, ...]]] = {}
    for index, item in enumerate(values.get("items", ())):
        place = f"items[{index}]"
        product, chip = item.get("product"), item.get("chip")
        if product is None or item.get("kind") in vocabulary.kinds_without_catalog:
            continue
        if product not in answers:
            answers[product] = _asked(product, knows_product)
        is_known, near = answers[product]
        if not is_known:
            remedy = "Give its figures under chip."
            if near:
                names = ", ".join(f'"{name}"' for name in near[:_SHOWN_NAMES])
                remedy = f"Near: {names}. Or give its figures under chip."
            if chip is not None:
                remedy = "Leave product out: chip.name names a chip of your own."
            expected = "a product of the catalog: its id, name or alias"
            found = f"the unknown product {described(product)}"
            problems.add(f"{place}.product", found, expected, remedy)
        elif chip is not None and _differ(product, chip):
            found = f"{described(product)}, while chip.name is {described(chip['name'])}"
            problems.add(
                f"{place}.product", found, "one thing", "Give the product or the chip, not both."
            )


def _asked(product: str, knows_product: KnowsProduct) -> tuple[bool, tuple[str, ...]]:
    """Return whether a product is known, else names near it or near its last words.

    A vendor's name that is misspelt as well would keep the near ones away.
    """
    is_known, near = knows_product(product)
    words = product.split()
    for start in range(1, min(len(words), _WORDS_DROPPED + 1)):
        if is_known or near:
            break
        rest = " ".join(words[start:])
        is_rest_known, near = knows_product(rest)
        near = (rest,) if is_rest_known else near
    return is_known, near


def check_consistency(
    values: Mapping[str, Any],
    raw: Mapping[str, Any],
    vocabulary: OrderVocabulary,
    problems: ProblemList,
) -> None:
    """Note a problem for each contradiction.

    Args:
        values: the fields of the order that could be read.
        raw: the order as given, to tell a field that is absent from one that is wrong.
        vocabulary: the words.
        problems: the list to which problems are added.
    """
    _check_items(values, raw, vocabulary, problems)
    _check_places(values, vocabulary, problems)
    _check_end_use(values, vocabulary, problems)
    for index, held in enumerate(values.get("authorizations", ())):
        _check_period(held, "valid_from", "valid_until", f"authorizations[{index}]", problems)
    for name, fact in values.get("facts", {}).items():
        _check_period(fact, "date", "expires", f"facts.{name}", problems)
    for index, party in enumerate(values.get("parties", ())):
        for place, owners in _owner_lists(party, f"parties[{index}]"):
            _check_owners(owners, place, problems)


def _check_items(
    values: Mapping[str, Any],
    raw: Mapping[str, Any],
    vocabulary: OrderVocabulary,
    problems: ProblemList,
) -> None:
    given = raw.get("items")
    if "items" not in values or not isinstance(given, list | tuple):
        return
    if not given:
        problems.add("items", "an empty list", "at least one item", "Say what is shipped.")
    for index, record in enumerate(given):
        if not isinstance(record, Mapping):
            continue
        kind = values["items"][index].get("kind")
        is_chip = kind not in vocabulary.kinds_without_catalog
        if is_chip and record.get("quantity") is None:
            expected = "a whole number from 1 up"
            problems.add(f"items[{index}].quantity", "nothing", expected, "It is required.")
        # What is given but wrong has its own problem already.
        chip = record.get("chip")
        names = (record.get("product"), chip, record.get("eccn_declared"))
        is_named = any(name is not None for name in names)
        if is_chip and not is_named:
            expected = "a product, or a chip with its figures"
            problems.add(f"items[{index}]", "nothing that says what the item is", expected)
        if isinstance(chip, Mapping) and all(part is None for part in chip.values()):
            problems.add(f"items[{index}].chip", "an empty table", "the chip's figures")


def _check_places(
    values: Mapping[str, Any], vocabulary: OrderVocabulary, problems: ProblemList
) -> None:
    kind, origin, destination = (values.get(n) for n in ("kind", "origin", "destination"))
    is_within_one = kind in vocabulary.kinds_within_one_country
    if is_within_one and origin and destination and origin != destination:
        found = f'"{destination}", while the origin is "{origin}"'
        expected = f"for {kind} the same country as the origin"
        problems.add("destination", found, expected, "Correct the kind or the countries.")


def _check_end_use(
    values: Mapping[str, Any], vocabulary: OrderVocabulary, problems: ProblemList
) -> None:
    facts = values.get("facts", {})

    def answer(name: str) -> Any:
        return facts.get(name, {}).get("value")

    for purpose in dict.fromkeys(values.get("end_use", {}).get("purposes", ())):
        fact = vocabulary.purpose_facts.get(purpose)
        if fact is not None and answer(fact) is False:
            found = f'false, while end_use.purposes names "{purpose}": a contradiction'
            problems.add(f"facts.{fact}", found, "one answer", "Correct the fact or the purposes.")
    if answer("nac_cleared") is True and answer("nac_notified") is False:
        found = "true, while nac_notified is false: a contradiction"
        expected = "a clearance only where BIS was notified"
        problems.add("facts.nac_cleared", found, expected, "Correct one of the two.")


def _check_period(
    table: Mapping[str, Any], first: str, last: str, place: str, problems: ProblemList
) -> None:
    start, end = table.get(first), table.get(last)
    if start is not None and end is not None and start > end:
        found = f"{end}, which is before {first} {start}"
        problems.add(f"{place}.{last}", found, f"a day not before {first}", "Correct one of them.")


def _owner_lists(
    table: Mapping[str, Any], place: str
) -> Iterator[tuple[str, tuple[Mapping[str, Any], ...]]]:
    """Yield every list of owners of a party with its place, nearest first."""
    pending = [(place, table)]
    while pending:
        here, owned = pending.pop()
        owners = owned.get("owners")
        if not owners:
            continue
        yield f"{here}.owners", owners
        pending += [(f"{here}.owners[{i}]", o) for i, o in reversed(list(enumerate(owners)))]


def _check_owners(owners: tuple[Mapping[str, Any], ...], place: str, problems: ProblemList) -> None:
    total = _NOTHING
    for index, owner in enumerate(owners):
        exact, low, high = (
            owner.get(name) for name in ("percentage", "percentage_min", "percentage_max")
        )
        here = f"{place}[{index}]"
        if exact is not None and (low is not None or high is not None):
            found = f"{shown_number(exact)} together with a band"
            expected = "a percentage, or percentage_min and percentage_max"
            problems.add(f"{here}.percentage", found, expected, "Give one of the two.")
        if low is not None and high is not None and low > high:
            found = f"{shown_number(low)}, above percentage_max {shown_number(high)}"
            expected = "at most percentage_max"
            problems.add(f"{here}.percentage_min", found, expected, "Correct one of them.")
        total += exact if exact is not None else low if low is not None else _NOTHING
    if total > _ALL:
        found = f"shares of {shown_number(total)} % in all"
        problems.add(place, found, "at most 100 %", "Correct the shares.")


def _differ(product: str, chip: Mapping[str, Any]) -> bool:
    """Return whether a product's name and a chip's name cannot mean one thing.

    Words before the name (a vendor, a brand) make no difference, words behind it do: the
    4090 D is not the 4090.
    """
    if "name" not in chip:
        return False
    short, long = sorted((_words(product), _words(chip["name"])), key=len)
    return bool(short) and not long.endswith(short)


def _words(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.casefold())
