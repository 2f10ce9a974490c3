"""Object versions, page by page: memory holds two pages, however large a folder is."""

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
    """Result of one ListObjectVersions below a folder: the current versions, and the count of all entries."""

    folder: str
    found: list[FoundFile]
    entries: int


def version_pages(s3: "S3Client", bucket: str, folders: Iterable[str]) -> Iterator[Page]:
    """Yield the current versions below each folder, page by page of up to 1,000 versions.

    A key whose current version is a delete marker has none; a key that ends in a slash is a folder's marker.

    @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html, 2026-11-29
    """
    for folder in folders:
        marker: _Marker | None = {}
        while marker is not None:
            answer = s3.list_object_versions(Bucket=bucket, Prefix=folder, **marker)
            yield Page(folder, _current(bucket, answer), _entries(answer))
            marker = _next(answer)


def one_ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, each made in a thread while the one before it is processed."""
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
    """Return the marker of the next page: a page may end between two versions of one key."""
    if not answer["IsTruncated"]:
        return None
    marker: _Marker = {"KeyMarker": answer["NextKeyMarker"]}
    if version := answer.get("NextVersionIdMarker"):
        marker["VersionIdMarker"] = version
    return marker
