"""What was found of an order before anything is concluded from it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from chipwarden.decisions.determination import Determination, ExceptionUse, Requirement
from chipwarden.decisions.inputs import Data
from chipwarden.decisions.order import Order
from chipwarden.decisions.outcomes import (
    Bounds,
    PolicyBounds,
    Strictness,
    policy_together,
    together,
)
from chipwarden.decisions.products import DecidedItem, kind_of
from chipwarden.expressions.facts import Facts
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.rules.lawbook import Law


@dataclass(frozen=True)
class Findings:
    """The items as determined, and what follows from them together.

    Attributes:
        destinations: every country where the goods may end; None is unknown.
        screening: reasons of what lists and owners came to.
        notes: readings that were made.
    """

    order: Order
    data: Data
    law: Law
    items: tuple[DecidedItem, ...]
    destinations: tuple[str | None, ...]
    screening: tuple[Reason, ...]
    notes: tuple[str, ...]

    @cached_property
    def alternatives(self) -> tuple[tuple[Facts, ...], ...]:
        """For each part that ships, the facts under each paragraph that it may meet."""
        return tuple(part.alternatives for item in self.items for part in item.parts)

    @cached_property
    def determinations(self) -> tuple[Determination, ...]:
        """All determinations of all items."""
        return tuple(d for item in self.items for d in item.determinations)

    @property
    def covers_kind(self) -> bool:
        """Whether transfers of this kind are decided at all."""
        return self.order.kind in self.data.vocabulary.covered_kinds

    @property
    def covers_day(self) -> bool:
        """Whether the law of the day is meant to be complete."""
        return self.law.as_of >= self.data.lawbook.covered_from

    @property
    def uncovered_item_kinds(self) -> tuple[str, ...]:
        """Kinds of item of the order for which only single clauses exist."""
        kinds = (kind_of(item.item) or "" for item in self.items)
        return tuple(dict.fromkeys(k for k in kinds if k in self.data.not_covered.item_kinds))

    @property
    def law_is_old(self) -> bool:
        """Whether the day lies so far past what is known that nothing is released."""
        grace = self.law.parameters.get("data_grace_days")
        days = (self.law.as_of - self.law.known_on).days
        return isinstance(grace, Decimal) and days > grace

    @cached_property
    def bounds(self) -> Bounds:
        """The mildest and the strictest outcome that the facts allow."""
        bounds = together(item.bounds for item in self.items)
        if self.covers_kind and self.covers_day and not self.uncovered_item_kinds:
            return bounds
        # Not covered: no clause speaks for it, so nothing can clear it.
        return Bounds(bounds.floor, max(bounds.ceiling, Strictness.LICENSE_REQUIRED))

    @cached_property
    def policies(self) -> PolicyBounds:
        """The mildest and the strictest review policy that may lead."""
        return policy_together(item.policies for item in self.items)

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """The requirements that apply or may apply, each once, in the order of the law."""
        found: dict[str, Requirement] = {}
        for determination in self.determinations:
            for requirement in determination.requirements:
                held = found.get(requirement.clause.id)
                if held is None or requirement.applies is Outcome.YES:
                    found[requirement.clause.id] = requirement
        over_all = (
            replace(
                requirement,
                applies=disjunction(item.applies(key) for item in self.items),
                policies=policy_together(item.policies_of(key) for item in self.items),
            )
            for key, requirement in found.items()
        )
        return tuple(r for r in over_all if r.applies is not Outcome.NO)

    @cached_property
    def exceptions(self) -> tuple[ExceptionUse, ...]:
        """The exceptions relied on where the outcome is a license exception."""
        if self.bounds.word != Strictness.LICENSE_EXCEPTION.word:
            return ()
        return tuple({u.clause.id: u for d in self.determinations for u in d.exceptions}.values())

    @property
    def pending(self) -> tuple[ExceptionUse, ...]:
        """The exceptions whose conditions are not confirmed yet."""
        return tuple(use for use in self.exceptions if use.ready is not Outcome.YES)
