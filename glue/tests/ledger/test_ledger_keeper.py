"""Leases of batches, kept alive while they are worked on."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.ledger import Books, names
from tributary.ledger.claims import Batch, ClaimRules, take_over
from tributary.ledger.keeper import BatchKeeper, BatchLease

RULES = ClaimRules(files=10, lease_seconds=0.6)


def claimed(books: Books, owner: str = "run") -> Batch:
    batch = books.claim(RULES, owner)
    assert batch is not None
    return batch


def nothing(_: BatchLease, error: Exception) -> None:
    raise AssertionError from error


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_due(books: Books, batch: Batch) -> bool:
    due = "SELECT available_at <= clock_timestamp() FROM ledger.batches WHERE id = %s"
    return bool(books.rows(due, batch.id)[0][0])


def test_renews_kept_batches_in_every_state_and_dropped_ones_no_longer(books: Books) -> None:
    rules = replace(RULES, lease_seconds=1.5)
    books.register(names(20))
    with BatchKeeper(books.server.settings("ledger_batch"), "run", rules, nothing) as keeper:
        kept, dropped = claimed(books), claimed(books)
        for batch in (kept, dropped):
            assert books.held(rules).renew(batch)
            keeper.keep(batch)
        held = books.held(rules)
        keeper.drop(dropped)
        for change in (lambda: held.commit(kept, [], {}), lambda: held.finish(kept), lambda: True):
            time.sleep(0.7)
            assert change()
            assert not is_due(books, kept)
        assert is_due(books, dropped)
        assert take_over(books.connect(), "next", rules, "v1") is not None
        assert take_over(books.connect(), "next", rules, "v1") is None


def test_renews_no_lease_that_has_gone(books: Books) -> None:
    books.register(names(1))
    batch = claimed(books)
    books.expire()
    taken = claimed(books, "next")
    with BatchKeeper(books.server.settings("ledger_batch"), "run", RULES, nothing) as keeper:
        keeper.keep(batch)
        wait_for(lambda: is_due(books, taken))


@pytest.mark.slow
def test_tells_of_a_renewal_that_fails_and_goes_on_once_the_server_is_back(books: Books) -> None:
    books.register(names(1))
    batch, errors = claimed(books), list[Exception]()
    settings = books.server.settings("ledger_batch")
    with BatchKeeper(settings, "run", RULES, lambda _, error: errors.append(error)) as keeper:
        keeper.keep(batch)
        books.superuser.execute("ALTER TABLE ledger.batches RENAME TO elsewhere")
        wait_for(lambda: bool(errors))
        books.superuser.execute("ALTER TABLE ledger.elsewhere RENAME TO batches")
        books.server.crash()
        books.superuser = books.server.superuser()
        books.expire()
        wait_for(lambda: not is_due(books, batch))
