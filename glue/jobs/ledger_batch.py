"""Glue job that turns the ledger's files into Parquet, batch after batch."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal

from tributary.batch.run import Run, RunSettings
from tributary.batch.shared_ledger import SharedLedger
from tributary.batch.state_machine import BatchSettings
from tributary.batch.task import TransformSettings
from tributary.batch.versions import deployed_versions
from tributary.conversion.limits import FileLimitArguments
from tributary.distribution import open_engine
from tributary.errors import describe
from tributary.ledger.access import LedgerArguments, ledger_settings
from tributary.ledger.claims import ClaimRules
from tributary.ledger.keeper import BatchKeeper
from tributary.running.announcing import Announcer
from tributary.running.job import SERVICE_ERRORS, exit_job, run_job, set_on_signals
from tributary.running.log import log
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import DestinationArguments

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class LedgerBatchArguments(FileLimitArguments, DestinationArguments, LedgerArguments):
    """Arguments of the job; `slots` is the number of concurrent batches, 0 = one a core.

    `undeclared_columns` are the most that a table may have.
    """

    raw_bucket: str
    control_table: str
    undeclared_columns: int
    engine: Literal["pool", "spark"]
    slots: int
    batch_files: int
    batch_megabytes: int
    lease_seconds: int
    maximum_attempts: int
    budget_minutes: int
    object_megabytes: int
    first_year: int
    last_year: int
    archive: Literal["move", "tag"]
    child_megabytes: int
    event_source: str
    environment: str


def main(words: Sequence[str]) -> int:
    """Run the job; return 0 when every attempt succeeded, 1 when one did not, 2 for wrong arguments."""
    return run_job(LedgerBatchArguments, words, _run, SERVICE_ERRORS)


def _run(arguments: LedgerBatchArguments, run_id: str, stopping: Event) -> bool:
    settings = _settings(arguments, run_id)
    log(
        "started",
        run_id=run_id,
        engine=arguments.engine,
        dataset_versions={each.dataset: each.version for each in settings.versions},
    )
    access = ledger_settings(arguments, "tributary_batch")
    keeper = BatchKeeper(access, run_id, settings.rules, _note_renewal)
    with open_engine(arguments.engine, arguments.slots) as engine, SharedLedger(access) as ledger:
        set_on_signals(stopping)
        return Run(ledger, keeper, engine, settings, stopping).run()


def _settings(arguments: LedgerBatchArguments, run_id: str) -> RunSettings:
    return RunSettings(
        owner=run_id,
        rules=ClaimRules(
            files=arguments.batch_files,
            bytes=arguments.batch_megabytes * _MEGABYTE,
            lease_seconds=arguments.lease_seconds,
            attempts=arguments.maximum_attempts,
        ),
        versions=deployed_versions(),
        batch=BatchSettings(
            transform=TransformSettings(
                destinations=arguments.destinations,
                columns=ColumnCap(arguments.control_table, arguments.undeclared_columns),
                object_bytes=arguments.object_megabytes * _MEGABYTE,
                child_bytes=arguments.child_megabytes * _MEGABYTE,
                first_year=arguments.first_year,
                last_year=arguments.last_year,
                threads=_threads(arguments),
                file_limits=arguments.file_limits,
            ),
            archive=arguments.archive,
            announcer=Announcer(arguments.event_source, arguments.environment),
        ),
        budget_seconds=arguments.budget_minutes * 60,
    )


def _threads(arguments: LedgerBatchArguments) -> int:
    """Return the threads of one transform: the cores of its slot."""
    return max(1, (os.cpu_count() or 1) // arguments.slots) if arguments.slots else 1


def _note_renewal(lease: object, error: Exception) -> None:
    log("renewal failed", lease=str(lease), cause=describe(error))


if __name__ == "__main__":
    exit_job(main(sys.argv[1:]))
