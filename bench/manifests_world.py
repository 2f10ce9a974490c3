"""Environment of the manifest bench: the emulator with files in it, and the job as Glue runs it."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.job import start_script
from tests.support.manifests import SCRIPT, ManifestWorld
from tributary.running.clients import s3_client

_WAIT_SECONDS = 600
_LOOK_SECONDS = 0.2


@dataclass
class BenchWorld:
    """World whose files are put once and listed in each of its manifests."""

    world: ManifestWorld
    entries: Sequence[dict[str, Any]]
    manifests: int = 0

    @staticmethod
    def create(files: Sequence[Path]) -> "BenchWorld":
        """Put the files into the emulator."""
        world = ManifestWorld.create()
        began = time.perf_counter()

        def put(file: Path) -> dict[str, Any]:
            key = world.key(file.name)
            with file.open("rb") as body:
                version = s3_client().put_object(Bucket=world.raw, Key=key, Body=body)["VersionId"]
            return world.entry_of(key, version, file.stat().st_size)

        with ThreadPoolExecutor(4) as threads:
            entries = list(threads.map(put, files))
        print(f"{len(files)} files put in {time.perf_counter() - began:.1f} s", file=sys.stderr)
        return BenchWorld(world, entries)

    def send_manifest(self) -> None:
        """Write one more manifest of all files, and its message."""
        self.manifests += 1
        listed = [{**entry, "revision": self.manifests} for entry in self.entries]
        self.world.send(self.world.manifest(*listed))

    def run_job(self, slots: int) -> list[dict[str, Any]]:
        """Run the job until all manifests are published; return its log."""
        self.world.order(desired="running")
        job = start_script(SCRIPT, self.world.arguments(slots=slots, visibility_seconds=900))
        self._wait(job)
        self.world.order(desired="stopped")
        out, _ = job.communicate(timeout=60)
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def _wait(self, job: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline and job.poll() is None and any(self.world.waiting()):
            time.sleep(_LOOK_SECONDS)
