"""Accounts of the ledger pipeline: every version's rows are in the table, and its file is archived."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import boto3

from local.accounting.accounts import Accounts
from local.accounting.inputs import Upload, is_whole
from local.accounting.letters import account_for_foreign_letters, account_for_letters
from local.accounting.outputs import (
    Found,
    Letter,
    Version,
    account_for_foreign,
    compare_places,
    letters_below,
    records,
    rows_below,
)
from local.accounting.rules import Rules
from local.accounting.whole_files import account_for_whole_file, is_quarantined, quarantine_folder

MALFORMED = "error-data-lake/json_malformed_records/"
_THREADS = 16
_NAME = re.compile(r"part-(\d+)-\d{5,}\.(parquet|ndjson)")


@dataclass
class LedgerAccounts(Accounts):
    """Accounts of the ledger pipeline, whose files are versions of objects, processed in batches."""

    batches: int = 0


@dataclass
class RawBucket:
    """The raw bucket after the run: what is left below a prefix, and how to read an archived file."""

    left: set[Version]
    archived: Callable[[str], bytes | None]


def raw_bucket(bucket: str, prefix: str) -> RawBucket:
    """List what is left below a prefix: versions, and markers of deletions."""
    client = boto3.client("s3")
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
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


def account_for(
    rules: Rules, uploads: list[Upload], curated: Path, quarantine: Path, raw: RawBucket
) -> LedgerAccounts:
    """Compare each version with what was published of it, and with its archived file."""
    table = curated / "tables" / rules.dataset.name
    letters = [found for found in letters_below(quarantine / MALFORMED) if is_of(rules, found[1])]
    accounts = LedgerAccounts(files=len(uploads))
    account_for_names(accounts, {*table.rglob("*.parquet"), *(path for path, _ in letters)})
    folders = {each: quarantine_folder(quarantine, rules.dataset.name, each) for each in uploads}
    published = []
    for upload, folder in folders.items():
        if is_publishable(rules, upload, folder):
            published.append(upload)
            continue
        is_left = (upload.key, upload.version) in raw.left
        raw.left.discard((upload.key, upload.version))
        with accounts.of(upload):
            account_for_whole_file(accounts, rules, upload, folder, is_kept=is_left)
    if rules.place_columns:
        places = compare_places(rules, uploads, rows_below(table), letters)
        account_for_places(accounts, rules, published, places)
    else:
        account_for_identities(accounts, rules, published, table, [letter for _, letter in letters])
    with ThreadPoolExecutor(_THREADS) as threads:
        archived = threads.map(raw.archived, map(archived_key, published))
        for upload, content in zip(published, archived, strict=True):
            account_for_archive(accounts, rules, upload, content, raw.left)
    for name in sorted(f"{key} {version}" for key, version in raw.left):
        accounts.duplicated += 1
        accounts.problems.append(f"{name}: nothing that was uploaded gives such an object")
    return accounts


def is_publishable(rules: Rules, upload: Upload, folder: Path) -> bool:
    """Return True where a file is not to be quarantined whole, and was not."""
    return is_whole(upload.path) and (not is_quarantined(folder) or rules.must_be_published(upload.path))


def is_of(rules: Rules, letter: Letter) -> bool:
    """Return True for a dead letter of the dataset: those of all lie in the same folders."""
    return letter[0][0].startswith(rules.dataset.prefix)


def account_for_places(accounts: Accounts, rules: Rules, published: list[Upload], found: Found) -> None:
    """Compare what says its place, version by version."""
    for upload in published:
        with accounts.of(upload):
            rows, letters = found.take((upload.key, upload.version))
            expected = records(rules, upload).places()
            accounts.rowsIn += expected.total()
            accounts.rowsOut += rows.total()
            accounts.deadLetters += letters.total()
            accounts.compare(str(upload), "records", expected, rows + letters)
    account_for_foreign(accounts, found)


def account_for_identities(
    accounts: Accounts, rules: Rules, published: list[Upload], table: Path, letters: Iterable[Letter]
) -> None:
    """Compare dead letters version by version, and the rows of all files at once, for none says its file."""
    by_version: defaultdict[Version, list[Letter]] = defaultdict(list)
    for letter in letters:
        by_version[letter[0]].append(letter)
    expected: Counter[Hashable] = Counter()
    for upload in published:
        letters_of_it = by_version.pop((upload.key, upload.version), [])
        content = records(rules, upload)
        with accounts.of(upload, rows_say_it=False):
            accounts.rowsIn += content.places().total()
            expected += account_for_letters(accounts, upload, content, letters_of_it)
    rows = Counter(rules.identity(row) for _, row in rows_below(table, rules.compared_columns))
    accounts.rowsOut += rows.total()
    accounts.compare(rules.dataset.prefix, "rows", expected, rows)
    account_for_foreign_letters(accounts, chain.from_iterable(by_version.values()))


def account_for_names(accounts: LedgerAccounts, paths: set[Path]) -> None:
    """Take the batches from the names of their objects, and count an object that no batch gives."""
    found = {path.name: _NAME.fullmatch(path.name) for path in paths}
    accounts.batches = len({name[1] for name in found.values() if name})
    for name in sorted(name for name, matched in found.items() if matched is None):
        accounts.duplicated += 1
        accounts.problems.append(f"{name}: nothing that was uploaded gives such an object")


def account_for_archive(
    accounts: Accounts, rules: Rules, upload: Upload, content: bytes | None, left: set[Version]
) -> None:
    """Count a file's records as lost if its archived copy differs, as duplicated if it is left in raw."""
    if content == upload.path.read_bytes() and (upload.key, upload.version) not in left:
        return
    count = records(rules, upload).places().total() or 1
    if content != upload.path.read_bytes():
        accounts.lost += count
        accounts.problems.append(f"{upload}: its bytes are not in {archived_key(upload)}")
    if (upload.key, upload.version) in left:
        left.discard((upload.key, upload.version))
        accounts.duplicated += count
        accounts.problems.append(f"{upload}: it is left in raw")


def archived_key(upload: Upload) -> str:
    """Return the key of an archived version."""
    first, _, rest = upload.key.partition("/")
    folders, slash, name = rest.rpartition("/")
    return f"{first}-processed/{folders}{slash}{upload.version}/{name}"
