"""What can go wrong on the way out.

    ChipwardenError
    └── SourceError
        ├── RefusedAddress        we do not call that address
        └── SourceUnavailable     it gave no answer, or not one that we take

An answer with status 400 or above is an answer, and no error.
"""

from chipwarden.model.errors import ChipwardenError


class SourceError(ChipwardenError):
    """Base of all errors of the network."""


class RefusedAddress(SourceError):
    """An address that the client does not call."""

    def __init__(self, url: str, found: str, expected: str) -> None:
        self.url = url
        super().__init__(f"{url}: found {found}; expected {expected}. Nothing was sent.")


class SourceUnavailable(SourceError):
    """No answer, or none that is taken.

    Attributes:
        url: what was asked.
        why: what happened instead.
    """

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        super().__init__(f"{url}: {why}. Check the address and the network, and try again.")
