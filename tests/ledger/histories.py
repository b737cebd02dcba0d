"""Histories of a log to show to witnesses, made by the recursive definitions of RFC 6962."""

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ledger.rfc6962 import mth, proof

from chipwarden.ledger.checkpoints import Checkpoint
from chipwarden.ledger.note_keys import CosignatureSigner, Ed25519Signer, verifier_key
from chipwarden.ledger.notes import SignedNote, sign
from chipwarden.ledger.witness import Witness
from chipwarden.ledger.witness_client import add_checkpoint_request

NOW = 1_790_000_000
ORIGIN = "log.example/one"


def private_key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


LOG = Ed25519Signer(ORIGIN, private_key(1))


def cosigner(name: str) -> CosignatureSigner:
    return CosignatureSigner(f"witness.example/{name}", private_key(100 + sum(name.encode()) % 100))


NORTH, SOUTH = cosigner("north"), cosigner("south")


def witness(signer: CosignatureSigner = NORTH, log: Ed25519Signer = LOG) -> Witness:
    return Witness(signer, {log.name: (log.verifier,)})


class History:
    """What a log holds, or says it holds."""

    def __init__(self, entries: Sequence[bytes], signer: Ed25519Signer = LOG) -> None:
        self.entries = list(entries)
        self.signer = signer

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.signer.name, size, mth(self.entries[:size]))

    def note(self, size: int) -> SignedNote:
        return sign(self.checkpoint(size).text(), [self.signer], NOW)

    def proof(self, old: int, new: int) -> list[bytes]:
        return proof(old, self.entries[:new]) if 0 < old < new else []

    def request(self, old: int, new: int, **other: Any) -> bytes:
        """Return an add-checkpoint request; `proof` and `note` can be others."""
        return add_checkpoint_request(
            old, other.get("proof", self.proof(old, new)), other.get("note", self.note(new))
        )


TRUTH = History([f"entry {number}".encode() for number in range(40)])
# The same log up to entry 5, and another one from there.
FORK = History([*TRUTH.entries[:5], *(f"lie {number}".encode() for number in range(35))])


def policy_text(names: Sequence[str], count: str = "all", urls: Sequence[str] = ()) -> str:
    """Return a policy that trusts LOG and these witnesses."""
    lines = [f"log {verifier_key(LOG.verifier)}"]
    for place, name in enumerate(names):
        url = urls[place] if urls else ""
        lines.append(f"witness {name} {verifier_key(cosigner(name).verifier)} {url}")
    lines += [f"group enough {count} {' '.join(names)}", "quorum enough", ""]
    return "\n".join(lines)
