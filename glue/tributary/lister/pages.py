"""Object versions, page by page and folder by folder in turn: memory holds two pages, whatever there is."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, TypeVar

from tributary.ledger.files import FoundFile
from tributary.ledger.listings import Marker
from tributary.lister.inputs import Inputs, folder_apart

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef

T = TypeVar("T")

# Of one folder before it is the next one's turn.
_PAGES_A_TURN = 10
# Sorts behind all names of a folder that have no such character, and hardly one has: it is none of Unicode's.
_BEHIND = "\U0010ffff"


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
    s3: "S3Client",
    bucket: str,
    folders: Iterable[str],
    inputs: Inputs,
    markers: Mapping[str, Marker] | None = None,
) -> Iterator[Page]:
    """Yield the current versions of inputs below each folder, page by page of up to 1,000 versions.

    A folder begins at its marker, or at the front, and each gets ten pages in turn: one of millions of keys
    keeps no other waiting. What is in a folder that is listed apart is left out of those around it: the page
    after one that ends in it begins behind it. A key whose current version is a delete marker has none.

    @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html, 2026-11-29
    """
    turns = deque((folder, (markers or {}).get(folder)) for folder in folders)
    while turns:
        folder, marker = turns.popleft()
        for _ in range(_PAGES_A_TURN):
            page = _page(s3, bucket, folder, inputs, marker)
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


def _page(s3: "S3Client", bucket: str, folder: str, inputs: Inputs, marker: Marker | None) -> Page:
    """List one page; it may end between two versions of one key."""
    place: _Place = {}
    if marker is not None:
        place["KeyMarker"] = marker.key
        if marker.version_id:
            place["VersionIdMarker"] = marker.version_id
    answer = s3.list_object_versions(Bucket=bucket, Prefix=folder, **place)
    return Page(folder, _current(bucket, folder, inputs, answer), _entries(answer), _next(folder, answer))


def _current(
    bucket: str, folder: str, inputs: Inputs, answer: "ListObjectVersionsOutputTypeDef"
) -> list[FoundFile]:
    return [
        FoundFile(bucket, entry["Key"], entry["VersionId"], entry["Size"], entry["LastModified"], dataset)
        for entry in answer.get("Versions", ())
        if entry["IsLatest"]
        and _elsewhere(folder, entry["Key"]) is None
        and (dataset := inputs.dataset_of(entry["Key"])) is not None
    ]


def _elsewhere(folder: str, key: str) -> str | None:
    """Return the folder that a key is listed with instead of this one, if any."""
    apart = folder_apart(key)
    return None if apart is None or folder.startswith(apart) else apart


def _entries(answer: "ListObjectVersionsOutputTypeDef") -> int:
    return len(answer.get("Versions", ())) + len(answer.get("DeleteMarkers", ()))


def _next(folder: str, answer: "ListObjectVersionsOutputTypeDef") -> Marker | None:
    if not answer["IsTruncated"]:
        return None
    key = answer["NextKeyMarker"]
    elsewhere = _elsewhere(folder, key)
    if elsewhere is not None:
        return Marker(elsewhere + _BEHIND, "")
    return Marker(key, answer.get("NextVersionIdMarker", ""))
