"""Tokens: both forms say the same, others verify them, and no byte of them can be changed."""

import base64
import contextlib
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import cwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import import_key
from tests.enforcement.made import KEY, KEYS, NOON, OTHER_KEY, asked, grant, trusting

from chipwarden.enforcement.errors import InvalidGrant
from chipwarden.enforcement.gate import verify_grant
from chipwarden.enforcement.grant_tokens import cwt_token, jwt_token, read_token, token_of
from chipwarden.enforcement.grants import Grant
from chipwarden.enforcement.verdicts import Step
from chipwarden.ledger.errors import InvalidSignature
from chipwarden.ledger.keys import SigningKey

GRANT = grant(7, issue={"random": bytes(range(16))}).logged_at("exporter.example/ledger", 13)
FORMS: dict[str, Callable[[Grant, SigningKey], Any]] = {"cwt": cwt_token, "jwt": jwt_token}
CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "200"))
FORM = pytest.mark.parametrize("form", FORMS)
ALGORITHM = pytest.mark.parametrize("algorithm", KEYS)


def jwk_of(key: SigningKey) -> dict[str, Any]:
    """Return a public key as JWK, from the parts of its COSE_Key (RFC 9053, section 7)."""
    parts = cbor2.loads(key.public.cose_key())
    names = {1: "Ed25519", 2: "P-256", 3: "P-384"}
    curve = {6: names[1]}.get(parts[-1]) or {1: names[2], 2: names[3]}[parts[-1]]
    found = {"kty": {1: "OKP", 2: "EC"}[parts[1]], "crv": curve}
    return found | {name: b64(parts[label]) for name, label in (("x", -2), ("y", -3))
                    if label in parts}  # fmt: skip


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@FORM
@ALGORITHM
def test_what_is_written_is_read(form: str, algorithm: str) -> None:
    key = KEYS[algorithm]
    token = FORMS[form](GRANT, key)
    found = read_token(token)
    assert (found.grant, found.kid, found.algorithm) == (GRANT, key.kid, key.algorithm)
    found.verify(key.public)
    content = token if isinstance(token, bytes) else f"\n{token}\n".encode()
    assert token_of(content) == token


@FORM
@ALGORITHM
def test_another_key_did_not_sign_it(form: str, algorithm: str) -> None:
    found = read_token(FORMS[form](GRANT, KEYS[algorithm]))
    for name, key in {**KEYS, "other": OTHER_KEY}.items():
        if name != algorithm:
            with pytest.raises(InvalidSignature):
                found.verify(key.public)


def test_both_forms_say_the_same() -> None:
    in_cwt, in_jwt = (read_token(make(GRANT, KEY)) for make in FORMS.values())
    assert in_cwt.grant == in_jwt.grant == GRANT
    claims = cbor2.loads(cbor2.loads(cwt_token(GRANT, KEY)).value[2])
    named = json.loads(unb64(jwt_token(GRANT, KEY).split(".")[1]))
    # RFC 8392, section 4: the numbers of the claims that RFC 7519 names.
    numbers = {"iss": 1, "sub": 2, "exp": 4, "nbf": 5, "iat": 6}
    assert {name: claims[number] for name, number in numbers.items()} == {
        name: named[name] for name in numbers
    }
    assert claims[7] == bytes(range(16)) == bytes.fromhex(named["jti"])
    assert claims["chipwarden.grant"] == named["chipwarden.grant"]
    assert len(claims) == len(named) == 7


@ALGORITHM
def test_python_cwt_verifies_our_cwt(algorithm: str) -> None:
    key = KEYS[algorithm]
    token = cwt_token(GRANT, key)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own
        public = cwt.COSEKey.from_pem(_pem(key), kid=key.kid)
        # Its clock is its own: the times are judged elsewhere.
        claims = cwt.COSE.new(alg_auto_inclusion=True, kid_auto_inclusion=True).decode(
            token, public
        )
    assert cbor2.loads(claims)[2] == GRANT.id
    altered = token[:-1] + bytes((token[-1] ^ 1,))
    with pytest.raises(cwt.VerifyError):
        cwt.COSE.new().decode(altered, public)


def test_python_cwt_judges_the_times_by_its_own_clock() -> None:
    public = cwt.COSEKey.from_pem(_pem(KEY), kid=KEY.kid)
    long = replace(GRANT, not_after=4_102_444_800)  # 2100-01-01
    claims = cwt.decode(cwt_token(long, KEY), public)
    assert isinstance(claims, dict)
    assert (claims[1], claims[2]) == (GRANT.issuer, GRANT.id)
    with pytest.raises(cwt.VerifyError, match="expired"):
        cwt.decode(cwt_token(GRANT, KEY), public)


