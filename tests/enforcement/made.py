"""Grants, keys and a log in memory for the tests of enforcement."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chipwarden.app.check import check
from chipwarden.app.data import load_data
from chipwarden.enforcement.asked import Asked, AskedLine
from chipwarden.enforcement.grant_statements import (
    Released,
    Use,
    grant_statement,
    revocation_statement,
    use_statement,
)
from chipwarden.enforcement.grants import Grant
from chipwarden.enforcement.issuing import Issuing, Wanted, grant_from_decision
from chipwarden.enforcement.uses import GrantBook
from chipwarden.enforcement.validity import HOUR_S
from chipwarden.ledger.errors import InvalidSignature
from chipwarden.ledger.keys import PublicKey, SigningKey
from chipwarden.ledger.statements import Statement, read_statement, verify_statement

ISSUER = "https://exporter.example"
HOLDER = "Example Compute Riyadh Co."
PRODUCT = "NVIDIA B200"
ORIGIN = "exporter.example/ledger"
# 2025-03-03 09:00:00 UTC, on the day of the order; computed with `date -u -d`.
NOON = 1_740_992_400
END = NOON + 72 * HOUR_S

# Fixed keys, so that a failure can be looked at again.
KEYS = {
    "Ed25519": SigningKey.of(Ed25519PrivateKey.from_private_bytes(bytes(range(32)))),
    "ES256": SigningKey.of(ec.derive_private_key(0x1234567, ec.SECP256R1())),
    "ES384": SigningKey.of(ec.derive_private_key(0x7654321, ec.SECP384R1())),
}
KEY = KEYS["Ed25519"]
OTHER_KEY = SigningKey.of(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))


def order(**changes: Any) -> dict[str, Any]:
    """Return the packaged order of 64 B200 to Saudi Arabia under a license, with changes."""
    text = (files("chipwarden") / "examples" / "41-license-held.toml").read_text("utf-8")
    return {**tomllib.loads(text), **changes}


@cache
def _record() -> Mapping[str, Any]:
    return check(order(), "order", load_data()).record


def record(**changes: Any) -> dict[str, Any]:
    """Return the record of the decision on that order, which releases it, with changes."""
    return {**_record(), **changes}


def issuing(number: int = 0, **changes: Any) -> Issuing:
    """Return who issues, when; each number gives another id and seed."""
    plain = Issuing(ISSUER, NOON, number.to_bytes(16, "big"), number.to_bytes(32, "big"))
    return replace(plain, **changes)


def wanted(**changes: Any) -> Wanted:
    return replace(Wanted(HOLDER, "SA"), **changes)


def grant(number: int = 0, issue: Mapping[str, Any] | None = None, **changes: Any) -> Grant:
    """Return a grant of 64 B200 that is not logged."""
    return grant_from_decision(record(), 12, wanted(**changes), issuing(number, **(issue or {})))


def asked(quantity: int = 1, use_id: str | None = None, **changes: Any) -> Asked:
    plain = Asked(HOLDER, "SA", (AskedLine(PRODUCT, quantity),), use_id=use_id)
    return replace(plain, **changes)


@dataclass(frozen=True)
class Known:
    """A key that counts from an index on, and perhaps until another."""

    key: PublicKey
    issuer: str = ISSUER
    first: int = 0
    until: int | None = None


@dataclass(frozen=True)
class Keys:
    """Keys as a gate knows them."""

    known: tuple[Known, ...] = (Known(KEY.public),)
    origin: str = ORIGIN

    def key_for(self, issuer: str, kid: bytes, index: int) -> PublicKey:
        for each in self.known:
            if each.key.thumbprint == kid and each.issuer == issuer:
                if each.first <= index and (each.until is None or index < each.until):
                    return each.key
                raise InvalidSignature(f"the key does not count at index {index}")
        raise InvalidSignature(f"{issuer} has no such key")

    def revoked_at(self, issuer: str, kid: bytes) -> int | None:
        return next(
            (k.until for k in self.known if (k.key.thumbprint, k.issuer) == (kid, issuer)), None
        )


def trusting(*keys: SigningKey) -> Keys:
    return Keys(tuple(Known(key.public) for key in keys))


@dataclass
class Log:
    """A log in memory: entries and nothing else; the book is folded from their bytes."""

    entries: list[bytes] = field(default_factory=lambda: [b""] * 13)

    def append(self, statement: Statement) -> int:
        self.entries.append(statement.content)
        return len(self.entries) - 1

    def book(self) -> GrantBook:
        book = GrantBook(ORIGIN)
        for index, content in enumerate(self.entries):
            if content:
                statement = read_statement(content)
                key = next(k for k in (*KEYS.values(), OTHER_KEY) if k.kid == statement.kid)
                verify_statement(statement, key.public)
                book.add(index, statement)
        return book

    def grant(self, given: Grant, key: SigningKey = KEY) -> Grant:
        return given.logged_at(ORIGIN, self.append(grant_statement(given, key, None)))

    def use(
        self, given: Grant, released: tuple[Released, ...] | int, use_id: str, time: int = NOON
    ) -> int:
        """Log a use without asking whether it may be."""
        if isinstance(released, int):
            released = (Released(1, PRODUCT, released),)
        use = Use(use_id, given.holder, given.place, released)
        return self.append(use_statement(given, use, time, KEY, bytes(32), None))

    def revoke(self, given: Grant, reason: str = "recalled", **changes: Any) -> int:
        made = revocation_statement(given.id, given.issuer, NOON + 60, KEY, reason, **changes)
        return self.append(made)
