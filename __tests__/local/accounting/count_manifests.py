"""Counts made-up outputs of the manifests pipeline; no bucket is needed for it.

Standard input: a JSON list of {"uploads": [{"file", "version", "text" or "base64", "awaited"}], "rows":
[[file, version, line, {column: text}, date]], "letters": [[file, version, line, raw text]], "whole": [[file,
version, text]]}; "awaited" and date may be missing.
"""

import base64
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from local.accounting.clicks import ClicksRules
from local.accounting.inputs import Upload
from local.accounting.manifests import account_for, folder_of
from tributary.datasets import load_dataset

DATASET = load_dataset("clicks")


def count(case: dict, folder: Path) -> dict:
    """Write inputs and outputs of a case below a folder and account for them."""
    uploads = []
    for number, given in enumerate(case["uploads"]):
        path = folder / str(number) / given["file"]
        path.parent.mkdir(parents=True)
        path.write_bytes(base64.b64decode(given["base64"]) if "base64" in given else given["text"].encode())
        key = DATASET.prefix + given["file"]
        uploads.append(Upload("raw", key, given["version"], path, given.get("awaited", False)))
    curated, quarantine = folder / "curated", folder / "quarantine"
    write_rows(case.get("rows", []), curated)
    write_letters(case.get("letters", []), quarantine)
    for file, version, text in case.get("whole", []):
        upload = Upload("raw", DATASET.prefix + file, version, Path(file))
        target = folder_of(quarantine, upload)
        target.mkdir(parents=True)
        (target / file).write_text(text)
        (target / "reason.json").write_text(json.dumps({"reason": "invalid"}))
    return account_for(ClicksRules(DATASET), uploads, curated, quarantine).__dict__


def write_rows(rows: list, curated: Path) -> None:
    """Write each row into a Parquet object of its own."""
    for number, (file, version, line, fields, *other) in enumerate(rows):
        date = other[0] if other else "2026-01-31"
        path = curated / "tables" / DATASET.name / f"date={date}" / f"{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        source = {
            "_source_file": DATASET.prefix + file,
            "_source_version": version,
            "_source_revision": 1,
            "_source_line": line,
        }
        pq.write_table(pa.Table.from_pylist([source | fields]), path)


def write_letters(letters: list, quarantine: Path) -> None:
    """Write all dead letters into one object."""
    path = quarantine / "dead-letters" / DATASET.name / "date=2026-01-31" / "1.ndjson"
    path.parent.mkdir(parents=True)
    records = [
        {"source_key": DATASET.prefix + file, "source_version": version, "line": line, "raw_text": raw}
        for file, version, line, raw in letters
    ]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))


if __name__ == "__main__":
    # The rules of the size are not what these cases are about, but for one.
    object.__setattr__(DATASET, "size", type(DATASET.size)(100, 0.9))
    with TemporaryDirectory() as work:
        cases = enumerate(json.load(sys.stdin))
        json.dump([count(case, Path(work) / str(number)) for number, case in cases], sys.stdout)
