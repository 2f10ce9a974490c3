"""`npm run bench -- ndjson`: JSON lines to Parquet by our kernel and by others, over several shapes.

Every engine runs in a process of its own, bound to one core or two, over the same generated files in the
page cache; its time is the best of its runs by the clock. What it wrote is then compared with what was
generated.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measuring import machine, positive, significant, versions
from bench.ndjson_engines import SPARK_CONFIGURATION
from bench.ndjson_exact import Truth, differences, truth_of
from bench.ndjson_report import required, shown
from bench.ndjson_shapes import SHAPES, Sample, generate
from tributary.expected import option

NAMES = {
    "parse": "tributary, parse alone",
    "text": "tributary, text",
    "typed": "tributary, typed",
    "spark": "Spark, warm",
    "duckdb": "DuckDB",
    "duckdb-strings": "DuckDB, all VARCHAR",
    "polars": "polars",
    "polars-strings": "polars, all String",
    "msgspec": "msgspec, pyarrow",
}
COLD = "Spark, cold"

SLOW = ("spark", "msgspec")
SLOW_FILES = {"nested": 72, "wide": 4}
"""The slow engines read that many files of a shape, otherwise 15, so that all takes 20 minutes."""

_SLOW_FILES = 15
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Result:
    """An engine over a shape on that many cores, or why there is none. MB are 10^6 bytes of JSON."""

    shape: str
    engine: str
    cores: int
    megabytes: float
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_megabytes: int | None = None
    differences: tuple[str, ...] | None = None
    failure: str | None = None

    def row(self) -> dict[str, Any]:
        """A row of the report."""
        rate = self.megabytes / self.seconds if self.seconds else None
        return {
            "shape": self.shape,
            "engine": self.engine,
            "cores": self.cores,
            "megabytes": significant(self.megabytes),
            "seconds": self.seconds and significant(self.seconds),
            "megabytesPerSecond": rate and significant(rate),
            "cpuSeconds": self.cpu_seconds and significant(self.cpu_seconds),
            "peakMegabytes": self.peak_megabytes,
            "exact": None if self.differences is None else not self.differences,
            "differences": None if self.differences is None else list(self.differences),
            "failure": self.failure,
        }


def main() -> int:
    """Run the bench; 1 when our own output is not exact."""
    options = parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder:
        results = [row.row() for row in bench(Path(folder), options)]
    report: dict[str, Any] = {
        "bench": "ndjson",
        "machine": machine(),
        "versions": versions("duckdb", "pyarrow", "polars", "msgspec", "pyspark"),
        "sample": {
            "megabytes": {name: options.megabytes or SHAPES[name].megabytes for name in options.shapes},
            "runs": options.runs,
        },
        "spark": {"master": "local[cores]", **SPARK_CONFIGURATION},
        "required": required(results),
        "rows": results,
    }
    print(json.dumps(report, indent=2, ensure_ascii=False) if options.json else shown(report))
    ours = [row for row in results if row["engine"].startswith("tributary")]
    return 1 if any(row["failure"] or row["differences"] for row in ours) else 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="npm run bench -- ndjson",
        description="MB/s of JSON lines to Parquet, peak memory, and whether texts are exact, beside others.",
    )
    for name, known in (("--shapes", list(SHAPES)), ("--engines", list(NAMES))):
        result.add_argument(
            name, type=choices(known), default=known, metavar="A,B", help=f"some of {', '.join(known)}"
        )
    result.add_argument(
        "--cores", type=choices(["1", "2"]), default=["1", "2"], metavar="A,B", help="1, 2 or both"
    )
    result.add_argument(
        "--runs",
        type=positive,
        default=3,
        metavar="N",
        help=f"runs, the best counts (default 3; no third one after {_SECONDS:.0f} s)",
    )
    result.add_argument(
        "--megabytes", type=positive, metavar="MB", help="size of each shape (default 201 or 241)"
    )
    result.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return result


def choices(known: list[str]) -> Callable[[str], list[str]]:
    """The type of an option that takes some of these words, parted by commas."""

    def some(text: str) -> list[str]:
        words = text.split(",")
        if not set(words) <= set(known):
            raise ValueError(text)
        return [word for word in known if word in words]

    return option(f"some of {', '.join(known)}, separated by commas", some)


def bench(folder: Path, options: argparse.Namespace) -> Iterator[Result]:
    """Every engine on every number of cores over one shape after another."""
    for shape in options.shapes:
        print(f"{shape}: {SHAPES[shape].description}", file=sys.stderr)
        sample = generate(shape, folder / shape, options.megabytes)
        measure = Measure(shape, sample, folder, options.runs)
        for cores in map(int, options.cores):
            for engine in options.engines:
                yield from measure(engine, cores)
        shutil.rmtree(folder / shape)


class Measure:
    """Runs an engine in a child process over a shape, and judges what it wrote."""

    def __init__(self, shape: str, sample: Sample, folder: Path, runs: int) -> None:
        self._shape = shape
        self._sample = sample
        self._folder = folder
        self._runs = runs
        self._truths: dict[int, Truth] = {}

    def __call__(self, engine: str, cores: int) -> Iterator[Result]:
        """The rows of the table: one, or two where a cold run stands beside the warm ones."""
        count = SLOW_FILES.get(self._shape, _SLOW_FILES) if engine in SLOW else len(self._sample.files)
        files = self._sample.files[:count]
        output = self._folder / "output"
        megabytes = sum(self._sample.json_bytes[: len(files)]) / 1e6
        child = self._run(engine, cores, files, output)
        if child.returncode != 0:
            result = Result(self._shape, NAMES[engine], cores, megabytes, failure=failure(child.stderr))
            print(f"  {result.engine}, {cores}: {result.failure}", file=sys.stderr)
            yield result
            return
        found = json.loads(child.stdout.splitlines()[-1])
        unlike = None if engine == "parse" else tuple(differences(self._truth(files), output))
        shutil.rmtree(output)
        peak = round(found["peak_bytes"] / 1e6)
        best = {name: min(run[name] for run in found["runs"]) for name in ("seconds", "cpu_seconds")}
        for name, took in ((COLD, found["cold"]), (NAMES[engine], best)):
            if took:
                result = Result(
                    self._shape, name, cores, megabytes, **took, peak_megabytes=peak, differences=unlike
                )
                print(f"  {name}, {cores}: {result.row()['megabytesPerSecond']} MB/s", file=sys.stderr)
                yield result

    def _run(
        self, engine: str, cores: int, files: tuple[Path, ...], output: Path
    ) -> subprocess.CompletedProcess[str]:
        words = ["--output", str(output), "--cores", str(cores), "--runs", str(self._runs)]
        words += ["--seconds", str(_SECONDS), *(["--dirty"] if self._sample.bad_lines else [])]
        return subprocess.run(  # noqa: S603 (our own program)
            [sys.executable, "-m", "bench.ndjson_engines", engine, *words, "--files", *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
        )

    def _truth(self, files: tuple[Path, ...]) -> Truth:
        if len(files) not in self._truths:
            self._truths[len(files)] = truth_of(files, self._folder)
        return self._truths[len(files)]


def failure(stderr: str) -> str:
    """The first words of the error that ended an engine."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if not line.startswith(("at ", "..."))), "no word")
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception):", line)]
    kind, colon, message = (errors[-1] if errors else last).partition(":")
    return f"{kind.rpartition('.')[2]}{colon}{message}"[:80]


if __name__ == "__main__":
    sys.exit(main())
