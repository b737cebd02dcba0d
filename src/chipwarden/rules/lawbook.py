"""The lawbook, and the law on one day.

A Lawbook holds everything that was ever in force, with its dates. A Law is
what applies on a day (`as_of`), as far as it was known on another
(`known_on`), in one mode. All determinations start from a Law.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from chipwarden.expressions.declarations import Declarations
from chipwarden.expressions.facts import Group
from chipwarden.model.errors import ChipwardenError
from chipwarden.model.values import Value
from chipwarden.rules.groups import groups_on
from chipwarden.rules.provisions import (
    Citation,
    CountryGroup,
    Dates,
    Instrument,
    LawParameter,
    NamedCompany,
    ParameterValue,
    Provision,
    Regime,
    Step,
)

# Texts that are no law yet, or no law at all; another regime's practice may be press only.
_NEVER_APPLIED = {Instrument.PROPOSAL, Instrument.BILL}


class LawNotKnown(ChipwardenError):
    """The day of knowledge lies before anything was known."""

    def __init__(self, known_on: date) -> None:
        self.known_on = known_on
        super().__init__(
            f"Nothing was known on {known_on}: no law of the data was published by then. "
            "Give a later day of knowledge."
        )


@dataclass(frozen=True)
class Law:
    """What applies on one day.

    Attributes:
        provisions: in force, in the order of the files.
        parameters: values and groups by name.
        values: the parameter values with their sources.
    """

    as_of: date
    known_on: date
    as_written: bool
    provisions: tuple[Provision, ...]
    parameters: Mapping[str, Value | Group]
    values: Mapping[str, ParameterValue]
    regimes: tuple[Regime, ...]
    companies: Mapping[str, NamedCompany]
    digest: str

    @cached_property
    def by_step(self) -> Mapping[Step, tuple[Provision, ...]]:
        """The provisions of each step; ladders by rank."""
        found: dict[Step, list[Provision]] = {step: [] for step in Step}
        for provision in self.provisions:
            found[provision.step].append(provision)
        return {
            step: tuple(sorted(provisions, key=lambda provision: provision.rank))
            for step, provisions in found.items()
        }

    def group(self, name: str) -> Group:
        """Return the country group of this name."""
        group = self.parameters[name]
        assert isinstance(group, Group)
        return group

    def require_known(self) -> None:
        """Check that there is a ladder of paragraphs to classify by.

        Raises:
            LawNotKnown: the day of knowledge lies before the first law of the data.
        """
        if not self.by_step[Step.CLASSIFICATION]:
            raise LawNotKnown(self.known_on)

    def days_in_force(self, provision: Provision) -> int | None:
        """Return how many days ago the provision took effect, None where before coverage."""
        first = provision.dates.first_day(self.as_written)
        return None if first == date.min else (self.as_of - first).days


@dataclass(frozen=True)
class Lawbook:
    """All law, with its dates.

    Attributes:
        known_to: the day to which the data were brought up.
        covered_from: first day for which the law is meant to be complete.
        digest: of all files that it was read from.
    """

    provisions: tuple[Provision, ...]
    parameters: Mapping[str, LawParameter]
    groups: Mapping[str, CountryGroup]
    aliases: Mapping[str, str]
    citations: Mapping[str, Citation]
    regimes: tuple[Regime, ...]
    companies: Mapping[str, NamedCompany]
    declarations: Declarations
    asked_instead: Mapping[str, tuple[str, ...]]
    known_to: date
    covered_from: date
    digest: str
    _laws: dict[tuple[object, ...], Law] = field(default_factory=dict, repr=False, compare=False)

    def law_on(self, as_of: date, known_on: date | None = None, *, as_written: bool = False) -> Law:
        """Return the law on a day.

        Args:
            as_of: the day to which the law is applied.
            known_on: the day of knowledge; by default the day of the data.
            as_written: ignore waivers of enforcement and delayed compliance.
        """
        # Nobody knows more than the data.
        known_on = min(known_on or self.known_to, self.known_to)
        key = (as_of, known_on, as_written)
        if key not in self._laws:
            self._laws[key] = self._law(as_of, known_on, as_written)
        return self._laws[key]

    def _law(self, as_of: date, known_on: date, as_written: bool) -> Law:
        values = {
            name: value
            for name, parameter in self.parameters.items()
            if (value := parameter.at(as_of, known_on)) is not None
        }
        provisions = tuple(
            provision
            for provision in self.provisions
            if provision.instrument not in _NEVER_APPLIED
            and provision.step is not Step.INFORMATION
            and provision.dates.hold(as_of, known_on, as_written)
        )
        return Law(
            as_of=as_of,
            known_on=known_on,
            as_written=as_written,
            provisions=provisions,
            parameters={
                **{name: value.value for name, value in values.items()},
                **groups_on(self.groups, self.aliases, as_of, known_on),
            },
            values=values,
            regimes=tuple(r for r in self.regimes if r.first_day is None or r.first_day <= as_of),
            companies=self.companies,
            digest=self.digest,
        )

    def provision(self, provision_id: str) -> Provision | None:
        """Return the provision of this id."""
        return next((p for p in self.provisions if p.id == provision_id), None)

    def without(self, provision_id: str) -> "Lawbook":
        """Return the lawbook less one provision: what would be decided if it did not exist?"""
        return Lawbook(
            **{
                **{name: getattr(self, name) for name in self.__dataclass_fields__},
                "provisions": tuple(p for p in self.provisions if p.id != provision_id),
                "digest": f"{self.digest} without {provision_id}",
                "_laws": {},
            }
        )

    def breaks(self, known_on: date | None = None, *, as_written: bool = False) -> tuple[date, ...]:
        """Return the days on which the law changes, ascending: its epochs begin there."""
        known_on = known_on or self.known_to
        days = {
            day
            for dates in self._all_dates()
            if dates.published <= known_on
            for day in (
                dates.first_day(as_written),
                _after(dates.until),
                _after(dates.enforced_until),
            )
            if day is not None and day != date.min
        }
        for parameter in self.parameters.values():
            days |= {value.in_force for value in parameter.values}
        days |= {r.first_day for r in self.regimes if r.first_day}
        return tuple(sorted(days))

    def _all_dates(self) -> Iterable["Dates"]:
        for provision in self.provisions:
            yield provision.dates
        for group in self.groups.values():
            for membership in group.members:
                yield membership.dates
            for _, dates in group.union:
                yield dates


def _after(day: date | None) -> date | None:
    return None if day is None else day + timedelta(days=1)
