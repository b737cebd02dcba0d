"""Names and keys of the story's log, for show only.

signing_key("the exporter").public

Keys and seeds follow from words that stand here, so that the same data give the same page.
Anybody can make them again; they protect nothing.
"""

from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chipwarden.ledger.keys import SigningKey
from chipwarden.ledger.note_keys import CosignatureSigner, Ed25519Signer

ORIGIN: Final = "log.example/story"
ISSUER: Final = "https://exporter.example"
NAMES: Final = ("north", "south")


def for_show(label: str) -> bytes:
    """Return 32 bytes that anybody can make again."""
    return sha256(f"chipwarden story, for show only: {label}".encode()).digest()


def signing_key(label: str) -> SigningKey:
    """Return a key that anybody can make again."""
    return SigningKey.of(Ed25519PrivateKey.from_private_bytes(for_show(f"key, {label}")))


def note_key(label: str) -> Ed25519PrivateKey:
    """Return a key that signs notes; anybody can make it again."""
    return Ed25519PrivateKey.from_private_bytes(for_show(f"key, {label}"))


EXPORTER: Final = signing_key("the exporter")
RECEIPTS: Final = signing_key("receipts of the log")
LOG_SIGNER: Final = Ed25519Signer(ORIGIN, note_key("the log"))
COSIGNERS: Final = {
    name: CosignatureSigner(f"witness.example/{name}", note_key(f"witness {name}"))
    for name in NAMES
}
