"""What tests of several folders share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import tests.support.as_on_glue  # noqa: F401  # before anything imports Arrow
from tests.support.emulator import running_emulator
from tests.support.ledger import Books
from tests.support.postgres import Server, running_postgres
from tests.support.spark import make_home
from tests.support.world import World

# How fast a machine makes and tries examples says nothing about what is tested. They are the same in every
# run, so that none fails by its luck; `npm run fuzz` looks for others.
settings.register_profile(
    "any machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Leave what needs a server to the whole suite: the quick one takes less than a minute."""
    for item in items:
        if not {"emulator", "server"}.isdisjoint(item.fixturenames):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    with running_emulator() as endpoint:
        yield endpoint


@pytest.fixture
def world(emulator: str) -> World:
    return World.create()


@pytest.fixture
def spark_home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real PostgreSQL with the ledger's schema."""
    with running_postgres() as running:
        yield running


@pytest.fixture
def books(server: Server) -> Iterator[Books]:
    """The ledger, empty before each test."""
    with server.superuser() as superuser:
        result = Books(server, superuser)
        result.empty()
        yield result
        for connection in result.opened:
            connection.close()
