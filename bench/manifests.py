"""`npm run bench -- manifests`: manifests of a gigabyte from S3 to Parquet in S3, by the streaming job.

The job runs as Glue runs it, with the process pool, against the local emulator, which has the same cores: its
seconds of CPU stand in a column of their own. With two slots two manifests of the same files are in work at
once. Time counts from the first read of a manifest to the last commit, so without the start of processes.
The reference's Spark way reads the same files from disk and writes to disk, so it is spared the transfers.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.manifests_world import BenchWorld
from bench.measuring import cpu_seconds, machine, measured_on, positive, several, table, versions
from bench.ndjson_shapes import Sample, generate
from tests.support.emulator import emulator_process

_SHAPE = "nested"
_FILE_MEGABYTES = 3.5
_HEADS = [
    *("engine", "cores", "slots", "manifests", "MB", "s", "MB/s"),
    *("fetch s", "parse s", "write s", "put s", "CPU s", "S3's CPU s", "peak MB a slot"),
]
_PLACES = {
    **{"cores": 0, "slots": 0, "manifests": 0, "megabytes": 1, "seconds": 2, "megabytesPerSecond": 1},
    **{"fetchSeconds": 2, "parseSeconds": 2, "writeSeconds": 2, "putSeconds": 2},
    **{"cpuSeconds": 2, "emulatorCpuSeconds": 2, "peakMegabytes": 0},
}
_STAGES = ("fetch", "parse", "write", "put")
_SPARK_SECONDS = "1"
_MEBIBYTE = (1 << 20) / 1e6


def main() -> int:
    """Run the bench; 1 when rows are missing."""
    options = _parser().parse_args()
    count = max(1, round(options.megabytes / _FILE_MEGABYTES))
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder:
        sample = generate(_SHAPE, Path(folder) / "files", options.megabytes, count)
        rows = [*ours(sample, options.slots)]
        if not options.without_spark:
            rows += [row for cores in (1, 2) for row in spark(sample, Path(folder) / "output", cores)]
    report: dict[str, Any] = {
        "bench": "manifest",
        "machine": machine(),
        "versions": versions("pyarrow", "pyspark", "ministack"),
        "sample": {"megabytes": options.megabytes, "files": count, "shape": _SHAPE},
        "rows": rows,
    }
    print(json.dumps(report, indent=2) if options.json else shown(report))
    return 0 if all(row["isWhole"] for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="npm run bench -- manifests",
        description="MB/s of a manifest from S3 to Parquet in S3, where the time goes, and peak memory.",
    )
    result.add_argument(
        "--megabytes",
        type=positive,
        default=1001,
        metavar="MB",
        help="of a manifest (default 1001: 286 files)",
    )
    result.add_argument(
        "--slots", type=several, default=[1, 2], metavar="A,B", help="manifests at once (default 1,2)"
    )
    result.add_argument("--without-spark", action="store_true", help="leave the reference's way out")
    result.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return result


def ours(sample: Sample, slots: Sequence[int]) -> list[dict[str, Any]]:
    """The streaming job, with so many slots and manifests each."""
    with emulator_process() as (_, emulator):
        world = BenchWorld.create(sample.files)
        lines = sum(file.read_bytes().count(b"\n") for file in sample.files)
        return [_job(world, number, emulator, lines) for number in slots]


def _job(world: BenchWorld, slots: int, emulator: int, lines: int) -> dict[str, Any]:
    for _ in range(slots):
        world.send_manifest()
    before = cpu_seconds(emulator)
    committed = [line for line in world.run_job(slots) if line["event"] == "committed"]
    seconds = _seconds(committed) if committed else 0.0
    megabytes = sum(line["input_bytes"] for line in committed) / 1e6
    spent = {
        f"{stage}Seconds": sum(line[f"{stage}_seconds"] for line in committed) / slots for stage in _STAGES
    }
    peak = max((line["peak_mebibytes"] for line in committed), default=0)
    return _row(
        "tributary",
        slots=slots,
        manifests=len(committed),
        megabytes=megabytes,
        seconds=seconds,
        **spent,
        cpuSeconds=sum(line["cpu_seconds"] for line in committed),
        emulatorCpuSeconds=cpu_seconds(emulator) - before,
        peakMegabytes=peak * _MEBIBYTE,
        is_whole=len(committed) == slots and all(line["rows"] == lines for line in committed),
    )


def _seconds(committed: Sequence[dict[str, Any]]) -> float:
    """Return the seconds from the first start of work to the last commit."""
    ends = [datetime.fromisoformat(line["time"]) for line in committed]
    begins = [
        end - timedelta(seconds=line["work_seconds"]) for end, line in zip(ends, committed, strict=True)
    ]
    return (max(ends) - min(begins)).total_seconds()


def spark(sample: Sample, output: Path, cores: int) -> list[dict[str, Any]]:
    """The reference's way over the same files on disk, cold and warm."""
    words = ["--output", str(output), "--cores", str(cores), "--runs", "1", "--seconds", _SPARK_SECONDS]
    print(f"Spark, {cores} cores: {len(sample.files)} files", file=sys.stderr)
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", "bench.ndjson_engines", "spark", *words, "--files", *map(str, sample.files)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    megabytes = sum(sample.json_bytes) / 1e6
    return [
        _row(
            f"Spark, {name}, disk to disk",
            cores=cores,
            megabytes=megabytes,
            seconds=took["seconds"],
            cpuSeconds=took["cpu_seconds"],
            peakMegabytes=found["peak_bytes"] / 1e6,
            is_whole=True,
        )
        for name, took in (("cold", found["cold"]), ("warm", found["runs"][-1]))
    ]


def _row(engine: str, is_whole: bool, **values: float) -> dict[str, Any]:
    rate = values["megabytes"] / values["seconds"] if values["seconds"] else None
    return {
        "engine": engine,
        **{name: values.get(name) for name in _PLACES},
        "megabytesPerSecond": rate,
        "isWhole": is_whole,
    }


def shown(report: dict[str, Any]) -> str:
    """The report as a table; stages are the mean of the slots."""
    cells = [
        [row["engine"], *(_cell(row[name], places) for name, places in _PLACES.items())]
        for row in report["rows"]
    ]
    return "\n".join([*table(_HEADS, cells), f"{measured_on(report)}; one run each"])


def _cell(number: float | None, places: int) -> str:
    return "" if number is None else f"{number:,.{places}f}"


if __name__ == "__main__":
    sys.exit(main())
