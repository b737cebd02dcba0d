"""One server for all tests of object storage."""

from collections.abc import Iterator

import pytest
from tests.store.s3_server import serve


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Give the address of a local server that speaks S3."""
    yield from serve()
