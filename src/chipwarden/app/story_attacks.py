"""Attacks on the log of the story, each carried out on its files, and what everybody said.

attacks(log, 10, words)      # words: the part "proof" of story.toml

The attacker is whoever runs the log: the exporter's key and the log's are in his hands, the
witnesses' keys are not. Nothing here says who notices; all are asked, and say so themselves.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from chipwarden.app.story_asked import Asked
from chipwarden.app.story_keys import (
    COSIGNERS,
    EXPORTER,
    ISSUER,
    LOG_SIGNER,
    NAMES,
    ORIGIN,
    for_show,
    note_key,
    signing_key,
)
from chipwarden.app.story_log import Files, StoryLog, published, trust_in
from chipwarden.ledger.decision_statements import decision_statement
from chipwarden.ledger.key_statements import STATEMENT, possession, sign_key, sign_revocation
from chipwarden.ledger.note_keys import Ed25519Signer
from chipwarden.ledger.notes import NoteSigner, add_signatures, note_bytes, parse_note
from chipwarden.ledger.statements import read_statement
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.ledger.trust import Trust
from chipwarden.reports.story_proof_facts import Attempt, Saying

_TILES: Final = "tile/"
_ENTRIES: Final = "tile/entries/"


def untouched(log: StoryLog, index: int, words: Mapping[str, Any]) -> Attempt:
    """Return what everybody says of the log as it is; arguments as for `attacks`."""
    asked = Asked(log, index, words["asked"])
    sayings = asked.everybody(log.files, log.entries)
    return Attempt("untouched", words["untouched"], "", tuple(sayings))


def attacks(log: StoryLog, index: int, words: Mapping[str, Any]) -> tuple[Attempt, ...]:
    """Return every attack that the words tell of, carried out.

    Args:
        log: as it is.
        index: the decision that is to be rewritten.
        words: titles and texts by key, and how each who is asked is called.
    """
    return _Attacker(log, index, words).attempts("attack")


def hands(log: StoryLog, index: int, words: Mapping[str, Any]) -> tuple[Attempt, ...]:
    """Return what holders of which keys can do together; arguments as for `attacks`."""
    return _Attacker(log, index, words).attempts("hands")


class _Attacker:
    def __init__(self, log: StoryLog, index: int, words: Mapping[str, Any]) -> None:
        self._log, self._words = log, words
        self._asked = Asked(log, index, words["asked"])
        then = read_statement(log.entries[index]).issued_at
        released = {
            **log.record(index),
            "disposition": "release",
            "outcome": "no_license_required",
        }
        seed = for_show("seed, a lie")
        self._lie = decision_statement(released, seed, ISSUER, then, EXPORTER).content
        self._entries = (*log.entries[:index], self._lie, *log.entries[index + 1 :])
        self._forged = self._publish(self._entries)

    def attempts(self, kind: str) -> tuple[Attempt, ...]:
        """Carry out all that the words list under a kind; `attack_entry` and so on do it."""
        found = []
        for told in self._words[kind]:
            tried: Callable[[], Iterator[Saying]] = getattr(self, f"{kind}_{told['key']}")
            found.append(Attempt(told["key"], told["title"], told["how"], tuple(tried())))
        return tuple(found)

    # ------------------------------------------------------------ attacks

    def attack_entry(self) -> Iterator[Saying]:
        return self._asked.everybody(self._with(_ENTRIES), self._entries)

    def attack_tile(self) -> Iterator[Saying]:
        return self._asked.everybody(self._with(_TILES), self._entries)

    def attack_root(self) -> Iterator[Saying]:
        return self._asked.everybody(self._forged, self._entries)

    def attack_cut(self) -> Iterator[Saying]:
        left = self._log.entries[: self._log.earlier.checkpoint.size]
        yield from self._asked.everybody(self._log.earlier, left)
        yield self._asked.holder("holder", self._log.proof(self._asked.index, []))

    def attack_views(self) -> Iterator[Saying]:
        asked, now = self._asked, self._asked.now
        north, south = (asked.witness_that_saw(name, self._log.earlier) for name in NAMES)
        first = north.cosign(self._publish(self._log.entries), now)
        second = south.cosign(self._forged, now)
        yield asked.witness("witness_second", north, second)
        yield asked.witness("witness_first", south, first)
        yield asked.verifier("verifier_first", first, self._log.entries)
        yield asked.verifier("verifier_second", second, self._entries)
        yield asked.fsck("fsck", second)

    def attack_key(self) -> Iterator[Saying]:
        thief = Ed25519Signer(ORIGIN, note_key("a thief"))
        return self._asked.everybody(self._publish(self._entries, [thief]), self._entries)

    def attack_replay(self) -> Iterator[Saying]:
        _, *cosignatures = parse_note(self._log.files[CHECKPOINT]).signatures
        note = add_signatures(parse_note(self._forged[CHECKPOINT]), cosignatures)
        files = Files({**self._forged, CHECKPOINT: note_bytes(note)})
        return self._asked.everybody(files, self._entries)

    def attack_revoked(self) -> Iterator[Saying]:
        """The log stays honest: it revokes the key, and then takes what the key signed."""
        new, now = signing_key("the exporter, second"), self._asked.now
        proof = possession(ISSUER, STATEMENT, new)
        registered = sign_key(ISSUER, EXPORTER, now, ISSUER, new.public, proof)
        revoked = sign_revocation(ISSUER, new, now, EXPORTER.kid, "superseded")
        entries = (*self._log.entries, registered.content, revoked.content, self._lie)
        return self._in_the_open(entries, trust_in(entries[:-1]))

    # ------------------------------------------------------------ who must work together

    def hands_log(self) -> Iterator[Saying]:
        return self._bribed()

    def hands_one(self) -> Iterator[Saying]:
        return self._bribed(NAMES[0])

    def hands_all(self) -> Iterator[Saying]:
        return self._bribed(*NAMES)

    def hands_issuer(self) -> Iterator[Saying]:
        return self._in_the_open((*self._log.entries, self._lie), self._asked.trust)

    def _bribed(self, *names: str) -> Iterator[Saying]:
        """Rewrite the log with these witnesses, who sign what they are given."""
        signers: list[NoteSigner] = [LOG_SIGNER, *(COSIGNERS[name] for name in names)]
        files = self._publish(self._entries, signers)
        yield self._asked.verifier("verifier", files, self._entries)
        yield self._asked.fsck("kept", files)

    def _in_the_open(self, entries: Sequence[bytes], trust: Trust) -> Iterator[Saying]:
        """Append to the log as it is, all witnesses looking on; ask about the last entry."""
        asked = self._asked
        shown = files = self._publish(entries)
        for name in NAMES:
            files = asked.knowing(name).cosign(files, asked.now)
        yield asked.auditor(files)
        yield asked.verifier("verifier", files, entries, len(entries) - 1, trust)
        yield asked.fsck("fsck", files)
        yield asked.witness("witness", asked.knowing(NAMES[0]), shown)

    # ------------------------------------------------------------ files

    def _publish(self, entries: Sequence[bytes], signers: Sequence[NoteSigner] = ()) -> Files:
        return published(entries, signers or [LOG_SIGNER], self._asked.now)

    def _with(self, folder: str) -> Files:
        """Return the files as they are, with those below a folder from the forged log."""
        changed = {path: content for path, content in self._forged.items()
                   if path.startswith(folder)}  # fmt: skip
        return Files({**self._log.files, **changed})
