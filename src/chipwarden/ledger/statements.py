"""Signed statements: who says what about which subject, as one entry of the log.

    statement = sign_statement("decision", "https://exporter.example", "urn:order:17",
                               1_763_700_000, key, commitments=…, body=…)
    verify_statement(read_statement(statement.content), key.public)

A statement is a COSE_Sign1. Its header names issuer, subject and time as CWT claims; its
payload has a public part in plain words, commitments to values that can be opened one by one,
and the digest of a body that is kept elsewhere. Each statement has one encoding only, so what
was signed, what was logged and what is read are the same bytes.

Source:
    RFC 9943 (SCITT), section 6; RFC 9597; RFC 8392. docs/reference/statements.md says what
    must hold beyond these.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chipwarden.ledger.cbor import Tagged, bytes_at, decode, encode
from chipwarden.ledger.cose import sign1
from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.keys import Algorithm, PublicKey, SigningKey
from chipwarden.ledger.statement_headers import DIGEST_SIZE, bad, read_header, statement_header

SCHEMA: Final = "chipwarden.statement/1"
LARGEST: Final = 0xFFFF

# Tag 18 with an array of four, and how the bytes that are signed begin (RFC 9052, 4.4).
_START: Final = b"\xd2\x84"
_EMPTY_MAP: Final = 0xA0
_SIGNED: Final = b"\x84\x6aSignature1"
_PAYLOAD: Final = {"schema", "type", "public", "commitments"}
_TYPE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; whether its issuer signed it, `verify_statement` tells.

    Attributes:
        issuer: who says it: a URI, or another name of at most 255 visible ASCII characters.
        subject: what it is about, likewise.
        issued_at: when it was signed, by the issuer's clock, POSIX seconds.
        type: what kind of statement, such as "decision".
        public: what anybody may read: texts as keys; texts, whole numbers, bytes, true, false,
            null, arrays and maps as values.
        commitments: for each name 32 bytes that bind its value and do not show it.
        body: SHA-256 of the body, None where there is none.
        kid: thumbprint of the key that signed.
        algorithm: what it signed with.
        content: the statement itself: what is signed, logged and shown, byte for byte.
    """

    issuer: str
    subject: str
    issued_at: int
    type: str
    public: Mapping[str, Any]
    commitments: Mapping[str, bytes]
    body: bytes | None
    kid: bytes
    algorithm: Algorithm
    content: bytes
    _signed: bytes = field(repr=False, compare=False)
    _signature: bytes = field(repr=False, compare=False)


def sign_statement(
    type: str,
    issuer: str,
    subject: str,
    issued_at: int,
    key: SigningKey,
    public: Mapping[str, Any] | None = None,
    commitments: Mapping[str, bytes] | None = None,
    body: bytes | None = None,
) -> Statement:
    """Return a signed statement; see `Statement` for the arguments.

    Raises:
        InvalidStatement: a part is not as it must be, or all of it has more than 65,535 bytes.
    """
    payload: dict[str, Any] = {
        "schema": SCHEMA,
        "type": type,
        "public": public or {},
        "commitments": commitments or {},
    }
    if body is not None:
        payload["body"] = body
    protected = statement_header(issuer, subject, issued_at, key.kid)
    try:
        content = sign1(encode(payload), protected, key)
    except (TypeError, ValueError) as error:
        raise InvalidStatement(f"statement of type {type!r:.60}: {error}") from error
    # Nothing leaves that could not be read again.
    return read_statement(content)


def read_statement(content: bytes) -> Statement:
    """Return the statement of an entry of the log; its signature is not checked.

    A transparent statement, which carries receipts, is no entry: see `receipts.entry_of`.

    Raises:
        InvalidStatement: it is no statement in its one encoding.
    """
    if len(content) > LARGEST:
        raise InvalidStatement(
            f"statement: found {len(content):,} bytes; expected at most {LARGEST:,}. Put what is "
            "long into the body, and its digest into the statement"
        )
    if content[:2] != _START:
        raise InvalidStatement(
            f"statement: found {content[:2].hex() or 'nothing'} as its first bytes; expected d284, "
            "a COSE_Sign1 with its tag"
        )
    try:
        header, middle = bytes_at(content, 2, "statement")
        if content[middle] != _EMPTY_MAP:
            raise InvalidStatement(
                "statement, unsigned header: found something in it; expected it empty. Receipts "
                "are no part of an entry"
            )
        payload, start = bytes_at(content, middle + 1, "statement")
        signature, end = bytes_at(content, start, "statement")
    except IndexError:
        # It is cut off.
        end = len(content) + 1
    if end != len(content):
        found = "more bytes after its signature" if end < len(content) else "its end too early"
        raise InvalidStatement(f"statement: found {found}; expected one whole statement")
    issuer, subject, issued_at, kid, algorithm = read_header(header)
    kind, public, commitments, body = _read_payload(payload)
    # The items stand in the message as they are signed, head and all.
    signed = b"".join((_SIGNED, content[2:middle], b"\x40", content[middle + 1 : start]))
    return Statement(
        issuer, subject, issued_at, kind, public, commitments, body, kid, algorithm, content,
        signed, signature,
    )  # fmt: skip


def verify_statement(statement: Statement, key: PublicKey) -> None:
    """Check that a key signed a statement.

    Which key counted for its issuer at its place in the log, `key_history` tells.

    Raises:
        InvalidSignature: it did not.
    """
    if statement.kid != key.thumbprint or statement.algorithm is not key.algorithm:
        raise InvalidSignature(
            f"statement of {statement.issuer}: found the key {statement.kid.hex()[:16]}… "
            f"({statement.algorithm.name}) named as the one that signed; expected "
            f"{key.thumbprint.hex()[:16]}… ({key.algorithm.name})"
        )
    key.verify(statement._signed, statement._signature)


def _read_payload(
    content: bytes,
) -> tuple[str, dict[str, Any], dict[str, bytes], bytes | None]:
    payload = decode(content, "statement, payload", deterministic=True)
    if not isinstance(payload, dict) or payload.keys() - {"body"} != _PAYLOAD:
        raise bad("payload", payload, "schema, type, public, commitments and perhaps body")
    if payload["schema"] != SCHEMA:
        raise bad("schema", payload["schema"], f'"{SCHEMA}"')
    kind, public, commitments = payload["type"], payload["public"], payload["commitments"]
    if not isinstance(kind, str) or _TYPE.fullmatch(kind) is None:
        raise bad("type", kind, "1 to 64 small letters, digits and hyphens")
    if not isinstance(public, dict) or not _is_plain(public):
        raise bad("public", public, "a map with texts as keys and without tags")
    if not isinstance(commitments, dict):
        raise bad("commitments", commitments, "a map")
    values = commitments.values()
    if not ({*map(type, commitments)} <= {str} and {*map(type, values)} <= {bytes}):
        raise bad("commitments", commitments, "bytes under texts")
    if not {*map(len, values)} <= {DIGEST_SIZE}:
        raise bad("commitments", commitments, f"{DIGEST_SIZE} bytes for each")
    body = payload.get("body")
    if "body" in payload and not _is_digest(body):
        raise bad("body", body, "a digest of 32 bytes")
    return kind, public, commitments, body


def _is_digest(value: object) -> bool:
    return type(value) is bytes and len(value) == DIGEST_SIZE


def _is_plain(value: object) -> bool:
    """Return whether there are only texts as keys, and no tags."""
    if type(value) is dict:
        return all(type(key) is str and _is_plain(part) for key, part in value.items())
    if type(value) is list:
        return all(map(_is_plain, value))
    return type(value) is not Tagged
