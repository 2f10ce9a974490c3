"""Committed objects to their names, and those of earlier commits away; any number of times."""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tributary.batch.task import Published, PublishTask
from tributary.errors import SourceGoneError, describe
from tributary.objects import content_types
from tributary.objects.reads import read_current, standing
from tributary.objects.writes import delete_generation, put_generation
from tributary.running.clients import CONCURRENT_REQUESTS
from tributary.running.tasks import Failed
from tributary.running.temporary import temporary_folder

_CONTENT_TYPES = {"curated": content_types.PARQUET, "quarantine": content_types.NDJSON}


def publish(task: PublishTask) -> Published | Failed:
    """Publish a commit; a failure comes back as an answer."""
    try:
        with temporary_folder("publish") as work:
            return _Publication(task, work).run()
    except Exception as error:  # noqa: BLE001 told to the driver, which gives the batch back
        return Failed("publish-failed", describe(error))


class _Publication:
    """Each write is refused where a later commit of the batch stands already."""

    def __init__(self, task: PublishTask, work: Path) -> None:
        self._task = task
        self._work = work

    def run(self) -> Published:
        """Write what the commit lists, then delete what it does not."""
        listed = {(entry["bucket"], entry["name"]) for entry in self._task.objects}
        earlier = {(entry["bucket"], entry["name"]) for entry in self._task.earlier} - listed
        generation = self._task.generation
        with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
            stands = max(threads.map(self._put, self._task.objects), default=generation)
            if stands > generation:
                return Published(len(listed), 0, overtaken_by=stands)
            _all(threads, self._delete, sorted(earlier))
        return Published(len(listed), len(earlier))

    def _put(self, entry: dict[str, Any]) -> int:
        """Bring one object to its name; return the generation that stands there now."""
        bucket, name = self._bucket(entry["bucket"]), entry["name"]
        with tempfile.NamedTemporaryFile(dir=self._work) as file:
            try:
                for chunk in read_current(self._task.destinations.curated, entry["staged"]):
                    file.write(chunk)
            except SourceGoneError:
                # Staging is cleaned after days: fine, if this was published before.
                found = standing(bucket, name)
                if found is None or found.generation < self._task.generation:
                    raise
                return found.generation
            file.flush()
            content_type = _CONTENT_TYPES[entry["bucket"]]
            return put_generation(bucket, name, Path(file.name), content_type, self._task.generation)

    def _delete(self, place: tuple[str, str]) -> None:
        kind, name = place
        delete_generation(self._bucket(kind), name, below=self._task.generation)

    def _bucket(self, kind: str) -> str:
        destinations = self._task.destinations
        return destinations.curated if kind == "curated" else destinations.quarantine


def _all(threads: ThreadPoolExecutor, work: Callable[[Any], object], items: list[Any]) -> None:
    """Do it for all, and raise what one of them raised."""
    for _ in threads.map(work, items):
        pass
