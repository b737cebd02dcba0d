"""Install what we are measured against: `python -m benchmarks.peers NAME`.

Each peer lives in an environment of its own below `.peers/`, apart from ours:
its licence may differ, and so may the versions that it needs. A benchmark runs
it as another process, with the interpreter that `python_of` returns.
"""

import argparse
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer, its exact versions, and why it is one.

    Attributes:
        requirements: the peer and what decides its speed, each with its exact version.
        licence: SPDX identifier of the peer's licence.
        compared: what of ours stands beside it.
    """

    requirements: tuple[str, ...]
    licence: str
    compared: str


PEERS = {
    "openfisca-core": Peer(
        requirements=("openfisca-core==46.0.1", "numpy==2.4.6", "numexpr==2.14.2"),
        licence="AGPL-3.0-or-later",
        compared="classification of many chips under dated thresholds",
    ),
    "pymerkle": Peer(
        requirements=("pymerkle==7.0.0", "cachetools==7.2.1"),
        licence="GPL-3.0-or-later",
        compared="the tree of the log: appends, root, proofs",
    ),
    "scitt-cose": Peer(
        requirements=("scitt-cose==0.5.0", "cbor2==6.2.1", "cryptography==50.0.2"),
        licence="Apache-2.0",
        compared="signed statements and receipts of the log, checked by other code",
    ),
    "tlog-scales": Peer(
        requirements=("tlog-scales==0.0.3", "cryptography==50.0.2", "requests==2.34.2"),
        licence="Apache-2.0",
        compared="tiles, checkpoints, cosignatures and proofs of the log, checked by other code",
    ),
}


def python_of(name: str) -> Path:
    """Return the peer's interpreter; the peer is installed if it is not there as pinned.

    Raises:
        KeyError: there is no such peer.
        subprocess.CalledProcessError: pip could not install it.
    """
    peer = PEERS[name]
    folder = FOLDER / name
    python = folder / "bin" / "python"
    pins = "\n".join(peer.requirements)
    installed = folder / "installed.txt"
    if installed.is_file() and installed.read_text(encoding="utf-8") == pins:
        return python
    venv.create(folder, clear=True, with_pip=True)
    # Standard output is for the interpreter's path alone.
    subprocess.run(
        [str(python), "-m", "pip", "install", *peer.requirements], check=True, stdout=sys.stderr
    )
    installed.write_text(pins, encoding="utf-8")
    return python


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the peer that the arguments name, print its interpreter, return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Install a peer into its own environment and print its interpreter.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(
            f"{name}: {peer.compared} ({peer.licence}; {', '.join(peer.requirements)})"
            for name, peer in PEERS.items()
        ),
    )
    parser.add_argument("name", metavar="NAME", choices=sorted(PEERS), help="the peer to install")
    options = parser.parse_args(arguments)
    try:
        print(python_of(options.name))
    except subprocess.CalledProcessError as error:
        print(f"pip could not install {options.name} (exit {error.returncode})", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
