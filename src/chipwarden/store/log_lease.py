"""One writer's hold on the head of a log in object storage.

    lease = Lease(objects, clock, lease_s=60, writer="5f0c…")
    lease.acquire()                               # LogConflict while another one holds it
    lease.advance(lease.head().committed(batch, name))
    lease.release(settled=70000)

Each swap of the head is sent on the condition that the head is still the one that this
writer saw last. A swap that was sent and not answered may have taken effect, or may do so
later; nothing is answered before that is known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from typing import Final

from chipwarden.ledger.errors import DamagedLog, LogConflict, LogUnavailable
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.store.log_head import HEAD, Head, read_head
from chipwarden.store.objects import Found, Objects, Refused

TRIES: Final = 3
# No service gives this version to an object that it holds.
_NOWHERE: Final = Found(b"", {"e_tag": f'"{"0" * 32}"', "version": "0"})


@dataclass(frozen=True, slots=True)
class _Held:
    """A head and the object that it was read from, None where there was none."""

    head: Head
    found: Found | None


class Lease:
    """Holds the head for one writer; `guard` is for more than one step on it.

    Args:
        objects: where the head is.
        clock: gives the time, POSIX seconds.
        lease_s: seconds after its last swap for which the writer keeps others away.
        writer: a name for the writer that no other one has.
    """

    def __init__(
        self, objects: Objects, clock: Callable[[], int], lease_s: int, writer: str
    ) -> None:
        self.guard = RLock()
        self._objects = objects
        self._clock = clock
        self._lease_s = lease_s
        self._writer = writer
        self._held: _Held | None = None
        self._was_lost = False
        # Heads that were sent and not answered: one of them may be there, now or later.
        self._sent: dict[bytes, Head] = {}

    @property
    def is_held(self) -> bool:
        """Whether this writer holds the log, as far as it knows."""
        return self._held is not None

    def newest(self) -> Head:
        """Return the head, also where this writer does not hold it.

        Raises:
            DamagedLog: it is not as a head was written.
            LogConflict: this writer held it, and another one has taken it over.
            LogUnavailable: it cannot be read now.
        """
        with self.guard:
            if self._held is not None or self._was_lost:
                return self.head()
        found = self._objects.get(HEAD)
        return read_head(found.content) if found else Head()

    def acquire(self) -> None:
        """Take the log over; make its first head where there is no log yet.

        Raises:
            DamagedLog: the head is not as it was written, or is missing.
            LogConflict: another writer holds it.
            LogUnavailable: it cannot be swapped now.
        """
        with self.guard:
            if self._held is not None or self._was_lost:
                raise LogConflict(f"{HEAD}: this process holds the log already. Use that writer.")
            found = self._objects.get(HEAD)
            if found is None and self._objects.get(CHECKPOINT) is not None:
                # A head of no entries would give their indexes away again.
                raise DamagedLog(HEAD, "no such object", "the head of the log published here")
            head = read_head(found.content) if found else Head()
            if head.writer != self._writer and head.lease_until > self._clock():
                until = datetime.fromtimestamp(head.lease_until, UTC)
                raise LogConflict(
                    f"{HEAD}: writer {head.writer} holds the log until {until:%Y-%m-%d %H:%M:%S} "
                    "UTC. Let it finish; if it has died, try again after that time."
                )
            self._held = _Held(head, found)
            try:
                self.advance(head)
            except BaseException:
                self._held, self._was_lost = None, False
                raise

    def release(self, settled: int) -> set[str]:
        """Give the log back, and return the batches that its last head names no more.

        Whatever comes of it, this writer holds the log no longer.

        Args:
            settled: batches that end there or below are settled.

        Raises:
            LogConflict: another writer has taken it over already.
            LogUnavailable: it is not known to be given back; it is free when the lease ends.
        """
        with self.guard:
            try:
                head = self.head()
                kept = head.settled(settled)
                self._swap(kept.next(self._writer, 0))
                return set(head.staging) - set(kept.staging)
            finally:
                self._held = None
                self._was_lost = False
                self._sent.clear()

    def head(self) -> Head:
        """Return the head as this writer left it.

        Where one that was sent may still arrive, another is sent against it: both have the
        same condition, so the service takes one of them and refuses the other for ever.

        Raises:
            LogConflict: another writer has taken the log over.
            LogUnavailable: it cannot be found out now.
        """
        if self._held is None:
            raise lost()
        if self._sent:
            self.advance(self._held.head)
        return self._held.head

    def confirm(self) -> None:
        """Make sure that the head is this writer's still.

        Raises:
            LogConflict: it is not.
            LogUnavailable: it cannot be read now.
        """
        with self.guard:
            self.head()
            if self._has_changed(self._objects.get(HEAD)):
                raise self._lose()

    def advance(self, head: Head) -> None:
        """Put a head in place of the one before, and renew the lease with it.

        Raises:
            LogConflict: another writer has taken the log over.
            LogUnavailable: it is not known to be written; `head` finds out.
        """
        self._swap(head.next(self._writer, self._clock() + self._lease_s))

    def check_conditions(self) -> None:
        """Refuse a service that ignores conditions: there two writers would both be right.

        Such a service writes the head once more, with the bytes that it has.

        Raises:
            LogUnavailable: it ignores them.
        """
        with self.guard:
            content = self.head().content()
            for last, condition in ((None, "If-None-Match"), (_NOWHERE, "If-Match")):
                try:
                    self._objects.swap(HEAD, content, last)
                except Refused:
                    continue
                raise LogUnavailable(
                    f"{HEAD}: the service wrote it against the condition {condition}. A log needs "
                    "a service that honours conditional writes; keep it elsewhere."
                )

    def _swap(self, head: Head) -> None:
        held = self._held
        if held is None:
            raise lost()
        content = head.content()
        self._sent[content] = head
        failure: LogUnavailable | None = None
        for _ in range(TRIES):
            # (1) Send it; it takes effect only on the head that was seen last.
            try:
                found = self._objects.swap(HEAD, content, held.found)
            except Refused:
                failure = None
            except LogUnavailable as error:
                failure = error
            else:
                self._adopt(found)
                return
            # (2) No plain yes. It may have taken effect all the same: read what is there.
            there = self._objects.get(HEAD)
            if there is not None and there.content in self._sent:
                self._adopt(there)
                return
            if self._has_changed(there):
                raise self._lose()
            # (3) The old one still: what was sent is lost or late, and can be sent again.
        raise failure or LogUnavailable(
            f"{HEAD}: the service refused it {TRIES} times, though nobody else had written it. "
            "What was acknowledged is kept. Check the service, and try again."
        )

    def _adopt(self, found: Found) -> None:
        self._held = _Held(self._sent[found.content], found)
        self._sent.clear()

    def _lose(self) -> LogConflict:
        self._held, self._was_lost = None, True
        return lost()

    def _has_changed(self, found: Found | None) -> bool:
        last = self._held.found if self._held else None
        return (found.content if found else None) != (last.content if last else None)


def lost() -> LogConflict:
    """Return the error of a writer that holds the log no longer."""
    return LogConflict(
        f"{HEAD}: this process does not hold the log; another writer may have taken it over. "
        "Open the log again."
    )
