"""Worlds of the batch job's tests."""

import pytest

from tests.support.batches import BatchWorld
from tests.support.ledger import Books


@pytest.fixture
def batches(emulator: str, books: Books) -> BatchWorld:
    return BatchWorld.create(books)
