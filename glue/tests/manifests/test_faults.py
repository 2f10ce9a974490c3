"""The job under kills, twins, late messages and broken files: no line is lost, doubled or made up."""

import gzip
import io
import json
import multiprocessing
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.control import admitted_columns
from tests.support.faults import Death, Steps, actor, intercepted, lose_answer
from tests.support.manifests import DATE, EVEN, ManifestWorld, lines
from tests.support.waiting import HANG_SECONDS
from tests.support.world import audited_rows, note_withdrawn
from tributary.kernels.file_limits import FileLimits
from tributary.kernels.output.growing_parquet import ParquetSettings
from tributary.kernels.output.source_columns import DATED_SOURCE_COLUMNS
from tributary.kernels.record_limits import RecordLimits
from tributary.manifests import conversion, work
from tributary.manifests.queue import ManifestQueue
from tributary.manifests.task import Committed, NotDone, Skipped
from tributary.objects.fetching import Unreadable
from tributary.objects.writes import put_generation
from tributary.running import clients
from tributary.running.clients import s3_client
from tributary.running.table_columns import TableColumns

# The test's own looks at the queue, and what goes by the clock.
ASIDE = frozenset({"GetQueueAttributes", "ChangeMessageVisibilityBatch", "GetItem"})
STEPS = [
    *("ReceiveMessage", "GET manifests", "HEAD curated"),
    *["GET raw"] * 4,
    "UpdateItem",
    *("PUT manifests", "GET manifests", "PUT quarantine", "PUT quarantine", "PUT quarantine"),
    *("PUT curated", "HEAD quarantine", "PUT curated", "PutEvents", "DeleteMessageBatch"),
]
CORRUPT = gzip.compress(lines({"id": "9"}) * 50)[:-5]


def dirty(world: ManifestWorld) -> str:
    """A manifest with good, broken, corrupt and gone files; return its key."""
    world.upload("good.ndjson.gz", gzip.compress(lines({"id": "1"}, {"id": "2", "more": 0.10})))
    world.upload("some.ndjson", lines({"id": "3"}, "[1]", "", {"id": "4"}, '{"a":1,"a":2}', end="\r\n"))
    world.upload("corrupt.ndjson.gz", CORRUPT)
    gone = world.upload("went.ndjson", lines({"id": "5"}))
    key = world.manifest()
    s3_client().delete_object(Bucket=world.raw, Key=world.key("went.ndjson"), VersionId=gone)
    return key


def assert_published(world: ManifestWorld, generation: int = 0) -> None:
    assert world.account() == EVEN
    assert [row["id"] for row in world.rows()] == ["1", "2", "3", "4"]
    assert world.receipt()["generation"] == generation
    assert [reason["reason"] for reason in world.reasons().values()] == ["broken-gzip"]
    assert [gone["key"] for gone in world.receipt()["gone"]] == [world.key("went.ndjson")]
    assert list(world.objects(world.quarantine).values()).count(CORRUPT) == 1
    world.assert_audited()


def short(name: str) -> str:
    """The method, and the kind of the bucket, of a request."""
    return name.split("-", 1)[0]


def run_as_first(at: int, at_step: Callable[[], None], run: Callable[[], None]) -> None:
    """Run, with `at_step` before the request number `at`."""
    token = actor.set("first")
    try:
        with intercepted(Steps(at, at_step)):
            run()
    finally:
        actor.reset(token)


def test_makes_the_calls_that_the_tests_below_break(world: ManifestWorld) -> None:
    world.send(dirty(world))
    names: list[str] = []

    def noting(name: str, request: Any, send: Any) -> Any:
        names.append(name)
        return send(request)

    with intercepted(noting):
        world.run()
    names = [name for name in names if name not in ASIDE]
    # Files are fetched while others are worked on.
    assert sorted(map(short, names)) == sorted(STEPS)
    assert short(names[0]) == STEPS[0]
    assert_published(world)


def killed_run(world: ManifestWorld, at: int, moment: str) -> None:
    # Or two processes would read from the parent's connections.
    for client in (clients.s3_client, clients.sqs_client, clients.dynamodb_client, clients.events_client):
        client().close()
    with intercepted(Death(at, moment, ASIDE)):
        world.run()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", range(1, len(STEPS) + 1))
