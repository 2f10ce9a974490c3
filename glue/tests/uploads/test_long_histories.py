"""An object with thousands of versions: its claims cost what those of any other do, and hide no neighbour."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock

import pytest
from botocore.awsrequest import AWSPreparedRequest

from tests.support.faults import Send, intercepted
from tests.support.world import World, customers
from tributary.running.clients import s3_client
from tributary.running.keeper import LeaseKeeper
from tributary.uploads import history, pending
from tributary.uploads.lease import Lease
from tributary.uploads.table import Claim, Held, Taken, UploadsTable

KEY = "input/customers/april.csv"
OTHER = "input/customers/other.csv"


class Costs:
    """Requests by name, and items that the answers of DynamoDB held."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.items: Counter[str] = Counter()

    def __call__(self, name: str, request: AWSPreparedRequest, send: Send) -> Any:
        answer = send(request)
        self.requests[name] += 1
        if "X-Amz-Target" in request.headers:
            self.items[name] += _items(json.loads(answer.content))
        return answer


def _items(answer: dict[str, Any]) -> int:
    return len(answer.get("Items", [])) + sum(len(items) for items in answer.get("Responses", {}).values())


def old_versions(number: int) -> list[str]:
    """Ids of versions that the bucket does not list any more: they are older than all that it does."""
    return [f"old-{version:06}" for version in range(number)]


def claimed(answer: Taken | Held) -> Claim:
    assert isinstance(answer, Taken)
    assert answer.claim is not None
    return answer.claim


def costs_of_a_claim(world: World, key: str, versions: int) -> Costs:
    """Claim the newest of so many pending versions."""
    old = old_versions(versions - 1)
    world.register_history(key, old)
    newest = world.upload(key, customers("1"))
    with intercepted(costs := Costs()):
        claim = claimed(world.ledger("run").claim(world.waiting(key, *old, newest)))
    assert claim.version.version == newest
    return costs


def test_claims_at_the_same_cost_whatever_the_history(world: World) -> None:
    few, many, most = (costs_of_a_claim(world, f"{KEY}-{number}.csv", number) for number in (3, 300, 3_000))
    assert many.requests == most.requests
    assert many.items == most.items
    assert most.requests.total() - few.requests.total() <= 2
    assert most.items.total() <= history.SHORT_HISTORY + 2


def test_supersedes_so_many_a_claim_and_all_of_them_in_a_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "_PAGE_ITEMS", 60)
    monkeypatch.setattr(pending, "_PAGES_A_LOOK", 2)
    old = old_versions(450)
    world.register_history(KEY, old)
    newest = world.upload(KEY, customers("1"))
    taken = world.ledger("run-0").claim(world.waiting(KEY, *old, newest))
    assert isinstance(taken, Taken)
    assert taken.outdated == tuple(old[:100])
    assert world.ledger("run-0").release(claimed(taken))
    assert world.run("run-1")
    assert world.published(KEY) == ["1"]
    assert world.status(KEY, newest) == "processed"
    assert set(world.statuses(KEY, *old)) == {"superseded"}
    assert list(world.ledger("any").pending().look()) == []


def test_keeps_the_lease_while_it_supersedes(world: World) -> None:
    world.upload(KEY, customers("1"))
    world.upload(KEY, customers("2"))
    order: list[str] = []

    def keep(keeper: LeaseKeeper[Lease], lease: Lease) -> None:
        order.append("keeps")

    def supersede(table: UploadsTable, object_id: str, outdated: Iterable[str]) -> Iterator[str]:
        order.append("supersedes")
        return iter(())

    with (
        mock.patch.object(LeaseKeeper, "keep", keep),
        mock.patch.object(UploadsTable, "supersede", supersede),
    ):
        world.run()
    assert order[:2] == ["keeps", "supersedes"]


def test_takes_real_versions_in_the_order_of_the_bucket(world: World) -> None:
    ids = [world.upload(KEY, customers(str(number)), sequencer=None) for number in range(105)]
    assert world.run()
    assert world.published(KEY) == ["104"]
    assert Counter(world.statuses(KEY, *ids)) == {"superseded": 104, "processed": 1}
    assert world.puts_of(KEY) == 1


def test_goes_back_to_none_of_a_history_that_is_announced_late(world: World) -> None:
    late = [world.upload(KEY, customers("old"), register=False) for _ in range(3)]
    newest = world.upload(KEY, customers("new"))
    assert world.run()
    world.register_history(KEY, [*old_versions(200), *late])
    assert world.run()
    assert world.published(KEY) == ["new"]
    assert world.statuses(KEY, *late, newest) == ["superseded"] * 3 + ["processed"]
    assert world.puts_of(KEY) == 1


def test_finishes_a_publication_that_has_begun_before_what_is_newer(world: World) -> None:
    begun = world.upload(KEY, customers("1"))
    claim = claimed(world.ledger("run-0").claim(world.waiting(KEY, begun)))
    assert claim.lease.begin_publication(begun)
    world.outlast_leases()
    world.register_history(KEY, old_versions(200))
    newest = world.upload(KEY, customers("2"))
    again = claimed(world.ledger("run-1").claim(world.waiting(KEY, newest)))
    assert (again.version.version, again.attempts) == (begun, 2)
    world.outlast_leases()
    assert world.run()
    assert world.published(KEY) == ["2"]
    assert world.statuses(KEY, begun, newest) == ["superseded", "processed"]


def test_quarantines_one_of_a_history_that_the_bucket_has_lost(world: World) -> None:
    committed = world.upload(KEY, customers("1"))
    assert world.run()
    s3_client().delete_object(Bucket=world.raw, Key=KEY, VersionId=committed)
    ids = old_versions(150)
    world.register_history(KEY, ids, sequencer="E".ljust(64, "0"))
    world.register_history(KEY, ["last"], sequencer="F".ljust(64, "0"))
    assert world.run()
    assert world.status(KEY, "last") == "quarantined"
    assert world.published(KEY) == ["1"]
    assert list(world.ledger("any").pending().look()) == []


def test_waits_for_the_announcement_of_one_of_the_newest_versions(world: World) -> None:
    old = old_versions(150)
    world.register_history(KEY, old)
    unannounced = world.upload(KEY, customers("1"), register=False)
    assert world.ledger("run").claim(world.waiting(KEY, *old)) == Taken(None, (), 0)
    world.register(KEY, unannounced, None)
    assert claimed(world.ledger("run").claim(world.waiting(KEY, *old))).version.version == unannounced


def test_reaches_what_stands_behind_a_long_history(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "_PAGE_ITEMS", 40)
    monkeypatch.setattr(pending, "_PAGES_A_LOOK", 2)
    monkeypatch.setattr(pending, "SHARDS", 1)
    world.register_history(KEY, old_versions(400), pending_shard="0")
    world.pass_time(seconds=1)
    world.register_history(OTHER, ["v"], pending_shard="0")
    index = world.ledger("any").pending()
    world.pass_time(seconds=1)
    with intercepted(costs := Costs()):
        first = list(index.look())
    assert [waiting.object_id for waiting in first] == [f"{world.raw}/{KEY}"]
    assert (costs.requests["poll"], costs.items["poll"], index.at_end) == (2, 80, False)
    looks = 1
    while not index.at_end:
        found = list(index.look())
        looks += 1
    assert [waiting.object_id for waiting in found][-1:] == [f"{world.raw}/{OTHER}"]
    assert looks == 6