def _pem(key: SigningKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public.native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@ALGORITHM
def test_joserfc_verifies_our_jwt(algorithm: str) -> None:
    key = import_key(jwk_of(KEYS[algorithm]))
    token = jwt_token(GRANT, KEYS[algorithm])
    found = jwt.decode(token, key, algorithms=[algorithm])
    assert found.header["typ"] == "chipwarden-grant+jwt"
    registry = jwt.JWTClaimsRegistry(
        now=lambda: NOON, iss={"essential": True, "value": GRANT.issuer}, exp={"essential": True}
    )
    registry.validate(found.claims)
    with pytest.raises(Exception, match="expired"):
        jwt.JWTClaimsRegistry(now=lambda: GRANT.not_after + 1).validate(found.claims)


@ALGORITHM
def test_we_verify_a_jwt_that_joserfc_signed(algorithm: str) -> None:
    key = KEYS[algorithm]
    payload = unb64(jwt_token(GRANT, key).split(".")[1])
    header = {"alg": algorithm, "kid": b64(key.kid), "typ": "chipwarden-grant+jwt"}
    private = jwk_of(key) | {"d": b64(_secret(key))}
    native = import_key(private)
    found = read_token(jws.serialize_compact(header, payload, native, algorithms=[algorithm]))
    found.verify(key.public)
    assert found.grant == GRANT


def _secret(key: SigningKey) -> bytes:
    native: Any = key.native
    if hasattr(native, "private_bytes_raw"):
        return bytes(native.private_bytes_raw())
    numbers = native.private_numbers()
    return bytes(numbers.private_value.to_bytes(native.curve.key_size // 8, "big"))


# ---------------------------------------------------------------- attacks


def refused(token: bytes | str, key: SigningKey = KEY) -> str:
    """Return why a token is refused: it cannot be read, or its seal does not hold."""
    try:
        verdict = verify_grant(token, trusting(key), NOON, asked())
    except InvalidGrant as error:
        return str(error)
    assert not verdict.is_granted
    assert {check.step for check in verdict.refusals} <= {Step.KEY, Step.SIGNATURE}
    assert verdict.grant is None
    assert verdict.released == ()
    return str(verdict.refusals[0])


def _changed_bytes(length: int) -> range:
    """Return which bytes are changed: some of them, all where there is time."""
    return range(0, length, 1 if "CHIPWARDEN_FUZZ_CASES" in os.environ else 7)


@FORM
@ALGORITHM
def test_no_byte_can_be_changed(form: str, algorithm: str) -> None:
    key = KEYS[algorithm]
    token = FORMS[form](GRANT, key)
    assert verify_grant(token, trusting(key), NOON, asked()).is_granted
    content = token if isinstance(token, bytes) else token.encode()
    for at in (*_changed_bytes(len(content)), len(content) - 1):
        for flip in (0x01, 0x80 if form == "cwt" else 0x02):
            altered = content[:at] + bytes((content[at] ^ flip,)) + content[at + 1 :]
            assert refused(altered if form == "cwt" else altered.decode("latin-1"), key)


@FORM
def test_no_byte_can_be_added_or_left_out(form: str) -> None:
    token = FORMS[form](GRANT, KEY)
    more = b"\x00" if isinstance(token, bytes) else "A"
    for altered in (token[:-1], token[1:], token + more, more + token, token[: len(token) // 2]):
        assert refused(altered)
    with pytest.raises(InvalidGrant):
        read_token(type(token)())


def test_every_last_letter_of_a_jwt_but_its_own_is_refused() -> None:
    """Of the last letter's six bits four are over: no other spelling of them is taken."""
    token = jwt_token(GRANT, KEY)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
    for letter in letters:
        if letter != token[-1]:
            assert refused(token[:-1] + letter)


def jwt_with(header: dict[str, Any] | None = None, key: SigningKey = KEY, **claims: Any) -> str:
    """Return a JWT that a key signed over another header or other claims."""
    parts = [json.loads(unb64(part)) for part in jwt_token(GRANT, key).split(".")[:2]]
    parts[0] = {**parts[0], **(header or {})}
    parts[1] = {**parts[1], **claims}
    signed = ".".join(
        b64(json.dumps(part, sort_keys=True, separators=(",", ":")).encode()) for part in parts
    )
    return f"{signed}.{b64(key.sign(signed.encode()))}"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"alg": "none"}, "found the algorithm 'none'"),
        ({"alg": "HS256"}, "found the algorithm 'HS256'"),
        ({"alg": "EdDSA"}, "found the algorithm 'EdDSA'"),
        ({"alg": "ES256"}, "found the algorithm ES256; expected ED25519"),
        ({"alg": ["Ed25519"]}, "found the algorithm ['Ed25519']"),
        ({"kid": b64(OTHER_KEY.kid)}, "has no such key"),
        ({"kid": 1}, "found no key"),
        ({"kid": "*"}, "kid is not base64url"),
        ({"typ": "JWT"}, "the type 'JWT'"),
        ({"crit": ["b64"], "b64": False}, "expected alg, kid and"),
        ({"crit": ["exp"]}, "expected alg, kid and"),
        ({"jwk": jwk_of(OTHER_KEY)}, "expected alg, kid and"),
        ({"x5u": "https://elsewhere.example/key"}, "expected alg, kid and"),
    ],
)
def test_no_header_of_a_jwt_changes_how_it_is_read(header: dict[str, Any], said: str) -> None:
    assert said in refused(jwt_with(header))


def test_a_jwt_signed_with_the_public_key_as_a_password_is_refused() -> None:
    """The classic confusion of RFC 8725, section 2.1."""
    import hmac

    signed = jwt_with({"alg": "HS256"}).rpartition(".")[0]
    mac = hmac.digest(KEY.public.cose_key(), signed.encode(), "sha256")
    assert "found the algorithm 'HS256'" in refused(f"{signed}.{b64(mac)}")


def test_a_jwt_without_a_signature_is_refused() -> None:
    signed = jwt_token(GRANT, KEY).rpartition(".")[0]
    assert "altered" in refused(f"{signed}.")
    assert "found 2 parts" in refused(signed)
    assert "found 5 parts" in refused(f"{signed}.a.b.c")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"jti": "00" * 16}, "its own identifier is not that of the grant"),
        ({"jti": None}, "its own identifier is not that of the grant"),
        ({"aud": "elsewhere"}, "other claims"),
        ({"exp": 1.0e10}, "RFC 8785"),  # a second spelling of the number
        ({"exp": NOON + 0.5}, "Expected `int`"),
        ({"chipwarden.grant": None}, "Expected `object`"),
        ({"chipwarden.grant": {}}, "missing required field"),
    ],
)
def test_other_claims_of_a_jwt_are_refused(claims: dict[str, Any], said: str) -> None:
    assert said in refused(jwt_with(**claims))


