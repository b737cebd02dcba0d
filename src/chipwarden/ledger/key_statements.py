"""Statements about keys: a key is registered, a key is revoked.

    proof = possession("https://exporter.example", STATEMENT, new_key)
    sign_key(registrar, registrar_key, time, "https://exporter.example", new_key.public, proof)
    sign_revocation(registrar, registrar_key, time, kid, "compromised", suspect_from=41_005)

Whether a log accepts them, `key_history` tells.

Source:
    docs/reference/statements.md, "Keys". RFC 9679 for the thumbprints.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

from chipwarden.ledger.cbor import encode
from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.keys import PublicKey, SigningKey
from chipwarden.ledger.statements import Statement, sign_statement

KEY: Final = "key"
REVOKED: Final = "key-revoked"

# What a key is for: it signs statements, or it signs receipts and checkpoints of the log.
STATEMENT: Final = "statement"
LOG: Final = "log"
USES: Final = (STATEMENT, LOG)
SUPERSEDED: Final = "superseded"
COMPROMISED: Final = "compromised"
REASONS: Final = (SUPERSEDED, COMPROMISED, "lost", "ended")

_POSSESSION: Final = "chipwarden.key-possession/1"


@dataclass(frozen=True, slots=True)
class Registration:
    """What a statement of type "key" says: this key is that issuer's, for this use.

    Attributes:
        issuer: whose key it is.
        key: the key.
        use: "statement" or "log".
        proof: signature of the key over issuer and use, so that nobody registers what he
            does not hold.
    """

    issuer: str
    key: PublicKey
    use: str
    proof: bytes

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """Return what a statement says.

        Raises:
            InvalidStatement: a part is missing or wrong.
            InvalidSignature: the key does not prove that it is held.
        """
        issuer, content, use, proof, kid = _parts(
            statement, {"issuer": str, "key": bytes, "use": str, "proof": bytes, "kid": bytes}
        )
        key = PublicKey.from_cose_key(content)
        if key.cose_key() != content or key.thumbprint != kid:
            raise InvalidStatement(
                f"statement of type {KEY}: found a key with other parts or another identifier; "
                f"expected its deterministic COSE_Key and {key.thumbprint.hex()[:16]}…"
            )
        if use not in USES:
            raise InvalidStatement(
                f"statement of type {KEY}, use: found {use!r:.40}; expected {' or '.join(USES)}"
            )
        key.verify(_to_prove(issuer, use, key), proof)
        return cls(issuer, key, use, proof)


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a statement of type "key-revoked" says.

    Attributes:
        kid: thumbprint of the key.
        reason: "superseded", "compromised", "lost" or "ended".
        suspect_from: index from which on its signatures count no longer, also in hindsight;
            None where all that was logged before stands.
    """

    kid: bytes
    reason: str
    suspect_from: int | None

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """Return what a statement says.

        Raises:
            InvalidStatement: a part is missing or wrong.
        """
        kid, reason, suspect_from = _parts(
            statement, {"kid": bytes, "reason": str, "suspect_from": (int, type(None))}
        )
        if reason not in REASONS:
            raise InvalidStatement(
                f"statement of type {REVOKED}, reason: found {reason!r:.40}; expected one of "
                f"{', '.join(REASONS)}"
            )
        if isinstance(suspect_from, bool) or (suspect_from is not None and suspect_from < 0):
            raise InvalidStatement(
                f"statement of type {REVOKED}, suspect_from: found {suspect_from}; expected an "
                "index of the log, or null"
            )
        return cls(kid, reason, suspect_from)


def possession(issuer: str, use: str, key: SigningKey) -> bytes:
    """Return the proof that an issuer holds a key: its signature over issuer and use."""
    return key.sign(_to_prove(issuer, use, key.public))


def sign_key(
    signer: str,
    signing_key: SigningKey,
    issued_at: int,
    issuer: str,
    key: PublicKey,
    proof: bytes,
    use: str = STATEMENT,
) -> Statement:
    """Return the statement that registers a key.

    Args:
        signer: who registers it: the issuer itself, or the registrar of the log.
        signing_key: a key of the signer that counts already. The first key of a log signs itself.
        issued_at: POSIX seconds.
        issuer: whose key it is.
        key: the key.
        proof: of possession, made by its holder.
        use: "statement" or "log".

    Raises:
        InvalidStatement: a part is not as it must be.
        InvalidSignature: the proof is not of this key, issuer and use.
    """
    public = {"issuer": issuer, "kid": key.thumbprint, "key": key.cose_key(), "use": use,
              "proof": proof}  # fmt: skip
    statement = sign_statement(KEY, signer, subject_of(key.thumbprint), issued_at, signing_key,
                               public)  # fmt: skip
    Registration.of(statement)
    return statement


def sign_revocation(
    signer: str,
    signing_key: SigningKey,
    issued_at: int,
    kid: bytes,
    reason: str,
    suspect_from: int | None = None,
) -> Statement:
    """Return the statement that revokes a key; see `Revocation` for the arguments.

    Raises:
        InvalidStatement: a part is not as it must be.
    """
    public = {"kid": kid, "reason": reason, "suspect_from": suspect_from}
    statement = sign_statement(REVOKED, signer, subject_of(kid), issued_at, signing_key, public)
    Revocation.of(statement)
    return statement


def subject_of(kid: bytes) -> str:
    """Return the subject of statements about a key."""
    return f"urn:chipwarden:key:{kid.hex()}"


def _to_prove(issuer: str, use: str, key: PublicKey) -> bytes:
    return encode((_POSSESSION, issuer, use, key.cose_key()))


def _parts(statement: Statement, kinds: dict[str, Any]) -> list[Any]:
    """Return the public parts of a statement in the order asked for."""
    public = statement.public
    if public.keys() != kinds.keys():
        raise InvalidStatement(
            f"statement of type {statement.type}: found {', '.join(sorted(public)) or 'nothing'}; "
            f"expected {', '.join(sorted(kinds))}"
        )
    for name, kind in kinds.items():
        if not isinstance(public[name], kind):
            raise InvalidStatement(
                f"statement of type {statement.type}, {name}: found "
                f"{type(public[name]).__name__}; expected another kind of value"
            )
    return [public[name] for name in kinds]
