"""The witness as C2SP tlog-witness says: every check, its status code, its answer."""

import os
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidSignature as WrongSignature
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.histories import (
    FORK,
    LOG,
    NORTH,
    NOW,
    ORIGIN,
    TRUTH,
    History,
    private_key,
    witness,
)

from chipwarden.ledger.checkpoints import Checkpoint
from chipwarden.ledger.errors import InvalidNote, InvalidSignature
from chipwarden.ledger.note_keys import CosignatureSigner, Ed25519Signer
from chipwarden.ledger.notes import (
    NoteSignature,
    SignedNote,
    add_signatures,
    note_bytes,
    sign,
)
from chipwarden.ledger.witness import (
    MOST_REQUEST_BYTES,
    SIZE_TYPE,
    Answer,
    Witness,
    WitnessedSize,
)
from chipwarden.ledger.witness_client import (
    add_checkpoint_request,
    read_cosignatures,
    read_size,
)

CASES = max(int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "0")) // 20, 300)


def known(size: int, history: History = TRUTH) -> WitnessedSize:
    return WitnessedSize(size, history.checkpoint(size).root, note_bytes(history.note(size)))


def test_the_example_of_the_specification_is_a_request() -> None:
    """It is read as far as the keys, which the page does not give."""
    body = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()  # noqa: E501
    unknown = witness().respond(body, None, NOW)
    assert unknown.response.status == 404
    sofa = Ed25519Signer("example.com/behind-the-sofa", private_key(9))
    assert witness(NORTH, sofa).respond(body, None, NOW).response.status == 403
    assert witness(NORTH, sofa).respond(body[:-1], None, NOW).response.status == 400


def test_it_cosigns_a_log_that_grows() -> None:
    state = None
    sizes = [0, 1, 1, 2, 3, 7, 8, 8, 13, 40]
    for old, new in zip([0, *sizes], sizes, strict=False):
        answer = witness().respond(TRUTH.request(old, new), state, NOW + new)
        assert (answer.response.status, answer.evidence) == (200, None), answer
        state = answer.state
        assert state == known(new)
        # What it signed, from the words of tlog-cosignature and without our reader.
        line = answer.response.body.decode()
        assert line.startswith("— witness.example/north ") and line.endswith("=\n")
        (signature,) = read_cosignatures(answer.response.body, TRUTH.note(new), NORTH.verifier)
        assert signature.signature[:8] == (NOW + new).to_bytes(8, "big")
        message = f"cosignature/v1\ntime {NOW + new}\n{TRUTH.checkpoint(new).text()}"
        NORTH.verifier.public_key.verify(signature.signature[8:], message.encode())
        with pytest.raises(WrongSignature):
            NORTH.verifier.public_key.verify(signature.signature[8:], message[:-1].encode())


def test_extension_lines_are_cosigned_too() -> None:
    checkpoint = replace(TRUTH.checkpoint(3), extensions=("Timestamp: 1",))
    note = sign(checkpoint.text(), [LOG], NOW)
    answer = witness().respond(add_checkpoint_request(0, [], note), None, NOW)
    assert read_cosignatures(answer.response.body, note, NORTH.verifier)
    with pytest.raises(InvalidSignature):
        read_cosignatures(answer.response.body, TRUTH.note(3), NORTH.verifier)


def test_404_for_a_log_that_it_does_not_know() -> None:
    other = History(TRUTH.entries, Ed25519Signer("log.example/two", private_key(1)))
    answer = witness().respond(other.request(0, 5), None, NOW)
    assert (answer.response.status, answer.state) == (404, None)
    assert b"log.example/two" in answer.response.body


def test_403_without_a_signature_that_it_trusts() -> None:
    stranger = Ed25519Signer(ORIGIN, private_key(2))
    forged = NoteSignature(LOG.name, LOG.key_id, stranger.sign_note(TRUTH.note(5).text, NOW))
    notes = {
        "swapped key": sign(TRUTH.note(5).text, [stranger], NOW),
        "swapped key under the known ID": SignedNote(TRUTH.note(5).text, (forged,)),
        "signature of another size": SignedNote(TRUTH.note(5).text, TRUTH.note(6).signatures),
        "good and bad of the known key": add_signatures(
            sign(TRUTH.note(5).text, [stranger], NOW), [forged]
        ),
        "cosigned, but not signed": sign(TRUTH.note(5).text, [NORTH], NOW),
    }
    for name, note in notes.items():
        answer = witness().respond(TRUTH.request(0, 5, note=note), None, NOW)
        assert (answer.response.status, answer.state, answer.evidence) == (403, None, None), name


