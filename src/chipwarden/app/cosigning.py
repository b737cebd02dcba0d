"""Asks the witnesses of a workspace's policy to cosign its newest checkpoint.

    found = cosign(ledger)
    found.is_met, found.reports
"""

from dataclasses import replace

from chipwarden.app.ledger import COSIGNED, Ledger
from chipwarden.app.witnessing import Witnessed, collect_cosignatures
from chipwarden.ledger.notes import note_bytes
from chipwarden.ledger.policies import Policy
from chipwarden.ledger.policy_lines import NONE
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.sources.client import GuardedClient
from chipwarden.store.whole_files import replace_whole


def cosign(ledger: Ledger) -> Witnessed:
    """Ask every witness, keep and publish the checkpoint with what they signed.

    A policy that asks for nobody is met by nobody's signature; here it is only if everybody whom
    it names has signed.

    Raises:
        NothingLogged: there is no checkpoint yet.
        LogConflict: somebody writes to the log.
        OSError: the checkpoint cannot be kept.
    """
    signed = ledger.signed()
    with GuardedClient() as client:
        found = collect_cosignatures(
            signed.note, ledger.policy, ledger.reader.consistency_proof, client, everyone=True
        )
    if not any(report.cosigned for report in found.reports):
        return _as_named(found, ledger.policy)
    content = note_bytes(found.note)
    if found.is_met:
        replace_whole(ledger.workspace / COSIGNED, [content])
    with ledger.storage.exclusive():
        # A checkpoint that grew meanwhile stays; this one is kept beside it all the same.
        if ledger.storage.read(CHECKPOINT) == note_bytes(signed.note):
            ledger.storage.publish(CHECKPOINT, content)
            ledger.storage.settle(signed.checkpoint.size)
    return _as_named(found, ledger.policy)


def _as_named(found: Witnessed, policy: Policy) -> Witnessed:
    is_met = found.is_met and (
        policy.quorum != NONE or all(report.cosigned for report in found.reports)
    )
    return replace(found, is_met=is_met)
