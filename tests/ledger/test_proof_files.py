"""Proof files: what they prove, and the first part that fails; by us and by the page in docs/."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger import rfc6962
from tests.ledger.signers import ISSUER, NOW, OTHER, signing_key, statement

from chipwarden.ledger.checkpoints import Checkpoint
from chipwarden.ledger.commitments import Opening, commitments, opening_of
from chipwarden.ledger.errors import InvalidPolicy
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import LOG, STATEMENT, possession, sign_key, sign_revocation
from chipwarden.ledger.keys import Algorithm, SigningKey
from chipwarden.ledger.note_keys import CosignatureSigner, Ed25519Signer, verifier_key
from chipwarden.ledger.notes import note_bytes, sign
from chipwarden.ledger.plain_text import base64_text
from chipwarden.ledger.proof_files import (
    FailedProof,
    ProofFile,
    read_proof,
    verify_proof,
    write_proof,
)
from chipwarden.ledger.receipts import attach_receipts, issue_receipt
from chipwarden.ledger.trust import Trust, read_trust, trust_text

CASES = int(os.environ.get("CHIPWARDEN_FUZZ_CASES", "200"))
PAGE = Path(__file__).parents[2] / "docs" / "verify_proof.py"
ORIGIN = "log.example/chips"
SEED = bytes(range(32))
VALUES = {"outcome": b'"license_required"', "order.destination": b'"CN"', "quantity": b"64"}


def ed25519(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


LOG_SIGNER = Ed25519Signer(ORIGIN, ed25519(50))
NORTH = CosignatureSigner("witness.example/north", ed25519(51))
SOUTH = CosignatureSigner("witness.example/south", ed25519(52))
WEST = CosignatureSigner("witness.example/west", ed25519(53))
KEY, RECEIPTS_KEY = signing_key(1), signing_key(7)


@dataclass(frozen=True)
class World:
    """All that a proof is made from; a test changes one thing."""

    key: SigningKey = KEY
    receipts_key: SigningKey = RECEIPTS_KEY
    index: int = 6
    size: int = 13
    signers: tuple[Ed25519Signer | CosignatureSigner, ...] = (LOG_SIGNER, NORTH, SOUTH)
    shown: tuple[str, ...] = ("outcome", "quantity")

    def entries(self) -> list[bytes]:
        made = [b"other entry %d" % number for number in range(self.size)]
        made[self.index] = statement(self.key, commitments=commitments(SEED, VALUES)).content
        return made

    def transparent(self) -> bytes:
        entries = self.entries()
        path, root = rfc6962.path(self.index, entries), rfc6962.mth(entries)
        receipt = issue_receipt(self.index, self.size, path, root, self.receipts_key, ORIGIN)
        return attach_receipts(entries[self.index], [receipt])

    def checkpoint(self) -> bytes:
        text = Checkpoint(ORIGIN, self.size, rfc6962.mth(self.entries())).text()
        return note_bytes(sign(text, self.signers, NOW + 60))

    def openings(self) -> list[Opening]:
        return [opening_of(SEED, name, VALUES[name]) for name in self.shown]

    def proof(self) -> bytes:
        return write_proof(self.transparent(), self.checkpoint(), self.openings())

    def policy(self) -> str:
        return (
            f"log {verifier_key(LOG_SIGNER.verifier)}\n"
            f"witness north {verifier_key(NORTH.verifier)}\n"
            f"witness south {verifier_key(SOUTH.verifier)}\n"
            "group both all north south\nquorum both\n"
        )

    def trust(self, since: int = 0, until: str = "") -> str:
        issuer, receipts = (
            base64_text(key.public.cose_key()) for key in (self.key, self.receipts_key)
        )
        return (
            f"# Whom we believe.\n{self.policy()}receipts {receipts}\n"
            f"issuer {ISSUER} {issuer} {since} {until}\n"
        )


PROOF, TRUST = World().proof(), World().trust()


def verified(proof: bytes, trust: str = TRUST) -> str:
    """Return "" where a proof holds, else the part that fails and why."""
    try:
        verify_proof(read_proof(proof), read_trust(trust))
    except FailedProof as failed:
        assert str(failed).startswith(f"{failed.part}: ")
        return str(failed)
    return ""


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_proof_tells_what_it_proves(algorithm: Algorithm) -> None:
    world = World(signing_key(1, algorithm), signing_key(7, algorithm))
    found = verify_proof(read_proof(world.proof()), read_trust(world.trust()))
    assert found.statement == statement(world.key, commitments=commitments(SEED, VALUES))
    assert (found.index, found.checkpoint.checkpoint.size) == (6, 13)
    assert found.checkpoint.checkpoint.origin == ORIGIN
    assert found.checkpoint.cosigned_at == {"north": NOW + 60, "south": NOW + 60}
    assert found.opened == {"outcome": b'"license_required"', "quantity": b"64"}


def test_a_proof_is_a_text_that_people_can_look_at() -> None:
    top, _, note = PROOF.partition(b"\n\n")
    lines = top.decode("ascii").split("\n")
    assert lines[0] == "chipwarden.proof/1"
    assert [line.split(" ")[0] for line in lines[1:]] == ["statement", "open", "open"]
    assert note == World().checkpoint()
    assert len(PROOF) < 3000


def test_a_proof_is_read_as_it_was_written() -> None:
    world = World()
    expected = ProofFile(world.transparent(), tuple(world.openings()), world.checkpoint())
    assert read_proof(PROOF) == expected
    assert read_proof(World(shown=()).proof()).openings == ()


def lines_of(proof: bytes) -> list[bytes]:
    return proof.partition(b"\n\n")[0].split(b"\n")


def with_lines(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    _, gap, note = PROOF.partition(b"\n\n")
    return b"\n".join(change(lines_of(PROOF))) + gap + note


TWICE_SHOWN = with_lines(lambda lines: [*lines, lines[2]])
TWICE = attach_receipts(World().transparent(), [b"one", b"two"])


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        (b"", "file: found '' as its first line"),
        (PROOF.replace(b"proof/1", b"proof/2"), "file: found 'chipwarden.proof/2' as its first"),
        (PROOF.replace(b"\n", b"\r\n"), "file: found"),
        (PROOF.partition(b"\n\n")[0], "file: found no checkpoint"),
        (PROOF.partition(b"\n\n")[0] + b"\n\n", "file: found no checkpoint"),
        (with_lines(lambda lines: lines[:1]), "file: found no statement"),
        (with_lines(lambda lines: [lines[0], *lines[2:]]), "file: found no statement"),
        (with_lines(lambda lines: [*lines, b"note hello"]), "file: line 5: found 'note hello'"),
        (with_lines(lambda lines: [*lines, b"open gg=="]), "file: line 5: opening: found its end"),
        (with_lines(lambda lines: [*lines, b"open g==="]), "file: line 5: found no proper base64"),
        (with_lines(lambda lines: [*lines, b"open "]), "file: line 5: found no proper base64"),
        (TWICE_SHOWN, "file: line 5: found 'outcome' a second"),
        (with_lines(lambda lines: [*lines[:2], b"open \xff"]), "file: line 3: found no proper"),
        (bytes((1 << 24) + 1), "file: found 16,777,217 bytes"),
        (PROOF.partition(b"\n\n")[0] + b"\n\nhello\n", "checkpoint: "),
        (write_proof(World().transparent(), World(signers=(LOG_SIGNER, NORTH)).checkpoint()),
         "checkpoint: The checkpoint of 'log.example/chips' at size 13 is cosigned by north"),
        (write_proof(World().transparent(), World(signers=(NORTH, SOUTH)).checkpoint()),
         "checkpoint: The checkpoint of 'log.example/chips' is not signed by a log"),
        (write_proof(World(size=12).transparent(), World().checkpoint()),
         "receipt: found a receipt for the tree of 12 entries"),
        (write_proof(World().transparent(), World(size=12).checkpoint()),
         "receipt: found a receipt for the tree of 13 entries"),
        (write_proof(World().entries()[6], World().checkpoint()), "receipt: found 0 receipts"),
        (write_proof(TWICE, World().checkpoint()), "receipt: found 2 receipts"),
        (write_proof(b"hello", World().checkpoint()), "receipt: statement"),
        (write_proof(World(receipts_key=signing_key(8)).transparent(), World().checkpoint()),
         "receipt: receipt: found the key"),
        (World(signing_key(2)).proof(),
         f"statement: signature of {ISSUER} at index 6: found a key that the trust file does not"),
        (write_proof(World().transparent(), World().checkpoint(),
                     [opening_of(SEED, "quantity", b"65")]),
         "opening quantity: opening 'quantity': found a value or a salt"),
        (write_proof(World().transparent(), World().checkpoint(),
                     [opening_of(SEED, "price", b"1")]),
         "opening price: opening 'price': found no commitment of that name"),
    ],
    ids=range(26),
)  # fmt: skip
def test_the_first_part_that_fails_is_told(proof: bytes, why: str) -> None:
    assert verified(proof).startswith(why)
    assert not page_holds(proof, TRUST)


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [
        (0, "7", ""),
        (6, "7", ""),
        (6, "", ""),
        (7, "", "found a key that counts from index 7 on"),
        (0, "6", "found a key that counts no longer from index 6 on"),
    ],
)
def test_a_key_counts_at_its_place_in_the_log(since: int, until: str, why: str) -> None:
    trust = World().trust(since, until)
    assert why in verified(PROOF, trust)
    assert (verified(PROOF, trust) == "") is (why == "") is page_holds(PROOF, trust)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace(f"issuer {ISSUER}", f"issuer {OTHER}"),
         f"statement: signature of {ISSUER} at index 6: found the key of {OTHER}"),
        (lambda text: text.replace("receipts pA", "# pA").replace("receipts ow", "# ow"),
         "receipt: receipt: found the key"),
        (lambda text: text.replace("quorum both", "group more 1 both\nquorum more"), ""),
        (lambda text: text.replace("group both all", "group both 1"), ""),
        (lambda text: text.replace("quorum both", "quorum none"), ""),
        (lambda text: text.replace(
            "group both all north south",
            f"witness west {verifier_key(WEST.verifier)}\ngroup both 2 north south west"), ""),
        (lambda text: text.replace(
            "quorum both", f"witness west {verifier_key(WEST.verifier)}\nquorum west"),
         "checkpoint: The checkpoint of"),
    ],
)  # fmt: skip
def test_other_people_trust_others(change: Callable[[str], str], why: str) -> None:
    trust = change(TRUST)
    assert trust != TRUST
    assert verified(PROOF, trust).startswith(why)
    assert (verified(PROOF, trust) == "") is (why == "") is page_holds(PROOF, trust)


# ------------------------------------------------------------ every byte


def changed(proof: bytes, at: int, by: int) -> bytes:
    return proof[:at] + bytes((proof[at] ^ by,)) + proof[at + 1 :]


def test_no_changed_byte_goes_unnoticed() -> None:
    assert verified(PROOF) == ""
    for at in range(len(PROOF)):
        for by in (1, 2, 4, 0x20, 0x80):
            assert verified(changed(PROOF, at, by)), (at, by)


@settings(max_examples=CASES)
@given(st.data())
def test_damaged_proofs_fail_and_say_where(data: st.DataObject) -> None:
    proof = bytearray(PROOF)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(proof) - 1))
        if data.draw(st.booleans()):
            proof[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
        else:
            proof[at] = data.draw(st.integers(0, 255))
    # Signatures of keys that nobody asked for may come and go.
    if read_parts(bytes(proof)) != read_parts(PROOF):
        assert verified(bytes(proof))


def read_parts(content: bytes) -> object:
    try:
        proof = read_proof(content)
        verify_proof(proof, read_trust(TRUST))
    except FailedProof:
        return None
    return proof.transparent, proof.openings


# ------------------------------------------------------------ the page in docs/


def run_page(folder: Path, proof: bytes, trust: str) -> subprocess.CompletedProcess[str]:
    """Run the page as a stranger would: alone in a folder, without our package."""
    shutil.copy(PAGE, folder / "verify_proof.py")
    (folder / "proof.txt").write_bytes(proof)
    (folder / "trust.txt").write_text(trust, "utf-8")
    return subprocess.run(
        [sys.executable, "-I", "verify_proof.py", "proof.txt", "trust.txt"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


_VERIFY: dict[str, Callable[..., Iterator[str]]] = {}


def page_holds(proof: bytes, trust: str) -> bool:
    """Return what the page says, without a process for each question."""
    if not _VERIFY:
        names: dict[str, object] = {"__name__": "page"}
        exec(compile(PAGE.read_text("utf-8"), str(PAGE), "exec"), names)
        _VERIFY["verify"] = names["verify"]  # type: ignore[assignment]
    try:
        *_, told = _VERIFY["verify"](proof.decode(), trust)
    except Exception:
        return False
    return told.count("\n") >= 1


def test_the_page_is_a_page_and_stands_alone() -> None:
    text = PAGE.read_text("utf-8")
    assert len(text.splitlines()) <= 120
    imported = {
        line.split()[1].split(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_page_tells_what_a_proof_proves(algorithm: Algorithm, tmp_path: Path) -> None:
    world = World(signing_key(1, algorithm), signing_key(7, algorithm))
    done = run_page(tmp_path, world.proof(), world.trust())
    assert (done.returncode, done.stderr) == (0, "")
    for said in (
        f"{ISSUER} on urn:example:order:17: decision",
        f"It is entry 6 of 13 of the log {ORIGIN}, signed by log {ORIGIN}, north, south",
        'It committed to outcome = "license_required"',
        "It committed to quantity = 64",
    ):
        assert said in done.stdout
    assert "order.destination" not in done.stdout


def test_the_page_says_which_part_fails_first(tmp_path: Path) -> None:
    for world, trust, part in (
        (World(signers=(LOG_SIGNER, NORTH)), TRUST, "checkpoint: signed by log "),
        (World(receipts_key=signing_key(8)), TRUST, "receipt: "),
        (World(signing_key(2)), TRUST, "statement: "),
        (World(), World().trust(7), "statement: "),
    ):
        done = run_page(tmp_path, world.proof(), trust)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"The proof does not hold. {part}")
    wrong = write_proof(World().transparent(), World().checkpoint(), [opening_of(SEED, "x", b"")])
    assert "opening x: another value" in run_page(tmp_path, wrong, TRUST).stderr
    assert "files: " in run_page(tmp_path, b"\xff", TRUST).stderr


def test_the_page_notices_changed_bytes(tmp_path: Path) -> None:
    """Some of them as a stranger would; the long test tries them all."""
    picked = Random(17).sample(range(len(PROOF)), 12)
    for at in picked:
        done = run_page(tmp_path, changed(PROOF, at, 1), TRUST)
        assert (done.returncode, done.stdout) == (1, ""), at
        assert done.stderr.startswith("The proof does not hold. ")


def test_the_page_notices_each_changed_byte() -> None:
    assert page_holds(PROOF, TRUST)
    for at in range(len(PROOF)):
        for by in (1, 2, 4, 0x20, 0x80):
            assert not page_holds(changed(PROOF, at, by), TRUST), (at, by)


@pytest.mark.long
def test_a_stranger_notices_each_changed_byte(tmp_path: Path) -> None:
    for at in range(len(PROOF)):
        done = run_page(tmp_path, changed(PROOF, at, 1), TRUST)
        assert (done.returncode, done.stdout) == (1, ""), at


@pytest.mark.parametrize("size", range(1, 18))
def test_the_page_knows_all_shapes_of_trees(size: int) -> None:
    for index in range(size):
        world = World(index=index, size=size)
        proof = world.proof()
        assert verified(proof) == ""
        assert page_holds(proof, TRUST)


# ------------------------------------------------------------ trust files


def test_a_trust_file_from_the_log_itself() -> None:
    registrar = "https://registrar.example"
    root, spare, old, new = (signing_key(number) for number in (31, 32, 1, 34))

    history = KeyHistory()
    for index, (key, issuer, use) in enumerate(
        [(root, registrar, STATEMENT), (spare, registrar, STATEMENT),
         (RECEIPTS_KEY, registrar, LOG), (signing_key(8), registrar, LOG),
         (old, ISSUER, STATEMENT), (new, ISSUER, STATEMENT), (signing_key(35), OTHER, STATEMENT)]
    ):  # fmt: skip
        proof = possession(issuer, use, key)
        history.add(index, sign_key(registrar, root, NOW, issuer, key.public, proof, use))
    history.add(10, sign_revocation(registrar, root, NOW, old.kid, "superseded"))
    history.add(11, sign_revocation(registrar, root, NOW, signing_key(8).kid, "ended"))
    history.add(12, sign_revocation(registrar, root, NOW, signing_key(35).kid, "lost", 0))
    # A receipt does not say when it was made: only a key in wrong hands is dropped, and one
    # that never counted.
    for number, reason, suspect_from in (
        (36, "superseded", None), (37, "lost", None), (38, "compromised", None),
        (39, "compromised", 17), (40, "lost", 0),
    ):  # fmt: skip
        key, index = signing_key(number), 13 + 2 * (number - 36)
        proof = possession(registrar, LOG, key)
        said = sign_key(registrar, root, NOW, registrar, key.public, proof, LOG)
        history.add(index, said)
        ended = sign_revocation(registrar, root, NOW, key.kid, reason, suspect_from)
        history.add(index + 1, ended)
    text = trust_text(World().policy(), history)
    trust = read_trust(text)
    assert [key.thumbprint for key in trust.receipt_keys] == [
        RECEIPTS_KEY.kid, signing_key(8).kid, signing_key(36).kid, signing_key(37).kid,
    ]  # fmt: skip
    assert [(each.issuer, each.key.thumbprint, each.since, each.until)
            for each in trust.issuer_keys] == [
        (registrar, root.kid, 0, None), (registrar, spare.kid, 1, None),
        (ISSUER, old.kid, 4, 10), (ISSUER, new.kid, 5, None),
    ]  # fmt: skip
    assert verified(PROOF, text) == ""
    assert page_holds(PROOF, text)
    for_one = read_trust(trust_text(World().policy().rstrip("\n"), history, [ISSUER]))
    assert {each.issuer for each in for_one.issuer_keys} == {ISSUER}


KEY_TEXT = base64_text(KEY.public.cose_key())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("issuer", "expected issuer NAME KEY FROM"),
        (f"issuer {ISSUER} {KEY_TEXT}", "expected issuer NAME KEY FROM"),
        (f"issuer {ISSUER} {KEY_TEXT} 0 1 2", "expected issuer NAME KEY FROM"),
        (f"issuer \u00e9 {KEY_TEXT} 0", "the name in visible ASCII"),
        (f"issuer {ISSUER} {KEY_TEXT} -1", "found -1 as the indexes"),
        (f"issuer {ISSUER} {KEY_TEXT} 01", "found 01 as the indexes"),
        (f"issuer {ISSUER} {KEY_TEXT} 5 5", "found 5 5 as the indexes"),
        (f"issuer {ISSUER} {KEY_TEXT} 5 x", "found 5 x as the indexes"),
        (f"issuer {ISSUER} {KEY_TEXT[:-1]} 0", "expected a COSE_Key in base64"),
        (f"issuer {ISSUER} oA== 0", "key: found type None"),
        ("receipts", "expected receipts KEY"),
        (f"receipts {KEY_TEXT} 0", "expected receipts KEY"),
        ("receipts owEBIAYhQA==", "expected 32 bytes at the label -2"),
        (f"receipts {base64_text(bytes.fromhex('a4010103322006') + KEY.public.cose_key()[5:])}",
         "a key with more parts than it needs"),
    ],
)  # fmt: skip
def test_a_line_of_a_trust_file_that_is_wrong(line: str, why: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        read_trust(f"{World().policy()}{line}\n")
    assert why in str(refused.value)
    assert f"line {World().policy().count(chr(10)) + 1}: " in str(refused.value)


def test_a_trust_file_names_each_key_once_and_one_log() -> None:
    twice = f"issuer {ISSUER} {KEY_TEXT} 0\n"
    with pytest.raises(InvalidPolicy, match="a key stands in two lines"):
        read_trust(World().policy() + twice + twice)
    other = verifier_key(Ed25519Signer("log.example/other", ed25519(60)).verifier)
    with pytest.raises(InvalidPolicy, match="names 2 logs; expected one"):
        read_trust(f"{TRUST}log {other}\n")
    with pytest.raises(InvalidPolicy, match="names 0 logs; expected one"):
        read_trust("quorum none\n")
    with pytest.raises(InvalidPolicy, match="line 3: "):
        read_trust(f"issuer {ISSUER} {KEY_TEXT} 0\n\nwhatever\nquorum none\n")
    # One key may sign statements and receipts.
    both = read_trust(f"{World().policy()}{twice}receipts {KEY_TEXT}\n")
    assert isinstance(both, Trust) and both.origin == ORIGIN


def test_one_key_for_statements_and_receipts() -> None:
    world = World(KEY, KEY)
    assert verified(world.proof(), world.trust()) == ""
    assert page_holds(world.proof(), world.trust())