def test_survives_a_kill_before_and_after_any_call(world: ManifestWorld, at: int, moment: str) -> None:
    key = dirty(world)
    world.send(key)
    child = multiprocessing.get_context("fork").Process(target=killed_run, args=(world, at, moment))
    child.start()
    child.join(HANG_SECONDS)
    assert child.exitcode == -signal.SIGKILL
    world.send(key)  # which is what the queue does when the message's time is up
    world.run()
    assert_published(world)
    assert world.processed()[-1]["manifest"] == key


def test_gets_a_message_back_from_a_killed_run(world: ManifestWorld) -> None:
    world.files(a=lines({"id": "1"}))
    assert len(ManifestQueue(world.queue, 1).receive(1, 1)) == 1
    world.wait_for_message()
    world.run()
    assert world.account() == EVEN


@pytest.mark.slow
@pytest.mark.parametrize("generation", [0, 1], ids=["a-twin", "a-higher-generation"])
# Before the look at what stands, the first file, and each write but the copies of a quarantined file.
@pytest.mark.parametrize("at", [2, 3, 7, 8, 9, 11, 12])
def test_agrees_with_another_job_that_does_all_before_any_call(
    world: ManifestWorld, at: int, generation: int
) -> None:
    """The first sleeps before a call; the other works to its end; then the call goes out."""
    key = dirty(world)
    answers: list[Any] = []
    run_as_first(
        at, lambda: answers.append(world.work(key, generation)), lambda: answers.append(world.work(key))
    )
    other, first = answers
    assert isinstance(other, Committed)
    assert isinstance(first, Skipped if generation else Committed)
    assert_published(world, generation)
    assert [standing_generation(world)] == [str(generation)]


def standing_generation(world: ManifestWorld) -> str:
    [key] = world.objects(world.curated, "tables/")
    return s3_client().head_object(Bucket=world.curated, Key=key)["Metadata"]["generation"]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["PUT", "GET", "HEAD", "PutEvents", "DeleteMessageBatch", "ReceiveMessage"])
def test_does_its_work_though_an_answer_was_lost(world: ManifestWorld, part: str) -> None:
    world.send(dirty(world))
    with intercepted(lose_answer(part)):
        world.run(visibility=1 if part == "ReceiveMessage" else 3600)
    if part == "ReceiveMessage":
        world.wait_for_message()
        world.run()
    assert_published(world)
    assert world.waiting() == (0, 0)


def test_announces_and_acknowledges_again_what_was_done_before(world: ManifestWorld) -> None:
    key = dirty(world)
    world.send(key)
    world.run()
    before = (
        world.versions(world.curated, "tables/"),
        world.versions(world.quarantine),
        world.versions(world.manifests),
    )
    world.send(key)
    world.run()
    now = (
        world.versions(world.curated, "tables/"),
        world.versions(world.quarantine),
        world.versions(world.manifests),
    )
    assert now == before
    assert [event["manifest"] for event in world.processed()] == [key, key]
    assert_published(world)


def test_replaces_under_a_higher_generation_and_skips_a_lower_one(world: ManifestWorld) -> None:
    key = dirty(world)
    for generation in (1, 2, 0):
        world.send(key, generation)
        world.run()
    assert_published(world, 2)
    assert [event["generation"] for event in world.processed()] == [1, 2]


def test_takes_dead_letters_back_that_a_higher_generation_does_not_have(world: ManifestWorld) -> None:
    bad = world.upload("bad.ndjson", lines({"id": "0"}, "{"))
    world.upload("good.ndjson", lines({"id": "1"}))
    key = world.manifest()
    assert isinstance(world.work(key), Committed)
    assert len(world.dead_letters()) == 1
    s3_client().delete_object(Bucket=world.raw, Key=world.key("bad.ndjson"), VersionId=bad)
    assert isinstance(world.work(key, 1), Committed)
    assert world.dead_letters() == []
    assert world.account() == EVEN


def test_tells_of_a_withdrawn_file_that_no_row_of_it_is_left(world: ManifestWorld) -> None:
    found = {name: world.upload(f"{name}.ndjson", lines({"id": name}, "{")) for name in ("a", "b", "c")}
    key = world.manifest()
    assert isinstance(world.work(key), Committed)
    note_withdrawn(world.quarantine, world.key("a.ndjson"), found["a"])
    for name in ("a", "b"):
        s3_client().delete_object(Bucket=world.raw, Key=world.key(f"{name}.ndjson"), VersionId=found[name])
    assert isinstance(world.work(key, 1), Committed)
    newest = {row["version"]: row for row in audited_rows(world.curated) if row["sequence"] == 1}
    assert [
        (newest[version]["status"], newest[version]["rows"], newest[version]["dead_letters"])
        for version in found.values()
    ] == [("withdrawn", 0, 0), ("gone", None, None), ("published", 1, 1)]


