"""Registering what pages hold: each current version once, in bounded memory, whatever is known already."""

import threading
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from tests.support.ledger import Books, found
from tests.support.memory import numbers_of
from tests.support.raw_files import FOLDER, PREFIX, ListedClient, RawBucket
from tributary.ledger.claims import ClaimRules
from tributary.lister.folders import WantedWeeks, listed_folders
from tributary.lister.pages import Page, one_ahead, version_pages
from tributary.lister.run import Listing
from tributary.running.clients import s3_client

# Lists so many keys of a double, and prints the peak of memory in MiB.
_PEAK = """
import sys
from threading import Event
from tests.support.memory import peak_mebibytes
from tests.support.raw_files import FOLDER, ListedClient
from tributary.ledger.connection import LedgerConnection, LedgerSettings
from tributary.lister.pages import one_ahead, version_pages
from tributary.lister.run import Listing

keys, host, port, database, user = sys.argv[1:]
settings = LedgerSettings(host=host, port=int(port), database=database, user=user, role="ledger_lister")
sys.stdout, answer = sys.stderr, sys.stdout
with LedgerConnection(settings) as ledger:
    assert Listing(ledger, Event()).run(one_ahead(version_pages(ListedClient(int(keys)), "raw", [FOLDER])))
print(peak_mebibytes(), file=answer)
"""


def run(books: Books, pages: Iterator[Page], stopping: Event | None = None) -> bool:
    return Listing(books.connect("ledger_lister"), stopping or Event()).run(pages)


def list_bucket(books: Books, bucket: RawBucket) -> bool:
    folders = listed_folders(s3_client(), bucket.name, PREFIX, WantedWeeks(2021))
    return run(books, one_ahead(version_pages(s3_client(), bucket.name, folders)))


def page(*names: str) -> Page:
    return Page("folder/", [found(name) for name in names], len(names))


@pytest.mark.usefixtures("emulator")
def test_registers_each_version_once_and_a_new_one_of_a_known_key_as_new_work(books: Books) -> None:
    bucket = RawBucket()
    first = bucket.put("2026/week01/a.json")
    bucket.put("all_historical_files/b.json")
    bucket.put("elsewhere/c.json")
    assert list_bucket(books, bucket)
    assert books.statuses() == {"PENDING": 2}
    rules = ClaimRules(files=10, lease_seconds=3600)
    batch = books.claim(rules)
    assert batch is not None
    assert books.held(rules).commit(batch, [], {})
    assert books.held(rules).finish(batch)

    assert list_bucket(books, bucket)
    assert books.statuses() == {"SUCCEEDED": 2}

    second = bucket.put("2026/week01/a.json")
    assert list_bucket(books, bucket)
    assert books.statuses() == {"SUCCEEDED": 2, "PENDING": 1}
    query = "SELECT version_id FROM ledger.files WHERE s3_key LIKE '%%a.json' ORDER BY id"
    assert books.rows(query) == [(first,), (second,)]


def test_registers_files_of_many_pages_by_the_thousand(books: Books) -> None:
    pages = version_pages(_client(2500, 300), "raw", [FOLDER])
    assert run(books, pages)
    assert books.statuses() == {"PENDING": 2500}
    (transactions,) = books.rows("SELECT count(DISTINCT xmin::text) FROM ledger.files")[0]
    assert transactions == 3


def test_finds_nothing_to_do_where_nothing_is_listed(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(books, iter([page()]))
    assert '"registered": 0' in capsys.readouterr().out


def test_registers_what_it_has_and_fails_when_it_is_stopped(books: Books) -> None:
    stopping = Event()

    def pages() -> Iterator[Page]:
        yield page("a", "b")
        stopping.set()
        yield page("c")

    assert not run(books, pages(), stopping)
    assert books.statuses() == {"PENDING": 2}


def test_registers_all_others_and_fails_when_no_row_can_hold_a_key(books: Books) -> None:
    assert not run(books, iter([page("a", "b\0", "c")]))
    assert books.statuses() == {"PENDING": 2}


def test_leaves_the_error_of_a_listing_to_its_caller_and_goes_on_the_next_time(books: Books) -> None:
    def pages() -> Iterator[Page]:
        yield page(*(f"{number:04}" for number in range(1500)))
        raise ConnectionError("reset")

    with pytest.raises(ConnectionError):
        run(books, pages())
    assert books.statuses() == {"PENDING": 1000}
    assert run(books, iter([page(*(f"{number:04}" for number in range(1600)))]))
    assert books.statuses() == {"PENDING": 1600}
    assert books.places() == {(1, 1600)}


@pytest.mark.slow
def test_outlives_a_restart_of_the_server(books: Books) -> None:
    def pages() -> Iterator[Page]:
        for first in range(0, 5000, 1000):
            if first == 2000:
                books.server.crash()
            yield page(*(f"{number:04}" for number in range(first, first + 1000)))

    ledger = books.connect("ledger_lister")
    assert Listing(ledger, Event()).run(pages())
    with books.server.superuser() as superuser:
        books.superuser = superuser
        assert books.statuses() == {"PENDING": 5000}


@pytest.mark.slow
def test_meets_other_listers_of_the_same_names(books: Books) -> None:
    answers: list[bool] = []

    def work() -> None:
        pages = version_pages(_client(20_000), "raw", [FOLDER])
        with books.server.connect("ledger_lister") as ledger:
            answers.append(Listing(ledger, Event()).run(one_ahead(pages)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 3
    assert books.places() == {(1, 20_000)}


@pytest.mark.slow
def test_takes_no_more_memory_for_more_keys(books: Books) -> None:
    at = [books.server.variables[name] for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGUSER")]
    (few,), (many,) = (numbers_of(_PEAK, keys, *at) for keys in (5_000, 50_000))
    assert books.rows("SELECT count(*) FROM ledger.queue") == [(50_000,)]
    assert many - few < 8


def _client(keys: int, page: int = 1000) -> Any:
    return ListedClient(keys, page)
