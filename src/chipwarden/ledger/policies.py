"""Trust policies: which logs are believed, and how many of which witnesses must have cosigned.

    log example.com/log+1f5c…+AR…
    witness north witness.example.org+67f7…+BE… https://witness.example.org
    witness south witness.example.net+2e1a…+BG…
    group both all north south
    quorum both

`read_policy(text).check(content)` gives the TrustedCheckpoint, or says who did not sign.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from chipwarden.ledger.checkpoints import Checkpoint, read_checkpoint
from chipwarden.ledger.errors import InvalidPolicy, UntrustedCheckpoint
from chipwarden.ledger.note_keys import NoteKey
from chipwarden.ledger.notes import SignedNote, known_signatures, parse_note
from chipwarden.ledger.policy_lines import (
    MOST_CHARACTERS,
    NONE,
    Group,
    PolicyLines,
    PolicyWitness,
    printable,
)


@dataclass(frozen=True, slots=True)
class TrustedCheckpoint:
    """A checkpoint that a policy accepts.

    Attributes:
        checkpoint: what it says.
        note: with all its signatures.
        cosigned_at: for each witness of the policy that cosigned, as the policy names it, the
            latest time that it gives, POSIX seconds.
    """

    checkpoint: Checkpoint
    note: SignedNote
    cosigned_at: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """What it takes to believe a checkpoint.

    Attributes:
        logs: keys of the logs that are believed, each under the log's origin; a log may have
            several.
        log_urls: where to reach them, by origin, as far as the policy says.
        witnesses: in the order of the policy.
        groups: each after its members.
        quorum: name of a witness or group, or "none".
    """

    logs: tuple[NoteKey, ...]
    log_urls: Mapping[str, str]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def is_met(self, signed: Collection[str]) -> bool:
        """Whether the witnesses of these names are enough."""
        met = set(signed)
        # A group stands below its members, so that one pass tells all.
        for group in self.groups:
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return self.quorum == NONE or self.quorum in met

    def check(self, content: bytes) -> TrustedCheckpoint:
        """Read a signed checkpoint and return it if the policy accepts it.

        Args:
            content: the note, at most 1,000,000 bytes.

        Raises:
            InvalidNote: it is malformed.
            InvalidSignature: a signature of a key of this policy is wrong.
            UntrustedCheckpoint: no log of this policy signed it, or too few witnesses did.

        Source:
            C2SP tlog-policy.
        """
        note = parse_note(content)
        checkpoint = read_checkpoint(note.text)
        origin = checkpoint.origin
        log_keys = [key for key in self.logs if key.name == origin]
        if not known_signatures(note, log_keys):
            expected = ", ".join(sorted({key.name for key in self.logs})) or "no log at all"
            raise UntrustedCheckpoint(
                f"The checkpoint of {origin!r} is not signed by a log of the policy, which "
                f"believes {expected}."
            )
        cosigned_at = self.cosigned_at(note)
        if not self.is_met(cosigned_at):
            raise self._lacks(checkpoint, tuple(cosigned_at))
        return TrustedCheckpoint(checkpoint, note, cosigned_at)

    def cosigned_at(self, note: SignedNote) -> dict[str, int]:
        """Return which witnesses cosigned a note, by name, and the latest time of each.

        Raises:
            InvalidSignature: a cosignature of a witness of this policy is wrong.
        """
        found = {}
        for witness in self.witnesses:
            times = [
                witness.key.timestamp(signature.signature)
                for _, signature in known_signatures(note, [witness.key])
            ]
            if times:
                found[witness.name] = max(times)
        return found

    def _lacks(self, checkpoint: Checkpoint, signed: tuple[str, ...]) -> UntrustedCheckpoint:
        missing = tuple(one.name for one in self.witnesses if one.name not in signed)
        message = (
            f"The checkpoint of {checkpoint.origin!r} at size {checkpoint.size} is cosigned by "
            f"{', '.join(signed) or 'no witness'}; expected the quorum {self.quorum!r} of the "
            f"policy. Missing: {', '.join(missing)}. Ask the log for more cosignatures."
        )
        return UntrustedCheckpoint(printable(message), signed, missing)


def read_policy(text: str) -> Policy:
    """Read a policy.

    Args:
        text: lines that each end with a newline, at most 1,000,000 characters. A file that is
            not UTF-8 is decoded with `surrogateescape`: names are compared byte by byte.

    Raises:
        InvalidPolicy: it is malformed; all that is wrong is named.

    Source:
        C2SP tlog-policy.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidPolicy(f"The policy has {len(text):,} characters; expected far fewer.")
    reader, problems = PolicyLines(), []
    *lines, after = text.split("\n")
    for number, line in enumerate(lines, 1):
        try:
            reader.read(line)
        except InvalidPolicy as wrong:
            problems.append(f"line {number}: {wrong}")
    if after:
        problems.append("the last line does not end with a newline; it may be cut off")
    if reader.quorums != 1:
        problems.append(f"found {reader.quorums} quorum lines; expected one")
    if problems:
        shown = "\n".join(f"  - {problem}" for problem in problems)
        raise InvalidPolicy(printable(f"The trust policy cannot be used:\n{shown}"))
    return Policy(
        tuple(reader.logs),
        reader.log_urls,
        tuple(reader.witnesses),
        tuple(reader.groups),
        reader.quorum,
    )
