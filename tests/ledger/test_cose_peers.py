"""COSE between us and others: python-cwt both ways, and the statements of a SCITT ledger."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cbor2
import cwt
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cwt import COSE, COSEKey, COSEMessage
from tests.ledger.logs import SHARED
from tests.ledger.signers import ISSUER, KEY, NOW, signing_key, statement

from chipwarden.ledger.cbor import Tagged, encode
from chipwarden.ledger.cose import (
    ALG,
    CLAIMS,
    CRIT,
    KID,
    Sign1,
    read_sign1,
    sign1,
    to_be_signed,
)
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.keys import Algorithm, PublicKey, SigningKey
from chipwarden.ledger.receipts import RECEIPTS, verify_receipt

# ------------------------------------------------------------ python-cwt


def their_key(key: SigningKey | PublicKey) -> Any:
    """Return a key as python-cwt has it."""
    if isinstance(key, PublicKey):
        parts = cbor2.loads(key.cose_key())
        return COSEKey.new({**parts, 2: key.thumbprint, 3: int(key.algorithm)})
    pem = key.native.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return COSEKey.from_pem(pem, kid=key.kid, alg=int(key.algorithm))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_they_verify_a_message_of_ours(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    content = sign1(b"payload", {KID: key.kid}, key, external_aad=b"outside")
    protected, _, payload = COSE.new().decode_with_headers(
        content, their_key(key.public), external_aad=b"outside"
    )
    assert (protected, payload) == ({ALG: int(algorithm), KID: key.kid}, b"payload")
    detached = sign1(b"payload", {KID: key.kid}, key, detached=True)
    assert COSE.new().decode(detached, their_key(key.public), detached_payload=b"payload")
    with pytest.raises(cwt.VerifyError):
        COSE.new().decode(content[:-1] + bytes((content[-1] ^ 1,)), their_key(key.public))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_they_verify_a_statement_of_ours(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    ours = statement(key)
    protected, unprotected, payload = COSE.new().decode_with_headers(
        ours.content, their_key(key.public)
    )
    assert protected[CLAIMS] == {
        1: ISSUER, 2: "urn:example:order:17", 6: NOW,
    }  # fmt: skip
    assert unprotected == {}
    assert cbor2.loads(payload)["commitments"] == dict(ours.commitments)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_they_read_a_cwt_of_ours(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    claims = {1: ISSUER, 2: "urn:example:grant:1", 4: 4_000_000_000, 6: NOW, "quantity": 64}
    token = sign1(encode(claims), {KID: key.kid}, key)
    assert cwt.decode(token, their_key(key.public)) == claims


@pytest.mark.parametrize("algorithm", Algorithm)
def test_we_verify_a_message_of_theirs(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    content = COSE.new(alg_auto_inclusion=True, kid_auto_inclusion=True).encode_and_sign(
        b"payload", their_key(key), protected={CLAIMS: {1: ISSUER}}, external_aad=b"outside"
    )
    message = read_sign1(content)
    assert (message.payload, message.protected[CLAIMS]) == (b"payload", {1: ISSUER})
    message.verify(key.public, external_aad=b"outside")
    with pytest.raises(InvalidSignature):
        message.verify(key.public)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_we_read_a_cwt_of_theirs(algorithm: Algorithm) -> None:
    key = signing_key(1, algorithm)
    token = cwt.encode({"iss": ISSUER, "sub": "urn:example:1"}, their_key(key))
    message = read_sign1(token)
    message.verify(key.public)
    assert message.payload is not None
    claims = cbor2.loads(message.payload)
    assert (claims[1], claims[2]) == (ISSUER, "urn:example:1")


def test_they_see_the_receipt_that_a_statement_carries() -> None:
    transparent = cbor2.loads(statement().content)
    transparent.value[1] = {RECEIPTS: [b"receipt"]}
    message = COSEMessage.loads(cbor2.dumps(transparent))
    assert message.unprotected == {RECEIPTS: [b"receipt"]}


# ------------------------------------------------------------ SCITT ledger of CCF

FOLDER = SHARED / "scitt-ccf"
# Type of algorithm, issuer as far as it tells whose it is, subject, time of issue.
SAMPLES: dict[str, tuple[int, str, str | None, int | None]] = {
    "payloads/cosesign1tool-scitt-a3be7e5.cose":
        (-7, "did:x509:0:sha256:_ZI-nfqG", "unknown.intent", 1763991918),
    "payloads/css-attested-cosesign1-20250617.cose":
        (-35, "did:attestedsvc:msft-css-dev", "experimental/test", 1750268850),
    "payloads/css-attested-cosesign1-20250812.cose":
        (-35, "did:attestedsvc:msft-css-dev", "UpdatePolicy", 1755033659),
    "payloads/css-attested-cosesign1-20250925.cose":
        (-7, "did:attestedsvc:msft-css-dev", None, None),
    "payloads/css-attested-cosesign1-20260302.cose":
        (-35, "did:attestedsvc:css-cts-ppe", "my-subject", 1772459414),
    "payloads/cts-hashv-cwtclaims-b64url.cose":
        (-37, "did:x509:0:sha256:HnwZ4lez", "Test", 1724186280),
    "payloads/manifest.spdx.json.sha384.digest.cose":
        (-38, "did:x509:0:sha256:HnwZ4lez", "test.submission-1", 1741023399),
    "transparent_statements/uvm_0.2.10.cose":
        (-38, "did:x509:0:sha256:I__iuL25", "ContainerPlat-AMD-UVM", 1766437887),
}  # fmt: skip
_PSS = {-37: hashes.SHA256(), -38: hashes.SHA384()}

sample = pytest.mark.parametrize("name", SAMPLES)


def content_of(name: str) -> bytes:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"{name} is not beside the repository")
    return path.read_bytes()


def checks(message: Sign1) -> list[Callable[[Sign1], None]]:
    """Return a check for each key by which a sample says whose it is."""
    found: list[Callable[[Sign1], None]] = []
    protected = message.protected
    critical = protected.get(CRIT, ())
    keys = []
    if 33 in protected:
        leaf = x509.load_der_x509_certificate(protected[33][0]).public_key()
        if isinstance(leaf, rsa.RSAPublicKey):
            found.append(partial(check_rsa, key=leaf))
        else:
            keys.append(PublicKey.of(leaf))
    for label in critical:
        key = PublicKey.from_cose_key(cbor2.dumps(protected[label]["cose_key"]))
        # They name the key by its thumbprint, made by code that is not ours.
        assert key.thumbprint == protected[KID]
        keys.append(key)
    return [*found, *(partial(Sign1.verify, key=key, understood=critical) for key in keys)]


def check_rsa(message: Sign1, key: rsa.RSAPublicKey) -> None:
    """Check RSASSA-PSS, which is not among our algorithms (RFC 8230, section 2)."""
    assert message.payload is not None
    hashed = _PSS[message.protected[ALG]]
    pss = padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    signed = to_be_signed(message.protected_bytes, message.payload)
    try:
        key.verify(message.signature, signed, pss, hashed)
    except WrongSignature:
        raise InvalidSignature("RSASSA-PSS") from None


@sample
def test_their_statements_are_read_and_verified(name: str) -> None:
    message = read_sign1(content_of(name))
    algorithm, issuer, subject, issued_at = SAMPLES[name]
    assert message.protected[ALG] == algorithm
    claims = message.protected[CLAIMS]
    assert claims[1].startswith(issuer)
    assert claims.get(2) == subject
    # RFC 8392, section 2, forbids the tag that some of them write.
    time = claims.get(6)
    assert (time.value if isinstance(time, Tagged) else time) == issued_at
    ways = checks(message)
    assert ways
    for check in ways:
        check(message)


@sample
@pytest.mark.parametrize("part", ["payload", "protected", "signature"])
def test_one_byte_of_their_statements_changed_is_refused(name: str, part: str) -> None:
    content = content_of(name)
    message = read_sign1(content)
    whole = {"payload": message.payload, "protected": message.protected_bytes,
             "signature": message.signature}[part]  # fmt: skip
    assert whole is not None
    at = content.index(whole) + len(whole) - 1
    changed = content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]
    for check in checks(message):
        with pytest.raises(InvalidSignature):
            check(read_sign1(changed))


def test_our_algorithms_do_not_take_theirs_for_ours() -> None:
    message = read_sign1(content_of("payloads/manifest.spdx.json.sha384.digest.cose"))
    with pytest.raises(InvalidSignature, match="found the algorithm -38; expected -19"):
        message.verify(KEY.public)


def test_a_receipt_of_a_ccf_ledger_is_named_as_one() -> None:
    message = read_sign1(content_of("transparent_statements/uvm_0.2.10.cose"))
    (receipt,) = message.unprotected[RECEIPTS]
    with pytest.raises(
        InvalidStatement, match="data structure 2, that of a CCF ledger; expected 1"
    ):
        verify_receipt(receipt, b"entry", KEY.public)


def test_an_older_receipt_of_a_ccf_ledger_is_no_receipt() -> None:
    message = read_sign1(content_of("payloads/cts-hashv-cwtclaims-b64url.cose"))
    (receipt,) = message.unprotected[RECEIPTS]
    with pytest.raises(InvalidStatement, match="expected an array of four, a COSE_Sign1"):
        verify_receipt(receipt, b"entry", KEY.public)


def test_all_samples_are_looked_at() -> None:
    if not FOLDER.is_dir():
        pytest.skip("scitt-ccf is not beside the repository")
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.cose")} == set(SAMPLES)
    assert Path(FOLDER, "LICENSE.txt").is_file()
