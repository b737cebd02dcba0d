"""From an order to the facts that clauses look at.

Nothing is guessed: what the order, the catalog and the lists do not say stays
unknown. Roles that the kind of transfer needs and the order does not name
count as parties of whom nothing is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from chipwarden.decisions.order import Order
from chipwarden.decisions.party_facts import party_values
from chipwarden.decisions.transfer_facts import transfer_values
from chipwarden.decisions.vocabulary import OrderVocabulary
from chipwarden.expressions.facts import Collection, Facts
from chipwarden.model.reasons import Reason
from chipwarden.model.values import Value
from chipwarden.parties.lists import StarterSet
from chipwarden.parties.schema import Party
from chipwarden.rules.lawbook import Law


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The facts of an order apart from its items.

    Attributes:
        transfer: values by name, "transfer.…".
        parties: facts of every party, those of missing roles last.
        screening: reasons of what lists and owners came to.
        notes: readings that were made.
    """

    transfer: Mapping[str, Value | None]
    parties: Collection
    screening: tuple[Reason, ...]
    notes: tuple[str, ...]

    def with_item(self, item: Mapping[str, Value | None]) -> Facts:
        """Return the facts together with those of one item."""
        return Facts({**self.transfer, **item}, {"parties": self.parties})

    def with_order_power(self, needed_mw: Decimal | None) -> "OrderFacts":
        """Return the facts with whether each site's power suffices for the chips alone."""
        if needed_mw is None:
            return self
        members = tuple(
            member
            if not isinstance(site := member.get("party.site_power_mw"), Decimal)
            else {**member, "party.site_power_sufficient": site >= needed_mw}
            for member in self.parties.members
        )
        return replace(self, parties=replace(self.parties, members=members))

    def with_order_tpp(self, order_tpp: Decimal | None) -> "OrderFacts":
        """Return the facts with what a consignee has received once this order is added."""
        # The allowance is one ultimate consignee's; of several it is not known whose it is.
        users = [m for m in self.parties.members if m.get("party.role") == "end_user"]
        lpp = self.transfer.get("transfer.lpp_tpp_this_year") if len(users) == 1 else None
        received = {
            "transfer.lpp_tpp_after_this": lpp,
            "transfer.veu_tpp_after_this": self.transfer.get("transfer.veu_tpp_cumulative"),
        }
        after = {
            fact: before + order_tpp
            if isinstance(before, Decimal) and order_tpp is not None
            else None
            for fact, before in received.items()
        }
        return replace(self, transfer={**self.transfer, **after})


def order_facts(
    order: Order, law: Law, starter_set: StarterSet, vocabulary: OrderVocabulary
) -> OrderFacts:
    """Return the facts of an order under the law of its day."""
    reasons: list[Reason] = []
    notes: list[str] = []
    members: list[Mapping[str, Value | None]] = []
    labels: list[str] = []
    named = list(order.parties)
    roles = [party.role for party in named]
    missing = [r for r in vocabulary.required_roles.get(order.kind, ()) if r not in roles]
    for party in [*named, *(Party(role=role) for role in missing)]:
        label = _label(party, labels)
        values, found, said = party_values(party, label, order, law, starter_set)
        members.append(values)
        labels.append(label)
        reasons.extend(found)
        notes.extend(said)
    notes.extend(
        f"The order names no {role}: a party of whom nothing is known." for role in missing
    )
    collection = Collection(tuple(members), order.parties_complete, tuple(labels))
    transfer, said = transfer_values(order, law, vocabulary)
    return OrderFacts(transfer, collection, tuple(reasons), (*notes, *said))


def _label(party: Party, taken: list[str]) -> str:
    if party.role not in taken:
        return party.role
    number = 2
    while f"{party.role}[{number}]" in taken:
        number += 1
    return f"{party.role}[{number}]"
