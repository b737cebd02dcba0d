"""Print a shipping label, but only if a release grant lets the units go.

    python print_label.py grant.cwt --shipment S-4711 --holder "Example Rechenzentrum GmbH" \
        --country DE --product "NVIDIA B200" --quantity 40 --svg label.svg

The grant is asked before anything is printed, and the use is counted in the workspace's ledger
under the number of the shipment. Where the answer is no, or there is no answer, no label comes
out: the reasons go to standard error and the exit code is 1.
"""

import argparse
import json
import subprocess
import sys
import unicodedata
from html import escape
from pathlib import Path
from typing import Any


def ask(given: argparse.Namespace) -> dict[str, Any]:
    """Return the answer of `chipwarden grant use`.

    Raises:
        SystemExit: there was no answer that could be read; nothing may go then.
    """
    command = [
        "chipwarden", "grant", "use", given.token, "--json", "--use-id", given.shipment,
        "--holder", given.holder, "--country", given.country,
        "--product", given.product, "--quantity", str(given.quantity),
    ]  # fmt: skip
    for serial in given.serial:
        command += ["--serial", serial]
    command += ["--region", given.region] * bool(given.region)
    command += ["--site", given.site] * bool(given.site) + ["--again"] * given.again
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
    except OSError as error:
        raise SystemExit(f"No label: the grant could not be asked ({error}).") from None
    except ValueError:
        raise SystemExit(f"No label: no answer that can be read.\n{done.stderr}".rstrip()) from None
    # Both must say yes: what was told, and how the command ended.
    told = answer["granted"] is True or (given.again and answer["repeated"] is True)
    answer["may_go"] = told and done.returncode == 0
    return answer


def plain(name: str) -> str:
    """Return a name as the grant compares it: without its case and superfluous spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def label(given: argparse.Namespace, answer: dict[str, Any]) -> list[str]:
    """Return the lines of the label."""
    grant, place = answer["grant"], answer["grant"]["place"]
    where = filter(None, (place["site"], place["region"], place["country"]))
    # As granted: case and spaces of what was asked may differ.
    names = {plain(item["product"]): item["product"] for item in grant["items"]}
    lines = [
        *["DUPLICATE: the first label is void"] * answer["repeated"],
        f"SHIPMENT {given.shipment}",
        f"TO       {grant['holder']}, {', '.join(where)}",
        f"UNITS    {given.quantity} x {names[plain(given.product)]}",
        *(f"SERIAL   {serial}" for serial in given.serial),
        f"ORDER    {grant['order']}",
        f"GRANT    {grant['id'].rpartition(':')[2]}",
        f"COUNTED  entry {answer['entry']} of the log",
    ]
    # What is not to be seen could begin a line of its own, or turn one around.
    return ["".join(c if c.isprintable() else "?" for c in line) for line in lines]


def drawing(lines: list[str]) -> str:
    """Return the label as an SVG picture."""
    rows = "".join(
        f'<text x="12" y="{30 + 22 * number}">{escape(line)}</text>\n'
        for number, line in enumerate(lines)
    )
    height = 30 + 22 * len(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="520" height="{height}" '
        f'viewBox="0 0 520 {height}">\n'
        f'<rect x="1" y="1" width="518" height="{height - 2}" fill="white" stroke="black"/>\n'
        '<g font-family="monospace" font-size="15" xml:space="preserve">\n'
        f"{rows}</g>\n</svg>\n"
    )


def main() -> int:
    """Ask, and print the label or the reasons why there is none."""
    parser = argparse.ArgumentParser(description="Print a shipping label under a release grant.")
    parser.add_argument("token", help="the grant, CWT or JWT")
    parser.add_argument("--shipment", required=True, help="its number; counted once")
    parser.add_argument("--holder", required=True)
    parser.add_argument("--country", required=True)
    parser.add_argument("--region", default="")
    parser.add_argument("--site", default="")
    parser.add_argument("--product", required=True)
    parser.add_argument("--quantity", type=int, required=True)
    parser.add_argument("--serial", action="append", default=[], help="may be repeated")
    parser.add_argument("--svg", type=Path, help="draw the label into this file")
    parser.add_argument("--again", action="store_true", help="a duplicate of a label that failed")
    given = parser.parse_args()
    for text in (given.shipment, *given.serial):
        # Before anything is counted: a line break would forge a line of the label.
        if not text.isprintable() or not text.strip():
            print(f"No label: {text!a} is no number that can be printed.", file=sys.stderr)
            return 1
    answer = ask(given)
    if not answer["may_go"]:
        print("No label: the grant does not let these units go.", file=sys.stderr)
        for refusal in answer["refusals"]:
            print(f"- {refusal['step']}: {refusal['reason']}", file=sys.stderr)
        return 1
    lines = label(given, answer)
    print("\n".join(lines))
    if given.svg:
        given.svg.write_text(drawing(lines), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
