"""From checked tables of law data to the types of the law."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from chipwarden.expressions.declarations import FactDeclaration, FactType, ParameterType
from chipwarden.model.values import Confidence
from chipwarden.rules.provisions import (
    Citation,
    CountryGroup,
    Dates,
    LawParameter,
    Membership,
    NamedCompany,
    ParameterValue,
)

Table = Mapping[str, Any]

_DATE_KEYS = tuple(Dates.__dataclass_fields__)


def dates_of(table: Table) -> Dates:
    """Return the dates of a provision."""
    return Dates(**{key: table[key] for key in _DATE_KEYS if key in table})


def citation_of(key: str, table: Table) -> Citation:
    """Return a citation."""
    return Citation(key, **table)


def parameter_of(name: str, table: Table) -> LawParameter:
    """Return a parameter with its dated values; whole numbers become decimals."""
    values = tuple(
        ParameterValue(
            value=_exact(value["value"]),
            in_force=value["in_force"],
            published=value["published"],
            reference=value["reference"],
            confidence=Confidence(value["confidence"]),
            note=value.get("note", ""),
        )
        for value in table["values"]
    )
    return LawParameter(
        name, table["description"], table.get("unit", ""), values, table.get("note", "")
    )


def type_of(parameter: LawParameter) -> ParameterType:
    """Return the type that a parameter has in expressions."""
    value = parameter.values[0].value
    if isinstance(value, bool):
        return ParameterType.FLAG
    if isinstance(value, Decimal):
        return ParameterType.NUMBER
    return ParameterType.DATE if isinstance(value, date) else ParameterType.TEXT


def group_of(name: str, table: Table) -> CountryGroup:
    """Return a country group; members without dates hold as long as the group."""
    first = table.get("from")
    whole = Dates(published=table.get("published", first or date.min), in_force=first)
    confidence = Confidence(table["confidence"])
    members = [
        Membership(country, whole, certain, table["reference"], confidence)
        for key, certain in (("members", True), ("uncertain", False))
        for country in table.get(key, [])
    ]
    members += [_membership(row, table["reference"]) for row in table.get("dated", [])]
    union = [(other, whole) for other in table.get("union", [])]
    if later := table.get("later"):
        dates = Dates(published=later["published"], in_force=later["from"])
        union += [(other, dates) for other in later["union"]]
    return CountryGroup(
        name=name,
        description=table["description"],
        reference=table["reference"],
        confidence=confidence,
        members=tuple(members),
        union=tuple(union),
        minus=tuple(table.get("minus", [])),
    )


def _membership(row: Table, reference: str) -> Membership:
    dates = Dates(
        published=row.get("published", row.get("from", date.min)),
        in_force=row.get("from"),
        until=row.get("until"),
        until_published=row.get("until_published"),
    )
    return Membership(
        country=row["country"],
        dates=dates,
        certain="membership" not in row,
        reference=row.get("reference", reference),
        confidence=Confidence(row["confidence"]),
        note=row.get("note", ""),
    )


def fact_of(full_name: str, table: Table) -> FactDeclaration:
    """Return the declaration of a fact."""
    return FactDeclaration(
        name=full_name,
        type=FactType(table["type"]),
        question=table["question"],
        who=table["who"],
        unit=table.get("unit", ""),
        note="derived" if table.get("derived") else "",
    )


def company_of(key: str, table: Table) -> NamedCompany:
    """Return a company that the law names."""
    return NamedCompany(
        key=key,
        names=tuple(table["names"]),
        reference=table["reference"],
        confidence=Confidence(table["confidence"]),
        is_addressee=table.get("addressee", False),
    )


def plain(value: Any) -> Any:
    """Return parsed TOML as JSON data of one spelling, for the digest."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value if isinstance(value, (bool, str)) else str(value)


def _exact(value: Decimal | int | str | bool | date) -> Decimal | str | bool | date:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
