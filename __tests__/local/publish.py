"""Publishes files as the job does, by the job's own kernel, below the same keys; the files come as JSON.

Standard input: {"curated": bucket, "quarantine": bucket, "files": {path below the prefix: text}}.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from tributary.datasets import load_dataset
from tributary.naming import output_name
from tributary.processing import Source, process_file

DATASET = load_dataset("customers")


def publish(curated: str, quarantine: str, file: str, data: bytes) -> None:
    """Process one file and put what came of it."""
    s3 = boto3.client("s3")
    key = DATASET.prefix + file
    name = output_name(key)
    with TemporaryDirectory() as work:
        result = process_file(
            DATASET,
            Source("raw", key, "v1"),
            [data],
            processing_date=datetime.now(UTC),
            date_formats=["%d-%m-%Y"],
            work=Path(work),
        )
        if result.whole_file_reason:
            folder = f"files/{DATASET.name}/{name}/v1"
            s3.put_object(Bucket=quarantine, Key=f"{folder}/{Path(file).name}", Body=data)
            reason = json.dumps({"reason": result.whole_file_reason}).encode()
            s3.put_object(Bucket=quarantine, Key=f"{folder}/reason.json", Body=reason)
        if result.parquet:
            s3.upload_file(str(result.parquet), curated, f"tables/{DATASET.name}/{name}.parquet")
        if result.rejects:
            s3.upload_file(str(result.rejects), quarantine, f"dead-letters/{DATASET.name}/{name}/v1.ndjson")


if __name__ == "__main__":
    request = json.load(sys.stdin)
    for file, text in request["files"].items():
        publish(request["curated"], request["quarantine"], file, text.encode())
