"""Accounts for every line of the manifests pipeline: copies the outputs, compares them with the input files.

The identity of a line is (bucket, key, version, line). The uploads come as a JSON list on standard input, in
the order of their uploading: bucket, key, version, and the path of the file as it was then.
"""

import argparse
import base64
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

from local.accounting.accounts import SHOWN_ROWS, Accounts, copy_objects, shown
from local.accounting.inputs import Upload, date_of, is_publishable, lines_of, quarantine_folder
from tributary.datasets import load_dataset
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.output.catalog_names import key_of
from tributary.kernels.output.dead_letters import read_letters

DATASET = load_dataset("clicks")
#: Columns that are no key of a line.
SOURCE_COLUMNS = ("_source_file", "_source_version", "_source_revision", "_source_line")
#: Leaves numbers as they stand.
DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
SHOWN_COLUMNS = 9
SHOWN_CHARACTERS = 20

Version = tuple[str, str]
"""Key and version id: the lines of all files lie in one bucket."""


@dataclass
class ManifestsAccounts(Accounts):
    """Accounts of the manifests pipeline, whose files are versions of objects."""

    manifests: int = 0
    quarantined: int = 0


@dataclass
class Outputs:
    """The published lines, by version: how often each, and which have another text than their input."""

    rows: defaultdict[Version, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    letters: defaultdict[Version, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    altered: defaultdict[Version, set[int]] = field(default_factory=lambda: defaultdict(set))


def main(words: list[str]) -> None:
    """Copy, compare, and print the accounts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    for name in ("manifests", "curated", "quarantine"):
        parser.add_argument(f"--{name}", required=True, help=f"the {name} bucket")
    arguments = parser.parse_args(words)
    name = DATASET.name
    manifests = copy_objects(arguments.manifests, arguments.output / "manifests", f"manifests/{name}/")
    curated = copy_objects(arguments.curated, arguments.output / "curated", f"tables/{name}/")
    quarantine = copy_objects(
        arguments.quarantine, arguments.output / "quarantine", f"dead-letters/{name}/", "quarantine/"
    )
    uploads = [Upload(**{**each, "path": Path(each["path"])}) for each in json.load(sys.stdin)]
    outputs = read_outputs(uploads, curated, quarantine)
    accounts = account_for(uploads, outputs, quarantine)
    accounts.manifests = sum(
        bool(json.loads(path.read_text())["entries"]) for path in manifests.rglob("*.json")
    )
    accounts.firstRows = first_rows(curated)
    accounts.places = [
        ("manifests", f"s3://{arguments.manifests}/manifests/{name}/"),
        ("Parquet", f"s3://{arguments.curated}/tables/{name}/"),
        ("dead letters", f"s3://{arguments.quarantine}/dead-letters/{name}/"),
        ("quarantine", f"s3://{arguments.quarantine}/quarantine/"),
    ]
    json.dump(accounts.__dict__, sys.stdout)


def account_for(uploads: list[Upload], outputs: Outputs, quarantine: Path) -> ManifestsAccounts:
    """Compare each version with what was published of it, in the order of uploading."""
    accounts = ManifestsAccounts(files=len(uploads))
    standing: dict[str, bytes] = {}
    good = {upload.version: upload for upload in uploads if is_publishable(upload, DATASET)}
    newest = {upload.key: upload for upload in good.values()}
    for upload in uploads:
        version = (upload.key, upload.version)
        rows, letters = outputs.rows.pop(version, Counter()), outputs.letters.pop(version, Counter())
        accounts.rowsOut += rows.total()
        accounts.deadLetters += letters.total()
        expected: Counter[int] = Counter()
        if upload.version not in good:
            account_for_whole_file(accounts, upload, quarantine)
        elif standing.get(upload.key) != upload.digest and (
            rows or letters or upload.awaited or upload is newest[upload.key]
        ):
            standing[upload.key] = upload.digest
            expected = Counter(lines_of(upload.path).keys())
        accounts.rowsIn += expected.total()
        found = rows + letters
        for line in outputs.altered.pop(version, set()):
            found[line] -= 1
            found[-line] += 1
        accounts.compare(f"{upload.key} {upload.version}", "lines", expected, +found)
    account_for_foreign(accounts, outputs)
    return accounts


def account_for_foreign(accounts: ManifestsAccounts, outputs: Outputs) -> None:
    """Count what was published of no upload."""
    for key, version in {**outputs.rows, **outputs.letters}:
        rows, letters = outputs.rows[key, version], outputs.letters[key, version]
        accounts.rowsOut += rows.total()
        accounts.deadLetters += letters.total()
        accounts.compare(f"{key} {version}", "lines", Counter(), rows + letters)


def account_for_whole_file(accounts: ManifestsAccounts, upload: Upload, quarantine: Path) -> None:
    """Count a file that is to be quarantined whole: kept if its copy has its bytes, lost otherwise."""
    lines = len(lines_of(upload.path))
    accounts.rowsIn += lines
    folder = quarantine / quarantine_folder(upload)
    copy = folder / upload.name
    if copy.is_file() and copy.read_bytes() == upload.path.read_bytes():
        accounts.quarantined += 1
        accounts.deadLetters += lines
        reason = json.loads((folder / "reason.json").read_text())["reason"]
        accounts.wholeFiles.append(f"{upload.name}: {reason}")
    else:
        accounts.lost += lines
        accounts.problems.append(f"{upload.key} {upload.version}: its bytes are not in quarantine")


def read_outputs(uploads: list[Upload], curated: Path, quarantine: Path) -> Outputs:
    """Read all rows and dead letters, comparing the text of each with its line."""
    paths = {(upload.key, upload.version): upload.path for upload in uploads}
    cached = lru_cache(maxsize=4)(lines_of)

    def line_of(version: Version, line: int) -> bytes:
        return cached(paths[version]).get(line, b"") if version in paths else b""

    outputs = Outputs()
    for path in sorted((curated / "tables" / DATASET.name).rglob("*.parquet")):
        for key, version, line, values in rows_of(path):
            outputs.rows[key, version][line] += 1
            if not (is_of_date(path, key) and is_row_of(line_of((key, version), line), values)):
                outputs.altered[key, version].add(line)
    for path in sorted((quarantine / "dead-letters" / DATASET.name).rglob("*.ndjson")):
        for letter in read_letters(path.read_bytes().splitlines()):
            source = letter["source_key"], letter["source_version"]
            outputs.letters[source][letter["line"]] += 1
            if not (is_of_date(path, source[0]) and is_letter_of(line_of(source, letter["line"]), letter)):
                outputs.altered[source].add(letter["line"])
    return outputs


def rows_of(path: Path) -> Iterator[tuple[str, str, int, dict[str, str | None]]]:
    """Give key, version, line and the values by key of each row of a Parquet object."""
    file = pq.ParquetFile(path)
    names = [name for name in file.schema_arrow.names if name not in SOURCE_COLUMNS]
    keys = [key_of(name) for name in names]
    for batch in file.iter_batches():
        columns = [batch[name].to_pylist() for name in names]
        sources = (batch[name].to_pylist() for name in ("_source_file", "_source_version", "_source_line"))
        for key, version, line, *values in zip(*sources, *columns, strict=True):
            yield key, version, line, dict(zip(keys, values, strict=True))


def is_row_of(line: bytes, values: dict[str, str | None]) -> bool:
    """Return True where a line has these texts; of objects and arrays only the presence is checked."""
    try:
        fields = DECODER.decode(line.decode())
    except ValueError:
        return False
    for key, value in fields.items():
        if isinstance(value, dict | list):
            if values.get(key) is None:
                return False
        elif values.get(key) != (str(value).lower() if isinstance(value, bool) else value):
            return False
    return not any(value is not None and key not in fields for key, value in values.items())


def is_letter_of(line: bytes, letter: dict[str, str]) -> bool:
    """Return True where a dead letter has the bytes of a line, of an overlong one the first ones."""
    raw = letter["raw_text"].encode() if "raw_text" in letter else base64.b64decode(letter["raw_base64"])
    return raw == (line if len(line) <= DEFAULT_LIMITS.line_bytes else line[: DEFAULT_LIMITS.kept_bytes])


def is_of_date(path: Path, key: str) -> bool:
    """Return True where an output is in the partition of the date in a file's name."""
    return path.parent.name == f"date={date_of(key.rsplit('/', 1)[-1])}"


def first_rows(curated: Path) -> list[list[str]]:
    """Return the column names and the first rows of the first output that has any, as short texts."""
    for path in sorted((curated / "tables" / DATASET.name).rglob("*.parquet")):
        table = pq.read_table(path).slice(0, SHOWN_ROWS).drop_columns(list(SOURCE_COLUMNS[:3]))
        if table.num_rows:
            table = table.select(table.column_names[:SHOWN_COLUMNS])
            rows = ([brief(shown(cell)) for cell in row.values()] for row in table.to_pylist())
            return [table.column_names, *rows]
    return []


def brief(text: str) -> str:
    """Return a text without control characters, cut where it is long."""
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


if __name__ == "__main__":
    main(sys.argv[1:])
