"""Which company of the law's table a party is, by its own words.

A match is an exact normal form of the name; the order is trusted for it and
the decision says so.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from chipwarden.parties.names import NameRules, load_name_rules, normal_name
from chipwarden.parties.schema import Party
from chipwarden.rules.lawbook import Law
from chipwarden.rules.provisions import NamedCompany

# Key of named-companies.toml: fabricators and packagers that are known as such.
MAKER = "fabricator-or-packager"


def named_company(name: str | None, aliases: Iterable[str], law: Law) -> str | None:
    """Return the key of the company that carries one of these names, None where none does."""
    forms = [normal_name(text) for text in (name, *aliases) if text]
    known = _company_forms(tuple(law.companies.values()), load_name_rules())
    return next((known[form] for form in forms if form in known), None)


def is_near_addressee(party: Party, law: Law) -> bool:
    """Return whether a party may be bound by a letter to another: a subsidiary, a like name."""
    if named_company(party.parent_name, (), law):
        return True
    words = set(normal_name(party.name or "").split())
    return any(
        set(normal_name(name).split()) <= words
        for company in law.companies.values()
        for name in company.names
        if company.is_addressee
    )


@lru_cache(maxsize=8)
def _company_forms(companies: tuple[NamedCompany, ...], rules: NameRules) -> Mapping[str, str]:
    # The rules are part of the key: a name's normal form depends on them.
    return {normal_name(text): company.key for company in companies for text in company.names}
