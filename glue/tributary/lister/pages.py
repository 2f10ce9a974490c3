"""Object versions, page by page and folder by folder in turn: memory holds two pages, whatever there is."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, TypeVar

from tributary.ledger.files import FoundFile
from tributary.ledger.listings import Marker

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef

T = TypeVar("T")

# Of one folder before it is the next one's turn.
_PAGES_A_TURN = 10


class _Place(TypedDict, total=False):
    KeyMarker: str
    VersionIdMarker: str


@dataclass(frozen=True)
class Page:
    """Result of one ListObjectVersions below a folder: the current versions, and the count of all entries.

    `marker` is where the folder goes on, None at its end.
    """

    folder: str
    found: list[FoundFile]
    entries: int
    marker: Marker | None = None


def version_pages(
    s3: "S3Client", bucket: str, folders: Iterable[str], markers: Mapping[str, Marker] | None = None
) -> Iterator[Page]:
    """Yield the current versions below each folder, page by page of up to 1,000 versions.

    A folder begins at its marker, or at the front, and each gets ten pages in turn: one of millions of keys
    keeps no other waiting. A key whose current version is a delete marker has none; a key that ends in a
    slash is a folder's marker.

    @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html, 2026-11-29
    """
    turns = deque((folder, (markers or {}).get(folder)) for folder in folders)
    while turns:
        folder, marker = turns.popleft()
        for _ in range(_PAGES_A_TURN):
            page = _page(s3, bucket, folder, marker)
            yield page
            marker = page.marker
            if marker is None:
                break
        else:
            turns.append((folder, marker))


def one_ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, each made in a thread while the one before it is processed."""
    rest = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        following = thread.submit(next, rest, None)
        while (item := following.result()) is not None:
            following = thread.submit(next, rest, None)
            yield item


def _page(s3: "S3Client", bucket: str, folder: str, marker: Marker | None) -> Page:
    """List one page; it may end between two versions of one key."""
    place: _Place = {}
    if marker is not None:
        place["KeyMarker"] = marker.key
        if marker.version_id:
            place["VersionIdMarker"] = marker.version_id
    answer = s3.list_object_versions(Bucket=bucket, Prefix=folder, **place)
    return Page(folder, _current(bucket, answer), _entries(answer), _next(answer))


def _current(bucket: str, answer: "ListObjectVersionsOutputTypeDef") -> list[FoundFile]:
    return [
        FoundFile(bucket, entry["Key"], entry["VersionId"], entry["Size"], entry["LastModified"])
        for entry in answer.get("Versions", ())
        if entry["IsLatest"] and not entry["Key"].endswith("/")
    ]


def _entries(answer: "ListObjectVersionsOutputTypeDef") -> int:
    return len(answer.get("Versions", ())) + len(answer.get("DeleteMarkers", ()))


def _next(answer: "ListObjectVersionsOutputTypeDef") -> Marker | None:
    if not answer["IsTruncated"]:
        return None
    return Marker(answer["NextKeyMarker"], answer.get("NextVersionIdMarker", ""))
