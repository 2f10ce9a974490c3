"""Registering: each version of an object is work once."""

from threading import Thread

from tests.support.ledger import Books, found, names
from tributary.ledger.claims import ClaimRules
from tributary.ledger.connection import Connection, LedgerConnection
from tributary.ledger.files import Registered, register_files

RULES = ClaimRules()


def test_makes_new_files_claimable(books: Books) -> None:
    assert books.register(names(2500)) == Registered(given=2500, added=2500)
    assert books.statuses() == {"PENDING": 2500}


def test_changes_nothing_by_a_known_version_whatever_its_state(books: Books) -> None:
    books.register(names(3))
    rules = ClaimRules(files=1, lease_seconds=3600)
    done = books.claim(rules)
    assert done is not None
    assert books.held(rules).commit(done, [], {})
    assert books.held(rules).finish(done)
    assert books.claim(rules) is not None
    before = books.statuses()
    assert books.register(names(3)) == Registered(given=3, added=0)
    assert books.statuses() == before == {"SUCCEEDED": 1, "PROCESSING": 1, "PENDING": 1}


def test_takes_several_versions_of_a_key_in_one_statement_as_work_each(books: Books) -> None:
    given = [found("a", "2"), found("a", "1"), found("a", "2"), found("b", "1"), found("a", "null")]
    assert books.register(given) == Registered(given=5, added=4)
    assert books.register([found("a", "3")]).added == 1
    assert {(key, version) for key, version in books.rows("SELECT s3_key, version_id FROM ledger.files")} == {
        *(("a", version) for version in ("1", "2", "3", "null")),
        ("b", "1"),
    }


def test_writes_nothing_where_all_files_are_known(books: Books) -> None:
    books.register(names(50))

    def register(connection: Connection) -> tuple[object, ...] | None:
        columns = ("bucket", "s3_key", "version_id", "size", "last_modified", "dataset")
        given = ", ".join(f"array_agg({name})" for name in columns)
        connection.execute(f"SELECT ledger.register({given}) FROM ledger.files")
        return connection.execute("SELECT pg_current_xact_id_if_assigned()").fetchone()

    last = "SELECT last_value FROM pg_sequences WHERE sequencename = 'files_id_seq'"
    before = books.rows(last)
    assert LedgerConnection(books.server.settings()).once(register) == (None,)
    assert books.rows(last) == before


def test_keeps_what_a_listing_says(books: Books) -> None:
    books.register([found("dir/ü 'quoted'\\n.json", "v", 12_345_678_901)])
    columns = ("bucket", "version_id", "size", "last_modified", "attempts", "first_error", "batch_id")
    assert books.status("dir/ü 'quoted'\\n.json", *columns) == (
        *("raw", "v", 12_345_678_901, found("x").last_modified, 0, None, None),
    )


def test_survives_listers_of_the_same_names_in_any_order(books: Books) -> None:
    files = names(4000)
    given = [files, files[::-1], files[2000:] + files[:2000], files[1000:]]
    added: list[int] = []

    def work(order: list) -> None:
        with books.server.connect("ledger_lister") as ledger:
            added.append(register_files(ledger, order).added)

    threads = [Thread(target=work, args=(order,)) for order in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(added) == len(given)
    assert sum(added) == 4000
    assert books.places() == {(1, 4000)}
