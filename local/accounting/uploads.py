"""Accounts of the uploads pipeline: each file becomes one object, which its next version replaces."""

from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path

from local.accounting.accounts import Accounts
from local.accounting.inputs import Upload, is_whole
from local.accounting.letters import account_for_foreign_letters, account_for_letters
from local.accounting.outputs import Letter, letters_below, records, rows_of
from local.accounting.rules import Rules
from local.accounting.whole_files import account_for_whole_file, is_quarantined
from tributary.uploads.names import output_name


def account_for(rules: Rules, uploads: list[Upload], curated: Path, quarantine: Path) -> Accounts:
    """Compare each version, in the order of uploading, with what was published of it."""
    name = rules.dataset.name
    accounts = Accounts(files=len(uploads))
    tables, files = curated / "tables" / name, quarantine / "files" / name
    letters: defaultdict[str, list[Letter]] = defaultdict(list)
    for _, letter in letters_below(quarantine / "dead-letters" / name):
        letters[letter[0][0]].append(letter)
    published: defaultdict[str, list[Upload]] = defaultdict(list)
    for upload in uploads:
        folder = files / output_name(upload.key) / upload.version
        if is_quarantined(folder) or not is_whole(upload.path):
            with accounts.of(upload):
                account_for_whole_file(accounts, rules, upload, folder)
        else:
            published[upload.key].append(upload)
    for key, versions in published.items():
        table = tables / f"{output_name(key)}.parquet"
        account_for_versions(accounts, rules, versions, letters.pop(key, []), table)
    account_for_foreign_rows(accounts, rules, published, tables)
    account_for_foreign_letters(accounts, chain.from_iterable(letters.values()))
    return accounts


def account_for_versions(
    accounts: Accounts, rules: Rules, versions: list[Upload], letters: list[Letter], table: Path
) -> None:
    """Compare the newest version of a file with its rows, and those before it with their dead letters.

    The same bytes change nothing: then dead letters are those of the version that had them first.
    """
    newest = versions[-1]
    replaced = {upload.version: upload for upload in versions if upload.digest != newest.digest}
    for version, upload in replaced.items():
        own = [letter for letter in letters if letter[0][1] == version]
        if own:  # it was published before it was replaced
            with accounts.of(upload):
                account_for_letters(accounts, upload, records(rules, upload), own)
                accounts.rowsIn += len(own)
    of_newest = [letter for letter in letters if letter[0][1] not in replaced]
    content = records(rules, newest)
    with accounts.of(newest):
        accounts.rowsIn += content.places().total()
        left = account_for_letters(accounts, newest, content, of_newest)
        rows = (
            [rules.identity(row) for row in rows_of(table, rules.compared_columns)] if table.exists() else []
        )
        accounts.rowsOut += len(rows)
        accounts.compare(newest.key, "rows", left, Counter(rows))


def account_for_foreign_rows(
    accounts: Accounts, rules: Rules, published: dict[str, list[Upload]], tables: Path
) -> None:
    """Count rows of no input file."""
    names = {output_name(key) for key in published}
    for table in sorted(tables.rglob("*.parquet")):
        if table.stem not in names:
            rows = [rules.identity(row) for row in rows_of(table, rules.compared_columns)]
            accounts.rowsOut += len(rows)
            accounts.compare(table.name, "rows", Counter(), Counter(rows))
