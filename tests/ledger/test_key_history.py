"""Keys of a log: who may register and revoke, and whose signature counts where."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from tests.ledger.signers import ISSUER, NOW, OTHER, signing_key, statement

from chipwarden.ledger.errors import InvalidSignature, InvalidStatement
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import (
    LOG,
    STATEMENT,
    Registration,
    Revocation,
    possession,
    sign_key,
    sign_revocation,
    subject_of,
)
from chipwarden.ledger.keys import Algorithm, PublicKey, SigningKey
from chipwarden.ledger.statements import Statement, read_statement, sign_statement

REGISTRAR = "https://registrar.example"
ROOT, SPARE = signing_key(1), signing_key(2, Algorithm.ES256)
FIRST, SECOND, THIRD = signing_key(11), signing_key(12, Algorithm.ES384), signing_key(13)
RECEIPTS = signing_key(20)


def register(
    key: SigningKey,
    by: SigningKey = ROOT,
    signer: str = REGISTRAR,
    issuer: str = ISSUER,
    use: str = STATEMENT,
) -> Statement:
    return sign_key(signer, by, NOW, issuer, key.public, possession(issuer, use, key), use)


def revoke(
    key: SigningKey,
    by: SigningKey = ROOT,
    signer: str = REGISTRAR,
    reason: str = "compromised",
    suspect_from: int | None = None,
) -> Statement:
    return sign_revocation(signer, by, NOW, key.kid, reason, suspect_from)


def history(*statements: tuple[int, Statement]) -> KeyHistory:
    """Return a history: root 0, spare key of the registrar 1, first key of the issuer 10."""
    made = KeyHistory()
    made.add(0, register(ROOT, issuer=REGISTRAR))
    made.add(1, register(SPARE, issuer=REGISTRAR))
    made.add(10, register(FIRST))
    for index, each in statements:
        made.add(index, each)
    return made


def counts(made: KeyHistory, key: SigningKey, index: int, issuer: str = ISSUER) -> bool:
    try:
        return made.key_for(issuer, key.kid, index) == key.public
    except InvalidSignature:
        return False


def test_a_log_begins_with_a_key_that_signs_itself() -> None:
    made = KeyHistory()
    assert made.registrar is None
    made.add(0, register(ROOT, issuer=REGISTRAR))
    assert made.registrar == REGISTRAR
    assert made.key_for(REGISTRAR, ROOT.kid, 0) == ROOT.public
    assert [record.kid for record in made.current(REGISTRAR)] == [ROOT.kid]


@pytest.mark.parametrize(
    "first",
    [
        register(FIRST),
        register(ROOT, issuer=REGISTRAR, use=LOG),
        register(SPARE, issuer=REGISTRAR),
        register(ROOT, by=SPARE, issuer=REGISTRAR),
    ],
)
def test_another_beginning_is_refused(first: Statement) -> None:
    made = KeyHistory()
    with pytest.raises(InvalidStatement, match=r"a first key that .* did not sign with itself"):
        made.add(0, first)
    assert made.registrar is None and made.records == ()


def test_a_revocation_cannot_come_first() -> None:
    with pytest.raises(InvalidSignature, match="is unknown to this log"):
        KeyHistory().add(0, revoke(ROOT))


def test_a_key_counts_from_its_registration_on() -> None:
    made = history()
    assert not counts(made, FIRST, 9)
    assert counts(made, FIRST, 10)
    assert counts(made, FIRST, 10**12)
    with pytest.raises(InvalidSignature, match="was not registered before index 10"):
        made.key_for(ISSUER, FIRST.kid, 9)


def test_a_key_is_of_one_issuer_and_one_use() -> None:
    made = history((11, register(RECEIPTS, issuer=REGISTRAR, use=LOG)))
    with pytest.raises(InvalidSignature, match=f"is the key of {ISSUER}"):
        made.key_for(OTHER, FIRST.kid, 20)
    with pytest.raises(InvalidSignature, match="is unknown to this log"):
        made.key_for(ISSUER, THIRD.kid, 20)
    with pytest.raises(InvalidSignature, match="is for the use log; expected one for the use stat"):
        made.key_for(REGISTRAR, RECEIPTS.kid, 20)
    assert made.key_for(REGISTRAR, RECEIPTS.kid, 20, LOG) == RECEIPTS.public
    with pytest.raises(InvalidSignature, match="is for the use statement"):
        made.key_for(ISSUER, FIRST.kid, 20, LOG)


def test_an_issuer_rotates_its_keys() -> None:
    made = history(
        (20, register(SECOND, by=FIRST, signer=ISSUER)),
        (30, revoke(FIRST, by=SECOND, signer=ISSUER, reason="superseded")),
    )
    assert [counts(made, FIRST, index) for index in (10, 29, 30, 31)] == [True, True, True, False]
    assert [counts(made, SECOND, index) for index in (19, 20, 31)] == [False, True, True]
    assert [record.kid for record in made.current(ISSUER)] == [SECOND.kid]
    with pytest.raises(InvalidSignature, match="was revoked at index 30, superseded; expected"):
        made.key_for(ISSUER, FIRST.kid, 31)


def test_a_key_revokes_itself_as_its_last() -> None:
    made = history((30, revoke(FIRST, by=FIRST, signer=ISSUER, suspect_from=15)))
    assert [counts(made, FIRST, index) for index in (10, 14, 15, 29, 30, 31)] == [
        True, True, False, False, True, False,
    ]  # fmt: skip
    assert made.current(ISSUER) == ()
    # Without a key the issuer cannot help itself; the registrar can.
    with pytest.raises(InvalidSignature, match="was revoked at index 30, compromised, and is susp"):
        made.add(31, register(SECOND, by=FIRST, signer=ISSUER))
    made.add(31, register(SECOND))
    assert counts(made, SECOND, 31)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: register(THIRD, by=FIRST, signer=ISSUER, issuer=OTHER),
         f"a key of {OTHER} that {ISSUER} registers"),
        (lambda: register(RECEIPTS, by=FIRST, signer=ISSUER, use=LOG),
         f"a key of the log that {ISSUER} registers"),
        (lambda: register(FIRST, by=SPARE), f"a key that index 10 registered for {ISSUER}"),
        (lambda: register(FIRST, issuer=OTHER), f"a key that index 10 registered for {ISSUER}"),
        (lambda: register(ROOT, by=SPARE, issuer=REGISTRAR), "a key that index 0 registered"),
        (lambda: revoke(ROOT, by=FIRST, signer=ISSUER),
         f"a key of {REGISTRAR} that {ISSUER} revokes"),
        (lambda: revoke(THIRD), "the unknown key"),
        (lambda: revoke(FIRST, suspect_from=21), "suspect from index 21, which is to come"),
    ],
)  # fmt: skip
def test_what_an_issuer_may_not_say(wrong: Callable[[], Statement], why: str) -> None:
    made = history()
    before = made.records
    with pytest.raises(InvalidStatement) as refused:
        made.add(20, wrong())
    assert why in str(refused.value)
    assert str(refused.value).startswith("index 20: ")
    assert made.records == before
    # What was refused changes nothing, and its place can still be taken.
    made.add(20, register(SECOND))


@pytest.mark.parametrize(
    ("signer", "by", "why"),
    [
        (ISSUER, ROOT, f"is the key of {REGISTRAR}"),
        (REGISTRAR, FIRST, f"is the key of {ISSUER}"),
        (OTHER, THIRD, "is unknown to this log"),
    ],
)
def test_a_signer_must_sign_with_a_key_of_its_own(signer: str, by: SigningKey, why: str) -> None:
    for each in (register(SECOND, by=by, signer=signer), revoke(FIRST, by=by, signer=signer)):
        with pytest.raises(InvalidSignature) as refused:
            history((20, each))
        assert why in str(refused.value)


def test_a_signature_that_is_wrong_is_refused() -> None:
    for each in (register(SECOND), revoke(FIRST)):
        content = each.content[:-1] + bytes((each.content[-1] ^ 1,))
        with pytest.raises(InvalidSignature, match="one that is not of the key"):
            history((20, read_statement(content)))


def test_a_key_of_the_log_signs_no_statements() -> None:
    made = history((11, register(RECEIPTS, issuer=REGISTRAR, use=LOG)))
    with pytest.raises(InvalidSignature, match="is for the use log"):
        made.add(20, register(SECOND, by=RECEIPTS))


def test_statements_come_in_the_order_of_the_log() -> None:
    made = history()
    for index in (10, 9, 0):
        with pytest.raises(InvalidStatement, match=f"index {index}: found after index 10"):
            made.add(index, register(SECOND))


def test_other_statements_change_nothing() -> None:
    made = history()
    before = made.records
    made.add(11, statement(FIRST))
    assert made.records == before
    with pytest.raises(InvalidStatement, match="found after index 11"):
        made.add(11, register(SECOND))


# ------------------------------------------------------------ compromise


def test_what_a_suspect_key_registered_counts_no_longer() -> None:
    """A thief registers a key with the stolen one, and that one registers another."""
    made = history(
        (40, register(SECOND, by=FIRST, signer=ISSUER)),
        (50, register(THIRD, by=SECOND, signer=ISSUER)),
    )
    assert counts(made, THIRD, 55)
    made.add(60, revoke(FIRST, suspect_from=35))
    assert counts(made, FIRST, 34) and not counts(made, FIRST, 35)
    for key in (SECOND, THIRD):
        assert not any(counts(made, key, index) for index in (40, 50, 55, 60, 99))
        with pytest.raises(InvalidSignature, match=r"never counted: .* suspect from index 35"):
            made.key_for(ISSUER, key.kid, 55)
        with pytest.raises(InvalidSignature, match="never counted"):
            made.add(70, register(signing_key(14), by=key, signer=ISSUER))
    assert made.current(ISSUER) == ()


def test_what_a_key_registered_before_it_was_suspect_counts() -> None:
    made = history(
        (40, register(SECOND, by=FIRST, signer=ISSUER)),
        (60, revoke(FIRST, suspect_from=41)),
    )
    assert counts(made, SECOND, 99)


def test_a_plain_revocation_leaves_what_was_registered() -> None:
    made = history((40, register(SECOND, by=FIRST, signer=ISSUER)), (60, revoke(FIRST)))
    assert counts(made, SECOND, 99) and counts(made, FIRST, 59) and not counts(made, FIRST, 61)


def test_a_key_can_become_suspect_from_an_earlier_index_on() -> None:
    made = history((50, revoke(FIRST)), (60, revoke(FIRST, suspect_from=20)))
    assert counts(made, FIRST, 19) and not counts(made, FIRST, 20)
    # Both revocations keep their places.
    assert counts(made, FIRST, 50) and counts(made, FIRST, 60)
    for later in (20, 21, 60, None):
        with pytest.raises(InvalidStatement, match="counts no longer since index 20"):
            made.add(70, revoke(FIRST, suspect_from=later))


def test_a_key_that_was_suspect_from_the_start_never_counted() -> None:
    made = history((60, revoke(FIRST, suspect_from=0)))
    assert not any(counts(made, FIRST, index) for index in (0, 9, 10, 59, 61))


def test_the_last_key_of_the_registrar_stays() -> None:
    made = history((60, revoke(ROOT, by=ROOT)))
    for suspect_from in (None, 0, 5):
        with pytest.raises(InvalidStatement, match="the last key of the registrar"):
            made.add(70, revoke(SPARE, by=SPARE, suspect_from=suspect_from))
    assert counts(made, SPARE, 99, REGISTRAR)


def test_a_spare_key_saves_the_log_if_it_is_older_than_the_theft() -> None:
    made = history()
    # Suspect from before the spare key: the spare key would fall too, and nobody were left.
    with pytest.raises(InvalidStatement, match="the last key of the registrar"):
        made.add(60, revoke(ROOT, by=SPARE, suspect_from=1))
    made.add(60, revoke(ROOT, by=SPARE, suspect_from=2))
    assert not counts(made, FIRST, 20)
    made.add(61, register(SECOND, by=SPARE))
    assert counts(made, SECOND, 61)


def test_a_long_line_of_rotations_can_fall() -> None:
    made = history()
    keys = [FIRST, *(signing_key(30 + number) for number in range(200))]
    for number, (old, new) in enumerate(pairwise(keys)):
        made.add(100 + number, register(new, by=old, signer=ISSUER))
    assert counts(made, keys[-1], 300)
    made.add(400, revoke(FIRST, suspect_from=50))
    assert not any(counts(made, key, 399) for key in keys[1:])
    assert all(len(record.ended) < 200 for record in made.records)


# ------------------------------------------------------------ what the statements hold


def test_a_registration_says_whose_key_it_is() -> None:
    signed = register(SECOND)
    assert signed.subject == subject_of(SECOND.kid) == f"urn:chipwarden:key:{SECOND.kid.hex()}"
    said = Registration.of(signed)
    assert (said.issuer, said.key, said.use) == (ISSUER, SECOND.public, STATEMENT)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_nobody_registers_a_key_that_he_does_not_hold(algorithm: Algorithm) -> None:
    key = signing_key(5, algorithm)
    for proof in (
        possession(OTHER, STATEMENT, key),
        possession(ISSUER, LOG, key),
        possession(ISSUER, STATEMENT, signing_key(6, algorithm)),
        key.sign(b"anything"),
        b"",
    ):
        with pytest.raises(InvalidSignature):
            sign_key(REGISTRAR, ROOT, NOW, ISSUER, key.public, proof)


PUBLIC: dict[str, Any] = dict(register(SECOND).public)
REVOKED: dict[str, Any] = dict(revoke(FIRST).public)


@pytest.mark.parametrize(
    ("type", "public", "why"),
    [
        ("key", {}, "found nothing; expected issuer, key, kid, proof, use"),
        ("key", {**PUBLIC, "more": 1}, "found issuer, key, kid, more, proof, use"),
        ("key", {**PUBLIC, "key": "text"}, "key: found str"),
        ("key", {**PUBLIC, "key": b"\x01"}, "key: found no map"),
        ("key", {**PUBLIC, "key": PUBLIC["key"] + b"\x00"}, "more bytes after its end"),
        ("key", {**PUBLIC, "key": b"\xb9\x00\x04" + PUBLIC["key"][1:]}, "a key with other parts"),
        ("key", {**PUBLIC, "kid": bytes(32)}, "a key with other parts or another identifier"),
        ("key", {**PUBLIC, "use": "both"}, "use: found 'both'; expected statement or log"),
        ("key", {**PUBLIC, "issuer": 5}, "issuer: found int"),
        ("key-revoked", {}, "found nothing; expected kid, reason, suspect_from"),
        ("key-revoked", {**REVOKED, "reason": "because"}, "reason: found 'because'"),
        ("key-revoked", {**REVOKED, "suspect_from": -1}, "suspect_from: found -1"),
        ("key-revoked", {**REVOKED, "suspect_from": True}, "suspect_from: found True"),
        ("key-revoked", {**REVOKED, "suspect_from": "1"}, "suspect_from: found str"),
        ("key-revoked", {**REVOKED, "kid": "x"}, "kid: found str"),
    ],
)
def test_what_is_no_statement_about_a_key(type: str, public: Any, why: str) -> None:
    signed = sign_statement(type, REGISTRAR, "urn:x", NOW, ROOT, public)
    with pytest.raises(InvalidStatement) as refused:
        history((20, signed))
    assert why in str(refused.value)


def test_a_revocation_says_why() -> None:
    said = Revocation.of(revoke(FIRST, reason="lost", suspect_from=12))
    assert (said.kid, said.reason, said.suspect_from) == (FIRST.kid, "lost", 12)
    with pytest.raises(InvalidStatement, match="superseded, compromised, lost, ended"):
        revoke(FIRST, reason="gone")


def test_a_record_tells_its_key() -> None:
    made = history((60, revoke(FIRST, suspect_from=15)))
    record = next(each for each in made.records if each.kid == FIRST.kid)
    assert (record.issuer, record.since, record.until, record.revoked_at) == (ISSUER, 10, 15, (60,))
    assert isinstance(record.key, PublicKey) and record.registered_by == ROOT.kid
