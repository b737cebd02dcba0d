"""Lines of a trust policy: what each may say, and what must stand above it.

    lines = PolicyLines()
    lines.read("witness north witness.example.org+67f7…+BE… https://witness.example.org")
    lines.read("quorum north")

A line refers only to names of lines above it, so that nothing can contain itself.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chipwarden.ledger.errors import InvalidPolicy
from chipwarden.ledger.note_keys import CosignatureVerifier, NoteKey, read_verifier_key

# The quorum of a policy that asks for no witness.
NONE = "none"
MOST_CHARACTERS = 1_000_000

# No control characters but tab and newline; octets above ASCII are taken as they are.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness that counts.

    Attributes:
        name: what the policy calls it.
        key: what it cosigns with.
        url: where checkpoints are submitted to it, "" where the policy does not say.
    """

    name: str
    key: CosignatureVerifier
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and other groups that count together.

    Attributes:
        name: what the policy calls it.
        threshold: how many members must have witnessed, from 1.
        members: names of witnesses and of groups above this one.
    """

    name: str
    threshold: int
    members: tuple[str, ...]


class PolicyLines:
    """What the lines up to here have said.

    Attributes:
        logs: their keys, in the order of the lines.
        log_urls: where to reach them, by origin.
        witnesses: likewise.
        groups: likewise; each stands below its members.
        quorum: name of a witness or group, or "none".
        quorums: how many lines named one; a policy has one.
    """

    def __init__(self) -> None:
        self.logs: list[NoteKey] = []
        self.log_urls: dict[str, str] = {}
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[Group] = []
        self.quorum, self.quorums = NONE, 0
        self._defined: set[str] = set()
        self._members: set[str] = set()
        self._keys: set[tuple[str, bytes]] = set()

    def read(self, line: str) -> None:
        """Take one line in, without its newline.

        Raises:
            InvalidPolicy: it is malformed, or refers to what does not stand above it.
        """
        if _UNFIT.search(line):
            raise InvalidPolicy("it holds a control character; expected text, tabs and newlines")
        keyword, *words = [word for word in re.split("[ \t]+", line) if word] or ["#"]
        if keyword.startswith("#"):
            return
        readers: dict[str, tuple[Callable[[Sequence[str]], None], range, str]] = {
            "log": (self._log, range(1, 3), "log KEY [URL]"),
            "witness": (self._witness, range(2, 4), "witness NAME KEY [URL]"),
            "group": (self._group, range(3, MOST_CHARACTERS), "group NAME all|any|COUNT NAME…"),
            "quorum": (self._quorum, range(1, 2), "quorum NAME"),
        }
        if keyword not in readers:
            raise InvalidPolicy(f"it begins with {keyword!r}; expected {', '.join(readers)} or #")
        reader, counts, form = readers[keyword]
        if len(words) not in counts:
            raise InvalidPolicy(f"it has {len(words)} words after {keyword!r}; expected {form}")
        reader(words)

    def _log(self, words: Sequence[str]) -> None:
        key = read_verifier_key(words[0])
        self._take_key("log", key)
        self.logs.append(key)
        for url in words[1:]:
            self.log_urls[key.name] = url

    def _witness(self, words: Sequence[str]) -> None:
        name, key = words[0], read_verifier_key(words[1])
        if not isinstance(key, CosignatureVerifier):
            raise InvalidPolicy(
                f"the key of {name!r} signs notes; expected the key of a witness, type 04"
            )
        self._take_key("witness", key)
        self._define(name)
        self.witnesses.append(PolicyWitness(name, key, "".join(words[2:])))

    def _group(self, words: Sequence[str]) -> None:
        name, count, *members = words
        for member in members:
            if member not in self._defined:
                raise InvalidPolicy(f"{member!r} is not defined above; expected a name that is")
            if member in self._members:
                raise InvalidPolicy(f"{member!r} is a member twice; expected it once in all groups")
            self._members.add(member)
        counts = {"any": 1, "all": len(members)}
        if count not in counts and not re.fullmatch("[1-9][0-9]{0,6}", count):
            raise InvalidPolicy(f"the threshold is {count!r}; expected all, any or a number")
        threshold = counts.get(count) or int(count)
        if threshold > len(members):
            raise InvalidPolicy(f"the threshold {threshold} exceeds the {len(members)} members")
        self._define(name)
        self.groups.append(Group(name, threshold, tuple(members)))

    def _quorum(self, words: Sequence[str]) -> None:
        self.quorum = words[0]
        self.quorums += 1
        if self.quorum != NONE and self.quorum not in self._defined:
            raise InvalidPolicy(f"{self.quorum!r} is not defined above; expected a name that is")

    def _define(self, name: str) -> None:
        if name == NONE or name in self._defined:
            raise InvalidPolicy(f"the name {name!r} is taken; expected another one")
        self._defined.add(name)

    def _take_key(self, kind: str, key: NoteKey) -> None:
        # Under two names one key would count twice.
        public = (kind, key.public_key.public_bytes_raw())
        if public in self._keys:
            raise InvalidPolicy(
                f"the key of {key.name} is there already; expected each {kind} once"
            )
        self._keys.add(public)


def printable(text: str) -> str:
    """Return a message that can be printed, whatever bytes it quotes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
