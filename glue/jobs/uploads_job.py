"""Glue job that turns uploaded files into clean rows; docs/uploads-pipeline.md has its protocol."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal

from tributary.conversion.check import check_dataset
from tributary.conversion.limits import FileLimitArguments
from tributary.datasets import datasets_of
from tributary.distribution import open_engine
from tributary.running.announcing import Announcer
from tributary.running.job import JobArguments, exit_job, run_job, set_on_signals
from tributary.running.log import log
from tributary.running.metrics import Metrics
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import DestinationArguments
from tributary.uploads.run import Run, Settings
from tributary.uploads.table import UploadsTable


@dataclass(frozen=True)
class UploadsJobArguments(FileLimitArguments, DestinationArguments, JobArguments):
    """Arguments of the job; `parallelism` is the number of concurrent files, 0 = one a core.

    `undeclared_columns` are the most that a table may have.
    """

    uploads_table: str
    raw_bucket: str
    control_table: str
    undeclared_columns: int
    event_source: str
    environment: str
    engine: Literal["pool", "spark"]
    parallelism: int
    files_per_claim: int
    settle_seconds: int
    lease_seconds: int
    maximum_attempts: int
    date_formats: tuple[str, ...]
    superseded_days: int
    metric_namespace: str


def main(words: Sequence[str]) -> int:
    """Run the job; return 0 when every file was answered, 1 when one was not, 2 for wrong arguments."""
    return run_job(UploadsJobArguments, words, _process)


def _process(arguments: UploadsJobArguments, run_id: str, stopping: Event) -> bool:
    names = [dataset.name for dataset in datasets_of("uploads")]
    log("started", run_id=run_id, engine=arguments.engine, datasets=names)
    # A wrong declaration is the package's fault, not the files': its error ends the run before a claim.
    for dataset in datasets_of("uploads"):
        check_dataset(dataset, arguments.date_formats, "--date_formats")
    table = UploadsTable(
        arguments.uploads_table,
        run_id,
        arguments.lease_seconds,
        arguments.superseded_days,
        is_audited=arguments.destinations.is_audited,
    )
    with open_engine(arguments.engine, arguments.parallelism) as engine:
        set_on_signals(stopping)
        return Run(table, engine, _settings(arguments), stopping).run()


def _settings(arguments: UploadsJobArguments) -> Settings:
    return Settings(
        destinations=arguments.destinations,
        metrics=Metrics(arguments.metric_namespace, arguments.environment),
        columns=ColumnCap(arguments.control_table, arguments.undeclared_columns),
        announcer=Announcer(arguments.event_source, arguments.environment),
        date_formats=arguments.date_formats,
        files_per_claim=arguments.files_per_claim,
        settle_seconds=arguments.settle_seconds,
        lease_seconds=arguments.lease_seconds,
        maximum_attempts=arguments.maximum_attempts,
        file_limits=arguments.file_limits,
    )


if __name__ == "__main__":
    exit_job(main(sys.argv[1:]))