def test_signatures_of_others_are_ignored() -> None:
    stranger = Ed25519Signer(ORIGIN, private_key(2))
    note = sign(TRUTH.note(5).text, [stranger, LOG, NORTH], NOW)
    answer = witness().respond(TRUTH.request(0, 5, note=note), None, NOW)
    assert answer.response.status == 200
    # What is kept is what the log signed, and nothing that anybody added.
    assert answer.state is not None and answer.state.note == note_bytes(TRUTH.note(5))


def test_either_key_of_a_log_will_do() -> None:
    later = Ed25519Signer(ORIGIN, private_key(2))
    both = Witness(NORTH, {ORIGIN: (LOG.verifier, later.verifier)})
    old = both.respond(TRUTH.request(0, 5), None, NOW)
    new = both.respond(History(TRUTH.entries, later).request(5, 9), old.state, NOW)
    assert (old.response.status, new.response.status) == (200, 200)


def test_400_for_an_old_size_above_the_new() -> None:
    for state in (None, known(3), known(6)):
        answer = witness().respond(TRUTH.request(6, 5), state, NOW)
        assert (answer.response.status, answer.state) == (400, None)


def test_409_with_the_size_for_another_old_size() -> None:
    cases = [(3, 9, None, 0), (0, 9, 5, 5), (3, 9, 5, 5), (7, 9, 5, 5), (4, 5, 5, 5), (3, 4, 5, 5)]
    for old, new, size, expected in cases:
        state = known(size) if size else None
        answer = witness().respond(TRUTH.request(old, new), state, NOW)
        assert (answer.response.status, answer.response.content_type) == (409, SIZE_TYPE)
        assert answer.response.body == f"{expected}\n".encode()
        assert read_size(answer.response.body) == expected
        assert (answer.state, answer.evidence) == (None, None)


def test_409_for_another_root_of_the_same_size_and_it_is_evidence() -> None:
    answer = witness().respond(FORK.request(9, 9), known(9), NOW)
    assert (answer.response.status, answer.state) == (409, None)
    assert answer.response.content_type != SIZE_TYPE
    evidence = answer.evidence
    assert evidence is not None and evidence.kind == "fork" and evidence.origin == ORIGIN
    assert evidence.known == note_bytes(TRUTH.note(9))
    assert evidence.shown == note_bytes(FORK.note(9))
    # Whoever asks from a wrong size shows as much of a fork.
    for old in (0, 4):
        again = witness().respond(FORK.request(old, 9), known(9), NOW)
        assert (again.response.status, again.response.body) == (409, b"9\n")
        assert again.evidence == evidence


def test_the_root_of_nothing_is_known_to_all() -> None:
    wrong = sign(Checkpoint(ORIGIN, 0, bytes(32)).text(), [LOG], NOW)
    answer = witness().respond(add_checkpoint_request(0, [], wrong), None, NOW)
    assert (answer.response.status, answer.state) == (409, None)


def test_422_for_a_proof_that_does_not_hold() -> None:
    good = TRUTH.proof(7, 12)
    cases = {
        "fork": FORK.request(7, 12),
        "changed": TRUTH.request(7, 12, proof=[bytes(32), *good[1:]]),
        "too short": TRUTH.request(7, 12, proof=good[:-1]),
        "too long": TRUTH.request(7, 12, proof=[*good, good[0]]),
        "none": TRUTH.request(7, 12, proof=[]),
    }
    for name, request in cases.items():
        answer = witness().respond(request, known(7), NOW)
        assert (answer.response.status, answer.state) == (422, None), name
        assert answer.evidence is not None and answer.evidence.kind == "unproved", name
        assert answer.evidence.known == note_bytes(TRUTH.note(7)), name
    # Where there is nothing to prove, a proof is wrong too; but it speaks against nobody.
    for old, state in ((7, known(7)), (0, None)):
        answer = witness().respond(TRUTH.request(old, max(old, 7), proof=good), state, NOW)
        assert (answer.response.status, answer.state, answer.evidence) == (422, None, None)


