"""After publication: the archive as the end of a batch, and replays that open it again."""

from collections.abc import Callable

import pytest

from tests.support.ledger import Books, names
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, ClaimRules, batch_files

RULES = ClaimRules(files=10, lease_seconds=3600, attempts=3, first_pause_seconds=100)
FIRST = [{"name": "part-1-00001.parquet"}, {"name": "part-1-00002.parquet"}]
SECOND = [{"name": "part-1-00001.parquet"}]


def claimed(books: Books, owner: str = "next", version: str = "v2") -> Batch:
    batch = books.claim(RULES, owner, version)
    assert batch is not None
    return batch


def test_keeps_a_published_batch_under_its_lease_until_it_is_archived(books: Books) -> None:
    books.register(names(2))
    batch, held = books.finished(RULES, FIRST), books.held(RULES)
    assert books.statuses() == {"SUCCEEDED": 2}
    assert books.claim(RULES) is None
    assert held.renew(batch)
    assert [held.archived(batch) for _ in range(2)] == [True, True]
    assert not any(change(batch) for change in (held.renew, held.release))
    books.expire()
    assert books.claim(RULES) is None
    columns = "state, is_held, available_at = 'infinity', archived_at >= finished_at"
    assert books.rows(f"SELECT {columns} FROM ledger.batches") == [("SUCCEEDED", False, True, True)]
    assert books.status(names(1)[0].key, "archived_at IS NOT NULL") == (True,)


def test_lets_any_run_archive_what_another_published(books: Books) -> None:
    books.register(names(3))
    dead, held = claimed(books, "run", "v1"), books.held(RULES)
    partial = batch_files(books.connect(), dead)[0]
    assert held.commit(dead, FIRST, {"rows": 3}, [partial.id])
    assert not held.archived(dead)
    assert held.finish(dead)
    books.expire()
    batch = claimed(books)
    assert (batch.id, batch.state, batch.token, batch.lapsed_leases) == (dead.id, "PARTIAL", 2, 1)
    assert (batch.objects, batch.counts, batch.dataset_version) == (FIRST, {"rows": 3}, "v1")
    assert not any(change(dead) for change in (held.renew, held.archived, held.release, held.finish))
    assert books.held(RULES, "next").archived(batch)
    assert books.statuses() == {"PARTIAL": 1, "SUCCEEDED": 2}
    assert books.places() == {(1, 3)}


def test_archives_however_often_that_fails(books: Books) -> None:
    books.register(names(1))
    batch = books.finished(RULES, FIRST)
    for _ in range(5):
        assert [books.held(RULES, batch_owner(books)).fail(batch, "slow down") for _ in range(2)] == [
            True
        ] * 2
        assert books.claim(RULES) is None
        books.expire()
        batch = claimed(books)
    assert (batch.state, batch.lapsed_leases) == ("SUCCEEDED", 0)
    assert books.held(RULES, "next").release(batch)
    assert books.statuses() == {"SUCCEEDED": 1}
    assert claimed(books).state == "SUCCEEDED"


def batch_owner(books: Books) -> str:
    return str(books.rows("SELECT owner FROM ledger.batches")[0][0])


def test_replays_the_same_batch_and_files_under_the_version_of_its_claimer(books: Books) -> None:
    books.register(names(12))
    before = books.archived(RULES, FIRST)
    files = batch_files(books.connect(), before)
    assert books.replay() == 1
    assert books.statuses() == {"PENDING": 12}
    assert books.status(files[0].key, "batch_id", "attempts", "error_message") == (before.id, 0, None)
    assert books.places() == {(1, 12)}
    batch = claimed(books)
    assert (batch.id, batch.state, batch.dataset_version) == (before.id, "CLAIMED", "v2")
    assert (batch.attempts, batch.replays, batch.lapsed_leases) == (1, 1, 0)
    assert (batch.objects, batch.counts, batch.earlier_objects) == (None, None, FIRST)
    assert batch.token > before.token
    assert batch_files(books.connect(), batch) == files
    assert books.statuses() == {"PROCESSING": 10, "PENDING": 2}
    held = books.held(RULES, "next")
    assert held.commit(batch, SECOND, {"rows": 9}, [files[3].id])
    assert held.finish(batch)
    assert books.places() == {(1, 12)}
    assert books.statuses() == {"PARTIAL": 1, "SUCCEEDED": 9, "PENDING": 2}
    assert held.archived(batch)
    assert books.rows("SELECT objects, earlier_objects FROM ledger.batches") == [(SECOND, [])]


def fail(held: HeldBatches, batch: Batch) -> None:
    assert held.fail(batch, "broken")


def release(held: HeldBatches, batch: Batch) -> None:
    assert held.release(batch)


def fall_silent(_: HeldBatches, __: Batch) -> None:
    """Nothing: the lease runs out."""


@pytest.mark.parametrize("leave", [fail, release, fall_silent])
@pytest.mark.parametrize("state", ["CLAIMED", "COMMITTED", "SUCCEEDED"])
def test_keeps_earlier_objects_until_the_replay_is_archived(
    books: Books, state: str, leave: Callable[[HeldBatches, Batch], None]
) -> None:
    books.register(names(2))
    books.archived(RULES, FIRST)
    books.replay()
    batch, held = claimed(books, "first"), books.held(RULES, "first")
    if state != "CLAIMED":
        assert held.commit(batch, SECOND, {})
    if state == "SUCCEEDED":
        assert held.finish(batch)
    leave(held, batch)
    books.expire()
    batch, held = claimed(books, version="v3"), books.held(RULES, "next")
    assert (batch.state, batch.dataset_version, batch.earlier_objects) == (state, "v2", FIRST)
    if state == "CLAIMED":
        assert held.commit(batch, SECOND, {})
    if state != "SUCCEEDED":
        assert held.finish(batch)
    assert held.archived(batch)
    assert books.rows("SELECT objects, earlier_objects FROM ledger.batches") == [(SECOND, [])]
    assert books.places() == {(1, 2)}


