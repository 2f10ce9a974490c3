"""What tests of several folders share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.emulator import running_emulator
from tests.support.spark import make_home
from tests.support.world import World


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
