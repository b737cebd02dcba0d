"""Keys: replaced, ended and taken from others; whatever stops it, the log stays one story."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import flat, run
from tests.workspace.ledgers import (
    ISSUER,
    KEYS,
    OTHER,
    copied,
    findings,
    ledger_run,
    lines,
    made,
    recorded,
    signed,
    size,
    small,
    tree,
)
from tests.workspace.test_ledger_proofs import failing, made_proof

from chipwarden.app import ledger_keys
from chipwarden.app.ledger import open_ledger
from chipwarden.app.ledger_setup import LedgerNames
from chipwarden.app.proofs import prove
from chipwarden.ledger.key_statements import STATEMENT, possession, sign_key, sign_revocation
from chipwarden.ledger.keys import Algorithm
from chipwarden.ledger.proof_files import read_proof
from chipwarden.ledger.statements import read_statement
from chipwarden.store.key_files import generate_key

ROOT = Path(__file__).resolve().parents[2]


def counting(workspace: Path) -> list[tuple[str, str]]:
    """Return issuer and use of the keys that count now."""
    listed = lines(ledger_run(workspace, "keys", "list", "--json").stdout)
    return [(key["issuer"], key["use"]) for key in listed if key["until"] is None]


# ---------------------------------------------------------------- rotating


@pytest.mark.parametrize(("name", "use"), [("statements", "statement"), ("receipts", "log")])
def test_a_rotated_key_signs_from_now_on(workspace: Path, name: str, use: str) -> None:
    before = recorded(workspace, small())
    old = next(key for key in keys(workspace) if key["use"] == use)
    told = ledger_run(workspace, "keys", "rotate", name)
    assert told.exit_code == 0
    kid = told.stdout.strip()
    assert flat(told.stderr) == (
        f"Entry {before + 1} registers it, entry {before + 2} ends the one before. Send the "
        "trust file anew."
    )
    listed = {key["kid"]: key for key in keys(workspace)}
    assert listed[kid] | {"algorithm": ""} == {
        "kid": kid, "issuer": ISSUER, "use": use, "algorithm": "", "since": before + 1,
        "until": None, "ended": "",
    }  # fmt: skip
    assert (listed[old["kid"]]["since"], listed[old["kid"]]["until"]) == (old["since"], before + 2)
    after = recorded(workspace, small())
    with open_ledger(workspace) as ledger:
        signers = [ledger.statement(index).kid.hex() for index in (before, after)]
    assert (signers[0] == signers[1]) is (name == "receipts")
    # The old private key is kept: nothing that it opened is lost with it.
    assert (workspace / "keys" / f"{name}-{old['kid'][:16]}.pem").is_file()
    assert findings(workspace) == ()


def keys(workspace: Path) -> list[dict[str, Any]]:
    return list(lines(ledger_run(workspace, "keys", "list", "--json").stdout))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("name", ["statements", "receipts"])
def test_a_killed_rotation_is_finished_by_the_next(tmp_path: Path, name: str) -> None:
    check_killed_rotations(tmp_path, name, 6)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("name", ["statements", "receipts"])
def test_a_rotation_killed_at_every_step_is_finished_by_the_next(tmp_path: Path, name: str) -> None:
    check_killed_rotations(tmp_path, name, 1)


def check_killed_rotations(folder: Path, name: str, stride: int) -> None:
    made(folder / "work")
    recorded(folder / "work", small())
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.workspace.killed_rotation", str(folder),
         name, str(stride)],
        cwd=ROOT, check=True,
    )  # fmt: skip
    copies = [path for path in folder.iterdir() if path.name.isdecimal()]
    assert len(copies) > 5
    sizes = set()
    for workspace in copies:
        sizes.add(size(workspace))
        # What is recorded before it is finished counts.
        index = recorded(workspace, small(id="PO-2"))
        proof, believed = made_proof(workspace, index)
        assert failing(proof, believed) == "", workspace.name
        assert findings(workspace) == (), workspace.name
        made_before = kids(workspace)
        assert ledger_run(workspace, "keys", "rotate", name).exit_code == 0
        proof, believed = made_proof(workspace, recorded(workspace, small(id="PO-3")))
        assert failing(proof, believed) == ""
        assert findings(workspace) == ()
        # One key of each use counts, and none was made in vain.
        assert counting(workspace) == [(ISSUER, use) for use in (
            ("statement", "log") if name == "receipts" else ("log", "statement")
        )], workspace.name  # fmt: skip
        assert f"{name}-next.pem" not in os.listdir(workspace / "keys")
        assert made_before <= {key["kid"] for key in keys(workspace)}, workspace.name
    # It was killed before its first entry, between the two, and after both.
    assert sizes == {KEYS + 1, KEYS + 2, KEYS + 3}


def kids(workspace: Path) -> set[str]:
    """Return the thumbprints of all statements and receipts keys in the folder of keys."""
    with open_ledger(workspace) as ledger:
        names = [name for name in ledger.keys.names() if name.split("-")[0] in ledger_keys.USES]
        return {ledger.keys.public_key(name).thumbprint.hex() for name in names}


# ---------------------------------------------------------------- revoking


def test_the_last_key_is_not_revoked(workspace: Path) -> None:
    """Nor any other with which the workspace signs: that one is replaced."""
    for key, name in zip(keys(workspace), ("statements", "receipts"), strict=True):
        told = ledger_run(workspace, "keys", "revoke", key["kid"], "--reason", "lost")
        assert told.exit_code == 2
        assert f"chipwarden ledger keys rotate {name}" in flat(told.stderr)
    assert size(workspace) == KEYS
    assert recorded(workspace, small()) == KEYS
    assert findings(workspace) == ()


@pytest.mark.parametrize("kid", ["", "00", "zz", "-"])
def test_a_key_that_nobody_knows_is_not_revoked(full_copy: Path, kid: str) -> None:
    told = ledger_run(full_copy, "keys", "revoke", kid, "--reason", "lost")
    assert told.exit_code == 2
    known = keys(full_copy)
    if not any(key["kid"].startswith(kid) for key in known) or not kid:
        assert all(key["kid"][:16] in told.stderr for key in known)
    assert size(full_copy) == 13


def test_a_key_is_revoked_once(full_copy: Path) -> None:
    (other,) = [key for key in keys(full_copy) if key["issuer"] == OTHER]
    told = ledger_run(full_copy, "keys", "revoke", other["kid"][:10], "--reason", "lost")
    assert (told.exit_code, flat(told.stderr)) == (
        0, "Revoked by entry 13. Send the trust file anew.",
    )  # fmt: skip
    again = ledger_run(full_copy, "keys", "revoke", other["kid"][:10], "--reason", "ended")
    assert again.exit_code == 2
    assert "counts no longer since index 13" in flat(again.stderr)
    assert size(full_copy) == 14
    assert [key["ended"] for key in keys(full_copy) if key["issuer"] == OTHER] == [
        "was revoked at index 13, lost"
    ]


def test_a_key_is_not_suspect_from_an_entry_to_come(full_copy: Path) -> None:
    (other,) = [key for key in keys(full_copy) if key["issuer"] == OTHER]
    told = ledger_run(
        full_copy, "keys", "revoke", other["kid"], "--reason", "lost", "--suspect-from", "99"
    )
    assert told.exit_code == 2
    assert "suspect from index 99, which is to come" in flat(told.stderr)
    assert size(full_copy) == 13


@pytest.fixture
def full_copy(full: Any, tmp_path: Path) -> Path:
    return copied(full.workspace, tmp_path)


# ---------------------------------------------------------------- a key in wrong hands


def test_a_spare_key_ends_a_key_that_was_in_wrong_hands(workspace: Path, tmp_path: Path) -> None:
    """Entry 3 by the owner holds; entry 4 by the thief holds no longer."""
    spare = tmp_path / "elsewhere.pem"
    assert ledger_run(workspace, "keys", "spare", "-o", str(spare)).exit_code == 0
    assert b"ENCRYPTED" in spare.read_bytes()
    mine = recorded(workspace, small())
    theft = recorded(workspace, small(id="STOLEN"))
    old = {index: made_proof(workspace, index) for index in (mine, theft)}
    refused = ledger_run(workspace, "keys", "rotate", "--suspect-from", str(theft))
    assert refused.exit_code == 2
    assert "--spare" in refused.stderr
    told = ledger_run(
        workspace, "keys", "rotate", "--suspect-from", str(theft), "--spare", str(spare)
    )
    assert told.exit_code == 0, told.output
    for index, part in ((mine, ""), (theft, "statement")):
        proof, believed = made_proof(workspace, index)
        assert failing(proof, believed) == part
        # The old file, made before, still believes both.
        assert failing(*old[index]) == ""
        assert failing(old[index][0], believed) == part
    after = recorded(workspace, small(id="PO-9"))
    assert failing(*made_proof(workspace, after)) == ""
    # What is suspect now was sound when it was logged: it is told, and is no damage.
    checked = ledger_run(workspace, "fsck")
    assert (checked.exit_code, checked.stdout[:5]) == (0, "SOUND")
    assert f"entry {theft}" in flat(checked.stdout)
    assert "compromised" in flat(checked.stdout)
    # What it signed can be erased all the same.
    assert ledger_run(workspace, "erase", str(theft), "--reason", "forged").exit_code == 0


def test_a_key_that_registered_ours_is_suspect_only_once_ours_is_replaced(
    workspace: Path, tmp_path: Path
) -> None:
    """That the old key was in wrong hands is learnt after it was rotated."""
    spare = tmp_path / "elsewhere.pem"
    ledger_run(workspace, "keys", "spare", "-o", str(spare))
    theft = recorded(workspace, small(id="STOLEN"))
    old = keys(workspace)[0]["kid"]
    assert ledger_run(workspace, "keys", "rotate").exit_code == 0
    suspect = ("keys", "revoke", old, "--reason", "compromised", "--suspect-from", str(theft))
    before = size(workspace)
    refused = ledger_run(workspace, *suspect)
    assert refused.exit_code == 2
    assert "keys rotate statements --spare FILE" in flat(refused.stderr)
    assert size(workspace) == before
    assert ledger_run(workspace, "keys", "rotate", "--spare", str(spare)).exit_code == 0
    told = ledger_run(workspace, *suspect)
    assert told.exit_code == 0, told.output
    assert failing(*made_proof(workspace, theft)) == "statement"
    assert failing(*made_proof(workspace, recorded(workspace, small()))) == ""


def test_a_spare_key_of_another_workspace_is_refused(
    workspace: Path, full: Any, tmp_path: Path
) -> None:
    spare = tmp_path / "theirs.pem"
    other = copied(full.other, tmp_path / "copy")
    assert ledger_run(other, "keys", "spare", "-o", str(spare)).exit_code == 0
    recorded(workspace, small())
    before = size(workspace)
    told = ledger_run(workspace, "keys", "rotate", "--suspect-from", "2", "--spare", str(spare))
    assert told.exit_code == 2
    assert "unknown to this log" in flat(told.stderr)
    assert size(workspace) == before
    # Nothing is stuck: the workspace goes on with its key.
    assert failing(*made_proof(workspace, recorded(workspace, small()))) == ""


# ---------------------------------------------------------------- keys of others


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Return two workspaces of two companies."""
    return made(tmp_path / "mine"), made(tmp_path / "theirs", LedgerNames("log.example/o", OTHER))


