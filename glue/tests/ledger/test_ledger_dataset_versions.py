"""The texts of dataset versions, kept for batches that were claimed under them."""

import pytest

from tests.support.ledger import Books
from tributary.ledger.dataset_versions import (
    DatasetVersion,
    UnknownVersionError,
    remember_version,
    version_texts,
)

VERSION = DatasetVersion("3f", "ml_events", '{"name": "ml_events", "ü": "\\u0000"}\n', "SELECT 'ü\n';\n")


def test_gives_back_what_it_was_given_whatever_comes_later(books: Books) -> None:
    ledger = books.connect()
    for texts in (VERSION, VERSION, DatasetVersion("3f", "other", "{}", "SELECT")):
        remember_version(ledger, texts)
    remember_version(ledger, DatasetVersion("40", "ml_events", "{}", "SELECT 2"))
    assert version_texts(ledger, "3f") == VERSION


def test_refuses_a_version_that_it_does_not_know(books: Books) -> None:
    with pytest.raises(UnknownVersionError, match='no texts of the dataset version "41"'):
        version_texts(books.connect(), "41")
