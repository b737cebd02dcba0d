"""Trust policies after C2SP tlog-policy: what is read, what is refused, which quorum is met."""

import re
from itertools import combinations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.test_notes import REKOR, WITNESSES, rekor_checkpoint

from chipwarden.ledger.errors import (
    InvalidNote,
    InvalidPolicy,
    InvalidSignature,
    UntrustedCheckpoint,
)
from chipwarden.ledger.note_keys import CosignatureSigner, Ed25519Signer, verifier_key
from chipwarden.ledger.notes import NoteSignature, SignedNote, add_signatures, note_bytes, sign
from chipwarden.ledger.policies import read_policy


def private_key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


NOW = 1_790_000_000
ORIGIN = "log.example/one"
TEXT = f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
LOG = Ed25519Signer(ORIGIN, private_key(1))
NEXT = Ed25519Signer(ORIGIN, private_key(2))
COSIGNERS = {
    name: CosignatureSigner(f"witness.example/{name}", private_key(10 + number))
    for number, name in enumerate(("X1", "X2", "X3", "Y1", "Y2", "Y3"))
}
KEYS = {name: verifier_key(cosigner.verifier) for name, cosigner in COSIGNERS.items()}
LOG_KEY = verifier_key(LOG.verifier)

# The example of the page, with keys.
EXAMPLE = f"""\
log {LOG_KEY}

witness X1 {KEYS["X1"]}
witness X2 {KEYS["X2"]}
witness X3 {KEYS["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {KEYS["Y1"]}
witness Y2 {KEYS["Y2"]}
witness Y3 {KEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def signed(*names: str) -> bytes:
    return note_bytes(sign(TEXT, [LOG, *(COSIGNERS[name] for name in names)], NOW))


def test_the_example_asks_for_two_of_x_and_one_of_y() -> None:
    policy = read_policy(EXAMPLE)
    for count in range(7):
        for names in combinations(COSIGNERS, count):
            xs = sum(name.startswith("X") for name in names)
            is_enough = xs >= 2 and count - xs >= 1
            assert policy.is_met(names) is is_enough
            if is_enough:
                trusted = policy.check(signed(*names))
                assert trusted.cosigned_at == dict.fromkeys(names, NOW)
                assert trusted.checkpoint.origin == ORIGIN
            else:
                with pytest.raises(UntrustedCheckpoint) as wrong:
                    policy.check(signed(*names))
                assert wrong.value.signed == names
                assert wrong.value.missing == tuple(n for n in COSIGNERS if n not in names)
                assert "X-and-Y" in str(wrong.value)
                assert all(name in str(wrong.value) for name in COSIGNERS)


def test_a_checkpoint_of_sigstore_meets_three_of_three() -> None:
    names = ("stagemole", "bells", "navigli")
    lines = [f"witness {name} {key}\n" for name, key in zip(names, WITNESSES, strict=True)]
    text = f"log {REKOR}\n{''.join(lines)}group all all {' '.join(names)}\nquorum all\n"
    trusted = read_policy(text).check(rekor_checkpoint())
    assert trusted.cosigned_at == dict.fromkeys(names, 1778700214)
    assert trusted.checkpoint.size == 4026479
    other = text.replace(WITNESSES[2], KEYS["X1"])
    with pytest.raises(UntrustedCheckpoint, match="Missing: navigli"):
        read_policy(other).check(rekor_checkpoint())


@pytest.mark.parametrize("names", [(), ("X1",)])
def test_none_asks_for_no_witness(names: tuple[str, ...]) -> None:
    policy = read_policy(f"log {LOG_KEY}\nwitness X1 {KEYS['X1']}\nquorum none\n")
    assert policy.check(signed(*names)).cosigned_at == dict.fromkeys(names, NOW)


def test_a_witness_alone_can_be_the_quorum() -> None:
    policy = read_policy(f"log {LOG_KEY}\nwitness X1 {KEYS['X1']}\nquorum X1\n")
    policy.check(signed("X1"))
    for names in ((), ("X2",)):
        with pytest.raises(UntrustedCheckpoint):
            policy.check(signed(*names))


def test_urls_are_kept_and_blanks_and_comments_are_not() -> None:
    text = (
        f"\n# a comment\n \t# another: quorum X2\n\tlog  {LOG_KEY}\thttps://log.example/one/ \n"
        f"witness \t X1 {KEYS['X1']}  https://witness.example/x\n  quorum\tX1\t\n"
    )
    policy = read_policy(text)
    assert policy.log_urls == {ORIGIN: "https://log.example/one/"}
    assert [(one.name, one.url) for one in policy.witnesses] == [
        ("X1", "https://witness.example/x")
    ]
    assert policy.quorum == "X1"


def test_words_of_the_language_can_be_names() -> None:
    text = (
        f"log {LOG_KEY}\nwitness all {KEYS['X1']}\nwitness any {KEYS['X2']}\n"
        "group group 2 all any\nquorum group\n"
    )
    assert read_policy(text).check(signed("X1", "X2")).cosigned_at == {"all": NOW, "any": NOW}


def test_names_are_octets() -> None:
    """The Kelvin sign is not a K, and what is no UTF-8 is a name too."""
    text = (
        f"log {LOG_KEY}\nwitness K {KEYS['X1']}\nwitness \u212a {KEYS['X2']}\n".encode()
        + f"witness w\x80 {KEYS['X3']}\n".encode("latin-1")
        + b"quorum w\x80\n"
    ).decode("utf-8", "surrogateescape")
    policy = read_policy(text)
    assert len(policy.witnesses) == 3
    policy.check(signed("X3"))
    with pytest.raises(UntrustedCheckpoint) as wrong:
        policy.check(signed("X1", "X2"))
    str(wrong.value).encode()  # it can be printed
    with pytest.raises(InvalidPolicy) as unread:
        read_policy(text.replace("quorum", "quorom"))
    str(unread.value).encode()


def test_a_log_may_have_two_keys_while_one_takes_over() -> None:
    text = f"log {LOG_KEY}\nlog {verifier_key(NEXT.verifier)}\nquorum none\n"
    for signers in ([LOG], [NEXT], [LOG, NEXT]):
        read_policy(text).check(note_bytes(sign(TEXT, signers, NOW)))


def test_a_log_signs_for_its_own_origin_alone() -> None:
    other = Ed25519Signer("log.example/two", private_key(3))
    text = f"log {LOG_KEY}\nlog {verifier_key(other.verifier)}\nquorum none\n"
    with pytest.raises(UntrustedCheckpoint, match="not signed by a log"):
        read_policy(text).check(note_bytes(sign(TEXT, [other], NOW)))
    for no_log in ("quorum none\n", f"log {verifier_key(other.verifier)}\nquorum none\n"):
        with pytest.raises(UntrustedCheckpoint, match="not signed by a log"):
            read_policy(no_log).check(signed())


def test_a_cosignature_counts_once_however_often_it_stands_there() -> None:
    policy = read_policy(EXAMPLE)
    note = sign(TEXT, [LOG, COSIGNERS["X1"], COSIGNERS["Y1"]], NOW)
    later = sign(TEXT, [COSIGNERS["X1"]], NOW + 60).signatures
    repeated = SignedNote(TEXT, (*note.signatures, *note.signatures, *later))
    with pytest.raises(UntrustedCheckpoint) as wrong:
        policy.check(note_bytes(repeated))
    assert wrong.value.signed == ("X1", "Y1")
    assert policy.cosigned_at(repeated) == {"X1": NOW + 60, "Y1": NOW}


def test_an_altered_cosignature_of_a_known_witness_is_refused() -> None:
    """Although the quorum is met without it."""
    policy = read_policy(EXAMPLE)
    note = sign(TEXT, [LOG, *COSIGNERS.values()], NOW)
    policy.check(note_bytes(note))
    for place, one in enumerate(note.signatures):
        changed = one.signature[:-1] + bytes([one.signature[-1] ^ 1])
        altered = list(note.signatures)
        altered[place] = NoteSignature(one.name, one.key_id, changed)
        with pytest.raises(InvalidSignature, match=re.escape(one.name)):
            policy.check(note_bytes(SignedNote(TEXT, tuple(altered))))


def test_a_cosignature_replayed_on_another_checkpoint_is_refused() -> None:
    policy = read_policy(EXAMPLE)
    old = sign(TEXT, [LOG, *COSIGNERS.values()], NOW)
    new = sign(TEXT.replace("\n0\n", "\n1\n"), [LOG], NOW)
    with pytest.raises(InvalidSignature, match=r"witness\.example/X1"):
        policy.check(note_bytes(add_signatures(new, old.signatures[1:])))


def test_a_checkpoint_without_its_logs_signature_is_refused() -> None:
    policy = read_policy(EXAMPLE)
    with pytest.raises(UntrustedCheckpoint, match="not signed by a log"):
        policy.check(note_bytes(sign(TEXT, list(COSIGNERS.values()), NOW)))
    with pytest.raises(InvalidNote):
        policy.check(note_bytes(sign("no checkpoint\n", [LOG], NOW)))


ONE = f"witness w1 {KEYS['X1']}\n"
TWO = ONE + f"witness w2 {KEYS['X2']}\n"
PLAIN = verifier_key(Ed25519Signer("witness.example/plain", private_key(20)).verifier)
SAME = verifier_key(CosignatureSigner("impostor.example", private_key(10)).verifier)
SAME_LOG = verifier_key(Ed25519Signer("log.example/two", private_key(1)).verifier)

# What is wrong, the policy, what the message says.
DEFECTS = {
    "nothing": ("", "0 quorum lines"),
    "no quorum": (ONE, "0 quorum lines"),
    "two quorums": (ONE + "quorum w1\nquorum none\n", "2 quorum lines"),
    "last line without newline": (ONE + "quorum w1", "newline"),
    "carriage return": ("quorum none\r\n", "line 1: .*control"),
    "control character": ("quorum none\n# \x01\n", "line 2: .*control"),
    "delete": ("quorum none\n# \x7f\n", "line 2: .*control"),
    "form feed is no blank": ("quorum\x0cnone\n", "control"),
    "no-break space is no blank": ("quorum\u00a0none\n", "begins with"),
    "unknown word": (ONE + "Quorum w1\n", "line 2: .*'Quorum'"),
    "comment behind a line": (ONE + "quorum w1 # all\n", "line 2: .*quorum NAME"),
    "log without key": ("log\nquorum none\n", "line 1: .*log KEY"),
    "log with too much": (f"log {LOG_KEY} https://a b\nquorum none\n", "log KEY"),
    "log with a bad key": ("log rubbish\nquorum none\n", "line 1: .*malformed"),
    "log twice": (f"log {LOG_KEY}\nlog {LOG_KEY}\nquorum none\n", "line 2: .*each log once"),
    "log's key twice": (f"log {LOG_KEY}\nlog {SAME_LOG}\nquorum none\n", "each log once"),
    "witness without key": ("witness w1\nquorum none\n", "witness NAME KEY"),
    "witness with a log's key": (f"witness w1 {PLAIN}\nquorum none\n", "type 04"),
    "witness's key twice": (ONE + f"witness w2 {SAME}\nquorum w1\n", "line 2: .*each witness"),
    "witness named none": (f"witness none {KEYS['X1']}\nquorum none\n", "'none' is taken"),
    "name twice": (ONE + f"witness w1 {KEYS['X2']}\nquorum w1\n", "'w1' is taken"),
    "group named as a witness": (TWO + "group w1 any w2\nquorum w1\n", "'w1' is taken"),
    "group named none": (ONE + "group none any w1\nquorum none\n", "'none' is taken"),
    "group without members": (ONE + "group g 1\nquorum w1\n", "group NAME"),
    "group of nobody": (ONE + "group g all\nquorum w1\n", "group NAME"),
    "threshold zero": (ONE + "group g 0 w1\nquorum g\n", "threshold is '0'"),
    "threshold negative": (ONE + "group g -1 w1\nquorum g\n", "threshold is '-1'"),
    "threshold with zeroes": (ONE + "group g 01 w1\nquorum g\n", "threshold is '01'"),
    "threshold in other digits": (ONE + "group g ١ w1\nquorum g\n", "threshold is"),
    "threshold a fraction": (ONE + "group g 1.0 w1\nquorum g\n", "threshold is"),
    "threshold above members": (TWO + "group g 3 w1 w2\nquorum g\n", "exceeds the 2 members"),
    "threshold enormous": (ONE + f"group g {'9' * 5000} w1\nquorum g\n", "threshold is"),
    "member unknown": (ONE + "group g any w1 w9\nquorum g\n", "'w9' is not defined above"),
    "member none": (ONE + "group g any w1 none\nquorum g\n", "'none' is not defined above"),
    "member below": ("group g any w1\n" + ONE + "quorum w1\n", "line 1: 'w1' is not defined"),
    "member itself": (ONE + "group g any g\nquorum w1\n", "'g' is not defined above"),
    "member twice in a group": (ONE + "group g any w1 w1\nquorum g\n", "'w1' is a member twice"),
    "member of two groups": (
        TWO + "group g any w1\ngroup h any w2 w1\nquorum g\n", "'w1' is a member twice"
    ),
    "quorum unknown": (ONE + "quorum w9\n", "'w9' is not defined above"),
    "quorum below": ("quorum w1\n" + ONE, "line 1: 'w1' is not defined above"),
    "quorum without name": (ONE + "quorum\n", "quorum NAME"),
    "too large": ("#" * 1_000_001, "characters"),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFECTS)
def test_a_malformed_policy_is_refused(name: str) -> None:
    text, word = DEFECTS[name]
    with pytest.raises(InvalidPolicy, match=word):
        read_policy(text)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidPolicy) as wrong:
        read_policy("log rubbish\nfoo\nwitness w1\ngroup g any w1\nquorum g")
    for place in ("line 1:", "line 2:", "line 3:", "line 4:", "newline", "0 quorum lines"):
        assert place in str(wrong.value)


def test_at_least_32_of_everything_and_groups_in_groups() -> None:
    """Tlog-policy asks that 32 logs, witnesses and groups be supported."""
    signers = [CosignatureSigner(f"w{n}.example", private_key(n)) for n in range(100, 250)]
    lines = [f"witness w{n} {verifier_key(signer.verifier)}" for n, signer in enumerate(signers)]
    lines += [
        f"log {verifier_key(Ed25519Signer(f'log{n}.example', private_key(n)).verifier)}"
        for n in range(100)
    ]
    lines += ["group g0 any w0"]
    lines += [f"group g{n} all g{n - 1} w{n}" for n in range(1, 150)]
    policy = read_policy("\n".join([*lines, "quorum g149", ""]))
    everyone = {f"w{n}" for n in range(150)}
    assert policy.is_met(everyone)
    for absent in everyone:
        assert not policy.is_met(everyone - {absent})


@given(st.text(max_size=60) | st.tuples(
    st.integers(0, len(EXAMPLE)), st.integers(0, 4), st.text(max_size=4)
).map(lambda cut: EXAMPLE[: cut[0]] + cut[2] + EXAMPLE[cut[0] + cut[1] :]))  # fmt: skip
def test_nothing_but_invalid_policy_is_raised(text: str) -> None:
    try:
        read_policy(text)
    except InvalidPolicy as wrong:
        str(wrong).encode()
