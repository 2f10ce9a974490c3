"""Accounts of dead letters, which always say their version and place, where rows do not."""

from collections import Counter
from collections.abc import Hashable, Iterable

from local.accounting.accounts import Accounts
from local.accounting.inputs import Upload
from local.accounting.outputs import Letter
from local.accounting.records import FileRecords


def account_for_letters(
    accounts: Accounts, upload: Upload, content: FileRecords, letters: list[Letter]
) -> Counter[Hashable]:
    """Compare the dead letters of a version; return the identities of the records that are to be rows."""
    accounts.deadLetters += len(letters)
    found = Counter(content.take_letter(place, raw) for _, place, raw in letters)
    rest = content.left()
    lost = Counter(record.place for record in rest if record.becomes == "letter")
    taken = Counter({place: count for place, count in found.items() if place > 0})
    accounts.compare(str(upload), "dead letters", taken + lost, found)
    return Counter(record.identity for record in rest if record.becomes != "letter")


def account_for_foreign_letters(accounts: Accounts, letters: Iterable[Letter]) -> None:
    """Count dead letters of no upload."""
    found = Counter((*version, place) for version, place, _ in letters)
    accounts.deadLetters += found.total()
    accounts.compare("no upload", "dead letters", Counter(), found)
