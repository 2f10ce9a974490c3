"""One input of the kernel with everything that may change what it does, also as a file of the corpus."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.support.guarded import Arena, Side, guarded
from tests.support.ndjson import NATIVE, difference, parse
from tributary.kernels.formats.asked import DEFAULT_LIMITS
from tributary.kernels.record_limits import RecordLimits

CORPUS = Path(__file__).resolve().parents[1] / "corpus"


@dataclass(frozen=True, slots=True)
class Case:
    """Chunks as they come, limits, and whether lines are kept."""

    chunks: tuple[bytes, ...]
    limits: RecordLimits = DEFAULT_LIMITS
    keep_lines: bool = False

    @property
    def data(self) -> bytes:
        return b"".join(self.chunks)


def written(case: Case) -> str:
    """The case as text; each character of a chunk is a byte, and only unusual limits are told."""
    usual = asdict(DEFAULT_LIMITS)
    limits = {name: limit for name, limit in asdict(case.limits).items() if limit != usual[name]}
    chunks = [chunk.decode("latin-1") for chunk in case.chunks]
    return json.dumps({"limits": limits, "keep_lines": case.keep_lines, "chunks": chunks}, indent=1) + "\n"


def read(text: str) -> Case:
    fields = json.loads(text)
    chunks = tuple(chunk.encode("latin-1") for chunk in fields["chunks"])
    limits = {
        name: tuple(limit) if isinstance(limit, list) else limit for name, limit in fields["limits"].items()
    }
    return Case(chunks, RecordLimits(**limits), fields["keep_lines"])


def failure(case: Case, arena: Arena, engines: tuple[str, ...] = NATIVE, side: Side = "end") -> str | None:
    """How an engine, fed from guarded memory, differs from the oracle, fed at once; None if it does not."""
    expected = list(parse("plain", [case.data], case.limits, keep_lines=case.keep_lines))
    for engine in engines:
        given = parse(engine, guarded(case.chunks, arena, side), case.limits, keep_lines=case.keep_lines)
        if found := difference(given, expected):
            return f"{engine} gives other {found}"
    return None
