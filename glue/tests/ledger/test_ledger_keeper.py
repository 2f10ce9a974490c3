"""Leases of batches, kept alive while they are worked on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from unittest import mock

import pytest

from tests.support.ledger import DATASET, Books, names
from tests.support.waiting import wait_for
from tributary.ledger import keeper
from tributary.ledger.claims import Batch, ClaimRules, take_over
from tributary.ledger.keeper import BatchKeeper, BatchLease
from tributary.running.keeper import LeaseKeeper

RULES = ClaimRules(files=10, lease_seconds=3600)


@pytest.fixture(autouse=True)
def hasty() -> Iterator[None]:
    """Keepers hurry: their turns are far shorter than what a lease is prolonged by."""

    def make(_: float, on_error: Any) -> LeaseKeeper[BatchLease]:
        return LeaseKeeper(0.1, on_error)

    with mock.patch.object(keeper, "LeaseKeeper", make):
        yield


def claimed(books: Books, owner: str = "run") -> Batch:
    batch = books.claim(RULES, owner)
    assert batch is not None
    return batch


def nothing(_: BatchLease, error: Exception) -> None:
    raise AssertionError from error


def until(books: Books, batch: Batch) -> datetime:
    moment: datetime = books.rows("SELECT available_at FROM ledger.batches WHERE id = %s", batch.id)[0][0]
    return moment


def wait_for_renewal(books: Books, batch: Batch) -> None:
    before = until(books, batch)
    wait_for(lambda: until(books, batch) > before)


def test_renews_kept_batches_in_every_state_and_dropped_ones_no_longer(books: Books) -> None:
    books.register(names(20))
    with BatchKeeper(books.server.settings("ledger_batch"), "run", RULES, nothing) as keeper:
        kept, dropped = claimed(books), claimed(books)
        for batch in (kept, dropped):
            keeper.keep(batch)
            wait_for_renewal(books, batch)
        held = books.held(RULES)
        keeper.drop(dropped)
        # The first may be of a turn that had begun before.
        for _ in range(2):
            wait_for_renewal(books, kept)
        last = until(books, dropped)
        for change in (lambda: held.commit(kept, [], {}), lambda: held.finish(kept)):
            assert change()
            wait_for_renewal(books, kept)
        assert until(books, dropped) == last
        books.expire()
        wait_for_renewal(books, kept)
        assert take_over(books.connect(), "next", RULES, {DATASET: "v1"}) is not None
        assert take_over(books.connect(), "next", RULES, {DATASET: "v1"}) is None


def test_renews_no_lease_that_has_gone(books: Books) -> None:
    books.register(names(1))
    batch = claimed(books)
    books.expire()
    taken = claimed(books, "next")
    before = until(books, taken)
    answers: list[bool] = []
    renew = BatchLease.renew

    def noting(lease: BatchLease) -> bool:
        answers.append(renew(lease))
        return answers[-1]

    with (
        mock.patch.object(BatchLease, "renew", noting),
        BatchKeeper(books.server.settings("ledger_batch"), "run", RULES, nothing) as keeper,
    ):
        keeper.keep(batch)
        wait_for(lambda: answers)
    assert (answers, until(books, taken)) == ([False], before)


@pytest.mark.slow
def test_tells_of_a_renewal_that_fails_and_goes_on_once_the_server_is_back(books: Books) -> None:
    books.register(names(1))
    batch, errors = claimed(books), list[Exception]()
    settings = books.server.settings("ledger_batch")
    with BatchKeeper(settings, "run", RULES, lambda _, error: errors.append(error)) as keeper:
        keeper.keep(batch)
        books.superuser.execute("ALTER TABLE ledger.batches RENAME TO elsewhere")
        wait_for(lambda: errors)
        books.superuser.execute("ALTER TABLE ledger.elsewhere RENAME TO batches")
        books.server.crash()
        books.superuser = books.server.superuser()
        wait_for_renewal(books, batch)
