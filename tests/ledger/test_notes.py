"""Signed notes: the samples of others, what is malformed, and that nothing else is ever raised."""

import json
import os
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.logs import shared

from chipwarden.ledger.checkpoints import Checkpoint, open_checkpoint, read_checkpoint
from chipwarden.ledger.errors import InvalidNote, InvalidPolicy, InvalidSignature, LedgerError
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.note_keys import (
    CosignatureSigner,
    CosignatureVerifier,
    Ed25519Signer,
    Ed25519Verifier,
    read_verifier_key,
    verifier_key,
)
from chipwarden.ledger.notes import (
    MOST_BYTES,
    NoteSignature,
    SignedNote,
    add_signatures,
    note_bytes,
    parse_note,
    sign,
    verified,
)
from chipwarden.ledger.proofs import verify_inclusion

CASES = max(int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "0")) // 20, 500)

# C2SP tlog-cosignature, the sample at the head of the page.
SOFA = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()  # noqa: E501
# C2SP signed-note, the sample at the head of the page; its text holds an empty line.
POEM = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
""".encode()  # noqa: E501
# The key that Go trusts for its checksum database (cmd/go/internal/modfetch/key.go).
GO = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
# Tessera's key for tests (transparency-dev/tessera, testdata/build_log.sh).
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_SEED = b64decode("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg")[1:]
# Keys of Sigstore's staging log and of three witnesses that others run, as they publish them.
REKOR = "log2025-alpha3.rekor.sigstage.dev+d3d3a70c+AZQ93VXPMmj9uZj7U/7CefQ9yy8RgYFv6mKzOseipjqp"
WITNESSES = (
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
    "staging.witness.transparency.goog/ring-any-bells+2e1a8dc9"
    "+BG5JTpLc3FJtwzgh1Uv+Qelz9qeOH2bfWjS1s0s+y4rL",
    "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G",
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
LOG = Ed25519Signer("log.example/one", KEY)
WITNESS = CosignatureSigner("witness.example/north", KEY)
TEXT = "log.example/one\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
NOW = 1_790_000_000
NOTE = note_bytes(sign(TEXT, [LOG, WITNESS], NOW))


def rekor_entry() -> dict[str, str]:
    path = shared("sigstore-python/a.dsse.staging-rekor-v2.txt.sigstore.json")
    bundle = json.loads(path.read_text("utf-8"))
    entry: dict[str, str] = bundle["verificationMaterial"]["tlogEntries"][0]
    return entry


def rekor_checkpoint() -> bytes:
    proof: dict[str, dict[str, str]] = rekor_entry()["inclusionProof"]  # type: ignore[assignment]
    return proof["checkpoint"]["envelope"].encode()


def test_the_samples_of_the_specifications_are_read() -> None:
    note = parse_note(SOFA)
    assert read_checkpoint(note.text) == Checkpoint(
        "example.com/behind-the-sofa",
        20852163,
        b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="),
    )
    assert [one.name for one in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    # The page shows the message that the second one signs: time 1679315147.
    assert WITNESS.verifier.timestamp(note.signatures[1].signature) == 1679315147
    poem = parse_note(POEM)
    assert poem.text.count("\n") == 4 and len(poem.signatures) == 1
    assert (note_bytes(note), note_bytes(poem)) == (SOFA, POEM)


def test_the_samples_signature_is_one_of_gos_checksum_database() -> None:
    """The page borrows it, key ID and all, under another name; under its own it verifies."""
    own = SOFA.replace(b"example.com/behind-the-sofa\n", b"go.sum database tree\n", 1)
    own = own.replace(b"example.com/behind-the-sofa", b"sum.golang.org")
    signed = open_checkpoint(own, [read_verifier_key(GO)], "go.sum database tree")
    assert signed.checkpoint.size == 20852163
    for name in (SOFA, own.replace(b"sum.golang.org", b"sum.golang.com")):
        with pytest.raises(InvalidSignature, match="033de0ae"):
            open_checkpoint(name, [read_verifier_key(GO)])


def test_every_checkpoint_of_tessera_verifies_and_we_sign_it_alike() -> None:
    folder, verifier = shared("tessera/log"), read_verifier_key(TESSERA)
    signer = Ed25519Signer(verifier.name, Ed25519PrivateKey.from_private_bytes(TESSERA_SEED))
    assert verifier_key(signer.verifier) == TESSERA
    found = sorted(folder.glob("checkpoint*"))
    assert len(found) == 17
    for path in found:
        content = path.read_bytes()
        signed = open_checkpoint(content, [verifier], "example.com/log/testdata")
        # Ed25519 leaves nothing to chance: whoever has the key makes the same note.
        assert note_bytes(sign(signed.checkpoint.text(), [signer], NOW)) == content


def test_a_checkpoint_of_sigstore_with_three_cosignatures_verifies() -> None:
    content = rekor_checkpoint()
    witnesses = [read_verifier_key(text) for text in WITNESSES]
    found = verified(parse_note(content), [read_verifier_key(REKOR), *witnesses])
    assert len(found) == 4
    # One second is the latest of all three.
    assert {int.from_bytes(one.signature[:8], "big") for one in found[1:]} == {1778700214}
    entry = rekor_entry()
    proof: dict[str, list[str]] = entry["inclusionProof"]  # type: ignore[assignment]
    signed = open_checkpoint(content, witnesses).checkpoint
    verify_inclusion(
        int(entry["logIndex"]),
        signed.size,
        leaf_hash(b64decode(entry["canonicalizedBody"])),
        [b64decode(one) for one in proof["hashes"]],
        signed.root,
    )


def test_the_checkpoints_of_all_sigstore_bundles_are_read() -> None:
    read = 0
    for path in shared("sigstore-python").rglob("*.sigstore*"):
        bundle = json.loads(path.read_text("utf-8"))
        for entry in bundle["verificationMaterial"].get("tlogEntries", []):
            proof = entry.get("inclusionProof", {})
            content = proof.get("checkpoint", {}).get("envelope", "").encode()
            if content:
                note = parse_note(content)
                checkpoint = read_checkpoint(note.text)
                assert str(checkpoint.size) == proof["treeSize"]
                assert checkpoint.root == b64decode(proof["rootHash"])
                assert checkpoint.text() == note.text and note_bytes(note) == content
                read += 1
    assert read == 13


# What is done to NOTE or to the sample, and a word of what is said about it.
MALFORMED = {
    "empty": (b"", "cut off"),
    "no signature": (TEXT.encode() + b"\n", "cut off"),
    "no empty line": (NOTE.replace(b"\n\n", b"\n"), "cut off"),
    "last newline cut off": (NOTE[:-1], "cut off"),
    "not UTF-8": (NOTE.replace(b"one\n", b"\xff\n"), "Byte 12 .*UTF-8"),
    "overlong UTF-8": (NOTE.replace(b"one\n", b"\xc0\xaf\n"), "UTF-8"),
    "half a character": (NOTE.replace(b"one\n", b"\xed\xa0\x80\n"), "UTF-8"),
    "tab": (NOTE.replace(b"one\n", b"one\t\n", 1), "control"),
    "NUL": (NOTE.replace(b"one\n", b"one\0\n", 1), "control"),
    "carriage returns": (NOTE.replace(b"\n", b"\r\n"), "cut off"),
    "hyphen for a dash": (NOTE.replace("—".encode(), b"-"), "signature line"),
    "two spaces": (NOTE.replace("— ".encode(), "—  ".encode()), "signature line"),
    "no space": (NOTE.replace("— ".encode(), "—".encode()), "signature line"),
    "space at the end": (NOTE.replace(b"=\n", b"= \n"), "signature line"),
    "plus in the name": (NOTE.replace(b"example/north", b"example+north"), "key name"),
    "no-break space in the name": (NOTE.replace(b"/north", "\u00a0north".encode()), "key name"),
    "line separator in the name": (NOTE.replace(b"/north", "\u2028".encode()), "key name"),
    "no padding": (NOTE.replace(b"=\n", b"\n"), "signature line"),
    "another alphabet": (NOTE.replace(b"/", b"_").replace(b"+", b"-"), "signature line"),
    "line without signature": (NOTE + "— log.example/one\n".encode(), "signature line"),
    "key ID alone": (NOTE + "— log.example/one AAAAAA==\n".encode(), "key ID"),
    "three bytes": (NOTE + "— log.example/one AAAA\n".encode(), "key ID"),
    "text after the signatures": (NOTE + b"more\n", "signature line"),
    "empty line after the signatures": (NOTE + b"\n", "cut off"),
    "101 signatures": (NOTE + "— a AAAAAAA=\n".encode() * 99, "101|more|expected 1 to 100"),
    "a million signatures": (NOTE + "— a AAAAAAA=\n".encode() * 60_000, "signature"),
    "too large": (b"a" * MOST_BYTES + NOTE, "bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_note_is_refused(name: str) -> None:
    content, word = MALFORMED[name]
    assert content != NOTE
    with pytest.raises(InvalidNote, match=word):
        parse_note(content)


def test_base64_has_one_spelling() -> None:
    """The last of 68 bytes fills its character only in part; the other bits must be zero."""
    line = NOTE.split("— ".encode())[1]
    end = line[-3:-2]
    assert line.endswith(b"=\n")
    others = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    accepted = []
    for other in others:
        content = NOTE.replace(line, line[:-3] + bytes([other]) + line[-2:])
        try:
            accepted.append((bytes([other]), parse_note(content)))
        except InvalidNote:
            continue
    assert len(accepted) == 16  # of 64: two bits are left over
    assert end in [spelling for spelling, _ in accepted]
    assert len({note.signatures[0].signature for _, note in accepted}) == 16


def test_sixteen_signatures_must_be_read_and_a_hundred_are() -> None:
    """C2SP signed-note: verifiers must accept at least 16."""
    for count in (1, 16, 100):
        more = tuple(NoteSignature(f"key{number}", b"keyi", b"sign") for number in range(count))
        assert parse_note(note_bytes(SignedNote(TEXT, more))).signatures == more


def test_unknown_keys_are_ignored_and_wrong_signatures_of_known_ones_are_not() -> None:
    other = Ed25519Signer("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
    note = sign(TEXT, [other, LOG], NOW)
    assert [one.key_id for one in verified(note, [LOG.verifier])] == [LOG.key_id]
    with pytest.raises(InvalidSignature, match=r"expected a signature of log\.example/one"):
        verified(sign(TEXT, [other], NOW), [LOG.verifier])
    with pytest.raises(InvalidSignature, match="expected a signature of a known key"):
        verified(note, [])
    # A stranger's signature under the name and ID of the known key.
    stolen = NoteSignature(LOG.name, LOG.key_id, other.sign_note(TEXT, NOW))
    for signatures in ((stolen,), (*note.signatures, stolen), (stolen, *note.signatures)):
        with pytest.raises(InvalidSignature, match="does not fit"):
            verified(SignedNote(TEXT, signatures), [LOG.verifier])


def test_any_bit_of_a_signature_or_of_the_text_matters() -> None:
    for signer in (LOG, WITNESS):
        good = signer.sign_note(TEXT, NOW)
        signer.verifier.verify_note(TEXT, good)
        for bit in range(len(good) * 8):
            changed = bytearray(good)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(InvalidSignature):
                signer.verifier.verify_note(TEXT, bytes(changed))
        for wrong in (b"", good[:-1], good + b"\0"):
            with pytest.raises(InvalidSignature):
                signer.verifier.verify_note(TEXT, wrong)
        with pytest.raises(InvalidSignature):
            signer.verifier.verify_note(TEXT + "extension\n", good)


def test_the_two_types_are_two_keys() -> None:
    """One key pair, one name, two types: neither verifies as the other."""
    plain = Ed25519Verifier("same.example", KEY.public_key())
    cosigner = CosignatureVerifier("same.example", KEY.public_key())
    assert plain.key_id != cosigner.key_id
    with pytest.raises(InvalidSignature):
        cosigner.verify_note(TEXT, LOG.sign_note(TEXT, NOW))
    with pytest.raises(InvalidSignature):
        plain.verify_note(TEXT, WITNESS.sign_note(TEXT, NOW)[8:])


@pytest.mark.parametrize("time", [-1, 2**63, 2**64])
def test_a_cosignature_has_a_time_below_2_to_the_63(time: int) -> None:
    with pytest.raises(InvalidNote, match=r"2\*\*63"):
        WITNESS.sign_note(TEXT, time)
    late = (2**63).to_bytes(8, "big") + bytes(64)
    with pytest.raises(InvalidSignature, match=r"2\*\*63"):
        WITNESS.verifier.verify_note(TEXT, late)


def test_the_newer_signature_of_a_key_takes_its_place() -> None:
    first, later = sign(TEXT, [LOG, WITNESS], NOW), sign(TEXT, [WITNESS], NOW + 60)
    both = add_signatures(first, later.signatures)
    assert both.signatures == (first.signatures[0], later.signatures[0])
    assert add_signatures(both, later.signatures) == both


@pytest.mark.parametrize("text", [GO, TESSERA, REKOR, *WITNESSES])
def test_keys_print_as_they_were_written(text: str) -> None:
    verifier = read_verifier_key(text)
    assert verifier_key(verifier) == text
    assert isinstance(verifier, CosignatureVerifier) is (text in WITNESSES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log.example",
        "log.example+33d7b496",
        "log.example/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        TESSERA.replace("33d7b496", "33D7B496"),
        TESSERA.replace("33d7b496", "33d7b497"),
        TESSERA.replace("33d7b496", "3d7b496"),
        TESSERA[:-4],
        TESSERA + "AAAA",
        TESSERA + "\n",
        TESSERA.replace("+AeHT", "+ZeHT"),
        "PRIVATE+KEY+" + TESSERA,
        "with space" + TESSERA[TESSERA.index("+") :],
        "+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "rekor.example+00000000+AwEB",
    ],
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicy):
        read_verifier_key(text)


def test_of_a_key_no_piece_and_no_character_can_be_missing() -> None:
    """As golang.org/x/mod/sumdb/note tests its own: every mangling is refused."""
    for start in range(len(TESSERA)):
        for end in range(start, len(TESSERA)):
            with pytest.raises(InvalidPolicy):
                read_verifier_key(TESSERA[start:end])
    for place, letter in enumerate(TESSERA):
        changed = TESSERA[:place] + chr(ord(letter) + 1) + TESSERA[place + 1 :]
        with pytest.raises(InvalidPolicy):
            read_verifier_key(changed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log.example/one\n0\n",
        "log.example/one\n\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        TEXT[:-1],
        TEXT + "\n",
        TEXT + "extension\n\n",
        TEXT.replace("\n0\n", "\n00\n"),
        TEXT.replace("\n0\n", "\n01\n"),
        TEXT.replace("\n0\n", "\n+1\n"),
        TEXT.replace("\n0\n", "\n-1\n"),
        TEXT.replace("\n0\n", "\n 1\n"),
        TEXT.replace("\n0\n", "\n1_000\n"),
        TEXT.replace("\n0\n", "\n١\n"),
        TEXT.replace("\n0\n", "\n9223372036854775808\n"),
        TEXT.replace("\n0\n", "\n" + "9" * 5000 + "\n"),
        TEXT.replace("47DE", ""),
        TEXT.replace("FU=", "FV="),
        TEXT.replace("FU=", "FU"),
        TEXT.replace("FU=", "FU= "),
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        read_checkpoint(text)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    assert open_checkpoint(NOTE, [LOG.verifier], "log.example/one").checkpoint.size == 0
    with pytest.raises(InvalidNote, match=r"log\.example/two"):
        open_checkpoint(NOTE, [LOG.verifier], "log.example/two")


def test_extension_lines_are_kept_and_signed() -> None:
    longer = Checkpoint("log.example/one", 2**63 - 1, bytes(32), ("Timestamp: 1", "more of it"))
    assert read_checkpoint(longer.text()) == longer
    note = sign(longer.text(), [LOG], NOW)
    assert open_checkpoint(note_bytes(note), [LOG.verifier]).checkpoint == longer
    for line in ("", "two\nlines", "bell\a"):
        with pytest.raises(InvalidNote):
            Checkpoint("log.example/one", 1, bytes(32), (line,))


NAMES = st.text(min_size=1, max_size=12)
LINES = st.lists(
    st.sampled_from(["— ", " ", "\n", "\n\n", "a", "é", "=", "+", "\r", "\u2028", "\x00"])
    | st.binary(min_size=1, max_size=80).map(lambda content: b64encode(content).decode()),
    max_size=20,
).map("".join)


@settings(max_examples=CASES)
@given(st.binary(max_size=200) | LINES.map(str.encode) | st.data())
def test_what_is_read_prints_the_same_and_all_else_is_an_invalid_note(
    content: "bytes | st.DataObject",
) -> None:
    if not isinstance(content, bytes):
        changed = bytearray(content.draw(st.sampled_from([NOTE, SOFA, POEM])))
        for _ in range(content.draw(st.integers(1, 3))):
            place = content.draw(st.integers(0, len(changed) - 1))
            piece = content.draw(st.binary(max_size=3) | st.sampled_from([b"\n", b"\n\n", b" "]))
            changed[place : place + content.draw(st.integers(0, 3))] = piece
        content = bytes(changed)
    try:
        note = parse_note(content)
    except InvalidNote:
        return
    assert note_bytes(note) == content
    try:
        assert read_checkpoint(note.text).text() == note.text
    except InvalidNote:
        return


@settings(max_examples=CASES)
@given(
    st.text(max_size=40).map(lambda text: text + "\n"),
    st.lists(
        st.tuples(NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)),
        min_size=1,
        max_size=5,
    ),
)
def test_what_can_be_made_is_read_again(text: str, lines: list[tuple[str, bytes, bytes]]) -> None:
    try:
        note = SignedNote(text, tuple(NoteSignature(*line) for line in lines))
    except InvalidNote:
        return
    assert parse_note(note_bytes(note)) == note


@given(st.text(max_size=120) | st.sampled_from([TESSERA, *WITNESSES]).flatmap(
    lambda text: st.tuples(st.integers(0, len(text)), st.text(max_size=3)).map(
        lambda cut: text[: cut[0]] + cut[1] + text[cut[0] + 1 :]
    )
))  # fmt: skip
def test_a_key_is_read_or_refused(text: str) -> None:
    try:
        assert verifier_key(read_verifier_key(text)) == text
    except LedgerError as wrong:
        assert isinstance(wrong, InvalidPolicy)
