"""What can be wrong with a log, a proof or a signature.

    ChipwardenError
    └── LedgerError
        ├── InvalidProof          the hashes do not lead to the root
        ├── InvalidNote           a signed note or checkpoint cannot be read
        ├── InvalidSignature      a signature that is missing, unknown or wrong
        ├── InvalidStatement      a signed statement or receipt cannot be read, or does not hold
        ├── InvalidPolicy         a trust policy cannot be read
        ├── UntrustedCheckpoint   the witnesses that a policy asks for did not sign
        ├── DamagedLog            what is kept is not what was logged
        ├── LogConflict           another writer, another history
        └── LogUnavailable        the log cannot be written or read now; nothing was lost
"""

from chipwarden.model.errors import ChipwardenError


class LedgerError(ChipwardenError):
    """Base of all errors of the ledger."""


class InvalidProof(LedgerError):
    """A proof does not lead to the root that it is meant for.

    Attributes:
        reason: what is wrong with it, for programs; the words are listed in `proofs`.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        self.reason = reason
        super().__init__(message)


class InvalidNote(LedgerError):
    """A signed note, or the checkpoint in it, is malformed."""


class InvalidSignature(LedgerError):
    """A signature is missing, from an unknown key, or does not verify."""


class InvalidStatement(LedgerError):
    """A signed statement or its receipt is malformed or does not hold."""


class InvalidPolicy(LedgerError):
    """A trust policy is malformed."""


class UntrustedCheckpoint(LedgerError):
    """A checkpoint lacks signatures that the policy asks for.

    Attributes:
        signed: the witnesses of the policy that did sign it, as the policy names them.
        missing: those that did not.
    """

    def __init__(
        self, message: str, signed: tuple[str, ...] = (), missing: tuple[str, ...] = ()
    ) -> None:
        self.signed, self.missing = signed, missing
        super().__init__(message)


class DamagedLog(LedgerError):
    """What is kept is not what was logged; `path` names the place."""

    def __init__(self, path: str, found: str, expected: str) -> None:
        self.path, self.found, self.expected = path, found, expected
        super().__init__(f"{path}: found {found}; expected {expected}")


class LogConflict(LedgerError):
    """Somebody else writes to the log, or its history is another one."""


class LogUnavailable(LedgerError):
    """The log cannot be written or read now; what was acknowledged is still there."""
