"""Accounts for every record of the ledger pipeline: copies the outputs, compares them with the inputs.

The identity of a record is (bucket, key, version, line). The uploads come as a JSON list on standard input:
bucket, key, version, and the path of the file as it was then.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from local.accounting.accounts import SHOWN_ROWS, Accounts, copy_objects, shown
from local.accounting.inputs import Upload, is_whole
from local.accounting.ledger_outputs import (
    MALFORMED,
    PROCESSED,
    QUARANTINE,
    RAW,
    TABLE,
    Outputs,
    RawBucket,
    raw_bucket,
    read_outputs,
)
from local.accounting.raw_json import ANY, NoRowError, Record, records_of

_SHOWN_COLUMNS = 7
_THREADS = 16


@dataclass
class LedgerAccounts(Accounts):
    """Accounts of the ledger pipeline, whose files are versions of objects, processed in batches."""

    batches: int = 0
    quarantined: int = 0


def main(words: list[str]) -> None:
    """Copy, compare, and print the accounts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    for name in ("raw", "curated", "quarantine"):
        parser.add_argument(f"--{name}", required=True, help=f"the {name} bucket")
    parser.add_argument("--first-year", type=int, required=True)
    parser.add_argument("--last-year", type=int, required=True)
    arguments = parser.parse_args(words)
    curated = copy_objects(arguments.curated, arguments.output / "curated", TABLE)
    quarantine = copy_objects(arguments.quarantine, arguments.output / "quarantine", MALFORMED, QUARANTINE)
    uploads = [Upload(**{**each, "path": Path(each["path"])}) for each in json.load(sys.stdin)]
    years = range(arguments.first_year, arguments.last_year + 1)
    outputs = read_outputs(curated, quarantine)
    accounts = account_for(uploads, outputs, raw_bucket(arguments.raw), quarantine, years)
    accounts.firstRows = first_rows(curated)
    accounts.places = [
        ("Parquet", f"s3://{arguments.curated}/{TABLE}"),
        ("dead letters", f"s3://{arguments.quarantine}/{MALFORMED}"),
        ("quarantine", f"s3://{arguments.quarantine}/{QUARANTINE}"),
        ("processed files", f"s3://{arguments.raw}/{PROCESSED}"),
    ]
    json.dump(accounts.__dict__, sys.stdout)


def account_for(
    uploads: list[Upload], outputs: Outputs, raw: RawBucket, quarantine: Path, years: range
) -> LedgerAccounts:
    """Compare each version with what was published of it, and with its archived file."""
    accounts = LedgerAccounts(files=len(uploads), batches=len(outputs.batches))
    with ThreadPoolExecutor(_THREADS) as threads:
        archived = threads.map(raw.archived, map(archived_key, uploads))
        for upload, content in zip(uploads, archived, strict=True):
            version = (f"s3://{upload.bucket}/{upload.key}", upload.version)
            rows, letters = outputs.rows.pop(version, []), outputs.letters.pop(version, [])
            accounts.rowsOut += len(rows)
            accounts.deadLetters += len(letters)
            if is_whole(upload.path):
                account_for_file(accounts, upload, rows, letters, years)
                account_for_archive(accounts, upload, content, raw.left)
            else:
                accounts.compare(upload.key, "records", Counter(), lines(rows) + lines(letters))
                account_for_whole_file(accounts, upload, quarantine, raw.left)
    account_for_foreign(accounts, outputs, raw.left)
    return accounts


def account_for_file(
    accounts: LedgerAccounts,
    upload: Upload,
    rows: list[tuple[int, dict[str, object]]],
    letters: list[tuple[int, bytes]],
    years: range,
) -> None:
    """Compare the records of a file with its rows and dead letters."""
    records = records_of(upload.path)
    accounts.rowsIn += len(records)
    good = {record.line: row for record in records if (row := row_of(record, years)) is not None}
    bad = {record.line: record.raw for record in records if record.line not in good}
    name = f"{upload.key} {upload.version}"
    found_rows = Counter(line if is_row_of(good.get(line), row) else -line for line, row in rows)
    accounts.compare(name, "rows", Counter(good.keys()), found_rows)
    found_letters = Counter(line if bad.get(line) == raw.strip() else -line for line, raw in letters)
    accounts.compare(name, "dead letters", Counter(bad.keys()), found_letters)


