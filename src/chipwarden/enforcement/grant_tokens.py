"""A grant as a token that a gate verifies offline: CWT for machines, JWT for the web.

    cwt_token(grant, key)         # bytes, a COSE_Sign1
    jwt_token(grant, key)         # text
    found = read_token(token)     # found.grant is not to be trusted before
    found.verify(public_key)

Both carry the same claims, each in one encoding: a token of which any byte differs is
another token. What a token need not have it must not have, so that no header can change
how it is read.

Source:
    RFC 8392 (CWT), RFC 9052 (COSE), RFC 9596 (type of a COSE message); RFC 7519 and 7515
    (JWT, JWS compact), RFC 8725 (what to mind), RFC 9864 (the name Ed25519).
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chipwarden.enforcement.errors import InvalidGrant
from chipwarden.enforcement.grant_claims import grant_of
from chipwarden.enforcement.grants import CLAIM, Grant, id_bytes
from chipwarden.ledger.cbor import Tagged, decode, encode
from chipwarden.ledger.cose import ALG, KID, TAG, read_sign1, sign1
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.keys import Algorithm, PublicKey, SigningKey
from chipwarden.model.canonical import canonical_bytes

TYP: Final = 16  # header label of RFC 9596
CWT_TYPE: Final = "application/chipwarden-grant+cwt"
JWT_TYPE: Final = "chipwarden-grant+jwt"
LARGEST_TOKEN: Final = 1 << 20

JWT_NAMES: Final[Mapping[Algorithm, str]] = {
    Algorithm.ED25519: "Ed25519",
    Algorithm.ES256: "ES256",
    Algorithm.ES384: "ES384",
}
# The registered claims of a CWT by their names in a JWT; `cti` is `jti` there.
_LABELS: Final = {1: "iss", 2: "sub", 4: "exp", 5: "nbf", 6: "iat", 7: "jti", CLAIM: CLAIM}
_NUMBERS: Final = {name: label for label, name in _LABELS.items()}
_TAGGED: Final = 0xC0 | TAG  # first byte of every CWT of ours
_ASK: Final = "Ask its issuer for the token anew."


@dataclass(frozen=True, slots=True)
class ReadToken:
    """A token that could be read; nothing of it holds before `verify`.

    Attributes:
        grant: what it says.
        kid: identifier of the key that is said to have signed.
        algorithm: with which it is said to be signed.
        token: as it was given, bytes of a CWT or text of a JWT.
    """

    grant: Grant
    kid: bytes
    algorithm: Algorithm
    token: bytes | str

    def verify(self, key: PublicKey) -> None:
        """Check the signature with the key that the token must be signed by.

        Raises:
            InvalidSignature: it is wrong, or of another algorithm than the key's.
        """
        if self.algorithm is not key.algorithm:
            raise InvalidSignature(
                f"signature: found the algorithm {self.algorithm.name}; expected "
                f"{key.algorithm.name}, which alone the key is for"
            )
        if isinstance(self.token, bytes):
            read_sign1(self.token, LARGEST_TOKEN).verify(key)
        else:
            _verify_jwt(self.token, key)


def token_of(content: bytes) -> bytes | str:
    """Return the token that a file holds, bytes of a CWT or text of a JWT.

    Raises:
        InvalidGrant: it is neither.
    """
    if content[:1] == bytes((_TAGGED,)):
        return content
    try:
        return content.decode("ascii").strip()
    except UnicodeDecodeError:
        raise InvalidGrant(f"token: found neither a CWT nor a JWT. {_ASK}") from None


def read_token(token: bytes | str) -> ReadToken:
    """Return what a token says, before its signature is checked.

    Raises:
        InvalidGrant: it is no grant, or not written as a grant is.
    """
    if len(token) > LARGEST_TOKEN:
        raise InvalidGrant(f"token: found {len(token):,} bytes; expected at most {LARGEST_TOKEN:,}")
    try:
        return _read_cwt(token) if isinstance(token, bytes) else _read_jwt(token)
    except InvalidStatement as error:
        raise InvalidGrant(f"token: {error}. {_ASK}") from error


def _grant(claims: dict[str, Any]) -> Grant:
    """Return the grant of the claims; their identifier must be that of the grant."""
    identifier = claims.pop("jti", None)
    grant = grant_of(claims)
    if grant.logged is None:
        raise InvalidGrant(f"token: the grant {grant.id} has no place in a log. {_ASK}")
    if identifier != id_bytes(grant.id).hex():
        raise InvalidGrant(f"token: its own identifier is not that of the grant {grant.id}. {_ASK}")
    return grant


def _claims(grant: Grant) -> dict[str, Any]:
    if grant.logged is None:
        raise ValueError("a grant is logged before it is put into a token")
    return grant.claims() | {"jti": id_bytes(grant.id).hex()}


# ---------------------------------------------------------------- CWT


def cwt_token(grant: Grant, key: SigningKey) -> bytes:
    """Return a grant that is logged as a CWT."""
    claims = {_NUMBERS[name]: value for name, value in _claims(grant).items()}
    claims[_NUMBERS["jti"]] = id_bytes(grant.id)
    return sign1(encode(claims), {KID: key.kid, TYP: CWT_TYPE}, key)


def _read_cwt(token: bytes) -> ReadToken:
    message = read_sign1(token, LARGEST_TOKEN)
    parts: list[Any] = [message.protected_bytes, {}, message.payload, message.signature]
    if message.payload is None or encode(Tagged(TAG, parts)) != token:
        # What is not signed could be changed on the way.
        raise InvalidGrant(f"token: found a form that no grant has, or an unsigned header. {_ASK}")
    header = decode(message.protected_bytes, "header", deterministic=True)
    number, kid = header.get(ALG), header.get(KID)
    if header.keys() != {ALG, KID, TYP} or header[TYP] != CWT_TYPE or not isinstance(kid, bytes):
        raise InvalidGrant(
            f"token: found a header with {sorted(header, key=str)} and the type "
            f"{header.get(TYP)!r:.60}; expected algorithm, key and {CWT_TYPE!r} alone. {_ASK}"
        )
    algorithm = _algorithm(number, {each.value: each for each in Algorithm})
    claims = decode(message.payload, "claims", deterministic=True)
    if not isinstance(claims, dict) or claims.keys() != _LABELS.keys():
        raise InvalidGrant(f"token: found other claims than those of a grant. {_ASK}")
    named = {_LABELS[label]: value for label, value in claims.items()}
    named["jti"] = named["jti"].hex() if isinstance(named["jti"], bytes) else None
    return ReadToken(_grant(named), kid, algorithm, token)


# ---------------------------------------------------------------- JWT


def jwt_token(grant: Grant, key: SigningKey) -> str:
    """Return a grant that is logged as a JWT."""
    header = {"alg": JWT_NAMES[key.algorithm], "kid": _base64url(key.kid), "typ": JWT_TYPE}
    parts = (canonical_bytes(header), canonical_bytes(_claims(grant)))
    signed = ".".join(map(_base64url, parts))
    # ECDSA has the same form in JOSE and COSE: both numbers one after the other.
    return f"{signed}.{_base64url(key.sign(signed.encode()))}"


def _read_jwt(token: str) -> ReadToken:
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidGrant(f"token: found {len(parts)} parts; expected the three of a JWT. {_ASK}")
    header, claims = _json(parts[0], "header"), _json(parts[1], "claims")
    _bytes_of(parts[2], "signature")
    if header.keys() != {"alg", "kid", "typ"} or header["typ"] != JWT_TYPE:
        # RFC 8725, section 3.11; and nothing critical that would have to be understood.
        raise InvalidGrant(
            f"token: found a header with {sorted(header)} and the type "
            f"{header.get('typ')!r:.60}; expected alg, kid and {JWT_TYPE!r} alone. {_ASK}"
        )
    algorithm = _algorithm(header["alg"], {name: each for each, name in JWT_NAMES.items()})
    kid = header["kid"]
    if not isinstance(kid, str):
        raise InvalidGrant(f"token: found no key in its header. {_ASK}")
    if claims.keys() != set(_LABELS.values()):
        raise InvalidGrant(f"token: found other claims than those of a grant. {_ASK}")
    return ReadToken(_grant(claims), _bytes_of(kid, "kid"), algorithm, token)


def _verify_jwt(token: str, key: PublicKey) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    pem = key.native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    is_edwards = key.algorithm is Algorithm.ED25519
    native = import_key(pem, "OKP") if is_edwards else import_key(pem, "EC")
    try:
        jws.deserialize_compact(token, native, [JWT_NAMES[key.algorithm]])
    except JoseError:
        raise InvalidSignature(
            f"signature: found one that is not of the key {key.thumbprint.hex()[:16]}…; expected "
            "one over exactly this token. It was changed, or another key signed"
        ) from None


def _algorithm(found: Any, known: Mapping[Any, Algorithm]) -> Algorithm:
    algorithm = known.get(found) if isinstance(found, int | str) else None
    if algorithm is None:
        raise InvalidGrant(
            f"token: found the algorithm {found!r:.40}; expected one of "
            f"{', '.join(map(str, known))}. {_ASK}"
        )
    return algorithm


def _json(part: str, what: str) -> dict[str, Any]:
    content = _bytes_of(part, what)
    try:
        value = json.loads(content)
        # Two values under one name, or another spelling of a number, would not come back.
        is_as_written = isinstance(value, dict) and canonical_bytes(value) == content
    except (ValueError, RecursionError):
        is_as_written = False
    if not is_as_written:
        raise InvalidGrant(f"token: its {what} is not as a grant writes it (RFC 8785). {_ASK}")
    found: dict[str, Any] = value
    return found


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _bytes_of(text: str, what: str) -> bytes:
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        content = b""
    if _base64url(content) != text:
        raise InvalidGrant(f"token: its {what} is not base64url as a grant writes it. {_ASK}")
    return content
