"""Worlds of the batch job's tests."""

import pytest

from tests.support.batches import BatchWorld
from tests.support.ledger import Books


@pytest.fixture
def batches(emulator: str, books: Books, monkeypatch: pytest.MonkeyPatch) -> BatchWorld:
    for name, value in books.server.variables.items():
        monkeypatch.setenv(name, value)
    return BatchWorld.create(books)
