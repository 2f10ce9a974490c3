"""Buckets, ledger, runs and accounts of one test of the batch job, on the emulator and a real PostgreSQL."""

import io
import json
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pyarrow.parquet as pq

from tests.support.control import create_control_table
from tests.support.events import event_queue, received
from tests.support.job import FILE_LIMITS, GLUE, REGION
from tests.support.ledger import Books
from tests.support.world import InlineEngine, audited_rows
from tributary.batch.run import Run, RunSettings
from tributary.batch.state_machine import BatchSettings
from tributary.batch.task import TransformSettings
from tributary.batch.versions import deployed_version, parsed
from tributary.datasets import SMOKE_LEDGER, datasets_of
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.output.dead_letters import read_letters
from tributary.ledger.claims import ClaimRules
from tributary.ledger.connection import LedgerConnection
from tributary.ledger.dataset_versions import DatasetVersion
from tributary.ledger.files import FoundFile, register_files
from tributary.ledger.keeper import BatchKeeper
from tributary.lister.inputs import Inputs
from tributary.running.announcing import Announcer
from tributary.running.clients import s3_client
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import Destinations

SCRIPT = GLUE / "jobs" / "ledger_batch.py"
DATASET = "ml_events"
FOLDER = "raw-json-data/2026/week05/"
COLUMNS = 500

Line = tuple[str, str, int]
"""Key, version and number of a line."""


def event(number: object, day: int = 1, **more: object) -> dict[str, object]:
    """One record as the dataset declares it."""
    return {
        "id": f"r{number}",
        "event_timestamp": f"2026-02-{day:02}T10:00:00Z",
        "MODE": "train",
        "metadata": {"app_version": "1.10", "user_agent": "test"},
        "payload": {"transaction_id": f"t{number}", "items": [{"sku": "a", "quantity": 1, "price": 9.50}]},
        **more,
    }


