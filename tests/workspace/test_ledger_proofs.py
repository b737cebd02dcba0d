"""Proofs from a workspace: they hold for whoever has the trust file, or say which part fails."""

import base64
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from tests.cli.shell import flat, run
from tests.workspace.ledgers import (
    CHINESE,
    ISSUER,
    ORIGIN,
    OTHER,
    Full,
    body_of,
    copied,
    findings,
    ledger_run,
    recorded,
    signed,
    small,
)

from chipwarden.app import ledger_keys
from chipwarden.app.ledger import open_ledger
from chipwarden.app.proofs import prove, trust, verify
from chipwarden.ledger.proof_files import FailedProof
from chipwarden.ledger.statements import sign_statement

DOCS = Path(__file__).resolve().parents[2] / "docs"
# The page-long verifier, which shares no code with ours.
ALONE: Callable[[str, str], Any] = runpy.run_path(str(DOCS / "verify_proof.py"))["verify"]


def by_itself(proof: bytes, trust_file: str) -> str:
    """Return the first part that the stand-alone verifier finds to fail, "" where all hold."""
    reached = ["file"]
    try:
        for part in ALONE(proof.decode(), trust_file):
            reached.append(part)
    except Exception:  # it may fail in any way, but it must fail
        return reached[-1]
    return ""


def failing(proof: bytes, trust_file: str) -> str:
    """Return the first part of a proof that fails, "" where it holds; both verifiers agree."""
    try:
        verify(proof, trust_file)
    except FailedProof as error:
        assert by_itself(proof, trust_file) != ""
        return error.part
    assert by_itself(proof, trust_file) == ""
    return ""


def made_proof(workspace: Path, index: int, *names: str) -> tuple[bytes, str]:
    """Return the proof of an entry, and the trust file."""
    with open_ledger(workspace) as ledger:
        return prove(ledger, index, names), trust(ledger)


# ---------------------------------------------------------------- what holds


def test_every_kind_of_entry_is_proved(full: Full, tmp_path: Path) -> None:
    ledger_run(full.workspace, "trust", "-o", str(tmp_path / "trust.txt"))
    believed = (tmp_path / "trust.txt").read_text("utf-8")
    for index in range(13):
        path = tmp_path / f"{index}.proof"
        told = ledger_run(full.workspace, "prove", str(index), "-o", str(path))
        assert (told.exit_code, told.stdout) == (0, f"{path}\n"), told.output
        # Offline: the workspace is not named.
        checked = run("ledger", "verify", str(path), "--trust", str(tmp_path / "trust.txt"))
        assert (checked.exit_code, checked.stdout.split(":")[0]) == (0, "HOLDS"), checked.output
        assert f"entry {index} of {ORIGIN}" in checked.stdout
        assert failing(path.read_bytes(), believed) == ""
        with open_ledger(full.workspace) as ledger:
            found = verify(path.read_bytes(), believed)
            assert found.statement.content == ledger.entry(index)
            assert found.index == index
            assert found.statement.issuer == (
                OTHER if index == full.entries["other's statement"] else ISSUER
            )


