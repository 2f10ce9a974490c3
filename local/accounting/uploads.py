"""Accounts for every row of the uploads pipeline: copies the outputs and compares them with the input files.

Asks neither the job nor its statistics: input rows come from the files themselves, read by the slow
reference parser, and output rows and dead letters from the published objects. The uploaded files come as a
JSON list of paths on standard input.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from local.accounting.accounts import SHOWN_ROWS, Accounts, copy_objects, readable, shown
from tributary.datasets import CsvFormat, load_dataset
from tributary.kernels.formats.csv.records import (
    BYTE_ORDER_MARK,
    Dialect,
    Reject,
    Row,
    is_skipped,
    read_document,
)
from tributary.uploads.names import output_name

DATASET = load_dataset("customers")
#: As its declaration says.
DELIMITER = DATASET.format.delimiter if isinstance(DATASET.format, CsvFormat) else ","


def main(words: list[str]) -> None:
    """Copy, compare, and print the accounts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("input", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("curated", "quarantine"):
        parser.add_argument(f"--{name}", required=True, help=f"the {name} bucket")
    arguments = parser.parse_args(words)
    name = DATASET.name
    curated = copy_objects(
        arguments.curated, arguments.output / "curated", f"tables/{name}/", f"csv/{name}/", f"stats/{name}/"
    )
    quarantine = copy_objects(
        arguments.quarantine, arguments.output / "quarantine", f"dead-letters/{name}/", f"files/{name}/"
    )
    files: list[str] = json.load(sys.stdin)
    accounts = account_for(files, arguments.input, curated, quarantine)
    accounts.firstRows = first_rows(curated)
    accounts.places = places(arguments.curated, arguments.quarantine)
    json.dump(accounts.__dict__, sys.stdout)


def account_for(files: list[str], folder: Path, curated: Path, quarantine: Path) -> Accounts:
    """Compare the input files of a folder with copies of the outputs."""
    accounts = Accounts()
    for file in files:
        account_for_file(accounts, Path(file).as_posix(), folder / file, curated, quarantine)
    account_for_foreign(accounts, files, curated, quarantine)
    return accounts


def account_for_file(accounts: Accounts, file: str, path: Path, curated: Path, quarantine: Path) -> None:
    """Compare one input file with what was published of it."""
    accounts.files += 1
    name = output_name(DATASET.prefix + file)
    copies = (quarantine / "files" / DATASET.name / name).rglob("*")
    whole_file = next((copy for copy in copies if copy.name == path.name), None)
    ids, rejects = ([], []) if whole_file else read_input(path)
    letters = dead_letter_lines(quarantine / "dead-letters" / DATASET.name / name)
    found = published_ids(curated / "tables" / DATASET.name / f"{name}.parquet")
    accounts.rowsIn += len(ids) + len(rejects)
    accounts.rowsOut += len(found)
    accounts.deadLetters += len(letters)
    if whole_file:
        account_for_whole_file(accounts, file, path, whole_file)
    accounts.compare(file, "rows", Counter(ids), Counter(found))
    accounts.compare(file, "dead letters", Counter(rejects), Counter(letters))


def account_for_foreign(accounts: Accounts, files: list[str], curated: Path, quarantine: Path) -> None:
    """Count what was published of no input file."""
    names = {output_name(DATASET.prefix + Path(file).as_posix()) for file in files}
    for output in sorted((curated / "tables" / DATASET.name).rglob("*.parquet")):
        if output.stem not in names:
            found = published_ids(output)
            accounts.rowsOut += len(found)
            accounts.compare(output.name, "rows", Counter(), Counter(found))
    for letters in sorted((quarantine / "dead-letters" / DATASET.name).rglob("*.ndjson")):
        if letters.parent.name not in names:
            lines = dead_letter_lines(letters.parent)
            accounts.deadLetters += len(lines)
            accounts.compare(letters.parent.name, "dead letters", Counter(), Counter(lines))


def published_ids(output: Path) -> list[str | None]:
    """Return the ids of an output's rows; none where it was not published."""
    if not output.exists():
        return []
    ids: list[str | None] = pq.read_table(output, columns=["id"])["id"].to_pylist()
    return ids


def account_for_whole_file(accounts: Accounts, file: str, path: Path, copy: Path) -> None:
    """Count a file that was quarantined whole: kept if its copy has its bytes, lost otherwise."""
    lines = sum(1 for line in readable(path).split(b"\n") if line.strip())
    accounts.rowsIn += lines
    accounts.wholeFiles.append(f"{file}: {json.loads((copy.parent / 'reason.json').read_text())['reason']}")
    if copy.read_bytes() == path.read_bytes():
        accounts.deadLetters += lines
    else:
        accounts.lost += lines
        accounts.problems.append(f"{file}: its copy in quarantine has other bytes")


def read_input(path: Path) -> tuple[list[str | None], list[int]]:
    """Return the id of every good row, and the line of every line that is none; the header is left out."""
    data = readable(path)
    header = [name.casefold() for name in header_of(data)]
    dialect = Dialect(DELIMITER, fields=len(header))
    records = list(read_document(data, dialect))[1:]
    # A file that was lost whole may have a header that fits nothing: its lines are counted all the same.
    position = header.index("id") if "id" in header else 0
    ids = [record.fields[position] or None for record in records if isinstance(record, Row)]
    return ids, [record.line for record in records if isinstance(record, Reject)]


def header_of(data: bytes) -> list[str]:
    """Return the column names of the first line that is not blank."""
    for line in data.removeprefix(BYTE_ORDER_MARK).split(b"\n"):
        if not is_skipped(line, Dialect(DELIMITER, fields=None)):
            text = line.decode().rstrip("\r")
            return [name.strip() for name in next(csv.reader([text], delimiter=DELIMITER))]
    return []


def dead_letter_lines(folder: Path) -> list[int]:
    """Return the line numbers of a file's dead letters."""
    texts = [path.read_text() for path in sorted(folder.rglob("*.ndjson"))]
    return [json.loads(line)["line"] for text in texts for line in text.splitlines()]


def first_rows(curated: Path) -> list[list[str]]:
    """Return the column names and the first rows of the first output, as text."""
    for path in sorted((curated / "tables" / DATASET.name).rglob("*.parquet")):
        table = pq.read_table(path).drop_columns(["processing_date", "source_file"])
        rows = table.slice(0, SHOWN_ROWS).to_pylist()
        return [
            table.column_names,
            *([shown(cell) for cell in row.values()] for row in rows),
        ]
    return []


def places(curated: str, quarantine: str) -> list[tuple[str, str]]:
    """Name the outputs' addresses."""
    return [
        ("Parquet", f"s3://{curated}/tables/{DATASET.name}/"),
        ("CSV", f"s3://{curated}/csv/{DATASET.name}/"),
        ("statistics", f"s3://{curated}/stats/{DATASET.name}/"),
        ("dead letters", f"s3://{quarantine}/dead-letters/{DATASET.name}/"),
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
