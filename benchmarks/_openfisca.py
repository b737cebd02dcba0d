"""The peer of the classification: openfisca-core, in an environment of its own."""

import json
import subprocess
import tempfile
from array import array
from decimal import Decimal
from pathlib import Path

import duckdb

from benchmarks.peers import PEERS, python_of
from chipwarden.decisions.bulk_epochs import Epochs, conditions, values_of
from chipwarden.rules.lawbook import Lawbook
from chipwarden.rules.provisions import Step

NAME = PEERS["openfisca-core"].requirements[0]
PEER_SCRIPT = Path(__file__).parent / "peers_scripts" / "classify_openfisca.py"
# What the peer's ladder looks at, and how it takes it.
PEER_COLUMNS = {
    "tpp": "float",
    "performance_density": "float",
    "io_gb_s": "float",
    "memory_bandwidth_density_gb_s_mm2": "float",
    "is_hbm": "bool",
    "copackaged_with_logic": "bool",
    "datacenter_marketed": "bool",
}
PEER_PARAGRAPHS = ("none", "3A090", "3A090.a", "3A090.b", "3A090.c")


def classify(
    connection: duckdb.DuckDBPyConnection,
    lawbook: Lawbook,
    paragraphs: tuple[str, ...],
    count: int,
) -> tuple[float, int]:
    """Return the peer's rows a second, and on how many rows its answers are equal to ours.

    Args:
        connection: with the tables `chips` and `answer`.
        lawbook: the law, whose numbers the peer is given.
        paragraphs: the names of the bits of our masks.
        count: how many rows it is given at most.

    Raises:
        RuntimeError: an answer differs.
    """
    epochs = Epochs.of_lawbook(lawbook, None, False)
    wanted = ", ".join(f'CAST("item.{name}" AS DOUBLE)' for name in PEER_COLUMNS)
    known = " AND ".join(f'"item.{name}" IS NOT NULL' for name in PEER_COLUMNS)
    rows = connection.execute(
        f"SELECT {wanted}, CAST({epochs.number_sql('date')} AS DOUBLE), paragraph_mask "
        f"FROM chips JOIN answer USING (id) WHERE {known} AND id < {count} "
        "ORDER BY id"
    ).fetchall()
    *figures, numbers, masks = zip(*rows, strict=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, values in zip([*PEER_COLUMNS, "epoch"], [*figures, numbers], strict=True):
            (Path(folder) / f"{name}.bin").write_bytes(array("d", values).tobytes())
        first = max(epochs.first_days[0], lawbook.covered_from)
        given = {
            "columns": PEER_COLUMNS,
            "parameters": _parameters(lawbook),
            "epochs": [str(max(day, first)) for day in epochs.first_days],
        }
        (Path(folder) / "input.json").write_text(json.dumps(given), encoding="utf-8")
        command = [str(python_of("openfisca-core")), str(PEER_SCRIPT), folder]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        answers = (Path(folder) / "paragraphs.bin").read_bytes()
    for mask, answer in zip(masks, answers, strict=True):
        if mask != 1 << paragraphs.index(PEER_PARAGRAPHS[answer]):
            raise RuntimeError(f"the peer says {PEER_PARAGRAPHS[answer]}, our mask is {mask:b}")
    return len(rows) / float(done.stdout), len(rows)


def _parameters(lawbook: Lawbook) -> dict[str, object]:
    """Return the numbers that the ladder names, in the peer's form."""
    names = {
        name
        for provision in lawbook.provisions
        if provision.step is Step.CLASSIFICATION
        for node in conditions(provision)
        for name in values_of(node)
    }
    return {
        name: {
            "values": {
                str(value.in_force): {"value": float(value.value)}
                for value in lawbook.parameters[name].values
                if isinstance(value.value, Decimal)
            }
        }
        for name in sorted(names)
        if isinstance(lawbook.parameters[name].values[0].value, Decimal)
    }
