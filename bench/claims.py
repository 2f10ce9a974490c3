"""`npm run bench -- claims`: rates of the ledger on the local PostgreSQL, fsync on, beside finished rows.

Each worker is a process with a connection of its own that claims batches of 10,000 until nothing is left.
With each number of workers: before, again after a million further claims, and while a snapshot is held that
was opened when the queue was full. The server has the same cores as the workers. Beside it the lister's rate
over new and known keys.
"""

import argparse
import json
import math
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from typing import Any

from bench.measuring import machine, measured_on, positive, several, table, versions
from tests.support.postgres import Server, running_postgres
from tributary.ledger.claims import ClaimRules, new_batch
from tributary.ledger.connection import Connection, LedgerConnection, LedgerSettings
from tributary.ledger.files import FoundFile, register_files

_BATCH = 10_000
_VERSIONS = {"ml_events": "bench"}
_RULES = ClaimRules(files=_BATCH, bytes=1 << 60, lease_seconds=86_400)
_MINIMUM_CLAIMS_A_SECOND = 150_000
_MINIMUM_REGISTERED_A_SECOND = 20_000
_MAXIMUM_AFTER = 1.5
_MAXIMUM_HELD = 2.0
_HEADS = ("what", "workers", "rows", "s", "rows/s", "p50 ms", "p99 ms", "of before")
_WEEK = "lpad((n / 20000)::text, 4, '0')"
_KEY = f"format('raw-json-data/2025/week%%s/part-%%s.json', {_WEEK}, lpad(n::text, 12, '0'))"

# The files of a bench with the status that they would have, each statement at most a million rows.
_ADD_FILES = f"""
INSERT INTO ledger.files (bucket, s3_key, version_id, size, last_modified, dataset)
SELECT 'acme-dev-tributary-raw', {_KEY}, left(md5(n::text), 32), 10000, now(), 'ml_events'
FROM generate_series(%s::bigint, %s::bigint) AS n
"""  # noqa: S608 the program's own text
_ADD_FINISHED = f"""
WITH added AS ({_ADD_FILES} RETURNING id), numbered AS (
  SELECT id, (row_number() OVER (ORDER BY id) - 1) / {_BATCH} AS part FROM added
), batch AS (
  INSERT INTO ledger.batches (state, dataset, dataset_version, owner, is_held, available_at, file_ids, bytes,
    committed_at, finished_at, archived_at, objects, counts, position_available_at, position_id)
  SELECT 'SUCCEEDED', 'ml_events', 'bench', 'bench', false, 'infinity', array_agg(id ORDER BY id),
    count(*) * 10000, now(), now(), now(), '[]', '{{}}', now(), min(id)
  FROM numbered GROUP BY part RETURNING id AS batch_id, file_ids
)
INSERT INTO ledger.outcomes SELECT unnest(file_ids), batch_id, 'SUCCEEDED' FROM batch
"""  # noqa: S608 likewise
_ADD_QUEUED = f"""
WITH added AS ({_ADD_FILES} RETURNING id, size)
INSERT INTO ledger.queue (id, available_at, size, dataset)
SELECT id, now(), size, 'ml_events' FROM added ORDER BY id
"""  # noqa: S608 likewise
_MILLION = 1_000_000
# begin, end in seconds, files
_Claim = tuple[float, float, int]


@dataclass
class Ledger:
    """The ledger that is measured, and how many names it has."""

    server: Server
    superuser: Connection
    names: int = 0

    def add(self, statement: str, count: int) -> None:
        """Run a statement that adds so many files, a million at a time."""
        end = self.names + count
        while self.names < end:
            last = min(self.names + _MILLION, end)
            self.superuser.execute(statement, (self.names + 1, last))
            self.names = last
        self.superuser.execute("CHECKPOINT")


def main() -> int:
    """Run the bench; 1 where a requirement is not met."""
    options = _parser().parse_args()
    with running_postgres() as server, server.superuser() as superuser:
        rows = measure(Ledger(server, superuser), options)
        settings = {
            name: _show(superuser, name) for name in ("fsync", "synchronous_commit", "server_version")
        }
    judge(rows)
    report = {
        "bench": "claims",
        "machine": machine(),
        "versions": versions("psycopg") | {"postgresql": settings.pop("server_version")},
        "sample": {"finished": options.finished, **settings},
        "required": {"claims": _MINIMUM_CLAIMS_A_SECOND, "registered": _MINIMUM_REGISTERED_A_SECOND},
        "rows": rows,
    }
    print(json.dumps(report, indent=2) if options.json else shown(report))
    return 0 if all(row["isEnough"] for row in rows) or options.finished < _MILLION else 1


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="npm run bench -- claims", description="rows/s of the ledger's claims and registrations."
    )
    for name, default, text in (
        ("--finished", 10 * _MILLION, "rows that finished before (default 10 million)"),
        ("--rows", 400_000, "rows of a measurement (default 400,000; half under the snapshot)"),
        ("--further", _MILLION, "further claims between (default a million)"),
        ("--keys", _MILLION, "keys to register (default a million)"),
    ):
        result.add_argument(name, type=positive, metavar="N", default=default, help=text)
    result.add_argument(
        "--workers", type=several, default=[1, 4, 16], metavar="A,B", help="workers at once (default 1,4,16)"
    )
    result.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return result


def _show(superuser: Connection, name: str) -> str:
    return str((superuser.execute("SELECT current_setting(%s)", (name,)).fetchone() or ("",))[0])


