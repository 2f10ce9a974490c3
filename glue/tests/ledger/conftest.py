"""A ledger on a real PostgreSQL, empty before each test."""

from collections.abc import Iterator

import pytest

from tests.support.ledger import Books
from tests.support.postgres import Server, running_postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_postgres() as running:
        yield running


@pytest.fixture
def books(server: Server) -> Iterator[Books]:
    with server.superuser() as superuser:
        result = Books(server, superuser)
        result.empty()
        yield result
        for connection in result.opened:
            connection.close()
