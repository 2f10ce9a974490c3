"""The ledger while processes are killed, the server falls, and everybody is at the same rows."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.broken_ledger import Moment, break_once
from tests.support.ledger import DATASET, Books, names
from tests.support.waiting import HANG_SECONDS, wait_for
from tributary.ledger import claims
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, ClaimRules, batch_files, claim_batch, new_batch
from tributary.ledger.connection import Connection, LedgerConnection, LedgerSettings, LedgerUnreachableError
from tributary.ledger.files import register_files

RULES = ClaimRules(files=10, lease_seconds=3600, attempts=5, first_pause_seconds=0.01)
OBJECTS = ["a.parquet"]


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _claimer_that_dies(settings: LedgerSettings, moment: str) -> None:
    """A claimer whose process is killed in or after its claim, or at one of the next steps."""
    with LedgerConnection(settings) as ledger:
        if moment == "before the claim's commit":
            claim = claims._claim
            claims._claim = lambda *words: _die(claim(*words))  # type: ignore[assignment]
        batch = new_batch(ledger, "killed", RULES, {DATASET: "v1"})
        assert batch is not None
        held = HeldBatches(ledger, "killed", RULES)
        if moment == "before the batch's commit":
            _die_in_the_next_transaction(ledger)
        if moment != "after the claim's commit":
            held.commit(batch, OBJECTS, {"rows": 1})
        if moment == "before the finish's commit":
            _die_in_the_next_transaction(ledger)
        if "finish" in moment or "archive" in moment:
            held.finish(batch)
        if moment == "before the archive's commit":
            _die_in_the_next_transaction(ledger)
            held.archived(batch)
        _die()


def _die_in_the_next_transaction(ledger: LedgerConnection) -> None:
    ledger.repeatedly = lambda work: ledger._run(  # type: ignore[method-assign]
        lambda connection: _die(work(connection)), repeatable=True
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("before the claim's commit", {"PENDING": 10}),
        ("after the claim's commit", {"PROCESSING": 10}),
        ("before the batch's commit", {"PROCESSING": 10}),
        ("after the batch's commit", {"COMMITTED": 10}),
        ("before the finish's commit", {"COMMITTED": 10}),
        ("after the finish's commit", {"SUCCEEDED": 10}),
        ("before the archive's commit", {"SUCCEEDED": 10}),
    ],
)
def test_survives_a_kill(books: Books, moment: str, left: dict[str, int]) -> None:
    books.register(names(10))
    settings = books.server.settings("ledger_batch")
    process = multiprocessing.get_context("spawn").Process(
        target=_claimer_that_dies, args=(settings, moment), daemon=True
    )
    process.start()
    process.join(HANG_SECONDS)
    assert process.exitcode == -signal.SIGKILL
    wait_for(lambda: books.statuses() == left)
    books.expire()
    batch = claim_batch(books.connect(), "next", RULES, {DATASET: "v2"})
    assert batch is not None
    assert (batch.files, batch.dataset_version) == (10, "v2" if left == {"PENDING": 10} else "v1")
    held = books.held(RULES, "next")
    if batch.state == "CLAIMED":
        assert held.commit(batch, OBJECTS, {"rows": 1})
    if batch.state != "SUCCEEDED":
        assert held.finish(batch)
    assert held.archived(batch)
    assert books.places() == {(1, 10)}
    assert books.statuses() == {"SUCCEEDED": 10}


@pytest.mark.slow
def test_lets_no_deadlock_escape_while_all_are_at_the_same_rows(books: Books) -> None:
    files = names(6000)
    replayed, ended = threading.Event(), threading.Event()

    def register(order: int) -> None:
        given = files if order % 2 else files[::-1]
        with books.server.connect("ledger_lister") as ledger:
            for _ in range(2):
                register_files(ledger, given)

    def work(owner: int) -> None:
        with books.server.connect("ledger_batch") as ledger:
            rules = ClaimRules(
                files=150, lease_seconds=3600, attempts=1000, first_pause_seconds=0, longest_pause_seconds=0
            )
            held, turn = HeldBatches(ledger, f"run-{owner}", rules), owner
            while (
                batch := claim_batch(ledger, f"run-{owner}", rules, {DATASET: "v1"})
            ) or not ended.is_set():
                turn += 1
                if batch is None:
                    time.sleep(0.01)
                elif turn % 4 == 0:
                    held.fail(batch, "broken") if turn % 8 else held.release(batch)
                else:
                    _bring_to_its_end(ledger, held, batch, turn)

    def replay() -> int:
        count = 0
        while not replayed.is_set():
            count += books.replay()
        return count

    # whatever fails, nobody waits for what does not come any more
    with ThreadPoolExecutor(10) as pool, setting(replayed, ended):
        workers = [pool.submit(work, owner) for owner in range(4)]
        replays = [pool.submit(replay) for _ in range(2)]
        listers = [pool.submit(register, order) for order in range(4)]
        for lister in listers:
            lister.result()
        wait_for(lambda: books.rows("SELECT FROM ledger.batches WHERE replays > 0") != [])
        replayed.set()
        assert sum(each.result() for each in replays) > 0
        # Not before the last replay has ended: what it set back is the workers' too.
        ended.set()
        for worker in workers:
            worker.result()
    assert books.rows("SELECT count(*) FROM ledger.batches WHERE archived_at IS NULL") == [(0,)]
    assert books.places() == {(1, 6000)}
    assert set(books.statuses()) == {"SUCCEEDED", "PARTIAL", "QUARANTINED"}


@contextmanager
def setting(*events: threading.Event) -> Iterator[None]:
    """Set the events at the end, also where it is an error."""
    try:
        yield
    finally:
        for event in events:
            event.set()


def _bring_to_its_end(ledger: LedgerConnection, held: HeldBatches, batch: Batch, turn: int) -> None:
    if batch.state == "CLAIMED":
        first, *others = batch_files(ledger, batch)
        if turn % 5 == 0:
            assert held.quarantine_files(batch, {first: "poison"}) is not None
        assert held.commit(batch, OBJECTS, {}, [file.id for file in others[:3]])
    if batch.state in ("CLAIMED", "COMMITTED"):
        assert held.finish(batch)
    assert held.archived(batch)


def test_repeats_a_transaction_that_met_a_deadlock(books: Books) -> None:
    books.register(names(2))
    barrier, tries = threading.Barrier(2), []

    def update(connection: Connection, order: tuple[int, int]) -> None:
        tries.append(order)
        for turn, place in enumerate(order):
            connection.execute(
                "UPDATE ledger.queue SET size = size + 1 WHERE id = (SELECT min(id) + %s FROM ledger.files)",
                (place,),
            )
            if turn == 0 and len(tries) <= 2:
                barrier.wait()

    def run(order: tuple[int, int]) -> None:
        with LedgerConnection(books.server.settings()) as ledger:
            ledger.once(lambda connection: update(connection, order))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [(0, 1), (1, 0)]))
    assert len(tries) == 3
    assert books.rows("SELECT size FROM ledger.queue") == [(12,), (12,)]


@pytest.mark.slow
def test_survives_a_crash_of_the_server_in_mid_commit(books: Books) -> None:
    books.register(names(20))
    batch = claim_batch(books.connect(), "run", RULES, {DATASET: "v1"})
    assert batch is not None
    waiting = books.connect()
    with ThreadPoolExecutor(1) as pool:
        blocker = books.server.superuser()
        blocker.execute("BEGIN")
        blocker.execute("SELECT FROM ledger.batches FOR UPDATE")
        commit = pool.submit(HeldBatches(waiting, "run", RULES).commit, batch, OBJECTS, {})
        wait_for(books.waits_for_a_lock)
        books.server.crash()
        assert commit.result() is True
    blocker.close()
    books.superuser = books.server.superuser()
    assert books.held(RULES).finish(batch)
    assert books.statuses() == {"SUCCEEDED": 10, "PENDING": 10}
    assert books.places() == {(1, 20)}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_finds_out_whether_a_commit_was_made_whose_answer_was_lost(books: Books, moment: Moment) -> None:
    books.register(names(1))
    ledger = books.connect()
    batch = claim_batch(ledger, "run", RULES, {DATASET: "v1"})
    assert batch is not None
    lose_one_answer(books, ledger, moment)
    assert HeldBatches(ledger, "run", RULES).commit(batch, OBJECTS, {})
    assert books.rows("SELECT state, token, objects FROM ledger.batches") == [("COMMITTED", 1, OBJECTS)]


def test_begins_anew_where_the_connection_died_before_the_work(books: Books) -> None:
    books.register(names(20))
    ledger = books.connect()
    (pid,) = ledger.once(lambda connection: connection.execute("SELECT pg_backend_pid()").fetchone() or ())
    books.superuser.execute("SELECT pg_terminate_backend(%s, 900000)", (pid,))
    assert new_batch(ledger, "run", RULES, {DATASET: "v1"}) is not None
    assert books.rows("SELECT count(*) FROM ledger.batches") == [(1,)]


def test_does_not_repeat_a_claim_whose_answer_was_lost(books: Books) -> None:
    books.register(names(20))
    ledger = books.connect()
    claim_batch(ledger, "run", RULES, {DATASET: "v1"})
    lose_one_answer(books, ledger, "after")
    with pytest.raises(LedgerUnreachableError, match="the connection broke"):
        new_batch(ledger, "run", RULES, {DATASET: "v1"})
    assert books.rows("SELECT count(*) FROM ledger.batches") == [(2,)]
    books.expire()
    taken = [claim_batch(ledger, "next", RULES, {DATASET: "v2"}) for _ in range(3)]
    assert [batch and (batch.token, batch.files) for batch in taken] == [(2, 10), (2, 10), None]


def lose_one_answer(books: Books, ledger: LedgerConnection, moment: Moment) -> None:
    """Let the connection break once, before the transaction's commit or after it and before its answer."""
    ended = "SELECT pg_terminate_backend(%s, 900000)"
    break_once(ledger, moment, lambda pid: books.superuser.execute(ended, (pid,)))


def test_gives_up_on_a_ledger_that_does_not_answer(books: Books) -> None:
    settings = LedgerSettings(host="127.0.0.1", port=1, user="nobody", database="none", patience_seconds=0.2)
    with LedgerConnection(settings) as ledger, pytest.raises(LedgerUnreachableError, match="does not answer"):
        ledger.repeatedly(lambda connection: connection.execute("SELECT"))


def test_shows_a_wrong_statement_at_once(books: Books) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        books.connect().repeatedly(lambda connection: connection.execute("SELECT FROM ledger.nothing"))
