"""Witnesses of a workspace: real processes cosign its log, and proofs need what they signed."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.shell import flat, run
from tests.workspace.ledgers import (
    KEYS,
    ORIGIN,
    book,
    command,
    copied,
    findings,
    ledger_run,
    made,
    public,
    recorded,
    small,
)
from tests.workspace.test_ledger_proofs import failing, made_proof

from chipwarden.app.ledger import open_ledger
from chipwarden.app.proofs import prove, trust, verify
from chipwarden.ledger.checkpoints import read_checkpoint
from chipwarden.ledger.notes import parse_note

NAMES = ("north", "south")


@dataclass
class Witness:
    """A witness of its own process; it can be stopped and started again."""

    name: str
    folder: Path
    key: str
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def arguments(self, *more: str) -> list[str]:
        files = ["--state", str(self.folder / "w.state"), "--key", str(self.folder / "w.pem")]
        return ["ledger", "witness", *files, "--name", f"witness.example/{self.name}", *more]

    def start(self, log: str) -> None:
        listening = self.arguments("--log", log, "--port", str(self.port))
        self.process = subprocess.Popen(command(*listening), stderr=subprocess.DEVNULL)

    def wait(self) -> None:
        """Wait until it listens."""
        while not is_listening(self.port):
            assert self.process is not None
            assert self.process.poll() is None, "the witness ended before it listened"
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def line(self) -> str:
        return f"witness {self.name} {self.key} http://127.0.0.1:{self.port}\n"


@dataclass
class Watched:
    """A workspace whose policy names two witnesses that run."""

    workspace: Path
    witnesses: tuple[Witness, Witness]

    def policy(self, quorum: str) -> None:
        """Ask for a group of the two, "all" or "any", or for one of them."""
        path = self.workspace / "policy.txt"
        log = next(line for line in path.read_text("utf-8").splitlines() if line[:4] == "log ")
        lines = [f"{log}\n", *(one.line for one in self.witnesses)]
        if quorum in ("all", "any"):
            lines.append(f"group both {quorum} {' '.join(NAMES)}\n")
            quorum = "both"
        path.write_text("".join([*lines, f"quorum {quorum}\n"]), "utf-8")

    def cosigned(self) -> tuple[int, dict[str, str]]:
        """Ask the witnesses; return the exit code, and by name why one did not cosign."""
        result = ledger_run(self.workspace, "cosign", "--json")
        found = json.loads(result.stdout)
        assert found["is_met"] is (result.exit_code == 0)
        return result.exit_code, {one["witness"]: one["why"] for one in found["witnesses"]}


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def made_witness(folder: Path, name: str) -> Witness:
    folder.mkdir()
    one = Witness(name, folder, "", free_port())
    told = run(*one.arguments("--init"))
    assert told.exit_code == 0, told.output
    one.key = told.stdout.strip()
    assert one.key.startswith(f"witness.example/{name}+")
    return one


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    workspace = made(folder / "work")
    log = (workspace / "policy.txt").read_text("utf-8").split()[1]
    north, south = (made_witness(folder / name, name) for name in NAMES)
    with ExitStack() as held:
        for one in (north, south):
            held.callback(one.stop)
            one.start(log)
        for one in (north, south):
            one.wait()
        yield Watched(workspace, (north, south))


def test_both_cosign_and_a_proof_shows_it(watched: Watched) -> None:
    watched.policy("all")
    index = recorded(watched.workspace, small())
    with open_ledger(watched.workspace) as ledger:
        believed = trust(ledger)
    refused = ledger_run(
        watched.workspace, "prove", str(index), "-o", str(watched.workspace / "never.proof")
    )
    assert refused.exit_code == 2
    assert "is cosigned by no witness" in flat(refused.stderr)
    assert "Missing: north, south" in flat(refused.stderr)
    assert not (watched.workspace / "never.proof").exists()
    begun = int(time.time())
    shown = ledger_run(watched.workspace, "cosign")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("COSIGNED: the checkpoint of")
    proof, _ = made_proof(watched.workspace, index, "outcome")
    assert failing(proof, believed) == ""
    times = verify(proof, believed).checkpoint.cosigned_at
    assert set(times) == set(NAMES)
    assert all(begun <= at <= time.time() for at in times.values())
    # Anybody reads it from the log, too.
    published = parse_note((public(watched.workspace) / "checkpoint").read_bytes())
    assert [one.name for one in published.signatures] == [
        ORIGIN, "witness.example/north", "witness.example/south",
    ]  # fmt: skip
    assert findings(watched.workspace) == ()


def test_a_proof_takes_the_checkpoint_that_was_cosigned(watched: Watched) -> None:
    """What comes after it can be proved only once it is cosigned too."""
    watched.policy("all")
    old = recorded(watched.workspace, small())
    assert watched.cosigned() == (0, {"north": "", "south": ""})
    new = recorded(watched.workspace, small(id="PO-2"))
    newest = read_checkpoint(
        parse_note((public(watched.workspace) / "checkpoint").read_bytes()).text
    )
    proof, believed = made_proof(watched.workspace, old)
    assert failing(proof, believed) == ""
    assert verify(proof, believed).checkpoint.checkpoint.size == old + 1 < newest.size
    refused = ledger_run(
        watched.workspace, "prove", str(new), "-o", str(watched.workspace / "never.proof")
    )
    assert refused.exit_code == 2
    assert f"at size {newest.size} is cosigned by no witness" in flat(refused.stderr)
    assert watched.cosigned()[0] == 0
    proof, believed = made_proof(watched.workspace, new)
    assert failing(proof, believed) == ""
    assert verify(proof, believed).checkpoint.checkpoint.size == newest.size


def test_who_cosigned_already_is_asked_again(watched: Watched) -> None:
    watched.policy("all")
    for _ in range(2):
        assert watched.cosigned() == (0, {"north": "", "south": ""})
    assert findings(watched.workspace) == ()


def test_a_witness_that_is_away_is_told(watched: Watched) -> None:
    """Two of two are not enough then; one of two is."""
    _, south = watched.witnesses
    log = (watched.workspace / "policy.txt").read_text("utf-8").split()[1]
    south.stop()
    try:
        index = recorded(watched.workspace, small())
        watched.policy("all")
        code, why = watched.cosigned()
        assert (code, why["north"]) == (1, "")
        assert "no answer" in why["south"]
        shown = ledger_run(watched.workspace, "cosign")
        assert shown.exit_code == 1
        assert shown.stdout.startswith("NOT ENOUGH cosigned the checkpoint of")
        refused = ledger_run(
            watched.workspace, "prove", str(index), "-o", str(watched.workspace / "never.proof")
        )
        assert "is cosigned by north; expected the quorum" in flat(refused.stderr)
        assert "Missing: south." in flat(refused.stderr)
        watched.policy("any")
        assert watched.cosigned()[0] == 0
        proof, believed = made_proof(watched.workspace, index)
        assert failing(proof, believed) == ""
        strict = believed.replace("group both any", "group both all")
        assert failing(proof, strict) == "checkpoint"
    finally:
        south.start(log)
        south.wait()


def test_a_log_that_was_rolled_back_is_not_cosigned(watched: Watched, tmp_path: Path) -> None:
    """Nor one that goes on from there until it is as long: the witnesses remember."""
    watched.policy("all")
    folder = copied(watched.workspace, tmp_path)
    recorded(watched.workspace, *book(2))
    assert watched.cosigned()[0] == 0
    size = newest_size(watched.workspace)
    back = Watched(folder, watched.witnesses)
    code, why = back.cosigned()
    assert code == 1
    assert all(f"it has cosigned size {size}" in text for text in why.values())
    assert all("rolled back" in text for text in why.values())
    recorded(folder, *book(3, "other"))
    assert newest_size(folder) == size + 1
    code, why = back.cosigned()
    assert code == 1
    assert all("it answered 422" in text for text in why.values()), why
    # The true one goes on.
    assert watched.cosigned()[0] == 0


def newest_size(workspace: Path) -> int:
    with open_ledger(workspace) as ledger:
        return ledger.signed().checkpoint.size


def test_a_checkpoint_that_was_cosigned_is_remembered(watched: Watched, tmp_path: Path) -> None:
    """The log and the records are put back to an older state; the cosigned checkpoint is not."""
    watched.policy("all")
    folder = copied(watched.workspace, tmp_path)
    recorded(watched.workspace, *book(2))
    assert watched.cosigned()[0] == 0
    shutil.copy(watched.workspace / "cosigned", folder / "cosigned")
    for path in folder.glob("records.sqlite*"):
        path.unlink()
    (finding,) = findings(folder)
    assert finding.path == "checkpoint"
    assert finding.expected.startswith("at least the")
    told = ledger_run(folder, "fsck")
    assert told.exit_code == 1
    assert "DAMAGED" in told.stdout


def test_a_cosigned_checkpoint_that_was_altered_is_found(watched: Watched, tmp_path: Path) -> None:
    watched.policy("all")
    assert watched.cosigned()[0] == 0
    folder = copied(watched.workspace, tmp_path)
    kept = (folder / "cosigned").read_bytes()
    for altered in (b"", b"nonsense", kept.replace(b"\n", b"\n1", 1), kept[:-30]):
        (folder / "cosigned").write_bytes(altered)
        told = ledger_run(folder, "fsck")
        assert told.exit_code == 1, (altered, told.output)
        assert "cosigned" in told.stdout
        # The log's own checkpoint is cosigned, so that proofs go on.
        assert ledger_run(folder, "prove", "0", "-o", str(tmp_path / "x")).exit_code == 0


def test_a_policy_without_witnesses_says_so(workspace: Path) -> None:
    told = ledger_run(workspace, "cosign")
    assert told.exit_code == 0
    assert "The policy names no witness" in told.stdout
    assert not (workspace / "cosigned").exists()


def test_a_witness_knows_no_other_log(watched: Watched, workspace: Path) -> None:
    """A workspace whose key nobody told the witnesses of."""
    stranger = Watched(workspace, watched.witnesses)
    stranger.policy("all")
    code, why = stranger.cosigned()
    assert code == 1
    # 403: the name is known, the key is not (C2SP tlog-witness).
    assert all("it answered 403" in text for text in why.values()), why


@pytest.mark.parametrize(
    ("policy", "told"),
    [("quorum none", "newline"), ("", "quorum"), ("log x\nquorum none\n", "line 1")],
)
def test_a_policy_that_cannot_be_read_is_told(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, policy: str, told: str
) -> None:
    monkeypatch.chdir(workspace.parent)
    (workspace / "policy.txt").write_text(policy, "utf-8")
    for arguments in (["cosign"], ["show"], ["fsck"], ["prove", "0"], ["trust"]):
        result = ledger_run(workspace, *arguments)
        assert result.exit_code == 2
        assert told in flat(result.stderr)
    assert os.listdir() == ["work"]


def test_a_prove_from_python_refuses_likewise(watched: Watched) -> None:
    watched.policy("all")
    index = recorded(watched.workspace, small())
    from chipwarden.ledger.errors import UntrustedCheckpoint

    with open_ledger(watched.workspace) as ledger:
        with pytest.raises(UntrustedCheckpoint) as caught:
            prove(ledger, index)
        assert caught.value.missing == NAMES
    assert index >= KEYS
