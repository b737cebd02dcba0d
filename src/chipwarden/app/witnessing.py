"""Asks the witnesses of a policy to cosign a checkpoint, all at once.

    with GuardedClient() as client:
        found = collect_cosignatures(note, policy, reader.consistency_proof, client)
    found.is_met, found.note, [(one.name, one.why) for one in found.reports]

A witness that does not answer, or answers with nonsense, is reported and holds nobody up once
the others are enough.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Final, TypeAlias

from chipwarden.ledger.checkpoints import Checkpoint, read_checkpoint
from chipwarden.ledger.notes import NoteSignature, SignedNote, add_signatures
from chipwarden.ledger.policies import Policy
from chipwarden.ledger.policy_lines import NONE, PolicyWitness
from chipwarden.ledger.witness import SIZE_TYPE
from chipwarden.ledger.witness_client import (
    add_checkpoint_request,
    read_cosignatures,
    read_size,
)
from chipwarden.model.errors import ChipwardenError
from chipwarden.sources.client import Answer, GuardedClient

PATIENCE_S: Final = 30.0
_LONGEST_QUOTE: Final = 200

Prove: TypeAlias = Callable[[int, int], Sequence[bytes]]


class WitnessRefused(ChipwardenError):
    """A witness does not cosign."""


@dataclass(frozen=True, slots=True)
class WitnessReport:
    """What came of asking one witness.

    Attributes:
        name: as the policy names it.
        cosigned: whether its cosignature is in the note.
        why: why it is not, "" where it is.
    """

    name: str
    cosigned: bool
    why: str


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What came of asking all.

    Attributes:
        note: the checkpoint with the cosignatures that came in time.
        is_met: whether they make the policy's quorum.
        reports: one for each witness, in the order of the policy.
        sizes: by name, what each witness is now known to have cosigned; for the next time.
    """

    note: SignedNote
    is_met: bool
    reports: tuple[WitnessReport, ...]
    sizes: Mapping[str, int]


def collect_cosignatures(
    note: SignedNote,
    policy: Policy,
    prove: Prove,
    client: GuardedClient,
    sizes: Mapping[str, int] | None = None,
    everyone: bool = False,
    patience_s: float = PATIENCE_S,
) -> Witnessed:
    """Ask every witness of a policy for its cosignature; none is asked twice for one answer.

    Args:
        note: the checkpoint with the log's signature.
        policy: whose witnesses are asked; those without an address are reported.
        prove: makes the consistency proof from a smaller size to a larger one.
        client: the way out.
        sizes: what each witness cosigned last, by name, as far as it is known. A witness of
            which it is not, or no longer, says so and is asked again.
        everyone: wait for every witness, not for a quorum alone. A policy without quorum has
            all its witnesses waited for.
        patience_s: seconds after which nobody is waited for.

    Raises:
        InvalidNote: the note is not a checkpoint.
    """
    checkpoint = read_checkpoint(note.text)
    asked = _Asked(note, checkpoint, _one_at_a_time(prove), client)
    futures = {
        _in_thread(asked.ask, witness, (sizes or {}).get(witness.name, 0)): witness.name
        for witness in policy.witnesses
    }
    everyone = everyone or policy.quorum == NONE
    end = time.monotonic() + patience_s
    found: dict[str, tuple[NoteSignature, ...]] = {}
    failed: dict[str, str] = {}
    waiting = set(futures)
    while waiting and (everyone or not policy.is_met(found)):
        done, waiting = wait(waiting, max(end - time.monotonic(), 0), FIRST_COMPLETED)
        if not done:
            break
        for future in done:
            try:
                found[futures[future]] = future.result()
            except ChipwardenError as wrong:
                failed[futures[future]] = str(wrong)
    return _witnessed(asked, policy, found, failed, dict(sizes or {}))


def _witnessed(
    asked: "_Asked",
    policy: Policy,
    found: Mapping[str, tuple[NoteSignature, ...]],
    failed: Mapping[str, str],
    sizes: dict[str, int],
) -> Witnessed:
    late = "it had not answered when the others were enough"
    if not policy.is_met(found):
        late = "it did not answer in time"
    reports = tuple(
        WitnessReport(one.name, True, "")
        if one.name in found
        else WitnessReport(one.name, False, failed.get(one.name, late))
        for one in policy.witnesses
    )
    signatures = [one for witness in policy.witnesses for one in found.get(witness.name, ())]
    return Witnessed(
        add_signatures(asked.note, signatures),
        policy.is_met(found),
        reports,
        sizes | dict.fromkeys(found, asked.checkpoint.size),
    )


class _Asked:
    """One checkpoint on its way to several witnesses."""

    def __init__(
        self, note: SignedNote, checkpoint: Checkpoint, prove: Prove, client: GuardedClient
    ) -> None:
        self.note, self.checkpoint = note, checkpoint
        self._prove, self._client = prove, client

    def ask(self, witness: PolicyWitness, known: int) -> tuple[NoteSignature, ...]:
        """Return a witness's cosignatures, at least one.

        Raises:
            WitnessRefused: it does not sign, or has no address.
            LedgerError: its answer is malformed or its signature wrong, or no proof can be made.
            SourceError: it cannot be reached.
        """
        if not witness.url:
            raise WitnessRefused("the policy gives no address of this witness")
        # A witness that is ahead of us is asked as one that we do not know; it says where it is.
        answer = self._post(witness, known if known <= self.checkpoint.size else 0)
        if answer.status == 409 and _is_size(answer):
            known = read_size(answer.body)
            if known > self.checkpoint.size:
                raise WitnessRefused(
                    f"it has cosigned size {known} of {self.checkpoint.origin!r} and was shown "
                    f"size {self.checkpoint.size}. The log was rolled back, or another one runs "
                    "under its name and key"
                )
            # Once: a witness that moves on with every answer is not run after.
            answer = self._post(witness, known)
        if answer.status != 200:
            raise WitnessRefused(f"it answered {answer.status}: {_quoted(answer)}")
        return read_cosignatures(answer.body, self.note, witness.key)

    def _post(self, witness: PolicyWitness, old_size: int) -> Answer:
        size = self.checkpoint.size
        proof = self._prove(old_size, size) if 0 < old_size < size else ()
        body = add_checkpoint_request(old_size, proof, self.note)
        return self._client.post(f"{witness.url.rstrip('/')}/add-checkpoint", body)


def _is_size(answer: Answer) -> bool:
    return answer.content_type.partition(";")[0].strip().lower() == SIZE_TYPE


def _quoted(answer: Answer) -> str:
    """Return the first words of an answer, fit to be printed."""
    text = answer.body[:_LONGEST_QUOTE].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip() or "nothing"


def _one_at_a_time(prove: Prove) -> Prove:
    """Return a function for several threads of one that was made for one."""
    lock = Lock()

    def locked(old: int, new: int) -> Sequence[bytes]:
        with lock:
            return prove(old, new)

    return locked


def _in_thread(
    ask: Callable[[PolicyWitness, int], tuple[NoteSignature, ...]],
    witness: PolicyWitness,
    known: int,
) -> "Future[tuple[NoteSignature, ...]]":
    """Run in a thread that does not keep the process alive, as those of a pool do."""
    future: Future[tuple[NoteSignature, ...]] = Future()

    def run() -> None:
        try:
            future.set_result(ask(witness, known))
        except BaseException as wrong:
            future.set_exception(wrong)

    Thread(target=run, name=f"witness-{witness.name}", daemon=True).start()
    return future
