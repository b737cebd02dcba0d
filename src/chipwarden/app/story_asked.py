"""Who could notice that the log of the story was rewritten; all of them really look.

asked = Asked(log, 10, words)       # words: what each who is asked is called
asked.everybody(files)              # what they say of these files of the log
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from chipwarden.app.story_keys import LOG_SIGNER, NAMES, ORIGIN
from chipwarden.app.story_log import AskedWitness, Files, StoryLog, proof_file, trust_in
from chipwarden.ledger.errors import LedgerError
from chipwarden.ledger.fsck import fsck
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.proof_files import read_proof, verify_proof
from chipwarden.ledger.statements import read_statement, verify_statement
from chipwarden.ledger.trust import Trust
from chipwarden.ledger.witness import SIZE_TYPE
from chipwarden.reports.story_proof_facts import Saying

_HOUR: Final = 3600


class Asked:
    """Looks at files of the log as each of them would.

    Attributes:
        now: when they are asked, POSIX seconds.
        trust: whom a verifier believes.
    """

    def __init__(self, log: StoryLog, index: int, words: Mapping[str, str]) -> None:
        """Take the log as it was signed, and the decision that they are asked about."""
        self.log, self.index = log, index
        self.now = log.moment + _HOUR
        self.trust = trust_in(log.entries)
        self._words = words

    def say(self, who: str, says: str | None, name: str = "") -> Saying:
        """Return what somebody says, None for nothing wrong."""
        return Saying(self._words[who].replace("{name}", name), says)

    def everybody(self, files: Files, entries: Sequence[bytes]) -> Iterator[Saying]:
        """Yield what everybody says who is shown these files, which hold these entries."""
        alone = self.fsck("fsck", files)
        yield alone
        if alone.says is None:
            yield self.fsck("kept", files)
        yield self.say("reader", refusal(lambda: _read(files, self.index)))
        yield self.witness("witness", self.knowing(NAMES[0]), files)
        if self.index < len(entries):
            yield self.verifier("verifier", files, entries)

    def fsck(self, who: str, files: Files) -> Saying:
        """Return what fsck finds: alone, or with the checkpoint that was signed before."""
        earlier = [] if who == "fsck" else [self.log.files.checkpoint]
        report = fsck(files, [LOG_SIGNER.verifier], ORIGIN, earlier)
        return self.say(who, "; ".join(map(str, report.findings)) or None)

    def auditor(self, files: Files) -> Saying:
        """Return what is said of the statements, each judged by the keys of its place."""
        return self.say("auditor", refusal(lambda: _audit(files)))

    def verifier(
        self,
        who: str,
        files: Files,
        entries: Sequence[bytes],
        index: int | None = None,
        trust: Trust | None = None,
    ) -> Saying:
        """Return why the proof of an entry is refused, which the log writes as best it can."""
        at = self.index if index is None else index
        return self.holder(who, proof_file(files, at, entries[at]), trust)

    def holder(self, who: str, proof: bytes, trust: Trust | None = None) -> Saying:
        """Return why a proof is refused."""
        return self.say(who, refusal(lambda: verify_proof(read_proof(proof), trust or self.trust)))

    def knowing(self, name: str) -> AskedWitness:
        """Return a witness that saw the log as it was signed."""
        return self.witness_that_saw(name, self.log.earlier, self.log.files)

    def witness_that_saw(self, name: str, *seen: Files) -> AskedWitness:
        """Return a witness that saw these files, one after the other."""
        witness = AskedWitness(name)
        for files in seen:
            witness.ask(files, self.log.moment)
        return witness

    def witness(self, who: str, witness: AskedWitness, files: Files) -> Saying:
        """Return how a witness refuses to cosign."""
        answer = witness.ask(files, self.now)
        if answer.status == 200:
            return self.say(who, None, witness.signer.name)
        # A size alone says what it is by its type.
        kind = f" ({SIZE_TYPE})" if answer.content_type == SIZE_TYPE else ""
        says = f"{answer.status}{kind}: {answer.body.decode('utf-8').strip()}"
        return self.say(who, says, witness.signer.name)


def refusal(check: Callable[[], object]) -> str | None:
    """Return why a check fails, None where it passes."""
    try:
        check()
    except LedgerError as refused:
        return str(refused)
    return None


def _read(files: Files, index: int) -> None:
    """Read an entry and its proof as anybody does who asks the log."""
    reader = files.reader()
    signed = reader.checkpoint()
    assert signed is not None
    reader.entry(index, signed.checkpoint.size)
    reader.checked_inclusion_proof(index, signed)


def _audit(files: Files) -> None:
    history, size = KeyHistory(), files.checkpoint.size
    for index, entry in files.reader().entries(0, size, size):
        statement = read_statement(entry)
        history.add(index, statement)
        verify_statement(statement, history.key_for(statement.issuer, statement.kid, index))
