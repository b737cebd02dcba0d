"""Orders that several tests of the command line use."""

from pathlib import Path

import pytest
from tests.cli.shell import H20, written


@pytest.fixture
def order(tmp_path: Path) -> str:
    """Return the path of an order of H20 to China."""
    return written(tmp_path, H20)