def test_a_key_of_another_company_is_asked_for_and_taken(
    two: tuple[Path, Path], tmp_path: Path
) -> None:
    mine, theirs = two
    request = tmp_path / "key-request.json"
    told = ledger_run(theirs, "keys", "request", "-o", str(request))
    assert (told.exit_code, told.stdout) == (0, f"{request}\n")
    told = ledger_run(mine, "keys", "add", str(request))
    assert flat(told.stderr) == f"Registered by entry {KEYS}. Send the trust file anew."
    again = ledger_run(mine, "keys", "add", str(request))
    assert again.exit_code == 2
    assert f"a key that index {KEYS} registered for {OTHER}" in flat(again.stderr)
    with open_ledger(theirs) as ledger:
        made_there = signed(ledger, "declaration", public={"units": 8}).content
    statement = tmp_path / "declaration.cose"
    statement.write_bytes(made_there)
    told = ledger_run(mine, "register", str(statement))
    assert "Registered as entry 3 of log.example/chips." in flat(told.stderr)
    proof, believed = made_proof(mine, 3)
    assert failing(proof, believed) == ""
    assert findings(mine) == ()
    assert [key["issuer"] for key in keys(mine)] == [ISSUER, ISSUER, OTHER]


def test_another_company_rotates_its_own_key(two: tuple[Path, Path], tmp_path: Path) -> None:
    """The statements with which it did so in its own log are good in ours."""
    mine, theirs = two
    with open_ledger(theirs) as ledger:
        ledger_keys_request = ledger_keys.request(ledger)
        made_first = signed(ledger, "declaration").content
        rotated = ledger_keys.rotate(ledger, "statements")
        entries = [ledger.entry(rotated.registered), ledger.entry(rotated.superseded)]
        second = signed(ledger, "declaration").content
    with open_ledger(mine) as ledger:
        ledger_keys.add(ledger, ledger_keys_request)
        first = ledger_keys.register(ledger, [made_first, *entries, second])
    for index in range(first, first + 4):
        assert failing(*made_proof(mine, index)) == ""
    assert findings(mine) == ()
    files = tmp_path / "late.cose"
    files.write_bytes(made_first)
    late = ledger_run(mine, "register", str(files))
    assert late.exit_code == 2
    assert "was revoked at index" in flat(late.stderr)


