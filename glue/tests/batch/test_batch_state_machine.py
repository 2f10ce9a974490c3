"""What becomes of batches over several attempts, replays, modes and ends of the job."""

import json
import signal
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.batches import FOLDER, SCRIPT, BatchWorld, event
from tests.support.control import admitted_columns
from tests.support.faults import intercepted
from tests.support.job import finish_job, start_script
from tests.support.manifests import lines
from tests.support.waiting import wait_for
from tests.support.watched import Interruption
from tests.support.world import InlineEngine, audited_rows, note_withdrawn
from tributary.batch import transforming
from tributary.batch.names import archived_key
from tributary.batch.versions import parsed
from tributary.errors import TooSlowError
from tributary.kernels.file_limits import FileLimits
from tributary.objects.fetching import Unreadable
from tributary.running.clients import s3_client
from tributary.running.table_columns import ColumnCap
from tributary.running.time_limit import TimeLimit

MODE = "ml_mode,\n"


def changed(world: BatchWorld, old: str, new: str) -> None:
    """Deploy another SQL file from now on."""
    assert old in world.version.transform
    other = replace(world.version, transform=world.version.transform.replace(old, new, 1))
    world.version = replace(other, version=parsed(other).version)


def broken_run(world: BatchWorld, at: str) -> bool:
    """A run in which S3 denies every call whose name begins so."""

    def denying(name: str, request: Any, send: Any) -> Any:
        if name.startswith(at):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, at)
        return send(request)

    world.books.expire()
    with intercepted(denying):
        return world.run()


def test_retries_a_batch_under_the_version_that_it_began_with(batches: BatchWorld) -> None:
    batches.upload("a.json", lines(event(1)))
    assert not broken_run(batches, "PUT curated")
    assert batches.batches("state", "attempts") == [("WAITING", 1)]
    changed(batches, MODE, "ml_mode || '-new' AS ml_mode,\n")
    batches.upload("b.json", lines(event(2)))
    assert batches.take_over()
    assert {row["record_id"]: row["ml_mode"] for row in batches.rows()} == {"r1": "train", "r2": "train-new"}
    batches.assert_exact()


def test_tries_a_batch_so_often_and_no_more(batches: BatchWorld) -> None:
    batches.upload("a.json", lines(event(1)))
    assert [broken_run(batches, "GET raw") for _ in range(6)] == [False] * 5 + [True]
    assert batches.batches("state", "attempts") == [("FAILED", 5)]
    assert "AccessDenied" in batches.batches("last_error")[0][0]
    assert batches.rows() == []


@pytest.mark.parametrize("at", ["PUT curated", "PutEvents", "PUT raw"])
def test_goes_on_where_an_attempt_failed(batches: BatchWorld, at: str) -> None:
    batches.upload("a.json", lines(event(1), "[]"))
    assert not broken_run(batches, at)
    assert batches.run()
    assert batches.batches("archived_at IS NOT NULL") == [(False,)]
    assert batches.take_over()
    batches.assert_exact()
    assert batches.batches("archived_at IS NOT NULL") == [(True,)]


def test_replaces_what_a_replay_makes_anew(batches: BatchWorld) -> None:
    batches.upload("a.json", lines(event(1), event(2, day=2), event(3, day=3)))
    assert batches.run()
    before = batches.published()
    changed(batches, "strftime(event_time_utc, '%d') AS day", "'01' AS day")
    assert batches.books.replay() == 1
    assert batches.run()
    assert len(before) == 3
    assert [key.split("/")[-3] for key in batches.published()] == ["day=01"]
    assert batches.raw_versions() == set()
    batches.assert_exact()
    first, second = (told["token"] for told in batches.announced())
    assert first < second