def measure(ledger: Ledger, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure everything, on one ledger that grows."""
    # no lister fills it at this pace, so no cleaning goes on meanwhile; that of the queue does
    ledger.superuser.execute("ALTER TABLE ledger.files SET (autovacuum_enabled = off)")
    ledger.add(_ADD_FINISHED, options.finished)
    ledger.superuser.execute("VACUUM ANALYZE")
    rows = list(registered(ledger, options.keys))
    for workers in options.workers:
        before = claimed(ledger, "claims", workers, options.rows)
        claimed(ledger, "further", workers, options.further)
        after = claimed(ledger, "after further claims", workers, options.rows)
        with pool(ledger, workers) as run:
            ledger.add(_ADD_QUEUED, options.rows // 2)
            with held_snapshot(ledger.server):
                held = run("under a held snapshot")
        for row in (after, held):
            row["ofBefore"] = row["p99Milliseconds"] / before["p99Milliseconds"]
        rows += [before, after, held]
    return rows


def registered(ledger: Ledger, keys: int) -> Iterator[dict[str, Any]]:
    """Register new keys in the order of a listing, then the same again; the queue is empty after it."""
    modified = datetime.now(UTC)
    with ledger.server.connect("ledger_lister") as connection:
        for what in ("register new keys", "register known keys"):
            files = (
                FoundFile(
                    "acme-dev-tributary-raw",
                    f"raw-json-data/all/{n:012}.json",
                    "1" * 32,
                    10_000,
                    modified,
                    "ml_events",
                )
                for n in range(keys)
            )
            began = time.perf_counter()
            added = register_files(connection, files).added
            yield _row(what, 1, keys, time.perf_counter() - began)
            if added != (keys if what == "register new keys" else 0):
                raise RuntimeError(f"{added} of {keys} keys were new at «{what}»")
    ledger.superuser.execute("TRUNCATE ledger.queue")


def claimed(ledger: Ledger, what: str, workers: int, count: int) -> dict[str, Any]:
    """Queue so many new files and let the workers claim all of them."""
    with pool(ledger, workers) as run:
        ledger.add(_ADD_QUEUED, count)
        return run(what)


@contextmanager
def pool(ledger: Ledger, workers: int) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Workers with open connections that claimed in vain once, and wait for a start."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(workers + 1), context.SimpleQueue()
    settings = ledger.server.settings("ledger_batch")
    processes = [context.Process(target=_work, args=(settings, barrier, answers)) for _ in range(workers)]
    for process in processes:
        process.start()

    barrier.wait()

    def run(what: str) -> dict[str, Any]:
        queued = ledger.superuser.execute("SELECT count(*) FROM ledger.queue").fetchone()
        barrier.wait()
        claims = [claim for _ in processes for claim in answers.get()]
        rows = sum(files for _, _, files in claims)
        if queued != (rows,):
            raise RuntimeError(f"{rows} rows were claimed of {queued}")
        seconds = max(end for _, end, _ in claims) - min(begin for begin, _, _ in claims)
        return _row(what, workers, rows, seconds, [end - begin for begin, end, _ in claims])

    try:
        yield run
    finally:
        for process in processes:
            process.join()


def _work(settings: LedgerSettings, barrier: Barrier, answers: "SimpleQueue[list[_Claim]]") -> None:
    with LedgerConnection(settings) as ledger:
        if new_batch(ledger, "bench", _RULES, _VERSIONS) is not None:
            raise RuntimeError("the queue was not empty")
        barrier.wait()
        barrier.wait()
        claims = []
        while True:
            begin = time.monotonic()
            batch = new_batch(ledger, "bench", _RULES, _VERSIONS)
            if batch is None:
                break
            claims.append((begin, time.monotonic(), batch.files))
        answers.put(claims)


@contextmanager
def held_snapshot(server: Server) -> Iterator[None]:
    """A transaction that sees the ledger as it is now, and so keeps every row that is deleted meanwhile."""
    with server.superuser() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM ledger.queue")
        yield
        connection.execute("ROLLBACK")


def _row(
    what: str, workers: int, rows: int, seconds: float, each: list[float] | None = None
) -> dict[str, Any]:
    result: dict[str, Any] = {"what": what, "workers": workers, "rows": rows, "seconds": seconds}
    result["rowsPerSecond"] = rows / seconds
    if each:
        result["p50Milliseconds"] = 1000 * _quantile(each, 0.5)
        result["p99Milliseconds"] = 1000 * _quantile(each, 0.99)
    return result


def _quantile(values: list[float], share: float) -> float:
    """The smallest value that so many are not above."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def judge(rows: list[dict[str, Any]]) -> None:
    """Say of each row whether it is as fast as required."""
    for row in rows:
        is_claim = "p99Milliseconds" in row
        least = _MINIMUM_CLAIMS_A_SECOND if is_claim else _MINIMUM_REGISTERED_A_SECOND
        most = _MAXIMUM_HELD if "held" in row["what"] else _MAXIMUM_AFTER
        row["isEnough"] = row["rowsPerSecond"] >= least and row.get("ofBefore", 0) <= most


def shown(report: dict[str, Any]) -> str:
    """The report as a table."""
    lines = [
        (
            row["what"] + ("" if row["isEnough"] else " (too slow)"),
            f"{row['workers']}",
            f"{row['rows']:,}",
            f"{row['seconds']:.2f}",
            f"{row['rowsPerSecond']:,.0f}",
            *(f"{row[name]:.1f}" if name in row else "" for name in ("p50Milliseconds", "p99Milliseconds")),
            f"{row['ofBefore']:.2f}" if "ofBefore" in row else "",
        )
        for row in report["rows"]
    ]
    sample = ", ".join(f"{name} {value}" for name, value in report["sample"].items())
    return "\n".join([*table(_HEADS, lines), "", measured_on(report), sample])


if __name__ == "__main__":
    raise SystemExit(main())
