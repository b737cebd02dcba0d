"""Asks the witnesses of a workspace's policy to cosign its newest checkpoint.

    found = cosign(ledger)
    found.is_met, found.reports
"""

from chipwarden.app.ledger import COSIGNED, Ledger
from chipwarden.app.witnessing import Witnessed, collect_cosignatures
from chipwarden.ledger.notes import note_bytes
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.sources.client import GuardedClient
from chipwarden.store.whole_files import replace_whole


def cosign(ledger: Ledger) -> Witnessed:
    """Ask every witness, keep and publish the checkpoint with what they signed.

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
        return found
    content = note_bytes(found.note)
    if found.is_met:
        replace_whole(ledger.workspace / COSIGNED, [content])
    with ledger.storage.exclusive():
        # A checkpoint that grew meanwhile stays; this one is kept beside it all the same.
        if ledger.storage.read(CHECKPOINT) == note_bytes(signed.note):
            ledger.storage.publish(CHECKPOINT, content)
            ledger.storage.settle(signed.checkpoint.size)
    return found
