"""Find a party on the starter set by its exact names.

    >>> from chipwarden.parties.lists import load_starter_set
    >>> found = find("Moore Threads", (), "CN", load_starter_set(), date(2026, 3, 2))
    >>> found[0].entry.list_code, found[0].outcome
    ('US-EL', <Outcome.YES: 'yes'>)

It finds and never clears: no match means "not found here", never "not listed".
Natural persons are not screened, for none are in the data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chipwarden.model.outcome import Outcome
from chipwarden.model.reasons import Reason
from chipwarden.model.values import Value
from chipwarden.parties.lists import StarterSet
from chipwarden.parties.names import normal_name
from chipwarden.parties.schema import ListedParty


@dataclass(frozen=True, slots=True)
class Match:
    """One entry whose name or alias equals a name of the party in normal form.

    Attributes:
        entry: the entry.
        given_name: the party's name that was found.
        matched_name: the name or alias of the entry, as listed.
        by_alias: whether it was an alias of the entry.
        same_country: whether the entry names the party's country; None where unknown.
        date_is_certain: whether the entry surely held on the date; False where the day of
            listing is unknown and the date lies before the first day that is known.
        reason: why, with the citation; its outcome is that of the match.
    """

    entry: ListedParty
    given_name: str
    matched_name: str
    by_alias: bool
    same_country: bool | None
    date_is_certain: bool
    reason: Reason

    @property
    def outcome(self) -> Outcome:
        """Yes, or undetermined where the country differs or is unknown; never no."""
        return self.reason.outcome


def find(
    name: str | None,
    aliases: Sequence[str],
    country: str | None,
    starter_set: StarterSet,
    as_of: date,
    known_on: date | None = None,
) -> tuple[Match, ...]:
    """Return the entries that carry one of these names, one match an entry.

    Args:
        name: name of the party, None where it is not known.
        aliases: its other names.
        country: where it is, ISO 3166-1 alpha-2, None where unknown.
        starter_set: the entries to look through.
        as_of: the date for which is asked. An entry that is known to begin later is left out;
            one whose first day is unknown counts for any date, and the match says so.
        known_on: entries published later are left out; None: nothing is left out.

    Returns:
        Matches in the order of the names and the data; () when nothing was found, which says
        nothing about the party.
    """
    matches: dict[str, Match] = {}
    for given in (name, *aliases):
        form = normal_name(given or "")
        if not form:
            continue
        for entry, listed_name in starter_set.named(form):
            if entry.listed_on is not None and entry.listed_on > as_of:
                continue
            if known_on is not None and entry.published is not None and entry.published > known_on:
                continue
            matches.setdefault(entry.id, _match(entry, given or "", listed_name, country, as_of))
    return tuple(matches.values())


def _match(
    entry: ListedParty, given: str, listed_name: str, country: str | None, as_of: date
) -> Match:
    same = None if country is None else country in (entry.country, *entry.also_in)
    certain = as_of >= entry.surely_listed_from
    notes = []
    if same is False:
        notes.append("The name is the same and the country is not: confirm who it is.")
    if same is None:
        notes.append("The country of the party is unknown: confirm who it is.")
    if not certain:
        notes.append(
            "The first day of the listing is unknown; it is taken to hold. "
            f"It surely held from {entry.surely_listed_from.isoformat()}."
        )
    values: list[tuple[str, Value | None]] = [
        ("party.name", given),
        ("party.country", country),
        ("entry.id", entry.id),
        ("entry.name", listed_name),
        ("entry.country", entry.country),
        ("entry.listed_on", entry.listed_on),
        ("as_of", as_of),
    ]
    reason = Reason(
        statement=f"{given} stands on {entry.list_code}",
        outcome=Outcome.YES if same else Outcome.UNDETERMINED,
        reference=entry.citations[0],
        values=tuple(values),
        missing=() if same else ("party.country",) if same is None else ("party.identity",),
        note=" ".join(notes),
    )
    return Match(entry, given, listed_name, listed_name != entry.name, same, certain, reason)
