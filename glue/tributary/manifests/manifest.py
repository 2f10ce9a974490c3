"""Manifest: the files of one dataset and date that become one Parquet object."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, cast

import fastjsonschema

from tributary.errors import InvalidManifestError
from tributary.kernels.source import Source


@dataclass(frozen=True, slots=True)
class Entry:
    """Version of an object; `size` is in bytes, `revision` its number among the versions of its key."""

    bucket: str
    key: str
    version_id: str
    size: int
    revision: int
    uploaded_at: datetime

    @property
    def source(self) -> Source:
        """Identity of the file in dead letters."""
        return Source(self.bucket, self.key, self.version_id)

    @property
    def identity(self) -> tuple[str, str]:
        """Identity of the file in a receipt: key and version."""
        return self.key, self.version_id


@dataclass(frozen=True, slots=True)
class Manifest:
    """Work with an identity; a manifest without entries is a fence, and has no output."""

    id: str
    dataset: str
    date: str
    entries: tuple[Entry, ...]


def parse_manifest(key: str, content: bytes) -> Manifest:
    """Parse the manifest at `key`; raises `InvalidManifestError`, which names the mistake."""
    try:
        document = json.loads(content)
        _check()(document)
    except ValueError as error:
        raise InvalidManifestError(f"{key}: {error}") from error
    manifest = Manifest(
        id=document["id"],
        dataset=document["dataset"],
        date=document["date"],
        entries=tuple(map(_entry, document["entries"])),
    )
    expected = manifest_key(manifest.dataset, manifest.date, manifest.id)
    if key != expected:
        raise InvalidManifestError(f"{key} holds the manifest that belongs under {expected}")
    return manifest


def manifest_key(dataset: str, date: str, manifest_id: str) -> str:
    """Return the key of a manifest in its bucket."""
    return f"manifests/{dataset}/{date}/{manifest_id}.json"


def _entry(document: dict[str, Any]) -> Entry:
    return Entry(
        bucket=document["bucket"],
        key=document["key"],
        version_id=document["version_id"],
        size=document["size"],
        revision=document["revision"],
        uploaded_at=datetime.fromisoformat(document["uploaded_at"]),
    )


@cache
def _check() -> Callable[[object], object]:
    """Return the validator of manifest.schema.json, which raises a `ValueError`."""
    schema = json.loads((resources.files(__package__) / "manifest.schema.json").read_bytes())
    return cast(Callable[[object], object], fastjsonschema.compile(schema))
