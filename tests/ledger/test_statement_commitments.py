"""Commitments: their bytes, their openings, and decision records cut into values and back."""

import hashlib
import hmac
import json
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.signers import statement
from tests.workspace.orders import decided, to_germany

from chipwarden.ledger.bodies import Body, read_body
from chipwarden.ledger.commitments import (
    Opening,
    check_opening,
    commitment,
    commitments,
    decision_values,
    opening_bytes,
    opening_of,
    read_opening,
    record_of,
    salt_of,
)
from chipwarden.ledger.errors import InvalidProof, InvalidStatement
from chipwarden.model.canonical import canonical_bytes

SEED = bytes(range(32))
VALUES = {"outcome": b'"license_required"', "order.destination": b'"CN"', "quantity": b"64"}


def test_a_salt_is_an_hmac_of_the_name() -> None:
    expected = hmac.new(SEED, "quantit\u00e9".encode(), hashlib.sha256).digest()
    assert salt_of(SEED, "quantit\u00e9") == expected
    with pytest.raises(ValueError, match="32 bytes, this one 31"):
        salt_of(SEED[:31], "quantity")


def test_a_commitment_is_a_digest_of_four_parts() -> None:
    """docs/reference/statements.md, written with another CBOR encoder."""
    salt = salt_of(SEED, "quantity")
    parts = cbor2.dumps(["chipwarden.commitment/1", salt, "quantity", b"64"], canonical=True)
    assert commitment(salt, "quantity", b"64") == hashlib.sha256(parts).digest()
    assert commitments(SEED, VALUES)["quantity"] == commitment(salt, "quantity", b"64")


def test_an_opening_fits_its_own_statement_alone() -> None:
    signed = statement(commitments=commitments(SEED, VALUES))
    for name, value in VALUES.items():
        check_opening(opening_of(SEED, name, value), signed)
    good = opening_of(SEED, "quantity", b"64")
    for wrong in (
        Opening("quantity", good.salt, b"65"),
        Opening("quantity", bytes(32), b"64"),
        Opening("outcome", good.salt, b"64"),
        opening_of(SEED, "outcome", b"64"),
        opening_of(bytes(32), "quantity", b"64"),
    ):
        with pytest.raises(InvalidProof, match="does not commit to") as refused:
            check_opening(wrong, signed)
        assert refused.value.reason == "other-value"
    with pytest.raises(InvalidProof, match="no commitment of that name") as refused:
        check_opening(opening_of(SEED, "price", b"1"), signed)
    assert refused.value.reason == "no-such-commitment"
    with pytest.raises(InvalidProof, match="does not commit to"):
        check_opening(good, statement(commitments=commitments(bytes(32), VALUES)))


def test_equal_values_do_not_look_equal() -> None:
    made = commitments(SEED, {"a": b"1", "b": b"1"})
    assert made["a"] != made["b"]
    assert commitments(bytes(32), {"a": b"1"})["a"] != made["a"]


@given(st.text(st.characters(codec="utf-8")), st.binary())
def test_an_opening_is_read_as_it_was_written(name: str, value: bytes) -> None:
    opening = opening_of(SEED, name, value)
    assert read_opening(opening_bytes(opening)) == opening
    assert cbor2.loads(opening_bytes(opening)) == [opening.salt, name, value]


@pytest.mark.parametrize(
    "parts",
    [[], [bytes(32), "a"], [bytes(31), "a", b""], [bytes(32), b"a", b""], ["x" * 32, "a", b""],
     [bytes(32), "a", "b"], [bytes(32), "a", b"", 1], {0: bytes(32)}, 5],
)  # fmt: skip
def test_what_is_no_opening_is_refused(parts: Any) -> None:
    with pytest.raises(InvalidStatement, match="expected a salt of 32 bytes, a name and a value"):
        read_opening(cbor2.dumps(parts))


# ------------------------------------------------------------ decision records


def test_a_decision_record_is_cut_into_values_and_put_together_again() -> None:
    record = decided(to_germany())
    values = decision_values(record)
    assert set(values) == (record.keys() - {"order"}) | {
        f"order.{name}" for name in record["order"]
    }
    assert values["outcome"] == json.dumps(record["outcome"]).encode()
    assert values["order.items"] == canonical_bytes(record["order"]["items"])
    assert canonical_bytes(record_of(values)) == canonical_bytes(record)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.\u00e9"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc\u00e9", min_size=1), JSON, max_size=4), JSON)
def test_any_record_is_put_together_again(record: dict[str, Any], order: Any) -> None:
    whole = {**record, "order": order}
    assert record_of(decision_values(whole)) == whole


def test_a_name_with_a_dot_at_the_top_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found 'order\.id'"):
        decision_values({"order.id": 1, "order": {"id": 2}})


# ------------------------------------------------------------ bodies


def test_a_body_is_read_as_it_was_encoded() -> None:
    body = Body(SEED, b'{"outcome":"license_required"}')
    expected = cbor2.dumps(
        {"schema": "chipwarden.body/1", "seed": SEED, "content": body.content}, canonical=True
    )
    assert body.encoded() == expected
    assert body.digest() == hashlib.sha256(expected).digest()
    assert read_body(expected) == body
    with pytest.raises(ValueError, match="32 bytes, this one 5"):
        Body(b"seeds", b"").encoded()


@pytest.mark.parametrize(
    "parts",
    [
        [],
        {},
        {"schema": "chipwarden.body/2", "seed": SEED, "content": b""},
        {"schema": "chipwarden.body/1", "seed": SEED[1:], "content": b""},
        {"schema": "chipwarden.body/1", "seed": SEED, "content": ""},
        {"schema": "chipwarden.body/1", "seed": SEED, "content": b"", "more": 1},
        {"schema": "chipwarden.body/1", "content": b""},
    ],
)
def test_what_is_no_body_is_refused(parts: Any) -> None:
    with pytest.raises(InvalidStatement, match="body: found other parts"):
        read_body(cbor2.dumps(parts, canonical=True))
