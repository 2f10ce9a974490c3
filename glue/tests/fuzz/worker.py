"""One process of the fuzzer: cases without end, each written down before it is tried.

Prints a line of JSON a second; ends with code 1 at the first difference, which is then the case in the file.
"""

import json
import signal
import sys
import time
from pathlib import Path
from random import Random

from tests.fuzz.cases import Case, failure, written
from tests.fuzz.documents import MAXIMUM_BYTES, Documents
from tests.support.guarded import Arena, Side
from tests.support.ndjson import NATIVE


def main(seed: str, minutes: float, file: Path) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the fuzzer ends its workers
    chance = Random(seed)
    documents = Documents(chance)
    arena = Arena(MAXIMUM_BYTES)
    end = time.monotonic() + 60 * minutes
    told = time.monotonic()
    lines = cases = 0
    print(json.dumps({"lines": lines, "cases": cases}), flush=True)
    while (now := time.monotonic()) < end:
        case = documents.case()
        file.write_text(written(case))
        if found := tried(case, arena, chance):
            print(json.dumps({"lines": lines, "cases": cases, "difference": found}), flush=True)
            return 1
        lines += case.data.count(b"\n") + 1
        cases += 1
        if now - told > 1:
            print(json.dumps({"lines": lines, "cases": cases}), flush=True)
            told = now
    print(json.dumps({"lines": lines, "cases": cases}), flush=True)
    return 0


def tried(case: Case, arena: Arena, chance: Random) -> str | None:
    """By one engine, at one side of the guarded memory."""
    sides: list[Side] = ["end", "begin"]
    return failure(case, arena, (chance.choice(NATIVE),), chance.choice(sides))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])))
