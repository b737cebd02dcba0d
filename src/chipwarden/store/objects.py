"""Objects under a prefix of object storage, and the conditional writes that a log needs.

    objects = Objects(open_store("s3://bucket/ledger"))
    found = objects.swap("head", b"1", None)    # Refused if there is one already
    found = objects.swap("head", b"2", found)   # Refused if it has changed since

It speaks through obstore, an extra that is imported only when a log is kept there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any, Final, Protocol

from chipwarden.ledger.errors import LogUnavailable

# What names one state of an object: the service's ETag, and its version where it has one.
Version = Mapping[str, Any]

EXTRA: Final = (
    "a log in object storage needs the library obstore, which is not installed. "
    "Install Chipwarden with its extra s3: pip install 'chipwarden[s3]'"
)
_AGAIN: Final = (
    "What was acknowledged is kept. Check the network, the address and the state of the "
    "service, and try again"
)
_ALLOWED: Final = (
    "Check the credentials (AWS_ACCESS_KEY_ID and its like), and that they may read, write, "
    "list and delete there"
)
_BUCKET: Final = "Create the bucket, or correct its name"
# The library's own three minutes are long for somebody who waits for an acknowledgement.
_RETRY_FOR: Final = timedelta(seconds=20)


class ObjectStore(Protocol):
    """What is used of a store of obstore, such as S3Store."""

    def get(self, path: str) -> Any:
        """Read an object."""
        ...

    def put(
        self, path: str, file: bytes, *, attributes: Any, mode: Any, use_multipart: bool
    ) -> Any:
        """Write an object, on the condition that `mode` names."""
        ...

    def delete(self, paths: Sequence[str]) -> None:
        """Remove objects."""
        ...

    def list(self, prefix: str) -> Any:
        """List the objects below a folder."""
        ...


class Refused(Exception):
    """A conditional write did not meet its condition, or met it when it was sent before."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it was read."""

    content: bytes
    version: Version


def open_store(url: str) -> ObjectStore:
    """Return the store at "s3://bucket/prefix"; the environment has its address and credentials.

    Raises:
        LogUnavailable: obstore is not installed, or the address or the settings are no good.
    """
    errors = _exceptions()
    from obstore.store import S3Store

    if not url.startswith("s3://"):
        raise LogUnavailable(f"{url}: found no address of object storage; expected s3://bucket/…")
    try:
        return S3Store.from_url(url, retry_config={"retry_timeout": _RETRY_FOR})
    except (errors.BaseError, ValueError) as error:
        raise LogUnavailable(f"{url}: {_said(error)}. Check the AWS_… settings.") from error


class Objects:
    """Objects under a prefix.

    Args:
        store: a store of obstore with conditional writes.
        prefix: folder of the log in the store, "" for all of it.

    Raises:
        LogUnavailable: obstore is not installed.
    """

    def __init__(self, store: ObjectStore, prefix: str = "") -> None:
        self._store = store
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._errors = _exceptions()

    def get(self, key: str) -> Found | None:
        """Return an object, None where there is none.

        Raises:
            LogUnavailable: it cannot be read now.
        """
        with self._service(key):
            try:
                result = self._store.get(self._prefix + key)
                return Found(bytes(result.bytes()), _version(result.meta))
            except FileNotFoundError as error:
                if _lacks_bucket(error):
                    raise
                return None

    def put(self, key: str, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Write an object, in place of what is there.

        Raises:
            LogUnavailable: it is not known to be written.
        """
        self._put(key, content, "overwrite", headers)

    def swap(
        self,
        key: str,
        content: bytes,
        last: Found | None,
        headers: Mapping[str, str] | None = None,
    ) -> Found:
        """Write an object on the condition that it is what was read last.

        Args:
            key: of the object.
            content: its new bytes.
            last: what was read, None where there was none.
            headers: to be served with it.

        Raises:
            Refused: it is another one by now; that may come from this very call, sent twice.
            LogUnavailable: it is not known to be written; it may still be, later.
        """
        if last is None:
            return Found(content, self._put(key, content, "create", headers))
        if not last.version:
            raise LogUnavailable(
                f"{self._prefix}{key}: the service gave it no ETag. A log needs a service with "
                "conditional writes; keep it elsewhere."
            )
        return Found(content, self._put(key, content, dict(last.version), headers))

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there are no error.

        Raises:
            LogUnavailable: some may be there still.
        """
        if keys:
            with self._service(keys[0]):
                self._store.delete([self._prefix + key for key in keys])

    def keys(self, folder: str) -> list[str]:
        """Return the keys below a folder, sorted.

        Raises:
            LogUnavailable: they cannot be listed now.
        """
        with self._service(folder):
            found = self._store.list(self._prefix + folder).collect()
            return sorted(str(item["path"]).removeprefix(self._prefix) for item in found)

    def _put(
        self, key: str, content: bytes, mode: Any, headers: Mapping[str, str] | None
    ) -> Version:
        with self._service(key):
            # One request, whole or not at all: the parts of a multipart upload may stay behind.
            result = self._store.put(
                self._prefix + key,
                content,
                attributes=dict(headers) if headers else None,
                mode=mode,
                use_multipart=False,
            )
        return _version(result)

    @contextmanager
    def _service(self, key: str) -> Iterator[None]:
        errors = self._errors
        try:
            yield
        except (errors.AlreadyExistsError, errors.PreconditionError) as error:
            raise Refused(key) from error
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise LogUnavailable(f"{self._prefix}{key}: {_said(error)}. {_ALLOWED}.") from error
        except (errors.BaseError, OSError) as error:
            remedy = _BUCKET if _lacks_bucket(error) else _AGAIN
            raise LogUnavailable(f"{self._prefix}{key}: {_said(error)}. {remedy}.") from error


def _exceptions() -> ModuleType:
    try:
        from obstore import exceptions
    except ImportError as error:
        raise LogUnavailable(EXTRA) from error
    return exceptions


def _version(result: Mapping[str, Any]) -> Version:
    names = ("e_tag", "version")
    return {name: result[name] for name in names if result[name] is not None}


def _lacks_bucket(error: Exception) -> bool:
    # The service answers 404 for both; only its code tells a missing bucket from a missing key.
    return "<Code>NoSuchBucket</Code>" in str(error)


def _said(error: Exception) -> str:
    """Return what a person can use of an error; the library adds its own view after it."""
    return str(error).partition("\n\nDebug source:")[0].strip().rstrip(".")
