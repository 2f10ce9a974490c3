"""What one run of the job does to uploads, on the emulator."""

import gzip
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import pytest

from tests.support.raw_files import KEPT_BY_S3, NOT_OF_XML
from tests.support.world import InlineEngine, World, customers
from tributary.errors import TransientError
from tributary.running.clients import dynamodb_client, s3_client
from tributary.running.metrics import Metrics
from tributary.uploads import work
from tributary.uploads.names import object_keys
from tributary.uploads.task import Task

KEY = "input/customers/april.csv"
T = TypeVar("T")
R = TypeVar("R")


def events(captured: str, name: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in captured.splitlines()]
    return [line for line in lines if line["event"] == name]


def test_processes_an_upload_into_outputs_stats_and_books(world: World) -> None:
    version = world.upload(KEY, customers("1", "2", broken=1))
    assert world.run("run-1")
    assert world.published(KEY) == ["1", "2"]
    assert world.published_parquet(KEY) == ["1", "2"]
    assert [letter["line"] for letter in world.dead_letters(KEY, version)] == [4]
    item = world.item(KEY, version)
    assert (item["status"], item["attempts"], item["run_id"]) == ("processed", 1, "run-1")
    assert {"pending_shard", "available_at", "expires_at"} & item.keys() == set()
    assert (item["counts"]["input_count"], item["counts"]["output_count"]) == (3, 2)
    head = world.head(KEY)
    assert head["committed_version"] == version
    assert head["content_sha256"] == item["content_sha256"]
    assert {"lease_owner", "publishing"} & head.keys() == set()


def test_counts_dead_letters_and_quarantined_files_for_alarms_but_those_of_smoke_tests(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[dict[str, int]] = []
    monkeypatch.setattr(Metrics, "count", lambda _, counts: told.append(dict(counts)))
    world.upload(KEY, customers("1", broken=2))
    world.upload("input/customers/broken.csv", b"no\nsuch\n")
    world.upload("input/smoke_uploads/broken.csv", b"no\nsuch\n")
    assert world.run("run-1")
    assert told == [{"UploadsDeadLetters": 2, "UploadsQuarantinedFiles": 1}]
    assert len(events(capsys.readouterr().out, "quarantined")) == 2
    world.upload(KEY, customers("1", "2"))
    assert world.run("run-2")
    assert len(told) == 1


def test_counts_later_what_could_not_be_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, int]] = []

    def count(_: Metrics, counts: Mapping[str, int]) -> None:
        told.append(dict(counts))
        if len(told) == 1:
            raise TransientError("throttled")

    monkeypatch.setattr(Metrics, "count", count)
    for name in ("a", "b"):
        world.upload(f"input/customers/{name}.csv", customers("1", broken=1))
    assert world.run("run-1", files_per_claim=1)
    assert told == [{"UploadsDeadLetters": 1}, {"UploadsDeadLetters": 2}]


def test_writes_stats_of_each_processed_version(world: World) -> None:
    version = world.upload(KEY, customers("1", broken=2))
    world.run("run-1")
    stats = json.loads(world.body(world.curated, object_keys("customers", KEY, version).stats))
    assert stats.pop("seconds") > 0
    assert stats == {
        "source_file": KEY,
        "source_bucket": world.raw,
        "source_version": version,
        "input_count": 3,
        "cleaned_count": stats["cleaned_count"],
        "output_count": 1,
        "rejected_count": 2,
        "other_rows": 0,
        "issues": {},
        "drift": [],
        "processing_timestamp": world.item(KEY, version)["first_claimed_at"],
        "run_id": "run-1",
    }


def test_replaces_the_output_after_a_changed_upload(world: World) -> None:
    first = world.upload(KEY, customers("1"))
    world.run()
    second = world.upload(KEY, customers("1", "2"))
    assert world.run()
    assert world.published(KEY) == world.published_parquet(KEY) == ["1", "2"]
    assert world.statuses(KEY, first, second) == ["superseded", "processed"]
    assert world.item(KEY, first)["expires_at"] > world.now().timestamp()
    assert [key for key in world.keys(world.curated) if key.startswith("tables/")] == [
        object_keys("customers", KEY, "").parquet
    ]


def test_writes_nothing_for_equal_bytes_whatever_their_etags(world: World) -> None:
    body = customers("1", broken=1)
    first = world.upload(KEY, body)
    world.run()
    before = {bucket: world.keys(bucket) for bucket in (world.curated, world.quarantine)}
    second = put_in_one_part(world, KEY, body)
    etags = {s3_client().head_object(Bucket=world.raw, Key=KEY, VersionId=v)["ETag"] for v in (first, second)}
    assert len(etags) == 2
    world.register(KEY, second, "F" * 16)
    assert world.run()
    assert world.statuses(KEY, first, second) == ["superseded", "unchanged"]
    assert world.puts_of(KEY) == 1
    assert {bucket: world.keys(bucket) for bucket in before} == before
    third = world.upload(KEY, body, sequencer="F" * 17)
    assert world.run()
    assert world.status(KEY, third) == "unchanged"


