"""Names of the objects that a run writes: functions of source key and version, never of the attempt."""

import hashlib
import re
from dataclasses import dataclass

from tributary.objects.keys import base_name

_STEM_LENGTH = 80
_DIGEST_LENGTH = 16
_ENDINGS = (".csv.gz", ".csv.zst", ".csv")
UNKNOWN_DATASET = "unknown"


def output_name(key: str) -> str:
    """Return the name of every output of a source object: a readable stem and a digest."""
    base = key.rsplit("/", 1)[-1]
    for ending in _ENDINGS:
        base = base.removesuffix(ending)
    stem = re.sub(r"[^A-Za-z0-9]", "-", base)[:_STEM_LENGTH].strip("-")
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{stem}-{digest}" if stem else digest


@dataclass(frozen=True)
class ObjectKeys:
    """Keys of the outputs of one version of a source object.

    `parquet` and `csv` are the published objects, one for all versions of the source object, so writes to
    them are conditional; the others contain the version id, so writing one again changes nothing.
    """

    parquet: str
    csv: str
    stats: str
    dead_letters: str
    whole_file: str
    whole_file_reason: str


def object_keys(dataset: str | None, key: str, version: str) -> ObjectKeys:
    """Return the keys for a version of a source object; `dataset` is None when no dataset claims the key."""
    folder = f"{dataset or UNKNOWN_DATASET}/{output_name(key)}"
    return ObjectKeys(
        parquet=f"tables/{folder}.parquet",
        csv=f"csv/{folder}.csv",
        stats=f"stats/{folder}/{version}.json",
        dead_letters=f"dead-letters/{folder}/{version}.ndjson",
        whole_file=f"files/{folder}/{version}/{base_name(key)}",
        whole_file_reason=f"files/{folder}/{version}/reason.json",
    )
