"""Glue job that lists the files of the ledger's datasets; docs/ledger-pipeline.md says what it finds."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

from tributary.datasets import datasets_of
from tributary.ledger.access import LedgerArguments, ledger_settings
from tributary.ledger.connection import LedgerConnection
from tributary.lister.folders import WantedWeeks, listed_folders
from tributary.lister.inputs import Inputs
from tributary.lister.pages import one_ahead, version_pages
from tributary.lister.run import Listing
from tributary.running.clients import s3_client
from tributary.running.clock import utc_now
from tributary.running.job import SERVICE_ERRORS, exit_job, run_job
from tributary.running.log import log


@dataclass(frozen=True)
class LedgerListerArguments(LedgerArguments):
    """Arguments of the job; `recent_weeks` limits the weekly folders to the last so many, 0 = all.

    After `budget_minutes` the run ends, and the next one goes on where it did.
    """

    raw_bucket: str
    start_year: int
    recent_weeks: int
    budget_minutes: int


def main(words: Sequence[str]) -> int:
    """Run the job; return 0 when all that was listed is registered, 1 when not, 2 for wrong arguments."""
    return run_job(LedgerListerArguments, words, _list, SERVICE_ERRORS)


def _list(arguments: LedgerListerArguments, run_id: str, stopping: Event) -> bool:
    log("started", run_id=run_id, recent_weeks=arguments.recent_weeks)
    inputs = Inputs(datasets_of("ledger"), arguments.start_year)
    wanted = WantedWeeks.recent(arguments.start_year, arguments.recent_weeks, utc_now())
    bucket = arguments.raw_bucket
    folders = listed_folders(s3_client(), bucket, inputs.prefixes, wanted)
    with LedgerConnection(ledger_settings(arguments, "tributary_lister")) as ledger:
        listing = Listing(ledger, bucket, stopping, arguments.budget_minutes * 60)
        pages = version_pages(s3_client(), bucket, listing.ordered(folders), inputs, listing.markers)
        return listing.run(one_ahead(pages))


if __name__ == "__main__":
    exit_job(main(sys.argv[1:]))