def altered_request(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """Return what changes the parts of a request."""

    def alter(content: bytes) -> bytes:
        parts = json.loads(content)
        change(parts)
        return json.dumps(parts).encode()

    return alter


def other_key(parts: dict[str, Any]) -> None:
    key = generate_key(Algorithm.ED25519)
    parts["key"] = base64.b64encode(key.public.cose_key()).decode()


BAD_REQUESTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "another issuer": (
        altered_request(lambda parts: parts.update(issuer="https://thief.example")), "signature",
    ),
    "another key": (altered_request(other_key), "signature"),
    "another proof": (
        altered_request(lambda parts: parts.update(proof=base64.b64encode(bytes(64)).decode())),
        "signature",
    ),
    "no proof": (altered_request(lambda parts: parts.pop("proof")), "no issuer, key or proof"),
    "a number": (altered_request(lambda parts: parts.update(key=7)), "no issuer, key or proof"),
    "no base64": (altered_request(lambda parts: parts.update(key="?")), "no base64"),
    "no key": (altered_request(lambda parts: parts.update(key="AAAA")), "key request: found"),
    "an issuer that is no name": (
        altered_request(lambda parts: parts.update(issuer="a b")), "signature",
    ),
    "another document": (lambda content: b'{"schema": "x"}', "another document"),
    "a list": (lambda content: b"[]", "another document"),
    "no JSON": (lambda content: b"\xff\xfe", "key request: found"),
    "deep nesting": (lambda content: b"[" * 100_000, "key request: found"),
    "nothing": (lambda content: b"", "key request: found"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_a_bad_request_is_refused(full: Any, tmp_path: Path, case: str) -> None:
    alter, told = BAD_REQUESTS[case]
    with open_ledger(full.other) as theirs:
        content = ledger_keys.request(theirs)
    path = tmp_path / "request.json"
    path.write_bytes(alter(content))
    before = size(full.workspace)
    result = ledger_run(full.workspace, "keys", "add", str(path))
    assert result.exit_code == 2, result.output
    assert told in flat(result.stderr)
    assert size(full.workspace) == before


def bit(at: int) -> Callable[[bytes], bytes]:
    """Return what changes one bit of a statement."""
    return lambda content: content[: at % len(content)] + bytes(
        [content[at % len(content)] ^ 1]
    ) + content[at % len(content) + 1 :]  # fmt: skip


BAD_STATEMENTS: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the signature": bit(-5),
    "a bit of the payload": bit(-90),
    "a bit of the header": bit(40),
    "a bit of its first bytes": bit(0),
    "cut off": lambda content: content[:-1],
    "a byte too many": lambda content: content + b"\x00",
    "nothing": lambda content: b"",
    "a text": lambda content: b"hello",
}


@pytest.mark.parametrize("case", BAD_STATEMENTS)
def test_an_altered_statement_is_refused_and_with_it_all_others(
    full: Any, tmp_path: Path, case: str
) -> None:
    with open_ledger(full.other) as theirs:
        good = [signed(theirs, "declaration", public={"number": n}).content for n in range(2)]
    files = []
    for number, content in enumerate([good[0], BAD_STATEMENTS[case](good[1]), good[1]]):
        path = tmp_path / f"{number}.cose"
        path.write_bytes(content)
        files.append(str(path))
    before = tree(full.workspace / "ledger")
    told = ledger_run(full.workspace, "register", *files)
    assert told.exit_code == 2
    assert tree(full.workspace / "ledger") == before


def test_what_others_may_not_say_is_refused(full: Any, tmp_path: Path) -> None:
    """In nobody's name but their own, with no key but their own, of no key but their own."""
    with open_ledger(full.workspace) as ledger, open_ledger(full.other) as theirs:
        key, new, now = theirs.signing_key, generate_key(Algorithm.ED25519), ledger.now()
        thief = "https://thief.example"
        ours = ledger.signing_key
        mine = ledger.entry(full.entries["decision"])
        transparent = read_proof(prove(theirs, 0)).transparent
        refused = {
            "an unknown issuer": signed_as(thief, new),
            "an unknown key": signed_as(OTHER, new),
            "our key in their name": signed_as(OTHER, ours),
            "their key in our name": signed_as(ISSUER, key),
            "a key for us": sign_key(
                OTHER, key, now, ISSUER, new.public, possession(ISSUER, STATEMENT, new)
            ).content,
            "a key for the log": sign_key(
                OTHER, key, now, OTHER, new.public, possession(OTHER, "log", new), "log"
            ).content,
            "the end of our key": sign_revocation(OTHER, key, now, ours.kid, "lost").content,
            "a statement with a receipt": transparent,
            "the receipts key": signed_as(ISSUER, ledger.receipts_key),
        }
    before = tree(full.workspace / "ledger")
    for case, content in refused.items():
        path = tmp_path / "x.cose"
        path.write_bytes(content)
        told = ledger_run(full.workspace, "register", str(path))
        assert told.exit_code == 2, case
        assert told.stderr.startswith("chipwarden: "), case
    assert tree(full.workspace / "ledger") == before
    assert read_statement(mine).issuer == ISSUER


def signed_as(issuer: str, key: Any) -> bytes:
    from chipwarden.ledger.statements import sign_statement

    return sign_statement("declaration", issuer, "urn:example:1", 1_790_000_000, key).content


# ---------------------------------------------------------------- other algorithms


@pytest.mark.parametrize("algorithm", ["es256", "es384"])
def test_a_workspace_signs_with_another_algorithm(tmp_path: Path, algorithm: str) -> None:
    folder = tmp_path / "work"
    assert run("init", str(folder), "--algorithm", algorithm).exit_code == 0
    name = algorithm.upper()
    assert [key["algorithm"] for key in keys(folder)] == [name, name]
    index = recorded(folder, small())
    assert failing(*made_proof(folder, index, "outcome", "order.destination")) == ""
    assert findings(folder) == ()
    old = made_proof(folder, index)[0]
    assert ledger_run(folder, "keys", "rotate").exit_code == 0
    assert ledger_run(folder, "keys", "rotate", "receipts").exit_code == 0
    assert [key["algorithm"] for key in keys(folder)] == [name, name, "ED25519", "ED25519"]
    after = recorded(folder, small())
    for each in (index, after):
        assert failing(*made_proof(folder, each)) == ""
    assert failing(old, made_proof(folder, after)[1]) == ""
    told = run("replay", str(index), "--workspace", str(folder))
    assert (told.exit_code, told.stdout[:4]) == (0, "SAME")
    assert findings(folder) == ()


def test_a_key_is_rotated_to_another_algorithm(workspace: Path) -> None:
    assert ledger_run(workspace, "keys", "rotate", "--algorithm", "es384").exit_code == 0
    index = recorded(workspace, small())
    assert failing(*made_proof(workspace, index)) == ""
    with open_ledger(workspace) as ledger:
        assert ledger.statement(index).algorithm is Algorithm.ES384
