"""COSE_Sign1: the example of its specification, and messages that are refused."""

import os
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.signers import KEY, signing_key

from chipwarden.ledger.cbor import Tagged, encode
from chipwarden.ledger.cose import ALG, CRIT, KID, read_sign1, sign1, to_be_signed
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.keys import Algorithm, PublicKey

CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "300"))

# RFC 9052, appendix C.2.1, and the public key "11" of appendix C.7.1.
EXAMPLE = bytes.fromhex(
    "d28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac"
    "34cc6b23d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5"
    "a4c345cacb36"
)
EXAMPLE_KEY = PublicKey.from_cose_key(
    cbor2.dumps(
        {
            1: 2,
            -1: 1,
            -2: bytes.fromhex("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"),
            -3: bytes.fromhex("20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"),
        }
    )
)


def test_the_example_of_the_specification() -> None:
    message = read_sign1(EXAMPLE)
    assert message.protected == {ALG: -7}
    assert message.unprotected == {KID: b"11"}
    assert message.payload == b"This is the content."
    message.verify(EXAMPLE_KEY)
    read_sign1(EXAMPLE[1:]).verify(EXAMPLE_KEY)


def test_what_is_signed() -> None:
    """RFC 9052, section 4.4: an array of context, protected header, outer data and payload."""
    signed = to_be_signed(b"\xa1\x01\x26", b"payload" * 50, b"outside")
    assert cbor2.loads(signed) == ["Signature1", b"\xa1\x01\x26", b"outside", b"payload" * 50]
    assert signed == cbor2.dumps(cbor2.loads(signed), canonical=True)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_message_is_read_as_it_was_signed(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    content = sign1(b"payload", {KID: key.kid}, key, {99: "note"}, b"outside")
    message = read_sign1(content)
    assert cbor2.loads(content).tag == 18
    assert message.protected == {ALG: int(algorithm), KID: key.kid}
    assert (message.unprotected, message.payload) == ({99: "note"}, b"payload")
    message.verify(key.public, external_aad=b"outside")
    assert content == sign1(b"payload", {KID: key.kid}, key, {99: "note"}, b"outside")


def test_the_older_name_of_an_algorithm_can_be_written() -> None:
    message = read_sign1(sign1(b"payload", {ALG: -8}, KEY))
    assert message.protected == {ALG: -8}
    message.verify(KEY.public)
    with pytest.raises(InvalidStatement, match="found the algorithm -7; expected -19"):
        sign1(b"payload", {ALG: -7}, KEY)


def test_a_payload_kept_elsewhere() -> None:
    message = read_sign1(sign1(b"payload", {}, KEY, detached=True))
    assert message.payload is None
    message.verify(KEY.public, payload=b"payload")
    with pytest.raises(InvalidSignature):
        message.verify(KEY.public, payload=b"payloae")
    with pytest.raises(InvalidStatement, match="payload: found none"):
        message.verify(KEY.public)
    with pytest.raises(InvalidStatement, match="a second one beside that of the message"):
        read_sign1(sign1(b"payload", {}, KEY)).verify(KEY.public, payload=b"payload")


def test_a_signature_of_something_else_is_refused() -> None:
    message = read_sign1(sign1(b"payload", {KID: KEY.kid}, KEY, external_aad=b"outside"))
    with pytest.raises(InvalidSignature, match="one that is not of the key"):
        message.verify(KEY.public)
    with pytest.raises(InvalidSignature, match="one that is not of the key"):
        message.verify(signing_key(2).public, external_aad=b"outside")
    with pytest.raises(InvalidSignature, match="found the algorithm -19; expected -7, ES256"):
        message.verify(signing_key(1, Algorithm.ES256).public, external_aad=b"outside")


def test_no_algorithm_is_signed() -> None:
    """An algorithm that anybody may change, or none, is not believed."""
    header, _, payload, signature = cbor2.loads(sign1(b"payload", {}, KEY)).value
    for protected in (b"", b"\xa0"):
        content = cbor2.dumps([protected, {ALG: -19}, payload, signature])
        with pytest.raises(InvalidSignature, match="found the algorithm None"):
            read_sign1(content).verify(KEY.public)
    assert header == encode({ALG: -19})


def test_an_empty_header_is_signed_as_no_bytes() -> None:
    """RFC 9052, section 3: both spellings are read, one is signed."""
    for protected in (b"", b"\xa0"):
        assert read_sign1(cbor2.dumps([protected, {}, b"", b""])).protected_bytes == b""


def test_critical_headers_must_be_understood() -> None:
    message = read_sign1(sign1(b"payload", {CRIT: [70, KID], 70: 1, KID: b"1"}, KEY))
    with pytest.raises(InvalidStatement, match="found 70 marked as critical"):
        message.verify(KEY.public)
    message.verify(KEY.public, understood={70})


def message(**parts: Any) -> bytes:
    whole = {"header": {ALG: -19}, "unprotected": {}, "payload": b"payload", "signature": b"s"}
    whole |= parts
    header = whole["header"]
    if not isinstance(header, (bytes, str)):
        whole["header"] = cbor2.dumps(header)
    return cbor2.dumps(cbor2.CBORTag(18, list(whole.values())))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "message: found its end after 0 bytes"),
        (b"\x01", "expected an array of four"),
        (cbor2.dumps(cbor2.CBORTag(98, [b"", {}, b"", []])), "the tag 98; expected 18"),
        (cbor2.dumps(cbor2.CBORTag(18, cbor2.CBORTag(18, []))), "expected an array of four"),
        (cbor2.dumps([b"", {}, b""]), "expected an array of four"),
        (message(header="text"), "found str as its protected header"),
        (message(unprotected=[]), "found list as its unprotected header"),
        (message(payload="text"), "found str as its payload"),
        (message(signature=None), "found NoneType as its signature"),
        (message(header=b"\x01"), "protected header: found no map"),
        (message(header=b"\xa1"), "protected header: found its end after 1 bytes"),
        (message(header=b"\xa2\x01\x26\x01\x32"), "byte 3: found the key 1 twice"),
        (message(unprotected={ALG: -19}), "found 1 in both headers"),
        (message(unprotected={CRIT: [1]}), "a bad list of critical labels"),
        (message(header={ALG: -19, CRIT: []}), "a bad list of critical labels"),
        (message(header={ALG: -19, CRIT: [70]}), "a bad list of critical labels"),
        (message(header={ALG: -19, CRIT: [True]}), "a bad list of critical labels"),
        (message(header={ALG: -19, CRIT: [[]]}), "a bad list of critical labels"),
        (message(header={ALG: -19, CRIT: 1}), "a bad list of critical labels"),
        (message() + b"\x00", "more bytes after its end"),
    ],
)
def test_what_is_no_message_is_refused_for_its_reason(content: bytes, why: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        read_sign1(content)
    assert why in str(refused.value)


def test_a_message_too_long_is_not_read() -> None:
    read_sign1(sign1(bytes((1 << 20) - 100), {}, KEY))
    with pytest.raises(InvalidStatement, match=r"1,048,\d+ bytes; expected at most 1,048,576"):
        read_sign1(sign1(bytes(1 << 20), {}, KEY))


@settings(max_examples=CASES)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_message_or_refused(content: bytes, tagged: bool) -> None:
    try:
        read = read_sign1(b"\xd2\x84" + content if tagged else content)
    except InvalidStatement:
        return
    with pytest.raises((InvalidSignature, InvalidStatement)):
        read.verify(KEY.public)


@settings(max_examples=CASES)
@given(st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    """What is signed cannot change; the tag can go, and the header that is not signed."""
    content = bytearray(sign1(b"payload", {KID: KEY.kid}, KEY, {99: b"note"}))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        read = read_sign1(bytes(content))
        read.verify(KEY.public)
    except (InvalidSignature, InvalidStatement):
        return
    assert read.unprotected != {99: b"note"}
    assert (read.payload, read.protected[KID]) == (b"payload", KEY.kid)


def test_tags_of_others_are_kept_as_they_stand() -> None:
    """RFC 8392, section 2: some write the time of issue with its tag."""
    content = cbor2.dumps({ALG: -19, 15: {1: "iss", 6: cbor2.CBORTag(1, 1_700_000_000)}})
    read = read_sign1(cbor2.dumps([content, {}, b"", b""]))
    assert read.protected[15] == {1: "iss", 6: Tagged(1, 1_700_000_000)}
