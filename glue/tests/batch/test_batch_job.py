"""The batch job from files of the ledger to Parquet, dead letters, archived files and an event."""

import gzip

from tests.support.batches import FOLDER, BatchWorld, event
from tests.support.declarations import declared_version
from tests.support.manifests import lines
from tributary.batch.names import archived_key
from tributary.datasets import SMOKE_LEDGER, load_dataset
from tributary.running.clients import s3_client

GONE = "went.json"
ORDERS = declared_version(
    name="orders",
    pipeline="ledger",
    prefix="input/orders/",
    format={"kind": "csv"},
    columns=[
        {"name": "order", "header": "Order", "type": "bigint", "required": True},
        {"name": "country", "header": "Country", "type": "string", "required": True},
    ],
    partitions=["country"],
    partitionValues={"country": ["at", "de"]},
    sort="order",
    outputs={"parquet": {"compression": "snappy"}},
)
FOLDER_OF_ORDERS = "input/orders/"


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
    assert batches.batches("dataset", "files") == [(SMOKE_LEDGER, 1), ("ml_events", 1)]


def test_brings_files_of_another_dataset_into_a_table_of_its_own(batches: BatchWorld) -> None:
    batches.upload("a.json", lines(event(1)))
    batches.declared.append(ORDERS)
    version = batches.upload("2026/a.csv", b"Order,Country\n7,at\n8\n", folder=FOLDER_OF_ORDERS)
    batches.upload("week01/b.csv.gz", gzip.compress(b"Order,Country\n9,de\n")[:-5], folder=FOLDER_OF_ORDERS)
    assert batches.run()
    assert batches.batches("dataset", "dataset_version", "files", "state") == [
        ("ml_events", batches.version.version, 1, "SUCCEEDED"),
        ("orders", ORDERS.version, 1, "PARTIAL"),
    ]
    places = {key.rsplit("/", 1)[0] for key in batches.published()}
    assert places == {
        "tables/orders/country=at",
        "tables/ml_events/year=2026/month=02/day=01/mode=train",
    }
    assert [row["order"] for row in batches.rows() if "order" in row] == [7]
    (letter,) = batches.dead_letters()
    assert (letter["source_key"], letter["line"]) == ("input/orders/2026/a.csv", 3)
    assert batches.reasons() == {"input/orders/week01/b.csv.gz": "broken-gzip"}
    assert any(key.startswith("quarantine/orders/") for key in batches.objects(batches.quarantine))
    archived = f"input-processed/orders/2026/{version}/a.csv"
    assert list(batches.objects(batches.raw, "input-processed/")) == [archived]
    told = {event["dataset"]: (event["rows"], event["dead_letters"]) for event in batches.announced()}
    assert told == {"ml_events": (1, 0), "orders": (1, 1)}

    s3_client().get_object(Bucket=batches.raw, Key=archived)
    batches.books.replay()
    assert batches.run()
    assert [row["order"] for row in batches.rows() if "order" in row] == [7]


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
    processed = {
        archived_key(key, version, "raw-json-data/"): body
        for (key, version), body in batches.uploaded.items()
    }
    assert batches.objects(batches.raw, "raw-json-data-processed/") == {
        key: body for key, body in processed.items() if key.endswith(("/a.json", "/b.ndjson.gz", "/c.json"))
    }
    [told] = batches.announced()
    assert (told["files"], told["partial_files"], told["rows"], told["dead_letters"]) == (3, 1, 5, 1)
