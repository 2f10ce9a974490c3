"""The batch job under kills, zombies, lost answers and crashes: no line is lost, doubled or made up."""

import gzip
import multiprocessing
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from tests.support.batches import FOLDER, SCRIPT, BatchWorld, event
from tests.support.faults import Death, intercepted, lose_answer
from tests.support.job import finish_job, start_script
from tests.support.manifests import lines
from tests.support.waiting import HANG_SECONDS
from tests.support.watched import Interruption, WatchedLedger
from tributary.running import clients

CALLS = [
    *("remember_version", "remember_version", "take_over", "new_batch", "batch_files", "version_texts"),
    *["GET raw"] * 3,
    *["PUT curated"] * 4,
    *("PUT quarantine", "PUT quarantine", "leave", "commit"),
    *["GET curated"] * 3,
    *("PUT curated", "PUT curated", "PUT quarantine", "finish", "PutEvents"),
    *("audit", "GET curated", "PUT curated"),
    *("PUT raw", "PUT raw", "POST raw", "archived", "take_over", "new_batch"),
]
BROKEN = "c.json.gz"
Send = Callable[[Any], Any]


def upload_batch(world: BatchWorld, number: int = 0) -> None:
    """A good file of two days, one with a broken line, and one that cannot be read."""
    first = number * 10
    world.upload(f"{number}/a.json", lines(event(first), event(first + 1, day=2)))
    world.upload(f"{number}/b.json", lines("{broken", event(first + 2)))
    world.upload(f"{number}/{BROKEN}", gzip.compress(lines(event(first + 3)) * 50)[:-5])


def run_with(world: BatchWorld, interceptor: Any, **changes: Any) -> bool:
    """A run of the job whose every call to S3 and to the ledger passes the interceptor."""
    ledger = WatchedLedger(world.books.server.settings("ledger_batch"), interceptor)
    settings = world.settings(files=3, **changes)
    with intercepted(interceptor):
        return world.run(ledger=ledger, settings=settings)


def assert_exact(world: BatchWorld, batches: int = 1) -> None:
    """Each line of the readable files came out once, and the ledger says so, too."""
    world.assert_exact(*(f"{number}/{BROKEN}" for number in range(batches)))
    outcomes = {"SUCCEEDED": batches, "PARTIAL": batches, "QUARANTINED": batches}
    assert world.books.statuses() == outcomes
    assert world.books.places() == {(1, 3 * batches)}
    world.assert_audited()
    assert {key for key, _ in world.raw_versions()} == {
        f"{FOLDER}{number}/{BROKEN}" for number in range(batches)
    }


def short(name: str) -> str:
    """The method, and the kind of the bucket, of a request."""
    return name.split("-", 1)[0]


def test_makes_the_calls_that_the_tests_below_break(batches: BatchWorld) -> None:
    upload_batch(batches)
    names: list[str] = []

    def noting(name: str, request: Any, send: Send) -> Any:
        names.append(short(name))
        return send(request)

    assert run_with(batches, noting)
    # Files are fetched, and objects written, several at once.
    assert sorted(names) == sorted(CALLS)
    assert_exact(batches)


