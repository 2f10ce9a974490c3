"""What messages and manifests are taken for."""

import json

import pytest

from tests.support.manifests import DATE
from tributary.errors import InvalidManifestError
from tributary.manifests.manifest import manifest_key, parse_manifest
from tributary.manifests.messages import Request, read_message
from tributary.objects.keys import base_name
from tributary.objects.quarantine import quarantine_folder

ID = "0123456789abcdef" * 2
KEY = manifest_key("clicks", DATE, ID)
ENTRY = {
    "bucket": "raw",
    "key": f"input/clicks/{DATE}-a.ndjson",
    "version_id": "v1",
    "size": 3,
    "sequencer": None,
    "revision": 1,
    "uploaded_at": "2026-02-03T04:05:06.789Z",
}
MANIFEST = {"id": ID, "dataset": "clicks", "date": DATE, "total_bytes": 3, "entries": [ENTRY]}


def announced(*keys: str) -> str:
    records = [{"s3": {"bucket": {"name": "m"}, "object": {"key": key}}} for key in keys]
    return json.dumps({"Records": records})


@pytest.mark.parametrize(
    ("body", "requests"),
    [
        (announced("manifests/a+b%3D.json"), [Request("m", "manifests/a b=.json", 0)]),
        (announced("1", "2"), [Request("m", "1", 0), Request("m", "2", 0)]),
        ('{"manifest":{"bucket":"m","key":"a+b"},"generation":7}', [Request("m", "a+b", 7)]),
        ('{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"m"}', []),
    ],
)
def test_reads_what_a_message_asks_for(body: str, requests: list[Request]) -> None:
    assert read_message(body) == requests


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"Records":[]}',
        '{"Records":[{}]}',
        '{"manifest":{"bucket":"m"},"generation":1}',
        '{"manifest":{"bucket":"m","key":"k"}}',
        '{"manifest":{"bucket":"m","key":"k"},"generation":-1}',
        '{"manifest":{"bucket":"m","key":"k"},"generation":true}',
        '{"manifest":{"bucket":"m","key":5},"generation":1}',
    ],
)
def test_refuses_a_message_that_asks_for_no_manifest(body: str) -> None:
    with pytest.raises(InvalidManifestError, match="asks for no manifest"):
        read_message(body)


def test_reads_a_manifest() -> None:
    manifest = parse_manifest(KEY, json.dumps(MANIFEST).encode())
    [entry] = manifest.entries
    assert (manifest.id, manifest.date, entry.identity) == (ID, DATE, (ENTRY["key"], "v1"))
    assert entry.uploaded_at.isoformat() == "2026-02-03T04:05:06.789000+00:00"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "x"}, "data.id must match pattern"),
        ({"date": "2026-2-3"}, "data.date must match pattern"),
        ({"entries": [{**ENTRY, "size": "3"}]}, r"data.entries\[0\].size must be integer"),
        ({"entries": [{**ENTRY, "more": 1}]}, r"data.entries\[0\] must not contain"),
        ({"entries": None}, "data.entries must be array"),
        ({"dataset": "orders"}, "holds the manifest that belongs under manifests/orders"),
    ],
)
def test_says_what_breaks_the_schema(change: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidManifestError, match=said):
        parse_manifest(KEY, json.dumps({**MANIFEST, **change}).encode())


def test_refuses_what_is_no_json() -> None:
    with pytest.raises(InvalidManifestError, match=KEY):
        parse_manifest(KEY, b"\xff")


def test_names_quarantined_files_by_key_and_version() -> None:
    expected = f"quarantine/{DATE}/502a2b87164aebc8-v1"
    assert quarantine_folder(DATE, "input/clicks/a.ndjson", "v1") == expected
    assert len(base_name("input/" + "ü" * 900 + ".ndjson").encode()) <= 600
