"""The head of a log in object storage: the one object that says what was committed.

    {"checkpoint": "…", "lease_until": 1795000060, "schema": "chipwarden.log-head/1",
     "serial": 17, "size": 70000, "staging": ["staging/69990-…"], "writer": "…"}

A batch is in the log once a head that names it has taken the place of the head before.
Each head has the next serial number, so no two of a log have the same bytes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from chipwarden.ledger.errors import DamagedLog
from chipwarden.ledger.storage import Batch
from chipwarden.model.canonical import canonical_bytes

HEAD: Final = "head"
STAGING: Final = "staging"
SCHEMA: Final = "chipwarden.log-head/1"

# Of the year 9999; a later one has no date.
_LAST_SECOND: Final = 253_402_300_799
_STAGED = re.compile(r"staging/(0|[1-9][0-9]*)-[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Staged:
    """A batch that a head names.

    Attributes:
        name: of the object with its bytes.
        first: index of its first entry.
        size: size of the tree with it.
    """

    name: str
    first: int
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """What was committed, and who writes.

    Attributes:
        serial: number of this head, 1 for the first; the next one has one more.
        size: number of entries that are committed.
        checkpoint: SHA-256 of the newest checkpoint in hexadecimal, "" while there is no entry.
        staging: names of the batches that are not settled, in the order of their indexes.
        writer: who wrote this head.
        lease_until: POSIX seconds until which the writer holds the log, 0 where nobody does.
    """

    serial: int = 0
    size: int = 0
    checkpoint: str = ""
    staging: tuple[str, ...] = ()
    writer: str = ""
    lease_until: int = 0

    @property
    def settled_size(self) -> int:
        """Size of the tree below the batches that are not settled."""
        return first_of(self.staging[0]) if self.staging else self.size

    def content(self) -> bytes:
        """Return the bytes of the object."""
        return canonical_bytes(
            {
                "schema": SCHEMA,
                "serial": self.serial,
                "size": self.size,
                "checkpoint": self.checkpoint,
                "staging": list(self.staging),
                "writer": self.writer,
                "lease_until": self.lease_until,
            }
        )

    def next(self, writer: str, lease_until: int) -> "Head":
        """Return the head after this one, with the same entries."""
        return replace(self, serial=self.serial + 1, writer=writer, lease_until=lease_until)

    def committed(self, batch: Batch, name: str) -> "Head":
        """Return this head with a batch that begins at its size."""
        return replace(
            self,
            size=batch.size,
            checkpoint=sha256(batch.checkpoint).hexdigest(),
            staging=(*self.staging, name),
        )

    def settled(self, size: int) -> "Head":
        """Return this head without the batches that end at `size` or below."""
        kept = tuple(staged.name for staged in self.batches() if staged.size > size)
        return replace(self, staging=kept)

    def batches(self) -> Iterator[Staged]:
        """Yield the batches that are not settled."""
        firsts = [first_of(name) for name in self.staging]
        sizes = [*firsts, self.size][1:]
        for name, first, size in zip(self.staging, firsts, sizes, strict=True):
            yield Staged(name, first, size)


def staged_name(first: int, content: bytes) -> str:
    """Return the name of a batch: its place and the digest of its bytes."""
    return f"{STAGING}/{first}-{sha256(content).hexdigest()}"


def is_staged_name(name: str) -> bool:
    """Return whether an object is a batch."""
    return _STAGED.fullmatch(name) is not None


def first_of(name: str) -> int:
    """Return the index of the first entry of a batch, from its name.

    Raises:
        ValueError: it is not the name of a batch.
    """
    if not is_staged_name(name):
        raise ValueError(f"{name!r} is not the name of a batch")
    return int(name.removeprefix(f"{STAGING}/").partition("-")[0])


def read_head(content: bytes) -> Head:
    """Return the head of these bytes.

    Raises:
        DamagedLog: they are not as a head was written.
    """
    try:
        found = json.loads(content)
        head = Head(
            found["serial"], found["size"], found["checkpoint"], tuple(found["staging"]),
            found["writer"], found["lease_until"],
        )  # fmt: skip
        # One spelling only; this finds other fields and another schema, too.
        is_whole = (
            head.content() == content
            and {type(head.serial), type(head.size), type(head.lease_until)} == {int}
            and {type(head.checkpoint), type(head.writer)} == {str}
            and head.size >= 0
            and 0 <= head.lease_until <= _LAST_SECOND
            and all(staged.first < staged.size for staged in head.batches())
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedLog(HEAD, f"something else ({error})", f"a {SCHEMA}") from error
    if not is_whole:
        raise DamagedLog(HEAD, "another form of it", f"a {SCHEMA} as it was written")
    return head
