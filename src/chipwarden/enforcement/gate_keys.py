"""Whose signature counts at a gate."""

from typing import Protocol

from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.keys import PublicKey
from chipwarden.ledger.trust import Trust


class GateKeys(Protocol):
    """Whose signature counts: the keys of a log, or those that a trust file names."""

    @property
    def origin(self) -> str:
        """Name of the log whose places these keys are for."""
        ...

    def key_for(self, issuer: str, kid: bytes, index: int) -> PublicKey:
        """Return the key of an issuer for a statement at an index of the log.

        Raises:
            InvalidSignature: it had no such key there, with the reason.
        """
        ...

    def revoked_at(self, issuer: str, kid: bytes) -> int | None:
        """Return the index from which the key does not count any more, None while it does."""
        ...


class HistoryKeys:
    """The keys of a log, by its own history."""

    def __init__(self, history: KeyHistory, origin: str) -> None:
        self._history = history
        self.origin = origin

    def key_for(self, issuer: str, kid: bytes, index: int) -> PublicKey:
        """See `GateKeys`."""
        return self._history.key_for(issuer, kid, index)

    def revoked_at(self, issuer: str, kid: bytes) -> int | None:
        """See `GateKeys`."""
        return next(
            (r.until for r in self._history.records if (r.issuer, r.kid) == (issuer, kid)), None
        )


class TrustedKeys:
    """The keys that a trust file names."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self.origin = trust.origin

    def key_for(self, issuer: str, kid: bytes, index: int) -> PublicKey:
        """See `GateKeys`."""
        return self._trust.key_for(issuer, kid, index)

    def revoked_at(self, issuer: str, kid: bytes) -> int | None:
        """See `GateKeys`."""
        return next(
            (
                each.until
                for each in self._trust.issuer_keys
                if (each.issuer, each.key.thumbprint) == (issuer, kid)
            ),
            None,
        )