def test_the_stand_alone_verifier_needs_the_two_files_alone(full: Full, tmp_path: Path) -> None:
    proof, believed = made_proof(full.workspace, full.entries["decision"], "disposition")
    (tmp_path / "x.proof").write_bytes(proof)
    (tmp_path / "trust.txt").write_text(believed, "utf-8")
    for name, code in (("trust.txt", 0), ("other.txt", 1)):
        other = believed.replace(f" {ISSUER} ", " https://somebody.example ")
        (tmp_path / "other.txt").write_text(other, "utf-8")
        done = subprocess.run(
            [sys.executable, "-I", str(DOCS / "verify_proof.py"), "x.proof", name],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr


def test_opened_fields_are_shown_and_no_others(full: Full, tmp_path: Path) -> None:
    index = full.entries["decision"]
    names = ("disposition", "order.destination", "order.parties", "items")
    path = tmp_path / "x.proof"
    opened = [part for name in names for part in ("--open", name)]
    assert ledger_run(full.workspace, "prove", str(index), *opened, "-o", str(path)).exit_code == 0
    with open_ledger(full.workspace) as ledger:
        record = json.loads(body_of(ledger, index) or b"")
    expected = {
        "disposition": record["disposition"],
        "order.destination": "CN",
        "order.parties": CHINESE["parties"],
        "items": record["items"],
    }
    told = ledger_run(full.workspace, "verify", str(path), "--json")
    assert json.loads(told.stdout)["opened"] == expected
    shown = ledger_run(full.workspace, "verify", str(path)).stdout
    assert "order.destination  CN" in shown or "order.destination CN" in flat(shown)
    # Neither as text nor in base64 is anything else of the order in the file.
    lines = path.read_bytes().split(b"\n")
    whole = b"".join(
        base64.b64decode(line.split(b" ")[1]) for line in lines if line[:5] in (b"state", b"open ")
    )
    assert "示例云计算有限公司".encode() in whole
    assert CHINESE["id"].encode() not in whole
    assert record["digests"]["order"].encode() not in whole


def test_a_field_that_is_named_twice_is_shown_once(full: Full) -> None:
    proof, believed = made_proof(full.workspace, full.entries["decision"], "outcome", "outcome")
    assert failing(proof, believed) == ""
    assert proof.count(b"\nopen ") == 1


def test_the_trust_file_names_every_key_with_its_entries(full: Full) -> None:
    """Rotated keys count up to the entry that ended them; receipts of any time are believed."""
    _, believed = made_proof(full.workspace, 0)
    lines = [line.split() for line in believed.splitlines() if line and line[0] != "#"]
    issuers = [(words[1], *words[3:]) for words in lines if words[0] == "issuer"]
    rotated = full.entries["rotated"]
    assert issuers == [
        (ISSUER, "0", str(rotated + 1)),
        (OTHER, str(full.entries["other's key"])),
        (ISSUER, str(rotated)),
    ]
    assert [words[0] for words in lines].count("receipts") == 2
    assert [words[0] for words in lines].count("log") == 1
    assert believed == run("ledger", "trust", "--workspace", str(full.workspace)).stdout


def test_the_proof_goes_into_the_working_folder(
    full: Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run("ledger", "prove", "2", "--workspace", str(full.workspace))
    assert told.stdout == "entry-2.proof\n"
    assert [path.name for path in tmp_path.iterdir()] == ["entry-2.proof"]


# ---------------------------------------------------------------- what cannot be proved


@pytest.mark.parametrize(
    ("entry", "names", "told"),
    [
        ("decision", ["outcom"], "found no field outcom; expected some of as_of, authorization,"),
        ("decision", ["outcome", "order"], "found no field order;"),
        ("decision", ["order.nothing"], "order.destination"),
        ("key", ["outcome"], "none, for it commits to nothing"),
        ("other's statement", ["units"], "none, for it commits to nothing"),
        ("erased", ["outcome"], "its body was erased"),
    ],
)
def test_what_cannot_be_opened_is_told(
    full: Full, tmp_path: Path, entry: str, names: list[str], told: str
) -> None:
    path = tmp_path / "x.proof"
    opened = [part for name in names for part in ("--open", name)]
    index = str(full.entries[entry])
    result = ledger_run(full.workspace, "prove", index, *opened, "-o", str(path))
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert not path.exists()


def test_an_entry_that_is_not_there_is_not_proved(full: Full, tmp_path: Path) -> None:
    result = ledger_run(full.workspace, "prove", "13", "-o", str(tmp_path / "x"))
    assert result.exit_code == 2
    assert "entry 13: the log has entries 0 to 12" in flat(result.stderr)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what was altered


def changed(proof: bytes, line: int, change: Callable[[bytes], bytes]) -> bytes:
    """Return a proof in which the bytes behind the base64 of a line are changed."""
    lines = proof.split(b"\n")
    word, _, text = lines[line].rpartition(b" ")
    lines[line] = word + b" " + base64.b64encode(change(base64.b64decode(text)))
    return b"\n".join(lines)


def flipped(at: int) -> Callable[[bytes], bytes]:
    """Return what changes one bit."""

    def change(content: bytes) -> bytes:
        place = at % len(content)
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return change


def other_value(content: bytes) -> bytes:
    salt, name, _ = cbor2.loads(content)
    return cbor2.dumps([salt, name, b'"prohibited"'])


def other_name(content: bytes) -> bytes:
    salt, _, value = cbor2.loads(content)
    return cbor2.dumps([salt, "disposition", value])


# Line 1 holds the statement, line 2 the opened field; the checkpoint follows an empty line.
ALTERED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "another schema": ("file", lambda proof: proof.replace(b"proof/1", b"proof/2", 1)),
    "no checkpoint": ("file", lambda proof: proof[: proof.index(b"\n\n")]),
    "a line of its own": ("file", lambda proof: proof.replace(b"\n\n", b"\nmore\n\n", 1)),
    "half a file": ("file", lambda proof: proof[:200]),
    "nothing": ("file", lambda proof: b""),
    "bytes": ("file", lambda proof: bytes(range(256))),
    "another size": ("checkpoint", lambda proof: proof.replace(b"\n13\n", b"\n14\n", 1)),
    "another log": ("checkpoint", lambda proof: proof.replace(ORIGIN.encode(), b"log.example/x")),
    "a bit of the statement's signature": ("receipt", lambda proof: changed(proof, 1, flipped(-9))),
    "a bit of the receipt": ("receipt", lambda proof: changed(proof, 1, flipped(180))),
    "another value": ("opening outcome", lambda proof: changed(proof, 2, other_value)),
    "another name": ("opening disposition", lambda proof: changed(proof, 2, other_name)),
    "another salt": ("opening outcome", lambda proof: changed(proof, 2, flipped(10))),
}


@pytest.mark.parametrize("case", ALTERED)
def test_an_altered_proof_fails_in_the_part_that_was_altered(
    full: Full, tmp_path: Path, case: str
) -> None:
    proof, believed = made_proof(full.workspace, full.entries["decision"], "outcome")
    part, alter = ALTERED[case]
    altered = alter(proof)
    assert altered != proof
    (tmp_path / "x.proof").write_bytes(altered)
    told = ledger_run(full.workspace, "verify", str(tmp_path / "x.proof"))
    assert told.exit_code == 1
    assert told.stdout.startswith(f"FAILS in its {part}\n")
    found = json.loads(
        ledger_run(full.workspace, "verify", str(tmp_path / "x.proof"), "--json").stdout
    )
    assert (found["holds"], found["part"]) == (False, part)
    assert found["why"]
    try:
        alone = by_itself(altered, believed)
    except UnicodeDecodeError:
        alone = "file"
    assert alone != ""


def without(word: str, belongs: str = "") -> Callable[[str], str]:
    """Return what takes lines out of a trust file."""
    return lambda text: "".join(
        f"{line}\n"
        for line in text.splitlines()
        if not (line.startswith(f"{word} ") and belongs in line)
    )


def later(text: str) -> str:
    """Return a trust file in which every key counts from a later entry on."""
    return text.replace(" 0 9\n", " 5 9\n")


BELIEVED: dict[str, tuple[str, Callable[[str], str]]] = {
    "no receipts": ("receipt", without("receipts")),
    "no issuer": ("statement", without("issuer")),
    "another issuer": ("statement", lambda text: text.replace(f"issuer {ISSUER} ", "issuer x ")),
    "keys of later entries": ("statement", later),
}


@pytest.mark.parametrize("case", BELIEVED)
def test_another_trust_file_fails_where_it_does_not_believe(full: Full, case: str) -> None:
    proof, believed = made_proof(full.workspace, full.entries["decision"])
    part, alter = BELIEVED[case]
    assert alter(believed) != believed
    assert failing(proof, alter(believed)) == part


def test_the_trust_file_of_another_log_fails_in_the_checkpoint(full: Full) -> None:
    proof, _ = made_proof(full.workspace, full.entries["decision"])
    _, theirs = made_proof(full.other, 0)
    assert failing(proof, theirs) == "checkpoint"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "quorum"),
        (b"\xff\xfe\x00\x01\n", "line 1"),
        (b"quorum none\nlog x", "newline"),
        (b"log nonsense\nquorum none\n", "line 1"),
        (b"quorum none\nissuer x y z\n", "line 2"),
    ],
)
def test_a_trust_file_that_cannot_be_read_is_no_answer(
    full: Full, tmp_path: Path, content: bytes, told: str
) -> None:
    """Exit code 2, not 1: nothing is said of the proof."""
    proof, _ = made_proof(full.workspace, 0)
    (tmp_path / "x.proof").write_bytes(proof)
    (tmp_path / "trust.txt").write_bytes(content)
    result = run(
        "ledger", "verify", str(tmp_path / "x.proof"), "--trust", str(tmp_path / "trust.txt")
    )
    assert result.exit_code == 2
    assert told in flat(result.stderr)
    assert result.stdout == ""