def test_a_name_that_stands_twice_is_refused() -> None:
    header, claims, _ = jwt_token(GRANT, KEY).split(".")
    twice = unb64(claims)[:-1] + b',"sub":"urn:chipwarden:grant:' + b"0" * 32 + b'"}'
    signed = f"{header}.{b64(twice)}"
    assert "RFC 8785" in refused(f"{signed}.{b64(KEY.sign(signed.encode()))}")


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "null", "[]", '"x"', "NaN", "\x00", "1e999"])
def test_a_header_that_is_no_object_is_refused(text: str) -> None:
    rest = jwt_token(GRANT, KEY).partition(".")[2]
    assert "RFC 8785" in refused(f"{b64(text.encode())}.{rest}")


def cwt_with(
    header: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
    payload: bytes | None = None,
    claims: dict[Any, Any] | None = None,
    tag: int | None = 18,
    key: SigningKey = KEY,
) -> bytes:
    """Return a CWT that a key signed over another header, payload or claims."""
    parts = cbor2.loads(cwt_token(GRANT, key)).value
    named = {**cbor2.loads(parts[0]), **(header or {})}
    protected = cbor2.dumps(named, canonical=True)
    if payload is None:
        merged = {**cbor2.loads(parts[2]), **(claims or {})}
        payload = cbor2.dumps(merged, canonical=True) if claims else parts[2]
    # RFC 9052, section 4.4.
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    message = [protected, unprotected or {}, payload, key.sign(signed)]
    return cbor2.dumps(message if tag is None else cbor2.CBORTag(tag, message))


