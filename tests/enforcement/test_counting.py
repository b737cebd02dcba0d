"""Counting with keys: what takes units counts whatever becomes of the key, what frees does not."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.enforcement.made import (
    ISSUER,
    KEY,
    NOON,
    ORIGIN,
    OTHER_KEY,
    PRODUCT,
    Log,
    grant,
)

from chipwarden.enforcement.counting import count
from chipwarden.enforcement.gate_keys import TrustedKeys
from chipwarden.enforcement.grant_statements import (
    Released,
    Use,
    grant_statement,
    revocation_statement,
    use_statement,
)
from chipwarden.enforcement.uses import GrantBook
from chipwarden.ledger.errors import InvalidSignature
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import possession, sign_key, sign_revocation
from chipwarden.ledger.keys import SigningKey
from chipwarden.ledger.note_keys import Ed25519Verifier, verifier_key
from chipwarden.ledger.statements import read_statement
from chipwarden.ledger.trust import read_trust


def history(suspect_from: int | None, revoked_at: int | None) -> KeyHistory:
    """Return keys: KEY from 0 on; OTHER_KEY of the same issuer from 1 on, perhaps revoked."""
    found = KeyHistory()
    for index, key in enumerate((KEY, OTHER_KEY)):
        proof = possession(ISSUER, "statement", key)
        found.add(index, sign_key(ISSUER, KEY, NOON, ISSUER, key.public, proof))
    if revoked_at is not None:
        kid = OTHER_KEY.kid
        found.add(revoked_at, sign_revocation(ISSUER, KEY, NOON, kid, "compromised", suspect_from))
    return found


def logged(key: SigningKey) -> tuple[Log, str]:
    """Return a log in which a grant of 64 is used for 40 and revoked, its rest returned."""
    log = Log()
    given = grant()
    log.append(grant_statement(given, KEY, None))
    use = Use("S-1", given.holder, given.place, (Released(1, PRODUCT, 40),))
    log.append(use_statement(given, use, NOON, key, bytes(32), None))
    log.append(revocation_statement(given.id, ISSUER, NOON, key, "cut", {1: 24}))
    return log, given.id


def counted(log: Log, keys: KeyHistory) -> GrantBook:
    entries = ((i, read_statement(content)) for i, content in enumerate(log.entries) if content)
    return count(ORIGIN, entries, keys)


def test_what_the_issuer_signed_counts() -> None:
    log, identifier = logged(OTHER_KEY)
    book = counted(log, history(None, None))
    found = book.grant(identifier)
    assert (found.used, found.returned, book.problems) == ({1: 40}, {1: 24}, ())


@pytest.mark.parametrize(("suspect_from", "revoked_at"), [(None, 14), (10, 30), (14, 30)])
def test_under_a_suspect_key_a_use_counts_and_nothing_is_freed(
    suspect_from: int | None, revoked_at: int
) -> None:
    log, identifier = logged(OTHER_KEY)
    found = counted(log, history(suspect_from, revoked_at)).grant(identifier)
    assert found.used == {1: 40}
    assert found.returned == {}
    assert found.revoked is not None
    assert found.covers() == {1: 64}


def test_a_key_that_was_revoked_later_without_suspicion_stands() -> None:
    log, identifier = logged(OTHER_KEY)
    assert counted(log, history(None, 30)).grant(identifier).returned == {1: 24}


def test_a_key_that_the_issuer_never_had_says_nothing() -> None:
    log, identifier = logged(OTHER_KEY)
    only = KeyHistory()
    proof = possession(ISSUER, "statement", KEY)
    only.add(0, sign_key(ISSUER, KEY, NOON, ISSUER, KEY.public, proof))
    book = counted(log, only)
    assert book.grant(identifier).used == {}
    assert [problem.index for problem in book.problems] == [14, 15]
    assert "had no key" in book.problems[0].said


@pytest.mark.parametrize(("issuer", "since"), [("https://b.example", 1), (ISSUER, 20)])
def test_a_key_of_somebody_else_or_of_later_says_nothing(issuer: str, since: int) -> None:
    log, identifier = logged(OTHER_KEY)
    keys = KeyHistory()
    for index, key, owner in ((0, KEY, ISSUER), (since, OTHER_KEY, issuer)):
        proof = possession(owner, "statement", key)
        keys.add(index, sign_key(ISSUER, KEY, NOON, owner, key.public, proof))
    book = counted(log, keys)
    assert book.grant(identifier).used == {}
    assert [problem.index for problem in book.problems] == [14, 15]


def test_a_changed_statement_says_nothing() -> None:
    log, identifier = logged(OTHER_KEY)
    content = log.entries[14]
    log.entries[14] = content[:-1] + bytes((content[-1] ^ 1,))
    book = counted(log, history(None, None))
    assert book.problems[0].index == 14
    assert book.grant(identifier).used == {}


def test_keys_of_a_trust_file() -> None:
    lines = "".join(
        f"issuer {ISSUER} {base64.b64encode(key.public.cose_key()).decode()} {span}\n"
        for key, span in ((KEY, "0"), (OTHER_KEY, "5 20"))
    )
    native = KEY.public.native
    assert isinstance(native, Ed25519PublicKey)
    # Any key will do for the log: grants do not look at it.
    text = f"log {verifier_key(Ed25519Verifier(ORIGIN, native))}\nquorum none\n{lines}"
    keys = TrustedKeys(read_trust(text))
    assert keys.origin == ORIGIN
    assert keys.key_for(ISSUER, KEY.kid, 7) == KEY.public
    assert keys.revoked_at(ISSUER, KEY.kid) is None
    assert keys.revoked_at(ISSUER, OTHER_KEY.kid) == 20
    assert keys.revoked_at("https://b.example", OTHER_KEY.kid) is None
    for issuer, kid, index in (
        (ISSUER, OTHER_KEY.kid, 4),
        (ISSUER, OTHER_KEY.kid, 20),
        ("https://b.example", KEY.kid, 7),
        (ISSUER, bytes(32), 7),
    ):
        with pytest.raises(InvalidSignature):
            keys.key_for(issuer, kid, index)
