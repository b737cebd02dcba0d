"""Many gates at once: processes of their own use one grant, and no unit goes twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.enforcement.warehouse import HOLDER, NOON, PRODUCT, Warehouse

# Each gate tries names of its own, and some that the others try too.
_GATE = f"""
import json, sys
from pathlib import Path
from chipwarden.app.ledger import Ledger, open_ledger
Ledger.now = lambda self: {NOON}
from chipwarden.app.grants import use
from chipwarden.enforcement.asked import Asked, AskedLine
from chipwarden.ledger.errors import LogConflict
gate, tries = sys.argv[1], int(sys.argv[2])
token = Path("grant.jwt").read_text().strip()
names = [f"{{gate}}-{{n}}" if n % 2 else f"all-{{n}}" for n in range(tries)]
told = {{}}
with open_ledger(Path("chipwarden-data")) as ledger:
    for name in names:
        line = AskedLine({PRODUCT!r}, 1)
        while name not in told:
            try:
                done = use(ledger, token, Asked({HOLDER!r}, "DE", (line,), use_id=name))
            except LogConflict:
                continue  # asked again under the same name
            told[name] = [done.index, done.is_new, [c.step for c in done.verdict.refusals]]
print(json.dumps(told))
"""
GATES = 3
UNITS, TRIES = (64, 60) if "CHIPWARDEN_FUZZ_CASES" in os.environ else (16, 14)


def test_no_unit_goes_twice_however_many_ask(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    assert warehouse.run("chipwarden init")[0] == 0
    assert warehouse.run("chipwarden check order.toml")[0] == 0
    warehouse.issue("grant.jwt", f"--quantity 1={UNITS}")
    gates = [
        subprocess.Popen(
            [sys.executable, "-c", _GATE, str(gate), str(TRIES)],
            cwd=warehouse.folder, env=warehouse.environment, stdout=subprocess.PIPE,
        )
        for gate in range(GATES)
    ]  # fmt: skip
    answers = [json.loads(gate.communicate()[0]) for gate in gates]
    assert [gate.returncode for gate in gates] == [0] * GATES
    counted = [(name, *answer) for gate in answers for name, answer in gate.items()]
    new = [name for name, _, is_new, _ in counted if is_new]
    # More were asked for than there are: each unit goes once, under a name of its own.
    assert len(new) == len(set(new)) == UNITS
    assert len({name for gate in answers for name in gate}) > UNITS
    index = {name: at for name, at, is_new, _ in counted if is_new}
    for name, at, is_new, steps in counted:
        assert (at is None) == (steps == ["quantity"])
        assert is_new or at is None or (at == index[name] and steps == ["use"])
    book = json.loads(warehouse.run("chipwarden grant list --audit --json")[1])
    assert book["problems"] == []
    assert book["grants"][0]["lines"] == [{"line": 1, "granted": UNITS, "used": UNITS, "left": 0}]
    assert sorted(index.values()) == book["grants"][0]["uses"]
