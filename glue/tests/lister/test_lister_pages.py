"""Pages of versions: the current ones, each once, wherever a page ends."""

import time
from collections.abc import Iterator
from itertools import groupby, islice
from operator import attrgetter
from threading import Event
from typing import Any, cast
from unittest import mock
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.support.declarations import dataset
from tests.support.raw_files import FOLDER, INPUTS, KEPT_BY_S3, NOT_OF_XML, PREFIX, RawBucket, keys_of
from tests.support.waiting import HANG_SECONDS
from tributary.datasets import datasets_of
from tributary.ledger.listings import Marker
from tributary.lister.inputs import Inputs
from tributary.lister.pages import Page, one_ahead, version_pages
from tributary.running.clients import s3_client

ODD = ["ü 'quoted' \\n", "a b+c%2B", '&<>"', "new\nline", "日本/😀", "..", "#?=&", "tab\t", "~*()!"]

emulated = pytest.mark.usefixtures("emulator")


def pages(bucket: RawBucket) -> list[Page]:
    return list(version_pages(s3_client(), bucket.name, [FOLDER], INPUTS))


@emulated
def test_gives_the_current_version_of_each_key() -> None:
    bucket = RawBucket()
    for key in ("a", "b", "c"):
        bucket.put(f"all_historical_files/{key}.json", b"{}")
    newest = bucket.put("all_historical_files/b.json", b'{"n":2}')
    bucket.delete("all_historical_files/c.json")
    (page,) = pages(bucket)
    assert [file.key for file in page.found] == [f"{FOLDER}a.json", f"{FOLDER}b.json"]
    found = page.found[1]
    assert (found.bucket, found.version_id, found.size) == (bucket.name, newest, 7)
    written = s3_client().head_object(Bucket=bucket.name, Key=found.key)["LastModified"]
    assert found.last_modified.replace(microsecond=0) == written
    assert page.entries == 5


@emulated
def test_gives_a_key_again_that_came_back_after_its_deletion() -> None:
    bucket = RawBucket()
    bucket.put("all_historical_files/a.json")
    bucket.delete("all_historical_files/a.json")
    again = bucket.put("all_historical_files/a.json")
    assert [file.version_id for page in pages(bucket) for file in page.found] == [again]


@emulated
def test_leaves_out_markers_of_folders() -> None:
    bucket = RawBucket()
    for key in ("", "2026/", "a.json"):
        bucket.put(f"all_historical_files/{key}")
    assert keys_of(iter(pages(bucket))) == ["all_historical_files/a.json"]


@emulated
def test_keeps_odd_characters_of_keys() -> None:
    bucket = RawBucket()
    for name in ODD:
        bucket.put(f"all_historical_files/{name}.json")
    expected = sorted(f"all_historical_files/{name}.json" for name in ODD)
    assert sorted(keys_of(iter(pages(bucket)))) == expected


@emulated
def test_gives_objects_that_are_older_than_the_versioning_of_their_bucket() -> None:
    bucket = RawBucket(versioned=False)
    bucket.put("all_historical_files/old.json")
    bucket.keep_versions()
    new = bucket.put("all_historical_files/new.json")
    (page,) = pages(bucket)
    versions = {file.key.rpartition("/")[2]: file.version_id for file in page.found}
    assert versions == {"new.json": new, "old.json": "null"}


@emulated
def test_gives_no_file_where_there_is_none() -> None:
    assert pages(RawBucket()) == [Page(FOLDER, [], 0)]


def test_gives_each_folder_its_turn_beside_one_without_end() -> None:
    class Endless:
        def list_object_versions(self, Prefix: str, KeyMarker: str = "0", **_: str) -> dict[str, Any]:  # noqa: N803
            more = Prefix == "endless/" or int(KeyMarker) < 24
            following = {"NextKeyMarker": str(int(KeyMarker) + 1)} if more else {}
            return {"IsTruncated": more, **following}

    folders = ["endless/", "a/", "b/"]
    listed = version_pages(cast("Any", Endless()), "raw", folders, INPUTS, {"b/": Marker("24", "")})
    turns = [(folder, len(list(turn))) for folder, turn in groupby(islice(listed, 67), attrgetter("folder"))]
    assert turns == [
        ("endless/", 10),
        ("a/", 10),
        ("b/", 1),
        ("endless/", 10),
        ("a/", 10),
        ("endless/", 10),
        ("a/", 5),
        ("endless/", 11),
    ]


