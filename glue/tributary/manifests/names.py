"""Names of the outputs of a manifest: functions of the work, never of the attempt."""

from dataclasses import dataclass

from tributary.manifests.manifest import Manifest


@dataclass(frozen=True, slots=True)
class OutputKeys:
    """Keys of `parquet` in the curated bucket, `dead_letters` in quarantine, `receipt` with the manifests."""

    parquet: str
    dead_letters: str
    receipt: str


def output_keys(manifest: Manifest) -> OutputKeys:
    """Return the keys of the outputs of a manifest."""
    dataset, date, name = manifest.dataset, manifest.date, manifest.id
    return OutputKeys(
        parquet=f"tables/{dataset}/date={date}/{name}.parquet",
        dead_letters=f"dead-letters/{dataset}/date={date}/{name}.ndjson",
        receipt=f"receipts/{dataset}/{date}/{name}.json",
    )