def test_the_helper_writes_what_we_write() -> None:
    assert cwt_with() == cwt_token(GRANT, KEY)
    assert jwt_with() == jwt_token(GRANT, KEY)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"header": {1: -7}}, "found the algorithm ES256; expected ED25519"),
        ({"header": {1: -8}}, "found the algorithm -8"),
        ({"header": {1: 5}}, "found the algorithm 5"),
        ({"header": {1: True}}, "found the algorithm True"),
        ({"header": {4: OTHER_KEY.kid}}, "has no such key"),
        ({"header": {4: "text"}}, "expected algorithm, key and"),
        ({"header": {16: "application/cwt"}}, "the type 'application/cwt'"),
        ({"header": {2: [99], 99: 1}}, "expected algorithm, key and"),
        ({"header": {2: [16]}}, "expected algorithm, key and"),
        ({"unprotected": {99: 1}}, "an unsigned header"),
        ({"tag": None}, "a form that no grant has"),
        ({"tag": 98}, "tag"),
        ({"claims": {3: "elsewhere"}}, "other claims"),
        ({"claims": {7: bytes(16)}}, "its own identifier is not that of the grant"),
        ({"claims": {7: "text"}}, "its own identifier is not that of the grant"),
        ({"claims": {4: "later"}}, "Expected `int`"),
        ({"claims": {"chipwarden.grant": {}}}, "missing required field"),
        ({"payload": b"\xa0"}, "other claims"),
        ({"payload": b"\xff"}, "claims"),
        ({"payload": b""}, "claims"),
    ],
)
def test_no_header_of_a_cwt_changes_how_it_is_read(changes: dict[str, Any], said: str) -> None:
    assert said in refused(cwt_with(**changes))


def test_other_bytes_of_the_same_cwt_are_refused() -> None:
    token = cwt_token(GRANT, KEY)
    parts = cbor2.loads(token).value
    # The length of the payload in four bytes in place of two.
    long = b"\x59" + len(parts[2]).to_bytes(2, "big")
    assert token.count(long) == 1
    longer = token.replace(long, b"\x5a" + len(parts[2]).to_bytes(4, "big"))
    assert cbor2.loads(longer).value == parts
    assert "a form that no grant has" in refused(longer)


def test_a_statement_of_the_log_is_no_token() -> None:
    from chipwarden.enforcement.grant_statements import grant_statement

    assert refused(grant_statement(grant(), KEY, None).content)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\x00", "grün".encode()])
def test_what_is_no_token(content: bytes) -> None:
    with pytest.raises(InvalidGrant):
        read_token(token_of(content))


def test_a_grant_that_is_not_logged_has_no_token() -> None:
    for make in FORMS.values():
        with pytest.raises(ValueError, match="logged before"):
            make(grant(), KEY)
    claims = json.loads(json.dumps(grant().claims()["chipwarden.grant"]))
    assert "no place in a log" in refused(jwt_with(**{"chipwarden.grant": claims}))


def test_a_token_is_not_too_long() -> None:
    assert "expected at most" in refused("A" * (1 << 21))
    assert "expected at most" in refused(bytes(1 << 21))


# ---------------------------------------------------------------- whatever comes

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4) | st.integers(0, 9), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=CASES)
@given(st.binary(max_size=200), st.text(max_size=200))
def test_noise_is_no_token_and_nothing_worse(content: bytes, text: str) -> None:
    for token in (content, b"\xd2" + content, b"\xd2\x84" + content, text, f"{text}.{text}.{text}"):
        with pytest.raises(InvalidGrant):
            read_token(token)
    with contextlib.suppress(InvalidGrant):
        read_token(token_of(content))


@settings(max_examples=CASES)
@given(
    st.dictionaries(st.sampled_from([1, 2, 4, 5, 6, 7, "chipwarden.grant", 8]), _values, min_size=1)
)
def test_whatever_an_issuer_signs_is_a_grant_or_refused(claims: dict[Any, Any]) -> None:
    with contextlib.suppress(InvalidGrant):
        read_token(cwt_with(claims=claims)).verify(KEY.public)


@settings(max_examples=CASES)
@given(st.sampled_from(["order", "decision", "items", "holder", "place", "log", "seed"]), _values)
def test_whatever_stands_in_a_grant_it_is_read_or_refused(name: str, value: Any) -> None:
    inside = {**cbor2.loads(cbor2.loads(cwt_token(GRANT, KEY)).value[2])["chipwarden.grant"]}
    token = cwt_with(claims={"chipwarden.grant": {**inside, name: value}})
    with contextlib.suppress(InvalidGrant):
        verdict = verify_grant(token, trusting(KEY), NOON, asked())
        assert verdict.is_granted is (verdict.refusals == ())
