"""Buckets, table and runs of one test, on the emulator."""

import csv
import hashlib
import io
import itertools
import json
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from typing import Any, TypeVar

import pyarrow.parquet as pq

from tests.support.control import create_control_table
from tests.support.events import event_queue, received
from tributary.distribution.alone import run_alone
from tributary.kernels.output.dead_letters import read_letters
from tributary.objects.audit import INCOMING
from tributary.objects.quarantine import WITHDRAWN, quarantine_folder
from tributary.running.announcing import Announcer
from tributary.running.clients import dynamodb_client, s3_client
from tributary.running.clock import timestamp
from tributary.running.metrics import Metrics
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import Destinations
from tributary.uploads import versions
from tributary.uploads.lease import HEAD
from tributary.uploads.names import object_keys
from tributary.uploads.pending import AUDIT_SHARD, PENDING_ATTRIBUTES, PENDING_INDEX, SHARDS, Waiting
from tributary.uploads.run import Run, Settings
from tributary.uploads.table import UploadsTable

HEADER = "id,name,email,date,amount,status\n"
DATASET = "customers"
METRICS = Metrics("tributary-test", "test")
COLUMNS = 10
"""Undeclared columns that a table may have: a file may bring two."""
T = TypeVar("T")
R = TypeVar("R")
LEASE_SECONDS = 600
"""Of a run, by default; renewed at a third, which is far beyond what a test takes."""
_sequence = itertools.count(1)


def customers(*ids: str, broken: int = 0) -> bytes:
    """A file of the dataset with one row an id, and rows that have too few fields."""
    rows = [f"{id_},ann lee,ann@example.com,01-04-2025,125.50,active\n" for id_ in ids]
    return (HEADER + "".join(rows) + "broken,row\n" * broken).encode()


class InlineEngine:
    """Runs each task in this thread, at once, those too that are to run in a process of their own."""

    slots = 1

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        if isinstance(work, partial) and work.func is run_alone:
            work = work.args[0]
        future: Future[R] = Future()
        try:
            future.set_result(work(task))
        except Exception as error:  # noqa: BLE001 the future tells it
            future.set_exception(error)
        return future

    def stop(self) -> None:
        """Nothing runs on."""


