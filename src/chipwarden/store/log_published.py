"""What a log in object storage has published, and how its checkpoint is kept from going back.

Tiles and bundles never change, so it does not matter who writes them, nor how often. The
checkpoint changes, and a writer that was replaced while it slept must not put an older one
over that of its successor: it is written on the condition that it is the one that was read
last, and after each reading the writer makes sure that it still holds the log.

Source:
    C2SP tlog-tiles v0.1.0: content types, and what may be cached.
"""

from hashlib import sha256
from typing import Final

from chipwarden.ledger.checkpoints import read_checkpoint
from chipwarden.ledger.errors import DamagedLog, LedgerError, LogUnavailable
from chipwarden.ledger.notes import parse_note
from chipwarden.ledger.storage import CHECKPOINT
from chipwarden.store.log_head import HEAD, STAGING, Head
from chipwarden.store.log_lease import TRIES, Lease, lost
from chipwarden.store.objects import Found, Objects, Refused

_TILE_HEADERS: Final = {
    "Content-Type": "application/octet-stream",
    "Cache-Control": "public, max-age=31536000, immutable",
}
_CHECKPOINT_HEADERS: Final = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-cache",
}


class PublishedObjects:
    """The published files of a log.

    Args:
        objects: where they are.
        lease: the hold of the writer.

    Attributes:
        size: of the newest tree that was committed and wholly published by this writer, 0
            where that is not known. Its checkpoint comes after its tiles.
    """

    def __init__(self, objects: Objects, lease: Lease) -> None:
        self.size = 0
        self._objects = objects
        self._lease = lease
        self._checkpoint: Found | None = None

    def read(self, path: str) -> bytes | None:
        """Return a file, None where there is none.

        Raises:
            LogUnavailable: it cannot be read now.
        """
        found = self._objects.get(_public(path))
        return found.content if found else None

    def begin(self) -> None:
        """Forget what was known when the log was held before."""
        self.size = 0
        self._checkpoint = None

    def publish(self, path: str, content: bytes) -> None:
        """Write a file in place of what is there; a checkpoint never over a later writer's.

        Raises:
            LogConflict: this writer does not hold the log.
            LogUnavailable: it is not known to be written.
        """
        key = _public(path)
        if not self._lease.is_held:
            raise lost()
        if key == CHECKPOINT:
            with self._lease.guard:
                self._publish_checkpoint(content)
        else:
            self._objects.put(key, content, _TILE_HEADERS)

    def _publish_checkpoint(self, content: bytes) -> None:
        for _ in range(TRIES):
            known, self._checkpoint = self._checkpoint, None
            if known is None:
                known = self._objects.get(CHECKPOINT)
                # After the reading: whoever takes over from here on changes what was read.
                self._lease.confirm()
            try:
                found = self._objects.swap(CHECKPOINT, content, known, _CHECKPOINT_HEADERS)
            except Refused:
                continue  # another one is there, perhaps this one, sent twice
            self._checkpoint = found
            head = self._lease.head()
            if sha256(content).hexdigest() == head.checkpoint:
                self.size = head.size
            return
        raise LogUnavailable(
            f"{CHECKPOINT}: the service refused it {TRIES} times, though nobody else holds the "
            "log. What was acknowledged is kept. Check the service, and try again."
        )

    def withdraw(self, folder: str) -> None:
        """Remove the files below a folder.

        Raises:
            LogConflict: this writer does not hold the log.
            LogUnavailable: one is perhaps there still.
        """
        key = _public(folder)
        if not self._lease.is_held:
            raise lost()
        self._objects.delete(self._objects.keys(key))

    def refuse_rollback(self, head: Head) -> None:
        """Refuse a checkpoint older than what was settled, for that was published before.

        Raises:
            DamagedLog: it is, or there is none, or it cannot be read.
            LogUnavailable: it cannot be read now.
        """
        if not head.settled_size:
            return
        expected = f"the checkpoint of {head.settled_size} entries or more, which was published"
        found = self._objects.get(CHECKPOINT)
        if found is None:
            raise DamagedLog(CHECKPOINT, "no such object", expected)
        try:
            size = read_checkpoint(parse_note(found.content).text).size
        except LedgerError as error:
            raise DamagedLog(CHECKPOINT, str(error), expected) from error
        if size < head.settled_size:
            raise DamagedLog(CHECKPOINT, f"one of {size} entries", expected)


def _public(path: str) -> str:
    """Return a path that is below the log and none of its own objects."""
    parts = path.split("/")
    if parts[0] in (HEAD, STAGING) or not all(parts) or {".", ".."} & set(parts):
        raise ValueError(f"{path!r} is no path of a log")
    return path
