"""Keys of the ledger: who may sign, from which entry to which; every change is an entry itself.

    rotate(ledger, "statements")
    revoke(ledger, kid, "compromised", suspect_from=41)
    request(ledger)                     # a key of another workspace asks to be registered
    add(ledger, content)
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chipwarden.app.ledger import RECEIPTS_KEY, STATEMENTS_KEY, Ledger
from chipwarden.app.passphrases import passphrase
from chipwarden.ledger.errors import InvalidStatement, LedgerError
from chipwarden.ledger.key_statements import (
    COMPROMISED,
    LOG,
    STATEMENT,
    SUPERSEDED,
    possession,
    sign_key,
    sign_revocation,
)
from chipwarden.ledger.keys import Algorithm, PublicKey, SigningKey
from chipwarden.ledger.plain_text import base64_bytes, base64_text
from chipwarden.ledger.statements import Statement, read_statement, verify_statement
from chipwarden.store.key_files import generate_key, load_signing_key, write_signing_key

REQUEST: Final = "chipwarden.key-request/1"
USES: Final = {STATEMENTS_KEY: STATEMENT, RECEIPTS_KEY: LOG}


class UnknownKey(LedgerError):
    """No key of the log is meant."""

    def __init__(self, given: str, known: Sequence[str]) -> None:
        super().__init__(
            f"found the key {given!r}; expected the first characters of one of: {', '.join(known)}"
        )


class NoRequest(LedgerError):
    """A file is no request for a key."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"key request: found {found}; expected what `chipwarden ledger keys request` wrote"
        )


class OwnKey(LedgerError):
    """A key that the workspace signs with is not revoked but replaced."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"found the {name} key, with which this workspace signs; expected another one. "
            f"Replace it with `chipwarden ledger keys rotate {name}`; if it was in wrong hands, "
            "with --suspect-from and the entry from which on it was."
        )


class EndsOwnKey(LedgerError):
    """A revocation would end a key with which the workspace signs."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"found that it would end the {name} key too, with which this workspace signs, for "
            "the key that is suspect registered it; expected one that another key registered. "
            f"Replace it first with `chipwarden ledger keys rotate {name} --spare FILE`. Nothing "
            "was changed."
        )


