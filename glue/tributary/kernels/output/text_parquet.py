"""NDJSON rows of one file or many as one Parquet file of exact texts, each row with its source."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.output.growing_parquet import DEFAULT_SETTINGS, GrowingParquet, ParquetSettings
from tributary.kernels.output.undeclared import ColumnRegistry, LocalColumns, UndeclaredColumns

SOURCE_COLUMNS = pa.schema(
    [("_source_file", pa.string()), ("_source_version", pa.string()), ("_source_line", pa.int64())]
)
"""Source columns of a row: key and version of the object, and its line, from 1."""

TEXT_SOURCE_COLUMNS = SOURCE_COLUMNS.insert(2, pa.field("_source_revision", pa.int64()))
"""Source columns with the number of the version among those of its key; first in every file of texts."""

_OFFSET_BYTES = 4
_DICTIONARY = pa.dictionary(pa.int32(), pa.string())


class TextParquet:
    """Writes batches as columns of text, by catalog names, in the order first seen.

    They are the keys that the registry admits, and the others in one column. Row groups are measured in bytes
    of input lines and 4 for each value, null or not: a measure that does not depend on how the input was cut.
    No key gets a name of `reserved`, which the caller's partitions have.
    Used as a context; after an error there is no file.
    """

    def __init__(
        self,
        path: Path,
        settings: ParquetSettings = DEFAULT_SETTINGS,
        metadata: Mapping[str, str] | None = None,
        reserved: AbstractSet[str] = frozenset(),
        registry: ColumnRegistry | None = None,
    ) -> None:
        """Without a registry the keys are counted here."""
        columns = [
            (column.name, _DICTIONARY if pa.types.is_string(column.type) else column.type)
            for column in TEXT_SOURCE_COLUMNS
        ]
        self._writer = GrowingParquet(path, settings, pa.schema(columns, metadata))
        self.undeclared = UndeclaredColumns(
            registry or LocalColumns(), reserved | frozenset(TEXT_SOURCE_COLUMNS.names)
        )
        self._source = ("", "")
        self._number = 0
        self.rows = 0

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)

    @property
    def columns(self) -> list[str]:
        """The names of all columns so far."""
        return list(self._writer.schema.names)

    def write(self, batch: FormatBatch, file: str, version: str, revision: int = 1) -> None:
        """Write the rows of a batch of that version of a file; its rejects are the caller's."""
        rows = batch.positions.num_rows
        if not rows:
            return
        columns = {
            "_source_file": _repeated(file, rows),
            "_source_version": _repeated(version, rows),
            "_source_revision": pa.repeat(revision, rows),
            "_source_line": batch.positions["line"],
        }
        texts = dict(zip(batch.rows.schema.names, batch.rows.columns, strict=True))
        columns |= self.undeclared.placed(texts, pa.repeat(self._number_of(file, version), rows))
        size = pc.sum(batch.positions["length"]).as_py() + rows * len(columns) * _OFFSET_BYTES
        self._writer.write(columns, rows, size)
        self.rows += rows

    def _number_of(self, file: str, version: str) -> int:
        if (file, version) != self._source:
            self._source, self._number = (file, version), self._number + 1
        return self._number


def _repeated(text: str, rows: int) -> pa.DictionaryArray:
    """A column of one text, which the writer need not look up row by row."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), [text])