def test_replays_again_and_again(books: Books) -> None:
    books.register(names(25))
    for _ in range(3):
        books.archived(RULES, FIRST)
    for count in range(1, 4):
        assert books.replay() == 3
        assert books.statuses() == {"PENDING": 25}
        earlier = [books.archived(RULES, [{"replay": count}], "next").earlier_objects for _ in range(3)]
        assert earlier == [FIRST if count == 1 else [{"replay": count - 1}]] * 3
        assert books.places() == {(1, 25)}
    assert books.rows("SELECT DISTINCT replays FROM ledger.batches") == [(3,)]


def test_replays_archived_batches_only(books: Books) -> None:
    books.register(names(40))
    books.finished(RULES, FIRST)
    committed = claimed(books)
    assert books.held(RULES, "next").commit(committed, FIRST, {})
    claimed(books)
    before = books.statuses()
    assert books.replay() == 0
    assert books.statuses() == before


def test_refuses_a_zombie_of_the_commit_that_is_replayed(books: Books) -> None:
    books.register(names(2))
    zombie = books.archived(RULES, FIRST)
    held, file = books.held(RULES), batch_files(books.connect(), zombie)[0]
    books.replay()

    def is_refused() -> bool:
        before = books.rows("SELECT to_jsonb(batches) FROM ledger.batches")
        refused = not (
            held.commit(zombie, ["of the zombie"], {})
            or held.quarantine_files(zombie, {file: "of the zombie"})
            or any(change(zombie) for change in (held.renew, held.finish, held.archived))
        )
        # whose answer may be yes: it was given back
        held.fail(zombie, "of the zombie")
        held.release(zombie)
        return refused and books.rows("SELECT to_jsonb(batches) FROM ledger.batches") == before

    assert is_refused()
    batch, next_held = claimed(books), books.held(RULES, "next")
    assert is_refused()
    assert next_held.commit(batch, SECOND, {})
    assert is_refused()
    assert next_held.finish(batch)
    assert is_refused()
    assert next_held.archived(batch)
    assert is_refused()
    assert books.rows("SELECT state, objects FROM ledger.batches") == [("SUCCEEDED", SECOND)]


def test_leaves_quarantined_files_out_of_a_replay_and_quarantines_further_ones(books: Books) -> None:
    books.register(names(3))
    batch, held = claimed(books), books.held(RULES, "next")
    first, second, third = batch_files(books.connect(), batch)
    batch = held.quarantine_files(batch, {first: "broken"})
    assert batch is not None
    assert held.commit(batch, FIRST, {})
    assert held.finish(batch)
    assert held.archived(batch)
    books.replay()
    again = claimed(books)
    assert batch_files(books.connect(), again) == [second, third]
    rest = books.held(RULES, "next").quarantine_files(again, {second: "gone by now"})
    assert rest is not None
    assert books.statuses() == {"QUARANTINED": 2, "PROCESSING": 1}
    assert books.held(RULES, "next").commit(rest, SECOND, {})
    assert books.held(RULES, "next").finish(rest)
    assert books.statuses() == {"QUARANTINED": 2, "SUCCEEDED": 1}
    assert books.places() == {(1, 3)}


def test_keeps_what_a_failed_replay_is_to_replace(books: Books) -> None:
    books.register(names(1))
    books.archived(RULES, FIRST)
    books.replay()
    for _ in range(3):
        assert books.held(RULES, "next").fail(claimed(books), "broken")
        books.expire()
    assert books.statuses() == {"FAILED": 1}
    assert books.claim(RULES) is None
    (id,) = books.rows("SELECT id FROM ledger.batches")[0]
    books.maintain("REOPEN", [id])
    batch = claimed(books, version="v3")
    assert (batch.dataset_version, batch.earlier_objects, batch.attempts) == ("v2", FIRST, 1)


def test_registers_nothing_anew_while_its_batch_is_replayed(books: Books) -> None:
    books.register(names(5))
    books.archived(RULES, FIRST)
    books.replay()
    assert books.register(names(5)).added == 0
    assert claimed(books).files == 5
    assert books.register(names(5)).added == 0
    assert books.places() == {(1, 5)}


def test_puts_quarantined_files_back_as_new_work(books: Books) -> None:
    books.register(names(3))
    batch, held = claimed(books), books.held(RULES, "next")
    file, *_ = batch_files(books.connect(), batch)
    rest = held.quarantine_files(batch, {file: "broken"})
    assert rest is not None
    assert books.maintain("REQUEUE_QUARANTINED", [file.id]) == [(file.id,)]
    assert books.maintain("REQUEUE_QUARANTINED", [file.id]) == []
    assert books.places() == {(1, 3)}
    columns = ("processing_status", "error_message", "batch_id")
    assert books.status(file.key, *columns) == ("PENDING", "broken", None)
    again = claimed(books)
    assert batch_files(books.connect(), again) == [file]
    assert held.fail(again, "slow down")
    assert books.status(file.key, *columns) == ("FAILED", "slow down", again.id)
    assert books.status(file.key, "first_error") == ("broken",)
