"""The header of a statement: issuer, subject, time, and which key signed.

    header = statement_header("https://exporter.example", "urn:order:17", 1_763_700_000, kid)
    read_header(encode(header))

Source:
    RFC 9597 (CWT claims in a COSE header); RFC 8392, section 3.1 (the claims).
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chipwarden.ledger.cbor import decode, encode, head
from chipwarden.ledger.cose import ALG, CLAIMS, CONTENT_TYPE, KID
from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.keys import NUMBERS, Algorithm, algorithm_of

MEDIA_TYPE: Final = "application/vnd.chipwarden.statement+cbor"
# Numbers of CWT claims.
ISSUER: Final = 1
SUBJECT: Final = 2
ISSUED_AT: Final = 6
DIGEST_SIZE: Final = 32

_LABELS: Final = {ALG, CONTENT_TYPE, KID, CLAIMS}
_CLAIMS: Final = {ISSUER, SUBJECT, ISSUED_AT}
# A name is one word of a trust file; in ASCII two names that look alike are alike.
_NAME: Final = re.compile(r"[!-~]{1,255}")
# The end of the year 9999: no calendar goes further.
_LATEST: Final = 253_402_300_800

# The header as nearly every statement has it, with a time between 1970-01-02 and 2106: read in
# a tenth of the time. The lengths are compared afterwards; what does not match is read slowly.
_NUMBERS: Final = {encode(number): algorithm for number, algorithm in NUMBERS.items()}
_USUAL: Final = re.compile(
    b"".join(
        (
            rb"\xa4\x01(" + b"|".join(map(re.escape, _NUMBERS)) + rb")\x03",
            re.escape(encode(MEDIA_TYPE)),
            rb"\x04\x58\x20(.{32})\x0f\xa3",
            rb"\x01([\x61-\x77]|\x78[\x18-\xff])([!-~]{1,255})",
            rb"\x02([\x61-\x77]|\x78[\x18-\xff])([!-~]{1,255})",
            rb"\x06\x1a(.{4})",
        )
    ),
    re.DOTALL,
)


class Header(NamedTuple):
    """What a header says; see `statements.Statement`."""

    issuer: str
    subject: str
    issued_at: int
    kid: bytes
    algorithm: Algorithm


def statement_header(issuer: str, subject: str, issued_at: int, kid: bytes) -> Mapping[Any, Any]:
    """Return the header to sign, without the algorithm."""
    return {
        CONTENT_TYPE: MEDIA_TYPE,
        KID: kid,
        CLAIMS: {ISSUER: issuer, SUBJECT: subject, ISSUED_AT: issued_at},
    }


def read_header(content: bytes) -> Header:
    """Return what the signed header of a statement says.

    Raises:
        InvalidStatement: it is not as it must be.
    """
    if (usual := _USUAL.fullmatch(content)) is not None:
        number, kid, issuer_head, issuer_text, subject_head, subject_text, time = usual.groups()
        seconds = int.from_bytes(time, "big")
        if (
            issuer_head == head(3, len(issuer_text))
            and subject_head == head(3, len(subject_text))
            and seconds > 0xFFFF
        ):
            return Header(
                issuer_text.decode(), subject_text.decode(), seconds, kid, _NUMBERS[number]
            )
    header = decode(content, "statement, header", deterministic=True)
    if not isinstance(header, dict) or header.keys() != _LABELS:
        raise bad("header", header, "algorithm (1), content type (3), key (4) and claims (15)")
    algorithm, kid, claims = algorithm_of(header[ALG]), header[KID], header[CLAIMS]
    if algorithm is None:
        raise bad("algorithm", header[ALG], "that of Ed25519, ES256 or ES384")
    if header[CONTENT_TYPE] != MEDIA_TYPE:
        raise bad("content type", header[CONTENT_TYPE], MEDIA_TYPE)
    if not isinstance(kid, bytes) or len(kid) != DIGEST_SIZE:
        raise bad("key identifier", kid, "a thumbprint of 32 bytes")
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise bad("claims", claims, "issuer (1), subject (2) and time of issue (6)")
    issuer, subject, issued_at = claims[ISSUER], claims[SUBJECT], claims[ISSUED_AT]
    for place, name in (("issuer", issuer), ("subject", subject)):
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise bad(place, name, "1 to 255 visible ASCII characters without blanks, as in a URI")
    if type(issued_at) is not int or not 0 <= issued_at < _LATEST:
        raise bad("time of issue", issued_at, "POSIX seconds as a whole number")
    return Header(issuer, subject, issued_at, kid, algorithm)


def bad(place: str, found: object, expected: str) -> InvalidStatement:
    """Return the error for a part of a statement that is not as it must be."""
    return InvalidStatement(f"statement, {place}: found {found!r:.80}; expected {expected}")
