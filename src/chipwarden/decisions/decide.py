"""An order under the law of a day: the decision with its reasons. Pure.

    decision = decide(order, lawbook, catalog, starter_set, vocabulary)
    decision.outcome, decision.disposition, decision.missing
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.catalog.chips import Catalog
from chipwarden.decisions.authorizations import covering
from chipwarden.decisions.determine import Determination, Requirement
from chipwarden.decisions.duties import RedFlag, red_flags, savings_warnings, texts
from chipwarden.decisions.facts import order_facts
from chipwarden.decisions.missing import MissingFact, MissingFacts, Need
from chipwarden.decisions.not_covered import NotCovered
from chipwarden.decisions.order import Mode, Order
from chipwarden.decisions.outcomes import (
    UNDETERMINED,
    Bounds,
    Strictness,
    policy_together,
    together,
)
from chipwarden.decisions.products import (
    DecidedItem,
    Part,
    decide_item,
    kind_of,
    order_power_mw,
    order_tpp,
    settles,
)
from chipwarden.decisions.settling import Sets, settling, smallest
from chipwarden.decisions.settling import together as served_together
from chipwarden.decisions.unverified import unverified
from chipwarden.decisions.verdicts import Verdict, verdicts
from chipwarden.decisions.vocabulary import OrderVocabulary
from chipwarden.model.errors import InvalidDocument, Problem
from chipwarden.model.outcome import Outcome, disjunction
from chipwarden.model.reasons import Reason
from chipwarden.parties.lists import StarterSet
from chipwarden.rules.lawbook import Law, Lawbook
from chipwarden.rules.provisions import ReviewPolicy, Step

_MOVES_GOODS = ("export", "reexport", "transfer_in_country")
_RECEIVES = ("consignee", "end_user")


@dataclass(frozen=True, slots=True)
class Data:
    """Everything that a decision looks at beside the order."""

    lawbook: Lawbook
    catalog: Catalog
    starter_set: StarterSet
    vocabulary: OrderVocabulary
    not_covered: NotCovered


@dataclass(frozen=True, slots=True)
class Decision:
    """What an order comes to.

    Attributes:
        outcome: a word of the order vocabulary.
        settled: whether no missing fact can change outcome or review policy.
        review_policy: the strictest that applies; None where several are possible or none applies.
        review_policy_at_least: the mildest that can lead.
        exception: the exceptions relied on, None where none is.
        disposition: release, hold or block.
        why: what led to the disposition, in words.
        unsupported: facts that the order states without a document.
    """

    order: Order
    law: Law
    items: tuple[DecidedItem, ...]
    outcome: str
    settled: bool
    review_policy: ReviewPolicy | None
    review_policy_at_least: ReviewPolicy | None
    exception: str | None
    disposition: str
    why: tuple[str, ...]
    missing: tuple[MissingFact, ...]
    requirements: tuple[Requirement, ...]
    verdicts: tuple[Verdict, ...]
    authorization: Reason | None
    obligations: tuple[str, ...]
    warnings: tuple[str, ...]
    red_flags: tuple[RedFlag, ...]
    unverified: tuple[str, ...]
    unsupported: tuple[str, ...]
    reason: Reason


def decide(
    order: Order,
    data: Data,
    as_of: date | None = None,
    known_on: date | None = None,
    mode: Mode | None = None,
) -> Decision:
    """Return the decision on an order.

    Args:
        order: what is to be transferred.
        data: law, catalog and lists.
        as_of: the day to which the law is applied; by default the order's day of release,
            else its date.
        known_on: the day of knowledge; by default the day of the data, never the order's.
        mode: by default the order's, else as enforced.

    Raises:
        InvalidDocument: a product of the order is not known.
    """
    mode = mode or order.mode or Mode.AS_ENFORCED
    # A cleared order is decided again at release, never under the law of an earlier day.
    as_of = as_of or max(order.date, order.dates.get("release_date", order.date))
    law = data.lawbook.law_on(as_of, known_on, as_written=mode is Mode.AS_WRITTEN)
    law.require_known()
    facts = order_facts(order, law, data.starter_set, data.vocabulary)
    facts = facts.with_order_tpp(order_tpp(order.items, data.catalog))
    facts = facts.with_order_power(order_power_mw(order.items, data.catalog))
    items = _items(order, facts.with_item, data.catalog, law)
    return _Assembly(order, data, law, items, facts.screening, facts.notes).decision()


def _items(order: Order, with_item: Any, catalog: Catalog, law: Law) -> tuple[DecidedItem, ...]:
    items: list[DecidedItem] = []
    problems: list[Problem] = []
    for index, item in enumerate(order.items):
        try:
            items.append(
                decide_item(item, f"items[{index}]", with_item, _destinations(order), catalog, law)
            )
        except InvalidDocument as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidDocument(order.id, problems)
    return tuple(items)


def _destinations(order: Order) -> tuple[str | None, ...]:
    """Return every country where the goods may end: the order's and those of who gets them.

    The ultimate destination is where the end user is, whatever the papers name first.
    """
    if order.kind not in _MOVES_GOODS:
        return (order.destination,)
    receivers = [p for p in order.parties if p.role in _RECEIVES]
    return tuple(dict.fromkeys([order.destination, *(p.country for p in receivers)]))


class _Assembly:
    """Joins the parts of a decision; one method a part."""

    def __init__(
        self,
        order: Order,
        data: Data,
        law: Law,
        items: tuple[DecidedItem, ...],
        screening: tuple[Reason, ...],
        notes: tuple[str, ...],
    ) -> None:
        self.order, self.data, self.law, self.items = order, data, law, items
        self.screening, self.notes = screening, notes
        # Parts ship together; within a part the paragraphs are alternatives.
        self.alternatives = tuple(part.alternatives for item in items for part in item.parts)
        self.determinations = tuple(d for item in items for d in item.determinations)
        self.covered_kind = order.kind in data.vocabulary.covered_kinds
        self.covered_day = law.as_of >= data.lawbook.covered_from
        self.bounds = self._bounds()
        self.policies = policy_together(item.policies for item in items)

    def decision(self) -> Decision:
        order, law = self.order, self.law
        outcome = self.bounds.word
        needs_license = outcome == Strictness.LICENSE_REQUIRED.word
        names = tuple(
            (item.item.product, tuple(variant.name for variant in item.variants))
            for item in self.items
        )
        license_held = covering(order, law, "license", "US", names) if needs_license else None
        others = verdicts(self.alternatives, law)
        permits = {
            verdict.regime.code: covering(order, law, "host_permit", verdict.regime.code, names)
            for verdict in others
            if verdict.outcome == "license_required"
        }
        flags = red_flags(self.alternatives, law)
        exceptions = self._exceptions() if outcome == Strictness.LICENSE_EXCEPTION.word else ()
        pending = [use for use in exceptions if use.ready is not Outcome.YES]
        missing = self._missing(license_held, pending)
        disposition, why = self._disposition(license_held, others, permits, flags, pending)
        return Decision(
            order=order,
            law=law,
            items=self.items,
            outcome=outcome,
            settled=self.bounds.is_settled
            and self.policies.floor == self.policies.ceiling
            and not pending,
            review_policy=self.policies.policy if needs_license else None,
            review_policy_at_least=self.policies.at_least if needs_license else None,
            exception=" + ".join(dict.fromkeys(u.clause.exception for u in exceptions)) or None,
            disposition=disposition,
            why=tuple(why),
            missing=missing,
            requirements=self._requirements(),
            verdicts=others,
            authorization=license_held,
            obligations=tuple(self._obligations(exceptions, others)),
            warnings=tuple(self._warnings()),
            red_flags=flags,
            unverified=unverified(order, self.items, self._requirements(), self.data.lawbook, law),
            unsupported=tuple(
                name for name, said in order.facts.items() if said.document is None
            ),
            reason=self._reason(outcome, license_held, others, permits),
        )

    # ------------------------------------------------------------ outcome

    def _bounds(self) -> Bounds:
        bounds = together(item.bounds for item in self.items)
        if self.covered_kind and self.covered_day and not self._intangible():
            return bounds
        # Not covered: no clause speaks for it, so nothing can clear it.
        return Bounds(bounds.floor, max(bounds.ceiling, Strictness.LICENSE_REQUIRED))

    def _intangible(self) -> bool:
        return any(kind_of(item.item) in self.data.not_covered.item_kinds for item in self.items)

    def _requirements(self) -> tuple[Requirement, ...]:
        """Return the requirements that apply or may apply, each once, in the order of the law."""
        found: dict[str, Requirement] = {}
        for determination in self.determinations:
            for requirement in determination.requirements:
                held = found.get(requirement.clause.id)
                if held is None or requirement.applies is Outcome.YES:
                    found[requirement.clause.id] = requirement
        over_all = {
            key: replace(
                requirement,
                applies=disjunction(item.applies(key) for item in self.items),
                lifted=requirement.lifted,
            )
            for key, requirement in found.items()
        }
        return tuple(r for r in over_all.values() if r.applies is not Outcome.NO)

    def _exceptions(self) -> tuple[Any, ...]:
        found = {use.clause.id: use for d in self.determinations for use in d.exceptions}
        return tuple(found.values())

    # ------------------------------------------------------------ missing facts

    def _missing(self, license_held: Reason | None, pending: list[Any]) -> tuple[MissingFact, ...]:
        missing = MissingFacts(self.order, self.data.lawbook, self._is_known)
        for index, item in enumerate(self.items):
            if len({(v.bounds, v.policies) for v in item.variants}) > 1:
                names = "; ".join(variant.name for variant in item.variants)
                question = f"Which of these is it: {names}?"
                missing.need_fact(f"items[{index}].product", question, "exporter")
            for part in item.parts:
                if not settles(part):
                    missing.need(_of_classification(part, index))
                for determination in part.determinations:
                    for need in self._needs_of(determination, index):
                        missing.need(need)
        if license_held is not None and license_held.outcome is Outcome.UNDETERMINED:
            missing.need(Need((license_held,), settling(license_held, Outcome.YES)))
        for use in pending:
            readiness = use.reason.children[-1]
            missing.need(Need((use.reason, readiness), settling(readiness, Outcome.YES)))
        return missing.facts()

    def _is_known(self, index: int, figure: str) -> bool:
        return all(part.source.knows(figure) for part in self.items[index].parts)

    def _needs_of(self, found: Determination, index: int) -> Iterable[Need]:
        """Yield what could settle one determination, for the better."""
        if found.bounds.is_settled and found.policies.floor == found.policies.ceiling:
            return
        freed = settling(found.reason.children[0], Outcome.NO)
        for requirement in found.requirements:
            if requirement.stands is Outcome.UNDETERMINED and self._matters(requirement, found):
                spared = settling(requirement.condition, Outcome.NO)
                lifted = [
                    option
                    for use in requirement.exceptions
                    for option in settling(use.reason, Outcome.YES)
                ]
                options = smallest([*spared, *lifted, *freed])
                yield Need((requirement.reason, found.reason.children[0]), options, index)
            elif self._policy_is_open(requirement):
                ladder = tuple(r for r in requirement.reason.children if r.provision)
                yield Need(ladder, _of_ladder(ladder), index)

    def _matters(self, requirement: Requirement, found: Determination) -> bool:
        """Return whether the open requirement could still change outcome or policy."""
        if not found.bounds.is_settled and (
            requirement.is_prohibition or found.bounds.floor < Strictness.LICENSE_REQUIRED
        ):
            return True
        return requirement.policies.ceiling > found.policies.floor

    def _policy_is_open(self, requirement: Requirement) -> bool:
        """Return whether a certain requirement's policy is what keeps the answer open."""
        return (
            requirement.stands is Outcome.YES
            and self.bounds.floor >= Strictness.LICENSE_REQUIRED
            and requirement.policies.floor != requirement.policies.ceiling
        )

    # ------------------------------------------------------------ disposition

    def _disposition(
        self,
        license_held: Reason | None,
        others: tuple[Verdict, ...],
        permits: dict[str, Reason],
        flags: tuple[RedFlag, ...],
        pending: list[Any],
    ) -> tuple[str, list[str]]:
        outcome = self.bounds.word
        block: list[str] = []
        hold: list[str] = []
        if outcome == Strictness.PROHIBITED.word:
            block.append("The transfer is prohibited.")
        elif outcome == UNDETERMINED:
            hold.append("The legal answer is not settled: facts are missing.")
        elif license_held is not None:
            if license_held.outcome is Outcome.NO:
                block.append("A license is required and none that is held covers the order.")
            elif license_held.outcome is Outcome.UNDETERMINED:
                hold.append("A license is held, but what it says does not show that it covers.")
            elif self.bounds.ceiling is Strictness.PROHIBITED:
                hold.append("A license is held, but a prohibition is not ruled out.")
        hold.extend(
            f"License Exception {use.clause.exception}: its conditions are not confirmed."
            for use in pending
        )
        if self._law_is_old():
            hold.append("The law is not known for this day: bring the data up to date.")
        for verdict in others:
            permit = permits.get(verdict.regime.code)
            if verdict.outcome == "prohibited":
                block.append(f"{verdict.regime.name}: prohibited.")
            elif permit is not None and permit.outcome is not Outcome.YES:
                target = block if permit.outcome is Outcome.NO else hold
                target.append(f"{verdict.regime.name}: no permit that is held is shown to cover.")
            elif verdict.outcome == UNDETERMINED:
                hold.append(f"{verdict.regime.name}: not settled.")
        hold.extend(f"Open flag: {flag.clause.question}" for flag in flags)
        if block:
            return "block", block + hold
        return ("hold", hold) if hold else ("release", ["Nothing stands in the way."])

    def _law_is_old(self) -> bool:
        grace = self.law.parameters.get("data_grace_days")
        days = (self.law.as_of - self.data.lawbook.known_to).days
        return isinstance(grace, Decimal) and days > grace

    # ------------------------------------------------------------ duties

    def _obligations(
        self, exceptions: tuple[Any, ...], others: tuple[Verdict, ...]
    ) -> Iterable[str]:
        found = texts(Step.OBLIGATION, self.alternatives, self.law)
        found += [use.clause.obligation for use in exceptions if use.clause.obligation]
        found += [
            f"Condition of {held.kind} {held.number or ''}: {condition}"
            for held in self.order.authorizations
            for condition in held.conditions
        ]
        for verdict in others:
            found += [clause.obligation for clause in verdict.clauses if clause.obligation]
        if self.policies.policy is ReviewPolicy.CASE_BY_CASE:
            of = {requirement.clause.id for requirement in self._requirements()}
            found += [
                clause.obligation
                for clause in self.law.by_step[Step.REVIEW]
                if clause.obligation and of & set(clause.of)
                and clause.policy is ReviewPolicy.CASE_BY_CASE
            ]  # fmt: skip
        return dict.fromkeys(found)

    def _warnings(self) -> Iterable[str]:
        found = list(self.notes)
        countries = _destinations(self.order)
        if len(countries) > 1:
            named = ", ".join(country or "a country that is not named" for country in countries)
            found.append(
                f"Those who get the goods are in {named}: the strictest destination leads."
            )
        if not self.covered_kind:
            where = self.data.not_covered.look_at.get(self.order.kind, "15 CFR parts 734 to 746")
            found.append(
                f"Transfers of kind {self.order.kind!r} are not covered. Look at: {where}."
            )
        for item in self.items:
            kind = kind_of(item.item) or ""
            if kind in self.data.not_covered.item_kinds:
                where = self.data.not_covered.look_at.get(kind, "15 CFR part 774")
                found.append(f"Items of kind {kind!r} are not covered. Look at: {where}.")
        if not self.covered_day:
            first = self.data.lawbook.covered_from
            found.append(f"The law is covered from {first}; {self.law.as_of} is earlier.")
        if self.law.as_of > self.data.lawbook.known_to:
            found.append(
                f"The law is known to {self.data.lawbook.known_to}; {self.law.as_of} is later and "
                "the law may change."
            )
        found += [
            requirement.clause.warning
            for requirement in self._requirements()
            if requirement.clause.warning
        ]
        found += texts(Step.WARNING, self.alternatives, self.law)
        found += savings_warnings(self.determinations, self.law)
        for item in self.items:
            names = [variant.name for variant in item.variants]
            same = len({(v.bounds, v.policies) for v in item.variants}) == 1
            if len(names) > 1 and same:
                found.append(
                    f"{item.item.product!r} fits {len(names)} products; the answer is the same for "
                    f"all: {'; '.join(names)}."
                )
        return dict.fromkeys(found)

    # ------------------------------------------------------------ reasons

    def _reason(
        self,
        outcome: str,
        license_held: Reason | None,
        others: tuple[Verdict, ...],
        permits: dict[str, Reason],
    ) -> Reason:
        lines = []
        for index, item in enumerate(self.items):
            for variant in item.variants:
                children: list[Reason] = []
                for part in variant.parts:
                    children += [*part.source.reasons, part.classification]
                    children += [d.reason for d in part.determinations]
                settled = Outcome.YES if variant.bounds.is_settled else Outcome.UNDETERMINED
                lines.append(
                    Reason(f"items[{index}] {variant.name}", settled, children=tuple(children))
                )
        more = [verdict.reason for verdict in others if verdict.outcome != "not_subject"]
        if license_held is not None:
            more.append(license_held)
        more += permits.values()
        if self.screening:
            undecided = any(r.outcome is Outcome.UNDETERMINED for r in self.screening)
            more.append(
                Reason(
                    "Lists and owners of the parties",
                    Outcome.UNDETERMINED if undecided else Outcome.YES,
                    children=self.screening,
                )
            )
        settled = Outcome.YES if self.bounds.is_settled else Outcome.UNDETERMINED
        return Reason(f"Outcome: {outcome.replace('_', ' ')}", settled, children=(*lines, *more))


def _of_classification(part: Part, index: int) -> Need:
    """Return what could settle the ladder: every open rung to no, else the first to yes."""
    rungs = [r for r in part.classification.children if r.outcome is Outcome.UNDETERMINED]
    outside = served_together([settling(rung, Outcome.NO) for rung in rungs])
    options = outside or settling(rungs[0], Outcome.YES)
    return Need((part.classification,), options, index)


def _of_ladder(ladder: tuple[Reason, ...]) -> Sets:
    """Return what could settle a ladder of review policies at its first open rung."""
    rung = next((r for r in ladder if r.outcome is Outcome.UNDETERMINED), None)
    if rung is None:
        return ()
    return settling(rung, Outcome.YES)
