"""One source object to its output files: the pure middle of the job, without AWS and without Spark."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets import Dataset
from tributary.errors import DeclarationError, TransformError, WholeFileError
from tributary.kernels.batches import regrouped
from tributary.kernels.compression import uncompressed
from tributary.kernels.csv_block import LINE_COLUMN, Layout
from tributary.kernels.csv_reader import BLOCK_BYTES, CsvRows, fixed_blocks, read_header
from tributary.kernels.functions import macros
from tributary.kernels.header import HeaderMatch, match_header
from tributary.kernels.outputs import (
    ROW_GROUP_BYTES,
    ROW_GROUP_ROWS,
    RejectWriter,
    TableWriter,
    declared,
    output_schema,
)
from tributary.kernels.records import Dialect, Limits
from tributary.kernels.text import FORMS
from tributary.kernels.transform import Resources, Transform, check_date_formats

ISSUES_COLUMN = "data_quality_issues"
"""Output column whose texts, joined by "; ", are counted as issues, where a dataset has one."""

OTHER_ISSUES = "other issues"
"""What issues beyond the first hundred are counted as: a transform may put values into their texts."""

_ISSUES_COUNTED = 100
_ISSUE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Source:
    """The identity of an input: bucket, key and version id."""

    bucket: str
    key: str
    version: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file; the paths lie in the work folder, None where there is nothing to publish.

    `input_count` = `output_count` + `rejected_count`, in records. `whole_file_reason` set means: the whole
    file goes to quarantine with that code and message, and nothing is published.
    """

    content_sha256: str
    input_count: int = 0
    cleaned_count: int = 0
    output_count: int = 0
    rejected_count: int = 0
    issues: dict[str, int] = field(default_factory=dict)
    drift: tuple[str, ...] = ()
    parquet: Path | None = None
    csv: Path | None = None
    rejects: Path | None = None
    whole_file_reason: str | None = None
    whole_file_message: str | None = None


def rows_version(dataset: Dataset, date_formats: Sequence[str]) -> str:
    """A hash that changes whenever the same content would give other rows."""
    return hashlib.sha256("\0".join([dataset.version, *macros(date_formats)]).encode()).hexdigest()


def check_dataset(dataset: Dataset, date_formats: Sequence[str]) -> None:
    """Try the transform on one row of nulls, so that what is wrong with it is told before a file is taken up.

    Raises `DeclarationError` when it fails there, or returns other columns than declared.
    """
    check_date_formats(tuple(date_formats))
    names = tuple(column.name for column in dataset.columns)
    layout = Layout(Dialect(dataset.csv_format.delimiter, len(names)), names, names)
    row = pa.RecordBatch.from_pylist([{LINE_COLUMN: 1}], schema=layout.schema)
    with tempfile.TemporaryDirectory(prefix="tributary-check-") as work:
        variables: dict[str, str | datetime] = {
            "processing_date": datetime.now(UTC),
            "source_file": dataset.prefix,
        }
        transform = Transform(dataset.transform, variables, date_formats, Resources(), Path(work))
        try:
            for batch in transform.run([row], layout.schema):
                declared(pa.Table.from_batches([batch]), output_schema(dataset, {}))
        except TransformError as error:
            raise DeclarationError(f'the dataset "{dataset.name}" cannot be used: {error}') from error


def process_file(
    dataset: Dataset,
    source: Source,
    chunks: Iterable[bytes],
    *,
    processing_date: datetime,
    date_formats: Sequence[str],
    work: Path,
    resources: Resources | None = None,
) -> FileResult:
    """Parse and transform one file, streamed, into files below `work` (an existing folder of its own).

    A key that ends in `.gz` or `.zst` is decompressed. `processing_date` carries a time zone. The same input
    gives the same bytes. A file that cannot be read as a whole comes back with its reason; raises
    `DeclarationError`, `TransformError`, and what `chunks` raises.
    """
    check_date_formats(tuple(date_formats))
    hashed = _Hashed(chunks)
    transform = Transform(
        sql=dataset.transform,
        variables={"processing_date": processing_date, "source_file": source.key},
        date_formats=date_formats,
        resources=resources or Resources(),
        work=work,
    )
    try:
        return _process(dataset, source, uncompressed(source.key, hashed), transform, hashed)
    except WholeFileError as error:
        hashed.drain()
        return FileResult(hashed.hexdigest(), whole_file_reason=error.reason, whole_file_message=str(error))


