"""What the log counts of one grant: units given, used, left and returned, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CountedUse:
    """A use as the log has it: its index, units by line, tags of its serials, and when."""

    index: int
    lines: Mapping[int, int]
    units: frozenset[bytes]
    time: int


@dataclass(frozen=True, slots=True)
class Revocation:
    """A revocation as the log has it."""

    index: int
    reason: str
    time: int


@dataclass(frozen=True, slots=True)
class BookProblem:
    """An entry of the log that should not be there, and why."""

    index: int
    said: str

    def __str__(self) -> str:
        return f"entry {self.index}: {self.said}"


@dataclass(slots=True)
class GrantCount:
    """One grant as the log knows it.

    Attributes:
        id, issuer: of the grant.
        index: of its statement in the log.
        decision_index: of the decision that it rests on.
        granted, used: units by line.
        returned: units by line that may be granted again.
        not_before, not_after: POSIX seconds.
        commitments: to what it says.
        body: digest of its body, None where none was kept.
        uses: each use by its tag.
        units: use by the tag of a serial number that went in it.
        revoked: None while it is not.
    """

    id: str
    issuer: str
    index: int
    decision_index: int
    granted: Mapping[int, int]
    not_before: int
    not_after: int
    commitments: Mapping[str, bytes]
    body: bytes | None
    used: dict[int, int] = field(default_factory=dict)
    returned: Mapping[int, int] = field(default_factory=dict)
    uses: dict[bytes, CountedUse] = field(default_factory=dict)
    units: dict[bytes, CountedUse] = field(default_factory=dict)
    revoked: Revocation | None = None

    def left(self, line: int) -> int:
        """Return how many units of a line may still go, as far as the count goes; at least 0."""
        gone = self.used.get(line, 0) + self.returned.get(line, 0)
        return max(self.granted.get(line, 0) - gone, 0)

    def all_left(self) -> dict[int, int]:
        """Return the units that are left by line, without lines of which none are."""
        return {line: left for line in self.granted if (left := self.left(line))}

    def covers(self) -> dict[int, int]:
        """Return the units by line that no other grant may cover."""
        return {line: units - self.returned.get(line, 0) for line, units in self.granted.items()}
