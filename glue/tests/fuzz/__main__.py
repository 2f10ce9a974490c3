"""Fuzz the native NDJSON kernel against the plain one."""

import argparse
import hashlib
import json
import math
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from tests.fuzz.cases import CORPUS, read, written
from tests.fuzz.minimising import SECONDS, fails, minimised
from tributary.expected import option, whole_number
from tributary.terminal import show


class Worker:
    """A process that tries cases; it may crash or hang."""

    def __init__(self, seed: str, minutes: float, folder: Path) -> None:
        self.seed = seed
        self.file = folder / f"{seed.replace(' ', '-')}.json"
        self.told: dict[str, int | str] = {"lines": 0, "cases": 0}
        self.heard_at = math.inf  # until it has started, however long that takes
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", seed, str(minutes), str(self.file)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self._ears = threading.Thread(target=self._hear, args=[self.process.stdout], daemon=True)
        self._ears.start()

    def _hear(self, stream: IO[str]) -> None:
        for line in stream:
            self.told = json.loads(line)
            self.heard_at = time.monotonic()

    def trouble(self) -> str | None:
        """What went wrong, once something did."""
        code = self.process.poll()
        if code is None and time.monotonic() - self.heard_at > 2 * SECONDS:
            self.process.kill()
            return f"a case takes more than {SECONDS} seconds"
        if not code:
            return None
        self._ears.join()
        return str(self.told.get("difference", f"the process ended with code {code}"))


def main() -> int:
    arguments = _arguments()
    seed = arguments.seed or secrets.token_hex(4)
    print(f"seed {seed}, {arguments.processes} processes, {arguments.minutes:g} minutes", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tributary-fuzz-") as folder:
        workers = [
            Worker(f"{seed} {number}", arguments.minutes, Path(folder))
            for number in range(arguments.processes)
        ]
        try:
            troubled = _watch(workers, began)
        except KeyboardInterrupt:
            _summary(workers, began, "stopped, no difference so far")
            return 130
        finally:
            for worker in workers:
                worker.process.kill()
                worker.process.wait()
        if troubled is None:
            _summary(workers, began, "no difference")
            return 0
        worker, trouble = troubled
        _summary(workers, began, f"seed {worker.seed}: {trouble}")
        _keep(worker.file, arguments.corpus)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="npm run fuzz --",
        description="Read made-up NDJSON by the native and the plain kernel and compare what they give. "
        "A case that differs, crashes or hangs is made smaller, put into the corpus, and ends the run with "
        "code 1.",
    )
    parser.add_argument(
        "--minutes", type=option("a number above 0", _above_zero), default=1, help="how long (default: 1)"
    )
    parser.add_argument("--seed", help="any text; the same seed gives the same cases (default: by chance)")
    processes = option("a whole number of 1 or more", lambda text: whole_number(text, 1))
    parser.add_argument("--processes", type=processes, default=1, help="side by side (default: 1)")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="where a failing case is put")
    return parser.parse_args()


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError(text)
    return number


def _watch(workers: list[Worker], began: float) -> tuple[Worker, str] | None:
    shown = 0.0
    while any(worker.process.poll() is None for worker in workers):
        time.sleep(0.2)
        for worker in workers:
            if trouble := worker.trouble():
                return worker, trouble
        if time.monotonic() - shown > (1 if sys.stderr.isatty() else 30):
            shown = time.monotonic()
            print(f"{_figures(workers, began)}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr)
    return next(((worker, trouble) for worker in workers if (trouble := worker.trouble())), None)


def _figures(workers: list[Worker], began: float) -> str:
    lines = sum(int(worker.told["lines"]) for worker in workers)
    cases = sum(int(worker.told["cases"]) for worker in workers)
    seconds = time.monotonic() - began
    return f"{lines:,} lines in {cases:,} cases, {seconds:.0f} s, {lines / seconds:,.0f} lines/s"


def _summary(workers: list[Worker], began: float, result: str) -> None:
    show(f"{_figures(workers, began)}: {result}")


def _keep(file: Path, corpus: Path) -> None:
    case = read(file.read_text())
    if not fails(case):
        print("the case does not fail again: what went before must matter", file=sys.stderr)
    else:
        print("making it smaller…", file=sys.stderr)
        case = minimised(case)
    text = written(case)
    corpus.mkdir(parents=True, exist_ok=True)
    kept = corpus / f"found-{hashlib.sha256(text.encode()).hexdigest()[:8]}.json"
    kept.write_text(text)
    show(f"{text}kept in {kept}")


if __name__ == "__main__":
    sys.exit(main())
