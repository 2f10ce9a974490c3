"""Reads and writes of S3 objects under faults, on the emulator."""

import io
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support.faults import Send, intercepted
from tests.support.world import World
from tributary.errors import LeaseLostError, SourceGoneError, TransientError
from tributary.objects import reads, writes
from tributary.objects.reads import read_version
from tributary.objects.writes import copy_version, put_published
from tributary.running.clients import s3_client

KEY = "input/customers/april.csv"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)


def breaking(every: int, ranges: bool = True) -> Callable[[str, AWSPreparedRequest, Send], Any]:
    """Cut each stream of an object after `every` bytes; when it is given whole, each that much later."""
    streams = [0]

    def interceptor(name: str, request: AWSPreparedRequest, send: Send) -> Any:
        answer = send(request)
        if name.startswith("GET"):
            streams[0] += 1
            if ranges:
                answer_range(request, answer)
            answer.raw = Cut(answer.raw, every if ranges else every * streams[0])
        return answer

    return interceptor


def answer_range(request: AWSPreparedRequest, answer: Any) -> None:
    """Answer a range of a version as S3 does; the emulator gives the whole object."""
    asked = request.headers["Range"].decode().removeprefix("bytes=").split("-")
    begin, end = (int(word) for word in asked)
    whole = answer.raw.read()
    part = whole[begin : end + 1]
    answer.status_code = 206
    for name in [name for name in answer.headers if name.lower().startswith("x-amz-checksum-")]:
        del answer.headers[name]
    answer.headers["Content-Length"] = str(len(part))
    answer.headers["Content-Range"] = f"bytes {begin}-{begin + len(part) - 1}/{len(whole)}"
    answer.raw = io.BytesIO(part)


class Cut:
    def __init__(self, raw: Any, left: int) -> None:
        self._raw = raw
        self._left = left

    def read(self, size: int | None = None) -> bytes:
        if self._left == 0:
            raise ReadTimeoutError(endpoint_url="any")
        content: bytes = self._raw.read(min(size or self._left, self._left))
        self._left -= len(content)
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


@pytest.mark.parametrize("ranges", [True, False])
def test_reads_in_ranges_and_takes_a_broken_stream_up_where_it_broke(
    world: World, monkeypatch: pytest.MonkeyPatch, ranges: bool
) -> None:
    monkeypatch.setattr(reads, "RANGE_BYTES", 300_000)
    monkeypatch.setattr(reads, "_CHUNK_BYTES", 20_000)
    body = random.Random(1).randbytes(1_000_000)
    version = world.upload(KEY, body)
    world.upload(KEY, b"newer")
    with intercepted(breaking(every=70_000, ranges=ranges)):
        assert b"".join(read_version(world.raw, KEY, version)) == body


def test_gives_up_a_stream_that_gives_nothing(world: World) -> None:
    version = world.upload(KEY, b"abc")
    with intercepted(breaking(every=0)), pytest.raises(TransientError, match="at byte 0"):
        list(read_version(world.raw, KEY, version))


@pytest.mark.parametrize("version", ["gone", "never"])
def test_tells_a_version_that_is_gone(world: World, version: str) -> None:
    if version == "gone":
        version = world.upload(KEY, b"abc")
        s3_client().delete_object(Bucket=world.raw, Key=KEY, VersionId=version)
    with pytest.raises(SourceGoneError):
        list(read_version(world.raw, KEY, version))
    with pytest.raises(SourceGoneError):
        copy_version(world.raw, KEY, version, world.quarantine, "copy", size=3)


def test_raises_what_is_no_matter_of_the_object(world: World) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        list(read_version("no-such-bucket", KEY, "any"))


def test_copies_in_parts_what_one_request_cannot_carry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    body = random.Random(1).randbytes(11 * 1024**2)
    version = world.upload(KEY, body)
    small = writes.TransferConfig(multipart_threshold=6 * 1024**2, multipart_chunksize=5 * 1024**2)
    monkeypatch.setattr(writes, "_COPY", small)
    monkeypatch.setattr(writes, "_SINGLE_REQUEST_BYTES", 6 * 1024**2)
    copy_version(world.raw, KEY, version, world.quarantine, "copy", size=len(body))
    assert world.body(world.quarantine, "copy") == body


def test_deletes_versions_whose_keys_xml_cannot_carry(world: World) -> None:
    keys = ["good.csv", "escape\x1b[2J.csv", "bell\x07.csv", "not\ufffe.csv", "return\r.csv", "line\n<&>.csv"]
    versions = [(key, world.upload(key, b"a", register=False)) for key in keys]
    writes.delete_versions(world.raw, versions)
    assert s3_client().list_object_versions(Bucket=world.raw).get("Versions", []) == []


def conflicting(times: int) -> Callable[[str, AWSPreparedRequest, Send], Any]:
    """Answer the first PUTs as S3 does when another one is under way, which the emulator never does."""
    left = [times]

    def interceptor(name: str, request: AWSPreparedRequest, send: Send) -> Any:
        if name.startswith("PUT") and left[0]:
            left[0] -= 1
            answer = send(request)
            answer.status_code = 409
            answer._content = b"<Error><Code>ConditionalRequestConflict</Code><Message>busy</Message></Error>"
            return answer
        return send(request)

    return interceptor


def test_checks_the_lease_after_reading_the_etag_and_before_writing(world: World, tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"stale")
    s3_client().put_object(Bucket=world.curated, Key="output", Body=b"newer")
    order: list[str] = []

    def watching(name: str, request: AWSPreparedRequest, send: Send) -> Any:
        order.append(name.split(maxsplit=1)[0])
        return send(request)

    def holds() -> bool:
        order.append("lease")
        return len(order) > 3

    with intercepted(watching), pytest.raises(LeaseLostError):
        put_published(world.curated, "output", path, "text/csv", known_etag=None, holds_lease=holds)
    assert order == ["PUT", "HEAD", "lease"]
    assert world.body(world.curated, "output") == b"newer"


@pytest.mark.parametrize(("holder", "content"), [(True, b"ours"), (False, b"other")])
def test_goes_on_after_a_conflict_only_as_the_holder(
    world: World, tmp_path: Path, holder: bool, content: bytes
) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"ours")
    known = s3_client().put_object(Bucket=world.curated, Key="output", Body=b"before")["ETag"]
    s3_client().put_object(Bucket=world.curated, Key="output", Body=b"other")
    with intercepted(conflicting(1)):
        try:
            put_published(
                world.curated, "output", path, "text/csv", known_etag=known, holds_lease=lambda: holder
            )
        except LeaseLostError:
            assert not holder
    assert world.body(world.curated, "output") == content


def test_gives_up_an_output_that_never_rests(world: World, tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"ours")

    def other_writes() -> bool:
        s3_client().put_object(Bucket=world.curated, Key="output", Body=random.randbytes(8))
        return True

    s3_client().put_object(Bucket=world.curated, Key="output", Body=b"other")
    with pytest.raises(TransientError, match="conditional writes"):
        put_published(world.curated, "output", path, "text/csv", known_etag=None, holds_lease=other_writes)


def test_is_refused_by_a_holder_that_wrote_between_its_check_and_its_put(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"stale")
    s3_client().put_object(Bucket=world.curated, Key="output", Body=b"before")
    answers = [False, True]

    def holds() -> bool:
        answer = answers.pop()
        if answer:
            s3_client().put_object(Bucket=world.curated, Key="output", Body=b"newer")
        return answer

    with pytest.raises(LeaseLostError):
        put_published(world.curated, "output", path, "text/csv", known_etag=None, holds_lease=holds)
    assert world.body(world.curated, "output") == b"newer"