@dataclass
class BatchWorld:
    """One test's own buckets; the ledger is empty before each test."""

    books: Books
    raw: str
    curated: str
    quarantine: str
    control: str
    source: str
    events: str
    lister: LedgerConnection
    uploaded: dict[tuple[str, str], bytes] = field(default_factory=dict)
    version: DatasetVersion = field(default_factory=lambda: deployed_version(DATASET))
    declared: list[DatasetVersion] = field(default_factory=list)

    @staticmethod
    def create(books: Books) -> "BatchWorld":
        name = uuid.uuid4().hex[:12]
        for kind in ("raw", "curated", "quarantine"):
            s3_client().create_bucket(Bucket=f"{kind}-{name}")
            versioning: Any = {"Status": "Enabled"}
            s3_client().put_bucket_versioning(Bucket=f"{kind}-{name}", VersioningConfiguration=versioning)
        create_control_table(f"control-{name}")
        source = f"tributary.test.{name}"
        return BatchWorld(
            books=books,
            raw=f"raw-{name}",
            curated=f"curated-{name}",
            quarantine=f"quarantine-{name}",
            control=f"control-{name}",
            source=source,
            events=event_queue(name, source),
            lister=books.connect("ledger_lister"),
        )

    def upload(
        self, name: str, body: bytes, *, register: bool = True, folder: str = FOLDER, **how: Any
    ) -> str:
        """Put a raw file and register it as the lister does; return its version id."""
        key = f"{folder}{name}"
        version = s3_client().put_object(Bucket=self.raw, Key=key, Body=body, **how)["VersionId"]
        self.uploaded[key, version] = body
        if register:
            self.register(key, version)
        return version

    def register(self, key: str, version: str) -> None:
        """Register one version that was uploaded."""
        size = len(self.uploaded[key, version])
        datasets = [*datasets_of("ledger"), *map(parsed, self.declared)]
        dataset = Inputs(datasets, 2021).dataset_of(key)
        assert dataset is not None
        found = FoundFile(self.raw, key, version, size, datetime(2026, 2, 1, tzinfo=UTC), dataset)
        register_files(self.lister, [found])

    def settings(self, owner: str = "jr_test", **rules: Any) -> RunSettings:
        transform = TransformSettings(
            destinations=Destinations(self.curated, self.quarantine, is_audited=True),
            columns=ColumnCap(self.control, COLUMNS),
            object_bytes=64_000_000,
            child_bytes=1 << 30,
            first_year=2020,
            last_year=2030,
            threads=1,
        )
        return RunSettings(
            owner=owner,
            rules=ClaimRules(**{"files": 100, "lease_seconds": 3600, **rules}),
            versions=(self.version, deployed_version(SMOKE_LEDGER), *self.declared),
            batch=BatchSettings(transform, "move", Announcer(self.source, "test")),
            budget_seconds=3600,
        )

    def run(
        self,
        engine: Any = None,
        settings: RunSettings | None = None,
        ledger: LedgerConnection | None = None,
        stopping: Event | None = None,
    ) -> bool:
        """Run the job's loop in this process; return whether it succeeded."""
        settings = settings or self.settings()
        access = self.books.server.settings("ledger_batch")
        keeper = BatchKeeper(access, settings.owner, settings.rules, lambda *_: None)
        with ledger or self.books.server.connect("ledger_batch") as connection:
            return Run(connection, keeper, engine or InlineEngine(), settings, stopping or Event()).run()

    def take_over(self, **changes: Any) -> bool:
        """Let all leases run out, and another run do the rest."""
        self.books.expire()
        return self.run(settings=self.settings(owner="jr_next"), **changes)

    def archiving(self, mode: Any) -> RunSettings:
        settings = self.settings()
        return replace(settings, batch=replace(settings.batch, archive=mode))

    def arguments(self, run_id: str = "jr_1", **changes: object) -> list[str]:
        server = self.books.server.variables
        arguments = {
            "JOB_NAME": "tributary-test-ledger-batch",
            "JOB_RUN_ID": run_id,
            "aws_region": REGION,
            "ledger_host": "libpq",
            "ledger_port": server["PGPORT"],
            "ledger_database": server["PGDATABASE"],
            "ledger_authentication": "none",
            "ledger_secret_arn": "none",
            "ledger_tls": "disable",
            "raw_bucket": self.raw,
            "curated_bucket": self.curated,
            "quarantine_bucket": self.quarantine,
            "audit": "on",
            "control_table": self.control,
            "undeclared_columns": COLUMNS,
            "engine": "pool",
            "slots": 2,
            "batch_files": 100,
            "batch_megabytes": 100,
            "lease_seconds": 3600,
            "maximum_attempts": 5,
            "budget_minutes": 60,
            "object_megabytes": 64,
            "first_year": 2020,
            "last_year": 2030,
            "archive": "move",
            "child_megabytes": 1024,
            **FILE_LIMITS,
            "event_source": self.source,
            "environment": "test",
            **changes,
        }
        return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]

    def batches(self, *columns: str) -> list[tuple[Any, ...]]:
        return self.books.rows(f"SELECT {', '.join(columns)} FROM ledger.batches ORDER BY id")

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: s3_client().get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def published(self) -> dict[str, bytes]:
        return self.objects(self.curated, "tables/")

    def rows(self) -> list[dict[str, Any]]:
        found = []
        for body in self.published().values():
            found += pq.ParquetFile(io.BytesIO(body)).read().to_pylist()
        return found

    def dead_letters(self) -> list[dict[str, Any]]:
        bodies = self.objects(self.quarantine, "error-data-lake/").values()
        return [letter for body in bodies for letter in read_letters(body.splitlines())]

    def reasons(self) -> dict[str, str]:
        """Why files are quarantined whole, by key."""
        found = self.objects(self.quarantine, "quarantine/")
        records = [json.loads(body) for key, body in found.items() if key.endswith("/reason.json")]
        return {record["key"]: record["reason"] for record in records}

    def lines_found(self) -> Counter[Line]:
        """Each line that came out, as a row or as a dead letter."""
        start = len(f"s3://{self.raw}/")
        rows = (
            (row["source_s3_path"][start:], row["source_version"], row["source_line"]) for row in self.rows()
        )
        dead = ((one["source_key"], one["source_version"], one["line"]) for one in self.dead_letters())
        return Counter([*rows, *dead])

    def lines_given(self, *without: str) -> Counter[Line]:
        """Each line of the files that were uploaded, but for those of these names."""
        return Counter(
            (key, version, number)
            for (key, version), body in self.uploaded.items()
            if key.removeprefix(FOLDER) not in without
            for number, line in enumerate(b"".join(uncompressed(key, [body])).split(b"\n"), 1)
            if line.strip()
        )

    def assert_exact(self, *without: str) -> None:
        """Nothing lost, nothing twice."""
        assert self.lines_found() == self.lines_given(*without)

    def assert_audited(self) -> None:
        """The audit tells what the ledger says of each finished file, and its rows and dead letters."""
        rows = Counter(
            (row["source_s3_path"][len(f"s3://{self.raw}/") :], row["source_version"]) for row in self.rows()
        )
        letters = Counter((one["source_key"], one["source_version"]) for one in self.dead_letters())
        newest: dict[tuple[str, str], dict[str, Any]] = {}
        for row in sorted(audited_rows(self.curated), key=lambda row: row["sequence"]):
            newest[row["key"], row["version"]] = row
        books = self.books.rows(
            "SELECT s3_key, version_id, outcome::text, batch_id "
            "FROM ledger.files JOIN ledger.outcomes ON file_id = id"
        )
        assert newest.keys() == {(key, version) for key, version, _, _ in books}
        for key, version, outcome, batch in books:
            row, place = newest[key, version], (key, version)
            assert row["unit"] == str(batch)
            if outcome == "QUARANTINED":
                assert row["status"] == "quarantined"
                continue
            assert (row["status"], row["rows"], row["dead_letters"]) == (
                "published",
                rows[place],
                letters[place],
            )
            assert (row["first_line"] is not None) == (outcome == "PARTIAL")

    def raw_versions(self, prefix: str = FOLDER) -> set[tuple[str, str]]:
        listed = s3_client().list_object_versions(Bucket=self.raw, Prefix=prefix).get("Versions", [])
        return {(version["Key"], version["VersionId"]) for version in listed}

    def announced(self) -> list[dict[str, Any]]:
        """The details of the events since the last call."""
        return [message["detail"] for message in received(self.events)]
