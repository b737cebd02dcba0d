"""Lists of revocations: signed, of one log, up to a place in it."""

from hashlib import sha256
from typing import Any

import cbor2
import cwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.enforcement.made import (
    ISSUER,
    KEY,
    KEYS,
    NOON,
    ORIGIN,
    OTHER_KEY,
    Keys,
    Known,
    Log,
    grant,
)

from chipwarden.enforcement.errors import InvalidRevocations
from chipwarden.enforcement.revocations import (
    RevocationList,
    read_revocations,
    revocations_of,
    sign_revocations,
)
from chipwarden.ledger.keys import SigningKey

ROOT = sha256(b"root").digest()


def made() -> tuple[RevocationList, str, int]:
    log = Log()
    one, _ = log.grant(grant(1)), log.grant(grant(2))
    index = log.revoke(one, "recalled")
    return revocations_of(log.book(), ISSUER, ORIGIN, 16, ROOT, NOON), one.id, index


@pytest.mark.parametrize("algorithm", KEYS)
def test_what_is_signed_is_read(algorithm: str) -> None:
    key = KEYS[algorithm]
    known, identifier, index = made()
    content = sign_revocations(known, key)
    found = read_revocations(content).verify(Keys((Known(key.public),)))
    assert found == known
    entry = found.entry(identifier)
    assert entry is not None
    assert (entry.index, entry.reason) == (index, "recalled")
    assert found.entry(grant(2).id) is None
    assert found.entry(grant(3).id) is None


def test_the_payload_names_log_size_root_time_and_digests() -> None:
    known, identifier, index = made()
    payload = cbor2.loads(cbor2.loads(sign_revocations(known, KEY)).value[2])
    assert payload == {
        "schema": "chipwarden.revocations/1",
        "origin": ORIGIN,
        "size": 16,
        "root": ROOT,
        "time": NOON,
        "issuer": ISSUER,
        "revoked": [[sha256(identifier.encode()).digest(), index, "recalled"]],
    }


def test_python_cwt_verifies_it() -> None:
    pem = KEY.public.native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public = cwt.COSEKey.from_pem(pem, kid=KEY.kid)
    content = sign_revocations(made()[0], KEY)
    assert cbor2.loads(cwt.COSE.new().decode(content, public))["origin"] == ORIGIN


def test_no_byte_can_be_changed() -> None:
    content = sign_revocations(made()[0], KEY)
    for at in range(len(content)):
        altered = content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]
        with pytest.raises(InvalidRevocations):
            read_revocations(altered).verify(Keys())


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ((), "has no such key"),
        ((Known(OTHER_KEY.public),), "has no such key"),
        ((Known(KEY.public, issuer="https://b.example"),), "has no such key"),
        ((Known(KEY.public, first=17),), "does not count at index 16"),
        ((Known(KEY.public, until=16),), "does not count at index 16"),
        # Who stole the key could leave out what was revoked.
        ((Known(KEY.public, until=17),), "was revoked at index 17"),
    ],
)
def test_only_a_key_of_its_issuer_counts(known: tuple[Known, ...], said: str) -> None:
    found = read_revocations(sign_revocations(made()[0], KEY))
    with pytest.raises(InvalidRevocations, match=said):
        found.verify(Keys(known))


def signed(payload: Any, header: dict[Any, Any] | None = None, key: SigningKey = KEY) -> bytes:
    parts = cbor2.loads(sign_revocations(made()[0], key)).value
    named = cbor2.dumps({**cbor2.loads(parts[0]), **(header or {})}, canonical=True)
    body = cbor2.dumps(payload, canonical=True)
    signature = key.sign(cbor2.dumps(["Signature1", named, b"", body]))
    return cbor2.dumps(cbor2.CBORTag(18, [named, {}, body, signature]))


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "chipwarden.revocations/2"},
        {"root": b"short"},
        {"root": "x" * 32},
        {"size": -1},
        {"time": 1.5},
        {"time": 253_402_300_800},
        {"issuer": "two words"},
        {"more": 1},
        {"revoked": None},
        {"revoked": [[bytes(32), 1]]},
        {"revoked": [[bytes(31), 1, "x"]]},
        {"revoked": [[bytes(32), 1, "x"], [bytes(32), 2, "y"]]},
        {"revoked": [[b"\1" * 32, 1, "x"], [bytes(32), 2, "y"]]},
    ],
)
def test_a_malformed_list_is_refused(changes: dict[str, Any]) -> None:
    payload = cbor2.loads(cbor2.loads(sign_revocations(made()[0], KEY)).value[2])
    assert read_revocations(signed(payload)).verify(Keys())
    with pytest.raises(InvalidRevocations):
        read_revocations(signed({**payload, **changes}))


def test_another_message_of_the_same_key_is_no_list() -> None:
    payload = cbor2.loads(cbor2.loads(sign_revocations(made()[0], KEY)).value[2])
    with pytest.raises(InvalidRevocations, match="found the type"):
        read_revocations(signed(payload, {16: "application/other"}))
    for content in (b"", b"\xff", cbor2.dumps([]), cbor2.dumps(1)):
        with pytest.raises(InvalidRevocations):
            read_revocations(content)
