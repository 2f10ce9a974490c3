"""Run of the lister: registers the files of pages, 1,000 a statement, and keeps and logs its progress."""

import math
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from threading import Event

from tributary.ledger.connection import LedgerConnection
from tributary.ledger.files import FILES_A_STATEMENT, FoundFile, can_hold, register_files
from tributary.ledger.listings import FolderProgress, Marker, read_listings, save_listings
from tributary.lister.pages import Page
from tributary.running.log import log

_PROGRESS_SECONDS = 30.0
_PAGES_A_SAVE = 10
_NAMED_IN_LOG = 20


@dataclass
class Totals:
    """Totals of a run.

    `entries` are versions and delete markers; `refused` are files whose key no row can hold; `unfinished` are
    folders that the next run goes on with.
    """

    folders: int = 0
    pages: int = 0
    entries: int = 0
    found: int = 0
    registered: int = 0
    refused: int = 0
    unfinished: int = 0


class Listing:
    """Registers pages until their end, until its time is up, or until `stopping` is set."""

    def __init__(
        self, ledger: LedgerConnection, bucket: str, stopping: Event, budget_seconds: float = math.inf
    ) -> None:
        self._ledger = ledger
        self._bucket = bucket
        self._stopping = stopping
        self._budget_seconds = budget_seconds
        self._totals = Totals()
        self._waiting: list[FoundFile] = []
        self._progress = read_listings(ledger, bucket)
        self._listed: set[str] = set()
        self._unsaved: set[str] = set()
        self._unsaved_pages = 0
        self._began = self._told = time.monotonic()

    @property
    def markers(self) -> dict[str, Marker]:
        """Where folders go on whose last round is incomplete."""
        return {folder: each.marker for folder, each in self._progress.items() if each.marker is not None}

    def ordered(self, folders: Iterable[str]) -> list[str]:
        """Order folders: those that were never listed, then those that were listed the longest ago."""
        places = {folder: place for place, folder in enumerate(self._progress)}
        return sorted(folders, key=lambda folder: places.get(folder, -1))

    def run(self, pages: Iterable[Page]) -> bool:
        """Register the files of pages, one page at least; return False where it was stopped."""
        for page in pages:
            if self._stopping.is_set():
                break
            self._take(page)
            if time.monotonic() - self._began > self._budget_seconds:
                break
        self._save()
        stopped = self._stopping.is_set()
        progress = [self._progress[folder] for folder in self._listed]
        self._totals.unfinished = sum(folder.marker is not None for folder in progress)
        self._tell("finished", succeeded=not stopped, stopped=stopped)
        return not stopped

    def _take(self, page: Page) -> None:
        totals = self._totals
        totals.pages += 1
        totals.entries += page.entries
        totals.found += len(page.found)
        holdable = [file for file in page.found if can_hold(file.key)]
        if len(holdable) < len(page.found):
            self._refuse([file for file in page.found if not can_hold(file.key)])
        self._waiting += holdable
        self._note(page, len(page.found) - len(holdable))
        self._register(FILES_A_STATEMENT)
        if self._unsaved_pages == _PAGES_A_SAVE:
            self._save()
        if time.monotonic() - self._told > _PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._tell("listing", folder=page.folder)

    def _refuse(self, files: list[FoundFile]) -> None:
        for file in files[: max(_NAMED_IN_LOG - self._totals.refused, 0)]:
            log("refused", key=file.key, version=file.version_id, cause="its key has a NUL character")
        self._totals.refused += len(files)

    def _note(self, page: Page, refused: int) -> None:
        """Note where the page's folder goes on, which is saved once its files are registered."""
        known = self._progress.get(page.folder)
        goes_on = known is not None and known.marker is not None
        earlier = known.refused if known is not None and goes_on else 0
        self._progress[page.folder] = FolderProgress(page.marker, earlier + refused)
        self._unsaved.add(page.folder)
        self._unsaved_pages += 1
        self._listed.add(page.folder)
        self._totals.folders = len(self._listed)

    def _save(self) -> None:
        self._register(1)
        if self._unsaved:
            unsaved = {folder: self._progress[folder] for folder in self._unsaved}
            save_listings(self._ledger, self._bucket, unsaved)
        self._unsaved.clear()
        self._unsaved_pages = 0

    def _register(self, minimum: int) -> None:
        """Register the waiting files in whole statements, while there are at least `minimum`."""
        while len(self._waiting) >= minimum:
            registered = register_files(self._ledger, self._waiting[:FILES_A_STATEMENT])
            self._totals.registered += registered.added
            del self._waiting[:FILES_A_STATEMENT]

    def _tell(self, event: str, **details: object) -> None:
        seconds = time.monotonic() - self._began
        log(event, **details, **asdict(self._totals), seconds=round(seconds, 3))
