"""Receipts: over the tree of RFC 6962, verified by us and by other code, refused when altered."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import cbor2
import pytest
from benchmarks.peers import FOLDER, PEERS
from cryptography.hazmat.primitives import serialization
from tests.ledger import rfc6962
from tests.ledger.signers import ISSUER, NOW, signing_key, statement

from chipwarden.ledger.cose import KID, read_sign1, sign1
from chipwarden.ledger.errors import InvalidProof, InvalidSignature, InvalidStatement, LedgerError
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.keys import Algorithm, SigningKey
from chipwarden.ledger.proofs import root_from_inclusion_proof
from chipwarden.ledger.receipts import (
    RECEIPTS,
    attach_receipts,
    entry_of,
    issue_receipt,
    receipts_of,
    verify_receipt,
)

ORIGIN = "log.example/chips"
LOG_KEY = signing_key(7)
STATEMENT = statement()
ENTRIES = [b"other entry %d" % number for number in range(13)]


def logged(index: int, size: int, key: SigningKey = LOG_KEY) -> tuple[bytes, bytes]:
    """Return a receipt of the statement at an index of a tree, and the root of the tree."""
    entries = ENTRIES[:size]
    entries[index] = STATEMENT.content
    root = rfc6962.mth(entries)
    return issue_receipt(index, size, rfc6962.path(index, entries), root, key, ORIGIN), root


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (1, 2), (4, 5), (6, 13), (12, 13)])
@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_receipt_proves_the_place_of_an_entry(
    index: int, size: int, algorithm: Algorithm
) -> None:
    key = signing_key(7, algorithm)
    receipt, root = logged(index, size, key)
    found = verify_receipt(receipt, STATEMENT.content, key.public)
    assert (found.index, found.size, found.root, found.issuer) == (index, size, root, ORIGIN)


def test_what_a_receipt_looks_like_to_others() -> None:
    """RFC 9942, section 5.2.1, with issuer, subject and key as RFC 9943 asks for."""
    receipt, _ = logged(6, 13)
    tagged = cbor2.loads(receipt)
    header, unsigned, payload, _ = tagged.value
    assert (tagged.tag, payload) == (18, None)
    assert cbor2.loads(header) == {
        1: -19, 4: LOG_KEY.kid, 395: 1,
        15: {1: ORIGIN, 2: "chipwarden.receipt/1", "chipwarden.tree-size": 13},
    }  # fmt: skip
    assert unsigned.keys() == {396} and unsigned[396].keys() == {-1}
    (proof,) = unsigned[396][-1]
    entries = [*ENTRIES[:6], STATEMENT.content, *ENTRIES[7:]]
    assert cbor2.loads(proof) == [13, 6, rfc6962.path(6, entries)]


def test_a_receipt_is_for_one_entry_and_of_one_key() -> None:
    receipt, _ = logged(6, 13)
    with pytest.raises(InvalidSignature, match="one that is not of the key"):
        verify_receipt(receipt, ENTRIES[6], LOG_KEY.public)
    with pytest.raises(InvalidSignature, match="named as the one that signed"):
        verify_receipt(receipt, STATEMENT.content, signing_key(8).public)


CLAIMS = {1: ORIGIN, 2: "chipwarden.receipt/1", "chipwarden.tree-size": 1}
HEADER = {1: -19, 4: LOG_KEY.kid, 15: CLAIMS, 395: 1}
PROOF = [1, 0, []]


def forged(
    header: Any = None,
    proof: Any = PROOF,
    proofs: Any = None,
    payload: bytes | None = None,
    key: SigningKey = LOG_KEY,
) -> bytes:
    """Return a receipt of a tree of one entry with other parts, signed well."""
    # In the one encoding (RFC 8949, section 4.2.1): other things are wrong with it.
    coded = cbor2.dumps({**HEADER, **(header or {})}, canonical=True)
    if proofs is None:
        proofs = {396: {-1: [cbor2.dumps(proof)]}}
    root = rfc6962.mth([STATEMENT.content])
    signature = key.sign(cbor2.dumps(["Signature1", coded, b"", root]))
    return cbor2.dumps(cbor2.CBORTag(18, [coded, proofs, payload, signature]), canonical=True)


ROOT = rfc6962.mth([STATEMENT.content])


def test_forging_itself_is_sound() -> None:
    assert verify_receipt(forged(), STATEMENT.content, LOG_KEY.public).root == ROOT


@pytest.mark.parametrize(
    ("receipt", "why"),
    [
        (forged()[1:], "receipt: found no tag"),
        (forged(header={395: 2}), "data structure 2, that of a CCF ledger"),
        (forged(header={395: 3}), "data structure 3; expected 1"),
        (forged(header={395: True}), "data structure True"),
        (forged(header={395: [1]}), "data structure [1]"),
        (forged(header={15: {**CLAIMS, 2: "other"}}), "receipt: found the claims"),
        (forged(header={15: {**CLAIMS, 1: 5}}), "receipt: found the claims"),
        (forged(header={15: {**CLAIMS, "chipwarden.tree-size": True}}), "found the claims"),
        (forged(header={15: {1: ORIGIN, 2: "chipwarden.receipt/1"}}), "receipt: found the claims"),
        (
            forged(header={15: {**CLAIMS, "chipwarden.tree-size": 2}}),
            "expected one of 2, as the log",
        ),
        (forged(header={15: []}), "receipt: found the claims []"),
        (forged(header={4: b"kid"}), "found the key 6b6964…"),
        (forged(header={4: None}), "found the key none"),
        (forged(header={1: -7}), "found the algorithm -7"),
        (forged(header={2: [70], 70: 1}), "found 70 marked as critical"),
        (forged(payload=ROOT), "a second one beside that of the message"),
        (forged(proofs={}), "its proofs (396) alone"),
        (forged(proofs={396: []}), "its proofs (396) alone"),
        (forged(proofs={396: {-1: [cbor2.dumps(PROOF)]}, 9: 1}), "its proofs (396) alone"),
        (forged(proofs={396: {-2: [b""]}}), "one inclusion proof (-1) and nothing else"),
        (forged(proofs={396: {-1: []}}), "one inclusion proof (-1) and nothing else"),
        (forged(proofs={396: {-1: [cbor2.dumps(PROOF)] * 2}}), "one inclusion proof (-1)"),
        (forged(proofs={396: {-1: [PROOF]}}), "a proof that is not in bytes"),
        (forged(proofs={396: {-1: [b"\xff"]}}), "receipt, proof, byte 0"),
        (forged(proof=[1, 0]), "expected tree size, index and path"),
        (forged(proof=[1, False, []]), "expected tree size, index and path"),
        (forged(proof=[1, 0, [bytes(31)]]), "expected hashes of 32 bytes"),
        (forged(proof=[1, 0, ["x" * 32]]), "expected hashes of 32 bytes"),
        (forged(proof=[1, 0, [bytes(32)]]), ""),
        (forged(proof=[1, 1, []]), ""),
        (forged(proof=[1, -1, []]), ""),
        (forged(proof=[2, 0, []]), "a tree of 2 entries; expected one of 1, as the log signed"),
        (forged(key=signing_key(8)), "one that is not of the key"),
    ],
)
def test_what_is_no_receipt_is_refused_for_its_reason(receipt: bytes, why: str) -> None:
    kinds = LedgerError if why else InvalidProof
    with pytest.raises(kinds) as refused:
        verify_receipt(receipt, STATEMENT.content, LOG_KEY.public)
    assert why in str(refused.value)


def test_a_receipt_has_one_encoding() -> None:
    """A map in another order, a number in more bytes: signed as well, and refused all the same."""
    header = dict(reversed(HEADER.items()))
    coded = cbor2.dumps(header)
    signature = LOG_KEY.sign(cbor2.dumps(["Signature1", coded, b"", ROOT]))
    proofs = {396: {-1: [cbor2.dumps(PROOF)]}}
    other_header = cbor2.dumps(cbor2.CBORTag(18, [coded, proofs, None, signature]))
    with pytest.raises(InvalidStatement, match="out of order"):
        verify_receipt(other_header, STATEMENT.content, LOG_KEY.public)
    good = forged()
    assert good[:2] == b"\xd2\x84"
    for changed in (
        b"\xd2\x98\x04" + good[2:],  # an array whose length takes a byte of its own
        b"\xd8\x12" + good[1:],  # the tag in two bytes
        good.replace(b"\xa1\x19\x01\x8c", b"\xb8\x01\x19\x01\x8c"),
    ):
        assert cbor2.loads(changed).value == cbor2.loads(good).value
        with pytest.raises(InvalidStatement):
            verify_receipt(changed, STATEMENT.content, LOG_KEY.public)


def test_a_signature_of_the_log_for_something_else_is_no_receipt() -> None:
    """A key that signed a root in another message did not sign a receipt by it."""
    other = sign1(ROOT, {KID: LOG_KEY.kid, 395: 1}, LOG_KEY, detached=True)
    message = cbor2.loads(other)
    message.value[1] = {396: {-1: [cbor2.dumps(PROOF)]}}
    with pytest.raises(InvalidStatement, match="receipt: found the claims None"):
        verify_receipt(cbor2.dumps(message), STATEMENT.content, LOG_KEY.public)


def test_the_place_of_an_entry_is_signed() -> None:
    """The path of entry 6 of 7 is one of entry 3 of 4 too, with the same root."""
    entries = [*ENTRIES[:6], STATEMENT.content]
    root, path = rfc6962.mth(entries), rfc6962.path(6, entries)
    assert root_from_inclusion_proof(3, 4, leaf_hash(STATEMENT.content), path) == root
    message = cbor2.loads(issue_receipt(6, 7, path, root, LOG_KEY, ORIGIN))
    message.value[1] = {396: {-1: [cbor2.dumps([4, 3, path])]}}
    with pytest.raises(InvalidStatement, match="a tree of 4 entries; expected one of 7"):
        verify_receipt(cbor2.dumps(message), STATEMENT.content, LOG_KEY.public)


def test_each_byte_of_a_receipt_counts() -> None:
    receipt, _ = logged(6, 13)
    for at in range(len(receipt)):
        changed = receipt[:at] + bytes((receipt[at] ^ 1,)) + receipt[at + 1 :]
        with pytest.raises(LedgerError):
            verify_receipt(changed, STATEMENT.content, LOG_KEY.public)


# ------------------------------------------------------------ transparent statements


def test_a_transparent_statement_is_the_entry_with_its_receipts() -> None:
    receipts = [logged(6, 13)[0], logged(0, 1)[0]]
    transparent = attach_receipts(STATEMENT.content, receipts)
    assert receipts_of(transparent) == tuple(receipts)
    assert entry_of(transparent) == STATEMENT.content
    assert attach_receipts(transparent, receipts[:1]) == attach_receipts(
        STATEMENT.content, receipts[:1]
    )
    assert receipts_of(STATEMENT.content) == ()
    header, unsigned, payload, signature = cbor2.loads(transparent).value
    assert unsigned == {RECEIPTS: receipts}
    assert [header, {}, payload, signature] == cbor2.loads(STATEMENT.content).value
    # The issuer's signature holds over both.
    read_sign1(transparent).verify(signing_key(1).public)


def with_unsigned(unsigned: Any) -> bytes:
    parts = cbor2.loads(STATEMENT.content)
    parts.value[1] = unsigned
    return cbor2.dumps(parts)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "its end after 0 bytes"),
        (STATEMENT.content[1:], "expected a COSE_Sign1, tag 18"),
        (cbor2.dumps(cbor2.CBORTag(18, [b"", {}, None, b""])), "expected a COSE_Sign1, tag 18"),
        (with_unsigned({394: []}), "expected receipts (394), 1 to 16 in bytes"),
        (with_unsigned({394: [b"r"] * 17}), "expected receipts (394), 1 to 16 in bytes"),
        (with_unsigned({394: ["r"]}), "expected receipts (394), 1 to 16 in bytes"),
        (with_unsigned({394: b"r"}), "expected receipts (394), 1 to 16 in bytes"),
        (with_unsigned({99: 1, 394: [b"r"]}), "expected receipts (394), 1 to 16 in bytes"),
        (with_unsigned({4: b"kid"}), "expected receipts (394), 1 to 16 in bytes"),
        (with_unsigned({394: [bytes(1 << 20)]}), "expected at most 1,048,576"),
        (STATEMENT.content + b"\x00", "more bytes after its end"),
    ],
    ids=range(11),
)
def test_what_is_no_transparent_statement_is_refused(content: bytes, why: str) -> None:
    for read in (entry_of, receipts_of):
        with pytest.raises(InvalidStatement) as refused:
            read(content)
        assert why in str(refused.value)


@pytest.mark.parametrize("count", [0, 17])
def test_too_few_and_too_many_receipts(count: int) -> None:
    with pytest.raises(InvalidStatement, match=f"found {count}; expected 1 to 16"):
        attach_receipts(STATEMENT.content, [b"receipt"] * count)


# ------------------------------------------------------------ other code

_PROGRAM = """
import json, sys
from scitt_cose import attach_receipts, extract_receipts, parse_signed_statement, verify_receipt
said = json.load(sys.stdin)
transparent = bytes.fromhex(said["transparent"])
(receipt,) = extract_receipts(transparent)
parsed = parse_signed_statement(transparent, public_key_pem=said["issuer_key"])
found = verify_receipt(receipt, leaf_entry_hex=said["entry"], log_public_key_pem=said["log_key"])
again = attach_receipts(bytes.fromhex(said["entry"]), [receipt])
print(json.dumps({
    "signed": parsed["signature_verified"], "issuer": parsed["issuer"],
    "subject": parsed["subject"], "claims": str(parsed["claims"]),
    "ok": found.ok, "errors": found.errors, "index": found.leaf_index, "size": found.tree_size,
    "root": found.root, "log": found.issuer, "about": found.subject,
    "same": again == transparent,
}))
"""


def pem(key: SigningKey) -> str:
    return key.public.native.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


@pytest.fixture(scope="module")
def scitt_cose() -> Iterator[Any]:
    """Run a program with scitt-cose, in the environment of its own."""
    python = FOLDER / "scitt-cose" / "bin" / "python"
    pins = FOLDER / "scitt-cose" / "installed.txt"
    if not pins.is_file() or pins.read_text("utf-8") != "\n".join(PEERS["scitt-cose"].requirements):
        pytest.skip("scitt-cose is not installed: python -m benchmarks.peers scitt-cose")

    def run(said: dict[str, str]) -> dict[str, Any]:
        done = subprocess.run(
            [str(python), "-I", "-c", _PROGRAM],
            input=json.dumps(said), capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    yield run


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_other_code_verifies_a_statement_and_a_receipt_of_ours(
    algorithm: Algorithm, scitt_cose: Any
) -> None:
    """scitt-cose 0.5.0 is written without other COSE code; it knows Ed25519 by -8 alone."""
    key, log_key = signing_key(1, algorithm), signing_key(7, algorithm)
    entry = statement(key).content
    entries = [*ENTRIES[:6], entry, *ENTRIES[7:]]
    root = rfc6962.mth(entries)
    receipt = issue_receipt(6, 13, rfc6962.path(6, entries), root, log_key, ORIGIN)
    said = {
        "transparent": attach_receipts(entry, [receipt]).hex(),
        "entry": entry.hex(),
        "issuer_key": pem(key),
        "log_key": pem(log_key),
    }
    found = scitt_cose(said)
    assert (found["signed"], found["ok"], found["errors"]) == (True, True, [])
    assert (found["issuer"], found["subject"]) == (ISSUER, "urn:example:order:17")
    assert str(NOW) in found["claims"]
    assert (found["index"], found["size"], found["root"]) == (6, 13, root.hex())
    assert (found["log"], found["about"], found["same"]) == (ORIGIN, "chipwarden.receipt/1", True)
    refused = scitt_cose({**said, "log_key": pem(signing_key(8, algorithm))})
    assert (refused["signed"], refused["ok"]) == (True, False)
    other = statement(key, subject="urn:example:order:18").content
    refused = scitt_cose({**said, "entry": other.hex()})
    assert (refused["ok"], refused["same"]) == (False, False)