def test_tells_columns_that_no_single_event_can_carry(batches: BatchWorld) -> None:
    names = [f"k{number:04}{'n' * 240}" for number in range(1000)]
    for file in range(5):
        share = names[200 * file : 200 * (file + 1)]
        batches.upload(f"{file}.json", lines({**event(file), **dict.fromkeys(share, "v")}))
    settings = batches.settings()
    columns = ColumnCap(batches.control, 1000)
    transform = replace(settings.batch.transform, columns=columns)
    assert batches.run(settings=replace(settings, batch=replace(settings.batch, transform=transform)))
    told = batches.announced()
    assert sorted(name for one in told for name in one["columns"]) == names
    assert len(told) == 2
    assert len({(one["batch"], one["token"]) for one in told}) == 1
    assert admitted_columns(batches.control, "ml_events") == set(names)


def test_keeps_a_file_of_many_keys_from_its_batch_and_its_table(batches: BatchWorld) -> None:
    """Also from a second attempt: what the first one admitted, which died before it published, is used."""
    many = {f"k{number}": f"{number}.10" for number in range(9_990)}
    batches.upload("a.json", lines(event(1, **many)))
    batches.upload("b.json", lines(event(2, sessionId="s"), event(3, sessionId="t")))
    assert not broken_run(batches, "PUT curated")
    admitted = admitted_columns(batches.control, "ml_events")
    assert len(admitted) == 101
    assert batches.take_over()
    batches.assert_exact()
    assert batches.dead_letters() == []
    rows = {row["record_id"]: row for row in batches.rows()}
    columns = {name for name, value in rows["r1"].items() if name.startswith("k") and value is not None}
    others = json.loads(rows["r1"]["_other"])
    assert (len(columns), {**others, **{name: rows["r1"][name] for name in columns}}) == (200, many)
    assert [(rows[name]["session__id"], rows[name]["_other"]) for name in ("r2", "r3")] == [
        ("s", None),
        ("t", None),
    ]
    [detail] = batches.announced()
    assert (detail["other_rows"], len(detail["columns"])) == (1, 201)
    assert set(detail["columns"]) == admitted_columns(batches.control, "ml_events")


@pytest.mark.slow
def test_lets_a_file_fall_alone_for_which_the_sql_fails(batches: BatchWorld) -> None:
    """As it does for arrays of millions of objects, for which DuckDB has too little memory."""
    changed(batches, MODE, "CASE WHEN app_version = 'bad' THEN error('no') ELSE ml_mode END AS ml_mode,\n")
    for name in ("a", "y", "z"):
        batches.upload(f"{name}.json", lines(event(1), "["))
    batches.upload("bad.json", lines(event(2), event(3, metadata={"app_version": "bad"})))
    assert batches.run()
    assert batches.reasons() == {f"{FOLDER}bad.json": "transform-failed"}
    assert batches.books.statuses() == {"PARTIAL": 3, "QUARANTINED": 1}
    assert batches.batches("attempts", "state") == [(1, "PARTIAL")]
    batches.assert_exact("bad.json")