# ---------------------------------------------------------------- keys that ended


def test_old_proofs_hold_by_old_and_new_trust_files(workspace: Path) -> None:
    """Also where the key of the receipts was rotated: what it signed before stays valid."""
    index = recorded(workspace, small())
    old_proof, old_trust = made_proof(workspace, index, "outcome")
    for name in ("statements", "receipts", "statements", "receipts"):
        assert ledger_run(workspace, "keys", "rotate", name).exit_code == 0
        new_proof, new_trust = made_proof(workspace, index, "outcome")
        assert failing(old_proof, new_trust) == ""
        assert failing(new_proof, new_trust) == ""
    assert failing(old_proof, old_trust) == ""
    # The old file does not know the new key of the receipts.
    assert failing(new_proof, old_trust) == "receipt"


def test_a_compromised_receipts_key_is_believed_no_longer(workspace: Path) -> None:
    """With the log's own key it could make up entries; it is taken out of the trust file."""
    index = recorded(workspace, small())
    old_proof, _ = made_proof(workspace, index)
    with open_ledger(workspace) as ledger:
        kid = ledger.receipts_key.kid.hex()
    ledger_run(workspace, "keys", "rotate", "receipts")
    revoked = ledger_run(
        workspace, "keys", "revoke", kid, "--reason", "compromised", "--suspect-from", "0"
    )
    assert revoked.exit_code == 0, revoked.output
    new_proof, believed = made_proof(workspace, index)
    assert failing(new_proof, believed) == ""
    assert failing(old_proof, believed) == "receipt"


