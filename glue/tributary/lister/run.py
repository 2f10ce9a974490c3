"""Run of the lister: registers the files of pages, 1,000 a statement, and logs its progress."""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from threading import Event

from tributary.ledger.connection import LedgerConnection
from tributary.ledger.files import FILES_A_STATEMENT, FoundFile, register_files
from tributary.lister.pages import Page
from tributary.running.log import log

_PROGRESS_SECONDS = 30.0
# PostgreSQL's text holds every character but this one.
_NUL = "\0"


@dataclass
class Totals:
    """Totals of a run.

    `entries` are versions and delete markers; `refused` are files whose key no row can hold.
    """

    folders: int = 0
    pages: int = 0
    entries: int = 0
    found: int = 0
    registered: int = 0
    refused: int = 0


class Listing:
    """Registers pages until their end, or until `stopping` is set."""

    def __init__(self, ledger: LedgerConnection, stopping: Event) -> None:
        self._ledger = ledger
        self._stopping = stopping
        self._totals = Totals()
        self._waiting: list[FoundFile] = []
        self._began = self._told = time.monotonic()
        self._folder: str | None = None

    def run(self, pages: Iterable[Page]) -> bool:
        """Register the files of pages; return True when every file found is registered."""
        for page in pages:
            if self._stopping.is_set():
                break
            self._take(page)
        self._register(1)
        stopped = self._stopping.is_set()
        self._tell("finished", succeeded=not stopped and not self._totals.refused, stopped=stopped)
        return not stopped and not self._totals.refused

    def _take(self, page: Page) -> None:
        totals = self._totals
        totals.folders += page.folder != self._folder
        self._folder = page.folder
        totals.pages += 1
        totals.entries += page.entries
        totals.found += len(page.found)
        for file in page.found:
            if _NUL in file.key:
                totals.refused += 1
                log("refused", key=file.key, version=file.version_id, cause="its key has a NUL character")
            else:
                self._waiting.append(file)
        self._register(FILES_A_STATEMENT)
        if time.monotonic() - self._told > _PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._tell("listing", folder=page.folder)

    def _register(self, minimum: int) -> None:
        """Register the waiting files in whole statements, while there are at least `minimum`."""
        while len(self._waiting) >= minimum:
            registered = register_files(self._ledger, self._waiting[:FILES_A_STATEMENT])
            self._totals.registered += registered.added
            del self._waiting[:FILES_A_STATEMENT]

    def _tell(self, event: str, **details: object) -> None:
        seconds = time.monotonic() - self._began
        log(event, **details, **asdict(self._totals), seconds=round(seconds, 3))
