"""A ledger with every kind of entry, made once for all tests; who changes it takes a copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspace.ledgers import OTHER, Full, full_ledger, made

from chipwarden.app.ledger_setup import LedgerNames
from chipwarden.store import passphrase_kdf


@pytest.fixture(scope="session", autouse=True)
def cheap_passphrases() -> Iterator[None]:
    """Let a guess at a passphrase cost nothing: it would be most of what these tests do."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passphrase_kdf, "_N", 2)
        yield


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Full:
    """Return a workspace with every kind of entry, and the other one that it took a key from."""
    folder = tmp_path_factory.mktemp("full")
    other = made(folder / "other", LedgerNames("log.example/other", OTHER))
    return full_ledger(made(folder / "work"), other)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a new workspace."""
    return made(tmp_path / "work")
