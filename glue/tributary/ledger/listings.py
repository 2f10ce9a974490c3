"""Progress of the lister's rounds, folder by folder: where the next run goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from tributary.ledger.connection import Connection, LedgerConnection

_READ = """
SELECT folder, key_marker, version_id_marker, refused FROM ledger.listings
WHERE bucket = %s ORDER BY listed_at, folder
"""
_SAVE = """
INSERT INTO ledger.listings AS known (bucket, folder, key_marker, version_id_marker, refused)
SELECT %s, given.* FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::bigint[])
  AS given (folder, key_marker, version_id_marker, refused)
ORDER BY folder COLLATE "C"
ON CONFLICT (bucket, folder) DO UPDATE SET
  key_marker = excluded.key_marker,
  version_id_marker = excluded.version_id_marker,
  refused = excluded.refused,
  listed_at = clock_timestamp()
"""


@dataclass(frozen=True)
class Marker:
    """Last entry of a page: key and version, empty where the page ended with the key's last one."""

    key: str
    version_id: str


@dataclass(frozen=True)
class FolderProgress:
    """Progress of a folder's round: `marker` is None where it is complete.

    `refused` are the keys of this round that the ledger cannot hold.
    """

    marker: Marker | None
    refused: int = 0


def read_listings(ledger: LedgerConnection, bucket: str) -> dict[str, FolderProgress]:
    """Return the progress in each folder that was listed, those first that were listed the longest ago."""
    rows = ledger.repeatedly(lambda connection: connection.execute(_READ, (bucket,)).fetchall())
    return {folder: FolderProgress(_marker(key, version), refused) for folder, key, version, refused in rows}


def save_listings(ledger: LedgerConnection, bucket: str, progress: Mapping[str, FolderProgress]) -> None:
    """Save the progress in some folders. Of two listers the slower one makes a part be listed again."""
    ledger.repeatedly(partial(_save, bucket, progress))


def _marker(key: bytes | None, version_id: str) -> Marker | None:
    return None if key is None else Marker(key.decode(), version_id)


def _save(bucket: str, progress: Mapping[str, FolderProgress], connection: Connection) -> None:
    markers = [folder.marker for folder in progress.values()]
    columns = (
        list(progress),
        [None if marker is None else marker.key.encode() for marker in markers],
        [None if marker is None else marker.version_id for marker in markers],
        [folder.refused for folder in progress.values()],
    )
    connection.execute(_SAVE, (bucket, *columns))
