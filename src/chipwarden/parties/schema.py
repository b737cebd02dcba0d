"""Types of parties, with the words of followthemoney where they fit.

A party plays a role in an order; its owners are a tree as the order gives it. A
listed party is one entry of one official list. Unknown is None, never "" or 0.

    >>> Owner("Example Holding", percentage=Decimal("30"), listed_on=(ListCode("US-EL"),)).low
    Decimal('30')
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NewType

from chipwarden.model.values import Confidence

ListCode = NewType("ListCode", str)
"""Code of a list, such as `US-EL`; the known ones are in `data/list-codes.toml`."""


@dataclass(frozen=True, slots=True)
class ListDescription:
    """One list that can be named, and its effect on a decision under the EAR."""

    code: ListCode
    title: str
    effect: str
    information_only: bool


@dataclass(frozen=True, slots=True)
class ListedParty:
    """One entry of an official list.

    Attributes:
        id: our key, stable across versions of the data.
        list_code: the list that it stands on.
        name: the official name.
        aliases: other names that the official text gives.
        country: ISO 3166-1 alpha-2 of the list's heading or first address.
        citations: where the entry was made or changed, oldest first.
        requirement: what the entry requires, in our words.
        confidence: how far the facts of the entry can be relied on.
        also_in: other countries that its addresses name.
        city: a city that its addresses name.
        footnotes: numbers of the list's footnotes that the entry carries.
        programmes: tags of the sanctions programmes.
        uscc: unified social credit code.
        review_policy: how a license application is reviewed, None where unknown.
        review_policy_scope: what the policy depends on, in our words.
        review_policy_confidence: how far the policy can be relied on.
        listed_on: first day on which the entry held, None where unknown.
        published: day on which the listing became known, None where unknown.
        snapshot: day of the copy from which the entry was taken.
    """

    id: str
    list_code: ListCode
    name: str
    aliases: tuple[str, ...]
    country: str
    citations: tuple[str, ...]
    requirement: str
    confidence: Confidence
    snapshot: date
    also_in: tuple[str, ...] = ()
    city: str | None = None
    footnotes: tuple[int, ...] = ()
    programmes: tuple[str, ...] = ()
    uscc: str | None = None
    review_policy: str | None = None
    review_policy_scope: str = ""
    review_policy_confidence: Confidence | None = None
    listed_on: date | None = None
    published: date | None = None

    @property
    def surely_listed_from(self) -> date:
        """First day on which it certainly stood on the list.

        That is `listed_on`, else `published`, else the day of the copy. The listing may be older
        than the last two.
        """
        return self.listed_on or self.published or self.snapshot


@dataclass(frozen=True, slots=True)
class Owner:
    """One stake in an entity (followthemoney: Ownership), with the owner's own owners.

    Attributes:
        name: name of the owner.
        percentage: its share, percent; None where unknown or given as a band.
        percentage_min: lower end of a band, inclusive.
        percentage_max: upper end of a band, inclusive.
        listed_on: lists on which it is said to stand.
        headquarters: country of its headquarters.
        owners: its own owners; None: not said; (): said to have none (a state, a person).
    """

    name: str
    percentage: Decimal | None = None
    percentage_min: Decimal | None = None
    percentage_max: Decimal | None = None
    listed_on: tuple[ListCode, ...] = ()
    headquarters: str | None = None
    owners: "tuple[Owner, ...] | None" = None

    @property
    def low(self) -> Decimal:
        """The least that it can hold, percent; 0 where unknown."""
        if self.percentage is not None:
            return self.percentage
        return self.percentage_min if self.percentage_min is not None else Decimal(0)

    @property
    def high(self) -> Decimal:
        """The most that it can hold, percent; 100 where unknown."""
        if self.percentage is not None:
            return self.percentage
        return self.percentage_max if self.percentage_max is not None else Decimal(100)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Keys of a party in registers, each None where unknown."""

    lei: str | None = None
    uscc: str | None = None
    duns: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A party to an order, as the order gives it.

    Attributes:
        role: the role that it plays, a word of the order vocabulary.
        name: its name, None where the order does not name it.
        aliases: other names.
        country: where it is, ISO 3166-1 alpha-2.
        address: as given.
        headquarters: country of its own headquarters.
        parent_name: name of the ultimate parent.
        parent_headquarters: country of the ultimate parent's headquarters.
        parent_listed_on: lists on which the ultimate parent is said to stand.
        listed_on: lists on which the party is said to stand.
        sdn_programmes: tags of its sanctions programmes.
        owners: its owners; None: not said; (): said to have none.
        identifiers: keys in registers.
        incorporated: day of incorporation.
        business: what it does.
        site_power_mw: power of the site, megawatts.
    """

    role: str
    name: str | None = None
    aliases: tuple[str, ...] = ()
    country: str | None = None
    address: str | None = None
    headquarters: str | None = None
    parent_name: str | None = None
    parent_headquarters: str | None = None
    parent_listed_on: tuple[ListCode, ...] = ()
    listed_on: tuple[ListCode, ...] = ()
    sdn_programmes: tuple[str, ...] = ()
    owners: tuple[Owner, ...] | None = None
    identifiers: Identifiers = Identifiers()
    incorporated: date | None = None
    business: str | None = None
    site_power_mw: Decimal | None = None
