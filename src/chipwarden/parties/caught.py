"""What is caught: the two least sets over the entities and stakes of a party.

The certain set holds every listed entity and every one whose owners in the set
hold the threshold together by their least shares. The possible set also holds
what may be listed, and counts against the threshold all shares but the least
ones of owners outside it. Both are least fixed points: a ring of companies
that own one another, with nothing listed behind it, is in neither.
"""

from collections.abc import Mapping
from decimal import Decimal

from chipwarden.model.outcome import Outcome
from chipwarden.parties.names import NormalName
from chipwarden.parties.stakes import ALL, NOTHING, Entity, Holdings


class Caught:
    """The certain and the possible set.

    Args:
        holdings: the entities and stakes.
        listed: whether each entity but the party itself is listed.
        threshold: percent, inclusive.
        unsaid_owners: what an entity is whose owners nothing is said of and which is not
            listed: undetermined or no.
    """

    def __init__(
        self,
        holdings: Holdings,
        listed: Mapping[NormalName, Outcome],
        threshold: Decimal,
        unsaid_owners: Outcome,
    ) -> None:
        self.holdings = holdings
        self.listed = listed
        self.unsaid_owners = unsaid_owners
        self.certain = {key for key, outcome in listed.items() if outcome is Outcome.YES}
        self.possible = {key for key, outcome in listed.items() if outcome is not Outcome.NO}
        # Owners come last in the tree, so one pass from the end is enough for a tree; more are
        # needed only where names repeat and the tiers run in a ring.
        bottom_up = tuple(reversed(holdings.entities.items()))
        size = -1
        while size != len(self.certain) + len(self.possible):
            size = len(self.certain) + len(self.possible)
            for key, entity in bottom_up:
                if self.low(entity) >= threshold:
                    self.certain.add(key)
                if key in self.certain or self.high(entity) >= threshold:
                    self.possible.add(key)

    def outcome(self, key: NormalName) -> Outcome:
        """Whether the entity is caught."""
        if key in self.certain:
            return Outcome.YES
        return Outcome.UNDETERMINED if key in self.possible else Outcome.NO

    def low(self, entity: Entity) -> Decimal:
        """The least that caught owners hold of it."""
        stakes = (entity.stakes or {}).items()
        return sum((low for key, (low, _) in stakes if key in self.certain), NOTHING)

    def high(self, entity: Entity) -> Decimal:
        """The most that caught owners may hold of it: all but the least of the others."""
        if entity.stakes is None:
            is_top = entity is self.holdings.entities[self.holdings.top]
            return ALL if is_top or self.unsaid_owners is not Outcome.NO else NOTHING
        if entity.is_flawed:
            return max(ALL, self.low(entity))
        if not entity.stakes:
            return NOTHING
        others = (low for key, (low, _) in entity.stakes.items() if key not in self.possible)
        return ALL - sum(others, NOTHING)

    def missing(self, top: NormalName) -> list[str]:
        """Facts of the owners that leave the entity undetermined."""
        found: list[str] = []
        pending, seen = [top], {top}
        while pending:
            key = pending.pop()
            entity = self.holdings.entities[key]
            of_owners = "owners" if key == self.holdings.top else f"owners[{entity.name}].owners"
            is_open = bool(entity.stakes) and entity.named_low < ALL
            if entity.stakes is None or is_open or entity.is_flawed:
                found.append(of_owners)
            for owner_key, (low, high) in (entity.stakes or {}).items():
                owner = self.holdings.entities[owner_key]
                if owner_key in self.possible and low != high:
                    found.append(f"owners[{owner.name}].percentage")
                if self.outcome(owner_key) is not Outcome.UNDETERMINED or owner_key in seen:
                    continue
                seen.add(owner_key)
                if self.listed.get(owner_key) is Outcome.UNDETERMINED:
                    found.append(f"owners[{owner.name}].listed_on")
                if owner.stakes is None or self.high(owner) > NOTHING:
                    pending.append(owner_key)
        return found