def test_a_suspect_key_counts_no_longer_from_where_it_is_suspect(
    full: Full, tmp_path: Path
) -> None:
    """Two statements of the other company; its key is suspect from the second on."""
    folder = copied(full.workspace, tmp_path)
    with open_ledger(full.other) as theirs:
        kid = theirs.signing_key.kid.hex()
        second = signed(theirs, "declaration", public={"units": 65}).content
    with open_ledger(folder) as ledger:
        indexes = [full.entries["other's statement"], ledger_keys.register(ledger, [second])]
    _, old_trust = made_proof(folder, 0)
    told = ledger_run(
        folder, "keys", "revoke", kid[:12], "--reason", "compromised",
        "--suspect-from", str(indexes[1]),
    )  # fmt: skip
    assert told.exit_code == 0
    for index, part in zip(indexes, ("", "statement"), strict=True):
        proof, new_trust = made_proof(folder, index)
        assert failing(proof, old_trust) == ""
        assert failing(proof, new_trust) == part
        shown = json.loads(ledger_run(folder, "show", str(index), "--json").stdout)
        assert (shown["signature"] == "counts") is (part == "")


def test_a_statement_that_a_revoked_key_signed_does_not_hold(workspace: Path) -> None:
    with open_ledger(workspace) as ledger:
        old = ledger.signing_key
        ledger_keys.rotate(ledger, "statements")
        late = sign_statement("declaration", ISSUER, "urn:example:7", ledger.now(), old)
        index = ledger.append(late.content)
    proof, believed = made_proof(workspace, index)
    assert failing(proof, believed) == "statement"
    with pytest.raises(FailedProof, match="counts no longer from index 3"):
        verify(proof, believed)
    shown = ledger_run(workspace, "show", str(index))
    assert "was revoked at index 3" in flat(shown.stdout)
    (finding,) = findings(workspace)
    assert finding.index == index
    assert "superseded" in finding.found


def test_a_statement_in_the_name_of_another_does_not_hold(full: Full, tmp_path: Path) -> None:
    """The operator logs what it signed itself under the name of the other company."""
    folder = copied(full.workspace, tmp_path)
    with open_ledger(folder) as ledger:
        forged = sign_statement("declaration", OTHER, "urn:x:1", ledger.now(), ledger.signing_key)
        index = ledger.append(forged.content)
    proof, believed = made_proof(folder, index)
    assert failing(proof, believed) == "statement"
    (finding,) = findings(folder)
    assert finding.index == index
    assert f"is the key of {ISSUER}" in finding.found
