"""Making the ledger of a new workspace: names, keys, and the statements of the keys.

    made = make_ledger(Path("chipwarden-data"), LedgerNames())
    made.passphrase_file      # where the passphrase was put, outside the workspace
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chipwarden.app.ledger import (
    BODIES_KEY,
    KEYS,
    LOG_FOLDER,
    LOG_KEY,
    POLICY,
    RECEIPTS_KEY,
    SETTINGS,
    STATEMENTS_KEY,
    Ledger,
    Settings,
)
from chipwarden.app.passphrases import forget_passphrase, new_passphrase
from chipwarden.ledger.key_statements import LOG, STATEMENT, possession, sign_key
from chipwarden.ledger.keys import Algorithm
from chipwarden.ledger.note_keys import Ed25519Signer, verifier_key
from chipwarden.store.key_files import KeyFolder
from chipwarden.store.whole_files import write_new

_ID_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class LedgerNames:
    """How a new ledger is called; None for a name of its own.

    Attributes:
        origin: name of the log: an address without its scheme, such as "log.example.com/chips".
        issuer: who signs the statements: a URI, such as "https://example.com".
        algorithm: what statements are signed with.
        storage: address of a bucket, None for a folder of the workspace.
    """

    origin: str | None = None
    issuer: str | None = None
    algorithm: Algorithm = Algorithm.ED25519
    storage: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerMade:
    """What was made; `passphrase_file` is None where the passphrase was given."""

    settings: Settings
    passphrase_file: Path | None


def make_ledger(folder: Path, names: LedgerNames) -> LedgerMade:
    """Make the ledger of a workspace that has none; the keys are its first entries.

    Raises:
        LedgerError: a name cannot be used, or the log cannot be written.
        OSError: a file cannot be written.
    """
    made = secrets.token_hex(_ID_BYTES)
    settings = Settings(
        id=made,
        origin=names.origin or f"chipwarden.invalid/{made}",
        issuer=names.issuer or f"urn:chipwarden:issuer:{made}",
        storage=names.storage or LOG_FOLDER,
    )
    phrase, place = new_passphrase(made)
    try:
        _make(folder, settings, names.algorithm, phrase)
    except BaseException:
        forget_passphrase(place)
        raise
    return LedgerMade(settings, place)


def _make(folder: Path, settings: Settings, algorithm: Algorithm, phrase: bytes) -> None:
    keys = KeyFolder(folder / KEYS, lambda: phrase)
    keys.create(STATEMENTS_KEY, algorithm)
    keys.create(RECEIPTS_KEY, algorithm)
    keys.create(LOG_KEY, Algorithm.ED25519)
    keys.create_x25519(BODIES_KEY)
    ledger = Ledger(folder, settings)
    # The keys at hand need no passphrase again.
    ledger.__dict__["keys"] = keys
    verifier = Ed25519Signer(settings.origin, ledger.log_key).verifier
    write_new(
        folder / POLICY,
        f"log {verifier_key(verifier)}\n\n"
        "# Witnesses, each with the address of its submission prefix, and how many must sign:\n"
        "# witness NAME KEY https://witness.example\n"
        "quorum none\n".encode(),
    )
    write_new(folder / SETTINGS, _toml(settings).encode("utf-8"))
    _log_keys(ledger)


def _log_keys(ledger: Ledger) -> None:
    """Append the statements of the keys, the first of which signs itself."""
    signing, issuer = ledger.signing_key, ledger.issuer
    statements = [
        sign_key(
            issuer, signing, ledger.now(), issuer, key.public, possession(issuer, use, key), use
        )
        for key, use in ((signing, STATEMENT), (ledger.receipts_key, LOG))
    ]
    with ledger:
        ledger.append(*(statement.content for statement in statements))


def _toml(settings: Settings) -> str:
    return (
        "# Names of this ledger. They are in its signatures: a change makes another ledger.\n"
        + "".join(
            f"{name} = {json.dumps(value)}\n"
            for name, value in (
                ("id", settings.id),
                ("origin", settings.origin),
                ("issuer", settings.issuer),
                ("storage", settings.storage),
            )
        )
    )
