"""Country groups on one day: who belongs, who does not, and of whom it is not known."""

from collections.abc import Mapping
from datetime import date

from chipwarden.expressions.facts import Group
from chipwarden.rules.provisions import CountryGroup


def groups_on(
    groups: Mapping[str, CountryGroup],
    aliases: Mapping[str, str],
    as_of: date,
    known_on: date,
) -> dict[str, Group]:
    """Return every group as it stood on a day, as far as was known on another.

    Args:
        groups: dated groups by name; unions may name any other, without cycles.
        aliases: codes that follow another in every group, such as HK after CN.
        as_of: the day.
        known_on: the day of knowledge.
    """
    found: dict[str, Group] = {}

    def resolve(name: str) -> Group:
        if name in found:
            return found[name]
        group = groups[name]
        members, uncertain = set[str](), set[str]()
        for membership in group.members:
            if membership.dates.hold(as_of, known_on, as_written=True):
                (members if membership.certain else uncertain).add(membership.country)
        for other_name, dates in group.union:
            if dates.hold(as_of, known_on, as_written=True):
                other = resolve(other_name)
                members |= other.members
                uncertain |= other.uncertain
        uncertain -= members
        for other_name in group.minus:
            other = resolve(other_name)
            # A country that may be in the part taken away may still belong.
            uncertain |= members & other.uncertain
            members -= other.members | other.uncertain
            uncertain -= other.members
        for code, follows in aliases.items():
            if follows in members:
                members.add(code)
            elif follows in uncertain:
                uncertain.add(code)
        found[name] = Group(name, frozenset(members), frozenset(uncertain - members))
        return found[name]

    for name in groups:
        resolve(name)
    return found
