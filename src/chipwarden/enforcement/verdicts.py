"""The answer to a gate: granted, or every reason why not."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from chipwarden.enforcement.grant_counts import CountedUse
from chipwarden.enforcement.grant_statements import Released
from chipwarden.enforcement.grants import Grant


class Step(StrEnum):
    """What is checked, in this order; what a broken seal says is not looked at further."""

    KEY = "key"
    SIGNATURE = "signature"
    LOG = "log"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    HOLDER = "holder"
    PLACE = "place"
    PRODUCT = "product"
    SERIAL = "serial"
    QUANTITY = "quantity"
    USE = "use"


@dataclass(frozen=True, slots=True)
class Check:
    """One step: whether it passed, and what was found."""

    step: Step
    passed: bool
    said: str

    def __str__(self) -> str:
        return f"{self.step}: {self.said}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a gate.

    Attributes:
        grant: what the token says; None where its signature does not hold.
        checks: every step that was looked at.
        notes: what could not be known here.
        released: what goes; () where it is refused.
        counted: the same use as the log has it, if it was counted before and nothing else stands
            in the way.
    """

    grant: Grant | None
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    released: tuple[Released, ...] = ()
    counted: CountedUse | None = None

    @property
    def is_granted(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.refusals

    @property
    def refusals(self) -> tuple[Check, ...]:
        """Every step that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON data; the grant's secret seed is left out."""
        grant = self.grant
        return {
            "granted": self.is_granted,
            "refusals": [{"step": c.step.value, "reason": c.said} for c in self.refusals],
            "notes": list(self.notes),
            "released": [asdict(line) | {"serials": list(line.serials)} for line in self.released],
            "counted": self.counted.index if self.counted else None,
            "grant": None if grant is None else grant_json(grant),
        }


def grant_json(grant: Grant) -> dict[str, Any]:
    """Return what a grant says as JSON data, without its secret seed."""
    return {
        "id": grant.id,
        "issuer": grant.issuer,
        "order": grant.order_id,
        "decision": grant.decision_index,
        "index": grant.logged.index if grant.logged else None,
        "holder": grant.holder,
        "place": asdict(grant.place),
        "items": [asdict(item) | {"serials": list(item.serials)} for item in grant.items],
        "obligations": list(grant.obligations),
        "not_before": grant.not_before,
        "not_after": grant.not_after,
    }
