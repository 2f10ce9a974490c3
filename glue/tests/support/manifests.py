"""Buckets, queue, control table, runs and accounts of one test of the manifests job, on the emulator."""

import hashlib
import io
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pyarrow.parquet as pq

from tests.support.control import create_control_table
from tests.support.events import event_queue, received
from tests.support.job import FILE_LIMITS, GLUE, REGION
from tests.support.waiting import wait_for
from tests.support.world import InlineEngine, audited_rows
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.output.dead_letters import read_letters
from tributary.manifests.control import Control
from tributary.manifests.manifest import manifest_key
from tributary.manifests.messages import Request
from tributary.manifests.queue import ManifestQueue
from tributary.manifests.stream import Stream, StreamSettings
from tributary.manifests.task import Answer, ManifestTask
from tributary.manifests.work import work_on_manifest
from tributary.running.announcing import Announcer
from tributary.running.clients import dynamodb_client, s3_client, sqs_client
from tributary.running.clock import timestamp
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import Destinations

SCRIPT = GLUE / "jobs" / "manifests_stream.py"
DATASET = "clicks"
DATE = "2026-02-03"
SOURCE = "tributary.test"

Line = tuple[str, str, str, int]
"""Bucket, key, version and number of a line."""


def lines(*documents: object, end: str = "\n") -> bytes:
    """Each as a line of JSON, a text as it is."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in documents]
    return "".join(f"{text}{end}" for text in texts).encode()


COLUMNS = 500


@dataclass
class ManifestWorld:
    """One test's own buckets, queues and control table."""

    raw: str
    manifests: str
    curated: str
    quarantine: str
    control: str
    queue: str
    events: str
    uploaded: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @staticmethod
    def create() -> "ManifestWorld":
        name = uuid.uuid4().hex[:12]
        for bucket in (f"{kind}-{name}" for kind in ("raw", "manifests", "curated", "quarantine")):
            s3_client().create_bucket(Bucket=bucket)
            versioning: Any = {"Status": "Enabled"}
            s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
        create_control_table(f"control-{name}")
        return ManifestWorld(
            raw=f"raw-{name}",
            manifests=f"manifests-{name}",
            curated=f"curated-{name}",
            quarantine=f"quarantine-{name}",
            control=f"control-{name}",
            queue=sqs_client().create_queue(QueueName=f"q-{name}")["QueueUrl"],
            events=event_queue(name, f"{SOURCE}.{name}"),
        )

    @property
    def source(self) -> str:
        return f"{SOURCE}.{self.control.removeprefix('control-')}"

    def upload(self, name: str, body: bytes, **how: Any) -> str:
        """Put a file of the dataset; return its version id."""
        key = self.key(name)
        version = s3_client().put_object(Bucket=self.raw, Key=key, Body=body, **how)["VersionId"]
        self.uploaded[key, version] = body
        return version

    @staticmethod
    def key(name: str) -> str:
        return f"input/{DATASET}/{DATE}-{name}"

    def entry(self, key: str, version: str, revision: int = 1) -> dict[str, Any]:
        return self.entry_of(key, version, len(self.uploaded[key, version]), revision)

    def entry_of(self, key: str, version: str, size: int, revision: int = 1) -> dict[str, Any]:
        return {
            "bucket": self.raw,
            "key": key,
            "version_id": version,
            "size": size,
            "sequencer": None,
            "revision": revision,
            "uploaded_at": timestamp(datetime.now(UTC)),
        }

    def manifest(self, *entries: dict[str, Any], dataset: str = DATASET, **changes: object) -> str:
        """Write a manifest of all uploads, or of these entries; return its key."""
        listed = entries or tuple(self.entry(key, version) for key, version in self.uploaded)
        document = {
            "id": hashlib.sha256(json.dumps([self.raw, *listed]).encode()).hexdigest()[:32],
            "dataset": dataset,
            "date": DATE,
            "total_bytes": sum(entry["size"] for entry in listed),
            "entries": sorted(listed, key=lambda entry: (entry["key"], entry["version_id"])),
            **changes,
        }
        key = manifest_key(dataset, DATE, str(document["id"]))
        s3_client().put_object(Bucket=self.manifests, Key=key, Body=json.dumps(document).encode())
        return key

    def send(self, key: str, generation: int = 0) -> None:
        """Send the message that asks for a manifest; of generation 0 as S3 would."""
        named = {"manifest": {"bucket": self.manifests, "key": key}, "generation": generation}
        s3 = {"bucket": {"name": self.manifests}, "object": {"key": key.replace("=", "%3D")}}
        body = named if generation else {"Records": [{"eventName": "ObjectCreated:Put", "s3": s3}]}
        sqs_client().send_message(QueueUrl=self.queue, MessageBody=json.dumps(body))

    def files(self, **named: bytes) -> str:
        """Upload files, write the manifest of all and send its message; return its key."""
        for name, body in named.items():
            self.upload(f"{name}.ndjson", body)
        key = self.manifest()
        self.send(key)
        return key

    def arguments(self, run_id: str = "jr_1", **changes: object) -> list[str]:
        arguments = {
            "JOB_NAME": "tributary-test-manifests-stream",
            "JOB_RUN_ID": run_id,
            "aws_region": REGION,
            "manifests_queue_url": self.queue,
            "manifests_bucket": self.manifests,
            "curated_bucket": self.curated,
            "quarantine_bucket": self.quarantine,
            "audit": "on",
            "control_table": self.control,
            "undeclared_columns": COLUMNS,
            "event_source": self.source,
            "environment": "test",
            "engine": "pool",
            "slots": 2,
            "poll_seconds": 1,
            "visibility_seconds": 3600,
            **FILE_LIMITS,
            **changes,
        }
        return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]

    def order(self, **item: Any) -> None:
        """Write what the operator wants of the job."""
        dynamodb_client().put_item(TableName=self.control, Item={"name": "streaming-job", **item})

    def task(self, key: str, generation: int = 0, by_file: bool = False) -> ManifestTask:
        return ManifestTask(
            Request(self.manifests, key, generation), self.destinations, self.columns, "jr_test", by_file
        )

    def work(self, key: str, generation: int = 0, by_file: bool = False) -> Answer:
        """Work on one manifest in this process."""
        return work_on_manifest(self.task(key, generation, by_file))

    @property
    def destinations(self) -> Destinations:
        return Destinations(self.curated, self.quarantine, is_audited=True)

    @property
    def columns(self) -> ColumnCap:
        return ColumnCap(self.control, COLUMNS)

    def run(self, engine: Any = None, visibility: int = 3600, hurry: Event | None = None) -> None:
        """Run the loop in this process until the queue has no message in sight."""
        Stream(
            queue=ManifestQueue(self.queue, visibility),
            engine=engine or InlineEngine(),
            control=UntilEmpty(self),
            announcer=Announcer(self.source, "test"),
            settings=StreamSettings(self.destinations, self.columns, "jr_test", 0),
            hurry=hurry or Event(),
        ).run()

    def waiting(self) -> tuple[int, int]:
        """Messages of the queue: in sight, and in work."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs_client().get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def wait_for_message(self) -> None:
        """Until a message is in sight again."""
        wait_for(lambda: self.waiting()[0])

    def versions(self, bucket: str, prefix: str = "") -> list[str]:
        """The ids of all versions of all objects."""
        listed = s3_client().list_object_versions(Bucket=bucket, Prefix=prefix).get("Versions", [])
        return [version["VersionId"] for version in listed]

    def processed(self) -> list[dict[str, Any]]:
        """The manifests that events told of since the last call."""
        return [manifest for event in received(self.events) for manifest in event["detail"]["manifests"]]

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        listed = s3_client().list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {entry["Key"]: self.body(bucket, entry["Key"]) for entry in listed}

    @staticmethod
    def body(bucket: str, key: str) -> bytes:
        return s3_client().get_object(Bucket=bucket, Key=key)["Body"].read()

    def tables(self) -> list[Any]:
        """The published Parquet objects."""
        return [pq.read_table(io.BytesIO(body)) for body in self.objects(self.curated, "tables/").values()]

    def rows(self) -> list[dict[str, Any]]:
        return [row for table in self.tables() for row in table.to_pylist()]

    def receipts(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.objects(self.manifests, "receipts/").values()]

    def receipt(self) -> dict[str, Any]:
        """The only receipt."""
        [receipt] = self.receipts()
        return receipt

    def dead_letters(self) -> list[dict[str, Any]]:
        found = self.objects(self.quarantine, "dead-letters/").values()
        return [letter for body in found for letter in read_letters(body.splitlines())]

    def reasons(self) -> dict[str, dict[str, Any]]:
        """The reason objects of files that were quarantined whole, by key."""
        found = self.objects(self.quarantine, "quarantine/")
        documents = [json.loads(body) for name, body in found.items() if name.endswith("/reason.json")]
        return {document["key"]: document for document in documents}

    def assert_audited(self) -> None:
        """The audit tells each file of each receipt, with the rows and dead letters that came out of it."""
        rows = Counter((row["_source_file"], row["_source_version"]) for row in self.rows())
        letters: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for letter in self.dead_letters():
            letters.setdefault((letter["source_key"], letter["source_version"]), []).append(letter)
        told = {(row["key"], row["version"], row["sequence"]): row for row in audited_rows(self.curated)}
        for receipt in self.receipts():
            exceptions = {
                **{(one["key"], one["version_id"]): one["reason"] for one in receipt["quarantined"]},
                **{(one["key"], one["version_id"]): "source-gone" for one in receipt["gone"]},
            }
            manifest = json.loads(self.body(self.manifests, _manifest_of(receipt)))
            places = [(entry["key"], entry["version_id"]) for entry in manifest["entries"]]
            found = {place: told[*place, receipt["generation"]] for place in places}
            assert sum(row["bytes_out"] or 0 for row in found.values()) == receipt["output_bytes"]
            for place, row in found.items():
                assert row["reason"] == exceptions.get(place)
                if place not in exceptions:
                    rejected = letters.get(place, [])
                    first = min(rejected, key=lambda letter: letter["line"], default={})
                    assert row["status"] == "published"
                    assert (row["rows"], row["dead_letters"]) == (rows[place], len(rejected))
                    assert (row["first_line"], row["first_reason"]) == (
                        first.get("line"),
                        first.get("reason"),
                    )

    def account(self) -> "Account":
        """Compare every line that was uploaded with where it went."""
        whole = {(reason["key"], reason["version_id"]) for reason in self.reasons().values()}
        gone = {(file["key"], file["version_id"]) for receipt in self.receipts() for file in receipt["gone"]}
        readable = {source: body for source, body in self.uploaded.items() if source not in whole | gone}
        published = [
            (row["_source_file"], row["_source_version"], row["_source_line"]) for row in self.rows()
        ]
        letters = [(one["source_key"], one["source_version"], one["line"]) for one in self.dead_letters()]
        return Account.of(self.raw, readable, [*published, *letters])


@dataclass(frozen=True)
class Account:
    """Lines that are nowhere, that are more than once somewhere, and that nobody uploaded."""

    lost: frozenset[Line]
    duplicated: frozenset[Line]
    unexpected: frozenset[Line]

    @staticmethod
    def of(
        bucket: str, inputs: Mapping[tuple[str, str], bytes], outputs: Iterable[tuple[str, str, int]]
    ) -> "Account":
        expected = Counter(
            (bucket, key, version, number)
            for (key, version), body in inputs.items()
            for number in _numbers(b"".join(uncompressed(key, [body])))
        )
        found = Counter((bucket, *place) for place in outputs)
        return Account(
            lost=frozenset(expected - found),
            duplicated=frozenset(line for line, count in found.items() if count > expected.get(line, 1)),
            unexpected=frozenset(found.keys() - expected.keys()),
        )


EVEN = Account(frozenset(), frozenset(), frozenset())


def _numbers(content: bytes) -> list[int]:
    """The number of each line that is not blank, once for each of its records."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [number for number, line in enumerate(lines, 1) for _ in range(_records(line.strip(b" \t\r")))]


def _records(line: bytes) -> int:
    """How many objects stand on a line, if it has nothing else; 1 for any other line that is not blank."""
    count, rest = 0, line.decode(errors="replace")
    while rest.startswith("{"):
        try:
            end = json.JSONDecoder().raw_decode(rest)[1]
        except (ValueError, RecursionError):
            break
        count, rest = count + 1, rest[end:].lstrip(" \t\r")
    return count if not rest else 1


def _manifest_of(receipt: dict[str, Any]) -> str:
    return manifest_key(receipt["dataset"], receipt["date"], receipt["id"])


class UntilEmpty(Control):
    """Ends the loop as soon as no message is in sight."""

    def __init__(self, world: ManifestWorld) -> None:
        super().__init__(world.control, 0)
        self._world = world

    def stop_wanted(self) -> Any:
        return super().stop_wanted() or (None if self._world.waiting()[0] else "stopped")
