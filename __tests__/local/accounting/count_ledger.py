"""Counts made-up outputs of the ledger pipeline; no bucket is needed for it.

Standard input: a JSON list of {"uploads": [{"file", "version", "text" or "base64"}], "rows": [[file, version, line,
{column: value}, partition]], "letters": [[file, version, line, raw text]], "whole": [[file, version, text]],
"archived": {key: text}, "left": [[file, version]], "names": [name of a further object]}. What "archived" and "left" do
not say is as it should be; partition and values may be missing.
"""

import base64
import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from local.accounting.inputs import Upload, is_whole
from local.accounting.ledger import MALFORMED, RawBucket, account_for, archived_key
from local.accounting.ml_events import MlEventsRules
from local.accounting.whole_files import quarantine_folder
from tributary.datasets import load_dataset

RULES = MlEventsRules(load_dataset("ml_events"), range(2021, 2031))
RAW = RULES.dataset.prefix
TABLE = "tables/ml_events/"
BUCKET = "raw"
PARTITION = "year=2026/month=01/day=31/mode=train"
ITEMS = pa.list_(pa.struct({"sku": pa.string(), "quantity": pa.int32(), "price": pa.decimal128(18, 2)}))


def count(case: dict, folder: Path) -> dict:
    """Write inputs and outputs of a case below a folder and account for them."""
    uploads = []
    for number, given in enumerate(case["uploads"]):
        path = folder / str(number) / given["file"]
        path.parent.mkdir(parents=True)
        path.write_bytes(base64.b64decode(given["base64"]) if "base64" in given else given["text"].encode())
        uploads.append(Upload(BUCKET, RAW + given["file"], given["version"], path))
    curated, quarantine = folder / "curated", folder / "quarantine"
    write_rows(case.get("rows", []), curated)
    write_letters(case.get("letters", []), quarantine)
    for name in case.get("names", []):
        (curated / TABLE).mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({name: pa.array([], pa.string()) for name in SOURCE}), curated / TABLE / name)
    for file, version, text in case.get("whole", []):
        target = quarantine_folder(quarantine, "ml_events", Upload(BUCKET, RAW + file, version, Path(file)))
        target.mkdir(parents=True)
        (target / file.rsplit("/", 1)[-1]).write_bytes(base64.b64decode(text))
        (target / "reason.json").write_text(json.dumps({"reason": "broken-gzip"}))
    return account_for(RULES, uploads, curated, quarantine, raw_of(case, uploads)).__dict__


SOURCE = ("source_s3_path", "source_version", "source_line")


def raw_of(case: dict, uploads: list[Upload]) -> RawBucket:
    """Return the raw bucket as it should be, but for what a case says."""
    archived = {archived_key(upload): upload.path.read_bytes() for upload in uploads}
    archived |= {key: text.encode() for key, text in case.get("archived", {}).items()}
    left = {(upload.key, upload.version) for upload in uploads if not is_whole(upload.path)}
    left |= {(RAW + file, version) for file, version in case.get("left", [])}
    return RawBucket(left, archived.get)


def write_rows(rows: list, curated: Path) -> None:
    """Write each row into a Parquet object of its own."""
    for number, (file, version, line, fields, *other) in enumerate(rows, 1):
        path = (
            curated
            / TABLE
            / (other[0] if other else PARTITION)
            / f"part-{number % 2 + 1}-{number:05}.parquet"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        source = {SOURCE[0]: f"s3://{BUCKET}/{RAW}{file}", SOURCE[1]: version, SOURCE[2]: line}
        fields = {**fields, "event_time_utc": datetime.fromisoformat(fields["event_time_utc"])}
        table = pa.Table.from_pylist([source | fields])
        if "transaction_items" in fields:
            items = [{**item, "price": Decimal(item["price"])} for item in fields["transaction_items"]]
            column = table.schema.names.index("transaction_items")
            table = table.set_column(column, "transaction_items", pa.array([items], ITEMS))
        pq.write_table(table, path)


def write_letters(letters: list, quarantine: Path) -> None:
    """Write all dead letters into one object."""
    path = quarantine / MALFORMED / "1" / "part-1-00001.ndjson"
    path.parent.mkdir(parents=True)
    records = [
        {
            "source_bucket": BUCKET,
            "source_key": RAW + file,
            "source_version": version,
            "line": line,
            "raw_text": raw,
        }
        for file, version, line, raw in letters
    ]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))


if __name__ == "__main__":
    with TemporaryDirectory() as work:
        cases = enumerate(json.load(sys.stdin))
        json.dump([count(case, Path(work) / str(number)) for number, case in cases], sys.stdout)
