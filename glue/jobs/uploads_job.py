"""The Glue job that turns uploaded CSV files into clean rows; docs/uploads-pipeline.md has its protocol."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal

from tributary.conversion.check import check_dataset
from tributary.datasets import all_datasets
from tributary.distribution import open_engine
from tributary.errors import ArgumentsError
from tributary.running.arguments import read_arguments, read_run_id
from tributary.running.log import log
from tributary.running.tasks import Destinations
from tributary.uploads.run import Run, Settings
from tributary.uploads.table import UploadsTable


@dataclass(frozen=True)
class UploadsJobArguments:
    """What the job reads; `parallelism` is processes of the pool or files at once on Spark, 0 = cores."""

    uploads_table: str
    raw_bucket: str
    curated_bucket: str
    quarantine_bucket: str
    engine: Literal["pool", "spark"]
    parallelism: int
    files_per_claim: int
    settle_seconds: int
    lease_seconds: int
    maximum_attempts: int
    date_formats: tuple[str, ...]
    superseded_days: int


def main(words: Sequence[str]) -> int:
    """Run the job; return 0 when the machinery did its part, 1 when it did not, 2 for wrong arguments."""
    try:
        arguments = read_arguments(UploadsJobArguments, words)
        run_id = read_run_id(words)
    except ArgumentsError as error:
        log("wrong arguments", cause=str(error))
        return 2
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    names = [dataset.name for dataset in all_datasets()]
    log("started", run_id=run_id, engine=arguments.engine, datasets=names)
    # A wrong declaration is our fault, not the files': its error ends the run before one is claimed.
    for dataset in all_datasets():
        check_dataset(dataset, arguments.date_formats)
    ledger = UploadsTable(arguments.uploads_table, run_id, arguments.lease_seconds, arguments.superseded_days)
    with open_engine(arguments.engine, arguments.parallelism) as engine:
        return 0 if Run(ledger, engine, _settings(arguments), stopping).run() else 1


def _settings(arguments: UploadsJobArguments) -> Settings:
    return Settings(
        destinations=Destinations(arguments.curated_bucket, arguments.quarantine_bucket),
        date_formats=arguments.date_formats,
        files_per_claim=arguments.files_per_claim,
        settle_seconds=arguments.settle_seconds,
        lease_seconds=arguments.lease_seconds,
        maximum_attempts=arguments.maximum_attempts,
    )


if __name__ == "__main__":
    # No exit call on success: Glue has been seen to report any SystemExit as a failure.
    if code := main(sys.argv[1:]):
        sys.exit(code)
