"""The Glue job that lists raw JSON files into the ledger; docs/ledger-pipeline.md says what it finds."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

from botocore.exceptions import BotoCoreError, ClientError

from tributary.datasets import load_json_dataset
from tributary.errors import ArgumentsError, TributaryError
from tributary.ledger.access import LedgerArguments, ledger_settings
from tributary.ledger.connection import LedgerConnection
from tributary.lister.folders import WantedWeeks, listed_folders
from tributary.lister.pages import one_ahead, version_pages
from tributary.lister.run import Listing
from tributary.running.arguments import read_arguments, read_run_id
from tributary.running.clients import s3_client
from tributary.running.clock import utc_now
from tributary.running.log import log


@dataclass(frozen=True)
class LedgerListerArguments(LedgerArguments):
    """What the job reads; `recent_weeks` limits the weekly folders to the last so many, 0 = all."""

    raw_bucket: str
    dataset: str
    start_year: int
    recent_weeks: int


def main(words: Sequence[str]) -> int:
    """Run the job; return 0 when all that is there is registered, 1 when not, 2 for wrong arguments."""
    try:
        arguments = read_arguments(LedgerListerArguments, words)
        run_id = read_run_id(words)
    except ArgumentsError as error:
        log("wrong arguments", cause=str(error))
        return 2
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    log("started", run_id=run_id, dataset=arguments.dataset, recent_weeks=arguments.recent_weeks)
    try:
        return 0 if _list(arguments, stopping) else 1
    except (BotoCoreError, ClientError, TributaryError) as error:
        log("failed", error=type(error).__name__, cause=str(error))
        return 1


def _list(arguments: LedgerListerArguments, stopping: Event) -> bool:
    prefix = load_json_dataset(arguments.dataset).prefix
    wanted = WantedWeeks.recent(arguments.start_year, arguments.recent_weeks, utc_now())
    folders = listed_folders(s3_client(), arguments.raw_bucket, prefix, wanted)
    pages = version_pages(s3_client(), arguments.raw_bucket, folders)
    with LedgerConnection(ledger_settings(arguments, "tributary_lister")) as ledger:
        return Listing(ledger, stopping).run(one_ahead(pages))


if __name__ == "__main__":
    # No exit call on success: Glue has been seen to report any SystemExit as a failure.
    if code := main(sys.argv[1:]):
        sys.exit(code)
