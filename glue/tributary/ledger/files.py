"""Registration of files: each version of an object is work once, however often it is listed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice

from tributary.ledger.connection import Connection, LedgerConnection

FILES_A_STATEMENT = 1000
# PostgreSQL's text holds every character but this one.
# @see https://www.postgresql.org/docs/current/datatype-character.html, 2026-11-30
_NUL = "\0"

# It sorts them, so that two listers over the same names wait for each other in one direction only.
_REGISTER = """
SELECT ledger.register(
  %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[]
)
"""


@dataclass(frozen=True)
class FoundFile:
    """Version of an object as listed; `version_id` is `null` where the bucket has no versioning."""

    bucket: str
    key: str
    version_id: str
    size: int
    last_modified: datetime
    dataset: str


@dataclass(frozen=True)
class Registered:
    """Counts of the files given and of the new ones among them."""

    given: int
    added: int


def can_hold(key: str) -> bool:
    """Return whether the ledger can hold a key of S3; runtime/ledger/register-files.ts has the same rule."""
    return _NUL not in key


def register_files(ledger: LedgerConnection, files: Iterable[FoundFile]) -> Registered:
    """Register files in statements of 1,000, each a transaction of its own, and make the new ones claimable.

    A known version changes nothing, whatever became of it; another version of a known key is new work.
    """
    given = added = 0
    for chunk in _chunks(files):
        given += len(chunk)
        added += ledger.repeatedly(partial(_register, chunk))
    return Registered(given, added)


def _chunks(files: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    rest = iter(files)
    while chunk := list(islice(rest, FILES_A_STATEMENT)):
        yield chunk


def _register(chunk: list[FoundFile], connection: Connection) -> int:
    columns = (
        [file.bucket for file in chunk],
        [file.key for file in chunk],
        [file.version_id for file in chunk],
        [file.size for file in chunk],
        [file.last_modified for file in chunk],
        [file.dataset for file in chunk],
    )
    (added,) = connection.execute(_REGISTER, columns).fetchone() or (0,)
    return int(added)