HEAD = f"old 5\n{'A' * 43}=\n\n".encode()
NOTE = note_bytes(TRUTH.note(9))
MALFORMED = {
    "nothing": b"",
    "a note alone": NOTE,
    "no old size": b"\n" + NOTE,
    "no empty line": HEAD[:-1] + NOTE,
    "carriage returns": HEAD.replace(b"\n", b"\r\n") + NOTE,
    "two spaces": HEAD.replace(b"old ", b"old  ") + NOTE,
    "capitals": HEAD.replace(b"old", b"Old") + NOTE,
    "no number": HEAD.replace(b"old 5", b"old ") + NOTE,
    "negative": HEAD.replace(b"old 5", b"old -5") + NOTE,
    "leading zero": HEAD.replace(b"old 5", b"old 05") + NOTE,
    "plus": HEAD.replace(b"old 5", b"old +5") + NOTE,
    "other digits": HEAD.replace(b"old 5", "old ٥".encode()) + NOTE,
    "2**63": HEAD.replace(b"old 5", b"old 9223372036854775808") + NOTE,
    "a hash too short": HEAD.replace(b"A" * 43 + b"=", b"A" * 40) + NOTE,
    "a hash without padding": HEAD.replace(b"=", b"") + NOTE,
    "a hash in two spellings": HEAD.replace(b"A=", b"B=") + NOTE,
    "64 hashes": HEAD.replace(b"A" * 43 + b"=\n", (b"A" * 43 + b"=\n") * 64) + NOTE,
    "no note": HEAD,
    "not a note": HEAD + b"rubbish\n",
    "not a checkpoint": HEAD + note_bytes(sign("rubbish\n", [LOG], NOW)),
    "not UTF-8": HEAD + NOTE.replace(b"one", b"\xff"),
    "too large": HEAD + NOTE + b"x" * MOST_REQUEST_BYTES,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_400_for_what_is_no_request(name: str) -> None:
    answer = witness().respond(MALFORMED[name], known(5), NOW)
    assert (answer.response.status, answer.state, answer.evidence) == (400, None, None)
    assert answer.response.body.count(b"\n") == 1


def test_63_hashes_are_read() -> None:
    body = HEAD.replace(b"A" * 43 + b"=\n", (b"A" * 43 + b"=\n") * 63) + NOTE
    assert witness().respond(body, known(5), NOW).response.status == 422


@settings(max_examples=CASES)
@given(st.data())
def test_whatever_comes_it_answers_and_never_goes_back(data: st.DataObject) -> None:
    old, new = data.draw(st.integers(0, 12)), data.draw(st.integers(0, 12))
    history = data.draw(st.sampled_from([TRUTH, FORK]))
    body = bytearray(history.request(old, new))
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(body)))
        body[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    size = data.draw(st.integers(0, 12))
    state = known(size) if size else None
    answer = witness().respond(bytes(body), state, NOW)
    assert answer.response.status in (200, 400, 403, 404, 409, 422)
    if answer.response.status == 200:
        assert answer.state is not None and answer.state.size >= size
        # TRUTH and FORK part after entry 5.
        assert history is TRUTH or size <= 5
    else:
        assert answer.state is None


def test_the_client_takes_the_witnesss_signature_and_no_other() -> None:
    other = CosignatureSigner("witness.example/south", private_key(50))
    note = TRUTH.note(5)
    mine, others = sign(note.text, [NORTH], NOW), sign(note.text, [other], NOW)
    lines = "".join(one.line() for one in (*others.signatures, *mine.signatures)).encode()
    assert read_cosignatures(lines, note, NORTH.verifier) == mine.signatures
    with pytest.raises(InvalidSignature, match="expected a signature of witness"):
        read_cosignatures(others.signatures[0].line().encode(), note, NORTH.verifier)
    replayed = sign(TRUTH.note(6).text, [NORTH], NOW).signatures[0].line().encode()
    with pytest.raises(InvalidSignature, match="does not fit"):
        read_cosignatures(replayed, note, NORTH.verifier)
    for wrong in (b"", b"\n", lines[:-1], b"<html></html>\n", lines + b"\n"):
        with pytest.raises(InvalidNote):
            read_cosignatures(wrong, note, NORTH.verifier)


def test_an_answer_cannot_change_the_text_that_was_signed() -> None:
    """A witness that signs a longer text must not pass for one that signed ours."""
    note = TRUTH.note(5)
    longer = sign(f"{note.text}\nmore\n", [NORTH], NOW).signatures[0].line()
    with pytest.raises(InvalidNote, match="more than signature lines"):
        read_cosignatures(f"\nmore\n\n{longer}".encode()[1:], note, NORTH.verifier)


@pytest.mark.parametrize(
    "body", [b"", b"5", b"05\n", b"5\n\n", b" 5\n", b"-5\n", b"\xff\n", b"5 \n"]
)
def test_a_size_has_one_spelling(body: bytes) -> None:
    with pytest.raises(InvalidNote):
        read_size(body)


def test_what_admit_refuses_is_an_answer() -> None:
    assert isinstance(witness().admit(TRUTH.request(6, 5)), Answer)
    assert not isinstance(witness().admit(TRUTH.request(5, 6)), Answer)