class NeedsSpare(LedgerError):
    """A statements key that is suspect cannot register the next one."""

    def __init__(self) -> None:
        super().__init__(
            "found no spare key; expected one, for what a suspect statements key registers counts "
            "no more than what else it signs. Give it with --spare. Without one, rotate without "
            "--suspect-from: what the old key signed until now goes on counting."
        )


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to: the new key, and the indexes of its entries."""

    kid: bytes
    registered: int
    superseded: int


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    """Return all keys of the log in their order, as JSON data."""
    return [
        {
            "kid": record.kid.hex(),
            "issuer": record.issuer,
            "use": record.use,
            "algorithm": record.key.algorithm.name,
            "since": record.since,
            "until": record.until,
            "ended": record.ended,
        }
        for record in ledger.history.records
    ]


def rotate(
    ledger: Ledger,
    name: str,
    algorithm: Algorithm = Algorithm.ED25519,
    suspect_from: int | None = None,
    spare: SigningKey | None = None,
) -> Rotated:
    """Make a new key, register it, and end the old one.

    The old statements key registers the new one, unless it is suspect: then the spare key does.
    A rotation that was cut off is finished by the next one, with the key that it had made.

    Args:
        ledger: the ledger.
        name: "statements" or "receipts".
        algorithm: what the new key signs with.
        suspect_from: index from which on what the old key signed counts no longer; None where
            nobody else had it.
        spare: the spare key, registered before that index; only for a suspect statements key.

    Raises:
        NeedsSpare: the statements key is suspect, and there is no spare key.
        InvalidSignature, InvalidStatement: the log does not take it, such as from a spare key
            that it does not know.
    """
    use, following = USES[name], f"{name}-next"
    if suspect_from is not None and use == STATEMENT and spare is None:
        raise NeedsSpare
    with ledger.exclusive() as writer:
        old = _replaced(ledger, name)
        if old is None:
            old = ledger.keys.public_key(name).thumbprint
            if following not in ledger.keys.names():
                ledger.keys.create(following, algorithm)
            new = ledger.keys.signing_key(following)
            if _since(ledger, new.kid) is None:
                signer, proof = spare or ledger.signing_key, possession(ledger.issuer, use, new)
                statement = sign_key(
                    ledger.issuer, signer, ledger.now(), ledger.issuer, new.public, proof, use
                )
                ended = _end_of(ledger, new if use == STATEMENT else signer, old, suspect_from)
                # Both or neither: what the log would refuse must not be half done.
                tried, size = ledger.history, writer.size
                tried.add(size, statement)
                tried.add(size + 1, ended)
                _append(ledger, statement)
            ledger.keys.replace(name, following)
            ledger.forget_keys()
        kid = ledger.keys.public_key(name).thumbprint
        registered = _since(ledger, kid)
        assert registered is not None
        # The new key ends the old one: that it works is shown before the old one is gone.
        superseded = _append(ledger, _end_of(ledger, ledger.signing_key, old, suspect_from))
    return Rotated(kid, registered, superseded)


def _end_of(ledger: Ledger, key: SigningKey, old: bytes, suspect_from: int | None) -> Statement:
    """Return the statement that ends a key which another one replaces."""
    reason = SUPERSEDED if suspect_from is None else COMPROMISED
    return sign_revocation(ledger.issuer, key, ledger.now(), old, reason, suspect_from)


def _since(ledger: Ledger, kid: bytes) -> int | None:
    """Return which entry registers a key, None where none does."""
    return next((one.since for one in ledger.history.records if one.kid == kid), None)


def _replaced(ledger: Ledger, name: str) -> bytes | None:
    """Return the key that a rotation replaced and did not come to end, None where there is none."""
    counting = {one.kid for one in ledger.history.current(ledger.issuer) if one.use == USES[name]}
    own = ledger.keys.public_key(name).thumbprint
    for each in (each for each in ledger.keys.names() if each.startswith(f"{name}-")):
        kid = ledger.keys.public_key(each).thumbprint
        # One that was cut off earlier may have kept the key, and not yet replaced it.
        is_kept = each == f"{name}-{kid.hex()[:16]}" and kid != own
        if is_kept and kid in counting:
            return kid
    return None


def make_spare(ledger: Ledger, path: Path) -> int:
    """Make a spare key for the day the statements key is in wrong hands; return its index.

    It is locked with the passphrase of the workspace, and belongs elsewhere.

    Raises:
        KeyExists: there is a file already.
        OSError: it cannot be written; nothing is logged then.
    """
    key = generate_key(ledger.signing_key.algorithm)
    write_signing_key(path, key, passphrase(ledger.settings.id))
    issuer = ledger.issuer
    proof = possession(issuer, STATEMENT, key)
    with ledger.exclusive():
        return _append(
            ledger,
            sign_key(issuer, ledger.signing_key, ledger.now(), issuer, key.public, proof),
        )


def read_spare(ledger: Ledger, path: Path) -> SigningKey:
    """Return the spare key of a file.

    Raises:
        KeyMissing, WrongPassphrase, DamagedKey: it cannot be used.
    """
    return load_signing_key(path, passphrase(ledger.settings.id))


def revoke(ledger: Ledger, kid: str, reason: str, suspect_from: int | None = None) -> int:
    """Revoke a key; return the index of the entry that says so.

    Args:
        ledger: the ledger.
        kid: first characters of the key's thumbprint in hexadecimal, enough to tell it.
        reason: "superseded", "compromised", "lost" or "ended".
        suspect_from: index from which on its signatures count no longer; None: from here.

    Raises:
        UnknownKey: no key, or more than one, begins so.
        OwnKey: this workspace signs with it.
        InvalidStatement: the log does not take it, such as for the registrar's last key.
    """
    found = [record for record in ledger.history.records if record.kid.hex().startswith(kid)]
    if len(found) != 1 or not kid:
        raise UnknownKey(kid, [record.kid.hex()[:16] for record in ledger.history.records])
    for name in USES:
        if ledger.keys.public_key(name).thumbprint == found[0].kid:
            raise OwnKey(name)
    with ledger.exclusive():
        return _append(
            ledger,
            sign_revocation(
                ledger.issuer, ledger.signing_key, ledger.now(), found[0].kid, reason, suspect_from
            ),
        )


def request(ledger: Ledger) -> bytes:
    """Return the request to register this workspace's statements key in another one's log."""
    key = ledger.signing_key
    return json.dumps(
        {
            "schema": REQUEST,
            "issuer": ledger.issuer,
            "key": base64_text(key.public.cose_key()),
            "proof": base64_text(possession(ledger.issuer, STATEMENT, key)),
        },
        indent=2,
    ).encode() + b"\n"  # fmt: skip


def add(ledger: Ledger, content: bytes) -> int:
    """Register the key of a request; return the index of its entry.

    That the issuer is who it says must be checked before, by other ways.

    Raises:
        NoRequest: the content is none.
        InvalidStatement: the log does not take the key.
        InvalidSignature: who asks does not hold the key.
    """
    issuer, key, proof = _read_request(content)
    with ledger.exclusive():
        return _append(
            ledger,
            sign_key(ledger.issuer, ledger.signing_key, ledger.now(), issuer, key, proof),
        )


def register(ledger: Ledger, contents: Sequence[bytes]) -> int:
    """Take statements of other issuers into the log; return the index of the first.

    All are checked before one is taken.

    Raises:
        InvalidStatement: one is no statement, or one that its issuer may not make.
        InvalidSignature: one is not signed by a key that counts now.
    """
    with ledger.exclusive() as writer:
        history = ledger.history
        for offset, content in enumerate(contents):
            statement, index = read_statement(content), writer.size + offset
            history.add(index, statement)
            verify_statement(statement, history.key_for(statement.issuer, statement.kid, index))
        return writer.append(contents)


def _append(ledger: Ledger, statement: Statement) -> int:
    """Append the statement of a key, unless the history would refuse it, or end a key of ours."""
    with ledger.exclusive() as writer:
        history = ledger.history
        history.add(writer.size, statement)
        for name in USES:
            own = ledger.keys.public_key(name).thumbprint
            if any(one.kid == own and one.until is not None for one in history.records):
                raise EndsOwnKey(name)
        return writer.append([statement.content])


def _read_request(content: bytes) -> tuple[str, PublicKey, bytes]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NoRequest(str(error)) from error
    if not isinstance(found, dict) or found.get("schema") != REQUEST:
        raise NoRequest("another document")
    issuer, *texts = (found.get(name) for name in ("issuer", "key", "proof"))
    if not isinstance(issuer, str) or not all(isinstance(text, str) for text in texts):
        raise NoRequest("no issuer, key or proof")
    key, proof = (base64_bytes(str(text)) for text in texts)
    if key is None or proof is None:
        raise NoRequest("a key or proof that is no base64")
    try:
        return issuer, PublicKey.from_cose_key(key), proof
    except InvalidStatement as error:
        raise NoRequest(str(error)) from error
