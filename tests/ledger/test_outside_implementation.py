"""tlog-scales, which others wrote, verifies a log of ours; and we verify one of theirs."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks import peers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.histories import NORTH, NOW, SOUTH
from tests.ledger.logs import VERIFIER, log_of

from chipwarden.ledger.fsck import fsck
from chipwarden.ledger.hashing import leaf_hash
from chipwarden.ledger.note_keys import Ed25519Signer, NoteKey, verifier_key
from chipwarden.ledger.notes import add_signatures, note_bytes, sign
from chipwarden.ledger.proofs import verify_inclusion
from chipwarden.ledger.reader import LogReader
from chipwarden.ledger.storage import CHECKPOINT

NAME = "tlog-scales"
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "peers_scripts" / "check_tlog_scales.py"
# As the script has them.
ORIGIN, SEED, SIZE = "log.example/theirs", bytes(range(32)), 67_000


def python_of_peer() -> Path:
    if not (peers.FOLDER / NAME / "installed.txt").is_file():
        pytest.skip(f"{NAME} is not installed; python -m benchmarks.peers {NAME} does it")
    return peers.python_of(NAME)


class Folder:
    """A log in a folder, for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, path: str) -> bytes | None:
        found = self.path / path
        return found.read_bytes() if found.is_file() else None


def test_tlog_scales_verifies_ours_and_we_theirs(tmp_path: Path) -> None:
    python = python_of_peer()
    log_of(tmp_path, 300, 700, 1000)
    (tmp_path / "log").rename(tmp_path / "whole")
    (tmp_path / "whole" / "public").rename(tmp_path / "log")
    ours = Folder(tmp_path / "log")
    log = LogReader(ours, [VERIFIER], VERIFIER.name)
    signed = log.checkpoint()
    assert signed is not None
    size = signed.checkpoint.size
    cosigned = add_signatures(signed.note, sign(signed.note.text, [NORTH, SOUTH], NOW).signatures)
    (ours.path / CHECKPOINT).write_bytes(note_bytes(cosigned))
    indexes = [0, 1, 254, 255, 256, 511, 512, 999, 1000, 1023, 1024, 1998, 1999]
    olds = [1, 2, 255, 256, 257, 300, 512, 1000, 1024, 1999]
    proofs = {
        "inclusion": [[index, encoded(log.inclusion_proof(index, size))] for index in indexes],
        "consistency": [[old, encoded(log.consistency_proof(old, size))] for old in olds],
    }
    (tmp_path / "proofs.json").write_text(json.dumps(proofs), encoding="utf-8")
    keys: list[NoteKey] = [VERIFIER, NORTH.verifier, SOUTH.verifier]
    (tmp_path / "keys").write_text("\n".join(map(verifier_key, keys)), encoding="utf-8")

    done = subprocess.run(
        [python, SCRIPT, tmp_path], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "signed_by": sorted(key.name for key in keys),
        "size": 2000,
        "inclusion": len(indexes),
        "consistency": len(olds),
        "refused": len(indexes) + len(olds),
    }
    verify_theirs(Folder(tmp_path / "theirs"))


def verify_theirs(storage: Folder) -> None:
    verifier = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(SEED)).verifier
    log = LogReader(storage, [verifier], ORIGIN)
    signed = log.checkpoint()
    assert signed is not None and signed.checkpoint.size == SIZE
    assert log.root(SIZE) == signed.checkpoint.root
    for index in (0, 255, 256, 65_535, 65_536, SIZE - 1):
        assert log.entry(index, SIZE) == f"entry {index}".encode()
        proof = log.inclusion_proof(index, SIZE)
        verify_inclusion(
            index, SIZE, leaf_hash(f"entry {index}".encode()), proof, signed.checkpoint.root
        )
    assert fsck(storage, [verifier], ORIGIN).findings == ()


def encoded(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]
