"""What holders of batches do, and what they are refused."""

import time

import pytest

from tests.support.ledger import DATASET, Books, names
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, BatchFile, ClaimRules, batch_files, take_over

RULES = ClaimRules(files=10, lease_seconds=3600, attempts=3, first_pause_seconds=100)
BRIEF = ClaimRules(files=10, lease_seconds=0.05, attempts=3, first_pause_seconds=0.05)
OBJECTS = [{"staged": "_staging/1/1/a.parquet", "final": "year=2026/part-1-0.parquet"}]


def claimed(books: Books, rules: ClaimRules = RULES, owner: str = "run") -> Batch:
    batch = books.claim(rules, owner)
    assert batch is not None
    return batch


def files_of(books: Books, batch: Batch) -> list[BatchFile]:
    return batch_files(books.connect(), batch)


def test_commits_and_finishes_with_objects_counts_and_partial_files(books: Books) -> None:
    books.register(names(3))
    batch, held = claimed(books), books.held(RULES)
    first, second, _ = files_of(books, batch)
    assert held.commit(batch, OBJECTS, {"rows": 9}, [second.id])
    assert books.statuses() == {"COMMITTED": 3}
    assert held.finish(batch)
    assert books.status(first.key, "processing_status", "glue_job_run_id", "attempts") == (
        *("SUCCEEDED", "run", 1),
    )
    assert books.status(second.key, "processing_status", "batch_id") == ("PARTIAL", batch.id)
    state = books.rows("SELECT state, objects, counts FROM ledger.batches")
    assert state == [("PARTIAL", OBJECTS, {"rows": 9})]
    assert books.places() == {(1, 3)}


def test_answers_each_change_the_same_when_it_is_made_twice(books: Books) -> None:
    books.register(names(12))
    batch, held = claimed(books), books.held(RULES)
    file = files_of(books, batch)[0]
    left = [held.quarantine_files(batch, {file: "killed its worker"}) for _ in range(2)]
    assert [batch and batch.files for batch in left] == [9, 9]
    assert [held.commit(batch, OBJECTS, {}) for _ in range(2)] == [True, True]
    assert [held.finish(batch) for _ in range(2)] == [True, True]
    other = claimed(books)
    assert [held.fail(other, "broken") for _ in range(2)] == [True, True]
    assert books.rows("SELECT attempts, token FROM ledger.batches WHERE id = %s", other.id) == [(1, 2)]
    assert books.places() == {(1, 12)}


def test_takes_over_as_the_same_batch_under_a_new_token(books: Books) -> None:
    books.register(names(15))
    dead = claimed(books)
    books.expire()
    batch = books.claim(RULES, owner="next", version="v2")
    assert batch is not None
    assert (batch.id, batch.dataset_version, batch.token, batch.attempts) == (dead.id, "v1", 2, 2)
    assert (batch.lapsed_leases, batch.state) == (1, "CLAIMED")
    assert files_of(books, batch) == files_of(books, dead)
    assert books.status(names(1)[0].key, "processing_status", "last_error") == (
        *("PROCESSING", "the lease of run ran out"),
    )


def test_leaves_a_lease_alone_that_is_renewed(books: Books) -> None:
    books.register(names(1))
    batch = claimed(books)
    books.expire()
    assert books.held(RULES).renew(batch)
    assert take_over(books.connect(), "next", RULES, {DATASET: "v2"}) is None


def test_takes_over_once_the_lease_has_run_out_by_itself(books: Books) -> None:
    books.register(names(1))
    claimed(books, BRIEF)
    time.sleep(0.1)
    assert claimed(books, RULES, "next").token == 2


def test_refuses_a_zombie_every_change(books: Books) -> None:
    books.register(names(2))
    zombie, held = claimed(books), books.held(RULES)
    file = files_of(books, zombie)[0]
    books.expire()
    winner = claimed(books, owner="next")
    assert not held.commit(zombie, ["of the zombie"], {})
    assert held.quarantine_files(zombie, {file: "of the zombie"}) is None
    assert not any(change(zombie) for change in (held.renew, held.release, held.finish))
    assert not held.fail(zombie, "of the zombie")
    assert books.held(RULES, "next").commit(winner, OBJECTS, {})
    assert not held.commit(zombie, ["of the zombie"], {})
    assert books.rows("SELECT state, objects FROM ledger.batches") == [("COMMITTED", OBJECTS)]


def test_lets_any_run_publish_what_another_committed(books: Books) -> None:
    books.register(names(2))
    batch = claimed(books)
    assert books.held(RULES).commit(batch, OBJECTS, {"rows": 2})
    books.expire()
    published = claimed(books, owner="next")
    assert (published.id, published.state, published.objects) == (batch.id, "COMMITTED", OBJECTS)
    assert not books.held(RULES).finish(batch)
    assert books.held(RULES, "next").finish(published)
    assert books.statuses() == {"SUCCEEDED": 2}


