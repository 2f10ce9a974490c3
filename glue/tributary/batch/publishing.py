"""Publication of a commit: writes its objects, deletes those of earlier ones, any number of times."""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tributary.batch.task import Published, PublishTask
from tributary.errors import SourceGoneError, describe
from tributary.objects import content_types
from tributary.objects.reads import existing_object, read_current
from tributary.objects.writes import delete_generation, put_generation
from tributary.running.clients import CONCURRENT_REQUESTS
from tributary.running.tasks import Failed
from tributary.running.temporary import temporary_folder

_CONTENT_TYPES = {"curated": content_types.PARQUET, "quarantine": content_types.NDJSON}


def publish(task: PublishTask) -> Published | Failed:
    """Publish a commit; a failure is returned as an answer."""
    try:
        with temporary_folder("publish") as work:
            return _Publication(task, work).run()
    except Exception as error:  # noqa: BLE001 returned to the driver, which gives the batch back
        return Failed("publish-failed", describe(error))


class _Publication:
    """Publication under a generation: each write is rejected where a later commit of the batch exists."""

    def __init__(self, task: PublishTask, work: Path) -> None:
        self._task = task
        self._work = work

    def run(self) -> Published:
        """Write the objects that the commit lists, then delete the earlier ones that it does not."""
        listed = {(entry["bucket"], entry["name"]) for entry in self._task.objects}
        earlier = {(entry["bucket"], entry["name"]) for entry in self._task.earlier} - listed
        generation = self._task.generation
        with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
            existing = max(threads.map(self._put, self._task.objects), default=generation)
            if existing > generation:
                return Published(len(listed), 0, overtaken_by=existing)
            _all(threads, self._delete, sorted(earlier))
        return Published(len(listed), len(earlier))

    def _put(self, entry: dict[str, Any]) -> int:
        """Write one object to its final key; return the generation that exists there now."""
        bucket, name = self._bucket(entry["bucket"]), entry["name"]
        with tempfile.NamedTemporaryFile(dir=self._work) as file:
            try:
                for chunk in read_current(self._task.destinations.curated, entry["staged"]):
                    file.write(chunk)
            except SourceGoneError:
                # Staged objects expire after days: fine, if this one was published before.
                found = existing_object(bucket, name)
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
    """Run the work for all items; raises what one of them raised."""
    for _ in threads.map(work, items):
        pass
