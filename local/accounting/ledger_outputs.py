"""Outputs of the ledger pipeline, and the rest of the raw bucket."""

import base64
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pyarrow.parquet as pq

from tributary.kernels.output.catalog_names import key_of
from tributary.kernels.output.dead_letters import read_letters

RAW = "raw-json-data/"
PROCESSED = "raw-json-data-processed/"
MALFORMED = "error-data-lake/json_malformed_records/"
TABLE = "tables/ml_events/"
QUARANTINE = "quarantine/ml_events/"
#: Columns that say where a row came from.
SOURCE_COLUMNS = ("source_s3_path", "source_version", "source_line")
DECLARED_COLUMNS = frozenset(
    (
        "record_id",
        "event_time_utc",
        "event_timestamp",
        "ml_mode",
        "app_version",
        "user_agent",
        "transaction_id",
        "transaction_items",
        "metadata",
        "payload",
    )
)
_NAME = re.compile(r"part-(\d+)-\d{5,}\.(parquet|ndjson)")

Version = tuple[str, str]
"""Address of the object, `s3://bucket/key`, and version id."""


@dataclass
class Outputs:
    """Published rows and dead letters, by version and line."""

    rows: defaultdict[Version, list[tuple[int, dict[str, object]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    letters: defaultdict[Version, list[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    batches: set[str] = field(default_factory=set)
    #: Names of objects that no batch gives.
    strange: list[str] = field(default_factory=list)


@dataclass
class RawBucket:
    """The raw bucket after the run: what is left below the raw prefix, and how to read an archived file."""

    left: set[tuple[str, str]]
    archived: Callable[[str], bytes | None]


def raw_bucket(bucket: str) -> RawBucket:
    """List what is left below the raw prefix: versions, and markers of deletions under their own ids."""
    client = boto3.client("s3")
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=RAW)
    left = {
        (found["Key"], found["VersionId"])
        for page in pages
        for found in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    }

    def archived(key: str) -> bytes | None:
        try:
            content: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None
        return content

    return RawBucket(left, archived)


def read_outputs(curated: Path, quarantine: Path) -> Outputs:
    """Read all rows and dead letters from copies of the buckets."""
    outputs = Outputs()
    for path in sorted((curated / TABLE).rglob("*.parquet")):
        note_name(outputs, path)
        partition = partition_of(path.relative_to(curated))
        for source, line, row in rows_of(path):
            outputs.rows[source].append((line, row | partition))
    for path in sorted((quarantine / MALFORMED).rglob("*.ndjson")):
        note_name(outputs, path)
        for letter in read_letters(path.read_bytes().splitlines()):
            source = f"s3://{letter['source_bucket']}/{letter['source_key']}", letter["source_version"]
            raw = (
                letter["raw_text"].encode()
                if "raw_text" in letter
                else base64.b64decode(letter["raw_base64"])
            )
            outputs.letters[source].append((letter["line"], raw))
    return outputs


def note_name(outputs: Outputs, path: Path) -> None:
    """Take the batch from the name of one of its objects."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        outputs.strange.append(path.name)
    else:
        outputs.batches.add(found[1])


def partition_of(path: Path) -> dict[str, object]:
    """Return the values that folders such as `year=2026` give."""
    return {name: value for name, equals, value in (part.partition("=") for part in path.parts) if equals}


def rows_of(path: Path) -> Iterator[tuple[Version, int, dict[str, object]]]:
    """Give version, line and values of each row of a Parquet object."""
    file = pq.ParquetFile(path)
    names = [name for name in file.schema_arrow.names if name not in SOURCE_COLUMNS]
    keys = [name if name in DECLARED_COLUMNS else key_of(name) for name in names]
    for batch in file.iter_batches():
        columns = [batch[name].to_pylist() for name in names]
        sources = (batch[name].to_pylist() for name in SOURCE_COLUMNS)
        for address, version, line, *values in zip(*sources, *columns, strict=True):
            yield (address, version), line, dict(zip(keys, values, strict=True))
