"""The Glue job that turns manifests of NDJSON files into Parquet objects, as long as it is wanted."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal

from tributary.datasets import text_datasets
from tributary.distribution import open_engine
from tributary.errors import ArgumentsError
from tributary.manifests.control import Control
from tributary.manifests.queue import ManifestQueue
from tributary.manifests.stream import Stream, StreamSettings
from tributary.running.announcing import Announcer
from tributary.running.arguments import read_arguments, read_run_id
from tributary.running.log import log
from tributary.running.tasks import Destinations


@dataclass(frozen=True)
class ManifestsStreamArguments:
    """What the job reads; `slots` is manifests in work at once, 0 = as many as there are cores."""

    manifests_queue_url: str
    manifests_bucket: str
    curated_bucket: str
    quarantine_bucket: str
    control_table: str
    event_source: str
    environment: str
    engine: Literal["pool", "spark"]
    slots: int
    poll_seconds: int
    visibility_seconds: int


def main(words: Sequence[str]) -> int:
    """Run the job; return 0 when it was told to end, 2 for wrong arguments."""
    try:
        arguments = read_arguments(ManifestsStreamArguments, words)
        run_id = read_run_id(words)
    except ArgumentsError as error:
        log("wrong arguments", cause=str(error))
        return 2
    hurry = Event()
    names = [dataset.name for dataset in text_datasets()]
    log("started", run_id=run_id, engine=arguments.engine, datasets=names)
    control = Control(arguments.control_table, arguments.poll_seconds)
    with open_engine(arguments.engine, arguments.slots) as engine:
        # Only now: Spark sets a handler of its own for SIGINT, which would break out of the loop.
        signal.signal(signal.SIGTERM, lambda *_: hurry.set())
        signal.signal(signal.SIGINT, lambda *_: hurry.set())
        Stream(
            queue=ManifestQueue(arguments.manifests_queue_url, arguments.visibility_seconds),
            engine=engine,
            control=control,
            announcer=Announcer(arguments.event_source, arguments.environment),
            settings=_settings(arguments, run_id),
            hurry=hurry,
        ).run()
    return 0


def _settings(arguments: ManifestsStreamArguments, run_id: str) -> StreamSettings:
    destinations = Destinations(arguments.curated_bucket, arguments.quarantine_bucket)
    return StreamSettings(destinations, run_id, arguments.poll_seconds)


if __name__ == "__main__":
    # No exit call on success: Glue has been seen to report any SystemExit as a failure.
    if code := main(sys.argv[1:]):
        sys.exit(code)
