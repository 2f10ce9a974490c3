"""Files that bring their schema, by the libraries of their formats."""

import io
from collections.abc import Callable, Collection, Iterator
from functools import partial

import fastavro
from pyarrow import orc, parquet

from local.accounting.inputs import BrokenFileError
from local.accounting.readers import Read, Values
from local.accounting.readers.json_values import parsed_object


def binary_records(data: bytes, kind: str, wanted: Collection[str]) -> Iterator[Read]:
    """Give the rows with the wanted fields alone: others may hold what Python has no type for.

    Raises `BrokenFileError` where the library reads no further.
    """
    rows = _ROWS[kind](data, wanted)
    number = 0
    while True:
        try:
            values = next(rows, None)
        except Exception as error:
            raise BrokenFileError(str(error)) from error
        if values is None:
            return
        number += 1
        yield Read(number, values, partial(_has_fields, values))


def _avro(data: bytes, wanted: Collection[str]) -> Iterator[Values]:
    for record in fastavro.reader(io.BytesIO(data)):
        if isinstance(record, dict):
            yield {name: value for name, value in record.items() if name in wanted}


def _parquet(data: bytes, wanted: Collection[str]) -> Iterator[Values]:
    file = parquet.ParquetFile(io.BytesIO(data))
    columns = [name for name in file.schema_arrow.names if name in wanted]
    for batch in file.iter_batches(columns=columns):
        yield from batch.to_pylist() if columns else ({} for _ in range(batch.num_rows))


def _orc(data: bytes, wanted: Collection[str]) -> Iterator[Values]:
    file = orc.ORCFile(io.BytesIO(data))
    columns = [name for name in file.schema.names if name in wanted]
    yield from file.read(columns).to_pylist() if columns else ({} for _ in range(file.nrows))


_ROWS: dict[str, Callable[[bytes, Collection[str]], Iterator[Values]]] = {
    "avro": _avro,
    "orc": _orc,
    "parquet": _parquet,
}


def _has_fields(values: Values, raw: bytes) -> bool:
    """Return True for a row as JSON that has these fields; their values are texts there."""
    document = parsed_object(raw)
    return document is not None and document.keys() >= values.keys()
