"""Result of a file's conversion: its counts, its hash, its issues and its drift."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.output.staged import StagedFile
from tributary.kernels.output.undeclared import OTHER_COLUMN, shown_key

ISSUES_COLUMN = "data_quality_issues"
"""Output column whose texts, joined by "; ", are counted as issues, where a dataset has one."""

OTHER_ISSUES = "other issues"
"""Name under which issues beyond the first hundred are counted: their texts may contain values."""

_ISSUES_COUNTED = 100
_ISSUE_LENGTH = 200
_KEYS_NAMED = 50


class FirstReject(TypedDict):
    """Place and reason of a dead letter; `column` is None where the whole record was refused."""

    line: int
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """Result of one file; its paths are in the work folder, None where nothing is to be published.

    `input_count` = `output_count` + `rejected_count`, in records; `columns` are the undeclared columns of the
    output, and `other_rows` the rows with keys in `_other`. A file with a `whole_file_reason` goes to
    quarantine as a whole with that code and message, and nothing is published.
    """

    content_sha256: str
    input_count: int = 0
    cleaned_count: int = 0
    output_count: int = 0
    rejected_count: int = 0
    first: FirstReject | None = None
    issues: dict[str, int] = field(default_factory=dict)
    drift: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    other_rows: int = 0
    objects: Sequence[StagedFile] = ()
    rejects: Path | None = None
    whole_file_reason: str | None = None
    whole_file_message: str | None = None

    @property
    def parquet(self) -> Path | None:
        """The Parquet file of a unit that has one object."""
        return self._object(".parquet")

    @property
    def csv(self) -> Path | None:
        """The CSV file beside it."""
        return self._object(".csv")

    def _object(self, suffix: str) -> Path | None:
        return next((file.path for file in self.objects if file.path.suffix == suffix), None)


class IssueCounts:
    """Counts of each issue in the issues column."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, issues: pa.Array | pa.ChunkedArray | None) -> None:
        """Count the issues of some rows; None where the dataset has no such column."""
        if issues is None:
            return
        for texts in pc.value_counts(issues.drop_null()).to_pylist():
            for issue in texts["values"].split("; "):
                known = issue in self._counts or len(self._counts) < _ISSUES_COUNTED
                self._counts[issue[:_ISSUE_LENGTH] if known else OTHER_ISSUES] += texts["counts"]

    def sorted(self) -> dict[str, int]:
        """Return the counts, sorted by the texts of the issues."""
        return dict(sorted(self._counts.items()))


class Hashed:
    """Iterator over chunks that computes their SHA-256."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._digest.update(chunk)
            yield chunk

    def drain(self) -> None:
        """Read the rest, for the digest is of the whole content."""
        for _ in self:
            pass

    def hexdigest(self) -> str:
        """Return the digest of the chunks so far."""
        return self._digest.hexdigest()


def unreadable_file(hashed: Hashed, reason: str, message: str) -> FileResult:
    """Return the result of a file that cannot be read as a whole, read to its end for its digest."""
    hashed.drain()
    return FileResult(hashed.hexdigest(), whole_file_reason=reason, whole_file_message=message)


def drift_sentences(names: Mapping[str, str], others: Collection[str] = ()) -> Iterator[str]:
    """Yield a sentence for each undeclared field, up to fifty: those with a column, then the others."""
    kept = {**names, **dict.fromkeys(others, OTHER_COLUMN)}
    for key, name in list(kept.items())[:_KEYS_NAMED]:
        yield f"unknown field: {shown_key(key)}, kept {'in' if name == OTHER_COLUMN else 'as'} {name}"
    if more := list(kept.values())[_KEYS_NAMED:]:
        count = more.count(OTHER_COLUMN)
        yield f"unknown fields: {len(more)} more" + (f", {count} of them in {OTHER_COLUMN}" if count else "")
