"""`npm run bench -- ledger`: a whole batch of raw files, from claim to archive, by the batch job itself.

The job runs as Glue runs it, with the process pool, on the local emulator and PostgreSQL, which have the same
cores. Time counts from the claim to the end of the batch, so without the start of processes. Spark in local
mode does the reference's steps with the same files from disk to disk: read and infer, set broken records
apart, flatten, write by partitions, move each file; so it is spared the ledger and the transfers.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.ledger_files import generate
from bench.measuring import cpu_seconds, machine, measured_on, positive, table, versions
from tests.support.batches import DATASET, FOLDER, SCRIPT, BatchWorld
from tests.support.emulator import emulator_process
from tests.support.job import start_script
from tests.support.ledger import Books
from tests.support.postgres import running_postgres
from tributary.ledger.files import FoundFile, register_files
from tributary.running.clients import s3_client

_REQUIRED_FILES = 10_000
_REQUIRED_SECONDS = 60
_STAGES = ("fetch", "transform", "stage", "publish", "archive")
_PLACES = {
    **{"files": 0, "megabytes": 1, "seconds": 2, "filesPerSecond": 0, "megabytesPerSecond": 2},
    **{f"{stage}Seconds": 2 for stage in _STAGES},
    **{"cpuSeconds": 2, "emulatorCpuSeconds": 2, "peakMegabytes": 0},
}
_HEADS = [
    *("engine", "files", "MB", "s", "files/s", "MB/s"),
    *(f"{stage} s" for stage in _STAGES),
    *("CPU s", "S3's CPU s", "peak MB"),
]
_MEBIBYTE = (1 << 20) / 1e6


def main() -> int:
    """Run the bench; 1 when rows are missing, or a required batch takes too long."""
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        folder = Path(name)
        files = generate(folder / "files", options.files, options.kilobytes)
        lines = sum(file.read_bytes().count(b"\n") for file in files)
        rows = ours(files, lines, options)
        if not options.without_spark:
            rows += spark(files, folder, lines)
    report: dict[str, Any] = {
        "bench": "ledger",
        "machine": machine(),
        "versions": versions("pyarrow", "duckdb", "pyspark", "ministack"),
        "sample": {"files": options.files, "kilobytes": options.kilobytes, "rows": lines},
        "required": {"files": _REQUIRED_FILES, "seconds": _REQUIRED_SECONDS},
        "rows": rows,
    }
    print(json.dumps(report, indent=2) if options.json else shown(report))
    return 0 if all(row["isWhole"] and row["isEnough"] for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="npm run bench -- ledger",
        description="files/s and MB/s of a whole batch of raw files, from the claim to the archive.",
    )
    for name, default, text in (
        ("--files", _REQUIRED_FILES, "of a batch (default 10,000)"),
        ("--kilobytes", 10, "of a file (default 10)"),
        ("--runs", 1, "batches, one after the other (default 1)"),
        ("--slots", 2, "processes of the job (default 2)"),
    ):
        result.add_argument(name, type=positive, metavar="N", default=default, help=text)
    result.add_argument("--without-spark", action="store_true", help="leave the reference's way out")
    result.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return result


def ours(files: list[Path], lines: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The batch job, one batch a run."""
    with (
        emulator_process() as (_, emulator),
        running_postgres() as server,
        server.superuser() as superuser,
    ):
        world = BatchWorld.create(Books(server, superuser))
        return [_run(world, files, lines, options, emulator) for _ in range(options.runs)]


def _run(
    world: BatchWorld, files: list[Path], lines: int, options: argparse.Namespace, emulator: int
) -> dict[str, Any]:
    """Put the files again and let the job process its batch."""
    _upload(world, files)
    words = world.arguments(slots=options.slots, batch_files=len(files), lease_seconds=600)
    before, cpu_before = cpu_seconds(emulator), _children_seconds()
    job = start_script(SCRIPT, words, environment=world.books.server.variables)
    out, _ = job.communicate()
    log = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    told = {line["event"]: line for line in log}
    if "ended" not in told:
        raise RuntimeError(f"the job did not end its batch: {log[-3:]}")
    print(f"a batch took {told['ended']['seconds']:.1f} s", file=sys.stderr)
    committed, published, archived = (told[name] for name in ("committed", "published", "archived"))
    return _row(
        "tributary",
        is_whole=committed["rows"] == lines and archived["files"] == len(files),
        files=len(files),
        megabytes=committed["input_bytes"] / 1e6,
        seconds=told["ended"]["seconds"],
        **{f"{stage}Seconds": committed[f"{stage}_seconds"] for stage in ("fetch", "transform", "stage")},
        publishSeconds=published["seconds"],
        archiveSeconds=archived["seconds"],
        cpuSeconds=_children_seconds() - cpu_before,
        emulatorCpuSeconds=cpu_seconds(emulator) - before,
        peakMegabytes=committed["peak_mebibytes"] * _MEBIBYTE,
    )


def _children_seconds() -> float:
    """Seconds of CPU of all processes that ended, their start included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _upload(world: BatchWorld, files: list[Path]) -> None:
    """Put the files as new versions, and register them."""

    def put(file: Path) -> FoundFile:
        key, body = f"{FOLDER}{file.name}", file.read_bytes()
        version = s3_client().put_object(Bucket=world.raw, Key=key, Body=body)["VersionId"]
        return FoundFile(world.raw, key, version, len(body), datetime.now(UTC), DATASET)

    began = time.perf_counter()
    with ThreadPoolExecutor(8) as threads:
        register_files(world.lister, threads.map(put, files))
    print(f"{len(files)} files put in {time.perf_counter() - began:.1f} s", file=sys.stderr)


def spark(files: list[Path], folder: Path, lines: int) -> list[dict[str, Any]]:
    """The reference's way over the same files on disk, cold and warm."""
    print(f"Spark: {len(files)} files", file=sys.stderr)
    words = ["--files", str(files[0].parent), "--work", str(folder / "spark")]
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", "bench.ledger_spark", *words], stdout=subprocess.PIPE, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    return [
        _row(
            f"Spark, {name}, disk to disk",
            files=len(files),
            megabytes=megabytes,
            seconds=took["seconds"],
            fetchSeconds=took["read"],
            transformSeconds=took["write"],
            archiveSeconds=took["move"],
            peakMegabytes=found["peak_bytes"] / 1e6,
            is_whole=took["rows"] == lines,
        )
        for name, took in (("cold", found["cold"]), ("warm", found["warm"]))
    ]


def _row(engine: str, is_whole: bool, **values: float) -> dict[str, Any]:
    is_required = engine == "tributary" and values["files"] == _REQUIRED_FILES
    return {
        "engine": engine,
        **{name: values.get(name) for name in _PLACES},
        "filesPerSecond": values["files"] / values["seconds"],
        "megabytesPerSecond": values["megabytes"] / values["seconds"],
        "isWhole": is_whole,
        "isEnough": not is_required or values["seconds"] <= _REQUIRED_SECONDS,
    }


def shown(report: dict[str, Any]) -> str:
    """The report as a table."""
    cells = [
        [row["engine"], *(_cell(row[name], places) for name, places in _PLACES.items())]
        for row in report["rows"]
    ]
    required = f"required: {_REQUIRED_FILES:,} files in at most {_REQUIRED_SECONDS} s"
    return "\n".join([*table(_HEADS, cells), required, measured_on(report)])


def _cell(number: float | None, places: int) -> str:
    return "" if number is None else f"{number:,.{places}f}"


if __name__ == "__main__":
    sys.exit(main())