def put_in_one_part(world: World, key: str, body: bytes) -> str:
    """Upload as multipart, which gives the same bytes another ETag."""
    place = {"Bucket": world.raw, "Key": key}
    upload = s3_client().create_multipart_upload(**place)["UploadId"]
    part = s3_client().upload_part(**place, UploadId=upload, PartNumber=1, Body=body)
    done: Any = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    return s3_client().complete_multipart_upload(**place, UploadId=upload, MultipartUpload=done)["VersionId"]


def reprocess(world: World, key: str, version: str) -> None:
    """Make a version that is done pending again, as the operator does (cli/operator/uploads/again.ts)."""
    item = world.item(key, version)
    pending = world.pending_item(key, version, None, 0)
    again = {name: pending[name] for name in ("status", "pending_shard", "available_at")} | {"attempts": 0}
    kept = {name: value for name, value in item.items() if name != "finished_at"}
    dynamodb_client().put_item(TableName=world.table, Item=kept | again)


def test_publishes_nothing_when_a_version_is_done_again_and_its_dataset_is_the_same(world: World) -> None:
    version = world.upload(KEY, customers("1", broken=1))
    world.run()
    reprocess(world, KEY, version)
    assert world.run()
    assert world.status(KEY, version) == "unchanged"
    assert (world.published(KEY), world.puts_of(KEY)) == (["1"], 1)
    assert world.head(KEY)["committed_version"] == version