def _process(
    dataset: Dataset, source: Source, data: Iterator[bytes], transform: Transform, hashed: "_Hashed"
) -> FileResult:
    blocks = fixed_blocks(data, BLOCK_BYTES)
    limits = Limits()
    header = read_header(blocks, dataset.csv_format.delimiter, limits)
    match = _match(dataset, header.fields)
    layout = Layout(
        Dialect(dataset.csv_format.delimiter, len(header.fields)),
        match.fields,
        tuple(column.name for column in dataset.columns),
    )
    schema = output_schema(
        dataset,
        {"dataset": dataset.name, "dataset_version": dataset.version, "source_version": source.version},
    )
    parquet_path = transform.work / "rows.parquet"
    csv_path = transform.work / "rows.csv" if dataset.outputs.csv else None
    issues: Counter[str] = Counter()
    rows = 0
    with (
        RejectWriter(transform.work / "rejects.ndjson", _source_fields(source)) as rejects,
        TableWriter(dataset, schema, parquet_path, csv_path) as writer,
    ):
        batches = _rows(CsvRows(header, blocks, layout, limits), dataset, rejects)
        for table in regrouped(transform.run(batches, layout.schema), ROW_GROUP_ROWS, ROW_GROUP_BYTES):
            writer.write(declared(table, schema))
            rows += table.num_rows
            _count_issues(table, issues)
    return FileResult(
        content_sha256=hashed.hexdigest(),
        input_count=rows + rejects.count,
        cleaned_count=rows,
        output_count=rows,
        rejected_count=rejects.count,
        issues=dict(sorted(issues.items())),
        drift=match.drift,
        parquet=parquet_path,
        csv=csv_path,
        rejects=rejects.path,
    )


def _match(dataset: Dataset, fields: Sequence[str]) -> HeaderMatch:
    return match_header(
        fields,
        [column.name for column in dataset.columns],
        [column.name for column in dataset.columns if column.required],
    )


def _source_fields(source: Source) -> dict[str, str]:
    return {
        "source_bucket": source.bucket,
        "source_key": source.key,
        "source_version": source.version,
    }


def _rows(parsed_blocks: CsvRows, dataset: Dataset, rejects: RejectWriter) -> Iterator[pa.RecordBatch]:
    """The parsed rows with their texts in the declared forms; rejects are written on the way."""
    forms = {column.name: FORMS[column.text] for column in dataset.columns if column.text in FORMS}
    for parsed in parsed_blocks:
        rejects.write(parsed.rejects)
        columns = [
            forms[name](column) if name in forms else column
            for name, column in zip(parsed.rows.schema.names, parsed.rows.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=parsed.rows.schema)


def _count_issues(table: pa.Table, issues: Counter[str]) -> None:
    if ISSUES_COLUMN not in table.schema.names:
        return
    for texts in pc.value_counts(table[ISSUES_COLUMN].drop_null()).to_pylist():
        for issue in texts["values"].split("; "):
            known = issue in issues or len(issues) < _ISSUES_COUNTED
            issues[issue[:_ISSUE_LENGTH] if known else OTHER_ISSUES] += texts["counts"]


class _Hashed:
    """The chunks as they pass, with their SHA-256."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._digest.update(chunk)
            yield chunk

    def drain(self) -> None:
        """Read what is left, for the digest is of the whole content."""
        for _ in self:
            pass

    def hexdigest(self) -> str:
        return self._digest.hexdigest()
