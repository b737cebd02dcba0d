"""Trust files: whom a verifier believes, offline.

    log example.com/log+1f5c…+AR…
    witness north witness.example.org+67f7…+BE…
    quorum north
    receipts pAECI…
    issuer https://exporter.example pAEBI… 0 41005

A C2SP tlog-policy with two kinds of line more: keys that sign the receipts of the log, and
keys of issuers with the first index of the log at which each counts and, where there is one,
the first at which it counts no longer. Such a file is for one log.

Source:
    C2SP tlog-policy; docs/reference/statements.md, "Trust file".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chipwarden.ledger.errors import InvalidPolicy, InvalidSignature, InvalidStatement
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import COMPROMISED, LOG, STATEMENT
from chipwarden.ledger.keys import PublicKey
from chipwarden.ledger.plain_text import base64_bytes, base64_text, size_number
from chipwarden.ledger.policies import Policy, read_policy

_ISSUER: Final = "issuer"
_RECEIPTS: Final = "receipts"
_BLANKS: Final = re.compile(r"[ \t]+")
_NAME: Final = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A key of an issuer.

    Attributes:
        issuer: whose it is.
        key: the key.
        since: first index of the log at which it counts.
        until: first index at which it counts no longer, None where there is none.
    """

    issuer: str
    key: PublicKey
    since: int
    until: int | None = None

    def line(self) -> str:
        """Return its line of a trust file."""
        until = "" if self.until is None else f" {self.until}"
        key = base64_text(self.key.cose_key())
        return f"{_ISSUER} {self.issuer} {key} {self.since}{until}\n"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a verifier believes.

    Attributes:
        policy: the log and its witnesses.
        receipt_keys: keys that sign receipts of the log.
        issuer_keys: keys of issuers.
    """

    policy: Policy
    receipt_keys: tuple[PublicKey, ...]
    issuer_keys: tuple[IssuerKey, ...]

    @property
    def origin(self) -> str:
        """Name of the log."""
        return self.policy.logs[0].name

    def receipt_key(self, kid: bytes) -> PublicKey:
        """Return the key that signs receipts under an identifier.

        Raises:
            InvalidSignature: there is none.
        """
        for key in self.receipt_keys:
            if key.thumbprint == kid:
                return key
        raise InvalidSignature(
            f"receipt: found the key {kid.hex()[:16]}… named as the one that signed; expected one "
            f"of the {len(self.receipt_keys)} that the trust file names for receipts"
        )

    def key_for(self, issuer: str, kid: bytes, index: int) -> PublicKey:
        """Return the key that an issuer's signature at an index is checked with.

        Raises:
            InvalidSignature: the trust file does not name it, names it for somebody else, or
                not at this index.
        """
        for each in self.issuer_keys:
            if each.key.thumbprint != kid:
                continue
            if each.issuer != issuer:
                found = f"the key of {each.issuer}"
            elif index < each.since:
                found = f"a key that counts from index {each.since} on"
            elif each.until is not None and index >= each.until:
                found = f"a key that counts no longer from index {each.until} on"
            else:
                return each.key
            break
        else:
            found = "a key that the trust file does not name"
        raise InvalidSignature(
            f"signature of {issuer} at index {index}: found {found}, {kid.hex()[:16]}…; expected "
            "a key that the trust file names for this issuer and index"
        )


def read_trust(text: str) -> Trust:
    """Read a trust file.

    Args:
        text: lines that each end with a newline.

    Raises:
        InvalidPolicy: it is malformed; all that is wrong in its own lines is named.
    """
    policy_lines, problems = [], []
    issuers: list[IssuerKey] = []
    receipts: list[PublicKey] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = _BLANKS.split(line.strip(" \t"))
        try:
            if words[0] == _ISSUER:
                issuers.append(_issuer(words))
            elif words[0] == _RECEIPTS:
                receipts.append(_receipts(words))
            else:
                policy_lines.append(line)
                continue
        except InvalidPolicy as wrong:
            problems.append(f"line {number}: {wrong}")
        # The lines of the policy keep their numbers.
        policy_lines.append("")
    for keys in ([each.key for each in issuers], receipts):
        if len({key.thumbprint for key in keys}) < len(keys):
            problems.append("a key stands in two lines; expected each once")
    if problems:
        shown = "\n".join(f"  - {problem}" for problem in problems)
        raise InvalidPolicy(f"The trust file cannot be used:\n{shown}")
    policy = read_policy("\n".join(policy_lines))
    if len({key.name for key in policy.logs}) != 1:
        raise InvalidPolicy(
            f"The trust file names {len(policy.logs)} logs; expected one, for the indexes at which "
            "keys count are those of one log. Make a file for each."
        )
    return Trust(policy, tuple(receipts), tuple(issuers))


def trust_text(policy: str, history: KeyHistory, issuers: Iterable[str] | None = None) -> str:
    """Return the trust file of a log: a policy with the keys that the log itself tells.

    Args:
        policy: text of the policy, which names the log and its witnesses.
        history: the keys, from all of the log's statements.
        issuers: whose keys to name, None for all.
    """
    lines = [policy if policy.endswith("\n") else f"{policy}\n"]
    wanted = None if issuers is None else set(issuers)
    for record in history.records:
        never = record.until is not None and record.until <= record.since
        # A receipt does not say when it was made; only a key in wrong hands is dropped.
        if record.use == LOG and not never and record.reason != COMPROMISED:
            lines.append(f"{_RECEIPTS} {base64_text(record.key.cose_key())}\n")
        if record.use == STATEMENT and not never and (wanted is None or record.issuer in wanted):
            each = IssuerKey(record.issuer, record.key, record.since, record.until)
            lines.append(each.line())
    return "".join(lines)


def _issuer(words: list[str]) -> IssuerKey:
    if len(words) not in (4, 5) or not _NAME.fullmatch(words[1]):
        raise InvalidPolicy("expected issuer NAME KEY FROM [UNTIL], the name in visible ASCII")
    since, until = size_number(words[3]), size_number(words[4]) if len(words) == 5 else None
    if since is None or (len(words) == 5 and (until is None or until <= since)):
        raise InvalidPolicy(
            f"found {' '.join(words[3:])} as the indexes; expected the first at which the key "
            "counts and, after it, the first at which it counts no longer"
        )
    return IssuerKey(words[1], _key(words[2]), since, until)


def _receipts(words: list[str]) -> PublicKey:
    if len(words) != 2:
        raise InvalidPolicy(f"expected {_RECEIPTS} KEY")
    return _key(words[1])


def _key(text: str) -> PublicKey:
    content = base64_bytes(text)
    if content is None:
        raise InvalidPolicy(f"found {text[:40]!r} as a key; expected a COSE_Key in base64")
    try:
        key = PublicKey.from_cose_key(content)
    except InvalidStatement as wrong:
        raise InvalidPolicy(str(wrong)) from None
    if key.cose_key() != content:
        raise InvalidPolicy("found a key with more parts than it needs, or written otherwise; "
                            f"expected {base64_text(key.cose_key())}")  # fmt: skip
    return key
