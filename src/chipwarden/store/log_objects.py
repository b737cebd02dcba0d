"""A log in object storage that is S3-compatible.

    prefix/
      checkpoint          what anybody may read: a bucket or a cache before it can serve it
      tile/0/000.p/5
      tile/entries/000.p/5
      head                what was committed, and who writes
      staging/0-9f86…     batches that are committed and not yet settled

A commit puts the batch under a name of its own, then swaps the head for one that names it,
on the condition that the head is still the one that this writer saw last. That condition
alone keeps two writers apart; the lease in the head only spares them the fight.

A write is durable when the service has answered. So a batch needs its copy in staging no
more once its checkpoint is published, which comes after its tiles.

Source:
    The design of Sunlight ("The Sunlight CT log", design document, 2024-03-13): staging, then a
    swap on a condition, then the tiles.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from chipwarden.ledger.batches import decode_batch, encode_batch
from chipwarden.ledger.errors import DamagedLog, LedgerError, LogConflict, LogUnavailable
from chipwarden.ledger.storage import Batch
from chipwarden.store.log_head import (
    HEAD,
    STAGING,
    Head,
    Staged,
    first_of,
    is_staged_name,
    staged_name,
)
from chipwarden.store.log_lease import Lease
from chipwarden.store.log_published import PublishedObjects
from chipwarden.store.objects import Objects, ObjectStore, Refused

LEASE_S: Final = 60
_PATIENCE_S: Final = 10
# As many as the service removes in one request.
_MOST_DROPPED: Final = 1000


class LogObjects:
    """Keeps a log in object storage.

    Args:
        store: a store of obstore with conditional writes, such as S3Store.
        prefix: folder of the log in the store, "" for all of it.
        clock: gives the time, POSIX seconds.
        lease_s: seconds after its last commit for which a writer keeps others away.
        patience_s: how long to wait for another writer to finish, asking each second.
        writer: a name for this writer that no other one has; random by default.

    Raises:
        LogUnavailable: obstore is not installed.
    """

    def __init__(
        self,
        store: ObjectStore,
        prefix: str = "",
        *,
        clock: Callable[[], int],
        lease_s: int = LEASE_S,
        patience_s: int = _PATIENCE_S,
        writer: str | None = None,
    ) -> None:
        self._objects = Objects(store, prefix)
        self._lease = Lease(self._objects, clock, lease_s, writer or secrets.token_hex(16))
        # `settle` may run beside `commit`; both swap the head.
        self._guard = self._lease.guard
        self._patience_s = patience_s
        self._public = PublishedObjects(self._objects, self._lease)
        self._dropped: set[str] = set()

    def read(self, path: str) -> bytes | None:
        """Return a published file, None where there is none."""
        return self._public.read(path)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the log; waits for another writer, but not for ever.

        The lease is renewed with every commit. Who commits nothing for so long may be
        replaced, and then each further call raises LogConflict.
        """
        self._acquire()
        self._public.begin()
        try:
            self._lease.check_conditions()
            self._sweep()
            yield
        except BaseException as error:
            try:
                self._release()
            except LedgerError as second:
                error.add_note(str(second))
            raise
        self._release()

    def _acquire(self) -> None:
        for _ in range(self._patience_s):
            try:
                self._lease.acquire()
            except LogConflict:
                time.sleep(1)
            else:
                return
        self._lease.acquire()

    def _sweep(self) -> None:
        """Remove the batches that nobody can commit any more.

        One that begins at the size of the log or above may be on its way into another
        writer's head, and stays.
        """
        with self._guard:
            head = self._lease.head()
            self._dropped |= {
                name
                for name in self._objects.keys(STAGING)
                if is_staged_name(name) and first_of(name) < head.size and name not in head.staging
            }
            self._clean()

    def _release(self) -> None:
        with self._guard:
            try:
                self._dropped |= self._lease.release(self._public.size)
            except LogConflict:
                return  # another writer holds it: there is nothing to give back
            self._clean()

    def pending(self) -> Iterator[Batch]:
        """Yield what was committed and not settled."""
        head = self._lease.newest()
        self._public.refuse_rollback(head)
        for staged in head.batches():
            batch = self._staged_batch(staged)
            if batch is None:
                continue
            if batch.size == head.size and _digest(batch.checkpoint) != head.checkpoint:
                raise DamagedLog(staged.name, "another checkpoint", "the one that the head names")
            yield batch

    def _staged_batch(self, staged: Staged) -> Batch | None:
        found = self._objects.get(staged.name)
        if found is None:
            if self._lease.is_held:
                self._lease.confirm()
            if staged.name not in self._lease.newest().staging:
                return None  # it was settled meanwhile
            raise DamagedLog(staged.name, "no such object", "the batch that the head names")
        if staged_name(staged.first, found.content) != staged.name:
            raise DamagedLog(staged.name, "other bytes", "the batch that the head names")
        batch = decode_batch(found.content, staged.name)
        if (batch.first, batch.size) != (staged.first, staged.size):
            raise DamagedLog(
                staged.name,
                f"entries {batch.first} to {batch.size - 1}",
                f"{staged.first} to {staged.size - 1}",
            )
        return batch

    def commit(self, batch: Batch) -> None:
        """Stage a batch, and swap the head for one that names it."""
        with self._guard:
            head = self._lease.head()
            if batch.first != head.size:
                raise LogConflict(
                    f"{HEAD}: found {head.size} entries; expected {batch.first}, where this batch "
                    "begins. Open the log again: its files may be older than its head."
                )
            content = encode_batch(batch)
            name = staged_name(batch.first, content)
            try:
                self._objects.swap(name, content, None)
            except Refused:
                self._compare(name, content)
            kept = head.settled(self._public.size)
            self._lease.advance(kept.committed(batch, name))
            self._drop(head, kept)

    def _compare(self, name: str, content: bytes) -> None:
        """Take a batch that is staged already: it was sent before, and not committed."""
        found = self._objects.get(name)
        if found is None:
            raise LogUnavailable(f"{name}: the service refused it and has none. Try again.")
        if found.content != content:
            raise DamagedLog(name, "other bytes", "the batch of that digest")

    def publish(self, path: str, content: bytes) -> None:
        """Write a published file; a checkpoint never over that of a later writer."""
        self._public.publish(path, content)

    def withdraw(self, folder: str) -> None:
        """Remove the published files below a folder."""
        self._public.withdraw(folder)

    def settle(self, size: int) -> None:
        """Drop the batches that end at `size` or below: what is published is durable already."""
        with self._guard:
            head = self._lease.head()
            kept = head.settled(size)
            if kept != head:
                self._lease.advance(kept)
                self._drop(head, kept)
            self._clean()

    def _drop(self, before: Head, after: Head) -> None:
        self._dropped |= set(before.staging) - set(after.staging)
        if len(self._dropped) >= _MOST_DROPPED:
            self._clean()

    def _clean(self) -> None:
        """Remove batches that no head names; what cannot be removed now is swept up later."""
        try:
            self._objects.delete(sorted(self._dropped))
        except LogUnavailable:
            return
        self._dropped.clear()


def _digest(checkpoint: bytes) -> str:
    return sha256(checkpoint).hexdigest()
