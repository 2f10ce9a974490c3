"""The lister as Glue runs it: a process of its own, on the emulator and a real PostgreSQL."""

import signal
import time
from typing import Any

import pytest

from jobs import ledger_lister
from tests.support.job import GLUE, REGION, finish_job, start_script
from tests.support.ledger import Books
from tests.support.raw_files import RawBucket
from tests.support.waiting import wait_for

SCRIPT = GLUE / "jobs" / "ledger_lister.py"
FILES = 20_000


@pytest.fixture
def at_ledger(books: Books, monkeypatch: pytest.MonkeyPatch) -> Books:
    """The ledger, which libpq's variables lead to."""
    for name, value in books.server.variables.items():
        monkeypatch.setenv(name, value)
    return books


def words(bucket: str, **changes: object) -> list[str]:
    arguments = {
        "JOB_NAME": "tributary-test-ledger-lister",
        "JOB_RUN_ID": "jr_1",
        "aws_region": REGION,
        "raw_bucket": bucket,
        "start_year": 2021,
        "recent_weeks": 0,
        "budget_minutes": 60,
        "ledger_host": "libpq",
        "ledger_port": 0,
        "ledger_database": "tributary",
        "ledger_authentication": "none",
        "ledger_secret_arn": "none",
        "ledger_tls": "disable",
        **changes,
    }
    return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]


def run_job(bucket: str) -> tuple[int, dict[str, Any]]:
    """Run the job to its end; its exit code, and its last line."""
    code, lines = finish_job(start_script(SCRIPT, words(bucket)))
    return code, lines[-1]


@pytest.mark.slow
@pytest.mark.usefixtures("emulator")
def test_registers_20_000_objects_also_after_it_was_ended_and_once_only(at_ledger: Books) -> None:
    bucket = RawBucket()
    history = [f"all_historical_files/{number:05}.json" for number in range(FILES // 2)]
    weeks = [f"2026/week{number % 53 + 1:02}/{number:05}.json" for number in range(FILES // 2)]
    bucket.put_many([*history, *weeks])

    with at_ledger.server.superuser() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE ledger.files IN SHARE MODE")
        job = start_script(SCRIPT, words(bucket.name))
        wait_for(at_ledger.waits_for_a_lock)
        job.send_signal(signal.SIGTERM)
    code, lines = finish_job(job)
    assert (code, lines[-1]["stopped"]) == (1, True)
    before = sum(at_ledger.statuses().values())
    assert 0 < before < FILES

    code, last = run_job(bucket.name)
    assert (code, last["registered"], last["folders"]) == (0, FILES - before, 55)
    assert FILES - before <= last["found"] <= FILES
    assert at_ledger.statuses() == {"PENDING": FILES}

    code, last = run_job(bucket.name)
    assert (code, last["found"], last["registered"]) == (0, FILES, 0)
    assert at_ledger.places() == {(1, FILES)}


@pytest.mark.usefixtures("emulator")
def test_succeeds_where_nothing_is_to_be_found(at_ledger: Books) -> None:
    assert ledger_lister.main(words(RawBucket().name)) == 0


@pytest.mark.usefixtures("emulator")
def test_lists_the_recent_weeks_alone_where_they_are_counted(at_ledger: Books) -> None:
    bucket = RawBucket()
    year, week, _ = time.strftime("%G %V %u", time.gmtime()).split()
    for folder in (f"{year}/week{week}", f"{int(year) - 1}/week{week}", "all_historical_files"):
        bucket.put(f"{folder}/a.json")
    assert ledger_lister.main(words(bucket.name, recent_weeks=2)) == 0
    assert {key for (key,) in at_ledger.rows("SELECT s3_key FROM ledger.files")} == {
        f"raw-json-data/{year}/week{week}/a.json",
        "raw-json-data/all_historical_files/a.json",
    }


@pytest.mark.usefixtures("emulator")
def test_registers_all_that_is_below_the_prefix_each_once(
    at_ledger: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = RawBucket()
    keys = [
        "2026/a.json",
        "2026/week54/a.json",
        "2026/weekly/b.csv",
        "all/a.json",
        "loose",
        "zz/a.ndjson.zst",
    ]
    weekly = ["2026/week05/a.json", "all_historical_files/deep/a.json"]
    smoke = "all_historical_files/smoke_ledger/a.ndjson"
    for key in [*keys, *weekly, smoke, "2020/week01/a.json", "marker/"]:
        bucket.put(key)
    assert ledger_lister.main(words(bucket.name)) == 0
    registered = dict(
        at_ledger.rows("SELECT s3_key, dataset FROM ledger.files JOIN ledger.queue USING (id, dataset)")
    )
    assert registered == {
        **{f"raw-json-data/{key}": "ml_events" for key in (*keys, *weekly)},
        f"raw-json-data/{smoke}": "smoke_ledger",
    }
    assert '"found": 9' in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.usefixtures("emulator")
def test_fails_where_the_bucket_cannot_be_listed(
    at_ledger: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger_lister.main(words("no-such-bucket")) == 1
    assert "NoSuchBucket" in capsys.readouterr().out


def test_names_all_wrong_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert ledger_lister.main(words("raw", start_year="MMXXI", ledger_tls="maybe")) == 2
    told = capsys.readouterr().out
    assert "--start_year" in told
    assert "--ledger_tls" in told
