"""A measured figure, and how figures are printed.

    >>> Figure(figure="a.b_s", value=2.0, unit="s", conditions="", peer="p", peer_value=8.0).ratio
    0.25
"""

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What a run stands on: a figure means little without these versions.
VERSIONS_OF = ("chipwarden", "cryptography", "duckdb", "sqlglot", "msgspec")

COLUMNS = ("figure", "value", "unit", "peer", "peer value", "ratio", "conditions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number.

    Attributes:
        figure: its name, area and quantity with unit, such as `rules.classify_rows_per_s`; a
            name once given stays.
        value: what our code measured.
        unit: unit of value and peer_value, such as `1/s` or `ms`.
        conditions: size of the input and all that a reader needs to repeat the measurement.
        peer: what the same input was given to beside it, or the physical bound.
        peer_value: what the peer measured in the same run.
    """

    figure: str
    value: float
    unit: str
    conditions: str
    peer: str | None = None
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """Our value divided by the peer's; None without a peer or where the peer's is 0."""
        return self.value / self.peer_value if self.peer_value else None

    def to_json(self) -> dict[str, Any]:
        """Return the figure as JSON data."""
        return {
            "figure": self.figure,
            "value": self.value,
            "unit": self.unit,
            "peer": self.peer,
            "peer_value": self.peer_value,
            "ratio": self.ratio,
            "conditions": self.conditions,
        }


def number_text(number: float | None) -> str:
    """Return a number as a person reads it: four digits, or whole with separators; "" for None."""
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as an aligned text table, one a line."""
    rows = [COLUMNS] + [
        (
            figure.figure,
            number_text(figure.value),
            figure.unit,
            figure.peer or "",
            number_text(figure.peer_value),
            number_text(figure.ratio),
            figure.conditions,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def json_lines(figures: Iterable[Figure], machine: str) -> str:
    """Return one JSON object a line, each with the machine that it was measured on."""
    return "\n".join(json.dumps(figure.to_json() | {"machine": machine}) for figure in figures)


def machine_line() -> str:
    """Return processor, cores, memory, system and versions, in one line."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in VERSIONS_OF]
    return (
        f"{processor()}, {len(os.sched_getaffinity(0))} cores, {memory_gib:.0f} GiB; "
        f"{platform.system()} {platform.release()}; {', '.join(versions)}"
    )


def processor() -> str:
    """Return the processor's name, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