@dataclass
class World:
    """One test's own buckets, tables and events.

    `offset` moves the clock that leases and pauses are told by, and `stopped` is where it stands.
    """

    raw: str
    curated: str
    quarantine: str
    table: str
    control: str
    source: str
    events: str
    offset: timedelta = field(default_factory=timedelta)
    stopped: datetime | None = None
    is_audited: bool = True

    @staticmethod
    def create() -> "World":
        name = uuid.uuid4().hex[:12]
        source = f"tributary.test.{name}"
        world = World(
            raw=f"raw-{name}",
            curated=f"curated-{name}",
            quarantine=f"quarantine-{name}",
            table=f"uploads-{name}",
            control=f"control-{name}",
            source=source,
            events=event_queue(name, source),
        )
        for bucket in (world.raw, world.curated, world.quarantine):
            s3_client().create_bucket(Bucket=bucket)
            versioning: Any = {"Status": "Enabled"}
            s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
        _create_table(world.table)
        create_control_table(world.control)
        return world

    def now(self) -> datetime:
        return (self.stopped or datetime.now(UTC)) + self.offset

    def stop_clock(self) -> None:
        """Let no time pass but what `pass_time` does."""
        self.stopped = datetime.now(UTC)

    def pass_time(self, **duration: float) -> None:
        self.offset += timedelta(**duration)

    def outlast_leases(self) -> None:
        """Let every lease run out that is not renewed by this clock."""
        self.pass_time(seconds=LEASE_SECONDS + 1)

    def upload(
        self, key: str, body: bytes, *, register: bool = True, sequencer: str | None = "next", **how: Any
    ) -> str:
        """Put an object; register it as the trigger does; return its version id."""
        version = s3_client().put_object(Bucket=self.raw, Key=key, Body=body, **how)["VersionId"]
        number = f"{next(_sequence):016X}" if sequencer == "next" else sequencer
        if register:
            self.register(key, version, number, len(body))
        return version

    def register(self, key: str, version: str, sequencer: str | None, size: int = 0) -> bool:
        """Write the pending item under the condition of the trigger; False when it was there."""
        client = dynamodb_client()
        try:
            client.put_item(
                TableName=self.table,
                Item=self.pending_item(key, version, sequencer, size),
                ConditionExpression="attribute_not_exists(#object)",
                ExpressionAttributeNames={"#object": "object"},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def register_history(self, key: str, ids: Sequence[str], **changes: Any) -> None:
        """Write items of many versions of one object, by default pending ones without a sequencer."""
        for start in range(0, len(ids), 25):
            puts: Any = [
                {"PutRequest": {"Item": {**self.pending_item(key, version, None, 0), **changes}}}
                for version in ids[start : start + 25]
            ]
            dynamodb_client().batch_write_item(RequestItems={self.table: puts})

    def waiting(self, key: str, *ids: str) -> Waiting:
        """Object as a look at the index shows it, with these of its pending versions."""
        return Waiting(f"{self.raw}/{key}", ids)

    def pending_item(self, key: str, version: str, sequencer: str | None, size: int) -> dict[str, Any]:
        object_id = f"{self.raw}/{key}"
        now = timestamp(self.now())
        item: dict[str, Any] = {
            "object": object_id,
            "version": version,
            "bucket": self.raw,
            "key": key,
            "size": size,
            "status": versions.PENDING,
            "registered_at": now,
            "registered_by": "uploads-reconciler" if sequencer is None else "event",
            "pending_shard": str(int(hashlib.sha256(object_id.encode()).hexdigest()[:8], 16) % SHARDS),
            "available_at": now,
        }
        if sequencer is not None:
            item["sequencer"] = sequencer.ljust(64, "0")
        return item

    def ledger(self, run_id: str, lease_seconds: float = LEASE_SECONDS) -> UploadsTable:
        return UploadsTable(
            self.table,
            run_id,
            lease_seconds,
            superseded_days=30,
            is_audited=self.is_audited,
            clock=self.now,
        )

    def run(
        self, run_id: str = "", engine: Any = None, stopping: Event | None = None, **settings: Any
    ) -> bool:
        """Run the job's loop in this process; return whether it succeeded."""
        options = {
            "files_per_claim": 10,
            "settle_seconds": 0,
            "lease_seconds": LEASE_SECONDS,
            "maximum_attempts": 3,
            **settings,
        }
        run = Run(
            self.ledger(run_id or uuid.uuid4().hex, options["lease_seconds"]),
            engine or InlineEngine(),
            self.settings(**options),
            stopping or Event(),
        )
        return run.run()

    def settings(self, **options: Any) -> Settings:
        return Settings(
            destinations=self.destinations,
            columns=ColumnCap(self.control, COLUMNS),
            announcer=Announcer(self.source, "test"),
            metrics=METRICS,
            date_formats=("%d-%m-%Y", "%Y-%m-%d"),
            **options,
        )

    @property
    def destinations(self) -> Destinations:
        return Destinations(self.curated, self.quarantine, is_audited=self.is_audited)

    def audited(self) -> list[dict[str, Any]]:
        """The rows that were written for the audit, each once."""
        return audited_rows(self.curated)

    def assert_audited(self) -> None:
        """The audit says of each finished version what the table says, and of its changes; none is owed."""
        rows = self.audited()
        of_item = {
            versions.PROCESSED: "published",
            versions.UNCHANGED: "unchanged",
            versions.SUPERSEDED: "superseded",
            versions.QUARANTINED: "quarantined",
        }
        items: Any = dynamodb_client().scan(TableName=self.table, ConsistentRead=True)["Items"]
        for item in items:
            assert item.get("pending_shard") != AUDIT_SHARD
            if item.get("status") in of_item:
                of_version = [row for row in rows if (row["key"], row["version"]) == _place(item)]
                newest = max(of_version, key=lambda row: row["sequence"])
                counts = item.get("counts", {})
                assert newest["status"] == of_item[item["status"]]
                assert (newest["rows"], newest["dead_letters"]) == (
                    counts.get("output_count"),
                    counts.get("rejected_count"),
                )
                # what was superseded after it was published, is told as both
                told = [row["status"] for row in of_version]
                assert told.count("published") == ("counts" in item)
        finished = {_place(item) for item in items if item.get("status") in of_item}
        assert {(row["key"], row["version"]) for row in rows} == finished

    def announced(self) -> list[dict[str, Any]]:
        """The details of the events since the last call."""
        return [message["detail"] for message in received(self.events)]

    def item(self, key: str, version: str) -> dict[str, Any]:
        answer = dynamodb_client().get_item(
            TableName=self.table, Key={"object": f"{self.raw}/{key}", "version": version}, ConsistentRead=True
        )
        return dict(answer["Item"])

    def head(self, key: str) -> dict[str, Any]:
        return self.item(key, HEAD)

    def status(self, key: str, version: str) -> str:
        return str(self.item(key, version)["status"])

    def statuses(self, key: str, *ids: str) -> list[str]:
        return [self.status(key, version) for version in ids]

    def keys(self, bucket: str) -> list[str]:
        """The keys of all objects but for the rows of the audit."""
        listed = s3_client().list_objects_v2(Bucket=bucket).get("Contents", [])
        return [entry["Key"] for entry in listed if not entry["Key"].startswith(INCOMING)]

    def body(self, bucket: str, key: str) -> bytes:
        return s3_client().get_object(Bucket=bucket, Key=key)["Body"].read()

    def published(self, key: str) -> list[str]:
        """The ids of the rows in the CSV output of a source object."""
        text = self.body(self.curated, object_keys(DATASET, key, "").csv).decode()
        return [row["id"] for row in csv.DictReader(io.StringIO(text))]

    def published_parquet(self, key: str) -> list[str]:
        content = self.body(self.curated, object_keys(DATASET, key, "").parquet)
        return [str(id_) for id_ in pq.read_table(io.BytesIO(content))["id"].to_pylist()]

    def puts_of(self, key: str) -> int:
        """How many times the Parquet of a source object was written."""
        name = object_keys(DATASET, key, "").parquet
        listed = s3_client().list_object_versions(Bucket=self.curated, Prefix=name).get("Versions", [])
        return len(listed)

    def dead_letters(self, key: str, version: str) -> list[dict[str, Any]]:
        name = object_keys(DATASET, key, version).dead_letters
        return list(read_letters(self.body(self.quarantine, name).splitlines()))

    def reason(self, key: str, version: str, dataset: str | None = DATASET) -> dict[str, Any]:
        name = object_keys(dataset, key, version).whole_file_reason
        document: dict[str, Any] = json.loads(self.body(self.quarantine, name))
        return document


def audited_rows(bucket: str) -> list[dict[str, Any]]:
    """The rows below the audit's prefix of a bucket, each once by its id."""
    listed = s3_client().list_objects_v2(Bucket=bucket, Prefix=INCOMING).get("Contents", [])
    rows: dict[str, dict[str, Any]] = {}
    for entry in listed:
        for line in s3_client().get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().splitlines():
            row = json.loads(line)
            assert rows.setdefault(row["id"], row)["status"] == row["status"]
    return list(rows.values())


def note_withdrawn(bucket: str, key: str, version: str) -> None:
    """Leave the note by which the jobs know what an operator withdraws."""
    name = f"{quarantine_folder(WITHDRAWN, key, version)}/reason.json"
    s3_client().put_object(Bucket=bucket, Key=name, Body=b"{}")


def _place(item: dict[str, Any]) -> tuple[str, str]:
    return item["key"], item["version"]


def _create_table(name: str) -> None:
    texts = ["object", "version", *PENDING_ATTRIBUTES]
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": text, "AttributeType": "S"} for text in texts],
        "KeySchema": _keys("object", "version"),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": PENDING_INDEX,
                "KeySchema": _keys(*PENDING_ATTRIBUTES),
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["registered_at", "attempts"],
                },
            }
        ],
    }
    dynamodb_client().create_table(**definition)


def _keys(hashed: str, ranged: str) -> list[dict[str, str]]:
    return [{"AttributeName": hashed, "KeyType": "HASH"}, {"AttributeName": ranged, "KeyType": "RANGE"}]
