"""`npm run bench -- lister`: keys/s of the lister from pages of a double to the local PostgreSQL, fsync on.

Each listing runs in a process of its own, whose peak of memory is measured; a short one comes first, so that
the peaks tell whether memory grows with the keys. Server and double share the machine with the lister.
"""

import argparse
import io
import json
import multiprocessing
import time
from contextlib import redirect_stdout
from multiprocessing.queues import SimpleQueue
from threading import Event
from typing import Any, cast

from bench.measuring import machine, measured_on, positive, table, versions
from tests.support.postgres import Server, running_postgres
from tests.support.raw_files import FOLDER, INPUTS, ListedClient
from tributary.ledger.connection import LedgerConnection, LedgerSettings
from tributary.lister.pages import one_ahead, version_pages
from tributary.lister.run import Listing
from tributary.running.memory import peak_bytes

_MILLION = 1_000_000
_SHORT = 20_000
_MINIMUM_A_SECOND = 20_000
# What the allocator may keep of two pages more: far below what a million keys would take.
_MAXIMUM_GROWTH_MEBIBYTES = 16
_HEADS = ("what", "keys", "s", "keys/s", "peak MiB")


def main() -> int:
    """Run the bench; 1 where a requirement is not met."""
    options = _parser().parse_args()
    with running_postgres() as server:
        rows = [
            measure(server, what, bucket, keys)
            for what, bucket, keys in (
                ("short listing", "short", min(_SHORT, options.keys)),
                ("new keys", "raw", options.keys),
                ("known keys", "raw", options.keys),
            )
        ]
    judge(rows)
    report = {
        "bench": "lister",
        "machine": machine(),
        "versions": versions("psycopg"),
        "required": {"keysPerSecond": _MINIMUM_A_SECOND, "growthMebibytes": _MAXIMUM_GROWTH_MEBIBYTES},
        "rows": rows,
    }
    print(json.dumps(report, indent=2) if options.json else shown(report))
    return 0 if all(row["isEnough"] for row in rows) or options.keys < _MILLION else 1


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="npm run bench -- lister", description="keys/s of the lister from listed pages to the ledger."
    )
    text = "keys to list (default a million)"
    result.add_argument("--keys", type=positive, metavar="N", default=_MILLION, help=text)
    result.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return result


def measure(server: Server, what: str, bucket: str, keys: int) -> dict[str, Any]:
    """List so many keys in a process of its own, and see that the ledger has each once."""
    context = multiprocessing.get_context("spawn")
    answers: SimpleQueue[tuple[float, int]] = context.SimpleQueue()
    settings = server.settings("ledger_lister")
    process = context.Process(target=_list, args=(settings, bucket, keys, answers))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"«{what}» failed")
    seconds, peak = answers.get()
    with server.superuser() as connection:
        query = "SELECT count(*) FROM ledger.files JOIN ledger.queue USING (id) WHERE bucket = %s"
        counted = connection.execute(query, (bucket,)).fetchone()
    if counted != (keys,):
        raise RuntimeError(f"{counted} of {keys} keys are in the ledger after «{what}»")
    return {
        "what": what,
        "keys": keys,
        "seconds": seconds,
        "keysPerSecond": keys / seconds,
        "peakMebibytes": peak / (1 << 20),
    }


def _list(
    settings: LedgerSettings, bucket: str, keys: int, answers: "SimpleQueue[tuple[float, int]]"
) -> None:
    with LedgerConnection(settings) as ledger, redirect_stdout(io.StringIO()):
        client = cast("Any", ListedClient(keys))
        began = time.perf_counter()
        pages = one_ahead(version_pages(client, bucket, [FOLDER], INPUTS))
        if not Listing(ledger, bucket, Event()).run(pages):
            raise RuntimeError("the listing was not completed")
        answers.put((time.perf_counter() - began, peak_bytes()))


def judge(rows: list[dict[str, Any]]) -> None:
    """Say of each row whether it is fast enough, and no larger than that of the short listing."""
    for row in rows:
        growth = row["peakMebibytes"] - rows[0]["peakMebibytes"]
        is_fast = row is rows[0] or row["keysPerSecond"] >= _MINIMUM_A_SECOND
        row["isEnough"] = is_fast and growth <= _MAXIMUM_GROWTH_MEBIBYTES


def shown(report: dict[str, Any]) -> str:
    """The report as a table."""
    lines = [
        (
            row["what"] + ("" if row["isEnough"] else " (not enough)"),
            f"{row['keys']:,}",
            f"{row['seconds']:.2f}",
            f"{row['keysPerSecond']:,.0f}",
            f"{row['peakMebibytes']:.0f}",
        )
        for row in report["rows"]
    ]
    return "\n".join([*table(_HEADS, lines), "", measured_on(report)])


if __name__ == "__main__":
    raise SystemExit(main())
