"""Rows of the audit that the uploads job writes, owes and pays, on the emulator."""

import json
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionClosedError

from tests.support.faults import Send, intercepted
from tests.support.world import World, customers
from tributary.kernels.source import Source
from tributary.uploads.names import object_keys
from tributary.uploads.pending import owed_to_audit

KEY = "input/customers/april.csv"


def refuse_rows(name: str, request: AWSPreparedRequest, send: Send) -> Any:
    if "/audit/incoming/" in name:
        raise ConnectionClosedError(endpoint_url=request.url)
    return send(request)


def test_tells_each_change_of_a_version_with_its_figures(world: World) -> None:
    first = world.upload(KEY, customers("1", "2", broken=1))
    assert world.run("run-1")
    second = world.upload(KEY, b"no\nsuch\n")
    third = world.upload(KEY, customers("3"))
    assert world.run("run-2")
    fourth = world.upload(KEY, customers("3"))
    broken = world.upload("input/customers/broken.csv", b"no\nsuch\n")
    assert world.run("run-3")
    world.assert_audited()
    order = [first, second, third, fourth, broken]
    rows = sorted(world.audited(), key=lambda row: (row["key"], order.index(row["version"]), row["status"]))
    assert [(row["version"], row["status"]) for row in rows] == [
        (first, "published"),
        (first, "superseded"),
        (second, "superseded"),
        (third, "published"),
        (third, "superseded"),
        (fourth, "unchanged"),
        (broken, "quarantined"),
    ]
    [row] = [row for row in rows if row["status"] == "published" and row["version"] == first]
    item = world.item(KEY, first)
    keys = object_keys("customers", KEY, first)
    assert row["source"] == Source(world.raw, KEY, first).id
    assert (row["rows"], row["dead_letters"], row["first_line"]) == (2, 1, 4)
    assert (row["first_reason"], row["first_column"]) == (world.dead_letters(KEY, first)[0]["reason"], None)
    assert row["bytes_in"] == len(customers("1", "2", broken=1))
    assert row["bytes_out"] == item["output_bytes"]
    assert row["outputs"] == [f"s3://{world.curated}/{name}" for name in (keys.parquet, keys.csv)]
    [quarantined] = [row for row in rows if row["status"] == "quarantined"]
    ended = world.item("input/customers/broken.csv", broken)["finished_at"]
    assert quarantined["changed_at"] == ended.replace("T", " ").rstrip("Z")
    reason = world.reason("input/customers/broken.csv", broken)
    assert (quarantined["reason"], quarantined["message"]) == (reason["reason"], reason["message"])


def test_tells_that_a_file_was_withdrawn_by_the_version_that_stands_for_it(world: World) -> None:
    """Also where that has the same bytes; a version without rows that a sender puts is published."""
    mark = {"Metadata": {"withdrawn": "true"}}
    world.upload(KEY, customers("1", broken=1))
    assert world.run("run-1")
    withdrawn = world.upload(KEY, customers(), **mark)
    empty = world.upload("input/customers/empty.csv", customers())
    assert world.run("run-2")
    again = world.upload(KEY, customers(), **mark)
    assert world.run("run-3")
    told = {(row["version"], row["status"]): row for row in world.audited()}
    for version in (withdrawn, again):
        row = told[version, "withdrawn"]
        assert (row["rows"], row["dead_letters"], row["outputs"]) == (0, 0, [])
    assert told[empty, "published"]["rows"] == 0
    assert world.status(KEY, again) == "unchanged"


def test_fails_no_run_and_owes_the_rows_that_cannot_be_written(world: World, capsys: Any) -> None:
    version = world.upload(KEY, customers("1"))
    with intercepted(refuse_rows):
        assert world.run("run-1")
    assert world.status(KEY, version) == "processed"
    assert list(owed_to_audit(world.table)) == [(f"{world.raw}/{KEY}", version)]
    assert world.audited() == []
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in said if line["event"] == "audit failed"]
    assert world.run("run-2")
    world.assert_audited()
    assert list(owed_to_audit(world.table)) == []


def test_tells_that_a_version_was_published_before_it_tells_that_it_was_superseded(world: World) -> None:
    world.upload(KEY, customers("1"))
    with intercepted(refuse_rows):
        assert world.run("run-1")
    world.upload(KEY, customers("2"))
    assert world.run("run-2")
    world.assert_audited()


def test_tells_nothing_and_owes_nothing_when_it_is_switched_off(world: World) -> None:
    """What was owed before is owed no more, or the reconciler would ask for runs for ever."""
    first = world.upload(KEY, customers("1"))
    with intercepted(refuse_rows):
        assert world.run("run-1")
    world.is_audited = False
    world.upload("input/customers/may.csv", customers("2"))
    assert world.run("run-2")
    assert world.audited() == []
    assert list(owed_to_audit(world.table)) == []
    assert {"pending_shard", "available_at"} & world.item(KEY, first).keys() == set()


def test_tells_nothing_of_smoke_tests_and_owes_nothing(world: World) -> None:
    world.upload("input/smoke_uploads/a.csv", b"no\nsuch\n")
    assert world.run("run-1")
    assert world.audited() == []
    assert list(owed_to_audit(world.table)) == []