def test_bounds_attempts_with_growing_pauses(books: Books) -> None:
    books.register(names(1))
    pauses = []
    for attempt in range(1, 4):
        batch = claimed(books)
        assert batch.attempts == attempt
        assert books.held(RULES).fail(batch, f"broken {attempt}")
        pause = "SELECT extract(epoch FROM available_at - updated_at)::float FROM ledger.batches"
        pauses += [value for (value,) in books.rows(pause)]
        assert books.claim(RULES) is None
        if attempt < 3:
            books.expire()
    assert pauses == pytest.approx([100, 200, float("inf")], abs=1)
    columns = ("processing_status", "attempts", "retry_count", "first_error", "error_message")
    assert books.status(names(1)[0].key, *columns) == ("FAILED", 3, 2, "broken 1", "broken 3")


def test_ends_a_batch_whose_last_attempt_fell_silent(books: Books) -> None:
    books.register(names(1))
    for _ in range(3):
        claimed(books)
        books.expire()
    assert books.claim(RULES) is None
    assert books.rows("SELECT state, lapsed_leases FROM ledger.batches") == [("FAILED", 3)]


def test_publishes_however_often_that_fails(books: Books) -> None:
    books.register(names(1))
    batch = claimed(books)
    assert books.held(RULES).commit(batch, OBJECTS, {})
    for _ in range(5):
        assert books.held(RULES).fail(batch, "slow down")
        books.expire()
        batch = claimed(books)
    assert (batch.state, batch.lapsed_leases) == ("COMMITTED", 0)
    assert books.rows("SELECT first_error, last_error FROM ledger.batches") == [("slow down", "slow down")]


def test_releases_untried(books: Books) -> None:
    books.register(names(1))
    batch = claimed(books)
    assert books.held(RULES).release(batch)
    assert books.statuses() == {"PENDING": 1}
    again = claimed(books, owner="next")
    assert (again.id, again.attempts, again.lapsed_leases) == (batch.id, 1, 0)


def test_quarantines_one_file_and_keeps_the_others(books: Books) -> None:
    books.register(names(3))
    batch, held = claimed(books), books.held(RULES)
    poison = files_of(books, batch)[1]
    rest = held.quarantine_files(batch, {poison: "killed its worker twice"})
    assert rest is not None
    assert (rest.files, rest.bytes) == (2, 20)
    assert poison not in files_of(books, rest)
    assert held.commit(rest, OBJECTS, {})
    assert held.quarantine_files(rest, {files_of(books, rest)[0]: "too late"}) is None
    assert held.finish(rest)
    assert books.statuses() == {"SUCCEEDED": 2, "QUARANTINED": 1}
    columns = ("error_message", "first_error", "batch_id")
    assert books.status(poison.key, *columns) == (*["killed its worker twice"] * 2, batch.id)
    assert books.places() == {(1, 3)}


def test_quarantines_many_files_at_once_or_none(books: Books) -> None:
    books.register(names(12))
    batch, other, held = claimed(books), claimed(books), books.held(RULES)
    first, second, *rest = files_of(books, batch)
    (strange, _) = files_of(books, other)
    assert held.quarantine_files(batch, {first: "broken", strange: "broken"}) is None
    for _ in range(2):
        left = held.quarantine_files(batch, {second: "gone", first: "broken"})
        assert left is not None
        assert (left.files, left.bytes) == (8, 80)
    assert files_of(books, left) == rest
    assert [books.status(file.key, "error_message")[0] for file in (first, second)] == ["broken", "gone"]
    everything = held.quarantine_files(left, dict.fromkeys(rest, "gone"))
    assert everything is not None
    assert held.commit(everything, [], {})
    assert held.finish(everything)
    assert books.statuses() == {"QUARANTINED": 10, "PROCESSING": 2}
    assert books.places() == {(1, 12)}


def test_keeps_errors_that_quote_what_no_database_takes(books: Books) -> None:
    books.register(names(2))
    batch, held = claimed(books), books.held(RULES)
    strange = "line \0 of \ud800" + "x" * 100_000
    file = files_of(books, batch)[0]
    rest = held.quarantine_files(batch, {file: strange})
    assert rest is not None
    assert held.fail(rest, strange)
    kept = books.rows("SELECT last_error FROM ledger.file_errors UNION SELECT last_error FROM ledger.batches")
    assert [text[:12] for (text,) in kept] == ["line \ufffd of ?x"]


def test_refuses_partial_files_of_another_batch(books: Books) -> None:
    books.register(names(11))
    batch, other = claimed(books), claimed(books)
    assert not books.held(RULES).commit(batch, OBJECTS, {}, [files_of(books, other)[0].id])


def test_counts_a_holder_by_its_owner(books: Books) -> None:
    books.register(names(1))
    batch = claimed(books)
    assert HeldBatches(books.connect(), "run", RULES).release(batch)
    assert not HeldBatches(books.connect(), "other", RULES).release(batch)
