"""Conversion of one CSV file to its output files, without AWS or Spark."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from tributary.conversion.result import ISSUES_COLUMN, FileResult, Hashed, IssueCounts, unreadable_file
from tributary.datasets import Dataset
from tributary.errors import WholeFileError
from tributary.kernels.compression.streams import uncompressed
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.formats.csv.block import Layout
from tributary.kernels.formats.csv.header import HeaderMatch, match_header
from tributary.kernels.formats.csv.reader import BLOCK_BYTES, CsvRows, fixed_blocks, read_header
from tributary.kernels.formats.csv.records import Dialect, Limits
from tributary.kernels.formats.csv.text import FORMS
from tributary.kernels.output.dead_letters import DeadLetterWriter
from tributary.kernels.output.disk import DiskWatch
from tributary.kernels.output.tables import (
    ROW_GROUP_BYTES,
    ROW_GROUP_ROWS,
    TableWriter,
    declared,
    output_schema,
)
from tributary.kernels.source import Source
from tributary.kernels.transform.batches import regrouped
from tributary.kernels.transform.functions import macros
from tributary.kernels.transform.sql import Resources, Transform, spill_folder


def rows_version(dataset: Dataset, date_formats: Sequence[str]) -> str:
    """Return a hash that changes whenever the same content would give other rows, or another text of them."""
    parts = [dataset.version, dataset.outputs.csv_formulas, *macros(date_formats)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def process_file(
    dataset: Dataset,
    source: Source,
    chunks: Iterable[bytes],
    *,
    processing_date: datetime,
    date_formats: Sequence[str],
    work: Path,
    resources: Resources | None = None,
    limits: FileLimits = DEFAULT_FILE_LIMITS,
) -> FileResult:
    """Parse and transform one CSV file, streamed, into files below `work` (an existing folder of its own).

    A key that ends in `.gz` or `.zst` is decompressed. `processing_date` carries a time zone. The same input
    gives the same bytes. The result of a file that cannot be read as a whole, or is beyond the limits, has
    its reason. Raises `DeclarationError`, `TransformError`, and what `chunks` raises.
    """
    hashed = Hashed(chunks)
    transform = Transform(
        sql=dataset.sql,
        variables={"processing_date": processing_date, "source_file": source.key},
        date_formats=date_formats,
        resources=resources or Resources(),
        work=work,
    )
    try:
        with (
            DiskWatch(work, spill_folder()) as disk,
            DeadLetterWriter(work / "rejects.ndjson", limits) as rejects,
        ):
            data = disk.reading(0, uncompressed(source.key, hashed, limits))
            csv_limits = Limits(rejects=limits.dead_letters)
            return _process(dataset, source, data, transform, csv_limits, rejects=rejects, hashed=hashed)
    except WholeFileError as error:
        return unreadable_file(hashed, error.reason, str(error))


def _process(
    dataset: Dataset,
    source: Source,
    data: Iterator[bytes],
    transform: Transform,
    limits: Limits,
    *,
    rejects: DeadLetterWriter,
    hashed: Hashed,
) -> FileResult:
    blocks = fixed_blocks(data, BLOCK_BYTES)
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
    issues = IssueCounts()
    rows = 0
    with TableWriter(dataset, schema, parquet_path, csv_path) as writer:
        batches = _rows(CsvRows(header, blocks, layout, limits), dataset, source, rejects)
        for table in regrouped(transform.run(batches, layout.schema), ROW_GROUP_ROWS, ROW_GROUP_BYTES):
            writer.write(declared(table, schema))
            rows += table.num_rows
            issues.add(table[ISSUES_COLUMN] if ISSUES_COLUMN in table.schema.names else None)
    return FileResult(
        content_sha256=hashed.hexdigest(),
        input_count=rows + rejects.count,
        cleaned_count=rows,
        output_count=rows,
        rejected_count=rejects.count,
        issues=issues.sorted(),
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


def _rows(
    parsed_blocks: CsvRows, dataset: Dataset, source: Source, rejects: DeadLetterWriter
) -> Iterator[pa.RecordBatch]:
    """Yield the parsed rows with their texts in the declared forms, and write the rejects."""
    forms = {column.name: FORMS[column.text] for column in dataset.columns if column.text in FORMS}
    for parsed in parsed_blocks:
        rejects.expect(source, len(parsed.rejects))
        rejects.write(source, parsed.rejects)
        columns = [
            forms[name](column) if name in forms else column
            for name, column in zip(parsed.rows.schema.names, parsed.rows.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=parsed.rows.schema)
