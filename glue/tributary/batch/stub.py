"""Stands in until the kernel is there."""

import json
from dataclasses import dataclass
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq


@dataclass(frozen=True)
class BatchSource:
    source: object
    chunks: object


@dataclass(frozen=True)
class StagedFile:
    path: Path
    partition: str
    name: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class FileOutcome:
    rows: int
    rejected: int


@dataclass(frozen=True)
class TransformedBatch:
    objects: tuple
    dead_letters: tuple
    rows: int
    rejected: int
    files: tuple
    columns: tuple


def transform_batch(dataset, files, *, batch_id, years, work, object_bytes, resources):
    parts, bad, outcomes = {}, [], []
    for file in files:
        rows = rejects = 0
        for number, line in enumerate(b"".join(file.chunks).splitlines(), 1):
            try:
                value = json.loads(line)
                day = value["event_timestamp"][:10]
            except Exception:
                bad.append({**file.source.fields, "line": number, "raw_text": line.decode(errors="replace")})
                rejects += 1
                continue
            rows += 1
            parts.setdefault(f"year={day[:4]}/month={day[5:7]}/day={day[8:]}/mode=train", []).append(
                {
                    "record_id": value["id"],
                    "source_s3_path": f"s3://{file.source.bucket}/{file.source.key}",
                    "source_version": file.source.version,
                    "source_line": number,
                }
            )
        outcomes.append(FileOutcome(rows, rejects))
    objects = []
    for n, (part, rows) in enumerate(sorted(parts.items()), 1):
        path = work / f"{n}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
        objects.append(
            StagedFile(path, part, f"part-{batch_id}-{n:05}.parquet", len(rows), path.stat().st_size)
        )
    dead = []
    if bad:
        path = work / "dead.ndjson"
        path.write_text("".join(json.dumps(b) + "\n" for b in bad))
        dead.append(StagedFile(path, "", f"part-{batch_id}-00001.ndjson", len(bad), path.stat().st_size))
    return TransformedBatch(
        tuple(objects), tuple(dead), sum(o.rows for o in outcomes), len(bad), tuple(outcomes), ()
    )