def test_replaces_the_rows_when_a_version_is_done_again_under_other_rules(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.upload(KEY, customers("1", "2"))
    world.run()
    monkeypatch.setattr(work, "rows_version", lambda *_: "another")
    reprocess(world, KEY, version)
    assert world.run()
    assert world.status(KEY, version) == "processed"
    assert (world.published(KEY), world.puts_of(KEY)) == (["1", "2"], 2)


def test_never_goes_back_to_a_version_that_is_done_again_too_late(world: World) -> None:
    older = world.upload(KEY, b"no\nsuch\n", sequencer="0A")
    world.run()
    newer = world.upload(KEY, customers("new"), sequencer="0B")
    world.run()
    assert world.statuses(KEY, older, newer) == ["quarantined", "processed"]
    reprocess(world, KEY, older)
    assert world.run()
    assert (world.published(KEY), world.puts_of(KEY)) == (["new"], 1)
    assert world.statuses(KEY, older, newer) == ["superseded", "processed"]


def test_ignores_a_second_registration(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    assert not world.register(KEY, version, "0001")
    world.run()
    assert not world.register(KEY, version, "0001")
    assert world.run()
    assert world.puts_of(KEY) == 1


@pytest.mark.parametrize("sequencers", [("0A", "0B"), ("0A", None), (None, "0B"), (None, None)])
def test_takes_the_newest_version_in_whatever_order_they_were_registered(
    world: World, sequencers: tuple[str | None, str | None]
) -> None:
    older = world.upload(KEY, customers("old"), register=False)
    newer = world.upload(KEY, customers("new"), register=False)
    world.register(KEY, newer, sequencers[1])
    world.register(KEY, older, sequencers[0])
    assert world.run()
    assert world.published(KEY) == ["new"]
    assert world.statuses(KEY, older, newer) == ["superseded", "processed"]


@pytest.mark.parametrize("sequencers", [("0A", "0B"), (None, None)])
def test_never_goes_back_to_a_version_announced_late(
    world: World, sequencers: tuple[str | None, str | None]
) -> None:
    older = world.upload(KEY, customers("old"), register=False)
    newer = world.upload(KEY, customers("new"), sequencer=sequencers[1])
    world.run()
    world.register(KEY, older, sequencers[0])
    assert world.run()
    assert world.published(KEY) == ["new"]
    assert world.statuses(KEY, older, newer) == ["superseded", "processed"]


def test_tells_versions_of_one_key_from_those_of_a_longer_key(world: World) -> None:
    older = world.upload(KEY, customers("old"), sequencer=None)
    longer = world.upload(f"{KEY}.csv", customers("longer"), sequencer=None)
    newer = world.upload(KEY, customers("new"), sequencer=None)
    assert world.run()
    assert world.statuses(KEY, older, newer) == ["superseded", "processed"]
    assert world.status(f"{KEY}.csv", longer) == "processed"


def test_processes_all_files_of_a_bulk_upload_in_one_run(world: World) -> None:
    keys = [f"input/customers/file-{number}.csv" for number in range(12)]
    for key in keys:
        world.upload(key, customers(key[-6:-4]))
    assert world.run(files_per_claim=5)
    assert all(len(world.published(key)) == 1 for key in keys)


def test_takes_up_a_file_that_arrives_while_it_works(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.upload(KEY, customers("1"))
    late = "input/customers/late.csv"

    class Uploading(InlineEngine):
        def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
            if cast(Task, task).claim.key == KEY:
                world.upload(late, customers("9"))
            return super().submit(work, task)

    assert world.run(engine=Uploading())
    assert world.published(late) == ["9"]
    assert len(events(capsys.readouterr().out, "finished")) == 1


def test_reads_gzip(world: World) -> None:
    key = f"{KEY}.gz"
    world.upload(key, gzip.compress(customers("1")))
    assert world.run()
    assert world.published(key) == ["1"]


@pytest.mark.parametrize(
    ("key", "body", "dataset", "reason"),
    [
        ("input/nobody/a.csv", customers("1"), None, "no-dataset"),
        (f"{KEY}.gz", gzip.compress(customers("1"))[:-9], "customers", "broken-gzip"),
        (KEY, b"", "customers", "empty-file"),
        (f"{KEY}.gz", gzip.compress(b""), "customers", "empty-file"),
        (f"{KEY}.gz", gzip.compress(b"id,name\n")[:-1], "customers", "broken-gzip"),
        ("input/customers/50% of a+b & c=d, M\u00fcller?.csv", b"x\n", "customers", "header-mismatch"),
        (KEY, b"alpha,beta\n1,2\n", "customers", "header-mismatch"),
    ],
)
def test_quarantines_a_whole_file_beside_its_reason(
    world: World, key: str, body: bytes, dataset: str | None, reason: str
) -> None:
    version = world.upload(key, body)
    assert world.run("run-1"), "a quarantined file is no failure of the job"
    assert world.status(key, version) == "quarantined"
    assert world.item(key, version)["last_error"].startswith(f"{reason}: ")
    assert "expires_at" not in world.item(key, version)
    record = world.reason(key, version, dataset)
    assert (record["reason"], record["source_key"], record["source_version"]) == (reason, key, version)
    assert world.body(world.quarantine, object_keys(dataset, key, version).whole_file) == body
    assert world.keys(world.curated) == []


def test_keeps_the_last_good_output_when_every_row_of_a_later_upload_is_rejected(world: World) -> None:
    good = world.upload(KEY, customers("1"))
    world.run()
    bad = world.upload(KEY, customers(broken=3))
    assert world.run()
    assert world.published(KEY) == world.published_parquet(KEY) == ["1"]
    assert world.status(KEY, bad) == "quarantined"
    assert world.reason(KEY, bad)["reason"] == "too-many-rejected"
    assert world.head(KEY)["committed_version"] == good


def test_keeps_the_last_good_output_when_a_later_upload_is_quarantined(world: World) -> None:
    good = world.upload(KEY, customers("1"))
    world.run()
    bad = world.upload(KEY, b"alpha,beta\n1,2\n")
    assert world.run()
    assert world.statuses(KEY, good, bad) == ["processed", "quarantined"]
    assert world.published(KEY) == ["1"]
    better = world.upload(KEY, customers("2"))
    assert world.run()
    assert world.statuses(KEY, good, bad, better) == ["superseded", "quarantined", "processed"]


@pytest.mark.parametrize("body", [customers("1"), b"alpha,beta\n1,2\n"], ids=["good", "bad"])
def test_gives_keys_of_any_characters_the_outcome_of_their_files(world: World, body: bytes) -> None:
    folder = "input/customers/"
    longest = "x" * (1024 - len(f"{folder}.csv"))
    keys = [f"{folder}{name}.csv" for name in (*KEPT_BY_S3, *NOT_OF_XML, longest)]
    ids = [world.upload(key, body) for key in keys]
    assert world.run(files_per_claim=50)
    outcome = "processed" if body == customers("1") else "quarantined"
    assert {world.status(key, version) for key, version in zip(keys, ids, strict=True)} == {outcome}


def test_quarantines_a_version_that_was_deleted(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    s3_client().delete_object(Bucket=world.raw, Key=KEY, VersionId=version)
    assert world.run()
    assert world.status(KEY, version) == "quarantined"
    assert world.reason(KEY, version)["reason"] == "source-gone"


def test_lets_every_item_of_a_smoke_test_expire_whose_event_came_after_its_end(world: World) -> None:
    key = "input/smoke_uploads/late.csv"
    version = world.upload(key, customers("1"), register=False)
    s3_client().delete_object(Bucket=world.raw, Key=key, VersionId=version)
    expires_at = int(world.now().timestamp()) + 14 * 86_400
    world.register_history(key, [version], expires_at=expires_at)
    assert world.run()
    assert world.status(key, version) == "quarantined"
    assert [each["expires_at"] for each in (world.item(key, version), world.head(key))] == [expires_at] * 2


def test_keeps_output_when_the_source_gets_a_delete_marker(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    s3_client().delete_object(Bucket=world.raw, Key=KEY)
    assert world.run()
    assert world.status(KEY, version) == "processed"
    assert world.published(KEY) == ["1"]


def test_logs_each_step_as_a_json_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.upload(KEY, customers("old"))
    version = world.upload(KEY, customers("1", "2"))
    world.run("run-1")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["superseded", "claimed", "processed", "finished"]
    assert lines[2]["version"] == version
    assert lines[2]["output_count"] == 2
    assert (lines[3]["succeeded"], lines[3]["processed"], lines[3]["superseded"]) == (True, 1, 1)
