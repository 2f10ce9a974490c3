"""Claiming: in order, within limits, disjoint and complete."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.ledger import DATASET, Books, found, names
from tests.support.waiting import wait_for
from tributary.datasets import SMOKE_LEDGER
from tributary.ledger.batches import HeldBatches
from tributary.ledger.claims import ClaimRules, batch_files, claim_batch, new_batch
from tributary.ledger.connection import Connection
from tributary.ledger.files import FoundFile

RULES = ClaimRules(files=10, lease_seconds=3600)


def keys(books: Books, rules: ClaimRules = RULES) -> list[str]:
    batch = books.claim(rules)
    return [] if batch is None else [file.key for file in batch_files(books.connect(), batch)]


def test_finds_nothing_where_nothing_is_claimable(books: Books) -> None:
    assert books.claim(RULES) is None
    assert books.rows("SELECT count(*) FROM ledger.batches") == [(0,)]


def test_takes_the_longest_waiting_first_up_to_the_batch_size(books: Books) -> None:
    books.register(names(5, first=100))
    books.register(names(15))
    assert keys(books) == [*(file.key for file in names(5, first=100)), *(file.key for file in names(5))]
    assert keys(books) == [file.key for file in names(10, first=5)]
    assert keys(books) == []


@pytest.mark.parametrize(
    ("sizes", "limit", "taken"),
    [((5, 5, 5), 10, 2), ((5, 5, 5), 9, 1), ((50, 5), 10, 1), ((0, 0, 10), 10, 3), ((5, 50, 5), 10, 1)],
)
def test_keeps_the_byte_limit_and_takes_one_file_at_least(
    books: Books, sizes: tuple[int, ...], limit: int, taken: int
) -> None:
    books.register([found(str(number), size=size) for number, size in enumerate(sizes)])
    batch = books.claim(ClaimRules(bytes=limit))
    assert batch is not None
    assert (batch.files, batch.bytes) == (taken, sum(sizes[:taken]))
    assert books.places() == {(1, len(sizes))}


def test_leaves_out_what_is_available_later(books: Books) -> None:
    books.register(names(3))
    books.superuser.execute("UPDATE ledger.queue SET available_at = now() + interval '1 hour' WHERE size > 0")
    assert books.claim(RULES) is None


_SMOKE = "raw-json-data/all_historical_files/smoke_ledger/"
VERSIONS = {DATASET: "v1", SMOKE_LEDGER: "smoke"}


def smoke_test(name: str) -> FoundFile:
    return found(f"{_SMOKE}{name}", dataset=SMOKE_LEDGER)


def test_claims_a_smoke_test_apart_from_all_others_and_before_them(books: Books) -> None:
    books.register([*names(3), smoke_test("a"), smoke_test("b")])
    claims = [claim_batch(books.connect(), "run", RULES, VERSIONS) for _ in range(4)]
    found_ = [batch and (batch.dataset_version, batch.files) for batch in claims]
    assert found_ == [("smoke", 1), ("smoke", 1), ("v1", 3), None]
    assert books.rows("SELECT count(*) FROM ledger.batches WHERE dataset = 'smoke_ledger'") == [(2,)]
    assert books.places() == {(1, 5)}


def test_leaves_smoke_tests_to_a_run_that_knows_their_dataset(books: Books) -> None:
    books.register([smoke_test("a")])
    assert books.claim(RULES) is None
    assert books.places() == {(1, 1)}


def test_goes_on_in_the_queue_where_a_smoke_test_was_claimed_meanwhile(books: Books) -> None:
    books.register(names(20))
    first = claim_batch(books.connect(), "run", RULES, VERSIONS)
    books.register([smoke_test("a")])
    smoke = claim_batch(books.connect(), "run", RULES, VERSIONS)
    second = claim_batch(books.connect(), "run", RULES, VERSIONS)
    counts = [batch and (batch.dataset_version, batch.files) for batch in (first, smoke, second)]
    assert counts == [("v1", 10), ("smoke", 1), ("v1", 10)]


def test_gives_a_smoke_test_its_own_version_back(books: Books) -> None:
    books.register([smoke_test("a"), found("b")])
    for version in ("smoke", "v1"):
        batch = claim_batch(books.connect(), "run", RULES, VERSIONS)
        assert batch is not None
        assert batch.dataset_version == version
    books.expire()
    books.superuser.execute("UPDATE ledger.batches SET state = 'WAITING', dataset_version = NULL")
    versions = set()
    for _ in range(2):
        batch = claim_batch(books.connect(), "next", RULES, {DATASET: "v2", SMOKE_LEDGER: "smoke2"})
        assert batch is not None
        versions.add(batch.dataset_version)
    assert versions == {"v2", "smoke2"}


def test_forgets_a_smoke_test_whatever_became_of_it(books: Books) -> None:
    books.register([*names(1), smoke_test("a"), smoke_test("b"), smoke_test("c")])

    def forget(key: str) -> list[tuple[int]]:
        return books.maintain("FORGET_SMOKE_TEST", key)

    batch = claim_batch(books.connect(), "run", RULES, VERSIONS)
    assert batch is not None
    # a run works on it; another one failed; the third waits in the queue
    assert forget(f"{_SMOKE}a") == [(0,)]
    held = books.held(RULES)
    assert held.commit(batch, [], {"rows": 1})
    assert held.finish(batch)
    assert held.archived(batch)
    failed = claim_batch(books.connect(), "run", RULES, VERSIONS)
    assert failed is not None
    assert held.fail(failed, "broken")
    assert [forget(f"{_SMOKE}{key}") for key in "abca"] == [[(1,)], [(1,)], [(1,)], [(0,)]]
    assert books.rows("SELECT s3_key FROM ledger.files") == [(names(1)[0].key,)]
    for table in ("batches", "outcomes", "file_errors"):
        assert books.rows(f"SELECT count(*) FROM ledger.{table}") == [(0,)]
    assert books.places() == {(1, 1)}


def test_forgets_no_other_file(books: Books) -> None:
    books.register(names(1))
    assert books.maintain("FORGET_SMOKE_TEST", names(1)[0].key) == [(0,)]
    assert books.archived(RULES, []).files == 1
    assert books.maintain("FORGET_SMOKE_TEST", names(1)[0].key) == [(0,)]
    assert books.places() == {(1, 1)}


def orders(count: int, first: int = 0) -> list[FoundFile]:
    return [
        found(f"input/orders/{number:09}.csv", dataset="orders") for number in range(first, first + count)
    ]


def claimed(books: Books, versions: dict[str, str], owner: str = "run") -> tuple[str, str, int] | None:
    """Dataset, version and number of files of the next batch."""
    batch = claim_batch(books.connect(), owner, RULES, versions)
    if batch is not None:
        held = {dataset for (dataset,) in books.rows(_DATASETS_OF_BATCH, batch.id)}
        assert held == {batch.dataset}
    return batch and (batch.dataset, batch.dataset_version, batch.files)


_DATASETS_OF_BATCH = """
SELECT DISTINCT dataset FROM ledger.files
WHERE id IN (SELECT unnest(file_ids) FROM ledger.batches WHERE id = %s)
"""


def test_mixes_no_datasets_in_a_batch_and_lets_them_take_turns(books: Books) -> None:
    books.register([*names(25), *orders(3)])
    versions = {DATASET: "v1", "orders": "o1"}
    assert [claimed(books, versions) for _ in range(3)] == [
        (DATASET, "v1", 10),
        ("orders", "o1", 3),
        (DATASET, "v1", 10),
    ]
    books.register(orders(12, first=3))
    assert [claimed(books, versions) for _ in range(4)] == [
        ("orders", "o1", 10),
        (DATASET, "v1", 5),
        ("orders", "o1", 2),
        None,
    ]
    assert books.places() == {(1, 40)}


def test_leaves_a_dataset_and_its_replays_to_a_run_that_knows_it(books: Books) -> None:
    books.register([*names(1), *orders(1)])
    assert claimed(books, {DATASET: "v1"}) == (DATASET, "v1", 1)
    assert claimed(books, {DATASET: "v1"}) is None
    assert claimed(books, {DATASET: "v1", "orders": "o1"}) == ("orders", "o1", 1)
    books.superuser.execute("UPDATE ledger.batches SET state = 'WAITING', dataset_version = NULL")
    books.expire()
    assert claimed(books, {DATASET: "v2"}) == (DATASET, "v2", 1)
    assert claimed(books, {DATASET: "v2"}) is None
    assert claimed(books, {"orders": "o2"}) == ("orders", "o2", 1)


def test_finds_what_was_left_behind_the_newest_batch(books: Books) -> None:
    books.register(names(30))
    with books.server.superuser() as slow, slow.transaction():
        slow.execute("SELECT FROM ledger.queue ORDER BY available_at, id LIMIT 10 FOR UPDATE")
        assert keys(books) == [file.key for file in names(10, first=10)]
    assert keys(books) == [file.key for file in names(10, first=20)]
    assert keys(books) == [file.key for file in names(10)]


def test_begins_again_at_the_oldest_once_a_minute(books: Books) -> None:
    books.register(names(40))
    with books.server.superuser() as slow, slow.transaction():
        slow.execute("SELECT FROM ledger.queue ORDER BY available_at, id LIMIT 10 FOR UPDATE")
        assert keys(books) == [file.key for file in names(10, first=10)]
    books.superuser.execute("UPDATE ledger.whole_scan SET began_at = now() - interval '61 seconds'")
    assert keys(books) == [file.key for file in names(10)]


def test_gives_sixteen_claimers_disjoint_batches_and_all_files(books: Books) -> None:
    books.register(names(20_050))
    rules = ClaimRules(files=500, lease_seconds=3600)

    def work(owner: int) -> list[int]:
        taken = []
        with books.server.connect("ledger_batch") as ledger:
            while batch := new_batch(ledger, f"run-{owner}", rules, {DATASET: "v1"}):
                taken += [file.id for file in batch_files(ledger, batch)]
        return taken

    with ThreadPoolExecutor(16) as claimers:
        taken = [id for ids in claimers.map(work, range(16)) for id in ids]
    assert len(taken) == len(set(taken)) == 20_050
    assert books.places() == {(1, 20_050)}
    assert books.rows("SELECT count(DISTINCT owner) > 1 FROM ledger.batches") == [(True,)]


def test_gives_sixteen_claimers_every_batch_once_that_is_to_be_gone_on_with(books: Books) -> None:
    rules = ClaimRules(files=50, lease_seconds=3600)
    books.register(names(3_025))
    for _ in range(20):
        books.archived(rules, [])
    assert books.replay() == 20
    books.superuser.execute("UPDATE ledger.batches SET available_at = 'infinity'")
    for _ in range(10):
        books.finished(rules, [])
    for _ in range(10):
        batch = new_batch(books.connect(), "run", rules, {DATASET: "v1"})
        assert batch is not None
        assert books.held(rules).commit(batch, [], {})
    books.expire()

    def work(owner: int) -> list[tuple[str, int, int]]:
        taken = []
        with books.server.connect("ledger_batch") as ledger:
            held = HeldBatches(ledger, f"run-{owner}", rules)
            while batch := claim_batch(ledger, f"run-{owner}", rules, {DATASET: "v2"}):
                taken.append((batch.state, batch.id, batch.files))
                if batch.state == "CLAIMED":
                    assert held.commit(batch, [], {})
                if batch.state != "SUCCEEDED":
                    assert held.finish(batch)
                assert held.archived(batch)
        return taken

    with ThreadPoolExecutor(16) as claimers:
        taken = [claim for claims in claimers.map(work, range(16)) for claim in claims]
    assert len(taken) == len({id for _, id, _ in taken}) == 61
    assert sum(files for _, _, files in taken) == 3_025
    assert Counter(state for state, _, _ in taken) == {"CLAIMED": 41, "COMMITTED": 10, "SUCCEEDED": 10}
    assert books.statuses() == {"SUCCEEDED": 3_025}
    assert books.places() == {(1, 3_025)}


def test_looks_at_few_dead_rows_while_a_snapshot_is_held(books: Books) -> None:
    books.register(names(10_000))
    rules = ClaimRules(files=500, lease_seconds=3600)
    with books.server.superuser() as holder, holder.transaction():
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM ledger.queue")
        read = entries_read(books)
        with books.server.connect("ledger_batch") as ledger:
            for _ in range(20):
                batch = claim_batch(ledger, "run", rules, VERSIONS)
                assert batch is not None
                assert batch.files == 500
        seen = flushed(books, read + 10_000) - read
    # each claim reads its own rows alone; from the start it would be 105,000
    assert 10_000 <= seen <= 11_000


def test_works_on_batches_to_their_end_while_a_snapshot_is_held(books: Books) -> None:
    rules = ClaimRules(files=50, lease_seconds=3600)
    books.register(names(1_000))
    with books.server.superuser() as holder, holder.transaction():
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM ledger.queue")
        for version in range(3):
            for _ in range(20):
                books.archived(rules, [version])
            assert books.claim(rules) is None
            assert books.replay() == 20
        assert holder.execute("SELECT count(*) FROM ledger.queue").fetchone() == (1_000,)
    assert books.rows("SELECT DISTINCT replays, earlier_objects FROM ledger.batches") == [(3, [2])]
    assert books.places() == {(1, 1_000)}


def entries_read(books: Books) -> int:
    return books.rows("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'queue_order'")[0][
        0
    ]


def flushed(books: Books, least: int) -> int:
    """The statistics once the closed connection's are in."""
    wait_for(lambda: entries_read(books) >= least)
    return entries_read(books)


def test_waits_for_no_claimer_that_is_in_the_midst(books: Books) -> None:
    books.register(names(20))
    meanwhile = books.connect()

    def claim_in_the_midst(connection: Connection) -> list[str]:
        connection.execute(_LOCK)
        batch = new_batch(meanwhile, "other", RULES, {DATASET: "v1"})
        assert batch is not None
        return [file.key for file in batch_files(meanwhile, batch)]

    assert books.connect().once(claim_in_the_midst) == [file.key for file in names(10, first=10)]


_LOCK = "SELECT id FROM ledger.queue ORDER BY available_at, id LIMIT 10 FOR UPDATE SKIP LOCKED"
