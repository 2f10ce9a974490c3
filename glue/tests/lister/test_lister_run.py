"""Registering what pages hold: each current version once, in bounded memory, whatever is known already."""

import itertools
import json
import math
import threading
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from tests.support.ledger import Books, found
from tests.support.memory import numbers_of
from tests.support.raw_files import FOLDER, INPUTS, PREFIX, ListedClient, RawBucket
from tributary.ledger.claims import ClaimRules
from tributary.ledger.listings import Marker
from tributary.lister.folders import WantedWeeks, listed_folders
from tributary.lister.pages import Page, one_ahead, version_pages
from tributary.lister.run import Listing
from tributary.running.clients import s3_client

# Lists so many keys of a double, and prints the peak of memory in MiB.
_PEAK = """
import sys
from threading import Event
from tests.support.memory import peak_mebibytes
from tests.support.raw_files import FOLDER, INPUTS, ListedClient
from tributary.ledger.connection import LedgerConnection, LedgerSettings
from tributary.lister.pages import one_ahead, version_pages
from tributary.lister.run import Listing

keys, host, port, database, user = sys.argv[1:]
settings = LedgerSettings(host=host, port=int(port), database=database, user=user, role="ledger_lister")
pages = one_ahead(version_pages(ListedClient(int(keys)), "raw", [FOLDER], INPUTS))
sys.stdout, answer = sys.stderr, sys.stdout
with LedgerConnection(settings) as ledger:
    assert Listing(ledger, "raw", Event()).run(pages)
print(peak_mebibytes(), file=answer)
"""


def run(books: Books, pages: Iterator[Page], stopping: Event | None = None) -> bool:
    return new_listing(books, stopping or Event()).run(pages)


def new_listing(books: Books, stopping: Event | None = None, budget_seconds: float = math.inf) -> Listing:
    return Listing(books.connect("ledger_lister"), "raw", stopping or Event(), budget_seconds)


def list_bucket(books: Books, bucket: RawBucket) -> bool:
    folders = listed_folders(s3_client(), bucket.name, [PREFIX], WantedWeeks(2021))
    return run(books, one_ahead(version_pages(s3_client(), bucket.name, folders, INPUTS)))


def page(*names: str, folder: str = "folder/", marker: Marker | None = None) -> Page:
    return Page(folder, [found(name) for name in names], len(names), marker)


@pytest.mark.usefixtures("emulator")
def test_registers_each_version_once_and_a_new_one_of_a_known_key_as_new_work(books: Books) -> None:
    bucket = RawBucket()
    first = bucket.put("2026/week01/a.json")
    bucket.put("all_historical_files/b.json")
    bucket.put("2020/week01/c.json")
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
    pages = version_pages(_client(2500, 300), "raw", [FOLDER], INPUTS)
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


def test_registers_all_others_and_counts_those_that_no_row_can_hold(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = [f"b\0{number}" for number in range(30)]
    first = page("a", *refused, marker=Marker("b", "v"))
    assert run(books, iter([first, page("c", "d\0")]))
    assert books.statuses() == {"PENDING": 2}
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["key"] for line in told if line["event"] == "refused"] == refused[:20]
    assert (told[-1]["refused"], told[-1]["succeeded"]) == (31, True)
    assert books.rows("SELECT refused FROM ledger.listings") == [(31,)]
    assert run(books, iter([page("a", "b\0")]))
    assert books.rows("SELECT refused FROM ledger.listings") == [(1,)]


def test_goes_on_where_the_last_run_ended_and_begins_again_at_the_end(books: Books) -> None:
    client = _client(25_000)
    for expected in (
        (10_000, "000000009999"),
        (20_000, "000000019999"),
        (25_000, None),
        (25_000, "000000009999"),
    ):
        listing = new_listing(books)
        pages = version_pages(client, "raw", [FOLDER], INPUTS, listing.markers)
        assert listing.run(itertools.islice(pages, 10))
        assert (books.statuses()["PENDING"], _marker(books)) == expected


def test_goes_on_behind_what_it_registered_before_it_was_killed(books: Books) -> None:
    def pages() -> Iterator[Page]:
        yield from itertools.islice(version_pages(_client(40_000), "raw", [FOLDER], INPUTS), 25)
        raise ConnectionError("reset")

    with pytest.raises(ConnectionError):
        run(books, pages())
    listing = new_listing(books)
    assert listing.markers == {FOLDER: Marker(f"{FOLDER}000000019999", "v")}
    assert listing.run(version_pages(_client(40_000), "raw", [FOLDER], INPUTS, listing.markers))
    assert books.places() == {(1, 40_000)}
    assert _marker(books) is None


def test_finds_in_the_next_round_what_sorts_before_its_marker(books: Books) -> None:
    listing = new_listing(books)
    marker = Marker("m\0\ufffe😀", "v")
    assert listing.run(iter([page("b", "m", marker=marker)]))
    assert new_listing(books).markers == {"folder/": marker}
    assert run(books, iter([page("z")]))
    assert new_listing(books).markers == {}
    assert run(books, iter([page("a", "b", "m", "z")]))
    assert books.statuses() == {"PENDING": 4}


def test_ends_when_its_time_is_up_after_a_page_at_least(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = (page(str(number), marker=Marker(str(number), "v")) for number in itertools.count())
    assert new_listing(books, budget_seconds=0).run(endless)
    assert books.statuses() == {"PENDING": 1}
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["pages"], last["unfinished"], last["stopped"]) == (1, 1, False)


def test_takes_folders_first_that_were_listed_the_longest_ago(books: Books) -> None:
    for folder in ("c/", "a/", "b/", "a/"):
        assert run(books, iter([page(folder=folder)]))
    assert new_listing(books).ordered(["a/", "b/", "c/", "new/"]) == ["new/", "c/", "b/", "a/"]


def _marker(books: Books) -> str | None:
    (row,) = books.rows("SELECT right(convert_from(key_marker, 'UTF8'), 12) FROM ledger.listings")
    marker: str | None = row[0]
    return marker


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
    assert Listing(ledger, "raw", Event()).run(pages())
    with books.server.superuser() as superuser:
        books.superuser = superuser
        assert books.statuses() == {"PENDING": 5000}


@pytest.mark.slow
def test_meets_other_listers_of_the_same_names(books: Books) -> None:
    answers: list[bool] = []

    def work() -> None:
        pages = version_pages(_client(20_000), "raw", [FOLDER], INPUTS)
        with books.server.connect("ledger_lister") as ledger:
            answers.append(Listing(ledger, "raw", Event()).run(one_ahead(pages)))

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
