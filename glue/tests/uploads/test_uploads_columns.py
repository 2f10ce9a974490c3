"""Undeclared fields of uploads: columns of the table, as many as it admits, and the events of them."""

import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.support.control import admitted_columns
from tests.support.declarations import dataset
from tests.support.world import World
from tributary.errors import TransientError
from tributary.running.announcing import Announcer
from tributary.uploads import work as task
from tributary.uploads.names import object_keys

KEY = "input/orders/april.csv"
DATASET = "orders"


@pytest.fixture(autouse=True)
def orders(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = dataset(columns=[{"name": "id", "type": "string"}])
    monkeypatch.setattr(task, "dataset_for_key", lambda *_: declared)


def table(world: World, key: str = KEY) -> Any:
    return pq.read_table(io.BytesIO(world.body(world.curated, object_keys(DATASET, key, "").parquet)))


def test_admits_undeclared_fields_to_the_table_and_tells_of_them(world: World) -> None:
    version = world.upload(KEY, b"id,note,phone,more\n1,a,2,b\n2,c,,\n")
    assert world.run("run-1")
    assert table(world).column_names == ["id", "note", "phone", "_other"]
    assert admitted_columns(world.control, DATASET) == {"note", "phone"}
    assert world.announced() == [
        {
            "environment": "test",
            "dataset": DATASET,
            "key": KEY,
            "version": version,
            "columns": ["note", "phone"],
            "other_rows": 2,
        }
    ]
    assert world.item(KEY, version)["counts"]["other_rows"] == 2
    stats = json.loads(world.body(world.curated, object_keys(DATASET, KEY, version).stats))
    assert stats["other_rows"] == 2


def test_brings_a_field_to_its_column_with_the_next_file_that_has_it(world: World) -> None:
    world.upload(KEY, b"id,a,b,c\n1,2,3,4\n")
    world.upload("input/orders/may.csv", b"id,c\n1,2\n")
    assert world.run("run-1", files_per_claim=1)
    assert table(world, "input/orders/may.csv").column_names == ["id", "c"]
    assert admitted_columns(world.control, DATASET) == {"a", "b", "c"}
    assert sorted(event["columns"] for event in world.announced()) == [["a", "b"], ["c"]]


def test_tells_nothing_of_declared_columns_and_of_equal_bytes(world: World) -> None:
    world.upload(KEY, b"id\n1\n")
    assert world.run("run-1")
    world.upload(KEY, b"id,a\n1,2\n")
    assert world.run("run-2")
    assert [event["columns"] for event in world.announced()] == [["a"]]
    version = world.upload(KEY, b"id,a\n1,2\n")
    assert world.run("run-3")
    assert world.status(KEY, version) == "unchanged"
    assert world.announced() == []


def test_commits_nothing_that_it_could_not_tell(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    version = world.upload(KEY, b"id,a\n1,2\n")

    def refuse(*_: object) -> None:
        raise TransientError("EventBridge refused an event")

    with monkeypatch.context() as refusing:
        refusing.setattr(Announcer, "announce", refuse)
        assert not world.run("run-1")
    assert world.status(KEY, version) == "pending"
    assert "EventBridge refused" in world.item(KEY, version)["last_error"]
    world.pass_time(seconds=60)
    assert world.run("run-2")
    assert world.status(KEY, version) == "processed"
    assert [event["columns"] for event in world.announced()] == [["a"]]
