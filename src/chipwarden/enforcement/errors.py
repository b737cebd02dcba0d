"""What can be wrong with a grant.

    ChipwardenError
    └── EnforcementError
        ├── GrantRefused          a grant or a use of it that may not be; every reason
        ├── InvalidGrant          a token cannot be read as a grant
        └── InvalidRevocations    a list of revocations cannot be read, or does not hold

That a gate may not release is no error: it is a verdict.
"""

from collections.abc import Sequence

from chipwarden.model.errors import ChipwardenError


class EnforcementError(ChipwardenError):
    """Base of all errors of enforcement."""


class GrantRefused(EnforcementError):
    """What was asked for may not be; `reasons` holds every reason."""

    def __init__(self, what: str, reasons: Sequence[str]) -> None:
        self.what = what
        self.reasons = tuple(reasons)
        lines = "\n".join(f"  - {reason}" for reason in self.reasons)
        super().__init__(f"{what}: refused\n{lines}")


class InvalidGrant(EnforcementError):
    """A token cannot be read as a grant; nothing is said about what it grants."""


class InvalidRevocations(EnforcementError):
    """A list of revocations is malformed, or not signed by whom it names."""
