"""Accounts of the manifests pipeline: every row says its file, version and line.

Of a version that was replaced before it was published, and of one with unchanged content, nothing may be
there.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from local.accounting.accounts import Accounts
from local.accounting.inputs import Upload, date_of, has_date_and_size, is_whole
from local.accounting.outputs import (
    Found,
    account_for_foreign,
    compare_places,
    letters_below,
    records,
    rows_below,
)
from local.accounting.rules import Rules
from local.accounting.whole_files import account_for_whole_file, is_quarantined, quarantine_folder


@dataclass
class ManifestsAccounts(Accounts):
    """Accounts of the manifests pipeline, whose files are versions of objects."""

    manifests: int = 0


def account_for(rules: Rules, uploads: list[Upload], curated: Path, quarantine: Path) -> ManifestsAccounts:
    """Compare each version with what was published of it, in the order of uploading."""
    accounts = ManifestsAccounts(files=len(uploads))
    found = read_outputs(rules, uploads, curated, quarantine)
    folders = {upload.version: folder_of(quarantine, upload) for upload in uploads}
    good = {each.version: each for each in uploads if is_publishable(rules, each, folders[each.version])}
    newest = {upload.key: upload for upload in good.values()}
    standing: dict[str, bytes] = {}
    for upload in uploads:
        with accounts.of(upload):
            rows, letters = found.take((upload.key, upload.version))
            accounts.rowsOut += rows.total()
            accounts.deadLetters += letters.total()
            expected: Counter[int] = Counter()
            if upload.version not in good:
                account_for_whole_file(accounts, rules, upload, folders[upload.version])
            elif standing.get(upload.key) != upload.digest and (
                rows or letters or upload.awaited or upload is newest[upload.key]
            ):
                standing[upload.key] = upload.digest
                expected = records(rules, upload).places()
            accounts.rowsIn += expected.total()
            accounts.compare(str(upload), "lines", expected, rows + letters)
    account_for_foreign(accounts, found)
    return accounts


def is_publishable(rules: Rules, upload: Upload, folder: Path) -> bool:
    """Return True where a file is not to be quarantined whole, and was not."""
    if not (has_date_and_size(upload, rules.dataset) and is_whole(upload.path)):
        return False
    return not is_quarantined(folder) or rules.must_be_published(upload.path)


def folder_of(quarantine: Path, upload: Upload) -> Path:
    """Return the folder of a file that is quarantined whole."""
    return quarantine_folder(quarantine, str(date_of(upload.name) or "undated"), upload)


def read_outputs(rules: Rules, uploads: list[Upload], curated: Path, quarantine: Path) -> Found:
    """Compare each row and dead letter with its line, and with the date of its file."""
    name = rules.dataset.name
    return compare_places(
        rules,
        uploads,
        rows_below(curated / "tables" / name),
        letters_below(quarantine / "dead-letters" / name),
        lambda path, key: path.parent.name == f"date={date_of(key.rsplit('/', 1)[-1])}",
    )
