"""The batch job from files of the ledger to Parquet, dead letters, archived files and an event."""

import gzip

from tests.support.batches import FOLDER, BatchWorld, event
from tests.support.manifests import lines
from tributary.batch.names import archived_key
from tributary.datasets import SMOKE_LEDGER, load_dataset
from tributary.running.clients import s3_client

GONE = "went.json"


def dirty(world: BatchWorld) -> None:
    """Good, partly broken, broken and gone files."""
    world.upload("a.json", lines(event(1), event(2, day=2)))
    world.upload("b.ndjson.gz", gzip.compress(lines(event(3))))
    world.upload("c.json", lines(event(4), "{broken", event(5)))
    world.upload("d.json.gz", gzip.compress(lines(event(6)))[:-5])
    version = world.upload(GONE, lines(event(7)))
    s3_client().delete_object(Bucket=world.raw, Key=f"{FOLDER}{GONE}", VersionId=version)


def test_brings_a_smoke_test_into_a_table_of_its_own(batches: BatchWorld) -> None:
    batches.upload("a.json", lines(event(1)))
    line = b'{"label":"smoke-a","number":1,"text":"1.10"}'
    folder = load_dataset(SMOKE_LEDGER).prefix
    batches.upload("smoke-a.ndjson", line + b'\n{"label":\n', folder=folder)
    assert batches.run()
    places = {key.rsplit("/", 1)[0] for key in batches.published()}
    assert places == {
        "tables/smoke_ledger/kind=smoke",
        "tables/ml_events/year=2026/month=02/day=01/mode=train",
    }
    told = {event["dataset"]: (event["rows"], event["dead_letters"]) for event in batches.announced()}
    assert told == {"ml_events": (1, 0), "smoke_ledger": (1, 1)}
    assert batches.batches("is_smoke", "files") == [(True, 1), (False, 1)]


def test_brings_each_line_to_one_place(batches: BatchWorld) -> None:
    dirty(batches)
    assert batches.run()
    assert sorted(row["record_id"] for row in batches.rows()) == ["r1", "r2", "r3", "r4", "r5"]
    assert [letter["line"] for letter in batches.dead_letters()] == [2]
    assert batches.books.statuses() == {"SUCCEEDED": 2, "PARTIAL": 1, "QUARANTINED": 2}
    assert batches.books.places() == {(1, 5)}
    assert batches.batches("state", "token", "archived_at IS NOT NULL") == [("PARTIAL", 1, True)]
    assert batches.reasons() == {f"{FOLDER}d.json.gz": "broken-gzip", f"{FOLDER}{GONE}": "source-gone"}
    assert {key for key, _ in batches.raw_versions()} == {f"{FOLDER}d.json.gz"}
    processed = {archived_key(key, version): body for (key, version), body in batches.uploaded.items()}
    assert batches.objects(batches.raw, "raw-json-data-processed/") == {
        key: body for key, body in processed.items() if key.endswith(("/a.json", "/b.ndjson.gz", "/c.json"))
    }
    [told] = batches.announced()
    assert (told["files"], told["partial_files"], told["rows"], told["dead_letters"]) == (3, 1, 5, 1)