def test_lets_the_first_receipt_of_a_generation_decide(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that took a file for poison dies after its receipt; the next finds the file harmless."""
    world.upload("a.ndjson", lines({"id": "1"}, "["))
    world.upload("b.ndjson", lines({"id": "2"}, "]"))
    key = world.manifest()
    why = Unreadable("killed-worker", "it died")
    monkeypatch.setattr(work, "poison_files", lambda _, entries, *__: {entries[0]: why})
    with intercepted(lose_connection("PUT dead-letters")):
        assert isinstance(world.work(key, by_file=True), NotDone)
    assert isinstance(world.work(key), Committed)
    assert [row["id"] for row in world.rows()] == ["2"]
    assert [letter["raw_text"] for letter in world.dead_letters()] == ["]"]
    assert world.reasons()[world.key("a.ndjson")]["reason"] == "killed-worker"
    assert world.account() == EVEN


def test_keeps_the_reason_of_a_file_that_is_gone_before_it_is_quarantined(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt lists a poison file; the attempt dies, and the next one finds the version gone."""
    version = world.upload("a.ndjson", lines({"id": "1"}))
    world.upload("b.ndjson", lines({"id": "2"}))
    key = world.manifest()
    why = Unreadable("killed-worker", "it died")
    monkeypatch.setattr(work, "poison_files", lambda _, entries, *__: {entries[0]: why})
    with intercepted(lose_connection("PUT quarantine")):
        assert isinstance(world.work(key, by_file=True), NotDone)
    s3_client().delete_object(Bucket=world.raw, Key=world.key("a.ndjson"), VersionId=version)
    assert isinstance(world.work(key), Committed)
    assert world.reasons()[world.key("a.ndjson")]["reason"] == "killed-worker"
    assert world.account() == EVEN


@pytest.mark.parametrize("at", [7, 8])
def test_leaves_no_dead_letters_of_a_late_writer_beside_a_higher_generation_without_any(
    world: ManifestWorld, at: int
) -> None:
    """A file is gone under the higher generation; the lower one, which read it, comes before any call."""
    bad = world.upload("bad.ndjson", lines({"id": "0"}, "{"))
    world.upload("good.ndjson", lines({"id": "1"}))
    key = world.manifest()
    s3_client().delete_object(Bucket=world.raw, Key=world.key("bad.ndjson"), VersionId=bad)
    late = f"dead-letters/clicks/date={DATE}/{key[-37:-5]}.ndjson"

    def write_late() -> None:
        put_generation(world.quarantine, late, b'{"line":1}\n', "application/x-ndjson", 0)

    answers: list[Any] = []
    run_as_first(at, write_late, lambda: answers.append(world.work(key, 1)))
    assert isinstance(answers[0], Committed)
    assert world.dead_letters() == []
    assert world.account() == EVEN


def test_commits_nothing_whose_lines_come_out_otherwise_than_the_receipt_tells(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run ends after its dead letters stand; the next one, of a later version, refuses fewer lines."""
    world.upload("a.ndjson", lines({"id": "1"}, {"a": {"b": 1}}))
    key = world.manifest()
    strict = partial(conversion.convert, limits=RecordLimits(depth=1))
    with monkeypatch.context() as patch, intercepted(lose_connection("PUT tables")):
        patch.setattr(work, "convert", strict)
        assert isinstance(world.work(key), NotDone)
    assert len(world.dead_letters()) == 1
    answer = world.work(key)
    assert isinstance(answer, NotDone)
    assert (
        "tells of 1 rows (0 with _other), 1 dead letters, 5 columns, now there are 2 rows" in answer.message
    )
    assert answer.message.endswith("reprocess the manifest")
    assert world.objects(world.curated, "tables/") == {}
    assert isinstance(world.work(key, 1), Committed)
    assert world.account() == EVEN


def test_gives_keys_the_columns_that_the_first_receipt_of_a_generation_has(world: ManifestWorld) -> None:
    """What was admitted meanwhile, by the attempt that died or by others, moves no value."""
    many = {f"k{number:03}": number for number in range(102)}
    world.upload("a.ndjson", lines({"id": "1", **many}))
    world.upload("b.ndjson", lines({"id": "2", "k101": "own", "late": "x"}))
    world.upload("c.ndjson", lines({"id": "3", "k100": None, "late": "y"}))
    key = world.manifest()
    with intercepted(lose_connection("PUT tables")):
        assert isinstance(world.work(key), NotDone)
    receipt = world.receipt()
    assert receipt["new_columns"] == ["id", *list(many)[:99], "k101", "late"]
    TableColumns("clicks", world.columns).admit(["k099", "k100"])
    answer = world.work(key)
    assert isinstance(answer, Committed)
    assert answer.receipt == receipt
    rows = world.rows()
    assert [row["_other"] for row in rows] == ['{"k099":"99","k100":"100","k101":"101"}', None, None]
    assert [row["k101"] for row in rows] == [None, "own", None]
    assert (list(rows[0]), receipt["other_rows"]) == (receipt["columns"], 1)
    assert admitted_columns(world.control, "clicks") == {*receipt["new_columns"], "k099", "k100"}


def test_follows_a_receipt_of_an_earlier_release(world: ManifestWorld) -> None:
    """Which had no cap, and told no new columns."""
    world.upload("a.ndjson", lines({"id": "1", **{f"k{number}": number for number in range(700)}}))
    key = world.manifest()
    with intercepted(lose_connection("PUT tables")):
        assert isinstance(world.work(key), NotDone)
    receipt = {**world.receipt()}
    del receipt["new_columns"], receipt["other_rows"]
    names = ["id", *(f"k{number}" for number in range(700))]
    receipt["columns"] = [*DATED_SOURCE_COLUMNS.names, *names]
    receipt_key = f"receipts/{key.removeprefix('manifests/')}"
    s3_client().put_object(
        Bucket=world.manifests,
        Key=receipt_key,
        Body=json.dumps(receipt).encode(),
        Metadata={"generation": "0"},
    )
    world.send(key)
    world.run()
    [row] = world.rows()
    assert list(row) == receipt["columns"]


def lose_connection(part: str) -> Any:
    def interceptor(name: str, request: Any, send: Any) -> Any:
        if part in f"{name.split(' ', maxsplit=1)[0]} {name.partition('/')[2]}":
            raise OSError("no network")
        return send(request)

    return interceptor


def test_publishes_nothing_that_the_receipt_does_not_tell(world: ManifestWorld) -> None:
    """A version that the receipt counts is deleted before the commit: only a higher generation helps."""
    version = world.upload("a.ndjson", lines({"id": "1"}))
    world.upload("b.ndjson", lines({"id": "2"}))
    key = world.manifest()
    with intercepted(lose_connection("PUT tables")):
        assert isinstance(world.work(key), NotDone)
    s3_client().delete_object(Bucket=world.raw, Key=world.key("a.ndjson"), VersionId=version)
    answer = world.work(key)
    assert isinstance(answer, NotDone)
    assert "reprocess the manifest" in answer.message
    assert world.objects(world.curated, "tables/") == {}
    assert isinstance(world.work(key, 1), Committed)
    assert world.account() == EVEN


def test_keeps_a_key_that_comes_in_the_last_file_with_the_same_bytes_each_time(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "ParquetSettings", partial(ParquetSettings, row_group_bytes=200))
    for number in range(5):
        world.upload(f"{number}.ndjson", lines(*({"id": f"{number}-{line}"} for line in range(20))))
    world.upload("last.ndjson", lines({"id": "x", "new": True}))
    key = world.manifest()
    bodies = []
    for _ in range(2):
        assert isinstance(world.work(key), Committed)
        [(name, body)] = world.objects(world.curated, "tables/").items()
        bodies.append(body)
        s3_client().delete_object(Bucket=world.curated, Key=name)
    assert bodies[0] == bodies[1]
    table = pq.read_table(io.BytesIO(bodies[0]))
    assert table["new"].to_pylist() == [None] * 100 + ["true"]
    assert table["id"].null_count == 0


def test_publishes_nothing_on_a_full_disk(world: ManifestWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    key = world.files(a=lines({"id": "1"}))

    class FullDisk(tempfile.TemporaryDirectory[str]):
        def __enter__(self) -> str:
            (Path(self.name) / "rows.parquet.part-0").symlink_to("/dev/full")
            return super().__enter__()

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", FullDisk)
        answer = world.work(key)
        world.run()
    assert isinstance(answer, NotDone)
    assert "No space left on device" in answer.message
    assert (world.objects(world.curated, "tables/"), world.objects(world.manifests, "receipts/")) == ({}, {})
    assert world.waiting() == (0, 1)
    world.send(key)
    world.run()
    assert world.account() == EVEN


BOMB = bytes(pa.compress(bytes(2 << 20), codec="zstd", asbytes=True))
FEW = FileLimits(dead_letters=5, ratio=50, ratio_from_bytes=1 << 20)


@pytest.mark.parametrize(
    "hostile", [b"x\n" * 6, lines({"id": "h"}) * 140_000 + b"x\n" * 6], ids=["-", "rows"]
)
def test_publishes_all_but_what_is_beyond_the_limits_of_a_file(world: ManifestWorld, hostile: bytes) -> None:
    """With rows before, which are written when the file is found out, the manifest is converted again."""
    for name in ("a", "m", "z"):
        world.upload(f"{name}.ndjson", lines({"id": name}, "["))
    world.upload("bomb.ndjson.zst", BOMB)
    for name in ("flood-1", "flood-2"):
        world.upload(f"{name}.ndjson", hostile)
    key = world.manifest()
    for generation in (0, 1):
        reads: list[str] = []

        def noting(name: str, request: Any, send: Any, reads: list[str] = reads) -> Any:
            reads.extend([name] if name.startswith("GET raw") else [])
            return send(request)

        with intercepted(noting):
            answer = work.work_on_manifest(replace(world.task(key, generation), file_limits=FEW))
        assert isinstance(answer, Committed)
        again = 3 if len(hostile) > 100 else 0
        assert len(reads) == 6 + again, "once, and where it must be once more, whatever their number"
        assert {key: reason["reason"] for key, reason in world.reasons().items()} == {
            world.key("bomb.ndjson.zst"): "decompressed-too-large",
            world.key("flood-1.ndjson"): "too-many-dead-letters",
            world.key("flood-2.ndjson"): "too-many-dead-letters",
        }
        assert sorted(row["id"] for row in world.rows()) == ["a", "m", "z"]
        assert world.account() == EVEN
    # A twin under other limits does as the receipt says.
    [(name, published)] = world.objects(world.curated, "tables/").items()
    s3_client().delete_object(Bucket=world.curated, Key=name)
    assert isinstance(world.work(key, 1), Committed)
    assert world.objects(world.curated, "tables/") == {name: published}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "nope"}, "invalid-manifest"),
        ({"total_bytes": -1}, "invalid-manifest"),
        ({"dataset": "customers"}, "invalid-manifest"),
        ({"extra": 1}, "invalid-manifest"),
    ],
)
def test_leaves_a_manifest_that_breaks_its_schema_to_the_dead_letter_queue(
    world: ManifestWorld, change: dict[str, object], said: str
) -> None:
    world.upload("a.ndjson", lines({"id": "1"}))
    good = world.manifest()
    key = world.manifest(**change)
    s3_client().copy_object(
        Bucket=world.manifests, Key=good, CopySource={"Bucket": world.manifests, "Key": key}
    )
    answer = world.work(good)
    assert isinstance(answer, NotDone)
    assert answer.reason == said
    assert world.objects(world.curated, "tables/") == {}


def test_leaves_an_output_that_one_request_cannot_carry_to_the_dead_letter_queue(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tributary.objects.writes._SINGLE_REQUEST_BYTES", 1000)
    world.files(a=lines(*({"id": str(number)} for number in range(1000))))
    world.run()
    assert world.objects(world.curated, "tables/") == {}
    assert world.waiting() == (0, 1)


def test_acknowledges_a_fence_without_output(world: ManifestWorld) -> None:
    world.upload("a.ndjson", b"{}\n")
    key = world.manifest(entries=[], total_bytes=0)
    world.send(key)
    world.run()
    assert (world.objects(world.curated, "tables/"), world.objects(world.manifests, "receipts/")) == ({}, {})
    assert (world.waiting(), world.processed()) == ((0, 0), [])
