"""Keys that are the same in every run, and statements that they signed."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chipwarden.ledger.keys import Algorithm, SigningKey
from chipwarden.ledger.statements import Statement, sign_statement

ISSUER = "https://exporter.example"
OTHER = "https://forwarder.example"
NOW = 1_790_000_000


def signing_key(number: int = 1, algorithm: Algorithm = Algorithm.ED25519) -> SigningKey:
    """Return a key; each number and algorithm has its own."""
    if algorithm is Algorithm.ED25519:
        return SigningKey.of(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))
    curve = ec.SECP256R1() if algorithm is Algorithm.ES256 else ec.SECP384R1()
    return SigningKey.of(ec.derive_private_key(0xC0FFEE + number, curve))


KEY = signing_key(1)


def statement(key: SigningKey = KEY, **more: Any) -> Statement:
    """Return a statement with something in each part, unless told otherwise."""
    parts: dict[str, Any] = {
        "type": "decision",
        "issuer": ISSUER,
        "subject": "urn:example:order:17",
        "issued_at": NOW,
        "public": {"as_of": "2026-11-21", "items": 2, "parts": [None, True, b"\x01"]},
        "commitments": {"outcome": bytes(range(32)), "order.destination": bytes(32)},
        "body": b"\x07" * 32,
    }
    return sign_statement(key=key, **{**parts, **more})