def row_of(record: Record, years: range) -> dict[str, object] | None:
    """Return the values that a record's row is to have; None where it is to be a dead letter."""
    try:
        return record.row(years)
    except NoRowError:
        return None


def is_row_of(expected: dict[str, object] | None, found: dict[str, object]) -> bool:
    """Return True where a row has exactly the expected values; an absent one is null."""
    if expected is None:
        return False
    return all(
        found.get(name) is not None if expected.get(name) is ANY else found.get(name) == expected.get(name)
        for name in expected.keys() | found.keys()
    )


def account_for_archive(
    accounts: LedgerAccounts, upload: Upload, content: bytes | None, left: set[tuple[str, str]]
) -> None:
    """Count a file's records as lost if its archived copy differs, as duplicated if it is left in raw."""
    records = len(records_of(upload.path)) or 1
    if content != upload.path.read_bytes():
        accounts.lost += records
        accounts.problems.append(
            f"{upload.key} {upload.version}: its bytes are not in {archived_key(upload)}"
        )
    if (upload.key, upload.version) in left:
        left.discard((upload.key, upload.version))
        accounts.duplicated += records
        accounts.problems.append(f"{upload.key} {upload.version}: it is left below {RAW}")


def account_for_whole_file(
    accounts: LedgerAccounts, upload: Upload, quarantine: Path, left: set[tuple[str, str]]
) -> None:
    """Count a file that is to be quarantined whole: kept if its copy has its bytes, and it is left in raw."""
    records = sum(1 for line in upload.path.read_bytes().split(b"\n") if line.strip())
    accounts.rowsIn += records
    digest = hashlib.sha256(upload.key.encode()).hexdigest()[:16]
    folder = quarantine / f"{QUARANTINE}{digest}-{upload.version}"
    copy = folder / upload.name
    is_left = (upload.key, upload.version) in left
    left.discard((upload.key, upload.version))
    if is_left and copy.is_file() and copy.read_bytes() == upload.path.read_bytes():
        accounts.quarantined += 1
        accounts.deadLetters += records
        reason = json.loads((folder / "reason.json").read_text())["reason"]
        accounts.wholeFiles.append(f"{upload.name}: {reason}")
    else:
        accounts.lost += records
        accounts.problems.append(f"{upload.key} {upload.version}: its bytes are not in quarantine and in raw")


def account_for_foreign(accounts: LedgerAccounts, outputs: Outputs, left: set[tuple[str, str]]) -> None:
    """Count what was published of no upload, and name what is left."""
    for version in {**outputs.rows, **outputs.letters}:
        rows, letters = outputs.rows[version], outputs.letters[version]
        accounts.rowsOut += len(rows)
        accounts.deadLetters += len(letters)
        accounts.compare(" ".join(version), "records", Counter(), lines(rows) + lines(letters))
    for name in outputs.strange + sorted(f"{key} {version}" for key, version in left):
        accounts.duplicated += 1
        accounts.problems.append(f"{name}: nothing that was uploaded gives such an object")


def lines(found: list[tuple[int, dict[str, object]]] | list[tuple[int, bytes]]) -> Counter[int]:
    """Count the lines of rows or dead letters."""
    return Counter(line for line, _ in found)


def archived_key(upload: Upload) -> str:
    """Return the key of an archived version."""
    folders, slash, name = upload.key.removeprefix(RAW).rpartition("/")
    return f"{PROCESSED}{folders}{slash}{upload.version}/{name}"


def first_rows(curated: Path) -> list[list[str]]:
    """Return the column names and the first rows of the output that has most, as text."""
    paths = sorted((curated / TABLE).rglob("*.parquet"))
    for path in sorted(paths, key=lambda path: pq.read_metadata(path).num_rows, reverse=True):
        table = pq.read_table(path, partitioning=None).slice(0, SHOWN_ROWS)
        table = table.select(table.column_names[:_SHOWN_COLUMNS])
        rows = ([shown(cell) for cell in row.values()] for row in table.to_pylist())
        return [table.column_names, *rows]
    return []


if __name__ == "__main__":
    main(sys.argv[1:])
