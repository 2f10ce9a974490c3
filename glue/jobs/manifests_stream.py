"""Glue streaming job that turns manifests of NDJSON files into Parquet objects until it is stopped."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal

from tributary.conversion.limits import FileLimitArguments
from tributary.datasets import datasets_of
from tributary.distribution import open_engine
from tributary.manifests.control import Control
from tributary.manifests.queue import ManifestQueue
from tributary.manifests.stream import Stream, StreamSettings
from tributary.running.announcing import Announcer
from tributary.running.job import JobArguments, exit_job, run_job, set_on_signals
from tributary.running.log import log
from tributary.running.table_columns import ColumnCap
from tributary.running.tasks import DestinationArguments


@dataclass(frozen=True)
class ManifestsStreamArguments(FileLimitArguments, DestinationArguments, JobArguments):
    """Arguments of the job; `slots` is the number of concurrent manifests, 0 = one a core.

    `undeclared_columns` are the most that a table may have.
    """

    manifests_queue_url: str
    manifests_bucket: str
    control_table: str
    undeclared_columns: int
    event_source: str
    environment: str
    engine: Literal["pool", "spark"]
    slots: int
    poll_seconds: int
    visibility_seconds: int


def main(words: Sequence[str]) -> int:
    """Run the job; return 0 after a stop, a restart or a signal, 2 for wrong arguments."""
    return run_job(ManifestsStreamArguments, words, _stream)


def _stream(arguments: ManifestsStreamArguments, run_id: str, hurry: Event) -> bool:
    names = [dataset.name for dataset in datasets_of("manifests")]
    log("started", run_id=run_id, engine=arguments.engine, datasets=names)
    control = Control(arguments.control_table, arguments.poll_seconds)
    with open_engine(arguments.engine, arguments.slots) as engine:
        set_on_signals(hurry)
        Stream(
            queue=ManifestQueue(arguments.manifests_queue_url, arguments.visibility_seconds),
            engine=engine,
            control=control,
            announcer=Announcer(arguments.event_source, arguments.environment),
            settings=_settings(arguments, run_id),
            hurry=hurry,
        ).run()
    return True


def _settings(arguments: ManifestsStreamArguments, run_id: str) -> StreamSettings:
    columns = ColumnCap(arguments.control_table, arguments.undeclared_columns)
    return StreamSettings(
        arguments.destinations, columns, run_id, arguments.poll_seconds, arguments.file_limits
    )


if __name__ == "__main__":
    exit_job(main(sys.argv[1:]))