def killed_run(world: BatchWorld, at: int, moment: str) -> None:
    # Or two processes would read from the parent's connections.
    for client in (clients.s3_client, clients.sqs_client, clients.events_client):
        client().close()
    run_with(world, Death(at, moment, frozenset()))


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_survives_a_kill_before_and_after_each_call(batches: BatchWorld, moment: str) -> None:
    """Each kill leaves a batch under a lease, or files in the queue; one more run does all of it."""
    for at in range(1, len(CALLS) + 1):
        upload_batch(batches, at - 1)
        child = multiprocessing.get_context("fork").Process(target=killed_run, args=(batches, at, moment))
        child.start()
        child.join(HANG_SECONDS)
        assert child.exitcode == -signal.SIGKILL, at
    assert batches.take_over()
    assert_exact(batches, len(CALLS))
    told = {(one["batch"], one["token"]) for one in batches.announced()}
    assert told == set(batches.batches("id", "(counts->>'token')::integer"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "at",
    [
        *("batch_files", "GET raw", "PUT curated", "PUT quarantine", "leave", "commit"),
        *("GET curated", "PUT quarantine-{name}/error-data-lake", "PUT curated-{name}/tables", "finish"),
        *("PutEvents", "PUT raw", "POST raw", "archived"),
    ],
)
def test_leaves_what_a_zombie_finds_when_it_wakes_after_its_lease(batches: BatchWorld, at: str) -> None:
    upload_batch(batches)
    before: list[dict[str, bytes]] = []

    def overtake() -> None:
        assert batches.take_over()
        before.append({**batches.published(), **batches.objects(batches.quarantine)})

    place = at.format(name=batches.raw.removeprefix("raw-"))
    zombie = Interruption(place, overtake)
    assert run_with(batches, zombie)
    assert zombie.acted
    assert {**batches.published(), **batches.objects(batches.quarantine)}.keys() == before[0].keys()
    assert_exact(batches)
    assert {one["token"] for one in batches.announced()} == {
        token for (token,) in batches.batches("(counts->>'token')::integer")
    }


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_finds_the_ledger_again_after_a_crash_around_the_commit(batches: BatchWorld, moment: str) -> None:
    upload_batch(batches)
    assert run_with(batches, Interruption("commit", batches.books.server.crash, moment))
    batches.books.superuser = batches.books.server.superuser()
    assert_exact(batches)


@pytest.mark.slow
def test_commits_though_the_server_falls_in_mid_commit(batches: BatchWorld) -> None:
    """The commit waits for a row that another session holds, and the server falls under both."""
    upload_batch(batches)
    server = batches.books.server
    blocker = server.superuser()

    def block() -> None:
        blocker.execute("BEGIN")
        blocker.execute("SELECT FROM ledger.batches FOR UPDATE")
        threading.Thread(target=crash_when_blocked).start()

    def crash_when_blocked() -> None:
        with server.superuser() as looking:
            while not looking.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                threading.Event().wait(0.02)
        server.crash()

    assert run_with(batches, Interruption("commit", block))
    blocker.close()
    batches.books.superuser = server.superuser()
    assert_exact(batches)


@pytest.mark.slow
@pytest.mark.parametrize("at", sorted({name for name in CALLS if " " in name} | {"PutEvents"}))
def test_holds_when_the_answer_to_a_call_is_lost(batches: BatchWorld, at: str) -> None:
    upload_batch(batches)
    lose = lose_answer(at)
    assert run_with(
        batches, lambda name, request, send: lose(name, request, send) if request else send(request)
    )
    assert_exact(batches)


@pytest.mark.slow
def test_holds_while_s3_asks_to_slow_down(batches: BatchWorld) -> None:
    """Every third request is refused, whatever it is."""
    upload_batch(batches)
    requests = iter(range(10_000))

    def refusing(name: str, request: Any, send: Send) -> Any:
        if request is None or next(requests) % 3:
            return send(request)
        body = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
        answer = AWSResponse(request.url, 503, {}, None)
        answer._content = body
        return answer

    while not run_with(batches, refusing):
        batches.books.expire()
    assert_exact(batches)


@pytest.mark.slow
@pytest.mark.parametrize("at", ["GET raw", "commit", "finish", "PUT raw", "POST raw", "archived"])
def test_takes_a_newer_upload_for_work_of_its_own(batches: BatchWorld, at: str) -> None:
    """It comes while its predecessor is processed, or moved."""
    upload_batch(batches)
    newer: list[str] = []

    def replace_file() -> None:
        newer.append(batches.upload("0/a.json", lines(event(90)), register=False))

    assert run_with(batches, Interruption(at, replace_file))
    key = f"{FOLDER}0/a.json"
    assert (key, newer[0]) in batches.raw_versions()
    assert not any(row["record_id"] == "r90" for row in batches.rows())
    batches.register(key, newer[0])
    assert batches.run()
    batches.assert_exact(f"0/{BROKEN}")
    assert batches.books.statuses() == {"SUCCEEDED": 2, "PARTIAL": 1, "QUARANTINED": 1}


@pytest.mark.slow
def test_survives_kills_of_the_real_job(batches: BatchWorld) -> None:
    """The script with its worker processes, killed as soon as its log tells of a step."""
    steps = ["claimed", "committed", "published", "archived"]
    for number, step in enumerate(steps):
        upload_batch(batches, number)
        job = start_script(SCRIPT, batches.arguments(f"jr_{number}", batch_files=3, lease_seconds=600))
        assert job.stdout is not None
        for line in job.stdout:
            if f'"event": "{step}"' in line:
                job.kill()
                break
        job.communicate()
    batches.books.expire()
    code, log = finish_job(start_script(SCRIPT, batches.arguments("jr_last", batch_files=3)))
    assert code == 0, log
    assert_exact(batches, len(steps))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "reason", "cause"),
    [
        ("kill", "killed-worker", "was ended by SIGKILL"),
        ("stuck", "too-slow", "a file has 120 s, and one more for each 4000000 bytes"),
    ],
)
def test_lets_a_file_fall_alone_that_kills_its_worker_or_never_ends(
    batches: BatchWorld, fault: str, reason: str, cause: str
) -> None:
    name = f"15-{fault}.json"
    for number in range(30):
        batches.upload(f"{number:02}.json", lines(event(number)))
    batches.upload(name, lines(event(999)))
    job = start_script(SCRIPT, batches.arguments(batch_files=500), faults=fault)
    code, log = finish_job(job)
    assert code == 0, log
    assert [line["kills"] for line in log if line["event"] == "worker killed"] == [1, 2]
    assert batches.reasons() == {f"{FOLDER}{name}": reason}
    [(told,)] = batches.books.rows("SELECT last_error FROM ledger.file_errors")
    assert cause in told
    assert batches.books.statuses() == {"SUCCEEDED": 30, "QUARANTINED": 1}
    batches.assert_exact(name)
