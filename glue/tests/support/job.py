"""The job as Glue runs it: a process of its own, from its script and its arguments."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.waiting import HANG_SECONDS
from tests.support.world import COLUMNS, World

GLUE = Path(__file__).parents[2]
SCRIPT = GLUE / "jobs" / "uploads_job.py"
FAULTY_SITE = Path(__file__).parent / "faulty_site"
REGION = "us-east-1"
FILE_LIMITS = {
    "file_decompressed_gigabytes": 64,
    "file_ratio": 500,
    "file_dead_letters": 100_000,
    "file_dead_letter_megabytes": 64,
    "file_partitions": 1_200,
    "file_seconds": 120,
}
"""Arguments of every job on the limits of a file, as environments have them by default."""


def job_arguments(world: World, run_id: str, **changes: object) -> list[str]:
    arguments = {
        "JOB_NAME": "tributary-test-uploads-job",
        "JOB_RUN_ID": run_id,
        "aws_region": REGION,
        "uploads_table": world.table,
        "raw_bucket": world.raw,
        "curated_bucket": world.curated,
        "quarantine_bucket": world.quarantine,
        "audit": "on",
        "control_table": world.control,
        "undeclared_columns": COLUMNS,
        "event_source": world.source,
        "environment": "test",
        "metric_namespace": "tributary-test",
        "engine": "pool",
        "parallelism": 2,
        "files_per_claim": 50,
        "settle_seconds": 1,
        "lease_seconds": 3600,
        "maximum_attempts": 2,
        "date_formats": "%d-%m-%Y,%Y-%m-%d",
        "superseded_days": 30,
        **FILE_LIMITS,
        **changes,
    }
    return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]


def start_job(
    world: World, run_id: str = "jr_1", faults: str = "", **changes: object
) -> subprocess.Popen[str]:
    """Start the job; `faults` is read by the worker processes, see faulty_site."""
    return start_script(SCRIPT, job_arguments(world, run_id, **changes), faults)


def start_script(
    script: Path, words: Sequence[str], faults: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a job from its script; `environment` is added to that of a worker."""
    path = [str(FAULTY_SITE)] * bool(faults) + [str(GLUE)]
    return subprocess.Popen(
        [sys.executable, str(script), *words],
        env={
            **worker_variables(),
            **(environment or {}),
            "PYTHONPATH": os.pathsep.join(path),
            "TRIBUTARY_TEST_FAULTS": faults,
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def worker_variables() -> dict[str, str]:
    """Variables of this process without the region, which Glue's workers may not have."""
    regions = ("AWS_REGION", "AWS_DEFAULT_REGION")
    return {name: value for name, value in os.environ.items() if name not in regions}


def finish_job(job: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    """Wait for the end of a job; return its exit code and its log lines."""
    out, _ = job.communicate(timeout=HANG_SECONDS)
    lines = [line for line in out.splitlines() if line.startswith("{")]
    assert lines, out
    return job.returncode, [json.loads(line) for line in lines]
