"""Statements: what they hold, what is refused and why, and no byte that could be another."""

import os
import re
from collections.abc import Mapping
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.signers import ISSUER, KEY, NOW, signing_key, statement

from chipwarden.ledger import statement_headers
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement, LedgerError
from chipwarden.ledger.keys import Algorithm
from chipwarden.ledger.statement_headers import read_header
from chipwarden.ledger.statements import LARGEST, read_statement, verify_statement

CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "300"))
MEDIA_TYPE = "application/vnd.chipwarden.statement+cbor"
SUBJECT = "urn:example:order:17"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_statement_is_read_as_it_was_signed(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    signed = statement(key)
    read = read_statement(signed.content)
    assert read == signed
    verify_statement(read, key.public)
    assert (read.issuer, read.subject, read.issued_at) == (ISSUER, SUBJECT, NOW)
    assert (read.type, read.kid, read.algorithm) == ("decision", key.kid, algorithm)
    assert read.public == {"as_of": "2026-11-21", "items": 2, "parts": [None, True, b"\x01"]}
    assert read.commitments == {"outcome": bytes(range(32)), "order.destination": bytes(32)}
    assert read.body == b"\x07" * 32
    # The same key says the same in the same bytes.
    assert statement(key).content == signed.content


def test_what_a_statement_looks_like_to_others() -> None:
    """docs/reference/statements.md, read with another CBOR reader."""
    tagged = cbor2.loads(statement().content)
    header, unsigned, payload, signature = tagged.value
    assert (tagged.tag, unsigned, len(signature)) == (18, {}, 64)
    assert cbor2.loads(header) == {
        1: -19, 3: MEDIA_TYPE, 4: KEY.kid, 15: {1: ISSUER, 2: SUBJECT, 6: NOW},
    }  # fmt: skip
    assert cbor2.loads(payload) == {
        "schema": "chipwarden.statement/1",
        "type": "decision",
        "public": {"as_of": "2026-11-21", "items": 2, "parts": [None, True, b"\x01"]},
        "commitments": {"outcome": bytes(range(32)), "order.destination": bytes(32)},
        "body": b"\x07" * 32,
    }
    assert payload == cbor2.dumps(cbor2.loads(payload), canonical=True)
    KEY.public.verify(cbor2.dumps(["Signature1", header, b"", payload]), signature)


def test_a_statement_may_say_little() -> None:
    bare = statement(public=None, commitments=None, body=None)
    assert (bare.public, bare.commitments, bare.body) == ({}, {}, None)
    assert "body" not in cbor2.loads(cbor2.loads(bare.content).value[2])


def test_another_key_is_not_taken_for_the_one_that_signed() -> None:
    with pytest.raises(InvalidSignature, match="named as the one that signed"):
        verify_statement(statement(), signing_key(2).public)
    with pytest.raises(InvalidSignature, match=r"\(ED25519\) named .* \(ES256\)"):
        verify_statement(statement(), signing_key(1, Algorithm.ES256).public)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"type": "Decision"}, "statement, type: found 'Decision'"),
        ({"type": ""}, "statement, type: found ''"),
        ({"type": "d" * 65}, "statement, type: found"),
        ({"type": 5}, "statement, type: found 5"),
        ({"issuer": ""}, "statement, issuer: found ''"),
        ({"issuer": "a b"}, "statement, issuer: found 'a b'"),
        ({"issuer": "a\u00e9"}, "statement, issuer"),
        ({"issuer": "a\u202eb"}, "statement, issuer"),
        ({"issuer": "a" * 256}, "statement, issuer"),
        ({"issuer": b"a"}, "statement, issuer: found b'a'"),
        ({"subject": "a\nb"}, "statement, subject"),
        ({"subject": None}, "statement, subject: found None"),
        ({"issued_at": -1}, "statement, time of issue: found -1"),
        ({"issued_at": True}, "statement, time of issue: found True"),
        ({"issued_at": 253_402_300_800}, "statement, time of issue"),
        ({"issued_at": 1.5}, "float has no place in a statement"),
        ({"public": {"amount": 1.5}}, "float has no place in a statement"),
        ({"public": {"amount": 1 << 64}}, "more than 64 bits"),
        ({"public": {1: "x"}}, "statement, public"),
        ({"public": {"x": {1: "x"}}}, "statement, public"),
        ({"public": {"x": [{b"k": 1}]}}, "statement, public"),
        ({"public": [1]}, "statement, public"),
        ({"public": {"x": "\ud800"}}, "surrogates not allowed"),
        ({"commitments": {"x": bytes(31)}}, "statement, commitments: found"),
        ({"commitments": {"x": bytes(32), "y": bytes(33)}}, "32 bytes for each"),
        ({"commitments": {"x": "y" * 32}}, "bytes under texts"),
        ({"commitments": {1: bytes(32)}}, "bytes under texts"),
        ({"commitments": [1]}, "statement, commitments: found [1]"),
        ({"body": bytes(31)}, "statement, body"),
        ({"body": "x" * 32}, "statement, body"),
        ({"public": {"x": bytes(LARGEST)}}, "expected at most 65,535. Put what is long into"),
    ],
)
def test_what_cannot_be_said_is_refused_for_its_reason(parts: Any, why: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        statement(**parts)
    assert why in str(refused.value)


def test_the_largest_statement() -> None:
    room = LARGEST - len(statement(public={"x": b""}).content)
    # The value in the payload gets a head that is two bytes longer, the payload one of one more.
    largest = statement(public={"x": bytes(room - 3)})
    assert len(largest.content) == LARGEST
    with pytest.raises(InvalidStatement, match="found 65,536 bytes; expected at most 65,535"):
        statement(public={"x": bytes(room - 2)})


HEADER: dict[Any, Any] = cbor2.loads(cbor2.loads(statement().content).value[0])
PAYLOAD: dict[str, Any] = cbor2.loads(cbor2.loads(statement().content).value[2])


def forged(
    header: Any = HEADER, payload: Any = PAYLOAD, unsigned: Any = None, tag: int = 18
) -> bytes:
    """Return a statement with other parts, signed well."""
    parts = [each if isinstance(each, bytes) else ordered(each) for each in (header, payload)]
    signature = KEY.sign(cbor2.dumps(["Signature1", parts[0], b"", parts[1]]))
    whole = [parts[0], unsigned or {}, parts[1], signature]
    return cbor2.dumps(cbor2.CBORTag(tag, whole))


def ordered(value: Any) -> bytes:
    """Return a map with its keys ascending by their bytes, at the top."""
    if not isinstance(value, Mapping):
        return cbor2.dumps(value)
    pairs = sorted((cbor2.dumps(key), cbor2.dumps(part, canonical=True))
                   for key, part in value.items())  # fmt: skip
    return bytes((0xA0 + len(pairs),)) + b"".join(key + part for key, part in pairs)


def test_forging_itself_is_sound() -> None:
    assert forged() == statement().content


def without(parts: Mapping[Any, Any], key: Any) -> dict[Any, Any]:
    return {each: part for each, part in parts.items() if each != key}


CLAIMS = HEADER[15]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "statement: found nothing as its first bytes"),
        (b"\xd2\x84", "statement: found its end too early"),
        (forged()[1:], "statement: found 8458 as its first bytes"),
        (forged(tag=17), "statement: found d184 as its first bytes"),
        (forged()[:-1], "statement: found its end too early"),
        (forged() + b"\x00", "more bytes after its signature"),
        (
            forged(unsigned={394: [b"x"]}),
            "unsigned header: found something in it; expected it empty",
        ),
        (forged(header=b"\xa0"), "statement, header: found {}"),
        (forged(header=b"\x01"), "statement, header: found 1"),
        (forged(header=b"\xff"), "statement, header, byte 0"),
        (forged(header=without(HEADER, 4)), "statement, header"),
        (forged(header={**HEADER, 5: b"iv"}), "statement, header"),
        (forged(header={**HEADER, 2: [15]}), "statement, header"),
        (forged(header={**HEADER, 1: -37}), "statement, algorithm: found -37"),
        (forged(header={**HEADER, 1: "ES256"}), "statement, algorithm: found 'ES256'"),
        (forged(header={**HEADER, 3: "text/plain"}), "statement, content type"),
        (forged(header={**HEADER, 4: b"kid"}), "statement, key identifier: found b'kid'"),
        (forged(header={**HEADER, 15: without(CLAIMS, 6)}), "statement, claims"),
        (forged(header={**HEADER, 15: {**CLAIMS, 4: NOW}}), "statement, claims"),
        (forged(header={**HEADER, 15: [1]}), "statement, claims: found [1]"),
        (forged(header={**HEADER, 15: {**CLAIMS, 6: cbor2.CBORTag(1, NOW)}}), "time of issue"),
        (forged(payload=b"\x01"), "statement, payload: found 1"),
        (forged(payload=without(PAYLOAD, "public")), "statement, payload"),
        (forged(payload={**PAYLOAD, "more": 1}), "statement, payload"),
        (forged(payload={**PAYLOAD, "schema": "chipwarden.statement/2"}), "statement, schema"),
        (forged(payload={**PAYLOAD, "body": None}), "statement, body: found None"),
        (forged(payload={**PAYLOAD, "public": {"x": cbor2.CBORTag(1, 2)}}), "statement, public"),
        (forged(payload={**PAYLOAD, "public": {"x": 1.5}}), "a number with a fraction"),
        (forged(payload=cbor2.dumps(dict(reversed(PAYLOAD.items())))), "out of order"),
        (forged(payload=b"\xa5" + b"\x64body\xf6" * 5), "out of order"),
    ],
)
def test_what_is_no_statement_is_refused_for_its_reason(content: bytes, why: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        read_statement(content)
    assert why in str(refused.value)


def test_lengths_that_are_written_otherwise_are_refused() -> None:
    """Another spelling of the wrapping would be another entry with a good signature."""
    content = statement().content
    header, _, payload, signature = cbor2.loads(content).value
    short = [cbor2.dumps(part) for part in (header, payload, signature)]
    long = [b"\x5a" + len(part).to_bytes(4, "big") + part for part in (header, payload, signature)]
    for at in range(3):
        parts = [long[each] if each == at else short[each] for each in range(3)]
        with pytest.raises(InvalidStatement, match="shortest form"):
            read_statement(b"\xd2\x84" + parts[0] + b"\xa0" + parts[1] + parts[2])


@pytest.mark.parametrize("algorithm", Algorithm)
def test_each_byte_counts(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    content = statement(key).content
    for at in range(len(content)):
        changed = content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]
        with pytest.raises((InvalidStatement, InvalidSignature)):
            verify_statement(read_statement(changed), key.public)


@settings(max_examples=CASES)
@given(st.data())
def test_changed_statements_are_read_otherwise_or_refused(data: st.DataObject) -> None:
    content = bytearray(statement().content)
    for _ in range(data.draw(st.integers(1, 4))):
        match data.draw(st.sampled_from(("change", "insert", "remove"))):
            case "change":
                at = data.draw(st.integers(0, len(content) - 1))
                content[at] = data.draw(st.integers(0, 255))
            case "insert":
                at = data.draw(st.integers(0, len(content)))
                content[at:at] = data.draw(st.binary(max_size=8))
            case _:
                at = data.draw(st.integers(0, len(content) - 1))
                del content[at : at + data.draw(st.integers(1, 8))]
    if content == statement().content:
        return
    with pytest.raises(LedgerError):
        verify_statement(read_statement(bytes(content)), KEY.public)


@settings(max_examples=CASES)
@given(st.binary(max_size=120))
def test_any_bytes_are_refused(content: bytes) -> None:
    for start in (b"", b"\xd2\x84", statement().content[:60]):
        with pytest.raises(InvalidStatement):
            read_statement(start + content)


NAMES = st.text(st.characters(codec="ascii"), max_size=300) | st.integers() | st.none()
TIMES = st.integers(0, 1 << 54) | st.sampled_from((0, 0xFF, 0xFFFF, 0x10000, 0xFFFFFFFF, 1 << 32))


@settings(max_examples=CASES)
@given(NAMES, NAMES, TIMES, st.sampled_from((-19, -8, -7, -9, -35, -51, -37, 1)),
       st.binary(min_size=31, max_size=33), st.integers(0, 400), st.integers(0, 255))  # fmt: skip
def test_the_quick_way_through_a_header_is_the_slow_one(
    issuer: Any, subject: Any, time: int, number: int, kid: bytes, at: int, byte: int
) -> None:
    """What the pattern takes, the reader of CBOR takes too, and reads the same."""
    try:
        content = bytearray(
            ordered({1: number, 3: MEDIA_TYPE, 4: kid, 15: {1: issuer, 2: subject, 6: time}})
        )
    except cbor2.CBOREncodeError:
        return
    if at < len(content):
        content[at] = byte

    def read() -> Any:
        try:
            return read_header(bytes(content))
        except InvalidStatement as refused:
            return str(refused)

    quick = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statement_headers, "_USUAL", re.compile(b"(?!)"))
        slow = read()
    assert quick == slow


def test_usual_headers_take_the_quick_way() -> None:
    header = cbor2.loads(statement().content).value[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statement_headers, "decode", None)
        assert read_header(header).issuer == ISSUER
