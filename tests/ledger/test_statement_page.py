"""The page that specifies statements: its example is what it says, to the byte."""

import re
from pathlib import Path
from typing import Any

import cbor2
import pytest
from tests.docs.pages import ROOT, blocks
from tests.ledger.signers import signing_key
from tests.ledger.test_proof_files import run_page

from chipwarden.ledger import bodies, commitments, key_statements, proof_files, receipts, statements
from chipwarden.ledger.proof_files import read_proof, verify_proof
from chipwarden.ledger.receipts import entry_of
from chipwarden.ledger.statement_headers import MEDIA_TYPE
from chipwarden.ledger.trust import read_trust

PAGE = ROOT / "docs" / "reference" / "statements.md"
BLOCKS = {block.info: block.text for block in blocks(PAGE)}
PROOF, TRUST = BLOCKS["text proof"].encode(), BLOCKS["text trust"]


def test_the_example_holds() -> None:
    found = verify_proof(read_proof(PROOF), read_trust(TRUST))
    assert (found.index, found.checkpoint.checkpoint.size) == (6, 7)
    assert found.opened == {"outcome": b'"license_required"'}


def test_the_verifier_answers_as_the_page_says(tmp_path: Path) -> None:
    done = run_page(tmp_path, PROOF, TRUST)
    assert (done.returncode, done.stdout) == (0, BLOCKS["text answer"])


def diagnostic(text: str) -> Any:
    """Return what a text in diagnostic notation says, as far as the page uses it."""
    text = re.sub(r"h'([0-9a-f]*)'", r'bytes.fromhex("\1")', text)
    text = text.replace("<<", "cbor2.dumps(").replace(">>", ", canonical=True)")
    return eval(text.replace("18([", "cbor2.CBORTag(18, ["), {"cbor2": cbor2})


def test_the_statement_is_the_one_that_is_written_out() -> None:
    entry = entry_of(read_proof(PROOF).transparent)
    assert cbor2.dumps(diagnostic(BLOCKS["text statement"])) == entry
    # The keys of the example are those of these tests, and keep no secret.
    assert cbor2.loads(cbor2.loads(entry).value[0])[4] == signing_key(1).kid


@pytest.mark.parametrize(
    "name",
    [
        statements.SCHEMA, commitments.SCHEMA, bodies.SCHEMA, proof_files.SCHEMA, MEDIA_TYPE,
        receipts.RECEIPT_SUBJECT, receipts.TREE_SIZE, key_statements.KEY, key_statements.REVOKED,
        "chipwarden.key-possession/1", "urn:chipwarden:key:",
        *key_statements.REASONS, *key_statements.USES,
    ],
)  # fmt: skip
def test_the_page_names_what_is_written(name: str) -> None:
    text = PAGE.read_text("utf-8")
    assert f"`{name}`" in text or f'"{name}"' in text or f"\n{name}\n" in text
