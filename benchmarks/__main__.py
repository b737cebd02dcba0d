"""Run one benchmark: `python -m benchmarks NAME [--quick] [--json]`.

A benchmark is a module of this folder with a function
`run(quick: bool) -> Iterable[Figure]`; its docstring's first line says what it shows.
"""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import cast

import benchmarks
from benchmarks.figures import Figure, json_lines, machine_line, table

HELPERS = frozenset({"__main__", "figures", "peers"})

Run = Callable[[bool], Iterable[Figure]]


def names() -> list[str]:
    """Return the names of the benchmarks: the folder's modules but for the helpers."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name for name in found if name not in HELPERS and not name.startswith("_"))


def measure(name: str, quick: bool) -> list[Figure]:
    """Run the benchmark and return its figures; those of a quick run say so."""
    run = cast(Run, importlib.import_module(f"benchmarks.{name}").run)
    figures = list(run(quick))
    if not quick:
        return figures
    return [
        replace(figure, conditions=f"quick run, smaller input; {figure.conditions}")
        for figure in figures
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark that the arguments name, print its figures, return the exit code."""
    known = names()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure a claim beside a peer or a physical bound, in one run.",
        epilog=f"Benchmarks: {', '.join(known) or 'none yet'}.",
    )
    parser.add_argument("name", metavar="NAME", help="the benchmark to run")
    parser.add_argument("--quick", action="store_true", help="smaller input, under 50 seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object a figure")
    options = parser.parse_args(arguments)
    if options.name not in known:
        parser.error(f"no benchmark {options.name!r}; there are: {', '.join(known) or 'none yet'}")

    figures = measure(options.name, options.quick)
    if options.json:
        print(json_lines(figures, machine_line()))
    else:
        print(f"{machine_line()}\n\n{table(figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
