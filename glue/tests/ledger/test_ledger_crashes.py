"""The database falls under each call of the ledger in turn; the next run brings everything to its end."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import psycopg
import pytest

from tests.support.broken_ledger import Moment, break_once
from tests.support.ledger import DATASET, Books, names
from tests.support.postgres import Server
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import Batch, ClaimRules, batch_files, new_batch, take_over
from tributary.ledger.connection import LedgerConnection, LedgerUnreachableError
from tributary.ledger.dataset_versions import DatasetVersion, remember_version, version_texts
from tributary.ledger.files import register_files

RULES = ClaimRules(files=4, lease_seconds=3600, attempts=9, first_pause_seconds=0.01)
VERSIONS = {DATASET: "v1"}
FIRST, SECOND = [{"name": "first.parquet"}], [{"name": "second.parquet"}]
VERSION = DatasetVersion("v1", "ml_events", "{}", "SELECT 1")
Call = Callable[[LedgerConnection, Batch], object]


@pytest.fixture(scope="module", autouse=True)
def _quick_recovery(server: Server) -> Iterator[None]:
    """What a killed process wrote is not lost, as by a loss of power; recovery then waits for no disk."""
    with server.superuser() as superuser:
        superuser.execute("ALTER SYSTEM SET fsync = off")
        superuser.execute("SELECT pg_reload_conf()")
    yield
    with server.superuser() as superuser:
        superuser.execute("ALTER SYSTEM RESET fsync")
        superuser.execute("SELECT pg_reload_conf()")


@dataclass(frozen=True)
class Case:
    """A call on the ledger, the state of the batch that it is made on, and how it answers in the end."""

    call: Call
    state: str = "CLAIMED"
    answer: object = True
    role: str = "ledger_batch"


def held(ledger: LedgerConnection) -> HeldBatches:
    return HeldBatches(ledger, "run", RULES)


def quarantine(ledger: LedgerConnection, batch: Batch) -> int:
    file, other, *_ = batch_files(ledger, batch)
    rest = held(ledger).quarantine_files(batch, {file: "broken", other: "broken"})
    return 0 if rest is None else rest.files


# A claim is not repeated: its caller is told that it may have been made.
CASES = {
    "register": Case(
        lambda ledger, _: register_files(ledger, names(9)).given, answer=9, role="ledger_lister"
    ),
    "claim": Case(
        lambda ledger, _: new_batch(ledger, "run", RULES, {DATASET: "v1"}), answer=LedgerUnreachableError
    ),
    "take over": Case(
        lambda ledger, _: take_over(ledger, "run", RULES, {DATASET: "v1"}),
        "due",
        answer=LedgerUnreachableError,
    ),
    "read the files": Case(lambda ledger, batch: len(batch_files(ledger, batch)), answer=4),
    "remember the version": Case(lambda ledger, _: remember_version(ledger, VERSION), answer=None),
    "read the version": Case(lambda ledger, _: version_texts(ledger, "v1"), answer=VERSION),
    "renew": Case(lambda ledger, batch: held(ledger).renew(batch)),
    "quarantine": Case(quarantine, answer=2),
    "commit": Case(lambda ledger, batch: held(ledger).commit(batch, SECOND, {"rows": 4})),
    "finish": Case(lambda ledger, batch: held(ledger).finish(batch), "COMMITTED"),
    "archived": Case(lambda ledger, batch: held(ledger).archived(batch), "SUCCEEDED"),
    "fail": Case(lambda ledger, batch: held(ledger).fail(batch, "broken")),
    "fail to publish": Case(lambda ledger, batch: held(ledger).fail(batch, "broken"), "COMMITTED"),
    "fail to archive": Case(lambda ledger, batch: held(ledger).fail(batch, "broken"), "SUCCEEDED"),
    "release": Case(lambda ledger, batch: held(ledger).release(batch)),
}


def prepared(books: Books, state: str) -> Batch:
    """A replayed batch in that state, and files beside it that are not claimed."""
    remember_version(books.connect(), VERSION)
    books.register(names(8))
    books.archived(RULES, FIRST)
    books.replay()
    batch = take_over(books.connect(), "run", RULES, {DATASET: "v1"})
    assert batch is not None
    if state in ("COMMITTED", "SUCCEEDED"):
        assert held(books.connect()).commit(batch, SECOND, {"rows": 4})
    if state == "SUCCEEDED":
        assert held(books.connect()).finish(batch)
    if state == "due":
        books.expire()
    return batch


def fall(books: Books, pid: int) -> None:
    """Kill a process of the server: it ends all others, and recovers from its log."""
    os.kill(pid, signal.SIGKILL)
    with suppress(psycopg.OperationalError):
        while True:
            books.superuser.execute("SELECT")


def bring_all_to_their_end(books: Books) -> None:
    """What the next run does."""
    books.expire()
    changes = books.held(RULES, "next")
    while batch := books.claim(RULES, "next"):
        if batch.replays > 0:
            assert batch.earlier_objects == FIRST
        if batch.state == "CLAIMED":
            assert changes.commit(batch, SECOND, {"rows": batch.files})
        if batch.state in ("CLAIMED", "COMMITTED"):
            assert changes.finish(batch)
        assert changes.archived(batch)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", CASES)
def test_converges_after_the_database_fell(books: Books, name: str, moment: Moment) -> None:
    case = CASES[name]
    batch, ledger = prepared(books, case.state), books.connect(case.role)
    break_once(ledger, moment, partial(fall, books))
    if case.answer is LedgerUnreachableError:
        with pytest.raises(LedgerUnreachableError):
            case.call(ledger, batch)
    else:
        assert case.call(ledger, batch) == case.answer
    ledger.repeatedly(lambda connection: connection.execute("SELECT"))
    with books.server.superuser() as books.superuser:
        (files,) = books.rows("SELECT count(*) FROM ledger.files")[0]
        assert books.places() == {(1, files)}
        bring_all_to_their_end(books)
        quarantined = {"QUARANTINED": 2} if name == "quarantine" else {}
        assert books.statuses() == {"SUCCEEDED": files - sum(quarantined.values()), **quarantined}
        assert books.places() == {(1, files)}
        replayed = "SELECT DISTINCT objects, earlier_objects FROM ledger.batches WHERE replays > 0"
        assert books.rows(replayed) == [(SECOND, [])]
