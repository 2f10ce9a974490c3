"""Files that are quarantined whole: kept if their bytes are, lost otherwise."""

import hashlib
import json
from pathlib import Path

from local.accounting.accounts import Accounts
from local.accounting.inputs import Upload, line_count
from local.accounting.rules import Rules

#: A larger file stays where it is, and its reason says so.
_LARGEST_COPY = 100 << 20


def quarantine_folder(quarantine: Path, group: str, upload: Upload) -> Path:
    """Return the folder of a file that is quarantined by date or by dataset."""
    digest = hashlib.sha256(upload.key.encode()).hexdigest()[:16]
    return quarantine / "quarantine" / group / f"{digest}-{upload.version}"


def is_quarantined(folder: Path) -> bool:
    """Return True where a file was quarantined: there is a reason."""
    return (folder / "reason.json").is_file()


def account_for_whole_file(
    accounts: Accounts, rules: Rules, upload: Upload, folder: Path, *, is_kept: bool = True
) -> None:
    """Count a file that is to be quarantined whole; each line is a record, and a binary file is one.

    `is_kept` says whether the rest of what has to be kept is.
    """
    records = 1 if rules.is_binary else line_count(upload.path)
    accounts.rowsIn += records
    copy = folder / upload.name
    is_copied = copy.is_file() and copy.read_bytes() == upload.path.read_bytes()
    is_large = upload.path.stat().st_size > _LARGEST_COPY
    if is_kept and is_quarantined(folder) and (is_copied or is_large):
        accounts.quarantined += 1
        accounts.deadLetters += records
        reason = json.loads((folder / "reason.json").read_text())["reason"]
        accounts.wholeFiles.append(f"{upload.key}: {reason}")
    else:
        accounts.lost += records
        accounts.problems.append(f"{upload}: its bytes are not kept in quarantine")
