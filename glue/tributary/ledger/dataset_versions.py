"""Texts of dataset versions: a batch is retried under those of its first claim, whatever is deployed."""

from dataclasses import asdict, dataclass

from psycopg.rows import class_row

from tributary.errors import TributaryError
from tributary.ledger.connection import LedgerConnection

_REMEMBER = """
INSERT INTO ledger.dataset_versions (version, dataset, declaration, transform)
VALUES (%(version)s, %(dataset)s, %(declaration)s, %(transform)s) ON CONFLICT (version) DO NOTHING
"""
_READ = "SELECT version, dataset, declaration, transform FROM ledger.dataset_versions WHERE version = %s"


@dataclass(frozen=True)
class DatasetVersion:
    """A dataset as it was declared: `dataset.json` and `transform.sql`, and the hash of both."""

    version: str
    dataset: str
    declaration: str
    transform: str


class UnknownVersionError(TributaryError):
    """A batch was claimed under a dataset version whose texts were never remembered."""


def remember_version(ledger: LedgerConnection, version: DatasetVersion) -> None:
    """Keep the texts of a version, before the first claim under it; a known one is left alone."""
    ledger.repeatedly(lambda connection: connection.execute(_REMEMBER, asdict(version)))


def version_texts(ledger: LedgerConnection, version: str) -> DatasetVersion:
    """Return the texts of a version; raises `UnknownVersionError`."""
    found = ledger.repeatedly(
        lambda connection: (
            connection.cursor(row_factory=class_row(DatasetVersion)).execute(_READ, (version,)).fetchone()
        )
    )
    if found is None:
        raise UnknownVersionError(f'the ledger holds no texts of the dataset version "{version}"')
    return found
