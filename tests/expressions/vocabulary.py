"""Facts, lists and parameters that the tests of the expression language speak of."""

from chipwarden.expressions.declarations import (
    Declarations,
    FactDeclaration,
    FactType,
    ParameterType,
)

TYPES = {
    "item.tpp": FactType.NUMBER,
    "item.performance_density": FactType.NUMBER,
    "item.value_usd": FactType.NUMBER,
    "item.kind": FactType.TEXT,
    "item.datacenter_marketed": FactType.FLAG,
    "item.released": FactType.DATE,
    "transfer.destination": FactType.COUNTRY,
    "transfer.origin": FactType.COUNTRY,
    "transfer.date": FactType.DATE,
    "transfer.military_end_use": FactType.FLAG,
    "party.country": FactType.COUNTRY,
    "party.headquarters": FactType.COUNTRY,
    "party.name": FactType.TEXT,
    "party.listed_el": FactType.FLAG,
    "party.share": FactType.NUMBER,
    "party.since": FactType.DATE,
}

# Larger than DECIMAL(18,9) can hold.
WIDE = frozenset({"item.value_usd"})

DECLARATIONS = Declarations(
    {name: FactDeclaration(name, kind, f"{name}?", "anyone") for name, kind in TYPES.items()},
    {"parties": "party"},
)

PARAMETERS = {
    "tpp_a": ParameterType.NUMBER,
    "pd_a": ParameterType.NUMBER,
    "product": ParameterType.TEXT,
    "cut": ParameterType.DATE,
    "strict": ParameterType.FLAG,
    "d5": ParameterType.GROUP,
    "plain": ParameterType.GROUP,
    "none": ParameterType.GROUP,
    "doubtful": ParameterType.GROUP,
}