@emulated
@pytest.mark.slow
def test_passes_what_is_listed_apart_in_few_pages() -> None:
    bucket = RawBucket()
    weeks = [f"2026/week{week:02}/{number:05}.json" for week in (1, 2) for number in range(2500)]
    others = ["2026/week01", "2026/week010/a.json", "2026/week54/a.json", "a.json"]
    bucket.put_many([*weeks, *others, *(f"all_historical_files/{number:05}.json" for number in range(2500))])
    bucket.put("b.csv")
    rest = list(version_pages(s3_client(), bucket.name, [PREFIX], INPUTS))
    assert keys_of(iter(rest)) == [*others, "b.csv"]
    assert len(rest) == 4


def test_gives_each_file_its_dataset() -> None:
    inputs = Inputs([dataset(name="orders", pipeline="ledger"), *datasets_of("ledger")], 2021)
    assert inputs.prefixes == ["input/orders/", PREFIX]
    found = {
        key: inputs.dataset_of(key)
        for key in (
            "input/orders/2019/week05/a.csv",
            "input/orders/folder/",
            "input/other/a.csv",
            f"{PREFIX}2020/week05/a.json",
            f"{PREFIX}2020/a.json",
            f"{FOLDER}smoke_ledger/a.ndjson",
        )
    }
    assert list(found.values()) == ["orders", None, None, None, "ml_events", "smoke_ledger"]


def test_reads_keys_that_xml_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """By botocore's own parser, of the answer that S3 would give; nothing is sent."""
    asked: list[str] = []
    entries = "".join(
        f"<Version><Key>{quote_plus(FOLDER + name, safe='/')}</Key><VersionId>v</VersionId><Size>1</Size>"
        "<IsLatest>true</IsLatest><LastModified>2026-01-31T00:00:00Z</LastModified></Version>"
        for name in NOT_OF_XML
    )
    marker = f"<NextKeyMarker>{quote_plus(FOLDER + NOT_OF_XML[-1], safe='/')}</NextKeyMarker>"
    body = f"<R><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>{marker}{entries}</R>"

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        asked.append(request.url)
        raw = mock.Mock(stream=lambda **_: iter([body.encode()]))
        return AWSResponse(request.url, 200, {}, raw)

    client = boto3.client("s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    client.meta.events.register("before-send.s3.ListObjectVersions", answer)
    page = next(version_pages(client, "raw", [FOLDER], INPUTS, {FOLDER: Marker(f"{FOLDER}a\0", "")}))
    assert [file.key for file in page.found] == [FOLDER + name for name in NOT_OF_XML]
    assert page.marker == Marker(FOLDER + NOT_OF_XML[-1], "")
    assert "encoding-type=url" in asked[0]
    assert f"key-marker={quote_plus(FOLDER)}a%00" in asked[0]


@emulated
def test_goes_on_at_the_marker_of_a_page() -> None:
    bucket = RawBucket()
    for name in (*ODD, *KEPT_BY_S3):
        bucket.put(f"all_historical_files/{name}")
    names = [file.key for page in pages(bucket) for file in page.found]
    assert len(names) == len(ODD) + len([name for name in KEPT_BY_S3 if not name.endswith("/")])
    for key in names:
        marker = {FOLDER: Marker(key, "")}
        rest = [
            file.key
            for page in version_pages(s3_client(), bucket.name, [FOLDER], INPUTS, marker)
            for file in page.found
        ]
        assert rest == names[names.index(key) + 1 :]


@emulated
@pytest.mark.slow
def test_goes_on_within_the_versions_of_one_key() -> None:
    bucket = RawBucket()
    bucket.put_many(["all_historical_files/a.json"] * 1100)
    newest = bucket.put("all_historical_files/a.json")
    bucket.put("all_historical_files/b.json")
    found = pages(bucket)
    assert [page.entries for page in found] == [1000, 102]
    assert [(file.key, file.version_id == newest) for page in found for file in page.found] == [
        (f"{FOLDER}a.json", True),
        (f"{FOLDER}b.json", False),
    ]


def test_makes_the_next_item_while_the_last_is_worked_on() -> None:
    made = Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    ahead = one_ahead(items())
    assert next(ahead) == 1
    assert made.wait(HANG_SECONDS)
    assert list(ahead) == [2]


def test_makes_no_more_than_one_item_ahead() -> None:
    worked_on = 0
    leads: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1, 10):
            leads.append(number - worked_on)
            yield number

    for item in one_ahead(items()):
        time.sleep(0.02)  # for one that goes further ahead to do so
        worked_on = item
    assert worked_on == 9
    assert max(leads) <= 2


def test_tells_the_error_of_an_item_when_it_is_its_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    ahead = one_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)
