"""The command line says what it can do in under half a second of processor time."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure


def run(quick: bool) -> Iterator[Figure]:
    """Yield the figure, or say that there is no command line yet."""
    program = Path(sys.executable).parent / "chipwarden"
    times = 3 if quick else 10
    seconds = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([str(program), "--help"], capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            print("cli.help_cpu_s: skipped, there is no command line yet", file=sys.stderr)
            return
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    yield Figure(
        figure="cli.help_cpu_s",
        value=sorted(seconds)[times // 2],
        unit="s",
        conditions=f"CPU time of `chipwarden --help`, median of {times} processes, files cached",
    )
