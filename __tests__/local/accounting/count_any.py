"""Publishes files of made-up datasets by the job's own kernel, damages what came of it, and accounts for it.

Standard input: a JSON list of {"format", "columns", "transform", "outputColumns", "versions", "damage"}.
Versions are contents of one file. Without columns it is a text dataset, without versions a file of the matrix;
the damage is the name of a function below.
"""

import base64
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from __tests__.support.matrix.make_matrix import content, declaration
from local.accounting import ledger, uploads
from local.accounting.inputs import Upload
from local.accounting.ledger import MALFORMED, RawBucket, archived_key
from local.accounting.rules import Rules
from local.accounting.shown_letters import letters_by_reason
from local.accounting.whole_files import quarantine_folder
from tributary.conversion.upload import process_file
from tributary.datasets import Dataset
from tributary.datasets.declaration import parse_declaration
from tributary.kernels.source import Source
from tributary.uploads.names import output_name


def dataset(case: dict) -> Dataset:
    """The dataset of a case."""
    declared = {
        "name": "any",
        "description": "Anything.",
        "owner": "tests",
        "classification": "internal",
        "pipeline": "uploads",
        "prefix": "input/any/",
        **{name: case[name] for name in ("format", "columns", "outputColumns", "undeclared") if name in case},
    }
    transform = case["transform"].encode() if "transform" in case else None
    return parse_declaration("any", json.dumps(declared).encode(), transform)


def without_a_row(rows: pa.Table) -> pa.Table:
    """Lose the first row."""
    return rows.slice(1)


def with_a_row_twice(rows: pa.Table) -> pa.Table:
    """Publish the first row again."""
    return pa.concat_tables([rows, rows.slice(0, 1)])


def with_another_row(rows: pa.Table) -> pa.Table:
    """Put the last row in the place of the first."""
    return pa.concat_tables([rows.slice(1), rows.slice(rows.num_rows - 1)])


def without_a_letter(letters: list[dict]) -> list[dict]:
    """Lose the last dead letter."""
    return letters[:-1]


def with_a_letter_of_another_place(letters: list[dict]) -> list[dict]:
    """Move the last dead letter."""
    return [*letters[:-1], {**letters[-1], "line": letters[-1]["line"] + 1000}]


def with_a_letter_of_other_bytes(letters: list[dict]) -> list[dict]:
    """Change what the last dead letter holds."""
    return [*letters[:-1], {**letters[-1], "raw_text": '{"another":"record"}'}]


ROWS: dict[str, Callable] = {
    each.__name__: each for each in (without_a_row, with_a_row_twice, with_another_row)
}
LETTERS: dict[str, Callable] = {
    each.__name__: each
    for each in (without_a_letter, with_a_letter_of_another_place, with_a_letter_of_other_bytes)
}


def filled(case: dict) -> dict:
    """Give a case of the matrix its columns and its content."""
    if "versions" in case:
        return case
    kind = case["format"]["kind"]
    declared = declaration("any", "uploads", kind)
    return {**case, "columns": declared["columns"], "versions": [base64.b64encode(content(kind, 1))]}


class Buckets:
    """Copies of the buckets into which one file is published, version by version, by both pipelines."""

    def __init__(self, of: Dataset, damage: str, folder: Path) -> None:
        self.of = of
        self.curated, self.quarantine = folder / "curated", folder / "quarantine"
        self.left: set[tuple[str, str]] = set()
        self._damaged_rows = ROWS.get(damage, lambda same: same)
        self._damaged_letters = LETTERS.get(damage, lambda same: same)
        self._standing = b""

    def publish(self, upload: Upload, work: Path) -> None:
        """Put what comes of a version where each pipeline would; the same content changes no upload."""
        data = upload.path.read_bytes()
        source = Source(upload.bucket, upload.key, upload.version)
        result = process_file(
            self.of,
            source,
            [data],
            processing_date=datetime.now(UTC),
            date_formats=["%d-%m-%Y"],
            work=work,
        )
        name, part = output_name(upload.key), f"part-{upload.version[1:]}-00001"
        tables = f"tables/{self.of.name}"
        letters = f"dead-letters/{self.of.name}/{name}/{upload.version}.ndjson"
        is_new, self._standing = data != self._standing, data
        if result.parquet:
            rows = self._damaged_rows(pq.ParquetFile(result.parquet).read())
            for path in [f"{tables}/{name}.parquet"] * is_new + [f"batch/{tables}/{part}.parquet"]:
                pq.write_table(rows, made(self.curated / path))
        if result.rejects:
            kept = self._damaged_letters([json.loads(line) for line in result.rejects.open()])
            for path in [letters] * is_new + [f"{MALFORMED}{part}.ndjson"]:
                made(self.quarantine / path).write_text("".join(f"{json.dumps(each)}\n" for each in kept))
        if result.whole_file_reason:
            self.left.add((upload.key, upload.version))
            for place in (
                self.quarantine / "files" / self.of.name / name / upload.version,
                quarantine_folder(self.quarantine, self.of.name, upload),
            ):
                made(place / upload.name).write_bytes(data)
                (place / "reason.json").write_text(json.dumps({"reason": result.whole_file_reason}))


def made(path: Path) -> Path:
    """Make the folder of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def count(case: dict, folder: Path) -> dict:
    """Publish the versions of one file; return the accounts of it as an upload and as files of batches, and the letters."""
    buckets = Buckets(dataset(case), case.get("damage", ""), folder)
    versions = []
    for number, data in enumerate(case["versions"], 1):
        path = made(folder / str(number) / "file")
        path.write_bytes(base64.b64decode(data))
        versions.append(Upload("raw", f"{buckets.of.prefix}2026-01-30-a", f"v{number}", path))
        buckets.publish(versions[-1], path.parent)
    archived = {archived_key(upload): upload.path.read_bytes() for upload in versions}
    rules, curated, quarantine = Rules(buckets.of), buckets.curated, buckets.quarantine
    raw = RawBucket(buckets.left, archived.get)
    return {
        "upload": uploads.account_for(rules, versions, curated, quarantine).__dict__,
        "batch": ledger.account_for(rules, versions, curated / "batch", quarantine, raw).__dict__,
        "letters": letters_by_reason(quarantine / MALFORMED, buckets.of.prefix),
    }


if __name__ == "__main__":
    with TemporaryDirectory() as work:
        cases = enumerate(json.load(sys.stdin))
        json.dump([count(filled(case), Path(work) / str(number)) for number, case in cases], sys.stdout)
