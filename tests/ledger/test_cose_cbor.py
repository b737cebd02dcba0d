"""CBOR: the examples of its specification, a peer that writes the same, and hostile bytes."""

import math
import os
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipwarden.ledger.cbor import DEEPEST, MOST_PAIRS, Tagged, bytes_at, decode, encode
from chipwarden.ledger.errors import InvalidStatement

CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "300"))

# RFC 8949, appendix A: the values that have a place here.
EXAMPLES: list[tuple[Any, str]] = [
    (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"),
    (1000, "1903e8"), (1000000, "1a000f4240"), (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"), (-1, "20"), (-10, "29"), (-100, "3863"),
    (-1000, "3903e7"), (False, "f4"), (True, "f5"), (None, "f6"),
    (Tagged(0, "2013-03-21T20:04:00Z"), "c074323031332d30332d32315432303a30343a30305a"),
    (Tagged(1, 1363896240), "c11a514b67b0"),
    (Tagged(23, bytes.fromhex("01020304")), "d74401020304"),
    (Tagged(24, bytes.fromhex("6449455446")), "d818456449455446"),
    (b"", "40"), (bytes.fromhex("01020304"), "4401020304"), ("", "60"), ("a", "6161"),
    ("IETF", "6449455446"), ('"\\', "62225c"), ("\u00fc", "62c3bc"), ("\u6c34", "63e6b0b4"),
    ("\U00010151", "64f0908591"), ([], "80"), ([1, 2, 3], "83010203"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    (list(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
    ({}, "a0"), ({1: 2, 3: 4}, "a201020304"), ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    (["a", {"b": "c"}], "826161a161626163"),
    ({"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"},
     "a56161614161626142616361436164614461656145"),
]  # fmt: skip
FRACTIONS: list[tuple[float, str]] = [
    (1.0, "f93c00"), (1.5, "f93e00"), (65504.0, "f97bff"), (100000.0, "fa47c35000"),
    (1.1, "fb3ff199999999999a"), (-4.1, "fbc010666666666666"), (math.inf, "f97c00"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), EXAMPLES)
def test_examples_of_the_specification(value: Any, text: str) -> None:
    assert encode(value).hex() == text
    assert decode(bytes.fromhex(text)) == value
    assert decode(bytes.fromhex(text), deterministic=True) == value


@pytest.mark.parametrize(("value", "text"), FRACTIONS)
def test_fractions_of_others_are_read_and_never_written(value: float, text: str) -> None:
    assert decode(bytes.fromhex(text)) == value
    with pytest.raises(InvalidStatement, match="a number with a fraction"):
        decode(bytes.fromhex(text), deterministic=True)
    with pytest.raises(TypeError, match="float has no place"):
        encode(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "its end after 0 bytes"),
        ("18", "its end after 1 bytes"),
        ("19ff", "its end after 2 bytes"),
        ("6261", "its end too early"),
        ("4401", "its end too early"),
        ("8301", "its end after 2 bytes"),
        ("a101", "its end after 2 bytes"),
        ("fb00", "its end after 2 bytes"),
        ("0000", "more bytes after its end"),
        ("1c", "a reserved length"),
        ("fc", "the simple value 28"),
        ("5f42010243030405ff", "a length that is not given"),
        ("9fff", "a length that is not given"),
        ("bf6161019fff", "a length that is not given"),
        ("ff", "the simple value 31"),
        ("f7", "the simple value 23"),
        ("f0", "the simple value 16"),
        ("f8ff", "the simple value 24"),
        ("62c328", "bytes that are no text"),
        ("a2616101616102", "'a' twice"),
        ("a201020103", "1 twice"),
        # The same key in two lengths is the same key.
        ("a20102180103", "1 twice"),
        ("a1f501", "a key of another kind"),
        ("a1c00101", "a key of another kind"),
        ("a18001", "a key of another kind"),
        ("81" * (DEEPEST + 1) + "00", "too many values in one another"),
        ("c0" * (DEEPEST + 1) + "00", "too many values in one another"),
        ("81" * 100_000, "too many values in one another"),
        ("9bffffffffffffffff", "its end after 9 bytes"),
        ("bb7fffffffffffffff", "a map of 9,223,372,036,854,775,807 pairs"),
        ("5bffffffffffffffff", "its end too early"),
    ],
)
def test_what_is_no_value_is_refused_for_its_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        decode(bytes.fromhex(text))
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1817", "23 in 1 bytes"),
        ("1900ff", "255 in 2 bytes"),
        ("1a0000ffff", "65535 in 4 bytes"),
        ("1b00000000ffffffff", "4294967295 in 8 bytes"),
        ("3800", "0 in 1 bytes"),
        ("580101", "1 in 1 bytes"),
        ("780161", "1 in 1 bytes"),
        ("9800", "0 in 1 bytes"),
        ("a16161580101", "1 in 1 bytes"),
        ("a2616201616101", "'a' out of order"),
        ("a22001" + "0102", "1 out of order"),
        ("a262616101" + "616201", "'b' out of order"),
        ("a2616101616102", "'a' out of order"),
    ],
)
def test_one_encoding_only(text: str, why: str) -> None:
    content = bytes.fromhex(text)
    with pytest.raises(InvalidStatement) as refused:
        decode(content, deterministic=True)
    assert why in str(refused.value)


def test_the_limits_are_where_they_are_said_to_be() -> None:
    deepest = b"\x81" * DEEPEST + b"\x00"
    assert encode(decode(deepest, deterministic=True)) == deepest
    largest = encode({number: 0 for number in range(MOST_PAIRS)})
    assert len(decode(largest)) == MOST_PAIRS
    with pytest.raises(InvalidStatement, match="at most 2,048"):
        decode(encode({number: 0 for number in range(MOST_PAIRS + 1)}))


@pytest.mark.parametrize(
    "value",
    [1 << 64, -(1 << 64) - 1, "\ud800", {1.5: 1}, {None: 1}, {True: 1}, {(1,): 1}, {1}, object()],
)
def test_what_cannot_be_written(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        encode(value)


SCALARS = (
    st.integers(-(1 << 64), (1 << 64) - 1)
    | st.booleans()
    | st.none()
    | st.binary(max_size=300)
    | st.text(st.characters(codec="utf-8"), max_size=300)
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=30,
)


@settings(max_examples=CASES)
@given(VALUES)
def test_a_peer_writes_the_same_and_reads_the_same(value: Any) -> None:
    content = encode(value)
    assert content == cbor2.dumps(value, canonical=True)
    assert cbor2.loads(content) == value
    assert decode(content, deterministic=True) == value
    assert decode(cbor2.dumps(value)) == value


@settings(max_examples=CASES)
@given(st.dictionaries(st.integers(-(1 << 64), (1 << 64) - 1) | TEXTS | st.binary(), SCALARS))
def test_keys_ascend_by_their_bytes(value: dict[Any, Any]) -> None:
    """RFC 8949, section 4.2.1; the older order by length (section 4.2.3) is another one."""
    keys = sorted(value, key=lambda key: cbor2.dumps(key))
    pairs = b"".join(cbor2.dumps(key) + cbor2.dumps(value[key]) for key in keys)
    head = cbor2.dumps([None] * len(value))[: -len(value) or None]
    assert encode(value) == bytes([head[0] | 0xA0, *head[1:]]) + pairs


@settings(max_examples=CASES)
@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_a_value_or_refused(content: bytes, deterministic: bool) -> None:
    try:
        value = decode(content, deterministic=deterministic)
    except InvalidStatement:
        return
    if deterministic:
        assert encode(value) == content


@settings(max_examples=CASES)
@given(VALUES, st.data())
def test_changed_bytes_are_another_value_or_refused(value: Any, data: st.DataObject) -> None:
    content = bytearray(encode(value))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = decode(bytes(content), deterministic=True)
    except InvalidStatement:
        return
    assert encode(changed) == bytes(content) != encode(value)


@settings(max_examples=CASES)
@given(st.binary(max_size=300), st.binary(max_size=20))
def test_a_byte_string_in_a_message(content: bytes, after: bytes) -> None:
    message = encode(content) + after
    assert bytes_at(message, 0) == (content, len(message) - len(after))


@pytest.mark.parametrize("text", ["5817" + "00" * 23, "590017" + "00" * 23, "5900ff", "60", "00"])
def test_no_byte_string_in_its_one_encoding(text: str) -> None:
    with pytest.raises(InvalidStatement, match="shortest form"):
        bytes_at(bytes.fromhex(text), 0)


@pytest.mark.parametrize("text", ["", "58", "5818", "59", "590100", "4401"])
def test_a_byte_string_that_goes_beyond_the_end(text: str) -> None:
    with pytest.raises(IndexError):
        bytes_at(bytes.fromhex(text), 0)