def test_lets_files_that_passed_alone_take_their_time_together(
    batches: BatchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or forty files, each just within its time, would end each attempt at their batch, and none is to blame.

    The first two attempts are ended here as by the limit.
    """
    seconds: list[float] = []

    class Noted(TimeLimit):
        def __init__(self, limit: float) -> None:
            seconds.append(limit)
            super().__init__(limit)

    class EndedByTheLimit(InlineEngine):
        def submit(self, work: Any, task: Any) -> Any:
            future = super().submit(work, task)
            if len(seconds) <= 2:
                future = Future()
                future.set_exception(TooSlowError("ended"))
            return future

    monkeypatch.setattr(transforming, "TimeLimit", Noted)
    monkeypatch.setattr(transforming, "poison_files", lambda *_: {})
    for number in range(3):
        batches.upload(f"{number}.json", lines(event(number)))
    assert batches.run(EndedByTheLimit())
    assert seconds == [120, 120, 360]


def test_takes_back_what_a_zombie_publishes_after_a_replay(batches: BatchWorld) -> None:
    """It sleeps before a write, while others publish the batch, replay it and publish fewer names."""
    batches.upload("a.json", lines(event(1), event(2, day=2), event(3, day=3)))
    overtaken: list[dict[str, bytes]] = []

    def overtake() -> None:
        assert batches.take_over()
        changed(batches, "strftime(event_time_utc, '%d') AS day", "'01' AS day")
        assert batches.books.replay() == 1
        assert batches.run()
        overtaken.append(batches.published())

    sleeping = Interruption(
        f"PUT {batches.curated}/tables/ml_events/year%3D2026/month%3D02/day%3D02", overtake
    )
    with intercepted(sleeping):
        assert batches.run()
    assert sleeping.acted
    assert batches.published() == overtaken[0]
    batches.assert_exact()


def test_quarantines_in_a_replay_what_is_gone_by_then(batches: BatchWorld) -> None:
    version = batches.upload("a.json", lines(event(1)))
    batches.upload("b.json", lines(event(2)))
    assert batches.run()
    s3_client().delete_object(
        Bucket=batches.raw, Key=archived_key(f"{FOLDER}a.json", version, "raw-json-data/")
    )
    batches.books.replay()
    assert batches.run()
    assert [row["record_id"] for row in batches.rows()] == ["r2"]
    assert batches.reasons() == {f"{FOLDER}a.json": "source-gone"}
    assert batches.books.statuses() == {"SUCCEEDED": 1, "QUARANTINED": 1}


def test_tells_of_a_withdrawn_file_that_no_row_of_it_is_left(batches: BatchWorld) -> None:
    """Its last row tells so; of one that is gone for another reason, that it is quarantined."""
    found = {
        name: batches.upload(name, lines(event(number), "{broken"))
        for number, name in enumerate(("a.json", "b.json", "c.json"))
    }
    assert batches.run()
    note_withdrawn(batches.quarantine, f"{FOLDER}a.json", found["a.json"])
    for name in ("a.json", "b.json"):
        archived = archived_key(f"{FOLDER}{name}", found[name], "raw-json-data/")
        s3_client().delete_object(Bucket=batches.raw, Key=archived)
    batches.books.replay()
    assert batches.run()
    rows = sorted(audited_rows(batches.curated), key=lambda row: row["sequence"])
    newest = {row["version"]: (row["status"], row["rows"], row["dead_letters"]) for row in rows}
    assert [newest[version] for version in found.values()] == [
        ("withdrawn", 0, 0),
        ("quarantined", None, None),
        ("published", 1, 1),
    ]


def test_tags_raw_files_instead_of_moving_them(batches: BatchWorld) -> None:
    version = batches.upload("a.json", lines(event(1)))
    newer = batches.upload("a.json", lines(event(2)), register=False)
    assert batches.run(settings=batches.archiving("tag"))
    key = f"{FOLDER}a.json"
    tags = [
        s3_client().get_object_tagging(Bucket=batches.raw, Key=key, VersionId=one)["TagSet"]
        for one in (version, newer)
    ]
    assert tags == [[{"Key": "tributary", "Value": "processed"}], []]
    assert batches.raw_versions() == {(key, version), (key, newer)}
    assert batches.objects(batches.raw, "raw-json-data-processed/") == {}


def test_reads_every_form_and_several_versions_of_a_name(batches: BatchWorld) -> None:
    batches.upload("a.json", b"{\n" + lines(event(1))[1:])
    batches.upload("a.json", b"[" + lines(event(2))[:-1] + b"," + lines(event(3))[:-1] + b"]")
    batches.upload("a.json", lines(event(4), event(5)))
    assert batches.run()
    places = {row["record_id"]: (row["source_line"], row["source_version"]) for row in batches.rows()}
    assert {name: line for name, (line, _) in places.items()} == {"r1": 1, "r2": 1, "r3": 2, "r4": 1, "r5": 2}
    assert {version for _, version in places.values()} == {version for _, version in batches.uploaded}


def test_looks_for_the_poison_file_once_two_leases_expired(
    batches: BatchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches.upload("a.json", lines(event(1)))
    batches.upload("b.json", lines(event(2)))
    assert not broken_run(batches, "GET raw")
    asked: list[int] = []

    def first_of(files: Any, *_: Any) -> dict[Any, Unreadable]:
        asked.append(len(files))
        return {files[0]: Unreadable("killed-worker", "it died")}

    monkeypatch.setattr(transforming, "poison_files", first_of)
    batches.books.superuser.execute("UPDATE ledger.batches SET lapsed_leases = 2")
    assert batches.take_over()
    assert (asked, batches.reasons()) == ([2], {f"{FOLDER}a.json": "killed-worker"})
    assert [row["record_id"] for row in batches.rows()] == ["r2"]


def test_claims_nothing_once_its_time_is_up(batches: BatchWorld) -> None:
    batches.upload("a.json", lines(event(1)))
    assert batches.run(settings=replace(batches.settings(), budget_seconds=0))
    assert batches.books.statuses() == {"PENDING": 1}


@pytest.mark.slow
def test_works_on_several_batches_at_once_until_none_is_left(batches: BatchWorld) -> None:
    for number in range(7):
        batches.upload(f"{number}.json", lines(event(number)))
    code, log = finish_job(start_script(SCRIPT, batches.arguments(batch_files=2)))
    assert code == 0, log
    assert log[-2]["why"] == "nothing to claim"
    assert [line["files"] for line in log if line["event"] == "claimed"] == [2, 2, 2, 1]
    assert batches.books.statuses() == {"SUCCEEDED": 7}
    batches.assert_exact()
    code, log = finish_job(start_script(SCRIPT, batches.arguments("jr_2")))
    assert (code, [line["event"] for line in log]) == (0, ["started", "finished", "used"])
    code, log = finish_job(start_script(SCRIPT, batches.arguments(slots="many", archive="burn")))
    assert code == 2
    assert all(name in log[0]["cause"] for name in ("--slots", "--archive"))


@pytest.mark.slow
def test_gives_back_what_is_in_work_at_a_signal(batches: BatchWorld, tmp_path: Path) -> None:
    batches.upload("hang.json", lines(event(1)))
    job = start_script(SCRIPT, batches.arguments(slots=1), faults=f"hang:{tmp_path / 'hangs'}")
    wait_for((tmp_path / "hangs").exists)
    job.send_signal(signal.SIGTERM)
    code, log = finish_job(job)
    assert (code, log[-2]["why"], log[-2]["released"]) == (1, "signal", 1)
    assert batches.batches("state", "attempts", "last_error") == [("WAITING", 0, None)]
    assert batches.books.statuses() == {"PENDING": 1}


@pytest.mark.parametrize(
    ("first", "bad", "again"),
    [(0, b"x\n", 0), (3, b"x\n", 0), (3, lines(event(0, payload=1)), 5)],
    ids=["-", "lines", "values"],
)
def test_publishes_all_but_what_is_beyond_the_limits_of_a_file(
    batches: BatchWorld, first: int, bad: bytes, again: int
) -> None:
    """Bad lines are told before rows beside them go on, bad values after: then the batch is made again."""
    hostile = [f"{number}-flood.json" for number in (1, 3)]
    for number in range(5):
        batches.upload(f"{number}.json", lines(event(number), "["))
    for name in hostile:
        batches.upload(name, lines(*(event(100 + number) for number in range(first))) + bad * 6)
    settings = batches.settings()
    transform = replace(settings.batch.transform, file_limits=FileLimits(dead_letters=5))
    reads: list[str] = []

    def noting(name: str, request: Any, send: Any) -> Any:
        reads.extend([name] if name.startswith("GET raw") else [])
        return send(request)

    with intercepted(noting):
        assert batches.run(settings=replace(settings, batch=replace(settings.batch, transform=transform)))
    assert len(reads) == 7 + again, "once, and where it must be once more, whatever their number"
    assert batches.reasons() == {f"{FOLDER}{name}": "too-many-dead-letters" for name in hostile}
    assert batches.books.statuses() == {"PARTIAL": 5, "QUARANTINED": 2}
    assert sorted(row["record_id"] for row in batches.rows()) == [f"r{number}" for number in range(5)]
    batches.assert_exact(*hostile)
