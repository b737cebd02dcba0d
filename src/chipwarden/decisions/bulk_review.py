"""Review policies: ladders of a requirement, and what list entries state."""

from collections.abc import Mapping

from chipwarden.decisions.bulk_conditions import Conditions
from chipwarden.decisions.bulk_terms import UNDETERMINED, YES, Truth
from chipwarden.model.values import Value
from chipwarden.rules.provisions import Provision, ReviewPolicy, Step

RANKS = tuple(range(len(ReviewPolicy)))


class Review:
    """Writes review policies as truths: by rank, whether the policy is at least that strict."""

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions

    def policy(self, clause: Provision, known: Mapping[str, Value | None]) -> list[Truth]:
        """Return by rank whether the policy of a requirement is at least that strict."""
        sheet = self.conditions.sheet
        if clause.review_of_entry:
            return [self._entries(rank, "listed_el", "entity_list_review") for rank in RANKS]
        if clause.review_of_owners:
            return [self._entries(rank, "owned_by_listed", "owners_review") for rank in RANKS]
        at_least = [self._stated(clause.review, rank) for rank in RANKS]
        ladder = [
            rung
            for rung in self.conditions.epochs.step(Step.REVIEW)
            if clause.id in rung.of and rung.policy is not None
        ]
        # From the last rung up: if this one holds its policy counts, else what follows.
        for rung in reversed(ladder):
            holds = self.conditions.clause(rung, known)
            for rank, rest in enumerate(at_least):
                if self._stated(rung.policy, rank) == YES:
                    at_least[rank] = sheet.any_of([holds, rest])
                else:
                    at_least[rank] = sheet.all_of([sheet.negation(holds), rest])
        return at_least

    def _stated(self, policy: ReviewPolicy | None, rank: int) -> Truth:
        """Return whether a policy is that strict; of one that is not known any may lead."""
        if policy is None:
            return YES if rank == 0 else UNDETERMINED
        return self.conditions.sheet.constant(policy.rank >= rank)

    def _entries(self, rank: int, listed_fact: str, policy_fact: str) -> Truth:
        """Return whether the strictest policy that the entries of parties state is that strict.

        Where no entry is seen the policy is not known.
        """
        sheet = self.conditions.sheet
        parts, seen = [], []
        for slot in range(1, self.conditions.columns.slots + 1):
            taken = self.conditions.in_use(slot)
            listed = self.conditions.fact(f"party{slot}.{listed_fact}")
            words = [policy.value for policy in ReviewPolicy if policy.rank >= rank]
            stated = self._states(f"party{slot}.{policy_fact}", words) if rank else YES
            parts.append(sheet.all_of([taken, listed, stated]))
            seen.append(sheet.both([taken.certain, listed.possible]))
        none = sheet.no(sheet.any(seen))
        unseen = sheet.all_of([Truth(none, none), self._stated(None, rank)])
        return sheet.any_of([*parts, unseen])

    def _states(self, column: str, words: list[str]) -> Truth:
        if not self.conditions.columns.has(column):
            return UNDETERMINED
        equal = {
            policy.value: self.conditions.sheet.leaf(f"(\"{column}\" = '{policy.value}') IS TRUE")
            for policy in ReviewPolicy
        }
        sheet = self.conditions.sheet
        milder = sheet.any(term for word, term in equal.items() if word not in words)
        return Truth(sheet.any(equal[word] for word in words), sheet.no(milder))
