"""The example: a label comes out only where the grant says yes, and each use is counted once."""

import json
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.docs.pages import agrees
from tests.enforcement.warehouse import NOON, Warehouse, readme_commands

REFUSED = "No label: the grant does not let these units go.\n- "


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, str]:
    """Return a warehouse with a grant for 64 units, from which nothing is taken that counts."""
    warehouse = Warehouse(tmp_path_factory.mktemp("prepared"))
    return warehouse, warehouse.prepare()


def refused(warehouse: Warehouse, command: str) -> str:
    """Return the reasons on standard error; nothing was printed and nothing counted."""
    before = (
        warehouse.folder / "chipwarden-data" / "ledger" / "public" / "checkpoint"
    ).read_bytes()
    code, out, errors = warehouse.run(f"{command} --svg refused.svg")
    assert (code, out) == (1, "")
    assert errors.startswith(REFUSED)
    assert not (warehouse.folder / "refused.svg").exists()
    after = (warehouse.folder / "chipwarden-data" / "ledger" / "public" / "checkpoint").read_bytes()
    assert after == before
    return errors.removeprefix(REFUSED)


def test_the_readme_tells_the_truth(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    wrong, code = [], 0
    for command in readme_commands():
        if command.text == "echo $?":
            printed = f"{code}\n"
        else:
            code, out, errors = warehouse.run(command.text)
            assert code == 0 or out == "", "a label in spite of a no"
            printed = out + errors
        if not agrees(printed, command.printed):
            wrong.append(f"line {command.line}: {command.text}\n{printed}")
    assert not wrong, "\n".join(wrong)
    drawn = ElementTree.parse(warehouse.folder / "S-4711.svg")
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:3] == [
        "SHIPMENT S-4711", "TO       Example Rechenzentrum GmbH, DE", "UNITS    40 x NVIDIA B200",
    ]  # fmt: skip
    grants = json.loads(warehouse.run("chipwarden grant list --audit --json")[1])
    assert grants["problems"] == []
    assert [line["used"] for line in grants["grants"][0]["lines"]] == [40]
    identifier = grants["grants"][0]["grant"]
    revoked = warehouse.run(f"chipwarden grant revoke {identifier} --reason 'order cancelled'")
    assert revoked[:2] == (0, "revoked in entry 5\n")
    # As the last block of the README says.
    assert refused(warehouse, warehouse.label("S-4714", 1)) == (
        "revoked: in entry 5 of the log: order cancelled\n"
    )
    assert warehouse.run("chipwarden ledger fsck")[0] == 0


@pytest.mark.parametrize(
    ("now", "said"), [(NOON + 72 * 3600, "expired: "), (NOON - 3600, "not yet valid: ")]
)
def test_a_grant_that_does_not_hold_now_gives_no_label(
    prepared: tuple[Warehouse, str], now: int, said: str
) -> None:
    warehouse, _ = prepared
    warehouse.now = now
    try:
        assert refused(warehouse, warehouse.label("S-1", 1)).startswith(said)
    finally:
        warehouse.now = NOON


@pytest.mark.parametrize("option", ["shipment", "serial"])
@pytest.mark.parametrize("more", ["\nUNITS    64 x NVIDIA B200", "\x1b[2K", "\u202e", "\u2028x"])
def test_no_line_of_the_label_can_be_forged(
    prepared: tuple[Warehouse, str], option: str, more: str
) -> None:
    warehouse, _ = prepared
    checkpoint = warehouse.folder / "chipwarden-data" / "ledger" / "public" / "checkpoint"
    before = checkpoint.read_bytes()
    command = f"{warehouse.label('S-1', 1)} --{option} {shlex.quote(f'S-1{more}')}"
    code, out, errors = warehouse.run(f"{command} --svg forged.svg")
    assert (code, out) == (1, "")
    assert errors == f"No label: {f'S-1{more}'!a} is no number that can be printed.\n"
    assert not (warehouse.folder / "forged.svg").exists()
    assert checkpoint.read_bytes() == before


def test_the_label_names_the_product_as_granted(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    identifier = warehouse.prepare()
    asked = warehouse.label("S-1", 2, product="nvidia\nb200", region="Hesse")
    for command in (asked, f"{asked} --again"):
        code, out, _ = warehouse.run(command)
        assert code == 0
        assert [row for row in out.splitlines() if row.startswith("UNITS")] == [
            "UNITS    2 x NVIDIA B200"
        ]
        assert "b200" not in out
    # What the gate would refuse now is not printed a second time.
    for changes in ({"holder": "Example Trading LLC"}, {"country": "AE"}):
        again = warehouse.label("S-1", 2, **changes)
        (step,) = changes
        told = refused(warehouse, f"{again} --again")
        assert ("place: " if step == "country" else "holder: ") in told
    revoke = f"chipwarden grant revoke {identifier} --reason 'order cancelled'"
    assert warehouse.run(revoke)[0] == 0
    assert "order cancelled" in refused(warehouse, f"{asked} --again")


def test_a_changed_token_gives_no_label(prepared: tuple[Warehouse, str]) -> None:
    warehouse, _ = prepared
    content = bytearray((warehouse.folder / "grant.cwt").read_bytes())
    content[-1] ^= 1
    (warehouse.folder / "changed.cwt").write_bytes(content)
    command = warehouse.label("S-1", 1, token="changed.cwt")
    assert refused(warehouse, command).startswith("signature: altered, or not signed by ")


@pytest.mark.parametrize("token", ["order.toml", "missing.cwt"])
def test_no_answer_is_a_no(prepared: tuple[Warehouse, str], token: str) -> None:
    warehouse, _ = prepared
    code, out, errors = warehouse.run(warehouse.label("S-1", 1, token=token))
    assert (code, out) == (1, "")
    assert errors.startswith("No label: no answer that can be read.\n")


def test_a_printer_without_chipwarden_prints_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.environment["PATH"] = str(tmp_path)
    code, out, errors = warehouse.run(warehouse.label("S-1", 1))
    assert (code, out) == (1, "")
    assert errors.startswith("No label: the grant could not be asked")
