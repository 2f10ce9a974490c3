"""Publishes files as the uploads job does, by the job's own kernel, and accounts for others; no bucket is needed for it.

Standard input: {"input": {path below the prefix: text}, "published": [files like these, one set for each case]}.
"""

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from local.accounting.customers import CustomersRules
from local.accounting.inputs import Upload
from local.accounting.uploads import account_for
from tributary.conversion.upload import process_file
from tributary.datasets import load_dataset
from tributary.kernels.source import Source
from tributary.uploads.names import output_name

DATASET = load_dataset("customers")


def publish(folder: Path, file: str, data: bytes) -> None:
    """Process one file and put what came of it below a folder, as into the buckets."""
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
            copy = folder / "quarantine" / "files" / DATASET.name / name / "v1" / Path(file).name
            copy.parent.mkdir(parents=True)
            copy.write_bytes(data)
            (copy.parent / "reason.json").write_text(json.dumps({"reason": result.whole_file_reason}))
        if result.parquet:
            put(result.parquet, folder / "curated" / "tables" / DATASET.name / f"{name}.parquet")
        if result.rejects:
            put(result.rejects, folder / "quarantine" / "dead-letters" / DATASET.name / name / "v1.ndjson")


def put(path: Path, target: Path) -> None:
    """Copy a file to where nothing is yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def count(inputs: dict[str, str], published: dict[str, str], folder: Path) -> dict:
    """Account for the input where other files, or the same, were published."""
    for file, text in inputs.items():
        path = folder / "input" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for file, text in published.items():
        publish(folder, file, text.encode())
    uploads = [Upload("raw", DATASET.prefix + file, "v1", folder / "input" / file) for file in inputs]
    return account_for(CustomersRules(DATASET), uploads, folder / "curated", folder / "quarantine").__dict__


if __name__ == "__main__":
    request = json.load(sys.stdin)
    with TemporaryDirectory() as work:
        cases = enumerate(request["published"])
        counted = [count(request["input"], files, Path(work) / str(number)) for number, files in cases]
    json.dump(counted, sys.stdout)
