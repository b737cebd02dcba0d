"""Made-up rows for the benchmark of rules: the same ones in every run, on every machine.

Each value follows from the number of the row and the name of the column alone.
"""

import re

import duckdb

from chipwarden.decisions.bulk_epochs import conditions, is_used, walk
from chipwarden.expressions.nodes import Fact
from chipwarden.expressions.sql import column_types
from chipwarden.rules.lawbook import Lawbook
from chipwarden.store.bulk import WIDE

SLOTS = 3
FIRST, DAYS = "2022-10-07", 1506  # to 2026-11-20
_COUNTRIES = (
    "US", "US", "US", "CN", "CN", "MY", "SG", "DE", "FR", "AE", "SA", "JP", "TW", "IN", "HK", "KR",
    "GB", "RU", "TH", "VN", "MO", "KZ", "IL", "NL",
)  # fmt: skip
_TEXTS = {
    "transfer.kind": ("export", "export", "export", "reexport", "transfer_in_country"),
    "item.kind": ("ic", "board", "system"),
    "party1.role": ("exporter",),
    "party2.role": ("consignee",),
    "party3.role": ("end_user",),
    "transfer.exporter_company": ("other", "other", "nvidia", "amd"),
    "entity_list_review": ("presumption_of_denial", "case_by_case"),
    "owners_review": ("presumption_of_denial", "policy_of_denial"),
    "transfer.destination_region": ("none",),
}
# Greatest value of a figure, in hundredths.
_MOST = {
    "item.tpp": 900_000,
    "item.performance_density": 1_000,
    "item.io_gb_s": 120_000,
    "item.memory_bandwidth_gb_s": 800_000,
    "item.memory_bandwidth_density_gb_s_mm2": 500,
    "item.transistors_bn": 20_000,
}
_RARE = re.compile(
    r"listed_|owned_by|military|wmd|supercomputer|known_viol|footnote|is_hbm|sold_by"
)


def columns(lawbook: Lawbook) -> dict[str, str]:
    """Return the types of all facts that a US clause asks for."""
    asked = {
        part.name
        for provision in lawbook.provisions
        if is_used(provision)
        for node in conditions(provision)
        for part in walk(node)
        if isinstance(part, Fact)
    } - {"item.paragraph", "item.presumed_datacenter"}
    asked |= {"party.entity_list_review", "party.owners_review"}
    types = column_types(lawbook.declarations, slots=SLOTS, wide=WIDE)
    return {
        name: kind
        for name, kind in types.items()
        if re.sub(r"^party\d", "party", name) in asked or name.startswith("parties.")
    }


def make(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    count: int,
    types: dict[str, str],
    unknown_percent: int,
) -> None:
    """Create a table of so many rows, with `id`, `date` and these columns."""
    cells = [f'{_cell(name, kind, unknown_percent)} AS "{name}"' for name, kind in types.items()]
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT i AS id, "
        f"DATE '{FIRST}' + CAST({_chance('date')} % {DAYS} AS INTEGER) AS date, {', '.join(cells)} "
        f"FROM range({count}) r(i)"
    )


def _cell(name: str, kind: str, unknown_percent: int) -> str:
    if name == "parties.count":
        return f"CAST({SLOTS} AS INTEGER)"
    if name == "parties.complete":
        return f"({_chance(name)} % 10 < 9)"
    # What a figure is at least is known where the figure is, and is the same here.
    base = name.removesuffix("_at_least")
    known = f"CAST({_value(base, kind)} AS {kind})"
    if not unknown_percent:
        return known
    return f"CASE WHEN {_chance('unknown ' + base)} % 100 >= {unknown_percent} THEN {known} END"


def _value(name: str, kind: str) -> str:
    chance = _chance(name)
    fact = name.split(".", 1)[1]
    if kind == "BOOLEAN":
        return f"{chance} % 100 < {1 if _RARE.match(fact) else 40}"
    if kind.startswith("DECIMAL"):
        return f"CAST({chance} % {_MOST.get(name, 10_000)} AS DECIMAL(9,0)) * 0.01"
    if kind == "DATE":
        return "DATE '2023-01-10'"
    texts = _TEXTS.get(name) or _TEXTS.get(fact)
    if texts is None:
        is_country = re.search(r"country|headquarters|destination|origin|designer_hq", fact)
        texts = _COUNTRIES if is_country else ("none",)
    listed = ", ".join(f"'{text}'" for text in texts)
    return f"[{listed}][1 + CAST({chance} % {len(texts)} AS INTEGER)]"


def _chance(name: str) -> str:
    return f"hash(i, '{name}')"
