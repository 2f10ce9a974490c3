"""Versions of objects, page by page: memory holds two pages, whatever a folder holds."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, TypeVar

from tributary.ledger.files import FoundFile

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef

T = TypeVar("T")


class _Marker(TypedDict, total=False):
    KeyMarker: str
    VersionIdMarker: str


@dataclass(frozen=True)
class Page:
    """What one call listed below a folder: the current versions, and how many entries it looked at."""

    folder: str
    found: list[FoundFile]
    entries: int


def version_pages(s3: "S3Client", bucket: str, folders: Iterable[str]) -> Iterator[Page]:
    """All versions below each folder, up to 1,000 a page, of which the current ones are given.

    A key whose current version is a delete marker has none; a key that ends in a slash is a folder's marker.
    """
    for folder in folders:
        marker: _Marker | None = {}
        while marker is not None:
            answer = s3.list_object_versions(Bucket=bucket, Prefix=folder, **marker)
            yield Page(folder, _current(bucket, answer), _entries(answer))
            marker = _next(answer)


def one_ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, the next one being made while the last is worked on."""
    rest = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        following = thread.submit(next, rest, None)
        while (item := following.result()) is not None:
            following = thread.submit(next, rest, None)
            yield item


def _current(bucket: str, answer: "ListObjectVersionsOutputTypeDef") -> list[FoundFile]:
    return [
        FoundFile(bucket, entry["Key"], entry["VersionId"], entry["Size"], entry["LastModified"])
        for entry in answer.get("Versions", ())
        if entry["IsLatest"] and not entry["Key"].endswith("/")
    ]


def _entries(answer: "ListObjectVersionsOutputTypeDef") -> int:
    return len(answer.get("Versions", ())) + len(answer.get("DeleteMarkers", ()))


def _next(answer: "ListObjectVersionsOutputTypeDef") -> _Marker | None:
    """Where the listing goes on: a page may end between two versions of one key."""
    if not answer["IsTruncated"]:
        return None
    marker: _Marker = {"KeyMarker": answer["NextKeyMarker"]}
    if version := answer.get("NextVersionIdMarker"):
        marker["VersionIdMarker"] = version
    return marker
